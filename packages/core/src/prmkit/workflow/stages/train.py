"""Labelled samples to a PRM folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from prmkit.errors import AlignmentError
from prmkit.plugins import domain
from prmkit.records import read_parquet
from prmkit.registry import resolve
from prmkit.train.settings import FitSettings
from prmkit.types import Sample, StepLabels
from prmkit.workflow.parts import Context, Part, Place


@dataclass(frozen=True, slots=True)
class TrainConfig(FitSettings):
    """Training of a PRM or, with ``target: outcome``, of an outcome model on the same rows.

    Without a ``backbone`` the domain's own tiny policy is taken: its shape, freshly drawn weights and
    a surprisal head, unless ``init`` and ``head`` say otherwise.
    """

    domain: str = ""
    replicate: int = 0
    """Another draw of the same training on the same rows: changes the stage's seed and nothing else."""


def train(context: Context) -> None:
    """Train and save the PRM; the loss curve goes to the metrics."""
    config: TrainConfig = context.config
    settings = config
    if not config.backbone:
        own = str(context.input("policy") if context.has("policy") else _shipped(config))
        head = config.head or "surprisal"
        settings = replace(config, backbone=own)
        if not config.implicit:  # the policy itself is trained there, and is its own reference
            settings = replace(
                settings,
                head=head,
                init=config.init or "random",
                policy=(config.policy or own) if head == "surprisal" else "",
            )
    result = resolve("prmkit.train.fit:fit")(
        settings,
        labelled(context),
        context.output(),
        scratch=context.scratch / "checkpoints",
        seed=(context.seed + config.replicate) % 2**31,
        on_step=context.progress,
        on_log=lambda line: context.metric(**line),
    )
    context.metric(**{f"train_{name}": value for name, value in result.items()})


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


TRAIN = Part(TrainConfig, place, train, needs=("samples",), takes=("labels", "policy"), external=sources)
