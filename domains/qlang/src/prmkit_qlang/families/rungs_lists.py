"""Families of the ladder that change a list, a text or a table step by step."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping
from typing import Any

from prmkit.types import Json
from prmkit_qlang.families.rungs import TOP, Change, Given, Rung, State, in_order, unlike

TESTS = 16
"""Tests of a problem at most."""


def _deltas(x: list[int], k: int) -> list[int]:
    del k
    return x[:1] + [b - a for a, b in itertools.pairwise(x)]


LISTS: Mapping[str, Change] = {
    "above": Change("Keep what is above {k}", "x where x > {k}", lambda x, k: [n for n in x if n > k]),
    "below": Change("Keep what is below {k}", "x where x < {k}", lambda x, k: [n for n in x if n < k]),
    "unlike": Change("Leave out {k}", "x except {k}", lambda x, k: [n for n in x if n != k]),
    "drop": Change("Drop the first {k}", "{k} _ x", lambda x, k: x[k:], 1, 2),
    "take": Change("Take the first {k}", "{k} sublist x", lambda x, k: x[:k], 2, 4),
    "plus": Change("Add {k} to each", "x + {k}", lambda x, k: [n + k for n in x]),
    "minus": Change("Subtract {k} from each", "x - {k}", lambda x, k: [n - k for n in x]),
    "from": Change("Subtract each from {k}", "{k} - x", lambda x, k: [k - n for n in x]),
    "times": Change("Multiply each by {k}", "x * {k}", lambda x, k: [n * k for n in x], 2, 3),
    "most": Change("Cap each at {k}", "x & {k}", lambda x, k: [min(n, k) for n in x]),
    "reverse": Change("Reverse it", "reverse x", lambda x, k: x[::-1]),
    "asc": Change("Sort it upwards", "asc x", lambda x, k: sorted(x)),
    "desc": Change("Sort it downwards", "desc x", lambda x, k: sorted(x, reverse=True)),
    "sums": Change("Take running sums", "sums x", lambda x, k: list(itertools.accumulate(x))),
    "deltas": Change("Take differences", "deltas x", _deltas),
    "distinct": Change("Leave out repeats", "distinct x", lambda x, k: list(dict.fromkeys(x))),
    "append": Change("Append {k}", "x , {k}", lambda x, k: [*x, k]),
}
LIST_ENDS: Mapping[str, Change] = {
    "sum": Change("Return the sum", "sum x", lambda x, k: sum(x)),
    "count": Change("Return the count", "count x", lambda x, k: len(x)),
    "max": Change("Return the maximum", "max x", lambda x, k: max(x)),
    "min": Change("Return the minimum", "min x", lambda x, k: min(x)),
    "first": Change("Return the first", "first x", lambda x, k: x[0]),
    "last": Change("Return the last", "last x", lambda x, k: x[-1]),
    "all": Change("Return it", "x", lambda x, k: x),
}
TEXTS: Mapping[str, Change] = {
    "upper": Change("Make it upper case", "upper x", lambda x, k: x.upper()),
    "reverse": Change("Reverse it", "reverse x", lambda x, k: x[::-1]),
    "asc": Change("Sort it upwards", "asc x", lambda x, k: "".join(sorted(x))),
    "distinct": Change("Leave out repeats", "distinct x", lambda x, k: "".join(dict.fromkeys(x))),
    "drop": Change("Drop the first {k}", "{k} _ x", lambda x, k: x[k:], 1, 2),
    "take": Change("Take the first {k}", "{k} sublist x", lambda x, k: x[:k], 3, 5),
    "cut": Change("Drop the last {k}", "-{k} _ x", lambda x, k: x[:-k], 1, 2),
    "a": Change("Leave out all a", 'x except "a"', lambda x, k: x.replace("a", "")),
    "b": Change("Leave out all b", 'x except "b"', lambda x, k: x.replace("b", "")),
    "vowels": Change(
        "Keep the vowels", 'x where x in "aeiou"', lambda x, k: "".join(filter("aeiou".count, x))
    ),
    "join": Change("Append a c", 'x , "c"', lambda x, k: x + "c"),
    "before": Change("Put a d before it", '"d" , x', lambda x, k: "d" + x),
    "twice": Change("Append it to itself", "x , x", lambda x, k: x + x),
}
TEXT_ENDS: Mapping[str, Change] = {
    "count": Change("Return the count", "count x", lambda x, k: len(x)),
    "all": Change("Return it", "x", lambda x, k: x),
    "as": Change("Return how many a it has", 'sum x = "a"', lambda x, k: x.count("a")),
    "kinds": Change("Return how many kinds it has", "count distinct x", lambda x, k: len(set(x))),
}


def _family(
    name: str,
    kind: str,
    opening: str,
    changes: Mapping[str, Change],
    ends: Mapping[str, Change],
    inputs: Callable[[State, random.Random], list[Json]],
) -> Rung:
    """A family that changes the value of one variable."""

    def draw(rng: random.Random, size: int) -> State:
        chosen: list[list[Any]] = []
        while len(chosen) < size:
            key = rng.choice(list(changes))
            if not chosen or chosen[-1][0] != key:
                chosen.append([key, rng.randint(changes[key].least, changes[key].most)])
        return [chosen, rng.choice(list(ends))]

    def told(key: str, k: int) -> str:
        return changes[key].words.replace("{k}", str(k))

    def prompt(state: State) -> str:
        asked = " . ".join([*(told(key, k) for key, k in state[0]), ends[state[1]].words])
        return f"{opening} . {asked} ."

    def lines(state: State) -> list[str]:
        body = [f"x : {changes[key].q.replace('{k}', str(k))}" for key, k in state[0]]
        return [f"x : {name}", *body, ends[state[1]].q]

    def value(state: State, given: Given) -> Json:
        x = given[name]
        for key, k in state[0]:
            x = changes[key].python(x, k)
        return ends[state[1]].python(x, 0)

    def tests(state: State, rng: random.Random) -> list[dict[str, Json]]:
        made = []
        for one in inputs(state, rng):
            try:
                value(state, {name: one})
            except (ValueError, IndexError):  # the end has no value for an empty list
                continue
            made.append({name: one})
        return unlike(made, TESTS)

    return Rung(draw, prompt, lines, in_order(lines), tests, value, {name: kind})


def _list_inputs(state: State, rng: random.Random) -> list[Json]:
    constants = [k for _, k in state[0]]
    borders = sorted({c + d for c in constants for d in (-1, 0, 1)})
    made: list[Json] = [[], [0], [TOP], borders, borders[::-1], [*borders, *borders]]
    made += [[rng.randint(0, TOP + 2) for _ in range(rng.randint(3, 7))] for _ in range(14)]
    return made


def _text_inputs(state: State, rng: random.Random) -> list[Json]:
    del state
    made: list[Json] = ["", "a", "abc", "aab", "bacab", "qreiuo", "eeaa"]
    made += ["".join(rng.choice("aabcdeio") for _ in range(rng.randint(4, 8))) for _ in range(12)]
    return made


CHAIN = _family("n", "longs", "n is a list . Start with n", LISTS, LIST_ENDS, _list_inputs)
TEXT = _family("s", "string", "s is a text . Start with s", TEXTS, TEXT_ENDS, _text_inputs)


# ---------------------------------------------------------------- select

_COLUMNS = ("a", "b", "c", "d")
_NAMES = ("e", "g", "h", "m", "p", "r")
_SIGNS: Mapping[str, tuple[str, Callable[[int, int], int]]] = {
    "+": ("plus", lambda a, b: a + b),
    "-": ("minus", lambda a, b: a - b),
    "*": ("times", lambda a, b: a * b),
}
_ENDS = ("sum", "max", "min", "first", "last", "count")


def _draw_select(rng: random.Random, size: int) -> State:
    known = ["a", "b"]
    made: list[list[Any]] = []
    for _ in range(size):
        what = rng.choice(("where", "where", "update", "update", "sort"))
        if made and made[-1][0] == what == "sort":
            what = "where"
        column = rng.choice(known)
        if what == "where":
            made.append([what, column, rng.choice("><"), rng.randint(2, TOP - 2)])
        elif what == "update":
            name = next(n for n in _NAMES if n not in known)
            other = rng.choice([n for n in known if n != column])
            made.append([what, name, column, rng.choice("+-*"), other])
            known.append(name)
        else:
            made.append([what, column, rng.choice(("xasc", "xdesc"))])
    return [made, rng.choice(_ENDS), known[-1] if rng.random() < 0.7 else rng.choice(known)]


def _ask_select(state: State) -> str:
    made, end, column = state
    told = []
    for what, *rest in made:
        if what == "where":
            told.append(f"Keep rows where {rest[0]} is {'above' if rest[1] == '>' else 'below'} {rest[2]}")
        elif what == "update":
            told.append(f"Let {rest[0]} be {rest[1]} {_SIGNS[rest[2]][0]} {rest[3]}")
        else:
            told.append(f"Sort by {rest[0]} {'upwards' if rest[1] == 'xasc' else 'downwards'}")
    return f"t is a table of a b . {' . '.join(told)} . Return the {end} of {column} ."


def _select(state: State) -> list[str]:
    made, end, column = state
    lines = []
    for what, *rest in made:
        if what == "where":
            lines.append(f"t : select from t where {rest[0]} {rest[1]} {rest[2]}")
        elif what == "update":
            lines.append(f"t : update {rest[0]} : {rest[1]} {rest[2]} {rest[3]} from t")
        else:
            lines.append(f"t : `{rest[0]} {rest[1]} t")
    return [*lines, f"exec {end} {column} from t"]


def _selected(state: State, given: Given) -> Json:
    made, end, column = state
    table = given["t"]
    rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    for what, *rest in made:
        if what == "where":
            rows = [r for r in rows if (r[rest[0]] > rest[2] if rest[1] == ">" else r[rest[0]] < rest[2])]
        elif what == "update":
            worked = _SIGNS[rest[2]][1]
            rows = [{**r, rest[0]: worked(r[rest[1]], r[rest[3]])} for r in rows]
        else:
            rows = _by(rows, rest[0], -1 if rest[1] == "xdesc" else 1)
    values = [r[column] for r in rows]
    return _reduced(end, values)


def _by(rows: list[dict[str, int]], column: str, sign: int) -> list[dict[str, int]]:
    return sorted(rows, key=lambda row: sign * row[column])


def _reduced(end: str, values: list[int]) -> int:
    return int(LIST_ENDS[end].python(values, 0))


def _tables(state: State, rng: random.Random) -> list[dict[str, Json]]:
    borders = sorted({rest[2] + d for what, *rest in state[0] if what == "where" for d in (-1, 0, 1)})
    made: list[dict[str, Json]] = []
    for _ in range(80):
        rows = rng.randint(1, 6)
        pool = [*range(TOP + 2), *borders * 6]
        table = {name: [rng.choice(pool) for _ in range(rows)] for name in ("a", "b")}
        try:
            _selected(state, {"t": table})
        except (ValueError, IndexError):
            continue
        made.append({"t": table})
    return unlike(made, 2 * TESTS)


SELECT = Rung(_draw_select, _ask_select, _select, in_order(_select), _tables, _selected, {"t": "table"})
