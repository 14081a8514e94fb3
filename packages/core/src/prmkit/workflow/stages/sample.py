"""Solutions drawn from a policy: read into steps, graded, and judged by the generator's truth."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prmkit.answer import extract_answer
from prmkit.errors import RecordError
from prmkit.plugins import DomainPlugin, domain
from prmkit.records import read_parquet, write_parquet
from prmkit.registry import resolve
from prmkit.segment import segment
from prmkit.types import Problem, Provenance, Sample, StepLabels, Trajectory
from prmkit.workflow.parts import Context, Part, records
from prmkit.workflow.stages import cost

BATCH = 256
"""Problems handed to the policy at once."""
POLICY = "prmkit.policy.hf:HFPolicy"


@dataclass(frozen=True, slots=True)
class SampleConfig:
    """Draws from a policy."""

    domain: str
    policy: str = ""
    """Folder of a causal model; empty takes the tiny policy that the domain ships."""
    n: int = 8
    """Solutions a problem."""
    temperature: float = 1.0
    max_new_tokens: int = 256


def policy_folder(config: Any) -> list[Path]:
    """Folder of the policy that the settings name."""
    if config.policy:
        return [Path(config.policy)]
    plugin = domain(config.domain)
    return [plugin.resource(plugin.policy)]


def sample(context: Context) -> None:
    """Write ``n`` solutions of every problem."""
    config: SampleConfig = context.config
    folder = context.input("policy") if context.has("policy") else policy_folder(config)[0]
    policy = resolve(POLICY)(str(folder), max_new_tokens=config.max_new_tokens)
    reader = Reader(domain(config.domain), system=folder.name, seed=context.seed)
    samples = read_parquet(Sample, context.input("problems"))
    problems = list({s.problem.id: s.problem for s in samples}.values())
    spent: Counter[str] = Counter()

    def drawn() -> Iterator[Sample]:
        for start in range(0, len(problems), BATCH):
            batch = problems[start : start + BATCH]
            replies = policy.complete(
                [(problem, "") for problem in batch],
                n=config.n,
                seed=context.seed,
                temperature=config.temperature,
            )
            for problem, completions in zip(batch, replies, strict=True):
                for number, completion in enumerate(completions):
                    spent.update(tokens=completion.tokens, calls=1, cut=not completion.finished)
                    made = _read(reader, problem, completion.text, number, context)
                    if made:
                        spent.update(right=made.trajectory.outcome == 1.0)
                        yield made
            context.progress(min(start + BATCH, len(problems)), len(problems))

    begun = time.perf_counter()
    count = write_parquet(context.output(), drawn(), cls=Sample)
    cost.write(context.output(), cost.Work(policy.parameters, spent["tokens"], spent["calls"]))
    context.metric(
        samples=count,
        problems=len(problems),
        tokens=spent["tokens"],
        cut=spent["cut"],
        solved=spent["right"] / count if count else None,
        seconds=round(time.perf_counter() - begun, 3),
    )


def _read(reader: Reader, problem: Problem, text: str, number: int, context: Context) -> Sample | None:
    try:
        return reader.read(problem, text, f"{problem.id}/{number}")
    except RecordError as error:
        context.quarantine(problem.id, number + 1, error.message)
        return None


class Reader:
    """Turns written text into a graded sample, by the domain's own reading where it has one.

    A domain may bring ``parts["task"]`` with ``read`` (problem, text, id, provenance → Trajectory) and
    ``truth`` (problem, trajectory → StepLabels). ``answer`` (text → answer) is for rollouts; a domain whose
    answers are no sentences, such as programs, brings it.
    """

    def __init__(self, plugin: DomainPlugin, *, system: str, seed: int) -> None:
        own = plugin.parts.get("task", {})
        self._read: Callable[..., Trajectory] | None = resolve(own["read"]) if "read" in own else None
        self._truth: Callable[..., StepLabels] | None = resolve(own["truth"]) if "truth" in own else None
        self._grade = resolve(plugin.grader) if plugin.grader else None
        self._provenance = Provenance(source="policy", system=system, seed=seed)

    def read(self, problem: Problem, text: str, id: str) -> Sample:
        """The sample that ``text`` is.

        Raises:
            RecordError: The text holds no step.
        """
        if not text.strip():
            raise RecordError("the policy wrote nothing", do="sample again with another temperature")
        if self._read:
            trajectory = self._read(problem, text, id=id, provenance=self._provenance)
        else:
            trajectory = self._plain(problem, text, id)
        return Sample(problem, trajectory, self._truth(problem, trajectory) if self._truth else None)

    def _plain(self, problem: Problem, text: str, id: str) -> Trajectory:
        cut = segment(id, problem.id, text)
        answer = extract_answer(text)
        outcome = self._grade(problem, answer) if self._grade else None
        return Trajectory(
            id,
            problem.id,
            cut.text,
            cut.steps,
            final_answer=answer,
            outcome=outcome,
            provenance=self._provenance,
        )


SAMPLE = Part(
    SampleConfig,
    records("samples"),
    sample,
    needs=("problems",),
    takes=("policy",),
    external=policy_folder,
)
