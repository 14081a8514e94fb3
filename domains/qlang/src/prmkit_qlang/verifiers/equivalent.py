"""The verifier ``qlang/equivalent``: are two expressions, or a program and its original, the same?

Both run on inputs drawn from the shapes of their arguments: those that the problem names (``arguments`` of
its context, such as ``["longs", "long"]``), else lists and numbers of several kinds. FAILS comes with the
input on which they differ; where no shapes are named, only inputs on which both give a value count. Agreement
on finitely many inputs is no proof: HOLDS is of scope *claim*.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from prmkit.contracts import Finding
from prmkit.types import Claim, Code, Json, Problem, Scope, Trajectory, Verdict
from prmkit_qlang import bridge, comparing
from prmkit_qlang.claims import ERRORS, read_claims
from prmkit_qlang.engine.keywords import WORDS
from prmkit_qlang.engine.values import Fn
from prmkit_qlang.families.shapes import LOWER, Shape, floats, grid, number, numbers, text, texts
from prmkit_qlang.outcome import entry_point
from prmkit_qlang.program import pieces, source
from prmkit_qlang.running import Ran, Room, shown
from prmkit_qlang.source import read
from prmkit_qlang.stage import Stage, reads
from prmkit_qlang.verifiers.tests import spread
from prmkit_qlang.verifiers.value import Said, concluded

_NOTHING = Finding(Verdict.UNKNOWN, "no claim that two expressions are the same", Code.NOT_APPLICABLE)
INPUTS = 50
"""Inputs that are drawn."""
ENOUGH = 20
"""Inputs on which both must give a value before they HOLD."""
MOST = 4
"""Arguments at most."""
SHAPES: Mapping[str, Shape] = {
    "long": number(),
    "longs": numbers(),
    "float": Shape("float", "a float", lambda rng: rng.randint(-90, 90) / 8, (0.5, -1.5)),
    "floats": floats(least=0),
    "bools": Shape("bools", "booleans", lambda rng: [rng.random() < 0.5 for _ in range(rng.randint(0, 6))]),
    "string": text(LOWER),
    "strings": texts(),
    "grid": grid(),
}
"""Kind → shape of arguments."""
_GUESSED = ("longs", "long", "floats", "string")
"""Kinds tried where none are named."""


class Pair(NamedTuple):
    """Two texts that are said to be the same, as functions of the same arguments."""

    one: str
    two: str
    rank: int


class Equivalent:
    """Run two expressions on the same inputs."""

    name = "qlang/equivalent"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        stage = Stage(problem, trajectory)
        found: dict[int, list[tuple[Claim, Code]]] = {}
        for i in trajectory.scored:
            step = trajectory.steps[i]
            for claim in read_claims(step.text):
                if claim.kind == "same":
                    here = stage.room(step.start + claim.start)
                    said = _same(here, claim.show, claim.wanted, _shapes(problem))
                    if said[0] is Verdict.FAILS and claim.doubtful:
                        said = (Verdict.UNKNOWN, said[1], Code.UNSUPPORTED)
                    one = Claim(claim.start, claim.end, said[0], said[1])
                    found.setdefault(i, []).append((one, said[2]))
        rewritten = _rewritten(problem, trajectory)
        return [
            concluded(found[i], _NOTHING) if i in found else rewritten[at]
            for at, i in enumerate(trajectory.scored)
        ]


def _rewritten(problem: Problem, trajectory: Trajectory) -> list[Finding]:
    """The program of the solution beside the original that the problem gives."""
    original, name = problem.context.get("original"), entry_point(problem)
    written = pieces(problem, trajectory)
    if not isinstance(original, str) or not name or not written:
        return [_NOTHING] * len(trajectory.scored)
    here = Room()
    loaded = here.script(source(written))
    mine = here.get(name)
    there = Room()
    there.script(original)
    theirs = there.get(name)
    if loaded.error or not isinstance(mine, Fn) or not isinstance(theirs, Fn):
        told = Finding(Verdict.UNKNOWN, "one of the programs defines no such function", Code.UNSUPPORTED)
        return [told] * len(trajectory.scored)
    both = Room({**there.functions(), **here.functions(), "zmine": mine, "ztheirs": theirs})
    verdict, reason, code = _tried(both, Pair("zmine", "ztheirs", mine.rank), _shapes(problem))
    return spread(trajectory, written, Finding(verdict, reason, code))


def _shapes(problem: Problem) -> list[str]:
    told = problem.context.get("arguments")
    kinds = list(told) if isinstance(told, list) else []
    return kinds if all(kind in SHAPES for kind in kinds) else []


def _same(here: Room, one: str, two: str, kinds: Sequence[str]) -> Said:
    first, second = here.run(one), here.run(two)
    unknown = sorted(_free(here, first, one) | _free(here, second, two))
    applied = [name for name in unknown if _is_applied(name, one) or _is_applied(name, two)]
    if len(unknown) > MOST or applied:
        told = f"{applied[0]} is not known" if applied else "too many names without value"
        return Verdict.UNKNOWN, told, Code.UNSUPPORTED
    if unknown:
        names = ";".join(unknown)
        return _tried(here, Pair(f"{{[{names}]{one}}}", f"{{[{names}]{two}}}", len(unknown)), kinds)
    if isinstance(first.value, Fn) and isinstance(second.value, Fn):
        ranks = {first.value.rank, second.value.rank}
        if len(ranks) > 1 or max(ranks) > MOST:
            return Verdict.UNKNOWN, "they take different numbers of arguments", Code.UNSUPPORTED
        return _tried(here, Pair(f"({one})", f"({two})", ranks.pop()), kinds)
    return _beside(first, second, "", strict=not first.error and not second.error)


def _free(here: Room, ran: Ran, text_: str) -> set[str]:
    """Names of a text that have no value."""
    if ran.error not in reads(text_):
        return set()
    return {name for name in reads(text_) if here.run(name).error == name and name not in ERRORS}


def _is_applied(name: str, text_: str) -> bool:
    """Whether a name other than x, y and z stands before a value, as a function does."""
    all_ = () if name in ("x", "y", "z") else read(text_) or ()
    return any(
        a[1] == name and (b[0] in ("n", "(", "[", "{") or (b[0] == "v" and b[1] not in WORDS.keywords))
        for a, b in itertools.pairwise(all_)
        if a[0] == "v"
    )


def _tried(here: Room, pair: Pair, kinds: Sequence[str]) -> Said:
    agreed = 0
    for given in _inputs(pair.rank, kinds):
        args = [bridge.to_q(value, kind) for kind, value in given]
        first, second = here.call(pair.one, args), here.call(pair.two, args)
        told = ";".join(bridge.literal(value, kind) for kind, value in given)
        verdict, reason, _ = _beside(first, second, f" for {told}", strict=bool(kinds))
        if verdict is Verdict.FAILS:
            return verdict, reason, Code.NONE
        agreed += verdict is Verdict.HOLDS
    if agreed >= ENOUGH:
        return Verdict.HOLDS, f"they agree on {agreed} inputs", Code.NONE
    return Verdict.UNKNOWN, f"both give a value on {agreed} inputs only", Code.UNSUPPORTED


def _inputs(rank: int, kinds: Sequence[str]) -> Iterator[list[tuple[str, Json]]]:
    rng = random.Random(rank)
    sets: Sequence[Sequence[str]] = [kinds] if len(kinds) == rank else [
        *([kind] * rank for kind in _GUESSED),
        *([] if rank != 2 else [("long", "longs"), ("longs", "long")]),
    ]  # fmt: skip
    borders = itertools.product(*(SHAPES[kind].borders[:4] for kind in sets[0]))
    if len(kinds) == rank:
        yield from ([*zip(sets[0], values, strict=True)] for values in itertools.islice(borders, 16))
    for _ in range(INPUTS):
        chosen = sets[rng.randrange(len(sets))] if len(sets) == 1 else sets[_ % len(sets)]
        values = [SHAPES[kind].draw(rng) for kind in chosen]
        if len(kinds) == rank or all(value not in ([], "") for value in values):
            yield [*zip(chosen, values, strict=True)]


def _beside(first: Ran, second: Ran, where: str, *, strict: bool) -> Said:
    """Two outcomes: equal values HOLD, unlike ones FAIL; errors count where the shapes are known."""
    if first.code is not Code.NONE or second.code is not Code.NONE:
        code = first.code if first.code is not Code.NONE else second.code
        return Verdict.UNKNOWN, f"it cannot be run{where}", code
    told = f"{shown(first)} and {shown(second)}{where}"
    if first.error or second.error or first.value is None or second.value is None:
        both = bool(first.error) and bool(second.error)
        if strict and not both and (first.error or second.error) in ERRORS:
            return Verdict.FAILS, told, Code.NONE
        return Verdict.UNKNOWN, told, Code.UNSUPPORTED
    if comparing.same(first.value, second.value):
        return Verdict.HOLDS, f"both are {shown(first)}{where}", Code.NONE
    if comparing.same(first.value, second.value, loosely=True):
        return Verdict.UNKNOWN, f"{told}: of another type", Code.UNSUPPORTED
    return Verdict.FAILS, told, Code.NONE
