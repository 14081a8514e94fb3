"""Samples to scores: by a PRM, or by the surprisal of a policy."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from prmkit.errors import DataError
from prmkit.records import read_parquet, write_parquet
from prmkit.registry import resolve
from prmkit.types import Json, Sample, StepScores
from prmkit.workflow.parts import Context, Part, Place
from prmkit.workflow.stages import cost
from prmkit.workflow.stages.sample import POLICY, policy_folder


@dataclass(frozen=True, slots=True)
class ScoreConfig:
    """Scoring by a PRM folder."""

    scorer: str = ""
    """Name of the scorer in tables; the stage's own when empty."""
    prm: str = ""
    """PRM folder, where no input ``prm`` is given."""
    spec: str = ""
    """Family of a public checkpoint, for a ``prm`` of another trainer."""
    device: str = "cpu"
    dtype: str = "float32"
    """Floating type of the weights; ``bfloat16`` is about twice as fast and loses the third digit."""
    max_tokens: int = 0
    """Longest text; 0 takes the PRM's own limit."""
    exit_at: float | None = None
    """Of a head of early exits: a step leaves at the first layer by which it stops with a probability above
    this."""
    samples: int = 0
    """Of a generative PRM: verifications of each solution, whose mean is the score."""
    rounds: int = 0
    """Of a generative PRM: rounds of each verification."""
    temperature: float = 0.0
    """Of a generative PRM; several samples need one above 0."""
    max_new_tokens: int = 0
    """Of a generative PRM: longest round."""


@dataclass(frozen=True, slots=True)
class SurprisalConfig:
    """Scoring by a policy's least probable token of each step."""

    domain: str
    policy: str = ""
    """Folder of a causal model; empty takes the tiny policy that the domain ships."""
    scorer: str = "surprisal"


@dataclass(frozen=True, slots=True)
class GivenConfig:
    """Scores of whole solutions that came with the data."""

    detail: str
    """Key of the trajectories' ``provenance.detail`` that holds the number."""
    scorer: str = ""


def place(place: Place) -> Mapping[str, str]:
    """Scores stand beside the samples, under the scorer's name."""
    return {"scores": f"records/{place.split}/scores-{place.config.scorer or place.stage}"}


def score(context: Context) -> None:
    """Write the scores of every sample."""
    config: ScoreConfig = context.config
    folder = context.input("prm") if context.has("prm") else Path(config.prm)
    prm = resolve("prmkit.score.scorer:load_prm")(
        folder,
        config.spec or None,
        dtype=config.dtype,
        device=config.device,
        max_tokens=config.max_tokens or None,
    )
    prm = resolve("prmkit.score.scorer:used")(
        prm,
        exit_at=config.exit_at,
        samples=config.samples,
        rounds=config.rounds,
        temperature=config.temperature,
        max_new_tokens=config.max_new_tokens,
        seed=context.seed if config.temperature else None,
    )
    _write(prm.score_many(_ticked(context)), context, prm)


def surprisal(context: Context) -> None:
    """Write the surprisal scores of every sample."""
    config: SurprisalConfig = context.config
    folder = context.input("policy") if context.has("policy") else policy_folder(config)[0]
    policy = resolve(POLICY)(str(folder))
    scorer = resolve("prmkit.score.surprisal:SurprisalScorer")(policy)
    # A baseline's values rank steps and are no probabilities that they are right.
    scores = scorer.score_many(_ticked(context))
    _write((replace(one, model="baseline/surprisal") for one in scores), context, policy)


def given(context: Context) -> None:
    """Write what the data set says of each solution as its trajectory value."""
    config: GivenConfig = context.config

    def read() -> Iterator[StepScores]:
        for _, trajectory, _ in _ticked(context):
            value = trajectory.provenance.detail.get(config.detail)
            if value is None:
                raise DataError(
                    f"{trajectory.id!r} carries no {config.detail!r}",
                    do="name a key of provenance.detail that all samples have",
                    field="detail",
                )
            yield StepScores(
                trajectory.id,
                trajectory.digest,
                (None,) * len(trajectory.steps),
                kind="value",
                range=(-math.inf, math.inf),
                trajectory_value=float(value),
            )

    _write(read(), context)


def _write(scores: Iterable[StepScores], context: Context, model: Any = None) -> None:
    """Write the records, and what ``model`` spent on them."""
    cut, steps, begun = 0, 0, time.perf_counter()

    def named() -> Iterator[StepScores]:
        nonlocal cut, steps
        for one in scores:
            cut += sum(v is None for v in one.values)
            steps += len(one.values)
            yield replace(one, model=one.model or context.stage)

    count = write_parquet(context.output(), named(), cls=StepScores)
    told: dict[str, Json] = {"trajectories": count, "unscored_steps": cut, "steps": steps}
    if model is not None:
        work = cost.Work(model.parameters, int(model.spent.spent.tokens), count)
        cost.write(context.output(), work)
        told |= {"tokens": work.tokens, "seconds": round(time.perf_counter() - begun, 3)}
    context.metric(**told)


def _ticked(context: Context) -> Iterator[Sample]:
    for done, sample in enumerate(read_parquet(Sample, context.input("samples")), 1):
        if done % 100 == 0:
            context.progress(done, 0)
        yield sample


def _prm_folder(config: ScoreConfig) -> list[Path]:
    return [Path(config.prm)] if config.prm else []


SCORE = Part(ScoreConfig, place, score, needs=("samples",), takes=("prm",), external=_prm_folder)
GIVEN = Part(GivenConfig, place, given, needs=("samples",))
SURPRISAL = Part(
    SurprisalConfig, place, surprisal, needs=("samples",), takes=("policy",), external=policy_folder
)
