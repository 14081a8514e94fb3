"""One suite, many scorers, one record of figures: what ``eval.json`` holds per suite.

Rules that hold here: gold is the samples' own labels and outcomes; every figure has an
interval that resamples clusters; scorers are compared on the same resamples, families of
comparisons carry Holm's correction; a first-error F1 has three columns; steps that a tool
decides and steps on which every tool is silent are told apart; best-of-n curves exist only
where samples are exchangeable; and a suite on which not even the oracle beats the cheapest
choice by more than chance claims nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from prmkit.cards import EvalSuite
from prmkit.errors import ConfigError
from prmkit.judging import choice, steps
from prmkit.judging.baselines import TOOL_ORACLE
from prmkit.judging.figures import Mask, Metric, Resampling, difference, scorer_table
from prmkit.judging.places import place_figures
from prmkit.judging.rows import Scores, Table, build, part, standing
from prmkit.judging.verifiers import coverage
from prmkit.registry import nearest
from prmkit.stats import holm
from prmkit.types import Evidence, Json, Sample, Threshold

STANDARD = ("step_auroc", "first_error_f1", "first_error_accuracy", "calibration", "best_of_n")
METRICS = frozenset({*STANDARD, "processbench_f1", "prmbench_score"})
"""Names that a suite may ask for."""
WITHHELD = "withheld"
NO_RIVAL = frozenset({choice.ORACLE, TOOL_ORACLE})
"""Scorers that a subject is not compared with: they saw the gold."""


@dataclass(frozen=True)
class Questions:
    """What is asked of a suite besides its standard figures."""

    metrics: Sequence[str] = STANDARD
    aggregate: Mapping[str, str] = field(default_factory=dict)
    """Scorer → aggregator for choosing; ``*`` stands for all others (``min``)."""
    chosen: Mapping[str, Threshold] = field(default_factory=dict)
    """Scorer → threshold chosen on data that is not judged."""
    withheld: frozenset[str] = frozenset()
    """Classes of error that no labelling tool knew."""
    slices: Sequence[str] = ()
    """Keys of ``problem.context`` (or of ``provenance.detail``) to split by, such as ``rung``."""
    subjects: Sequence[str] | None = None
    """Scorers compared with all others; those whose name begins with ``prm`` when None."""
    cost: Mapping[str, float] = field(default_factory=dict)
    """Scorer → compute of scoring a sample, in units of writing it."""
    margin: float | None = None
    """Smallest difference of interest, named beforehand: adds an equivalence test to each comparison."""
    resampling: Resampling = field(default_factory=Resampling)
    exchangeable: bool = True
    """False keeps curves off even where all samples of a problem name one system."""


def evaluate_suite(
    name: str,
    samples: Sequence[Sample],
    scores: Scores,
    *,
    suite: EvalSuite | None = None,
    evidence: Sequence[Sequence[Evidence]] | None = None,
    kinds: Mapping[str, Sequence[str | None]] | None = None,
    questions: Questions | None = None,
    about: Mapping[str, Json] | None = None,
) -> dict[str, Json]:
    """Figures of all scorers on one suite.

    Args:
        name: Name of the suite.
        samples: Its rows, with gold labels, outcomes, or both.
        scores: Scorer → one record per sample. Baselines come from ``prmkit.judging.baselines``;
            single sample, majority and oracle choices are added here.
        suite: Its card: metrics asked for, and whether samples are exchangeable.
        evidence: Per sample, evidence of the tools that split steps into decided and silent.
        kinds: Trajectory id → class of error per step, from a generator that knows.
        questions: What is asked; the standard figures when None.
        about: Further keys of the record (``domain``, ``summary``, ``gold``, ``notes`` …).

    Returns:
        ``n``, ``clusters``, ``scorers``, ``paired``, ``exchangeable``, ``claims``, ``coverage``, ``curves``,
        ``slices``, ``reliability``, ``by_index``, ``notes``: plain JSON; null where a figure has no value.

    Raises:
        ConfigError: A metric, subject or slice is unknown, or there are no samples.
        AlignmentError: Records that do not belong to the samples.
    """
    ask = questions or Questions(metrics=suite.metrics if suite else STANDARD)
    ask = replace(ask, exchangeable=ask.exchangeable and (suite is None or suite.exchangeable))
    _check(samples, scores, ask)
    table = build(samples, scores, evidence=evidence, kinds=kinds)
    found = _pools(table, ask)
    metrics, curves = _metrics(table, found, ask)
    if found and table.scores:
        metrics.append(choice.length_metric(table, found, ask.aggregate, ask.resampling))
    notes = [*_notes(table, found), *((about or {}).get("notes") or ())]
    claims, why = _claims(metrics, ask.resampling.confidence)
    return {
        **(about or {}),
        "name": name,
        "n": len(samples),
        "clusters": len({one.problem.cluster for one in samples}),
        "exchangeable": bool(found and found.exchangeable),
        "claims": claims,
        "notes": [*notes, *why],
        "thresholds": {s: {"value": t.value, "chosen_on": t.chosen_on} for s, t in ask.chosen.items()},
        "scorers": scorer_table(metrics, ask.resampling.confidence),
        "paired": _paired(metrics, ask) + _equal_compute(found, curves, ask),
        **({} if evidence is None else {"coverage": coverage(samples, evidence, ask.resampling)}),
        "curves": choice.curve_points(found, curves, ask.resampling) if found else {},
        "slices": _slices(table, ask),
        "reliability": steps.reliability(table, table.reached) if "calibration" in ask.metrics else {},
        "by_index": place_figures(table, table.reached, ask.resampling)
        if "calibration" in ask.metrics
        else {},
    }


def _check(samples: Sequence[Sample], scores: Scores, ask: Questions) -> None:
    if not samples:
        raise ConfigError("a suite without samples", do="check the suite's selection")
    for metric in ask.metrics:
        if metric not in METRICS:
            raise ConfigError(
                f"no metric is called {metric!r}", do=nearest(metric, sorted(METRICS)), field="metrics"
            )
    for subject in (*(ask.subjects or ()), *ask.chosen, *ask.cost):
        if subject not in scores:
            raise ConfigError(
                f"no scores of {subject!r}", do=nearest(subject, sorted(scores)), field="subjects"
            )


def _pools(table: Table, ask: Questions) -> choice.Pools | None:
    return choice.pools(table, allow_exact=ask.exchangeable) if "best_of_n" in ask.metrics else None


def _metrics(
    table: Table, found: choice.Pools | None, ask: Questions
) -> tuple[list[Metric], dict[str, dict[str, np.ndarray]]]:
    how, wanted = ask.resampling, set(ask.metrics)
    metrics: list[Metric] = []
    curves: dict[str, dict[str, np.ndarray]] = {}
    if len(table.good) and "step_auroc" in wanted:
        metrics += steps.ranking_metrics(table, table.reached, how)
        if table.own_merit and not table.reached.all():
            every = np.ones_like(table.reached)
            metrics += [replace(m, name=f"{m.name}_all") for m in steps.ranking_metrics(table, every, how)]
    if any(first is not None for first in table.first):
        names = [name for name in steps.FIRST_ERROR if name in wanted]
        metrics += steps.first_error_metrics(table, ask.chosen, how, names=names)
        if names and (final := standing(table)) is not None:
            mine = steps.first_error_metrics(final, ask.chosen, how, names=["first_error_f1"])
            metrics += [replace(m, name=m.name.replace("_f1_", "_f1_standing_")) for m in mine]
    if len(table.good) and "prmbench_score" in wanted:
        metrics += steps.prmbench_metrics(table, ask.chosen, how)
    if len(table.good) and "calibration" in wanted:
        metrics += steps.calibration_metrics(table, table.reached, how)
    if found:
        curves = choice.choice_columns(table, found, ask.aggregate, seed=how.seed)
        metrics += choice.choice_metrics(found, curves, how)
    return metrics, curves


def _subjects(metric: Metric, ask: Questions) -> list[str]:
    if ask.subjects is not None:
        return [s for s in ask.subjects if s in metric.scorers]
    return [s for s in metric.scorers if s.lower().startswith("prm")]


def _paired(metrics: Sequence[Metric], ask: Questions) -> list[dict[str, Json]]:
    """Every subject against every rival; Holm's correction over the rivals of one metric."""
    rows: list[dict[str, Json]] = []
    for metric in metrics:
        if metric.name.endswith("_oracle"):
            continue
        subjects = _subjects(metric, ask)
        family = [
            row
            for a in subjects
            for b in metric.scorers
            if b not in NO_RIVAL
            and b != a
            and not (b in subjects and metric.scorers.index(b) < metric.scorers.index(a))
            for row in _comparison(metric, a, b, ask)
        ]
        tested = {str(i): row["p"] for i, row in enumerate(family) if row["p"] is not None}
        for i, adjusted in holm(tested).items():
            family[int(i)]["p_holm"] = adjusted
        rows += family
    return rows


