r"""What the equations of a text say about its letters: which of them are not free.

``x^2 = x + 1`` binds ``x``: a later ``x^3 = x(x+1)`` is right although it is no identity. A definition
``y = 2x`` leaves ``x`` free; it binds ``y`` to the other letters of an expression, and a second formula
for the same ``y`` binds the letters of that formula.
"""

from __future__ import annotations

import re

from prmkit_math.verifiers.equations import Chain, Side, chains
from prmkit_math.verifiers.identity import identical

_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}")
_OPERATOR = re.compile(r"[-+*/^=<>]|\\(?:frac|dfrac|cdot|times|sqrt)")
_LETTER = re.compile(
    r"(?<![A-Za-z\\])[A-Za-z](?![A-Za-z])|\\(?:alpha|beta|gamma|theta|phi|omega|lambda|mu)\b"
)
_SPACE = re.compile(r"\s|\\left|\\right|\\,|\\!|\$")


def bare(text: str) -> str:
    """A formula without spaces and sizes."""
    return _SPACE.sub("", text)


def starts_from_name(chain: Chain) -> bool:
    """Whether the first side is a name or something like ``f(x)`` or an area, defined by the next."""
    first = chain.sides[0]
    if first.node is not None:
        return first.node.kind == "variable"
    return bool(first.text.strip()) and not _OPERATOR.search(_BRACKETED.sub("", first.text))


class Conditions:
    """Equations met so far, as what they bind.

    Examples:
        >>> met = Conditions()
        >>> met.learn("We know $x^2 = x + 1$, and $y = 2a$.")
        >>> met.bind(frozenset("x")), met.bind(frozenset("a")), met.bind(frozenset("ya"))
        (True, False, True)
    """

    def __init__(self) -> None:
        self._bound: set[str] = set()
        self._defined: dict[str, Side] = {}

    def bind(self, names: frozenset[str]) -> bool:
        """Is an expression in these letters restricted by what was stated?"""
        return bool(names & self._bound) or (len(names) > 1 and any(name in self._defined for name in names))

    def learn(self, text: str) -> None:
        """Take in every equation of a text."""
        for chain in chains(text):
            self.add(chain)

    def add(self, chain: Chain) -> None:
        """Take in one chain; identities bind nothing."""
        named = starts_from_name(chain)
        for left, right, relation in zip(chain.sides, chain.sides[1:], chain.relations, strict=False):
            if relation != "=":
                continue
            if named and left is chain.sides[0]:
                self._define(left, right)
            elif not _identity(left, right):
                self._bound |= _letters(left) | _letters(right)

    def _define(self, name: Side, formula: Side) -> None:
        key, letters = bare(name.text), _letters(formula)
        before = self._defined.setdefault(key, formula)
        if key in letters or not letters or not _identity(before, formula):
            self._bound |= letters | {key}


def _letters(side: Side) -> frozenset[str]:
    return side.node.variables if side.node is not None else frozenset(_LETTER.findall(side.text))


def _identity(left: Side, right: Side) -> bool:
    one, other = left.node, right.node
    if one is None or other is None:
        return bare(left.text) == bare(right.text)
    return one == other or (one.variables == other.variables and identical(one, other) is True)
