"""Labelled samples, preferences or critiques to a PRM folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from prmkit.errors import AlignmentError, ConfigError
from prmkit.plugins import domain
from prmkit.records import read_parquet
from prmkit.registry import resolve
from prmkit.train.settings import FitSettings
from prmkit.types import Critique, Preference, Sample, StepLabels
from prmkit.workflow.parts import Context, Part, Place


@dataclass(frozen=True, slots=True)
class TrainConfig(FitSettings):
    """Training of a PRM or, with ``target: outcome``, of an outcome model on the same rows.

    The input ``preferences`` names pairs of the samples: a reward model of whole solutions (``pairwise``
    unless ``objective`` says otherwise), or with ``implicit`` a log-ratio, is learned from them. The input
    ``critiques`` is for ``variant: gprm`` and ``gorm``: a language model learns to write those that agree
    with labels and outcomes.

    Without a ``backbone`` the domain's own tiny policy is taken: its shape, freshly drawn weights and
    a surprisal head, unless ``init`` and ``head`` say otherwise.
    """

    domain: str = ""
    replicate: int = 0
    """Another draw of the same training on the same rows: changes the stage's seed and nothing else."""


def train(context: Context) -> None:
    """Train and save the PRM; the loss curve goes to the metrics.

    Raises:
        ConfigError: Inputs that do not go with what is trained.
    """
    rows = taught(context)
    result = resolve("prmkit.train.fit:fit")(
        settled(context),
        rows,
        context.output(),
        scratch=context.scratch / "checkpoints",
        seed=(context.seed + context.config.replicate) % 2**31,
        on_step=context.progress,
        on_log=lambda line: context.metric(**line),
    )
    context.metric(**{f"train_{name}": value for name, value in result.items()})


def settled(context: Context) -> TrainConfig:
    """The settings with everything that inputs and domain decide filled in."""
    settings: TrainConfig = context.config
    if context.has("preferences") and not settings.implicit:
        settings = replace(settings, objective=settings.objective or "pairwise")
    if settings.backbone:
        return settings
    own = str(context.input("policy") if context.has("policy") else _shipped(settings))
    settings = replace(settings, backbone=own)
    if settings.implicit or settings.generative or settings.head == "next_token":
        return settings  # the policy itself is trained there
    head = settings.head or "surprisal"
    return replace(
        settings,
        head=head,
        init=settings.init or "random",
        policy=(settings.policy or own) if head == "surprisal" else "",
    )


def taught(context: Context) -> Iterator[Any]:
    """What is learned from: samples, pairs of them, or critiques with them.

    Raises:
        ConfigError: Critiques and a variant that does not learn them, or the other way round.
    """
    rows: Iterator[Any] = labelled(context)
    if context.config.generative != context.has("critiques"):
        raise ConfigError(
            "critiques are what variants gprm and gorm learn, and nothing else does",
            do="give input and variant together, or neither",
            field=f"{context.stage}.critiques",
        )
    if context.has("critiques") and context.has("preferences"):
        raise ConfigError(
            "critiques and preferences at once",
            do="train two models in two stages",
            field=f"{context.stage}.inputs",
        )
    if context.has("critiques"):
        told = read_parquet(Critique, context.input("critiques"))
        return resolve("prmkit.train.critic:judged_of")(told, rows)  # type: ignore[no-any-return]
    if context.has("preferences"):
        pairs = read_parquet(Preference, context.input("preferences"))
        return resolve("prmkit.train.preference:pairs_of")(pairs, rows)  # type: ignore[no-any-return]
    return rows


def labelled(context: Context) -> Iterator[Sample]:
    """Samples with the labels of the input ``labels`` in place of their own.

    Raises:
        AlignmentError: Labels and samples do not stand in the same order.
    """
    samples = read_parquet(Sample, context.input("samples"))
    if not context.has("labels"):
        yield from samples
        return
    labels = read_parquet(StepLabels, context.input("labels"))
    for sample, own in zip(samples, labels, strict=False):
        if own.trajectory_id != sample.trajectory.id:
            raise AlignmentError(
                f"labels of {own.trajectory_id!r} stand where those of {sample.trajectory.id!r} belong",
                do="make the labels again from these samples",
                file=context.input("labels"),
            )
        yield Sample(sample.problem, sample.trajectory, own.check(sample.trajectory))


def place(place: Place) -> dict[str, str]:
    """PRM folders stand under the stage's name."""
    return {"prm": f"prm/{place.stage}"}


def _shipped(config: TrainConfig) -> Path:
    plugin = domain(config.domain)
    return plugin.resource(plugin.policy)


def sources(config: TrainConfig) -> list[Path]:
    """The folders that training starts from."""
    own = Path(config.backbone) if config.backbone else _shipped(config)
    return [own, Path(config.policy)] if config.policy else [own]


TRAIN = Part(
    TrainConfig,
    place,
    train,
    needs=("samples",),
    takes=("labels", "policy", "preferences", "critiques"),
    external=sources,
)