def _comparison(metric: Metric, a: str, b: str, ask: Questions) -> list[dict[str, Json]]:
    found = metric.compare(a, b, ask.resampling.confidence)
    if found is None:
        return []
    row: dict[str, Json] = {"a": a, "b": b, "metric": metric.name, **difference(found)}
    # Two one-sided tests at 5 % each: the 90 % interval lies inside the margins.
    inner = metric.compare(a, b, 0.90) if ask.margin is not None else None
    if ask.margin is not None and inner is not None:
        known = not math.isnan(inner.low)
        row["margin"] = ask.margin
        row["equivalent"] = (-ask.margin < inner.low and inner.high < ask.margin) if known else None
    return [row]


def _equal_compute(
    found: choice.Pools | None, curves: Mapping[str, Mapping[str, np.ndarray]], ask: Questions
) -> list[dict[str, Json]]:
    return choice.equal_compute(found, curves, ask.cost, ask.resampling) if found and curves else []


def _claims(metrics: Sequence[Metric], confidence: float) -> tuple[bool, list[str]]:
    """Whether gains can be shown here at all: the oracle must beat the cheapest rival beyond chance."""
    why = []
    for metric in metrics:
        rivals = (choice.BEST_SYSTEM, choice.MAJORITY, "random")
        rival = next((r for r in rivals if r in metric.scorers), None)
        if (
            "oracle" not in metric.scorers
            or rival is None
            or not metric.name.startswith(("best_of", "selection", "step_auroc"))
            or metric.name == "selection_vote"
        ):
            continue
        gain = metric.compare("oracle", rival, confidence)
        if gain is None or not gain.low > 0:
            why.append(
                f"{metric.name}: not even the oracle is shown to beat {rival};"
                " no gain is claimed on this suite"
            )
    return not why, why


