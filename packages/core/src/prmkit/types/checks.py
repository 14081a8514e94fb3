"""Checks that records make of themselves on construction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from prmkit.errors import AlignmentError, RecordError

_MEMBERS: dict[int, tuple[object, tuple[Any, ...]]] = {}
"""Identity of a Literal → itself (so that the identity stays its own) and its members."""


def _members(allowed: object) -> tuple[Any, ...]:
    # Records are built by the hundred thousand, and hashing a Literal costs more than all other checks.
    known = _MEMBERS.get(id(allowed))
    if known is None:
        known = _MEMBERS[id(allowed)] = (allowed, get_args(allowed))
    return known[1]


def one_of(value: object, allowed: object, name: str) -> None:
    """Check that ``value`` is a member of the Literal ``allowed``.

    Raises:
        RecordError: It is not; the error lists the members.
    """
    choices = _members(allowed)
    if value not in choices:
        raise RecordError(
            f"{value!r} is not one of {', '.join(map(repr, choices))}",
            do="use one of the listed words",
            field=name,
        )


def number(value: object, name: str, low: float, high: float) -> None:
    """Check that ``value`` is a real number (no bool, no NaN) in ``[low, high]``.

    Raises:
        RecordError: It is not.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise RecordError(
            f"{value!r} is a {type(value).__name__}, not a number",
            do="write a number, or null where there is none; true/false must become 1.0/0.0",
            field=name,
        )
    if not low <= value <= high:  # NaN fails every comparison and lands here too
        raise RecordError(
            f"{value!r} lies outside [{low:g}, {high:g}]",
            do="correct the value, or write null where the step has none",
            field=name,
        )


def numbers(values: Sequence[float | None], name: str, low: float, high: float) -> None:
    """Check that every entry is None or a number in ``[low, high]``."""
    for position, value in enumerate(values):
        if value is not None:
            number(value, f"{name}[{position}]", low, high)


def same_length(name: str, got: int, expected: int) -> None:
    """Check that a list of step values has one entry per step.

    Raises:
        AlignmentError: It has not; both numbers and the first unmatched step are named.
    """
    if got != expected:
        raise AlignmentError(
            f"{got} entries for {expected} steps; first unmatched step: {min(got, expected)}",
            do="give one entry per step, null where there is none",
            field=name,
        )
