"""Planted mistakes: one step of a right solution rewritten, the others as they were."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from prmkit.contracts import Mutation
from prmkit.types import Problem, Step, Trajectory


def rewritten(trajectory: Trajectory, index: int, text: str, *, id: str) -> Trajectory:
    r"""A copy with another text for one step and no outcome; its provenance names the original.

    Examples:
        >>> t = Trajectory.of_steps("t", "p", ["1 + 1 = 2", "So 2."])
        >>> rewritten(t, 0, "1 + 1 = 12", id="t~x").text
        '1 + 1 = 12\nSo 2.'
    """
    changed = trajectory.steps[index]
    shift = len(text) - len(changed.text)
    later = (replace(s, start=s.start + shift, end=s.end + shift) for s in trajectory.steps[index + 1 :])
    detail = {**trajectory.provenance.detail, "mutated_from": trajectory.id}
    return replace(
        trajectory,
        id=id,
        text=trajectory.text[: changed.start] + text + trajectory.text[changed.end :],
        steps=(*trajectory.steps[:index], replace(changed, text=text, end=changed.end + shift), *later),
        outcome=None,
        provenance=replace(trajectory.provenance, detail=detail),
    )


def said(problem: Problem, step: Step) -> bool:
    """Whether a step is the solver's own: no observation."""
    del problem
    return step.role != "observe"


@dataclass(frozen=True, slots=True)
class TextMutator:
    """Plants one kind of mistake by rewriting the text of one step."""

    name: str
    changes_number: bool
    variants: Callable[[Problem, str, random.Random], Iterable[str]]
    """Spoilt versions of a step's text."""
    where: Callable[[Problem, Step], bool] = said
    """Steps that may be rewritten."""

    def __call__(self, problem: Problem, trajectory: Trajectory, seed: int) -> Mutation | None:
        """A copy with one step spoilt; None when the kind applies to no step."""
        draw = random.Random(f"{self.name}/{trajectory.id}/{seed}")
        places = [
            (step, text)
            for step in trajectory.steps
            if self.where(problem, step)
            for text in self.variants(problem, step.text, draw)
            if text != step.text
        ]
        if not places:
            return None
        step, text = draw.choice(places)
        made = rewritten(trajectory, step.index, text, id=f"{trajectory.id}~{self.name}-{seed}")
        return Mutation(made, step.index, self.name)
