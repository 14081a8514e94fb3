"""Why a documented print and the embedded q disagree: the list of those that somebody looked at."""

from __future__ import annotations

import importlib.resources
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

import yaml

from prmkit.errors import DataError
from prmkit_qlang.replay import Played

Reason = Literal["documentation", "session", "older", "refused", "undefined", "ours", "undecided"]
EXCUSED = frozenset({"documentation"})
"""Reasons that take a pair out of the adjudicated figure: prints that are wrong or were typed by hand."""
UNDEFINED = EXCUSED | {"undefined"}
"""The same, and pairs that need a name which nothing in the data set makes."""
PLAYABLE = frozenset({"ours", "undecided"})
"""Reasons of pairs that a q session could print from the data set alone."""


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
        DataError: An entry lacks a field, has an unknown class, or a pair stands twice.

    Examples:
        >>> rulings("- {class: ours, evidence: the sum is 3, ids: [ref/add#0/1]}").keys()
        dict_keys(['ref/add#0/1'])
    """
    if text is None:
        file = importlib.resources.files("prmkit_qlang") / "adjudicated.yaml"
        text = file.read_text(encoding="utf-8")
    found: dict[str, Ruling] = {}
    for number, entry in enumerate(yaml.safe_load(text) or [], 1):
        for ruling in _entry(entry, number):
            if ruling.id in found:
                raise DataError(f"{ruling.id} stands twice", do="keep one entry", row=number)
            found[ruling.id] = ruling
    return found


def _entry(entry: Any, number: int) -> list[Ruling]:
    fields = ("class", "evidence", "ids")
    if not isinstance(entry, dict) or set(entry) != set(fields):
        raise DataError(f"entry {number} has other fields", do=f"write {', '.join(fields)}", row=number)
    reason, evidence, ids = entry["class"], str(entry["evidence"] or "").strip(), entry["ids"]
    if reason not in get_args(Reason) or not evidence or not isinstance(ids, list) or not ids:
        known = ", ".join(get_args(Reason))
        raise DataError(
            f"entry {number} is incomplete", do=f"use one of {known}, with evidence and ids", row=number
        )
    return [Ruling(str(id), cast(Reason, reason), evidence) for id in ids]


@dataclass(frozen=True, slots=True)
class Adjudication:
    """Agreement, raw and without the pairs that disagree for a reason of their own."""

    testable: int
    right: int
    told: tuple[Ruling, ...]
    """A ruling for every pair that disagrees."""
    stale: tuple[str, ...]
    """Rulings about pairs that agree, or are not played."""

    def excluded(self, reasons: Collection[str] = EXCUSED) -> int:
        """Number of pairs that disagree for one of these reasons."""
        return sum(one.reason in reasons for one in self.told)

    def share(self, reasons: Collection[str] = EXCUSED) -> float:
        """Agreement among the pairs that do not disagree for one of these reasons."""
        return self.right / (self.testable - self.excluded(reasons))


def adjudicate(played: Iterable[Played], known: Mapping[str, Ruling]) -> Adjudication:
    """Apply rulings to what was played; a pair that nobody looked at is undecided."""
    tested = [one for one in played if one.pair.testable]
    wrong = [one.pair.id for one in tested if one.verdict != "right"]
    return Adjudication(
        testable=len(tested),
        right=len(tested) - len(wrong),
        told=tuple(known.get(id, Ruling(id, "undecided", "")) for id in wrong),
        stale=tuple(sorted(set(known) - set(wrong))),
    )
