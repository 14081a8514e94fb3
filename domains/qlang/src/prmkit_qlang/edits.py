"""Small changes of q text, as edits of tokens: the text around an edit stays as it was written."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from prmkit_qlang.engine.lexer import Token
from prmkit_qlang.source import read

_DYADS = {
    "+": ("-",), "-": ("+",), "*": ("+",), "%": ("*",), "&": ("|",), "|": ("&",), "<": (">", "<="),
    ">": ("<", ">="), "<=": ("<", ">="), ">=": (">", "<="), "=": ("<>",), "<>": ("=",),
}  # fmt: skip
_KEYWORDS = {
    "first": "last", "last": "first", "max": "min", "min": "max", "maxs": "mins", "mins": "maxs",
    "asc": "desc", "desc": "asc", "iasc": "idesc", "idesc": "iasc", "sum": "prd", "prd": "sum",
    "sums": "prds", "prds": "sums", "any": "all", "all": "any", "and": "or", "or": "and", "upper": "lower",
    "lower": "upper", "prev": "next", "next": "prev", "floor": "ceiling", "ceiling": "floor",
    "union": "inter", "inter": "except", "except": "inter", "avg": "max", "med": "avg", "var": "dev",
    "dev": "var", "div": "mod", "mod": "div", "xasc": "xdesc", "xdesc": "xasc", "mavg": "msum",
    "msum": "mavg", "mmax": "mmin", "mmin": "mmax", "neg": "abs", "abs": "neg", "deltas": "sums",
}  # fmt: skip
_DROPPED = frozenset(
    ["reverse", "distinct", "not", "neg", "abs", "asc", "desc", "raze", "sums", "deltas", "floor", "ceiling",
     "string", "upper", "lower", "flip", "prev", "next", "maxs", "mins"]
)  # fmt: skip
_ITERATORS = {"/": "\\", "\\": "/", "/:": "\\:", "\\:": "/:"}
_UNEVEN = frozenset(
    ["-", "%", "<", ">", "<=", ">=", "#", "_", "!", "?", "div", "mod", "except", "xexp", "in"]
)
_NOUNS = frozenset(["n", "v"])
_OPENS = frozenset(["(", "[", "{", ";"])
_CLOSES = frozenset([")", "]", "}", ";"])
_DIGITS = re.compile(r"(?<![\w.])\d{1,9}(?![\w.:])")


class Edit(NamedTuple):
    """One span of the text and what stands there instead."""

    start: int
    end: int
    text: str


def applied(text: str, edit: Edit) -> str:
    """The text after an edit."""
    return text[: edit.start] + edit.text + text[edit.end :]


def _noun_before(all_: list[Token], i: int) -> bool:
    """Whether the token before has a value for an operator to take on its left."""
    return i > 0 and (all_[i - 1][0] in ("n", ")", "]", "}") or _is_name(all_[i - 1]))


def _is_name(token: Token) -> bool:
    return token[0] == "v" and token[1] not in _KEYWORDS and token[1] not in _DROPPED


def operators(text: str, all_: list[Token]) -> Iterator[Edit]:
    """Another arithmetic or comparison sign between two values."""
    for i, (kind, value, start, end, _) in enumerate(all_):
        if kind == "o" and value in _DYADS and _noun_before(all_, i):
            yield from (Edit(start, end, other) for other in _DYADS[value])


def constants(text: str, all_: list[Token]) -> Iterator[Edit]:
    """A whole number, one more or one less."""
    for kind, _, start, end, _ in all_:
        if kind == "n" and text[start] not in '"`':
            for found in _DIGITS.finditer(text, start, end):
                number = int(found.group())
                yield from (
                    Edit(found.start(), found.end(), str(n)) for n in (number + 1, number - 1) if n >= 0
                )


def keywords(text: str, all_: list[Token]) -> Iterator[Edit]:
    """The opposite keyword: first for last, ascending for descending."""
    for kind, value, start, end, _ in all_:
        if kind == "v" and value in _KEYWORDS:
            yield Edit(start, end, _KEYWORDS[value])


def dropped(text: str, all_: list[Token]) -> Iterator[Edit]:
    """A keyword of one argument left out."""
    for this, after in itertools.pairwise(all_):
        if this[0] == "v" and this[1] in _DROPPED and after[0] in ("n", "v", "("):
            yield Edit(this[2], after[2], "")


def turned(text: str, all_: list[Token]) -> Iterator[Edit]:
    """Two arguments exchanged where their order matters."""
    for i in range(1, len(all_) - 1):
        left, sign, right = all_[i - 1 : i + 2]
        if not (sign[0] in ("o", "v") and sign[1] in _UNEVEN and left[0] in _NOUNS and right[0] in _NOUNS):
            continue
        before = i < 2 or all_[i - 2][0] in _OPENS or all_[i - 2][0] == "o"
        last = i + 2 >= len(all_) or all_[i + 2][0] in _CLOSES
        one, two = text[left[2] : left[3]], text[right[2] : right[3]]
        if before and last and one != two:
            yield Edit(left[2], right[3], two + text[left[3] : right[2]] + one)


def iterators(text: str, all_: list[Token]) -> Iterator[Edit]:
    """Over for scan, each-left for each-right, or the other way round."""
    for kind, value, start, end, _ in all_:
        if kind == "a" and value in _ITERATORS:
            yield Edit(start, end, _ITERATORS[value])


Operator = Callable[[str, list[Token]], Iterator[Edit]]


def variants(text: str, operator: Operator) -> list[str]:
    """The texts that an operator makes of a q text, none where it cannot be read.

    Examples:
        >>> variants("x - max y", turned), variants("x-max y", operators)
        ([], ['x+max y'])
    """
    all_ = read(text)
    return [applied(text, edit) for edit in operator(text, all_)] if all_ else []
