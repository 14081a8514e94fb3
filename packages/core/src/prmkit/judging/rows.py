"""Samples and scores as flat tables of steps and of solutions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from prmkit.errors import AlignmentError
from prmkit.judging.figures import Mask
from prmkit.stats.arrays import Floats, Ints
from prmkit.types import Evidence, Sample, StepScores, Trajectory, Verdict

Scores = Mapping[str, Sequence[StepScores]]
"""Scorer → one record per sample, in any order."""


@dataclass(frozen=True)
class Table:
    """Labelled steps, and the solutions they belong to.

    Steps: every step with a label. Solutions: those whose first error is known, so with every
    scored step labelled up to it (or to the end).
    """

    samples: Sequence[Sample]
    scores: Mapping[str, Sequence[StepScores]]
    """One record per sample, in the order of ``samples``."""
    sample: Ints
    """Per step: index of its sample."""
    step: Ints
    good: Floats
    """Per step: 1.0 when the gold value is 0.5 or more."""
    reached: Mask
    """Per step: stands at or before the first error of its solution."""
    first: Sequence[int | None]
    """Per sample: first wrong step, -1 for none, None when unknown."""
    silent: Mask | None = None
    """Per step: no tool said HOLDS or FAILS without the reference; None when no evidence was given."""
    kinds: Sequence[str] = ()
    """Per step: class of the error, empty where none is known."""

    @property
    def own_merit(self) -> bool:
        """Whether steps after an error are judged by themselves, so that all of them can be ranked."""
        given = [one.labels for one in self.samples if one.labels is not None]
        return bool(given) and all(labels.convention == "own_merit" for labels in given)

    def clusters(self, rows: Mask | None = None) -> list[str]:
        """Cluster of each step (of ``rows``)."""
        chosen = self.sample if rows is None else self.sample[rows]
        return [self.samples[i].problem.cluster for i in chosen]

    def values(self, scorer: str) -> Floats:
        """Score of each step, NaN where the scorer has none."""
        records = self.scores[scorer]
        found = [records[i].values[k] for i, k in zip(self.sample, self.step, strict=True)]
        return np.array([math.nan if v is None else v for v in found], dtype=np.float64)


def first_error(sample: Sample, *, standing: bool = False) -> int | None:
    """First wrong step by the gold labels: -1 when all are right, None when that is not known.

    Args:
        sample: A labelled solution.
        standing: Pass over the steps that a later step takes back.

    Examples:
        >>> from prmkit.types import Problem, StepLabels, Trajectory
        >>> t = Trajectory.of_steps("t", "p", ["a", "b", "c"])
        >>> labels = StepLabels("t", t.digest, (1.0, 0.0, None))
        >>> first_error(Sample(Problem("p", "?"), t, labels))
        1
    """
    if sample.labels is None:
        return None
    for step in sample.trajectory.scored:
        if standing and sample.trajectory.steps[step].status == "retracted":
            continue
        value = sample.labels.values[step]
        if value is None:
            return None
        if value < 0.5:
            return step
    return -1


def written(trajectory: Trajectory) -> int:
    """Characters of a solution's steps without observations, which nobody chose to write; at least 1.

    Examples:
        >>> written(Trajectory.of_steps("t", "p", ["abc", {"text": "a tool speaks", "role": "observe"}, "d"]))
        4
    """
    return max(1, sum(len(step.text) for step in trajectory.steps if step.role != "observe"))


def build(
    samples: Sequence[Sample],
    scores: Scores,
    *,
    evidence: Sequence[Sequence[Evidence]] | None = None,
    kinds: Mapping[str, Sequence[str | None]] | None = None,
) -> Table:
    """The table of ``samples``, every record checked against its trajectory.

    Args:
        samples: What is judged.
        scores: Scorer → records.
        evidence: Per sample, the evidence that says which steps a tool decides; what read the reference
            decides nothing, since it cannot be run where the answer is not known.
        kinds: Trajectory id → class of error per step.

    Raises:
        AlignmentError: Scores are missing, doubled, or belong to another cut; evidence of another number.
    """
    if evidence is not None and len(evidence) != len(samples):
        raise AlignmentError(
            f"evidence for {len(evidence)} of {len(samples)} samples", do="give one list per sample"
        )
    joined = {name: _joined(name, samples, records) for name, records in scores.items()}
    sample, step, good, reached, silent, classes = [], [], [], [], [], []
    for i, one in enumerate(samples):
        if one.labels is None:
            continue
        one.labels.check(one.trajectory)
        said = set() if evidence is None else decided(evidence[i])
        wrong_at = math.inf
        mine = (kinds or {}).get(one.trajectory.id) or ()
        for k, value in enumerate(one.labels.values):
            if value is None:
                continue
            sample.append(i)
            step.append(k)
            good.append(float(value >= 0.5))
            reached.append(k <= wrong_at)
            silent.append(k not in said)
            classes.append((mine[k] if k < len(mine) else None) or "")
            wrong_at = min(wrong_at, k if value < 0.5 else math.inf)
    return Table(
        samples,
        joined,
        np.array(sample, dtype=np.int64),
        np.array(step, dtype=np.int64),
        np.array(good, dtype=np.float64),
        np.array(reached, dtype=np.bool_),
        [first_error(one) for one in samples],
        None if evidence is None else np.array(silent, dtype=np.bool_),
        classes,
    )


def standing(table: Table) -> Table | None:
    """The table with first errors among the steps that stand; None where no step was taken back.

    A solution that takes its mistake back made it all the same; what it says in the end may be right.
    Steps that were taken back carry no score here. Steps and their labels stay as they were.
    """
    back = [[step.status == "retracted" for step in one.trajectory.steps] for one in table.samples]
    if not any(map(any, back)):
        return None
    kept = {
        name: [
            replace(one, values=tuple(None if gone else v for v, gone in zip(one.values, mine, strict=True)))
            for one, mine in zip(records, back, strict=True)
        ]
        for name, records in table.scores.items()
    }
    return replace(table, scores=kept, first=[first_error(one, standing=True) for one in table.samples])


def part(table: Table, keep: Sequence[int]) -> Table:
    """The same table for some of its samples."""
    place = {old: new for new, old in enumerate(keep)}
    rows = np.array([i in place for i in table.sample], dtype=np.bool_)
    picked: dict[str, Any] = {
        "samples": [table.samples[i] for i in keep],
        "scores": {name: [records[i] for i in keep] for name, records in table.scores.items()},
        "sample": np.array([place[i] for i in table.sample[rows]], dtype=np.int64),
        "step": table.step[rows],
        "good": table.good[rows],
        "reached": table.reached[rows],
        "first": [table.first[i] for i in keep],
        "silent": None if table.silent is None else table.silent[rows],
        "kinds": [kind for kind, kept in zip(table.kinds, rows, strict=True) if kept],
    }
    return replace(table, **picked)


def _joined(scorer: str, samples: Sequence[Sample], records: Sequence[StepScores]) -> list[StepScores]:
    by_id = {record.trajectory_id: record for record in records}
    if len(by_id) != len(records):
        raise AlignmentError(
            f"{scorer!r} scores {len(records) - len(by_id)} trajectories twice",
            do="keep one record per trajectory",
            field=scorer,
        )
    missing = [one.trajectory.id for one in samples if one.trajectory.id not in by_id]
    if missing:
        raise AlignmentError(
            f"{scorer!r} scores {len(samples) - len(missing)} of {len(samples)} trajectories;"
            f" {missing[0]!r} has none",
            do="score every sample of the suite; a step without a score is null",
            field=scorer,
        )
    return [by_id[one.trajectory.id].check(one.trajectory) for one in samples]


def decided(evidence: Sequence[Evidence]) -> set[int]:
    """Steps of which some tool says HOLDS or FAILS without the reference."""
    return {e.step for e in evidence if e.verdict is not Verdict.UNKNOWN and not e.needs_reference}
