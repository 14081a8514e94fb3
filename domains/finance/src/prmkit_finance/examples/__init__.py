"""Invented solutions with labelled steps: at least one step of each verdict."""

from __future__ import annotations

from pathlib import Path

from prmkit.records import read_samples
from prmkit.types import Sample

_PLACES = (Path(__file__).parent, Path(__file__).parents[1] / "market")


def load() -> list[Sample]:
    """The examples of statements, then those of factors and back-tests, in order.

    Raises:
        RecordError: A file of the package was damaged.
    """
    return [sample for place in _PLACES for sample in read_samples(place / "examples.jsonl")]