def _notes(table: Table, found: choice.Pools | None) -> list[str]:
    notes = []
    if len(table.good):
        notes.append(
            "steps are ranked up to the first error of each solution; inside a solution the error is then"
            " the last step, so that position alone ranks perfectly"
        )
    unknown = sum(
        first is None and one.labels is not None
        for first, one in zip(table.first, table.samples, strict=True)
    )
    if unknown:
        notes.append(
            f"{unknown} solutions have unlabelled steps before an error: left out of first-error figures"
        )
    if found and not found.exchangeable:
        notes.append(
            "the samples of a problem come from several or unnamed systems: system selection, no curves"
        )
    if found and not found.answered:
        notes.append("no sample states a final answer: there is no majority to compare with")
    if found and found.dropped:
        notes.append(f"{found.dropped} samples left out so that every problem has {found.size}")
    for name, records in table.scores.items():
        lost = int(np.isnan(table.values(name)).sum()) if records else 0
        if lost and name != choice.ORACLE:
            notes.append(f"{name}: {lost} of {len(table.good)} labelled steps have no score")
    return notes


def _slices(table: Table, ask: Questions) -> dict[str, Json]:
    slices: dict[str, Json] = {}
    if table.silent is not None and "step_auroc" in ask.metrics:
        slices["tools"] = {
            label: _step_slice(table, table.reached & rows, ask)
            for label, rows in (("decided", ~table.silent), ("silent", table.silent))
            if rows.any()
        }
    if any(table.kinds) and "step_auroc" in ask.metrics:
        slices["error"] = _error_slices(table, ask)
    for key in ask.slices:
        groups: dict[str, list[int]] = {}
        for i, one in enumerate(table.samples):
            value = one.problem.context.get(key, one.trajectory.provenance.detail.get(key))
            if value is not None:
                groups.setdefault(str(value), []).append(i)
        if not groups:
            raise ConfigError(
                f"no sample has {key!r}",
                do="name a key of problem.context or provenance.detail",
                field="slices",
            )
        slices[key] = {label: _sample_slice(part(table, groups[label]), ask) for label in sorted(groups)}
    return slices


def _error_slices(table: Table, ask: Questions) -> dict[str, Json]:
    """Right steps against the wrong steps of one class at a time."""
    kinds = np.array(table.kinds)
    right = table.good > 0.5
    held = np.isin(kinds, sorted(ask.withheld))
    labels: dict[str, Mask] = {kind: kinds == kind for kind in sorted(set(table.kinds) - {""})}
    if ask.withheld:
        labels |= {WITHHELD: held, f"not {WITHHELD}": ~held}
    return {
        label: _step_slice(table, table.reached & (right | wrong), ask)
        for label, wrong in labels.items()
        if (wrong & ~right & table.reached).any()
    }


def _step_slice(table: Table, rows: Mask, ask: Questions) -> dict[str, Json]:
    metrics = steps.ranking_metrics(table, rows, ask.resampling)
    return {
        "n": int(rows.sum()),
        "wrong": int((rows & (table.good < 0.5)).sum()),
        "clusters": len(set(table.clusters(rows))),
        "scorers": scorer_table(metrics, ask.resampling.confidence),
        "paired": _paired(metrics[:1], ask),
    }


def _sample_slice(table: Table, ask: Questions) -> dict[str, Json]:
    found = _pools(table, ask)
    metrics, _ = _metrics(table, found, ask)
    return {
        "n": len(table.samples),
        "clusters": len({one.problem.cluster for one in table.samples}),
        "scorers": scorer_table(metrics, ask.resampling.confidence),
        "paired": _paired([m for m in metrics if m.name.startswith(("step_auroc", "best_of"))], ask),
    }
