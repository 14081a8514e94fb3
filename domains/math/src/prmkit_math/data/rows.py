"""From a raw row to records: problems named by their text, and the label rules of the sets."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence

from prmkit import rows
from prmkit.dataset import Row
from prmkit.rows import fault, part_of, step_number, text, text_key, texts, truth, value
from prmkit.types import Json, Problem, Provenance, Sample, Step, StepLabels, Trajectory

until_first_error = StepLabels.until_first_error


class Origin(rows.Origin):
    """Where a record comes from: what every record of one row shares."""

    __slots__ = ()

    def problem(
        self,
        asked: str,
        *,
        cluster: str = "",
        reference: Json = None,
        context: Mapping[str, Json] | None = None,
        **detail: Json,
    ) -> Problem:
        """A problem whose id and cluster come from its text (or from the text ``cluster``)."""
        return Problem(
            id=f"{self.card.name}/{text_key(asked)}",
            text=asked,
            cluster=text_key(cluster or asked),
            domain="math",
            reference=reference,
            context=context or {},
            provenance=self.provenance(**detail),
        )


def own_merit(
    trajectory: Trajectory,
    values: Iterable[float | None],
    labeler: str,
    channels: Mapping[str, tuple[float | None, ...]] | None = None,
) -> StepLabels:
    """Labels that judge each step by itself."""
    return StepLabels(
        trajectory_id=trajectory.id,
        steps_digest=trajectory.digest,
        values=tuple(values),
        convention="own_merit",
        labeler=labeler,
        channels=channels or {},
    )


@functools.lru_cache(maxsize=512)
def _prefix(steps: tuple[str, ...]) -> tuple[str, tuple[Step, ...]]:
    if not steps:
        return "", ()
    before, cut = _prefix(steps[:-1])
    start = len(before) + (1 if cut else 0)
    whole = f"{before}\n{steps[-1]}" if cut else steps[-1]
    return whole, (*cut, Step(index=len(cut), text=steps[-1], start=start, end=len(whole)))


def continued(
    id: str,
    problem: Problem,
    prefix: Sequence[str],
    candidate: str,
    *,
    final_answer: str | None,
    provenance: Provenance,
) -> Trajectory:
    """A prefix of accepted steps and one candidate; neighbouring rows share the prefix's records."""
    before, cut = _prefix(tuple(prefix))
    start = len(before) + (1 if cut else 0)
    whole = f"{before}\n{candidate}" if cut else candidate
    last = Step(index=len(cut), text=candidate, start=start, end=len(whole))
    return Trajectory(
        id=id,
        problem_id=problem.id,
        text=whole,
        steps=(*cut, last),
        final_answer=final_answer,
        provenance=provenance,
    )


__all__ = [
    "Origin",
    "Row",
    "Sample",
    "continued",
    "fault",
    "own_merit",
    "part_of",
    "step_number",
    "text",
    "text_key",
    "texts",
    "truth",
    "until_first_error",
    "value",
]
