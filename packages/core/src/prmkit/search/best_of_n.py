"""Best of n: take the sample that scores highest.

Source: Cobbe et al. (2021), reranking samples with a verifier; the exact expectation over
subsets is in ``prmkit.stats.choice``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from prmkit.aggregators import aggregate
from prmkit.budget import Budget
from prmkit.contracts import Policy, Scorer
from prmkit.errors import AlignmentError, ConfigError
from prmkit.segment import segment
from prmkit.stats.arrays import Numbers
from prmkit.types import Problem, SearchResult, StepScores, Trajectory


def value_of(scores: StepScores, how: str = "min") -> float:
    """One number for a trajectory: its own value where the scorer gives one, else its aggregated steps.

    Raises:
        ConfigError: The aggregator is unknown, or has no meaning for this kind of score.

    Source:
        Outcome models score the trajectory, process models its steps (Lightman et al., 2023).
    """
    return scores.trajectory_value if scores.trajectory_value is not None else aggregate(scores, how)


def pick_best(trajectories: Sequence[Trajectory], values: Numbers, *, strategy: str = "") -> SearchResult:
    """Trajectories of one problem by falling value; the earlier one goes first among equals.

    Raises:
        AlignmentError: No trajectory, another number of values, or trajectories of several problems.

    Source:
        Cobbe et al. (2021).

    Examples:
        >>> tries = [Trajectory.of_steps(i, "p", ["..."], final_answer=i) for i in ("a", "b")]
        >>> pick_best(tries, [0.2, 0.9]).answer
        'b'
    """
    check_pool(trajectories, values)
    order = sorted(range(len(trajectories)), key=lambda i: -values[i])
    ranked = [trajectories[i] for i in order]
    return SearchResult(
        problem_id=ranked[0].problem_id,
        candidates=tuple(t.id for t in ranked),
        scores=tuple(float(values[i]) for i in order),
        answer=ranked[0].final_answer,
        strategy=strategy or f"best_of_{len(ranked)}",
    )


def check_pool(trajectories: Sequence[Trajectory], values: Numbers) -> None:
    """Refuse a pool that is empty, of several problems, or with another number of values.

    Raises:
        AlignmentError: One of these.

    Source:
        Choosing compares samples of one problem only.
    """
    problems = {t.problem_id for t in trajectories}
    if len(problems) != 1 or len(values) != len(trajectories):
        raise AlignmentError(
            f"{len(values)} values for {len(trajectories)} samples of {len(problems)} problems",
            do="give one value per sample, and the samples of one problem at a time",
        )
    for position, value in enumerate(values):
        if not math.isfinite(value):
            raise AlignmentError(
                f"sample {trajectories[position].id!r} has the value {value!r}",
                do="give each sample a finite value",
                field=f"values[{position}]",
            )


def exchangeable(trajectories: Sequence[Trajectory]) -> bool:
    """Whether all samples come from one named system, so that every subset is as likely as any other.

    Source:
        The exact best-of-n expectation needs samples drawn independently from one distribution.

    Examples:
        >>> from prmkit.types import Provenance
        >>> exchangeable([Trajectory.of_steps("t", "p", [], provenance=Provenance(system="m"))])
        True
    """
    return len({t.provenance.system for t in trajectories}) == 1 and bool(trajectories[0].provenance.system)


def sample_pool(
    problem: Problem, policy: Policy, *, n: int, seed: int, temperature: float, how: str
) -> tuple[list[Trajectory], int]:
    """``n`` samples of ``policy``, cut by the segmenter ``how``, and the tokens they took.

    Raises:
        ConfigError: ``n`` below 1.

    Source:
        Independent sampling at one temperature (Wang et al., 2023).
    """
    if n < 1:
        raise ConfigError(f"{n} samples", do="sample once or more", field="n")
    drawn = policy.complete([(problem, "")], n=n, seed=seed, temperature=temperature)[0]
    pool = [
        segment(f"{problem.id}#{seed}.{place}", problem.id, completion.text, how=how)
        for place, completion in enumerate(drawn)
    ]
    return pool, sum(completion.tokens for completion in drawn)


@dataclass(frozen=True, slots=True)
class BestOfN:
    """Samples ``n`` solutions and takes the one that scores highest.

    Source:
        Cobbe et al. (2021); Lightman et al. (2023) for aggregated step scores.
    """

    n: int = 8
    aggregate: str = "min"
    temperature: float = 1.0
    segmenter: str = "auto"

    def __call__(
        self, problem: Problem, policy: Policy, scorer: Scorer, *, budget: Budget | None = None, seed: int = 0
    ) -> SearchResult:
        """Candidates best first; ``budget.spend(calls=, tokens=)`` is told what they took, if given."""
        pool, tokens = sample_pool(
            problem, policy, n=self.n, seed=seed, temperature=self.temperature, how=self.segmenter
        )
        if budget is not None:
            budget.spend(calls=self.n, tokens=tokens)
        values = [value_of(s, self.aggregate) for s in scorer.score(problem, pool)]
        found = pick_best(pool, values, strategy=f"best_of_{self.n}/{self.aggregate}")
        return SearchResult(
            found.problem_id,
            found.candidates,
            found.scores,
            found.answer,
            found.strategy,
            cost={"calls": float(self.n), "tokens": float(tokens)},
        )
