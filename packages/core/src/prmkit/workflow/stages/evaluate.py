"""Scores and gold to figures: one suite a stage, collected into ``eval.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prmkit.cards import EvalSuite
from prmkit.errors import AlignmentError, DataError
from prmkit.judging.baselines import baselines
from prmkit.judging.figures import Resampling
from prmkit.judging.run import STANDARD, Questions, evaluate_suite
from prmkit.judging.steps import choose_thresholds
from prmkit.judging.suites import select
from prmkit.judging.verifiers import verifier_records
from prmkit.manifest import find_leaks
from prmkit.plugins import DomainPlugin, domain
from prmkit.records import read_parquet, write_text
from prmkit.records.files import finite
from prmkit.registry import resolve
from prmkit.types import Evidence, Json, Sample, StepScores, Threshold
from prmkit.workflow.parts import Context, Part, Place
from prmkit.workflow.stages import cost
from prmkit.workflow.stages.label import joined

Scores = dict[str, list[StepScores]]
Pair = tuple[Sample, list[Evidence]]


@dataclass(frozen=True, slots=True)
class EvaluateConfig:
    """What is asked of one suite."""

    domain: str
    suite: str = ""
    """Name in the report; where the domain has a suite of that name, its rows and metrics are taken."""
    summary: str = ""
    gold: str = ""
    """Who decided the labels: generator, human, outcome, ..."""
    notes: tuple[str, ...] = ()
    metrics: tuple[str, ...] = STANDARD
    aggregate: Mapping[str, str] = field(default_factory=dict)
    """Scorer → aggregator for choosing; ``*`` stands for all others."""
    withheld: tuple[str, ...] = ()
    """Classes of error that no labelling tool knows."""
    slices: tuple[str, ...] = ()
    """Keys of the problems' context to split by."""
    subjects: tuple[str, ...] = ()
    """Scorers compared with all others; those whose name begins with ``prm`` when empty."""
    verifiers: bool = True
    """Also measure every verifier against gold, where evidence and step labels are given."""
    baselines: bool = True
    margin: float | None = None
    """Smallest difference of interest, named beforehand: adds an equivalence test to each comparison."""
    draws: int = 2000


def evaluate(context: Context) -> None:
    """Write the suite's record."""
    config: EvaluateConfig = context.config
    plugin = domain(config.domain)
    card = next((s for s in plugin.suites if s.name == config.suite), None)
    pairs, notes = _apart(context, _pairs(context, card))
    name = config.suite or context.stage
    if notes and card:
        name = f"{name.removesuffix(f'-{card.n}')}-{len(pairs)}"  # a part does not bear the whole's name
    samples = [sample for sample, _ in pairs]
    evidence = [found for _, found in pairs] if context.has("evidence") else None
    scores = read_scores(context.sources.get("scores", ()), samples)
    folders = cost.folders(context.sources.get("scores", ()))
    chosen = _chosen(context, scores)
    if config.baselines:
        scores |= baselines(samples, evidence, seed=context.seed)
    ask = Questions(
        metrics=card.metrics if card else config.metrics,
        aggregate=config.aggregate,
        chosen={name: t for name, t in chosen.items() if name in scores},
        withheld=frozenset(config.withheld),
        slices=config.slices,
        subjects=[s for s in config.subjects if s in scores] or None,
        cost=cost.shares(context.input("samples"), folders),
        margin=config.margin,
        resampling=Resampling(draws=config.draws, seed=context.seed),
    )
    record = evaluate_suite(
        name,
        samples,
        scores,
        suite=card,
        evidence=evidence,
        kinds=_kinds(plugin, samples),
        questions=ask,
        about=_about(config, plugin, card, notes) | {"stage": context.stage},
    )
    if spent := cost.table(context.input("samples"), folders):
        record["cost"] = spent
    if config.verifiers and (tools := verifier_records(pairs, draws=config.draws)):
        record["verifiers"] = tools
    write_text(context.output(), json.dumps(finite({record["name"]: record}), ensure_ascii=False) + "\n")
    context.metric(samples=len(samples), suite=record["name"])


def _apart(context: Context, pairs: list[Pair]) -> tuple[list[Pair], list[str]]:
    """The pairs that training data does not give away, and a note when some were dropped.

    Raises:
        DataError: Nothing is left.
    """
    training = (s for _, path in context.sources.get("training", ()) for s in read_parquet(Sample, path))
    leaked = {leak.trajectory_id for leak in find_leaks([sample for sample, _ in pairs], training)}
    kept = [pair for pair in pairs if pair[0].trajectory.id not in leaked]
    if not kept:
        raise DataError("every row is given away by the training data", do="judge on other data")
    said = f"{len(leaked)} of {len(pairs)} rows share a problem, passage or long step with training data"
    return kept, [f"{said}: left out"] if leaked else []


