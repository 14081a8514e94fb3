"""Why a documented print and the embedded q disagree: the list of those that somebody looked at."""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

import yaml

from prmkit.errors import DataError
from prmkit_qlang.replay import Played

Reason = Literal["ours", "documentation", "refused", "undecided"]
EXCUSED = frozenset({"documentation", "refused"})
"""Reasons that take a pair out of the adjudicated figure."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What was found out about one pair."""

    id: str
    """Page, block and number: ``ref/count#3/0``."""
    reason: Reason
    evidence: str


def rulings(text: str | None = None) -> dict[str, Ruling]:
    """The rulings of the package's list, or of a text of the same form, by pair.

    Raises:
        DataError: An entry lacks a field, has an unknown class, or stands twice.

    Examples:
        >>> rulings("- {id: ref/add#0/1, class: ours, evidence: the sum is 3}").keys()
        dict_keys(['ref/add#0/1'])
    """
    if text is None:
        file = importlib.resources.files("prmkit_qlang") / "adjudicated.yaml"
        text = file.read_text(encoding="utf-8")
    found: dict[str, Ruling] = {}
    for number, entry in enumerate(yaml.safe_load(text) or [], 1):
        ruling = _ruling(entry, number)
        if ruling.id in found:
            raise DataError(f"{ruling.id} stands twice", do="keep one entry", row=number)
        found[ruling.id] = ruling
    return found


def _ruling(entry: Any, number: int) -> Ruling:
    fields = ("id", "class", "evidence")
    if not isinstance(entry, dict) or set(entry) != set(fields):
        raise DataError(f"entry {number} has other fields", do=f"write {', '.join(fields)}", row=number)
    values = [str(entry[name]).strip() for name in fields]
    if values[1] not in get_args(Reason) or not all(values):
        known = ", ".join(get_args(Reason))
        raise DataError(f"entry {number} is incomplete", do=f"use one of {known}, with evidence", row=number)
    return Ruling(values[0], cast(Reason, values[1]), values[2])


@dataclass(frozen=True, slots=True)
class Adjudication:
    """Raw and adjudicated agreement."""

    testable: int
    right: int
    excluded: tuple[Ruling, ...]
    """Pairs that disagree for a reason which is not ours."""
    open: tuple[Ruling, ...]
    """The other pairs that disagree, with what is known."""
    stale: tuple[str, ...]
    """Rulings about pairs that agree, or are not played: to be taken out of the list."""

    @property
    def share(self) -> float:
        """Agreement among the pairs that are not excluded."""
        return self.right / (self.testable - len(self.excluded))


def adjudicate(played: Iterable[Played], known: dict[str, Ruling]) -> Adjudication:
    """Apply rulings to what was played."""
    tested = [one for one in played if one.pair.testable]
    wrong = [one.pair.id for one in tested if one.verdict != "right"]
    told = [known.get(id, Ruling(id, "undecided", "")) for id in wrong]
    return Adjudication(
        testable=len(tested),
        right=len(tested) - len(wrong),
        excluded=tuple(one for one in told if one.reason in EXCUSED),
        open=tuple(one for one in told if one.reason not in EXCUSED),
        stale=tuple(sorted(set(known) - set(wrong))),
    )
