"""Verifiers against recorded answers: wrong answers caught, right answers doubted, answers left open.

For recorded model outputs whose outcome is known and whose steps nobody labelled. A solution is *caught*
when any of its steps FAILS, *confirmed* when none fails and one holds, *open* when every tool is silent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from prmkit.stats import Interval, clopper_pearson_upper
from prmkit.types import Evidence, Sample, Verdict
from prmkit.verify.merge import merge
from prmkit.verify.noise import FalseAlarms, chosen, plain, rate

RIGHT = 0.5
"""Outcomes at or above it call an answer right."""


class Answers(NamedTuple):
    """A verifier (or several, merged) against outcomes. Shares in [0, 1], intervals by cluster."""

    answers: int
    """Solutions whose outcome is known."""
    right: int
    wrong: int
    clusters: int
    caught: Interval
    """Among wrong answers: share with a step that FAILS."""
    false_alarms: FalseAlarms
    """FAILS on right answers; ``steps`` counts right answers, ``upper`` is a one-sided 95 % bound."""
    doubted: Interval
    """Among right answers: share with a step that FAILS."""
    precision: Interval
    """Among solutions with a step that FAILS: share of wrong answers."""
    confirmed: Interval
    """Among right answers: share that some step HOLDS in and none FAILS in."""
    passed: Interval
    """Among wrong answers: the same share."""
    open: Interval
    """Among all: share on which every tool is silent."""
    alarms: tuple[str, ...]
    """Trajectory ids of the right answers that FAIL, to be read one by one."""

    def as_dict(self) -> dict[str, Any]:
        """The figures as JSON values; a figure without any row is null."""
        return {name: plain(value) for name, value in self._asdict().items()}


class _Row(NamedTuple):
    id: str
    cluster: str
    right: bool
    fails: bool
    holds: bool


def measure_answers(
    pairs: Iterable[tuple[Sample, Sequence[Evidence]]], *, verifier: str = "", draws: int = 2000
) -> Answers:
    """Compare what tools say of solutions with their recorded outcomes.

    Args:
        pairs: Samples and their evidence; samples without an outcome count nowhere.
        verifier: Only evidence of this verifier (``name`` or ``name@version``); if empty, all that read
            no reference, merged: what decides by the reference would measure itself.
        draws: Resamples of clusters behind each interval.

    Raises:
        AlignmentError: Evidence belongs to another trajectory or cut.

    Examples:
        >>> from prmkit.types import Problem, Trajectory
        >>> t = Trajectory.of_steps("t", "p", ["1 + 1 = 3"], outcome=0.0)
        >>> said = [Evidence("t", t.digest, 0, "FAILS", "math/sums@1")]
        >>> measure_answers([(Sample(Problem("p", "?"), t), said)]).caught.value
        1.0
    """
    rows = [_row(s, e, verifier) for s, e in pairs if s.trajectory.outcome is not None]
    return _figures(rows, draws)


def by_class(
    pairs: Iterable[tuple[Sample, Sequence[Evidence]]],
    kind: Callable[[Sample], str | None],
    *,
    verifier: str = "",
    draws: int = 2000,
) -> Mapping[str, Answers]:
    """The same for each class of samples (of error, of system, …); None puts a sample in no class."""
    groups: dict[str, list[tuple[Sample, Sequence[Evidence]]]] = {}
    for sample, evidence in pairs:
        name = kind(sample)
        if name is not None:
            groups.setdefault(name, []).append((sample, evidence))
    return {
        name: measure_answers(group, verifier=verifier, draws=draws) for name, group in sorted(groups.items())
    }


def _row(sample: Sample, evidence: Sequence[Evidence], verifier: str) -> _Row:
    mine = [e for e in evidence if chosen(e, verifier)]
    verdicts = {said.verdict for said in merge(sample.trajectory, mine) if said is not None}
    fails = Verdict.FAILS in verdicts
    return _Row(
        sample.trajectory.id,
        sample.problem.cluster,
        (sample.trajectory.outcome or 0.0) >= RIGHT,
        fails,
        Verdict.HOLDS in verdicts and not fails,
    )


def _figures(rows: Sequence[_Row], draws: int) -> Answers:
    def share(of: Sequence[_Row], hit: Callable[[_Row], bool]) -> Interval:
        return rate([hit(row) for row in of], [row.cluster for row in of], draws=draws)

    right, wrong = [r for r in rows if r.right], [r for r in rows if not r.right]
    alarms = tuple(row.id for row in right if row.fails)
    return Answers(
        answers=len(rows),
        right=len(right),
        wrong=len(wrong),
        clusters=len({row.cluster for row in rows}),
        caught=share(wrong, lambda row: row.fails),
        false_alarms=FalseAlarms(
            len(alarms),
            len(right),
            len(alarms) / len(right) if right else math.nan,
            clopper_pearson_upper(len(alarms), len(right)) if right else math.nan,
        ),
        doubted=share(right, lambda row: row.fails),
        precision=share([row for row in rows if row.fails], lambda row: not row.right),
        confirmed=share(right, lambda row: row.holds),
        passed=share(wrong, lambda row: row.holds),
        open=share(rows, lambda row: not row.fails and not row.holds),
        alarms=alarms,
    )
