"""Two amounts compared at the precision they state, and the kind of slip where they differ."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction

from prmkit_finance.amounts import Amount

SLIPS = (("percent", 100), ("thousand", 10**3), ("million", 10**6), ("billion", 10**9))


class Match(StrEnum):
    """How a stated amount stands to the value it should have."""

    SAME = "same"
    """Equal, or equal after rounding to the stated digits."""
    LAST_DIGIT = "last_digit"
    """Off by less than one unit of the last stated digit (cut off, or rounded on the way), or a
    whole number with two closing zeros or more that is right when rounded to them."""
    SIGN = "sign"
    PERCENT = "percent"
    """A factor of 100: a share given as percent, or the reverse."""
    THOUSAND = "thousand"
    MILLION = "million"
    BILLION = "billion"
    UNIT = "unit"
    """The number is right, its unit is of another kind (percent against money)."""
    VALUE = "value"
    """Another value."""

    @property
    def scale(self) -> bool:
        """A slip by a factor."""
        return self in (Match.PERCENT, Match.THOUSAND, Match.MILLION, Match.BILLION)


def rounds_to(value: Fraction, stated: Fraction, step: Fraction) -> bool:
    """Whether ``value`` rounds to ``stated`` in multiples of ``step``; halves may go either way.

    A stated zero stands for a value other than zero only at the precision of two decimals or more.

    Examples:
        >>> rounds_to(Fraction(-2222, 100), Fraction(-222, 10), Fraction(1, 10))
        True
    """
    return abs(value - stated) * 2 <= step


def compare(stated: Amount, value: Fraction, *, percent: bool | None = None, scale: int = 1) -> Match:
    """How a stated amount stands to a true value.

    Args:
        stated: What is written.
        value: What it should be, in units of ``scale``; for percent in percent (5 means 5 %).
        percent: Whether the value is a percentage; None when it may be either.
        scale: The unit of ``value`` (10**6 when the table is in millions). A statement without a scale
            word may be in that unit or in ones.

    Examples:
        >>> from prmkit_finance.amounts import read_amount
        >>> compare(read_amount("-22.2%"), Fraction(-2222, 100), percent=True)
        <Match.SAME: 'same'>
        >>> compare(read_amount("0.222"), Fraction(-2222, 100), percent=True)
        <Match.VALUE: 'value'>
        >>> compare(read_amount("6.85 million"), Fraction(6850), scale=1000)
        <Match.SAME: 'same'>
    """
    best = Match.VALUE
    for true in _readings(stated, value, scale):
        found = _match(stated, true)
        if found in (Match.SAME, Match.LAST_DIGIT) and percent is not None and stated.percent and not percent:
            found = Match.UNIT
        best = min(best, found, key=_ORDER.index)
    return best


_ORDER = tuple(Match)


def _readings(stated: Amount, value: Fraction, scale: int) -> tuple[Fraction, ...]:
    if stated.percent or scale == 1:
        return (value,)
    return (value * scale,) if stated.scale > 1 else (value, value * scale)


def _match(stated: Amount, value: Fraction) -> Match:
    said, step = stated.value, stated.step
    if rounds_to(value, said, step):
        return Match.SAME if said or not value or stated.decimals > 1 else Match.VALUE
    if _round_number(stated) and abs(value - said) * 2 <= _round_number(stated) * stated.scale:
        return Match.LAST_DIGIT
    if abs(value - said) < step and said * value > 0:
        return Match.LAST_DIGIT
    if said and rounds_to(-value, said, step):
        return Match.SIGN
    for name, factor in SLIPS:
        if said and (rounds_to(value * factor, said, step) or _reduced(value, factor, said, step)):
            return Match(name)
    return Match.VALUE


def _round_number(stated: Amount) -> int:
    """The power of ten that a whole number ending in zeros may be rounded to; 0 for other numbers."""
    text = str(abs(stated.number))
    zeros = len(text) - len(text.rstrip("0"))
    return 10**zeros if not stated.decimals and zeros > 1 else 0


def _reduced(value: Fraction, factor: int, said: Fraction, step: Fraction) -> bool:
    """A value divided by ``factor``, stated with at least two digits that mean something."""
    return abs(said) >= 10 * step and rounds_to(value / factor, said, step)
