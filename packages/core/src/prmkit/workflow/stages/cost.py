"""What writing and scoring solutions costs in compute: beside the records, so that figures can use it.

Compute of a model on some tokens is counted as its parameters times the tokens, whether read or written.
Seconds differ from run to run and stand in the metrics alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from prmkit.records import write_text
from prmkit.types import Json

FILE = "cost.json"
"""Stands beside the shards of a folder of records."""
WRITING = "writing one solution"
"""Row of the policy that wrote what is scored."""
UNKNOWN = "unknown: the solutions were written elsewhere"


class Work(NamedTuple):
    """What one model did for a folder of records."""

    parameters: int
    tokens: int
    """Tokens read by a scorer, or written by a policy."""
    solutions: int

    @property
    def each(self) -> float:
        """Compute of one solution: parameters times tokens."""
        return self.parameters * self.tokens / max(1, self.solutions)


def write(folder: Path, work: Work) -> None:
    """Put the counts beside the records of ``folder``."""
    write_text(folder / FILE, json.dumps(work._asdict()) + "\n")


def read(folder: Path) -> Work | None:
    """The counts of ``folder``, None where nobody counted."""
    path = folder / FILE
    return Work(**json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None


def shares(samples: Path, scorers: Mapping[str, Path]) -> dict[str, float]:
    """Scorer → compute of scoring one solution in units of writing it, where both were counted.

    Args:
        samples: Folder of the solutions.
        scorers: Scorer → folder of its scores.
    """
    wrote = read(samples)
    found = {name: read(folder) for name, folder in scorers.items()}
    return {name: one.each / wrote.each for name, one in found.items() if one and wrote and wrote.each}


def table(samples: Path, scorers: Mapping[str, Path]) -> dict[str, dict[str, Json]]:
    """Rows for ``eval.json``: parameters, tokens per solution, compute in units of writing one."""
    wrote = read(samples)
    rows = {WRITING: {**_row(wrote), "compute": 1.0}} if wrote else {}
    known = shares(samples, scorers)
    for name, folder in scorers.items():
        if one := read(folder):
            rows[name] = {**_row(one), "compute": round(known[name], 4) if name in known else UNKNOWN}
    return rows


def _row(work: Work) -> dict[str, Json]:
    tokens = round(work.tokens / max(1, work.solutions), 1)
    return {"parameters": work.parameters, "tokens per solution": tokens}


def scorer_of(folder: Path) -> str:
    """Name of the scorer whose scores a folder holds."""
    return folder.name.removeprefix("scores-")


def folders(sources: Sequence[tuple[str, Path]]) -> dict[str, Path]:
    """Scorer → folder of its scores."""
    return {scorer_of(folder): folder for _, folder in sources}
