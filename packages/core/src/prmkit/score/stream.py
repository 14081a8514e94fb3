"""Scores of a stream of samples into a file, so that a killed run goes on where it stopped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from prmkit.errors import PrmkitError, StorageError
from prmkit.records.codec import from_dict, to_dict
from prmkit.records.files import dumps, loads
from prmkit.types import Sample, StepScores

FLUSH = 256
"""Records between two times that they are made safe on disk."""


def score_file(prm: Any, samples: Iterable[Sample], out: Path, *, window: int = 1024) -> tuple[int, int]:
    """Write one line of scores per sample, in order, to ``out``.

    Lines stand in ``OUT.part`` until all are there. A later call with the same samples and PRM takes what
    it finds there and scores the rest; what belongs to other samples or weights is dropped.

    Args:
        prm: The PRM.
        samples: Read ``window`` at a time.
        out: JSON lines.
        window: Samples that are laid out together.

    Returns:
        Lines written in all, and how many of them an earlier call had left.

    Raises:
        StorageError: The file cannot be written; what was written stays for the next call.
    """
    part = out.with_name(out.name + ".part")
    stream = iter(samples)
    end, kept, unread = _agreeing(part, stream, prm.digest)
    count = kept
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("r+b" if part.exists() else "w+b") as file:
            file.truncate(end)
            file.seek(end)
            for scores in prm.score_many(chain(unread, stream), window=window):
                file.write(dumps(to_dict(scores)) + b"\n")
                count += 1
                if count % FLUSH == 0:
                    file.flush()
        part.replace(out)
    except OSError as error:
        raise StorageError(
            f"the scores cannot be written: {error}",
            do="free some space or choose another file; call again to go on",
            file=out,
        ) from error
    return count, kept


def _agreeing(part: Path, samples: Iterator[Sample], model: str) -> tuple[int, int, list[Sample]]:
    """End and number of the lines in ``part`` that these samples would give, and the sample read too far."""
    end = kept = 0
    if not part.exists():
        return end, kept, []
    with part.open("rb") as lines:
        for line in lines:
            sample = next(samples, None)
            if sample is None:
                break
            if not line.endswith(b"\n") or not _of(line, sample, model):
                return end, kept, [sample]
            end += len(line)
            kept += 1
    return end, kept, []


def _of(line: bytes, sample: Sample, model: str) -> bool:
    try:
        scores = from_dict(StepScores, loads(line))
    except PrmkitError:
        return False
    trajectory = sample.trajectory
    told = (scores.trajectory_id, scores.steps_digest, scores.model)
    return told == (trajectory.id, trajectory.digest, model)
