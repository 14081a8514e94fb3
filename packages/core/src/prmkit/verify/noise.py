"""How far a verifier may be trusted: its verdicts against gold step labels."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from prmkit.stats import (
    Interval,
    bootstrap_mean,
    clopper_pearson_lower,
    clopper_pearson_upper,
    clustered_wilson,
)
from prmkit.types import Evidence, Sample, Verdict
from prmkit.verify.merge import merge

GOOD = 0.5
"""Gold labels at or above it call a step right."""
FEW = 20
"""Clusters below which an interval is Wilson's over clusters: a bootstrap of so few is too narrow, and of
one has no ends."""
_EXAMPLES = 200
_PLACES = 20
_SHOWN = 400
"""Characters of a step that a disagreement keeps."""


class FalseAlarms(NamedTuple):
    """FAILS on steps labelled good that stand before the first error."""

    alarms: int
    steps: int
    """Labelled-good steps before the first error."""
    rate: float
    upper: float
    """One-sided 95 % upper bound of the rate."""


class Disagreement(NamedTuple):
    """A step on which verdict and gold differ."""

    trajectory_id: str
    cluster: str
    step: int
    gold: float
    verdict: Verdict
    verifier: str
    reason: str
    before_first_error: bool
    text: str = ""
    """Beginning of the step."""


class Place(NamedTuple):
    """One step position: counts, and shares with Wilson's interval over clusters."""

    position: int
    """0-based; the last place takes in all later ones."""
    steps: int
    wrong: int
    decided: int
    fails: int
    fails_right: int
    """FAILS on steps whose gold is wrong."""
    holds: int
    holds_right: int
    """HOLDS on steps whose gold is right."""
    coverage: Interval
    fails_precision: Interval
    fails_recall: Interval
    holds_precision: Interval
    holds_recall: Interval


@dataclass(frozen=True)
class Noise:
    """A verifier (or several, merged) against gold labels. Shares in [0, 1], intervals by cluster."""

    trajectories: int
    steps: int
    """Scored steps with a gold label."""
    clusters: int
    coverage: Interval
    """Share of steps with a verdict other than UNKNOWN."""
    fails_precision: Interval
    """Among FAILS: share of wrong steps."""
    fails_precision_lower: float
    """One-sided 95 % lower bound of the same."""
    fails_recall: Interval
    """Among wrong steps: share of FAILS."""
    holds_precision: Interval
    """Among HOLDS: share of right steps. For claim-scope HOLDS, 1 minus the claim error."""
    holds_recall: Interval
    """Among right steps: share of HOLDS."""
    false_alarms: FalseAlarms
    first_error_recall: Interval
    """Among trajectories with an error: share whose first wrong step FAILS."""
    located: Interval
    """The same, with no FAILS before it: the first FAILS is the first error."""
    confusion: Mapping[str, Mapping[str, int]]
    """Gold (right, wrong, unlabelled) → verdict → steps."""
    codes: Mapping[str, int]
    """Why UNKNOWN: code → steps."""
    places: tuple[Place, ...]
    disagreements: tuple[Disagreement, ...]
    """False alarms first, then missed by HOLDS, in the order met."""

    def as_dict(self) -> dict[str, Any]:
        """The figures as JSON values; a figure without any row is null."""
        return {name: plain(getattr(self, name)) for name in self.__dataclass_fields__}


class _Judged(NamedTuple):
    """One labelled step with its verdict."""

    cluster: str
    position: int
    right: bool
    verdict: Verdict
    before: bool
    """Before the first error of its trajectory (the whole of a trajectory without one)."""


def measure(
    pairs: Iterable[tuple[Sample, Sequence[Evidence]]], *, verifier: str = "", draws: int = 2000
) -> Noise:
    """Compare verdicts with gold labels, one verdict a step.

    Args:
        pairs: Samples with gold labels, and their evidence. Samples without labels count nowhere.
        verifier: Only evidence of this verifier (``name`` or ``name@version``); if empty, all that read no
            reference, merged: what reads the answer is an oracle, and is measured alone.
        draws: Resamples of clusters behind each interval.

    Returns:
        The figures. A rate over no steps is NaN.

    Raises:
        AlignmentError: Labels or evidence belong to another trajectory or cut.
    """
    steps: list[_Judged] = []
    firsts: list[tuple[str, bool, bool]] = []
    confusion = {gold: dict.fromkeys(map(str, Verdict), 0) for gold in ("right", "wrong", "unlabelled")}
    codes: Counter[str] = Counter()
    found: list[Disagreement] = []
    trajectories = 0
    for sample, evidence in pairs:
        if sample.labels is None:
            continue
        trajectories += 1
        verdicts = merge(sample.trajectory, [e for e in evidence if chosen(e, verifier)])
        gold = sample.labels.check(sample.trajectory).values
        first = first_wrong(gold)
        for index in sample.trajectory.scored:
            said = verdicts[index]
            verdict = said.verdict if said else Verdict.UNKNOWN
            value = gold[index]
            confusion["unlabelled" if value is None else "right" if value >= GOOD else "wrong"][verdict] += 1
            if said is not None and verdict is Verdict.UNKNOWN:
                codes[str(said.code)] += 1
            if value is None:
                continue
            judged = _Judged(
                sample.problem.cluster, index, value >= GOOD, verdict, first is None or index < first
            )
            steps.append(judged)
            if said is not None and _disagree(judged):
                found.append(_disagreement(sample, value, said, judged))
        if first is not None:
            fails = [e.step for e in verdicts if e is not None and e.verdict is Verdict.FAILS]
            firsts.append((sample.problem.cluster, first in fails, bool(fails) and fails[0] == first))
    # The worst kind of disagreement comes first, so that a cut list still shows it.
    found.sort(key=lambda d: (d.verdict is not Verdict.FAILS, not d.before_first_error))
    return _figures(trajectories, steps, firsts, confusion, codes, found, draws)


