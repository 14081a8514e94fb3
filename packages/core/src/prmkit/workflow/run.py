"""A workflow from its name to its run folder."""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from prmkit.config import fill
from prmkit.dataset import data_folders
from prmkit.errors import PluginError, UnknownNameError
from prmkit.plugins import broken_domains, domain, domains
from prmkit.records import write_text
from prmkit.registry import Registry, nearest
from prmkit.types import Json
from prmkit.workflow import facts, folder, script
from prmkit.workflow.engine import run_stages
from prmkit.workflow.parts import PARTS
from prmkit.workflow.plan import Planned, plan
from prmkit.workflow.work import Event, StageResult

SYSTEMS = "systems"
"""Folder of the published systems' workflows inside the core's wheel."""
COMPARE = "compare"
"""The workflow over all domains; it is the core's own."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run did."""

    out: Path
    stages: tuple[StageResult, ...]

    @property
    def quarantined(self) -> int:
        """Rows set aside in all stages together."""
        return sum(stage.quarantined for stage in self.stages)


def system_names() -> list[str]:
    """Names of the systems whose workflow ships with the core."""
    place = importlib.resources.files("prmkit") / SYSTEMS
    return sorted(f.name[:-5] for f in place.iterdir() if f.name.endswith(".yaml")) if place.is_dir() else []


def find(name: str) -> Path:
    """The file of a workflow: a path, a domain's name, ``compare``, or ``systems/<name>``.

    Raises:
        UnknownNameError: No such file, domain or system.
        PluginError: The domain is broken, or ships no workflow.
    """
    if name.endswith((".yaml", ".yml")) or Path(name).is_file():
        if not Path(name).is_file():
            raise UnknownNameError("no such workflow file", do="check the path", file=name)
        return Path(name)
    head, _, tail = name.partition("/")
    if head == SYSTEMS and tail:
        if tail not in system_names():
            raise UnknownNameError(f"no system {tail!r} ships a workflow", do=nearest(tail, system_names()))
        return Path(str(importlib.resources.files("prmkit") / SYSTEMS / f"{tail}.yaml"))
    if name == COMPARE:
        return Path(str(importlib.resources.files("prmkit") / "workflow" / f"{COMPARE}.yaml"))
    if name not in (*domains(), *broken_domains()):
        known = [*domains(), COMPARE, *(f"{SYSTEMS}/{system}" for system in system_names())]
        raise UnknownNameError(f"no workflow is called {name!r}", do=nearest(name, known))
    plugin = domain(name)
    if not plugin.workflow:
        raise PluginError(
            f"domain {name!r} has no workflow yet",
            do=f"write one of your own (docs/first-prm.md), or run the stages: prmkit verify --domain {name}",
        )
    return plugin.resource(plugin.workflow)


def prepare(
    source: str | Path, *, preset: str | None = None, sets: Sequence[str] = (), parts: Registry = PARTS
) -> tuple[script.Script, list[Planned]]:
    """Read a workflow and bind its stages, without running anything.

    Args:
        source: Path, domain name or ``systems/<name>``.
        preset: Preset of the file; None takes ``demo`` where the file has one.
        sets: ``stage.setting=value`` overrides.
        parts: Table of parts.

    Raises:
        PrmkitError: Whatever is wrong with the file, a setting or an input.
    """
    path = find(str(source))
    raw = script.read(path)
    if preset is None:
        preset = "demo" if "demo" in (raw.get("presets") or {}) else ""
    parsed = script.parse(raw, preset=preset, sets=sets, file=str(path))
    return parsed, plan(parsed, parts, have_data)


def have_data(name: str) -> bool:
    """Whether the data set ``domain/set`` is found in a folder of ``PRMKIT_DATA``."""
    owner, _, dataset = name.partition("/")
    card = domain(owner).card(dataset)
    return any((root / card.path).is_dir() for root in data_folders())


def run_workflow(
    source: str | Path,
    out: Path,
    *,
    preset: str | None = None,
    sets: Sequence[str] = (),
    start: str = "",
    jobs: int = 1,
    parts: Registry = PARTS,
    on_event: Callable[[Event], None] = lambda event: None,
) -> RunSummary:
    """Run a workflow into a run folder, or go on where it stopped.

    Finished stages whose settings and inputs are unchanged are used again.

    Args:
        source: Path, domain name or ``systems/<name>``.
        out: The run folder.
        preset: Preset of the file; None takes ``demo`` where the file has one.
        sets: ``stage.setting=value`` overrides.
        start: Stage to run again with everything that depends on it.
        jobs: Stages that may run at once, each in a process of its own.
        parts: Table of parts.
        on_event: Called for every start, end and progress of a stage.

    Raises:
        PrmkitError: Whatever is wrong with the file, a setting, an input or the disk.
    """
    parsed, stages = prepare(source, preset=preset, sets=sets, parts=parts)
    with folder.opened(out), folder.storage(out):
        folder.sweep(out)
        config = config_text(parsed, stages)
        write_text(out / "config.yaml", config)
        write_manifest(out, parsed, stages, config, ())
        results = run_stages(stages, out, start=start, jobs=jobs, on_event=on_event)
        write_manifest(out, parsed, stages, config, results)
    return RunSummary(out, tuple(results))


def config_text(parsed: script.Script, stages: Sequence[Planned]) -> str:
    """The workflow with every default and round written out; itself a workflow file."""
    written = {}
    for stage, planned in zip(parsed.stages, stages, strict=True):
        body: dict[str, Json] = {"uses": stage.uses, "split": stage.split}
        if stage.inputs:
            body["inputs"] = {role: [str(ref) for ref in refs] for role, refs in stage.inputs.items()}
        when = {"domain": list(stage.domain), "data": list(stage.data), "given": list(stage.given)}
        if parsed.preset not in stage.presets:
            when["preset"] = list(stage.presets)
        if any(when.values()):
            body["when"] = {key: names for key, names in when.items() if names}
        body["with"] = fill(planned.config)
        written[stage.name] = body
    top = {"name": parsed.name, "summary": parsed.summary, "seed": parsed.seed, "stages": written}
    note = (
        f"# Every setting of this run (preset {parsed.preset or 'none'}); prmkit run takes this file too.\n"
    )
    return note + yaml.safe_dump(top, sort_keys=False, allow_unicode=True, width=110)


def _lasting(stage: Planned, result: StageResult) -> dict[str, str]:
    """Digests of a stage's outputs, but for pages that tell how long things took."""
    return {path: "tells timings" if stage.part.timed else digest for path, digest in result.outputs.items()}


def write_manifest(
    out: Path,
    parsed: script.Script,
    stages: Sequence[Planned],
    config: str,
    results: Sequence[StageResult],
) -> None:
    """Write ``manifest.json``: versions, seeds, digests, machine facts; nothing that two runs differ in."""
    told = {result.name: result for result in results}
    manifest = {
        "workflow": parsed.name,
        "preset": parsed.preset,
        "seed": parsed.seed,
        "config": folder.json_digest(config),
        "packages": facts.packages(),
        "machine": facts.machine(),
        "finished": bool(results),
        "stages": {
            stage.name: {"uses": stage.uses, "seed": stage.seed, "skipped": stage.skipped}
            | ({"outputs": _lasting(stage, told[stage.name])} if told else {})
            | ({"quarantined": told[stage.name].quarantined} if told else {})
            for stage in stages
        },
    }
    write_text(out / "manifest.json", json.dumps(manifest, indent=1) + "\n")
