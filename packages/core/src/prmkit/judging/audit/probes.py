"""What an audit asks about: right solutions, the same with one mistake, the same with a false answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prmkit.contracts import Mutation
from prmkit.errors import ConfigError, DataError
from prmkit.judging.rows import first_error
from prmkit.judging.suites import select
from prmkit.mutators import rewritten
from prmkit.plugins import DomainPlugin
from prmkit.registry import nearest, resolve
from prmkit.types import Problem, Sample, StepLabels, Trajectory

Truth = Callable[[Problem, Trajectory], StepLabels]
FOREIGN = "foreign_step"
"""Kind of a planted mistake: a step of another problem's solution."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A right solution and what was made of it."""

    problem: Problem
    right: Trajectory
    wrong: tuple[Mutation, ...] = ()
    """One step spoilt, all others as they were, so that the answer stays right."""
    false: Trajectory | None = None
    """The last step taken from another problem's solution: right steps, false answer."""

    @property
    def cluster(self) -> str:
        """What is resampled together."""
        return self.problem.cluster


def generated(plugin: DomainPlugin, n: int, *, seed: int, cells: Sequence[str] = ()) -> list[Probe]:
    """Probes from problems of the domain's generator, of the split that is kept for tests.

    Every planted mistake is confirmed by the generator's exact truth, where the domain has one.

    Args:
        plugin: The domain.
        n: Number of problems.
        seed: Decides problems, solutions and mistakes.
        cells: Families and rungs such as ``sum/2``; all when empty.

    Raises:
        ConfigError: The domain generates no tasks.
    """
    if not plugin.tasks:
        raise ConfigError(
            f"domain {plugin.name!r} generates no tasks",
            do="give labelled solutions with --in FILE or --suite NAME, or another --domain",
            field="domain",
        )
    options = {"cells": tuple(cells)} if cells else {}
    samples = list(resolve(plugin.tasks)(seed, n, split="test", **options))
    return probes(samples, _mutators(plugin), truth=truth_of(plugin), seed=seed)


def truth_of(plugin: DomainPlugin) -> Truth | None:
    """Exact labels of the domain's generated tasks, where it has them."""
    parts = plugin.registry("task")
    return parts["truth"] if "truth" in parts else None  # noqa: SIM401 - a registry raises its own error


def recorded(plugin: DomainPlugin | None, samples: Sequence[Sample], n: int, *, seed: int) -> list[Probe]:
    """Probes from the right solutions among labelled samples; mistakes as the domain plants them."""
    right = [sample for sample in samples if first_error(sample) == -1]
    return probes(right[:n], _mutators(plugin) if plugin else (), seed=seed)


def probes(
    samples: Sequence[Sample], mutators: Sequence[Any], *, truth: Truth | None = None, seed: int = 0
) -> list[Probe]:
    """Probes of right solutions.

    Args:
        samples: Right solutions of different problems.
        mutators: Plant mistakes; the next one in turn is asked first, and each gives at most one.
        truth: Exact labels. With it, mistakes that are none are dropped, and steps of other solutions
            serve as mistakes too.
        seed: Seed of the mistakes.
    """
    made = []
    for place, (problem, right, _) in enumerate(samples):
        other = samples[(place + 1) % len(samples)].trajectory if len(samples) > 1 else None
        turned = [*mutators[place % len(mutators) :], *mutators[: place % len(mutators)]] if mutators else []
        planted = [found for one in turned if (found := one(problem, right, seed)) is not None]
        if truth is not None and other is not None:
            planted += _foreign(right, other, place)
        wrong = tuple(
            one
            for one in planted
            if truth is None or first_wrong(truth(problem, one.trajectory).values) == one.step
        )
        made.append(Probe(problem, right, wrong[:2], _false(problem, right, other, truth)))
    return made


def _mutators(plugin: DomainPlugin) -> list[Any]:
    return [resolve(spec) for spec in plugin.mutators.values()]


def first_wrong(values: Sequence[float | None]) -> int:
    """Index of the first step labelled below 0.5; -1 when there is none."""
    return next((i for i, value in enumerate(values) if value is not None and value < 0.5), -1)


def _foreign(right: Trajectory, other: Trajectory, place: int) -> list[Mutation]:
    """One early step replaced by a step of another solution."""
    mine, theirs = right.scored[:-1], other.scored[:-1]
    if not mine or not theirs:
        return []
    step = mine[place % len(mine)]
    text = other.steps[theirs[place % len(theirs)]].text
    if text == right.steps[step].text:
        return []
    return [Mutation(rewritten(right, step, text, id=f"{right.id}~{FOREIGN}"), step, FOREIGN)]


def _false(
    problem: Problem, right: Trajectory, other: Trajectory | None, truth: Truth | None
) -> Trajectory | None:
    """The solution with the last step of another one."""
    if other is None or not right.scored or not other.scored:
        return None
    last, text = right.scored[-1], other.steps[other.scored[-1]].text
    if text == right.steps[last].text:
        return None
    made = rewritten(right, last, text, id=f"{right.id}~false_answer")
    return made if truth is None or first_wrong(truth(problem, made).values) == last else None


def labelled(made: Iterable[Probe]) -> list[Sample]:
    """Each right solution and its spoilt copies, with labels up to the planted mistake."""
    rows = []
    for probe in made:
        for trajectory, step in [(probe.right, None), *((one.trajectory, one.step) for one in probe.wrong)]:
            labels = StepLabels.until_first_error(trajectory, step, "planted@1")
            rows.append(Sample(probe.problem, trajectory, labels))
    return rows


def by_family(made: Sequence[Probe], domain: str) -> dict[str, list[Sample]]:
    """Labelled solutions by the family of their task: the suites of a generator."""
    found: dict[str, list[Sample]] = {}
    for probe in made:
        family = probe.problem.context.get("family")
        found.setdefault(f"{domain}: {family}" if family else domain, []).extend(labelled([probe]))
    return found


def suite(plugins: Mapping[str, DomainPlugin], name: str) -> list[Sample]:
    """Rows of an evaluation suite of any of the domains.

    Raises:
        ConfigError: No domain has such a suite.
        DataError: The data set is not at hand, or its rows are not the suite's.
    """
    cards = {card.name: (plugin, card) for plugin in plugins.values() for card in plugin.suites}
    if name not in cards:
        raise ConfigError(f"no suite is called {name!r}", do=nearest(name, dict(cards)), field="suite")
    plugin, card = cards[name]
    rows = [one for one in select(card, plugin.load(card.dataset)) if one.labels is not None]
    if not rows:
        raise DataError(
            f"suite {name!r} has no step labels", do="name a suite with step labels", field="suite"
        )
    return rows
