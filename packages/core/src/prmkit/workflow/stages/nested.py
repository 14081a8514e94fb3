"""A whole workflow as one stage: its run folder stands inside this one."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml

from prmkit.types import Json
from prmkit.workflow.folder import WORK
from prmkit.workflow.parts import Context, Part
from prmkit.workflow.run import config_text, prepare, run_workflow
from prmkit.workflow.work import Event


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Which workflow is run, and how."""

    workflow: str
    """A domain's name, ``systems/<name>``, or a path."""
    preset: str | None = None
    """Preset of that workflow; its demo preset where it has one when None."""
    sets: Mapping[str, Json] = field(default_factory=dict)
    """Overrides: ``stage.setting`` → value."""


def _sets(config: RunConfig) -> list[str]:
    return [f"{key}={yaml.safe_dump(value, default_flow_style=True)}" for key, value in config.sets.items()]


def run(context: Context) -> None:
    """Run it, or go on where an earlier run of it stopped; stages that are unchanged are used again."""
    config: RunConfig = context.config
    inner, before = context.scratch / "run", context.run / next(iter(context.outputs.values()))
    if before.is_dir() and not inner.exists():
        shutil.copytree(before, context.scratch / "copy", dirs_exist_ok=True)
        (context.scratch / "copy").replace(inner)
    ended = set()

    def tell(event: Event) -> None:
        if event.kind in ("skip", "reuse", "done"):
            ended.add(event.stage)
            context.progress(len(ended), event.stages)

    summary = run_workflow(config.workflow, inner, preset=config.preset, sets=_sets(config), on_event=tell)
    shutil.rmtree(inner / WORK, ignore_errors=True)
    inner.replace(context.output())
    context.metric(workflow=config.workflow, stages=len(summary.stages), set_aside=summary.quarantined)


def plan_of(config: RunConfig) -> Json:
    """The inner workflow with all its settings, and which stages are skipped for want of data."""
    parsed, stages = prepare(config.workflow, preset=config.preset, sets=_sets(config))
    return [config_text(parsed, stages), [stage.skipped for stage in stages]]


RUN = Part(RunConfig, lambda place: {"run": f"runs/{place.stage}"}, run, depends=plan_of, timed=True)
"""Takes no inputs: the inner run makes all of its own."""
