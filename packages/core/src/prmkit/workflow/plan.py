"""From a workflow file to stages that can run: parts, settings, seeds, output paths, skips."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from prmkit.config import fill, from_mapping
from prmkit.errors import ConfigError, WorkflowError
from prmkit.plugins import domain, domains
from prmkit.records.codec import fields_of
from prmkit.registry import Registry, nearest
from prmkit.types import Json
from prmkit.workflow.parts import Part, Place
from prmkit.workflow.script import Ref, Script, StageScript

NEEDS = "needs stage"
"""Beginning of the reason of a stage that is skipped because another one is."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One stage, ready to run."""

    name: str
    uses: str
    part: Part
    config: Any
    seed: int
    split: str
    inputs: Mapping[str, tuple[tuple[str, str], ...]]
    """Role → (stage that writes it, path below the run folder)."""
    outputs: Mapping[str, str]
    """Role → path below the run folder."""
    skipped: str = ""
    """Why it does not run; empty when it does."""

    @property
    def after(self) -> set[str]:
        """Names of the stages it reads from."""
        return {stage for sources in self.inputs.values() for stage, _ in sources}

    def settings(self) -> dict[str, Json]:
        """What the digest of its settings is taken over."""
        return {"uses": self.uses, "seed": self.seed, "split": self.split, "with": fill(self.config)}


def stage_seed(seed: int, stage: str) -> int:
    """Seed of one stage, in [0, 2**31): from the workflow's seed and the stage's name only.

    Examples:
        >>> stage_seed(0, "train") == stage_seed(0, "train") != stage_seed(1, "train")
        True
    """
    return int.from_bytes(hashlib.sha256(f"{seed}/{stage}".encode()).digest()[:4], "big") >> 1


def plan(script: Script, parts: Registry, have: Callable[[str], bool]) -> list[Planned]:
    """Bind every stage to its part.

    Args:
        script: Parsed workflow.
        parts: Table of parts.
        have: Whether the data set ``domain/name`` is found on this machine.

    Raises:
        ConfigError: A setting is unknown, or has a wrong type.
        UnknownNameError: ``uses`` names no part.
        WorkflowError: A required input is missing, an unknown one given, or two stages write one path.
    """
    planned: dict[str, Planned] = {}
    owners: dict[str, str] = {}
    for stage in script.stages:
        bound = _bind(stage, script, parts, have, planned)
        for path in bound.outputs.values():
            if path in owners:
                raise WorkflowError(
                    f"stages {owners[path]!r} and {stage.name!r} both write {path}",
                    do="give one of them another split",
                    field=stage.name,
                )
            owners[path] = stage.name
        planned[stage.name] = bound
    return list(planned.values())


def _bind(
    stage: StageScript,
    script: Script,
    parts: Registry,
    have: Callable[[str], bool],
    planned: Mapping[str, Planned],
) -> Planned:
    part: Part = parts[stage.uses]
    try:
        config: Any = from_mapping(part.config, stage.settings)
    except ConfigError as error:
        field = f"{stage.name}.{error.field}" if error.field else stage.name
        raise type(error)(error.message, do=error.do, file=error.file, field=field) from error
    _roles(stage, part)
    skipped = _missing(stage, script, parts, have)
    inputs: dict[str, tuple[tuple[str, str], ...]] = {}
    for role, refs in stage.inputs.items():
        kept = []
        for ref in refs:
            source = planned[ref.stage]
            if not source.skipped:
                kept.append((ref.stage, _path(source, ref, stage)))
            elif not ref.optional:
                skipped = skipped or f"{NEEDS} {ref.stage!r}, which is skipped"
        inputs[role] = tuple(kept)
    return Planned(
        name=stage.name,
        uses=stage.uses,
        part=part,
        config=config,
        seed=stage_seed(script.seed, stage.name),
        split=stage.split,
        inputs=inputs,
        outputs=dict(part.outputs(Place(stage.name, stage.split, config))),
        skipped=skipped,
    )


def _roles(stage: StageScript, part: Part) -> None:
    for role in part.needs:
        if not stage.inputs.get(role):
            raise WorkflowError(
                f"stage {stage.name!r} needs the input {role!r}",
                do=f"write inputs: {{{role}: <an earlier stage>}}",
                field=f"{stage.name}.inputs",
            )
    known = [*part.needs, *part.takes]
    for role in stage.inputs:
        if role not in known:
            raise WorkflowError(
                f"part {stage.uses!r} takes no input {role!r}",
                do=nearest(role, known),
                field=f"{stage.name}.inputs",
            )


def _missing(stage: StageScript, script: Script, parts: Registry, have: Callable[[str], bool]) -> str:
    if stage.presets and script.preset not in stage.presets:
        return f"runs with --preset {' or '.join(stage.presets)} only"
    unknown = [name for name in stage.domain if name not in domains()]
    if unknown:
        return f"domain {unknown[0]!r} is not installed (pip install prmkit-{unknown[0]})"
    bare = [name for name in stage.domain if not domain(name).workflow]
    if bare:
        return f"domain {bare[0]!r} has no workflow yet"
    absent = [name for name in stage.data if not have(name)]
    if absent:
        return f"data set {absent[0]} is not in a folder of PRMKIT_DATA"
    for name in stage.given:
        owner, dot, setting = name.rpartition(".")
        of = next((one for one in script.stages if one.name == owner), None) if dot else stage
        known = list(fields_of(parts[of.uses].config)) if of else []
        if of is None or setting not in known:
            raise ConfigError(
                f"'when' asks for {name!r}, which is no setting",
                do=nearest(setting, known) if of else nearest(owner, [one.name for one in script.stages]),
                field=f"{stage.name}.when.given",
            )
        if not of.settings.get(setting):
            return f"{setting} is not set (--set {of.uses}.{setting}=...)"
    return ""


def _path(source: Planned, ref: Ref, stage: StageScript) -> str:
    if not ref.role:
        return next(iter(source.outputs.values()))
    if ref.role not in source.outputs:
        raise WorkflowError(
            f"stage {ref.stage!r} writes no {ref.role!r}",
            do=nearest(ref.role, list(source.outputs)),
            field=f"{stage.name}.inputs",
        )
    return source.outputs[ref.role]
