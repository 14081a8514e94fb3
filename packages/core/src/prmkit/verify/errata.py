"""Steps whose gold label is wrong, each with a proof that runs.

An erratum names a row, a step and the digest of its text, never the text. What its proof is and how
it runs is the domain's own: an equation between numbers, a program, a query. Metrics are given on
published and on corrected labels.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from prmkit.errors import RecordError
from prmkit.types import Json, Sample
from prmkit.verify.noise import first_wrong


@dataclass(frozen=True, slots=True)
class Erratum:
    """One label that is wrong."""

    row: str
    """Id of the trajectory, as the reader gives it."""
    step: int
    """0-based."""
    digest: str
    """First 16 hex digits of the SHA-256 of the step's text."""
    label: float
    """What the set says."""
    corrected: float
    proof: Mapping[str, Json]
    """What the domain runs to show it."""
    adjudication: str
    """Why the label is wrong, in a sentence."""


def digest_of(text: str) -> str:
    """First 16 hex digits of the SHA-256 of a text.

    Examples:
        >>> digest_of("2 + 2 = 5")
        'a2d9b3b0ec334d39'
    """
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def read(folder: Path) -> dict[str, list[Erratum]]:
    """Errata of a folder by data set: the name of the file.

    Raises:
        RecordError: A line is no erratum.
    """
    found: dict[str, list[Erratum]] = {}
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                found.setdefault(path.stem, []).append(Erratum(**json.loads(line)))
            except (TypeError, ValueError) as error:
                raise RecordError(
                    f"no erratum: {error}",
                    do="give exactly the fields of Erratum",
                    file=path.name,
                    row=number,
                ) from error
    return found


def write(path: Path, errata: Iterable[Erratum]) -> None:
    """One line per erratum, sorted by row and step."""
    ordered = sorted(errata, key=lambda one: (one.row, one.step))
    lines = (json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in ordered)
    path.write_text("".join(lines), encoding="utf-8")


def by_row(errata: Iterable[Erratum]) -> dict[str, list[Erratum]]:
    """Errata by trajectory id."""
    found: dict[str, list[Erratum]] = {}
    for one in errata:
        found.setdefault(one.row, []).append(one)
    return found


def correct(sample: Sample, errata: Mapping[str, Sequence[Erratum]]) -> Sample:
    """The sample with its wrong labels put right.

    Where labels end at the first error, a step shown to be wrong earlier ends them earlier, and a step
    shown to be right leaves the rest unlabelled. An erratum for another text changes nothing.

    Args:
        sample: A sample with gold labels.
        errata: As :func:`by_row` gives them.
    """
    labels = sample.labels
    mine = errata.get(sample.trajectory.id, ())
    if labels is None or not mine:
        return sample
    values = list(labels.values)
    for one in mine:
        if one.step < len(values) and digest_of(sample.trajectory.steps[one.step].text) == one.digest:
            values[one.step] = one.corrected
    if labels.convention == "until_first_error" and (first := first_wrong(values)) is not None:
        values[first + 1 :] = [None] * (len(values) - first - 1)
    return sample._replace(labels=replace(labels, values=tuple(values)))
