"""Conformal selection: which answers to ship unreviewed, with a bound on the share of wrong ones among them.

One candidate a problem, in calibration and in test: the candidates of one problem are not exchangeable with
those of others. **Best-of-n comes before**: one candidate of each problem is chosen (see :func:`one_each`) by
a rule that looks at no label, then selection decides which of the chosen ones to ship. Where instead every
model brings its own candidate (``good`` of shape (n, K)), a problem may be wrong under one model and right
under another; the symmetry that the proof of the choice among models rests on is then lost.

A scorer fitted on the calibration data needs no part of it set aside (:func:`optcs_full`), as long as the
candidate that is judged is treated like the calibration candidates.

All comparisons are between whole numbers: p-values are counts over n + 1, thresholds fractions of m.

Source: conformal selection: Jin & Candès (2023, arXiv 2210.01408). Choice among models on the same
calibration data, and fits on them: OptCS (Bai & Jin, arXiv 2411.17983). e-BH: Wang & Ramdas (2022).
Departures: equal scores count against a candidate (the strict count of the paper's deterministic p-value
ships everything where all scores tie); of models that tie, the first is taken.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from prmkit.errors import AlignmentError, ConfigError, DataError
from prmkit.score.calibrate import refuse_shared
from prmkit.stats.arrays import Floats, Ints, Numbers, floats, same_rows
from prmkit.stats.quantiles import exact

Prune = Literal["none", "same", "each"]
"""What e-values are divided by: nothing, one uniform draw for all, or a draw for each."""
_BLOCK = 4_000_000
"""Counts held at once."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """One candidate of each problem, scored by one or several models; higher is better."""

    problems: tuple[str, ...]
    """Cluster of each candidate: what is not independent shares one."""
    scores: Floats
    """Shape (n, K): one column per model."""

    @classmethod
    def of(cls, problems: Sequence[str], scores: Any) -> Candidates:
        """Checked candidates; a flat list of scores is one model.

        Raises:
            AlignmentError: Another number of scores, another shape, or one that is not finite.
            DataError: Two candidates of one problem.
        """
        table = np.asarray(scores, dtype=np.float64)
        table = table[:, None] if table.ndim == 1 else table
        if table.ndim != 2 or table.shape[1] == 0:
            raise AlignmentError(
                f"scores of shape {table.shape}", do="give a row per candidate, a column per model"
            )
        same_rows(problems=problems, scores=table)
        floats(table.ravel(), "scores")
        if len(set(problems)) != len(problems):
            raise DataError(
                f"{len(problems)} candidates of {len(set(problems))} problems",
                do="keep one candidate a problem, as prmkit.score.conformal.one_each does",
                field="problems",
            )
        return cls(tuple(problems), table)


@dataclass(frozen=True, slots=True)
class Selection:
    """What is shipped."""

    chosen: tuple[int, ...]
    """Positions of the test candidates that are selected."""
    model: tuple[int, ...]
    """Per test candidate: column of the model that judged it."""
    counts: tuple[int, ...]
    """Per test candidate: its p-value times ``total``."""
    total: int
    """Calibration candidates plus one."""
    evalues: tuple[float, ...] = ()
    """Per test candidate, before pruning; empty where no model had to be chosen."""

    @property
    def pvalues(self) -> list[float]:
        """Per test candidate, for showing; decisions compare the counts."""
        return [count / self.total for count in self.counts]


def one_each(problems: Sequence[Hashable], scores: Numbers) -> list[int]:
    """Position of the best-scored candidate of each problem, in order of first appearance; ties to the first.

    Raises:
        AlignmentError: Columns of unlike length, or a score that is not finite.

    Examples:
        >>> one_each(["a", "b", "a", "b"], [0.1, 0.5, 0.3, 0.5])
        [2, 1]
    """
    same_rows(problems=problems, scores=scores)
    best: dict[Hashable, int] = {}
    values = floats(scores, "scores")
    for i, problem in enumerate(problems):
        if problem not in best or values[i] > values[best[problem]]:
            best[problem] = i
    return list(best.values())


def beaten(scores: Numbers, good: Numbers, at: Numbers) -> Ints:
    """How many wrong calibration candidates score as high as each test candidate, or higher.

    Raises:
        AlignmentError: Columns of unlike length, or an entry that is not finite.

    Examples:
        >>> beaten([0.9, 0.7, 0.5], [1, 0, 0], [0.8, 0.7, 0.1]).tolist()
        [0, 1, 2]
    """
    same_rows(scores=scores, good=good)
    wrong = np.sort(floats(scores, "scores")[floats(good, "good") < 0.5])
    return np.asarray(len(wrong) - np.searchsorted(wrong, floats(at, "at"), side="left"), dtype=np.int64)


def rejections(counts: Ints, total: int, q: float) -> Ints:
    """Benjamini-Hochberg on p-values ``counts / total``: how many are rejected, along the last axis.

    The largest k for which the k-th smallest count c has ``c m <= q total k``.

    Raises:
        ConfigError: ``q`` outside (0, 1).

    Source:
        Benjamini & Hochberg (1995), in exact arithmetic: 0.3 / 3 is a tenth here, in floats it is less.

    Examples:
        >>> int(rejections(np.array([1, 2, 4]), 10, 0.3)), int(rejections(np.array([1, 2, 4]), 10, 0.4))
        (2, 3)
    """
    level = exact(q, name="q")
    many = counts.shape[-1]
    k = np.arange(1, many + 1)
    passed = np.sort(counts, axis=-1) * (many * level.denominator) <= level.numerator * total * k
    return np.asarray((passed * k).max(axis=-1, initial=0))


def select(calibration: Candidates, good: Numbers, test: Candidates, q: float) -> Selection:
    """Test candidates of one model whose expected share of wrong ones is at most ``q``.

    Args:
        calibration: Labelled candidates, exchangeable with those of the test.
        good: 1 where a calibration candidate is right (0.5 and more count as right).
        test: Candidates to select from.
        q: Bound on the expected share of wrong candidates among the selected.

    Raises:
        ConfigError: ``q`` outside (0, 1), or candidates of several models.
        DataError: A problem stands in calibration and in test.
        AlignmentError: Labels of another number.

    Examples:
        >>> mu = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]
        >>> held = Candidates.of(list("abcdefghi"), mu)
        >>> new = Candidates.of(list("xyz"), [0.95, 0.65, 0.35])
        >>> found = select(held, [1, 1, 0, 1, 0, 0, 0, 1, 0], new, 0.3)
        >>> found.pvalues, found.chosen
        ([0.1, 0.2, 0.4], (0, 1))
    """
    if calibration.scores.shape[1] != 1:
        raise ConfigError(
            f"{calibration.scores.shape[1]} models", do="use optcs to choose among models", field="scores"
        )
    labels = _labels(calibration, good, test)
    counts = beaten(calibration.scores[:, 0], labels[:, 0], test.scores[:, 0]) + 1
    total = len(calibration.problems) + 1
    taken = int(rejections(counts, total, q))
    kept = np.argsort(counts, kind="stable")[:taken]
    return Selection(tuple(sorted(kept.tolist())), (0,) * len(counts), tuple(counts.tolist()), total)


def optcs(
    calibration: Candidates,
    good: Any,
    test: Candidates,
    q: float,
    *,
    prune: Prune = "none",
    seed: int = 0,
) -> Selection:
    """The same with a choice among K models on the same calibration data, for each test candidate anew.

    For candidate j and model k, auxiliary p-values of the others treat j as one more wrong calibration
    candidate, and j itself counts as rejected. The model with the most rejections R judges j, and j is a
    finalist if its p-value there is at most q R / m; its e-value is then m / (q R). e-BH takes the most
    finalists, k of them, whose R (times the draw, where pruning is random) is at most k.

    Args:
        calibration: Labelled candidates, exchangeable with those of the test.
        good: 1 where a candidate is right; shape (n), or (n, K) where every model brings its own candidate,
            for which the bound is not proved.
        test: Candidates to select from.
        q: Bound on the expected share of wrong candidates among the selected.
        prune: ``none`` draws nothing; ``same`` and ``each`` select more at the cost of chance.
        seed: Seed of the draws.

    Raises:
        ConfigError: ``q`` outside (0, 1), or an unknown way to prune.
        DataError: A problem stands in calibration and in test.
        AlignmentError: Labels of another shape, or another number of models.

    Source:
        OptCS-MSel (arXiv 2411.17983).

    Examples:
        >>> mu = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]
        >>> held = Candidates.of(list("abcdefghi"), mu)
        >>> new = Candidates.of(list("xyz"), [0.95, 0.65, 0.35])
        >>> found = optcs(held, [1, 1, 0, 1, 0, 0, 0, 1, 0], new, 0.4)
        >>> found.chosen, found.evalues
        ((0, 1, 2), (2.5, 2.5, 2.5))
    """
    _known(prune)
    labels = _labels(calibration, good, test)
    many, total = len(test.problems), len(calibration.problems) + 1
    if not many:
        return Selection((), (), (), total)
    columns = range(calibration.scores.shape[1])
    base = np.stack(
        [beaten(calibration.scores[:, k], labels[:, k], test.scores[:, k]) for k in columns], axis=1
    )
    size = np.stack([_promised(base[:, k], test.scores[:, k], total, q) for k in columns], axis=1)
    model = size.argmax(axis=1)
    rows = np.arange(many)
    return _shipped(size[rows, model], base[rows, model] + 1, model, total, q, prune, seed)


class Learner(Protocol):
    """Fits scores to labels; the order of rows must mean nothing to it.

    Shapes: rows (n, K), good (n), at (m, K).
    """

    def __call__(self, rows: Floats, good: Floats, at: Floats) -> tuple[Floats, Floats]:
        """Score (n) of each row when fitted on all others, and scores (m) of ``at`` when fitted on all."""
        ...


@dataclass(frozen=True, slots=True)
class Ridge:
    """Least squares of the labels on the columns, with a constant that no penalty shrinks.

    Source:
        What a row would have been given without it follows from the fit with it: Allen (1974, PRESS).
        Scores are rounded to twelve decimals, so that equal rows tie.

    Examples:
        >>> rows, good = np.array([[0.0], [1.0], [2.0]]), np.array([0.0, 1.0, 2.0])
        >>> apart, fitted = Ridge(penalty=0.0)(rows, good, np.array([[3.0]]))
        >>> apart.tolist(), fitted.tolist()
        ([0.0, 1.0, 2.0], [3.0])
    """

    penalty: float = 1.0

    def __call__(self, rows: Floats, good: Floats, at: Floats) -> tuple[Floats, Floats]:
        """Scores of rows fitted without each, and of ``at``."""
        design, new = (np.column_stack([np.ones(len(one)), one]) for one in (rows, at))
        shrunk = np.diag([0.0, *[self.penalty] * rows.shape[1]])
        hat = np.linalg.solve(design.T @ design + shrunk, design.T)
        weights, lever = hat @ good, np.einsum("ij,ji->i", design, hat)
        apart = good - (good - design @ weights) / (1.0 - lever)
        return apart.round(12), (new @ weights).round(12)


def optcs_full(
    calibration: Candidates,
    good: Numbers,
    test: Candidates,
    q: float,
    *,
    learn: Learner | None = None,
    prune: Prune = "none",
    seed: int = 0,
) -> Selection:
    """The same with a scorer that is fitted on the calibration data itself, none of which is set aside.

    For candidate j the scorer is fitted on the calibration candidates and on j, taken for a wrong one. Each
    of these is scored by the fit without it, j among them, so that nothing tells j from another wrong one;
    the others are scored by the fit on all. From here on it is :func:`optcs` with one model.

    Args:
        calibration: Labelled candidates, exchangeable with those of the test.
        good: 1 where a candidate is right (0.5 and more count as right).
        test: Candidates to select from.
        q: Bound on the expected share of wrong candidates among the selected.
        learn: Fits scores to labels from the columns of ``scores``; :class:`Ridge` when None.
        prune: ``none`` draws nothing; ``same`` and ``each`` select more at the cost of chance.
        seed: Seed of the draws.

    Raises:
        ConfigError: ``q`` outside (0, 1), or an unknown way to prune.
        DataError: A problem stands in calibration and in test.
        AlignmentError: Labels of another number, other columns, or a score of the fit that is not finite.

    Source:
        OptCS-Full (arXiv 2411.17983).

    Examples:
        >>> mu = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]
        >>> held = Candidates.of(list("abcdefghi"), mu)
        >>> new = Candidates.of(list("xyz"), [0.95, 0.65, 0.35])
        >>> found = optcs_full(held, [1, 1, 0, 1, 0, 0, 0, 1, 0], new, 0.4)
        >>> found.chosen, found.evalues
        ((0, 1, 2), (7.5, 3.75, 2.5))
    """
    _known(prune)
    labels = (_labels(calibration, floats(good, "good"), test)[:, 0] >= 0.5).astype(np.float64)
    labels, many = np.append(labels, 0.0), len(test.problems)
    auxiliary, counts = np.zeros((many, many), dtype=np.int64), np.zeros(many, dtype=np.int64)
    for j in range(many):
        apart, fitted = (learn or Ridge())(
            np.vstack([calibration.scores, test.scores[j]]), labels, test.scores
        )
        wrong = np.sort(floats(apart, "scores of the fit")[labels < 0.5])  # j is one of them
        above = np.append(floats(fitted, "scores of the fit"), apart[-1])
        *auxiliary[j], counts[j] = len(wrong) - np.searchsorted(wrong, above, side="left")
        auxiliary[j, j] = 0
    promised = rejections(auxiliary, len(labels), q)
    return _shipped(promised, counts, np.zeros(many, dtype=np.int64), len(labels), q, prune, seed)


def _known(prune: str) -> None:
    if prune not in ("none", "same", "each"):
        raise ConfigError(f"no pruning is called {prune!r}", do="use none, same or each", field="prune")


def _shipped(
    promised: Ints, counts: Ints, model: Ints, total: int, q: float, prune: Prune, seed: int
) -> Selection:
    """The selection by e-values, from the rejections promised to each candidate and its own count."""
    level, many = exact(q, name="q"), len(counts)
    finalist = counts * (many * level.denominator) <= level.numerator * total * promised
    chosen = _ebh(promised, finalist, prune, seed)
    evalues = np.where(finalist, many * level.denominator / (level.numerator * promised), 0.0)
    return Selection(
        tuple(chosen), tuple(model.tolist()), tuple(counts.tolist()), total, tuple(evalues.tolist())
    )


def _promised(base: Ints, scores: Floats, total: int, q: float) -> Ints:
    """Per test candidate the rejections among all, were it one more wrong calibration candidate."""
    many = len(base)
    found = np.empty(many, dtype=np.int64)
    part = max(1, _BLOCK // many)
    for begin in range(0, many, part):
        rows = np.arange(begin, min(begin + part, many))
        counts = base[None, :] + (scores[rows][:, None] >= scores[None, :])
        counts[np.arange(len(rows)), rows] = 0
        found[rows] = rejections(counts, total, q)
    return found


def _ebh(promised: Ints, finalist: NDArray[np.bool_], prune: Prune, seed: int) -> list[int]:
    """Positions of the k finalists, k as large as it can be, whose promised number is at most k."""
    need = promised.astype(np.float64)  # whole numbers: exact
    if prune != "none":
        draws = np.random.default_rng(seed).random(1 if prune == "same" else len(promised))
        need = need * draws
    ordered = np.sort(need[finalist])
    k = np.arange(1, len(ordered) + 1)
    taken = int(((ordered <= k) * k).max(initial=0))
    return np.flatnonzero(finalist & (need <= taken)).tolist()


def _labels(calibration: Candidates, good: Any, test: Candidates) -> Floats:
    models = calibration.scores.shape[1]
    labels = np.asarray(good, dtype=np.float64)
    labels = np.repeat(labels[:, None], models, axis=1) if labels.ndim == 1 else labels
    if labels.shape != calibration.scores.shape or test.scores.shape[1] != models:
        raise AlignmentError(
            f"labels of shape {labels.shape} and {test.scores.shape[1]} models in test for calibration scores"
            f" of shape {calibration.scores.shape}",
            do="give one label per calibration candidate, and the same models on both sides",
            field="good",
        )
    floats(labels.ravel(), "good")
    refuse_shared(calibration.problems, test.problems)
    return labels
