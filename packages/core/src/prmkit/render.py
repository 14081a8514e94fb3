"""The one renderer: problem, solution and spec become pieces; training and use share it.

A piece is text, a token, an image, the beginning of a turn, or a mark. Marks are pieces of
their own: whoever turns pieces into tokens knows where each mark stands and never searches
for it. Text that contains the marker's characters therefore makes no mark; and where the
marker looks like a special token (``<step>``, ``[PRM]``), its copies inside text are broken
up by a word joiner (U+2060) after their first character, so that no tokenizer reads one there.
The reference of a problem is not read in this file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Literal, NamedTuple

from prmkit.cards import PRMSpec
from prmkit.errors import AlignmentError, RecordError
from prmkit.types import Problem, Step, Trajectory

WORD_JOINER = "\u2060"
"""Invisible, and part of no marker: breaks up copies of a marker inside text."""

_SPECIAL = re.compile(r"<\S+>|\[\S+\]")


class Piece(NamedTuple):
    """One piece of a rendered solution, in reading order."""

    kind: Literal["text", "token", "image", "turn", "mark"]
    """``text`` and ``token`` are written as they are (a token is one entry of the vocabulary);
    ``image`` holds a path; ``turn`` opens a turn of the role in ``value``; ``mark`` closes a step."""
    value: str
    step: int | None = None
    """Index of the step the piece belongs to; None for the problem and the system turn."""


Say = Callable[[str], str]
"""What becomes of a text that somebody else wrote."""


def render(
    problem: Problem, trajectory: Trajectory, spec: PRMSpec, special: tuple[str, ...] = ()
) -> list[Piece]:
    r"""Pieces of ``problem`` and ``trajectory`` as a checkpoint of ``spec`` reads them.

    Exactly one mark per step of ``trajectory.scored``, in order (none for generative
    templates); observations are rendered and get no mark. What separates steps in the
    trajectory's own text is not rendered: ``spec`` says what stands around a step, where
    ``{number}`` in ``before_step``, ``heading`` and ``after_step`` becomes the step's 1-based number.
    An empty marker gives marks with an empty value: the last token before them is read.

    * ``raw``: problem, then steps.
    * ``chat``: system turn (if any), problem as user turn, steps in the assistant's turn,
      observations in turns of their own with the role ``tool``.
    * ``chat_turns``: each step is a user turn (the first one follows the problem in the same
      turn) answered by an assistant turn that holds the mark.
    * ``generative``: one user turn with problem and steps, then an open assistant turn.

    Args:
        problem: What was asked; the reference is not read.
        trajectory: A solution of it.
        spec: How the checkpoint reads.
        special: Special tokens of the tokenizer. Copies of them in problem and steps are broken up as those
            of the marker are, so that no solution can close its turn and open another.

    Raises:
        AlignmentError: The trajectory is a solution of another problem.
        RecordError: An image of the problem is neither a path nor an object with one.

    Examples:
        >>> problem = Problem("p", "2 + 2?", reference="4")
        >>> steps = Trajectory.of_steps("t", "p", ["2 + 2 = 4"])
        >>> [piece.value for piece in render(problem, steps, PRMSpec())]
        ['2 + 2?\n', '2 + 2 = 4', '<step>']
    """
    if trajectory.problem_id != problem.id:
        raise AlignmentError(
            f"trajectory {trajectory.id!r} solves problem {trajectory.problem_id!r}, not {problem.id!r}",
            do="pair each trajectory with its own problem",
            field="problem_id",
        )
    say = partial(neutral, words=(spec.marker, *special))
    return [piece for piece in _TEMPLATES[spec.template](problem, trajectory, spec, say) if _says(piece)]


def neutral(text: str, words: tuple[str, ...]) -> str:
    r"""``text`` without readable copies of those ``words`` that look like special tokens.

    Examples:
        >>> neutral("a<step>b", ("<step>",)) == "a<" + WORD_JOINER + "step>b"
        True
        >>> neutral("two lines\n\n", ("\n\n",)) == "two lines\n\n"
        True
    """
    found = _copies(words)
    return found.sub(lambda one: one[0][0] + WORD_JOINER + one[0][1:], text) if found else text


@lru_cache(maxsize=64)
def _copies(words: tuple[str, ...]) -> re.Pattern[str] | None:
    bare = sorted({word.strip() for word in words if _SPECIAL.fullmatch(word.strip())}, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, bare))) if bare else None


def _says(piece: Piece) -> bool:
    return piece.kind in ("mark", "turn") or piece.value != ""


def _problem(problem: Problem, spec: PRMSpec, say: Say) -> Iterator[Piece]:
    images = problem.context.get("images") or ()
    if images:
        yield Piece("text", spec.before_problem)
        for position, image in enumerate(images):
            yield Piece("image", _path(image, position))
    head = "" if images else spec.before_problem
    yield Piece("text", head + say(problem.text) + spec.after_problem)


def _path(image: object, position: int) -> str:
    path = image.get("path") if isinstance(image, Mapping) else image
    if not isinstance(path, str) or not path:
        raise RecordError(
            f"{image!r:.80} names no image file",
            do='write a path, or {"path": ..., "sha256": ...}',
            field=f"context.images[{position}]",
        )
    return path


def _step(step: Step, spec: PRMSpec, say: Say, *, behind: bool = False) -> Iterator[Piece]:
    """Pieces of a step; ``behind`` when another step stands before it in the same turn."""
    number = str(step.index + 1)
    for image in step.images:
        yield Piece("image", image, step.index)
    text = (
        (spec.separator if behind else "")
        + spec.before_step.replace("{number}", number)
        + _heading(step.text, spec.heading, number)
        + say(step.text)
        + spec.after_step.replace("{number}", number)
    )
    yield Piece("text", text, step.index)


def _heading(text: str, heading: str, number: str) -> str:
    word = heading.partition("{number}")[0].strip()
    has_one = word and re.match(rf"\s*{re.escape(word)}\s*\d", text, re.IGNORECASE)
    return "" if has_one else heading.replace("{number}", number)


def _mark(step: Step, spec: PRMSpec) -> Iterator[Piece]:
    if step.role != "observe":
        yield Piece("mark", spec.marker, step.index)


def _system(spec: PRMSpec) -> Iterator[Piece]:
    if spec.system is not None:
        yield Piece("turn", "system")
        yield Piece("text", spec.system)


def _raw(problem: Problem, trajectory: Trajectory, spec: PRMSpec, say: Say) -> Iterator[Piece]:
    yield from _problem(problem, spec, say)
    for step in trajectory.steps:
        yield from _step(step, spec, say, behind=step.index > 0)
        yield from _mark(step, spec)


def _chat(problem: Problem, trajectory: Trajectory, spec: PRMSpec, say: Say) -> Iterator[Piece]:
    yield from _system(spec)
    yield Piece("turn", "user")
    yield from _problem(problem, spec, say)
    open_turn = "user"
    for step in trajectory.steps:
        role = "tool" if step.role == "observe" else "assistant"
        opens = role != open_turn or role == "tool"
        if opens:
            yield Piece("turn", role, step.index)
            open_turn = role
        yield from _step(step, spec, say, behind=not opens)
        yield from _mark(step, spec)


def _chat_turns(problem: Problem, trajectory: Trajectory, spec: PRMSpec, say: Say) -> Iterator[Piece]:
    yield from _system(spec)
    yield Piece("turn", "user")
    yield from _problem(problem, spec, say)
    user_speaks = True
    for step in trajectory.steps:
        if not user_speaks:
            yield Piece("turn", "user", step.index)
        yield from _step(step, spec, say)
        user_speaks = step.role == "observe"
        if not user_speaks:
            yield Piece("turn", "assistant", step.index)
        yield from _mark(step, spec)


def _generative(problem: Problem, trajectory: Trajectory, spec: PRMSpec, say: Say) -> Iterator[Piece]:
    yield from _system(spec)
    yield Piece("turn", "user")
    yield from _problem(problem, spec, say)
    for step in trajectory.steps:
        yield from _step(step, spec, say, behind=step.index > 0)
    yield Piece("text", spec.after_solution)
    yield Piece("turn", "assistant")


_TEMPLATES = {"raw": _raw, "chat": _chat, "chat_turns": _chat_turns, "generative": _generative}
