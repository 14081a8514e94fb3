"""Invented q solutions with labelled steps: at least one step of each verdict."""

from __future__ import annotations

from pathlib import Path

from prmkit.records import read_samples
from prmkit.types import Sample


def load() -> list[Sample]:
    """The examples of ``examples.jsonl``, in order.

    Raises:
        RecordError: The package's file was damaged.
    """
    return list(read_samples(Path(__file__).with_name("examples.jsonl")))
