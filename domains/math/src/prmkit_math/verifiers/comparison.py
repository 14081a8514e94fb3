"""Comparison of two sides of an equation at the precision that was stated."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from enum import Enum
from fractions import Fraction
from itertools import combinations, islice

from prmkit_math.verifiers._numbers import Literal, Value, read
from prmkit_math.verifiers.expression import READINGS, CannotEvaluate, Parser

MAX_READINGS = 12
MAX_LITERALS = 8
FLOAT_TOLERANCE = 1e-9
PRINTED = 9
"""Decimals from which on a number was printed by a machine, with the noise of its last digits."""
LOOSE = 0.05
"""Relative distance up to which a claim marked as approximate is not called wrong."""
_ROOM = 1 + 1e-9

Span = tuple[int, int]


class Match(Enum):
    """How two sides compare."""

    EQUAL = "equal"
    ROUNDED = "rounded"
    """Equal at the stated precision."""
    NEAR = "near"
    """Within what unstated rounding could explain: no verdict."""
    DIFFERENT = "different"


def equal(left: Value, right: Value) -> bool:
    """Exact for rationals; to nine digits where an irrational number takes part."""
    if isinstance(left, float) or isinstance(right, float):
        try:
            a, b = float(left), float(right)
        except OverflowError:
            return False
        return abs(a - b) <= FLOAT_TOLERANCE * max(abs(a), abs(b), 1e-300)
    return left == right


def rounds_to(value: Value, text: str) -> bool:
    """Is ``text`` a number that ``value`` rounds to at the digits it gives?

    Examples:
        >>> rounds_to(Fraction(10, 3), "3.33"), rounds_to(12, "13")
        (True, False)
    """
    bare = text.strip().lstrip("$€£").strip()
    if not re.fullmatch(r"-?[0-9,]*\.?[0-9]+", bare):
        return False
    literal = read(bare.lstrip("-"))
    if literal is None:
        return False
    stated = -literal.value if bare.startswith("-") else literal.value
    room = Fraction(1, 2 * 10**literal.decimals) if literal.decimals else Fraction(0)
    return bool(distance(value, stated) <= room)


def distance(a: Value, b: Value) -> Fraction | float:
    """How far apart two values are; exact where both are.

    Raises:
        OverflowError: A whole number too large for a float meets a float.
    """
    if isinstance(a, float) or isinstance(b, float):
        return abs(float(a) - float(b))
    return abs(Fraction(a) - b)


class Sides:
    """The two sides of one claim, evaluated under every reading that the notation allows.

    ``exact`` are literals, by place, that no rounding made: amounts of money.
    """

    def __init__(
        self,
        kinds: Sequence[str],
        values: Sequence[object],
        left: Span,
        right: Span,
        about: bool,
        exact: Collection[int] = (),
    ) -> None:
        self.kinds = kinds
        self.values = values
        self.left = left
        self.right = right
        self.about = about
        self.exact = exact
        self.parser = Parser(kinds, values)
        self.bare = "".join(kinds[slice(*right)]).strip("()-%") == "n"
        self._slacks: dict[tuple[Span, int, bool], Fraction | float] = {}

    def match(self) -> Match:
        """Best match over all readings of both sides."""
        best = Match.DIFFERENT
        rights = list(self._readings(self.right))
        for flags, left in self._readings(self.left):
            for other, right in rights:
                found = self._compare(left, right, flags, other)
                if found in (Match.EQUAL, Match.ROUNDED):
                    return found
                if found is Match.NEAR:
                    best = found
        return best

    def _readings(self, span: Span) -> Iterator[tuple[int, Value]]:
        """Values under each combination of the ambiguities met, the usual reading first."""
        parser = self.parser
        parser.seen = 0
        yield 0, parser.evaluate(*span)
        met = [flag for flag in READINGS if parser.seen & flag]
        subsets = (subset for size in range(1, len(met) + 1) for subset in combinations(met, size))
        for subset in islice(subsets, MAX_READINGS):
            try:
                yield sum(subset), parser.evaluate(*span, sum(subset))
            except CannotEvaluate:
                continue

    def _compare(self, left: Value, right: Value, left_flags: int, right_flags: int) -> Match:
        if equal(left, right):
            return Match.EQUAL
        try:
            gap, size = distance(left, right), max(abs(float(left)), abs(float(right)))
            stated = self._slack(self.right, right_flags, right)
            if gap <= stated * _ROOM or (gap <= FLOAT_TOLERANCE * size and self._printed()):
                return Match.ROUNDED
            if self.about:
                return Match.NEAR if gap <= size * LOOSE or gap < 1 else Match.DIFFERENT
            if self.bare and not self._exact(left, right_flags):
                unit = self._slack(self.right, right_flags, right, whole=True)
                if gap < 2 * unit:
                    return Match.NEAR
            carried = 0 if self._sum_of_decimals() else self._slack(self.left, left_flags, left)
            return Match.NEAR if gap <= (stated + carried) * _ROOM else Match.DIFFERENT
        except OverflowError:
            return Match.NEAR

    def _printed(self) -> bool:
        return any(literal.decimals >= PRINTED for _, literal in self._literals(self.right))

    def _exact(self, left: Value, right_flags: int) -> bool:
        """Could the left side be written out in full at the precision of the right?"""
        if isinstance(left, float):
            return False
        decimals = max((literal.decimals for _, literal in self._literals(self.right)), default=0)
        percent = 0 if right_flags or "%" not in self.kinds[slice(*self.right)] else 2
        return Fraction(left * 10 ** (decimals + percent)).denominator == 1

    def _sum_of_decimals(self) -> bool:
        """Sums of amounts come out exactly when the result has as many digits as they have."""
        if not set(self.kinds[slice(*self.left)]) <= set("n+-"):
            return False
        terms, results = self._literals(self.left), self._literals(self.right)
        most = max((literal.decimals for _, literal in results), default=0)
        return all(literal.decimals <= most for _, literal in terms)

    def _literals(self, span: Span) -> list[tuple[int, Literal]]:
        pairs = ((at, self.values[at]) for at in range(*span) if self.kinds[at] == "n")
        return [(at, literal) for at, literal in pairs if isinstance(literal, Literal)]

    def _slack(self, span: Span, flags: int, value: Value, *, whole: bool = False) -> Fraction | float:
        """How far the value moves when each decimal in it moves by half a unit of its last place.

        With ``whole``, integers move too: that is the case of a result rounded to a whole number.
        """
        key = (span, flags, whole)
        if key not in self._slacks:
            literals = [(at, literal) for at, literal in self._literals(span) if literal.decimals or whole]
            if span == self.left:
                literals = [(at, literal) for at, literal in literals if at not in self.exact]
            total: Fraction | float = Fraction(0)
            for at, literal in literals[:MAX_LITERALS]:
                half = Fraction(1, 2 * 10**literal.decimals)
                try:
                    total = total + distance(self.parser.evaluate(*span, flags, {at: half}), value)
                except CannotEvaluate:
                    continue
            self._slacks[key] = total
        return self._slacks[key]