def _about(
    config: EvaluateConfig, plugin: DomainPlugin, card: EvalSuite | None, notes: list[str]
) -> dict[str, Json]:
    gold = config.gold or (plugin.card(card.dataset).gold if card else "")
    said = [*notes, *config.notes]
    return {"domain": plugin.name, "summary": config.summary, "gold": gold, "notes": said}


def _pairs(context: Context, card: EvalSuite | None) -> list[Pair]:
    """The suite's samples with their evidence."""
    if context.has("evidence"):
        pairs = list(joined(context.input("samples"), context.input("evidence")))
    else:
        pairs = [(sample, []) for sample in read_parquet(Sample, context.input("samples"))]
    if card is None:
        return pairs
    table = {sample.trajectory.id: found for sample, found in pairs}
    return [(s, table[s.trajectory.id]) for s in select(card, [sample for sample, _ in pairs])]


def read_scores(sources: Sequence[tuple[str, Path]], samples: Sequence[Sample]) -> Scores:
    """Scorer → records of these samples; the scorer's name is that of its folder.

    Raises:
        AlignmentError: Two folders of one name.
    """
    wanted = {sample.trajectory.id for sample in samples}
    scores: Scores = {}
    for _, folder in sources:
        name = cost.scorer_of(folder)
        if name in scores:
            raise AlignmentError(
                f"two scorers are called {name!r}", do="give one of them another 'scorer'", file=folder
            )
        scores[name] = [s for s in read_parquet(StepScores, folder) if s.trajectory_id in wanted]
    return scores


def _chosen(context: Context, scores: Mapping[str, Any]) -> dict[str, Threshold]:
    """Thresholds chosen on other samples, where these are given."""
    if not context.has("threshold_samples"):
        return {}
    samples = list(read_parquet(Sample, context.input("threshold_samples")))
    other = read_scores(context.sources.get("threshold_scores", ()), samples)
    named = {name: records for name, records in other.items() if name in scores}
    return choose_thresholds(samples, named, name=context.sources["threshold_samples"][0][0])


def _kinds(plugin: DomainPlugin, samples: Sequence[Sample]) -> dict[str, Sequence[str | None]] | None:
    """Classes of error, where the domain's generator knows them."""
    spec = plugin.parts.get("task", {}).get("kinds")
    if not spec or any(sample.problem.provenance.source != resolve(spec).__module__ for sample in samples):
        return None
    return {s.trajectory.id: resolve(spec)(s.problem, s.trajectory) for s in samples}


@dataclass(frozen=True, slots=True)
class CollectConfig:
    """What stands in ``eval.json`` besides the suites of this run."""

    notes: tuple[str, ...] = ()
    domain: str = ""
    shipped: tuple[str, ...] = ()
    """Files of the domain's wheel with records of suites that were measured before, such as tables over
    several seeds."""


def collect(context: Context) -> None:
    """Write ``eval.json``: all suites, and what did not run."""
    config: CollectConfig = context.config
    suites: dict[str, Json] = {}
    for _, path in context.sources.get("evaluations", ()):
        suites |= json.loads(path.read_text(encoding="utf-8"))
    for path in shipped(config):
        suites |= json.loads(path.read_text(encoding="utf-8"))["suites"]
    absent = [{"what": stage, "why": why} for stage, why in context.skipped.items()]
    record = {"suites": suites, "not_run": absent, "notes": list(config.notes)}
    write_text(context.output(), json.dumps(record, ensure_ascii=False, indent=1) + "\n")


def shipped(config: CollectConfig) -> list[Path]:
    """The files that the settings name."""
    return [domain(config.domain).resource(name) for name in config.shipped]


def _place(place: Place) -> dict[str, str]:
    return {"evaluation": f"evaluations/{place.stage}.json"}


EVALUATE = Part(
    EvaluateConfig,
    _place,
    evaluate,
    needs=("samples",),
    takes=("evidence", "scores", "threshold_samples", "threshold_scores", "training"),
)
COLLECT = Part(
    CollectConfig, lambda place: {"eval": "eval.json"}, collect, takes=("evaluations",), external=shipped
)
