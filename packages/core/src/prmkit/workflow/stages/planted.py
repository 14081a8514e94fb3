"""A claim in a planted world: no data, no model, many seeds, one record of figures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from prmkit.judging.planted import run_world
from prmkit.records import write_text
from prmkit.records.files import finite
from prmkit.types import Json
from prmkit.workflow.parts import Context, Part


@dataclass(frozen=True, slots=True)
class PlantedConfig:
    """Which world, and over how many seeds."""

    world: str
    seeds: int = 500
    options: Mapping[str, Json] = field(default_factory=dict)
    """Sizes of the world that differ from its own."""
    name: str = ""
    """Name in the report; the world's and the number of seeds when empty."""
    draws: int = 2000


def planted(context: Context) -> None:
    """Write the world's record; a claim that did not come out is a note, not an error."""
    config: PlantedConfig = context.config
    record = run_world(
        config.world,
        seeds=config.seeds,
        seed=context.seed,
        options=config.options,
        draws=config.draws,
        on_progress=context.progress,
    )
    record |= {"stage": context.stage, "name": config.name or record["name"]}
    write_text(context.output(), json.dumps(finite({record["name"]: record}), ensure_ascii=False) + "\n")
    failed = [check["what"] for check in record["checks"] if not check["holds"]]
    context.metric(world=config.world, seeds=config.seeds, failed=failed)


PLANTED = Part(PlantedConfig, lambda place: {"evaluation": f"evaluations/{place.stage}.json"}, planted)
"""Takes no inputs: the world draws its own."""
