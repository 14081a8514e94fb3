"""Several verifiers, one verdict a step."""

from __future__ import annotations

from collections.abc import Iterable

from prmkit.errors import AlignmentError
from prmkit.types import Evidence, Trajectory, Verdict


def merge(trajectory: Trajectory, evidence: Iterable[Evidence]) -> tuple[Evidence | None, ...]:
    """The telling evidence of each step; None for observations and steps without evidence.

    Any FAILS beats HOLDS of scope *step*, which beats HOLDS of scope *claim*, which beats UNKNOWN.
    Among equals the more confident wins, then the one given first.

    Raises:
        AlignmentError: Evidence of another trajectory, another cut, or an observation.

    Examples:
        >>> t = Trajectory.of_steps("t", "p", ["1 + 1 = 3"])
        >>> of = lambda verdict, name: Evidence("t", t.digest, 0, verdict, name)
        >>> merge(t, [of("HOLDS", "a@1"), of("FAILS", "b@1")])[0].verifier
        'b@1'
    """
    chosen: list[Evidence | None] = [None] * len(trajectory.steps)
    scored = set(trajectory.scored)
    digest = trajectory.digest
    for item in evidence:
        belongs(item, trajectory.id, digest, scored)
        held = chosen[item.step]
        if held is None or _rank(item) > _rank(held):
            chosen[item.step] = item
    return tuple(chosen)


def belongs(item: Evidence, trajectory_id: str, digest: str, scored: set[int]) -> None:
    """Check that a piece of evidence lies on a scored step of this cut of this trajectory.

    Raises:
        AlignmentError: It does not.
    """
    if item.trajectory_id != trajectory_id or item.steps_digest != digest:
        raise AlignmentError(
            f"evidence of {item.trajectory_id!r} ({item.steps_digest}) laid on {trajectory_id!r} ({digest})",
            do="join evidence by trajectory_id, and verify again after cutting steps anew",
            field="trajectory_id" if item.trajectory_id != trajectory_id else "steps_digest",
        )
    if item.step not in scored:
        raise AlignmentError(
            f"evidence for step {item.step} of {trajectory_id!r}, which has no such scored step",
            do="give evidence for scored steps only (observations carry none)",
            field="step",
        )


def _rank(item: Evidence) -> tuple[int, float]:
    if item.verdict is Verdict.FAILS:
        return 3, item.confidence
    if item.verdict is Verdict.HOLDS:
        return (2 if item.scope == "step" else 1), item.confidence
    return 0, item.confidence
