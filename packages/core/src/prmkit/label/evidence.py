"""Labels from what tools found out.

FAILS makes 0. HOLDS of scope *step* makes 1. HOLDS of scope *claim* makes 1 - e, where e is the share
of wrong steps among steps whose claims hold, measured on problems apart: a right sum does not make
a right step. UNKNOWN makes no label, or takes one from rollouts.

The labels judge each step by its own merit, or stop at the first step that FAILS (``until_first_error``):
what stands on a wrong step has no merit of its own that a tool could see. Evidence that read the
reference may label training data; the record says so.

Source: the rule is prmkit's own; e plays the part of a class-conditional noise rate (Natarajan et al., 2013).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from prmkit.errors import DataError, RecordError
from prmkit.records import digest_of
from prmkit.stats import Interval
from prmkit.types import Evidence, Sample, StepLabels, Trajectory, Verdict
from prmkit.types.checks import number
from prmkit.verify.merge import merge
from prmkit.verify.noise import GOOD, rate

LABELER = "evidence@1"


def label(
    trajectory: Trajectory,
    evidence: Sequence[Evidence],
    *,
    claim_error: float | Interval,
    fill: StepLabels | None = None,
    until_first_error: bool = False,
    roll_claims: bool = False,
) -> StepLabels:
    """Labels of one trajectory from its evidence.

    Args:
        trajectory: The solution.
        evidence: Its evidence; several verifiers are merged, any FAILS wins.
        claim_error: e in [0, 1], as a number or as :func:`claim_error` measured it.
        fill: Labels for the steps on which all tools are silent, of kind ``correct`` (from rollouts).
        until_first_error: Leave the steps after the first that FAILS without a label.
        roll_claims: Take ``fill`` also for steps of which no more is known than that a claim holds, where
            it has a value.

    Returns:
        Labels of convention ``own_merit`` or ``until_first_error``; ``n`` counts the verdicts behind each
        label, ``detail`` keeps e, the verifiers, whether the reference was read, and the steps filled in.

    Raises:
        AlignmentError: Evidence or fill belongs to another trajectory or cut.
        RecordError: e lies outside [0, 1], or ``fill`` is of another kind.

    Examples:
        >>> t = Trajectory.of_steps("t", "p", ["1 + 1 = 2", "1 + 1 = 3", "so"])
        >>> said = [Evidence("t", t.digest, i, v, "sums@1") for i, v in enumerate(("HOLDS", "FAILS"))]
        >>> label(t, said, claim_error=0.25).values
        (0.75, 0.0, None)
    """
    error = claim_error.value if isinstance(claim_error, Interval) else claim_error
    number(error, "claim_error", 0.0, 1.0)
    merged = merge(trajectory, evidence)
    values = [None if said is None else _value(said, error) for said in merged]
    n = [0] * len(values)
    for item in evidence:
        n[item.step] += item.verdict is not Verdict.UNKNOWN
    detail: dict[str, Any] = {
        "claim_error": error,
        "verifiers": sorted({item.verifier for item in evidence}),
        "used_reference": any(item.needs_reference for item in evidence),
    }
    if isinstance(claim_error, Interval):
        detail["claim_error_measured"] = claim_error._asdict()
    if fill is not None:
        open_steps = {i for i, value in enumerate(values) if value is None}
        if roll_claims:
            open_steps |= {i for i, said in enumerate(merged) if only_claims(said)}
        _fill(values, n, fill.check(trajectory), open_steps, detail)
    if until_first_error and (reached := first_failure(merged)) is not None:
        values[reached + 1 :] = [None] * (len(values) - reached - 1)
    return StepLabels(
        trajectory_id=trajectory.id,
        steps_digest=trajectory.digest,
        values=tuple(values),
        convention="until_first_error" if until_first_error else "own_merit",
        labeler=LABELER,
        n=tuple(n),
        evidence_digest=digest_of(evidence)[:16],
        detail=detail,
    )


def first_failure(merged: Sequence[Evidence | None]) -> int | None:
    """Index of the first step that FAILS; None when none does."""
    return next((i for i, e in enumerate(merged) if e is not None and e.verdict is Verdict.FAILS), None)


def _value(said: Evidence, error: float) -> float | None:
    if said.verdict is Verdict.FAILS:
        return 0.0
    if said.verdict is Verdict.HOLDS:
        return 1.0 if said.scope == "step" else 1.0 - error
    return None


def only_claims(said: Evidence | None) -> bool:
    """Whether all that is known of a step is that a claim in it holds."""
    return said is not None and said.verdict is Verdict.HOLDS and said.scope == "claim"


def _fill(
    values: list[float | None],
    n: list[int],
    fill: StepLabels,
    open_steps: Collection[int],
    detail: dict[str, Any],
) -> None:
    if fill.kind != "correct":
        raise RecordError(
            f"labels of kind {fill.kind!r} cannot stand beside verdicts",
            do="fill with rollout labels of kind 'correct'",
            field="fill",
        )
    filled = [i for i in sorted(open_steps) if fill.values[i] is not None]
    for index in filled:
        values[index] = fill.values[index]
        n[index] = fill.n[index] if fill.n else 0
    detail["filled"] = filled
    detail["filled_by"] = {"labeler": fill.labeler, "convention": fill.convention}


def claim_error(pairs: Iterable[tuple[Sample, Sequence[Evidence]]], *, draws: int = 2000) -> Interval:
    """e: the share of wrong steps among labelled steps whose merged verdict is HOLDS of scope *claim*.

    Where no wrong step was seen, half a step is counted, so that a claim that holds never makes a
    full positive label.

    Args:
        pairs: Calibration samples with gold labels and their evidence. Their problems must not be
            among the labelled ones.
        draws: Resamples of clusters behind the interval.

    Returns:
        e with its interval by cluster and its number of steps.

    Raises:
        DataError: No labelled step has a claim that holds.
    """
    wrong: list[bool] = []
    clusters: list[str] = []
    for sample, evidence in pairs:
        if sample.labels is None:
            continue
        for said, gold in zip(merge(sample.trajectory, evidence), sample.labels.values, strict=True):
            if gold is None or not only_claims(said):
                continue
            wrong.append(gold < GOOD)
            clusters.append(sample.problem.cluster)
    if not wrong:
        raise DataError(
            "no labelled step has a claim that holds, so the claim error cannot be measured",
            do="use more calibration problems, or set the claim error by hand",
        )
    measured = rate(wrong, clusters, draws=draws)
    return measured._replace(value=max(measured.value, 0.5 / len(wrong)))