def first_wrong(gold: Sequence[float | None]) -> int | None:
    """Index of the first step labelled wrong."""
    return next((i for i, value in enumerate(gold) if value is not None and value < GOOD), None)


def rate(hits: Sequence[bool], clusters: Sequence[Hashable], *, draws: int = 2000) -> Interval:
    """A share with an interval by cluster: the bootstrap's, or Wilson's over clusters.

    Wilson's where there are fewer than :data:`FEW` clusters, and where all rows hit or none: resamples
    of equal rows are equal, and the bootstrap would claim certainty.

    Examples:
        >>> rate([True, True], ["a", "b"]).low > 0.3
        True
    """
    if len(set(clusters)) < FEW or sum(hits) in (0, len(hits)):
        return clustered_wilson(hits, clusters)
    return bootstrap_mean([float(hit) for hit in hits], clusters, draws=draws)


def _figures(
    trajectories: int,
    steps: Sequence[_Judged],
    firsts: Sequence[tuple[str, bool, bool]],
    confusion: Mapping[str, Mapping[str, int]],
    codes: Mapping[str, int],
    found: Sequence[Disagreement],
    draws: int,
) -> Noise:
    def share(of: Sequence[_Judged], hits: Iterator[bool]) -> Interval:
        return rate(list(hits), [s.cluster for s in of], draws=draws)

    fails = [s for s in steps if s.verdict is Verdict.FAILS]
    holds = [s for s in steps if s.verdict is Verdict.HOLDS]
    right = [s for s in steps if s.right]
    wrong = [s for s in steps if not s.right]
    good = [s for s in right if s.before]
    alarms = sum(s.verdict is Verdict.FAILS for s in good)
    caught = sum(not s.right for s in fails)
    return Noise(
        trajectories=trajectories,
        steps=len(steps),
        clusters=len({s.cluster for s in steps}),
        coverage=share(steps, (s.verdict is not Verdict.UNKNOWN for s in steps)),
        fails_precision=share(fails, (not s.right for s in fails)),
        fails_precision_lower=clopper_pearson_lower(caught, len(fails)) if fails else math.nan,
        fails_recall=share(wrong, (s.verdict is Verdict.FAILS for s in wrong)),
        holds_precision=share(holds, (s.right for s in holds)),
        holds_recall=share(right, (s.verdict is Verdict.HOLDS for s in right)),
        false_alarms=FalseAlarms(
            alarms,
            len(good),
            alarms / len(good) if good else math.nan,
            clopper_pearson_upper(alarms, len(good)) if good else math.nan,
        ),
        first_error_recall=rate([f[1] for f in firsts], [f[0] for f in firsts], draws=draws),
        located=rate([f[2] for f in firsts], [f[0] for f in firsts], draws=draws),
        confusion=confusion,
        codes=dict(sorted(codes.items())),
        places=_places(steps),
        disagreements=tuple(found[:_EXAMPLES]),
    )


def _places(steps: Sequence[_Judged]) -> tuple[Place, ...]:
    at: dict[int, list[_Judged]] = {}
    for step in steps:
        at.setdefault(min(step.position, _PLACES - 1), []).append(step)
    return tuple(_place(position, here) for position, here in sorted(at.items()))


def _place(position: int, here: Sequence[_Judged]) -> Place:
    def share(of: Sequence[_Judged], hit: Callable[[_Judged], bool]) -> Interval:
        return clustered_wilson([hit(step) for step in of], [step.cluster for step in of])

    right, wrong = [s for s in here if s.right], [s for s in here if not s.right]
    fails = [s for s in here if s.verdict is Verdict.FAILS]
    holds = [s for s in here if s.verdict is Verdict.HOLDS]
    return Place(
        position,
        steps=len(here),
        wrong=len(wrong),
        decided=len(fails) + len(holds),
        fails=len(fails),
        fails_right=sum(not s.right for s in fails),
        holds=len(holds),
        holds_right=sum(s.right for s in holds),
        coverage=share(here, lambda s: s.verdict is not Verdict.UNKNOWN),
        fails_precision=share(fails, lambda s: not s.right),
        fails_recall=share(wrong, lambda s: s.verdict is Verdict.FAILS),
        holds_precision=share(holds, lambda s: s.right),
        holds_recall=share(right, lambda s: s.verdict is Verdict.HOLDS),
    )


def chosen(item: Evidence, verifier: str) -> bool:
    """Whether evidence is of ``verifier``; where that is empty, whether it read no reference.

    Args:
        item: The evidence.
        verifier: ``name``, ``name@version``, or empty.
    """
    if not verifier:
        return not item.needs_reference
    return item.verifier in (verifier, f"{verifier}@{item.verifier.rpartition('@')[2]}")


def _disagree(step: _Judged) -> bool:
    return step.verdict is (Verdict.FAILS if step.right else Verdict.HOLDS)


def _disagreement(sample: Sample, gold: float, said: Evidence, step: _Judged) -> Disagreement:
    return Disagreement(
        sample.trajectory.id,
        step.cluster,
        step.position,
        gold,
        said.verdict,
        said.verifier,
        said.reason,
        step.before,
        sample.trajectory.steps[step.position].text[:_SHOWN],
    )


def plain(value: Any) -> Any:
    """A value of figures as JSON; NaN becomes null."""
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, Verdict):
        return str(value)
    return None if isinstance(value, float) and math.isnan(value) else value
