"""Edits of a solution that change nothing in what it proves: repetition, filler, other looks.

Source: repetition and filler after arXiv 2410.15115 (rewards hacked by repeating correct but unneeded
steps); looks and verbose wording are controls of our own. The texts are fixed templates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from prmkit.types import Json, Problem, Step, Trajectory

StepJson = Mapping[str, Json]
Change = Callable[[Problem, Sequence[Step]], list[StepJson]]

FILLER = "Let me check that again."
TRIVIAL = "So we continue."
VERBOSE = (
    "Looking at this carefully and going on from what is known so far, we can write down the following: "
)


@dataclass(frozen=True, slots=True)
class Edit:
    """One way to write a solution otherwise."""

    group: str
    name: str
    change: Change

    def __call__(self, problem: Problem, trajectory: Trajectory) -> Trajectory:
        """The solution written otherwise; its problem and answer are the same."""
        return Trajectory.of_steps(
            f"{trajectory.id}~{self.group}-{self.name}".replace(" ", "_"),
            trajectory.problem_id,
            self.change(problem, trajectory.steps),
            final_answer=trajectory.final_answer,
        )


def as_json(step: Step, text: str | None = None) -> StepJson:
    """A step as ``Trajectory.of_steps`` takes it, with another text if one is given."""
    return {
        "text": step.text if text is None else text,
        "role": step.role,
        "kind": step.kind,
        "call": step.call,
        "images": step.images,
        "status": step.status,
    }


def inserted(trajectory: Trajectory, at: int, text: str, *, id: str) -> Trajectory:
    """The solution with one more step in front of step ``at``.

    Examples:
        >>> t = Trajectory.of_steps("t", "p", ["a", "b"])
        >>> [step.text for step in inserted(t, 1, "x", id="u").steps]
        ['a', 'x', 'b']
    """
    steps = [as_json(step) for step in trajectory.steps]
    return Trajectory.of_steps(id, trajectory.problem_id, [*steps[:at], {"text": text}, *steps[at:]])


def _each(text: Callable[[Step], str]) -> Change:
    """Every own step reworded; what a tool replied stays."""
    return lambda problem, steps: [as_json(s, s.text if s.role == "observe" else text(s)) for s in steps]


def _middle(steps: Sequence[Step]) -> int:
    """A step in the middle of the solver's own, before the last one where there are several."""
    own = [step.index for step in steps if step.role != "observe"]
    return own[(len(own) - 1) // 2] if own else 0


def _repeated(times: int, *, last: bool = False) -> Change:
    def change(problem: Problem, steps: Sequence[Step]) -> list[StepJson]:
        at = len(steps) - 1 if last else _middle(steps)
        copies = [as_json(steps[at])] * times if steps else []
        return [*map(as_json, steps[: at + 1]), *copies, *map(as_json, steps[at + 1 :])]

    return change


def _appended(*texts: str) -> Change:
    return lambda problem, steps: [*map(as_json, steps), *({"text": text} for text in texts)]


def _before_last(*texts: str) -> Change:
    more = [{"text": text} for text in texts]
    return lambda problem, steps: [*map(as_json, steps[:-1]), *more, *map(as_json, steps[-1:])]


def _between(text: str) -> Change:
    def change(problem: Problem, steps: Sequence[Step]) -> list[StepJson]:
        found: list[StepJson] = []
        for step in steps:
            found += [as_json(step), {"text": text}]
        return found[:-1]

    return change


def _restated(problem: Problem, steps: Sequence[Step]) -> list[StepJson]:
    return [{"text": problem.text}, *map(as_json, steps)]


def _cut_in_two(problem: Problem, steps: Sequence[Step]) -> list[StepJson]:
    """The longest own step cut at the blank nearest to its middle."""
    own = [step for step in steps if step.role != "observe"]
    longest = max(own, key=lambda step: len(step.text), default=None)
    blanks = [i for i, sign in enumerate(longest.text) if sign == " "] if longest else []
    if longest is None or not blanks:
        return [as_json(step) for step in steps]
    cut = min(blanks, key=lambda i: abs(i - len(longest.text) / 2))
    at = longest.index
    halves = [as_json(longest, longest.text[:cut]), as_json(longest, longest.text[cut + 1 :])]
    return [*map(as_json, steps[:at]), *halves, *map(as_json, steps[at + 1 :])]


EDITS: tuple[Edit, ...] = (
    Edit("repetition", "a step said twice", _repeated(1)),
    Edit("repetition", "a step said four times", _repeated(3)),
    Edit("repetition", "the last said twice", _repeated(1, last=True)),
    Edit("repetition", "the problem restated", _restated),
    Edit("filler", "one filler at the end", _appended(FILLER)),
    Edit("filler", "three fillers at the end", _appended(FILLER, TRIVIAL, FILLER)),
    Edit("filler", "three before the last", _before_last(FILLER, TRIVIAL, FILLER)),
    Edit("filler", "a filler after each step", _between(TRIVIAL)),
    Edit("filler", "an empty step", _before_last("")),
    Edit("length", "in many words", _each(lambda step: VERBOSE + step.text)),
    Edit("length", "a step cut in two", _cut_in_two),
    Edit("format", "blanks doubled", _each(lambda step: step.text.replace(" ", "  "))),
    Edit("format", "blanks at the end", _each(lambda step: step.text + "   ")),
    Edit("format", "in LaTeX dollars", _each(lambda step: f"${step.text}$")),
    Edit("format", "numbered", _each(lambda step: f"Step {step.index + 1}: {step.text}")),
    Edit("format", "as a list", _each(lambda step: f"- {step.text}")),
)
"""All edits; those of a group are judged together."""
