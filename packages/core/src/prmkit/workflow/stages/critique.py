"""Samples to verifications that a model writes about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from prmkit.records import read_parquet, write_parquet
from prmkit.registry import resolve
from prmkit.types import Critique, Sample
from prmkit.workflow.parts import Context, Part, records

WINDOW = 64
"""Solutions that are held at once."""


@dataclass(frozen=True, slots=True)
class CritiqueConfig:
    """Who verifies, how often, and how it is asked."""

    prm: str = ""
    """Folder of a chat model or of a generative PRM, where no input ``prm`` is given."""
    spec: str = ""
    """Family by which a chat model is asked, such as ``thinkprm``; a PRM trained here knows."""
    samples: int = 1
    """Verifications of each solution."""
    temperature: float = 0.6
    """0 takes the best token each time."""
    rounds: int = 1
    """Rounds of each verification; further ones begin with a doubt."""
    max_new_tokens: int = 2048
    """Longest round."""
    device: str = "cpu"
    dtype: str = "float32"


def critique(context: Context) -> None:
    """Write the verifications, those of a sample behind each other."""
    count = write_parquet(context.output(), _written(context, _judge(context)), cls=Critique)
    context.metric(critiques=count)


def _judge(context: Context) -> Any:
    config: CritiqueConfig = context.config
    folder = context.input("prm") if context.has("prm") else Path(config.prm)
    load = resolve("prmkit.score.scorer:load_prm")
    judge = load(folder, config.spec or None, dtype=config.dtype, device=config.device)
    return resolve("prmkit.score.scorer:used")(
        judge,
        samples=config.samples,
        rounds=config.rounds,
        temperature=config.temperature,
        max_new_tokens=config.max_new_tokens,
        seed=context.seed,
    )


def _written(context: Context, judge: Any) -> Iterator[Critique]:
    stream = read_parquet(Sample, context.input("samples"))
    done = 0
    while held := list(islice(stream, WINDOW)):
        for mine in judge.critiques([(one.problem, one.trajectory) for one in held]):
            yield from mine
        done += len(held)
        context.progress(done, 0)


def sources(config: CritiqueConfig) -> list[Path]:
    """The folder that the settings name, so that a change in it is seen."""
    return [Path(config.prm)] if config.prm else []


CRITIQUE = Part(
    CritiqueConfig, records("critiques"), critique, needs=("samples",), takes=("prm",), external=sources
)
