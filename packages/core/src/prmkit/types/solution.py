"""Problems and solutions: what is asked, and what was written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from prmkit.errors import AlignmentError, RecordError
from prmkit.types.checks import number, one_of

Json = Any
"""Anything that survives a JSON round trip."""

Role = Literal["think", "act", "observe"]
Status = Literal["active", "retracted"]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a record comes from."""

    source: str = ""
    """Data set, generator or file."""
    row: int | None = None
    """1-based row in that file."""
    system: str = ""
    """Model or system that wrote the text; samples are exchangeable within one system only."""
    licence: str = ""
    """Licence of the source."""
    seed: int | None = None
    """Seed of the draw, for generated records."""
    detail: Mapping[str, Json] = field(default_factory=dict)
    """Anything else worth keeping; never read by prmkit."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A question, with what its tools need to judge an answer. The reference is never rendered."""

    id: str
    """Unique within a data set."""
    text: str
    """The question as a model sees it."""
    cluster: str = ""
    """What must not be split or resampled apart (problem family, filing, table, note, page,
    drug, time block). Defaults to the id."""
    domain: str = ""
    """Name of the domain plug-in that can verify it."""
    reference: Json = None
    """Answer, tests or table that settle the outcome; hidden from every model."""
    context: Mapping[str, Json] = field(default_factory=dict)
    """What the domain's tools and the model may see: images by path and sha256, tables, graph, tools."""
    provenance: Provenance = field(default_factory=Provenance)

    def __post_init__(self) -> None:
        if not self.id:
            raise RecordError("a problem needs an id", do="give each problem a unique id", field="id")
        if not self.cluster:
            object.__setattr__(self, "cluster", self.id)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a solution: the span ``trajectory.text[start:end]``."""

    index: int
    """Position in the trajectory, 0-based."""
    text: str
    """Exactly ``trajectory.text[start:end]``."""
    start: int
    """First character of the span."""
    end: int
    """One past the last character of the span."""
    role: Role = "think"
    """``think`` and ``act`` are scored; ``observe`` (a tool's reply) never is."""
    kind: str = ""
    """Domain's own word for the step, such as ``retrieval`` or ``perception``."""
    call: Mapping[str, Json] | None = None
    """Tool call of an ``act`` step: name and arguments."""
    images: tuple[str, ...] = ()
    """Paths of images the step carries, relative to the record file."""
    status: Status = "active"
    """``retracted`` when a later step takes this one back."""

    def __post_init__(self) -> None:
        one_of(self.role, Role, "role")
        one_of(self.status, Status, "status")


@dataclass(frozen=True, slots=True)
class Trajectory:
    """A solution cut into steps. Another cut of the same text is another trajectory."""

    id: str
    """Unique within a data set."""
    problem_id: str
    text: str
    """The whole solution; text between spans (separators) belongs to no step."""
    steps: tuple[Step, ...]
    final_answer: str | None = None
    """The answer that the solution states, as text."""
    outcome: float | None = None
    """1.0 right, 0.0 wrong, between for partial credit, None unknown. Never shown to what is judged."""
    parent: str | None = None
    """Id of the trajectory this one re-segments."""
    provenance: Provenance = field(default_factory=Provenance)

    def __post_init__(self) -> None:
        if not self.id:
            raise RecordError("a trajectory needs an id", do="give each trajectory a unique id", field="id")
        reached = 0
        for position, step in enumerate(self.steps):
            where = f"steps[{position}]"
            if step.index != position:
                raise AlignmentError(
                    f"step says index {step.index}",
                    do="number steps from 0 in order",
                    field=where,
                )
            if not reached <= step.start <= step.end <= len(self.text):
                raise AlignmentError(
                    f"span [{step.start}, {step.end}) is out of order or outside the text",
                    do="give rising, non-overlapping spans of the trajectory's text",
                    field=where,
                )
            if self.text[step.start : step.end] != step.text:
                raise AlignmentError(
                    "the span does not give back the step's text",
                    do="cut steps with prmkit.segment, or build the trajectory with Trajectory.of_steps",
                    field=where,
                )
            reached = step.end
        if self.outcome is not None:
            number(self.outcome, "outcome", 0.0, 1.0)

    @classmethod
    def of_steps(
        cls,
        id: str,
        problem_id: str,
        steps: Iterable[str | Mapping[str, Json]],
        *,
        joiner: str = "\n",
        final_answer: str | None = None,
        outcome: float | None = None,
        provenance: Provenance | None = None,
    ) -> Trajectory:
        r"""Build a trajectory whose text is its steps put together with ``joiner``.

        Args:
            id: Id of the trajectory.
            problem_id: Id of its problem.
            steps: Texts, or mappings with ``text`` and any of ``role, kind, call, images, status``.
            joiner: What stands between two steps; belongs to no step.
            final_answer: Answer that the solution states.
            outcome: 1.0 right, 0.0 wrong, None unknown.
            provenance: Where it comes from.

        Raises:
            RecordError: A step is neither a string nor a mapping with a string ``text``.

        Examples:
            >>> t = Trajectory.of_steps("t", "p", ["2 + 2 = 4", {"text": "sum: 4", "role": "observe"}])
            >>> t.text, t.scored
            ('2 + 2 = 4\nsum: 4', (0,))
        """
        cut: list[Step] = []
        at = 0
        for position, given in enumerate(steps):
            extra: dict[str, Json] = {"text": given} if isinstance(given, str) else {}
            if isinstance(given, Mapping):
                extra = dict(given)
            text = extra.pop("text", None)
            if not isinstance(text, str):
                raise RecordError(
                    f"a step must be a string or an object with a string 'text', got {given!r:.80}",
                    do='write "the step" or {"text": "the step", "role": "think"}',
                    field=f"steps[{position}]",
                )
            unknown = sorted(set(extra) - {"role", "kind", "call", "images", "status"})
            if unknown:
                raise RecordError(
                    f"unknown step field {unknown[0]!r}",
                    do="use text, role, kind, call, images, status",
                    field=f"steps[{position}]",
                )
            extra["images"] = tuple(extra.get("images") or ())
            at += len(joiner) if position else 0
            cut.append(Step(index=position, text=text, start=at, end=at + len(text), **extra))
            at += len(text)
        return cls(
            id=id,
            problem_id=problem_id,
            text=joiner.join(step.text for step in cut),
            steps=tuple(cut),
            final_answer=final_answer,
            outcome=outcome,
            provenance=provenance or Provenance(),
        )

    @property
    def scored(self) -> tuple[int, ...]:
        """Indices of the steps that can be labelled and scored (all but observations)."""
        return tuple(step.index for step in self.steps if step.role != "observe")

    @property
    def digest(self) -> str:
        """16 hex digits over text, spans, roles and status: what labels and scores are tied to."""
        spans = ";".join(f"{s.start},{s.end},{s.role},{s.status}" for s in self.steps)
        return hashlib.sha256(f"{spans}\n{self.text}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
