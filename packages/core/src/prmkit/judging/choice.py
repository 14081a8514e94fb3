"""What scorers are worth for choosing among the samples of a problem.

Source: exact best-of-n expectation over subsets (see ``prmkit.stats.choice``) and votes (see
``prmkit.search.vote``). Both need exchangeable samples; where the samples of a problem come
from several systems the same choice is *system selection*, compared with the best single system.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from prmkit.answer import answer_key
from prmkit.judging.baselines import TOOL_ORACLE
from prmkit.judging.figures import Metric, Resampling, difference, estimate
from prmkit.judging.rows import Table, written
from prmkit.search.best_of_n import exchangeable, value_of
from prmkit.search.vote import vote_table
from prmkit.stats import Resampled, best_of_n_curve, length_controlled, pass_at_k, resample_mean
from prmkit.stats.arrays import Floats
from prmkit.types import Json, StepScores

SINGLE, MAJORITY, ORACLE, BEST_SYSTEM = "single sample", "majority", "oracle", "best single system"


@dataclass(frozen=True)
class Pools:
    """Problems with several graded samples, ``size`` of each."""

    size: int
    exchangeable: bool
    clusters: Sequence[str]
    members: Sequence[Sequence[int]]
    """Per problem: indices of its samples."""
    answers: Sequence[Sequence[str | None]]
    correct: Sequence[Sequence[float]]
    systems: Sequence[Sequence[str]]
    dropped: int
    """Samples left out so that all problems have the same number."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """Numbers of samples that curves are made for: all up to 16, then powers of two and the last."""
        few = range(1, min(self.size, 16) + 1)
        return tuple(sorted({*few, *(2**k for k in range(5, self.size.bit_length())), self.size}))

    @property
    def answered(self) -> bool:
        """Whether any sample states an answer: without answers there is nothing to vote on."""
        return any(answer is not None for row in self.answers for answer in row)


def pools(table: Table, *, allow_exact: bool = True) -> Pools | None:
    """The problems of a table with two or more graded samples; None when there are none.

    Problems with fewer samples than the usual number are kept by cutting all to the smallest.
    """
    by_problem: dict[str, list[int]] = {}
    for i, one in enumerate(table.samples):
        if one.trajectory.outcome is not None:
            by_problem.setdefault(one.problem.id, []).append(i)
    groups = [members for members in by_problem.values() if len(members) > 1]
    if not groups:
        return None
    exact = allow_exact and all(exchangeable([table.samples[i].trajectory for i in m]) for m in groups)
    size = min(len(members) for members in groups)
    kept = [members[:size] for members in groups]
    samples = table.samples
    return Pools(
        size,
        exact,
        [samples[m[0]].problem.cluster for m in kept],
        kept,
        [[_key(samples[i].trajectory.final_answer) for i in m] for m in kept],
        [[float(samples[i].trajectory.outcome or 0.0) for i in m] for m in kept],
        [[samples[i].trajectory.provenance.system for i in m] for m in kept],
        sum(len(members) - size for members in groups),
    )


def _key(answer: str | None) -> str | None:
    return None if answer is None else answer_key(answer)


def choice_columns(
    table: Table, found: Pools, how: Mapping[str, str], *, seed: int
) -> dict[str, dict[str, Floats]]:
    """Kind of choice → scorer → expected correctness, shape (problems, sizes).

    ``best_of`` takes the best-scored sample (ties shared out), ``weighted_vote`` lets scores
    weigh votes. Scorers whose values cannot be weights have no vote.
    """
    curves: dict[str, dict[str, Floats]] = {"best_of": {}, "weighted_vote": {}}
    sizes = found.sizes
    columns = [n - 1 for n in sizes]
    for name, records in table.scores.items():
        if not records:
            continue
        values = _values(records, found, how.get(name, how.get("*", "min")))
        curves["best_of"][name] = np.stack(
            [best_of_n_curve(v, c)[columns] for v, c in zip(values, found.correct, strict=True)]
        )
        weights = _weights(values, records) if found.answered else None
        if weights is not None:
            curves["weighted_vote"][name] = vote_table(
                found.answers, found.correct, weights, sizes=sizes, seed=seed
            )
    right = np.array([[pass_at_k(found.size, int(sum(c)), n) for n in sizes] for c in _hits(found)])
    single = np.array(found.correct, dtype=np.float64).mean(axis=1)[:, None] * np.ones(len(sizes))
    curves["best_of"] |= {SINGLE: single, ORACLE: right}
    if found.answered:
        majority = vote_table(found.answers, found.correct, sizes=sizes, seed=seed)
        curves["best_of"][MAJORITY] = curves["weighted_vote"][MAJORITY] = majority
    return curves


def _values(records: Sequence[StepScores], found: Pools, how: str) -> list[list[float]]:
    """One number per sample, by problem."""
    return [[value_of(records[i], how) for i in members] for members in found.members]


def length_metric(table: Table, found: Pools, how: Mapping[str, str], draws: Resampling) -> Metric:
    """``best_of_N_length_controlled`` (``selection_length_controlled`` across systems).

    The choice by what is left of each scorer's value when length has explained what it can: a scorer that
    merely prefers short, or long, solutions falls to a single sample's figure. The slope is fitted once, on
    all problems, and stays as it is when clusters are resampled.

    Args:
        table: Solutions and scores.
        found: The problems.
        how: Scorer → aggregator.
        draws: Resampling.

    Source:
        ``prmkit.stats.length_controlled``, after Dubois et al. (2024, arXiv 2404.04475).
    """
    lengths = [[written(table.samples[i].trajectory) for i in members] for members in found.members]
    single = np.array(found.correct, dtype=np.float64).mean(axis=1)
    columns = {}
    for name, records in table.scores.items():
        if records and name not in (ORACLE, TOOL_ORACLE):
            left = length_controlled(_values(records, found, how.get(name, how.get("*", "min"))), lengths)
            columns[name] = np.array(
                [best_of_n_curve(v, c)[-1] for v, c in zip(left, found.correct, strict=True)]
            )
    label = f"best_of_{found.size}" if found.exchangeable else "selection"
    return _mean_metric(f"{label}_length_controlled", {**columns, SINGLE: single}, found.clusters, draws)


def _hits(found: Pools) -> list[list[bool]]:
    return [[outcome >= 0.5 for outcome in row] for row in found.correct]


def _weights(values: Sequence[Sequence[float]], records: Sequence[StepScores]) -> list[list[float]] | None:
    """Values as non-negative weights: those of a range with a finite lower end, moved to begin at 0."""
    low = records[0].range[0]
    if not math.isfinite(low) or any(r.range[0] != low for r in records):
        return None
    moved = [[v - low for v in row] for row in values] if low < 0 else [list(row) for row in values]
    return moved if all(v >= 0 for row in moved for v in row) else None


def choice_metrics(found: Pools, curves: Mapping[str, Mapping[str, Floats]], how: Resampling) -> list[Metric]:
    """``best_of_N`` and ``weighted_vote_N``, or ``selection`` and ``selection_vote`` across systems."""
    metrics = []
    for kind, columns in curves.items():
        at_full = {name: column[:, -1] for name, column in columns.items()}
        if found.exchangeable:
            label = f"{kind}_{found.size}"
        else:
            label = "selection" if kind == "best_of" else "selection_vote"
            if kind == "best_of":
                at_full |= _best_system(found)
        metrics.append(_mean_metric(label, at_full, found.clusters, how))
    return metrics


def _mean_metric(
    name: str, columns: Mapping[str, Floats], clusters: Sequence[str], how: Resampling
) -> Metric:
    rows = np.ones(len(clusters), dtype=np.bool_)

    def mean(scorer: str, mine: np.ndarray) -> Resampled:
        return resample_mean(
            columns[scorer][mine],
            [c for c, m in zip(clusters, mine, strict=True) if m],
            draws=how.draws,
            seed=how.seed,
        )

    return Metric(name, dict.fromkeys(columns, rows), mean)


def _best_system(found: Pools) -> dict[str, Floats]:
    """Correctness of the system that is best over the problems, where each problem has every system."""
    names = sorted({system for row in found.systems for system in row})
    table: dict[str, Floats] = {}
    for name in names:
        shares = [
            [c for c, s in zip(right, systems, strict=True) if s == name]
            for right, systems in zip(found.correct, found.systems, strict=True)
        ]
        if all(shares):
            table[name] = np.array([sum(share) / len(share) for share in shares])
    if not table:
        return {}
    return {BEST_SYSTEM: table[max(table, key=lambda name: (table[name].mean(), name))]}


def curve_points(
    found: Pools, curves: Mapping[str, Mapping[str, Floats]], how: Resampling
) -> dict[str, Json]:
    """Kind → scorer → points of its curve with intervals; empty where samples are not exchangeable."""
    if not found.exchangeable:
        return {}

    def point(column: Floats, place: int) -> dict[str, Json]:
        made = resample_mean(column[:, place], found.clusters, draws=how.draws, seed=how.seed)
        height = estimate(made.interval(how.confidence))
        return {**height, "problems": len(column), "n": found.sizes[place]}

    return {
        "best_of_n" if kind == "best_of" else kind: {
            name: [point(column, place) for place in range(len(found.sizes))]
            for name, column in columns.items()
        }
        for kind, columns in curves.items()
    }


def equal_compute(
    found: Pools, curves: Mapping[str, Mapping[str, Floats]], cost: Mapping[str, float], how: Resampling
) -> list[dict[str, Json]]:
    """Each scorer's best of n against the majority of N at the same compute.

    Args:
        found: The problems.
        curves: From :func:`choice_columns`.
        cost: Scorer → compute of scoring one sample, in units of writing one.
        how: Resampling.
    """
    rows: list[dict[str, Json]] = []
    for name, share in cost.items():
        n = max((size for size in found.sizes if size * (1 + share) <= found.size), default=0)
        if not (found.exchangeable and found.answered and name in curves["best_of"]) or n < 1:
            continue
        one, other = (
            resample_mean(column, found.clusters, draws=how.draws, seed=how.seed)
            for column in (
                curves["best_of"][name][:, found.sizes.index(n)],
                curves["best_of"][MAJORITY][:, -1],
            )
        )
        rows.append(
            {
                "a": f"{name}, best of {n}",
                "b": f"{MAJORITY} of {found.size}",
                "metric": "accuracy at equal compute",
                **difference(one.minus(other, how.confidence)),
            }
        )
    return rows
