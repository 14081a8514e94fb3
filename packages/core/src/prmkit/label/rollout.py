"""Labels from rollouts: a step is as good as the chance to finish rightly from it.

A policy completes the solution from each step on, ``n`` times; a grader says which completions reach
the right answer. The hard label is 1 if any does, the soft label is the share that does. After the
first step without success the rest is left unlabelled and no longer paid for.

Source: Math-Shepherd (Wang et al., 2024) for hard and soft estimation; Qwen2.5-Math-PRM (Zhang et
al., 2025) for the threshold of one success and for cutting after the first zero.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from prmkit.answer import extract_answer
from prmkit.budget import Budget
from prmkit.contracts import Grader, Policy
from prmkit.errors import ConfigError
from prmkit.types import Problem, Sample, StepLabels, Trajectory

Extract = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Rollouts:
    """Settings of the estimate.

    Raises:
        ConfigError: A setting is out of range.
    """

    n: int = 8
    """Completions per step."""
    seed: int = 0
    soft: bool = True
    """True: share of successes; False: 1 if any."""
    truncate: bool = True
    """Stop after the first step without success."""
    temperature: float = 1.0
    batch: int = 64
    """Trajectories rolled out together by :func:`label_many`."""

    def __post_init__(self) -> None:
        if self.n < 1 or self.batch < 1:
            raise ConfigError(
                f"n={self.n}, batch={self.batch}", do="give at least one completion and one trajectory"
            )


@dataclass(slots=True)
class _Run:
    """One trajectory under way."""

    problem: Problem
    trajectory: Trajectory
    wanted: tuple[int, ...]
    """Steps to estimate, rising."""
    successes: dict[int, int] = field(default_factory=dict)
    graded: dict[int, int] = field(default_factory=dict)
    tokens: int = 0


def label(
    problem: Problem,
    trajectory: Trajectory,
    policy: Policy,
    grader: Grader,
    *,
    n: int = 8,
    seed: int = 0,
    soft: bool = True,
    truncate: bool = True,
    temperature: float = 1.0,
    extract: Extract = extract_answer,
    budget: Budget | None = None,
) -> StepLabels:
    """Rollout labels of one trajectory; see :func:`label_many`.

    Raises:
        ConfigError: A setting is out of range.
        BudgetExceededError: The budget is used up.
    """
    settings = Rollouts(n=n, seed=seed, soft=soft, truncate=truncate, temperature=temperature)
    sample = Sample(problem, trajectory)
    ((_, labels),) = label_many([sample], policy, grader, settings, extract=extract, budget=budget)
    return labels


def label_many(
    samples: Iterable[Sample],
    policy: Policy,
    grader: Grader,
    settings: Rollouts,
    *,
    extract: Extract = extract_answer,
    budget: Budget | None = None,
    steps: Callable[[Sample], Collection[int]] | None = None,
) -> Iterator[tuple[Sample, StepLabels]]:
    """Rollout labels of many trajectories, in order, the policy fed in large batches.

    Equal prefixes of one problem within a batch are completed once.

    Args:
        samples: Samples; their own labels are not looked at.
        policy: Completes solutions.
        grader: Grades answers; an answer that it cannot grade counts neither way.
        settings: Number of completions, hard or soft, and the like.
        extract: Finds the answer in a finished solution; one without an answer is no success.
        budget: Pays one call and its tokens per completion.
        steps: Scored steps of a sample to estimate (those on which tools are silent, say); None takes all.

    Yields:
        Each sample with its labels. A step whose completions could all not be graded stays unlabelled.

    Raises:
        BudgetExceededError: The budget is used up; batches before it were yielded.
    """
    stream = iter(samples)
    while group := list(islice(stream, settings.batch)):
        runs = [_Run(s.problem, s.trajectory, _wanted(s, steps)) for s in group]
        todo = [(run, step) for run in runs for step in run.wanted]
        if not settings.truncate:
            _roll(todo, policy, grader, settings, extract, budget)
        for wave in _waves(runs) if settings.truncate else ():
            _roll(wave, policy, grader, settings, extract, budget)
        for sample, run in zip(group, runs, strict=True):
            yield sample, _labels(run, settings)


def _wanted(sample: Sample, steps: Callable[[Sample], Collection[int]] | None) -> tuple[int, ...]:
    scored = sample.trajectory.scored
    if steps is None:
        return scored
    chosen = set(steps(sample))
    return tuple(step for step in scored if step in chosen)


def _waves(runs: Sequence[_Run]) -> Iterator[list[tuple[_Run, int]]]:
    """The k-th wanted step of every trajectory that has not met a dead end yet, for rising k."""
    for rank in range(max((len(run.wanted) for run in runs), default=0)):
        yield [(run, run.wanted[rank]) for run in runs if rank < len(run.wanted) and not _dead(run)]


def _dead(run: _Run) -> bool:
    return any(good == 0 and run.graded[step] > 0 for step, good in run.successes.items())


def _roll(
    steps: Sequence[tuple[_Run, int]],
    policy: Policy,
    grader: Grader,
    settings: Rollouts,
    extract: Extract,
    budget: Budget | None,
) -> None:
    requests: dict[tuple[str, str], tuple[Problem, str]] = {}
    keys = []
    for run, step in steps:
        text = prefix(run.trajectory, step)
        keys.append((run.problem.id, text))
        requests.setdefault(keys[-1], (run.problem, text))
    if not requests:
        return
    drawn = policy.complete(
        list(requests.values()), n=settings.n, seed=settings.seed, temperature=settings.temperature
    )
    counts = {}
    for key, (problem, text), completions in zip(requests, requests.values(), drawn, strict=True):
        tokens = sum(completion.tokens for completion in completions)
        if budget is not None:
            budget.spend(calls=len(completions), tokens=tokens)
        answers = [extract(text + completion.text) for completion in completions]
        grades = [0.0 if answer is None else grader(problem, answer) for answer in answers]
        known = [grade for grade in grades if grade is not None]
        counts[key] = (sum(grade >= 1.0 for grade in known), len(known), tokens)
    for (run, step), key in zip(steps, keys, strict=True):
        run.successes[step], run.graded[step], tokens = counts[key]
        run.tokens += tokens


def prefix(trajectory: Trajectory, step: int) -> str:
    r"""Text from which the solution is completed after ``step``.

    It ends where the next scored step begins: the separator shows that the step is over, and the
    replies of tools to it belong to what the policy has seen.

    Source:
        Math-Shepherd (Wang et al., 2024) completes after each step; tool replies are prmkit's addition.

    Examples:
        >>> prefix(Trajectory.of_steps("t", "p", ["a", "b"]), 0)
        'a\n'
    """
    later = [index for index in trajectory.scored if index > step]
    return trajectory.text[: trajectory.steps[later[0]].start] if later else trajectory.text


def estimate(
    successes: Sequence[int], graded: Sequence[int], *, soft: bool, truncate: bool = True
) -> list[float | None]:
    """Labels from counts: successes out of graded completions, step by step.

    Args:
        successes: Right completions per step.
        graded: Completions whose answer could be graded, per step; 0 gives no label.
        soft: Share of successes, or 1 if any.
        truncate: No label after the first step without success.

    Source:
        Qwen2.5-Math-PRM (Zhang et al., 2025), section 3: hard labels with threshold 0 do best.

    Examples:
        >>> estimate([8, 5, 1, 0, 2], [8] * 5, soft=False)
        [1.0, 1.0, 1.0, 0.0, None]
        >>> estimate([8, 5, 1, 0, 2], [8] * 5, soft=True)
        [1.0, 0.625, 0.125, 0.0, None]
    """
    values: list[float | None] = []
    dead = False
    for good, of in zip(successes, graded, strict=True):
        value = None if not of or (dead and truncate) else good / of if soft else float(good > 0)
        dead = dead or (of > 0 and good == 0)
        values.append(value)
    return values


def _labels(run: _Run, settings: Rollouts) -> StepLabels:
    done = sorted(run.successes)
    good, of = [run.successes[step] for step in done], [run.graded[step] for step in done]
    values: list[float | None] = [None] * len(run.trajectory.steps)
    n = [0] * len(values)
    estimates = estimate(good, of, soft=settings.soft, truncate=settings.truncate)
    for step, value, count in zip(done, estimates, of, strict=True):
        values[step], n[step] = value, count
    detail: dict[str, Any] = {
        "successes": good,
        "rollouts": settings.n,
        "seed": settings.seed,
        "temperature": settings.temperature,
        "tokens": run.tokens,
    }
    return StepLabels(
        trajectory_id=run.trajectory.id,
        steps_digest=run.trajectory.digest,
        values=tuple(values),
        convention="until_first_error" if settings.truncate else "prefix",
        labeler=f"rollout/{'soft' if settings.soft else 'hard'}@1",
        n=tuple(n),
        detail=detail,
    )
