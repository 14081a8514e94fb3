"""Workflow files: reading, presets and overrides, rounds written out, references checked.

A workflow is YAML: named stages, each with ``uses`` (a registered part), ``inputs`` (role →
earlier stage), ``split``, ``with`` (settings of the part) and ``when`` (conditions). A group with
``repeat`` holds stages that run once a round; in it ``stage@previous`` means the round before.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from prmkit.config import parse as parse_yaml
from prmkit.errors import ConfigError, WorkflowError
from prmkit.registry import nearest
from prmkit.types import Json

TOP = ("name", "summary", "seed", "stages", "presets")
STAGE = ("uses", "inputs", "split", "with", "when")
GROUP = ("repeat", "first", "stages")
IF_RUN = " if run"
WHEN = ("domain", "data", "given", "preset")


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to the output of an earlier stage."""

    stage: str
    role: str = ""
    """Empty for the stage's first output."""
    optional: bool = False
    """Written ``stage if run``: left out when that stage is skipped."""

    def __str__(self) -> str:
        return self.stage + (f".{self.role}" if self.role else "") + (IF_RUN if self.optional else "")


@dataclass(frozen=True, slots=True)
class StageScript:
    """One stage as written, rounds already written out."""

    name: str
    uses: str
    split: str
    inputs: Mapping[str, tuple[Ref, ...]]
    settings: Mapping[str, Json]
    domain: tuple[str, ...] = ()
    """Domains that must be installed with a workflow, or the stage is skipped."""
    data: tuple[str, ...] = ()
    """``domain/set`` names without which the stage is skipped."""
    given: tuple[str, ...] = ()
    """Settings, its own or ``stage.setting`` of another, that must be given, or it is skipped."""
    presets: tuple[str, ...] = ()
    """Presets in which alone it runs; in all when empty."""


@dataclass(frozen=True, slots=True)
class Script:
    """A workflow file after preset and overrides."""

    name: str
    summary: str
    seed: int
    preset: str
    stages: tuple[StageScript, ...]


def read(path: Path) -> dict[str, Any]:
    """The mapping in a workflow file.

    Raises:
        WorkflowError: The file cannot be read, or has no stages.
        ConfigError: It is no YAML mapping, or gives a key twice.
    """
    try:
        raw = parse_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise WorkflowError(f"cannot be read: {error}", do="check the path", file=path) from error
    except ConfigError as error:
        raise error.at(file=path) from error
    if not isinstance(raw.get("stages"), dict):
        raise WorkflowError("has no stages", do="write 'stages:' with named stages below it", file=path)
    return raw


def parse(raw: Mapping[str, Any], *, preset: str = "", sets: Sequence[str] = (), file: str = "") -> Script:
    """Apply a preset and ``a.b=value`` overrides, and write rounds out.

    Args:
        raw: Mapping of a workflow file.
        preset: Name of a preset of the file; empty for the values as written.
        sets: Overrides ``stage.setting=value``, ``part.setting=value`` or ``seed=value``.
        file: Where it was read, for messages.

    Raises:
        ConfigError: An unknown key, preset or override.
        WorkflowError: A reference to no earlier stage, or a malformed stage.
    """
    tree: dict[str, Any] = copy.deepcopy(dict(raw))
    _known(tree, TOP, "the workflow")
    presets = tree.get("presets") or {}
    if preset and preset not in presets:
        raise ConfigError(f"no preset is called {preset!r}", do=nearest(preset, presets), field="preset")
    for key, value in (presets.get(preset) or {}).items():
        override(tree, key, value, f"preset {preset}")
    for text in sets:
        key, equals, value = text.partition("=")
        if not equals:
            raise ConfigError(f"{text!r} sets nothing", do="write --set stage.setting=value")
        override(tree, key.strip(), _scalar(value, text), "--set")
    stages = tuple(_expand(tree["stages"], file))
    return Script(
        name=str(tree.get("name", "")),
        summary=str(tree.get("summary", "")),
        seed=_integer(tree.get("seed", 0), "seed"),
        preset=preset,
        stages=_checked(stages, file),
    )


def override(tree: dict[str, Any], key: str, value: Json, origin: str) -> None:
    """Set ``key`` in a raw workflow: ``seed``, ``group.repeat``, ``stage.setting`` or ``part.setting``.

    A part's name stands for all stages that use it, unless a stage bears that name.

    Raises:
        ConfigError: ``key`` names no stage or part of the workflow.
    """
    if key == "seed":
        tree["seed"] = value
        return
    head, _, rest = key.partition(".")
    flat = _raw_stages(tree["stages"])
    if head in flat:
        targets = [flat[head]]
    else:
        targets = [stage for stage in flat.values() if stage.get("uses") == head]
    known = sorted(set(flat) | {str(stage["uses"]) for stage in flat.values() if "uses" in stage})
    if not targets:
        raise ConfigError(f"{origin}: no stage is called {head!r}", do=nearest(head, known), field=key)
    if not rest:
        raise ConfigError(f"{origin}: {key!r} names no setting", do="write stage.setting", field=key)
    for stage in targets:
        if "stages" in stage:
            if rest != "repeat":
                raise ConfigError(f"{origin}: a group has no {rest!r}", do="set its repeat", field=key)
            stage["repeat"] = value
        elif rest == "when":
            stage["when"] = value
        else:
            _put(stage, rest, value, key)


def _put(stage: dict[str, Any], rest: str, value: Json, key: str) -> None:
    place = stage.setdefault("with", {})
    *parents, last = rest.split(".")
    for name in parents:
        place = place.setdefault(name, {})
        if not isinstance(place, dict):
            raise ConfigError(f"{name!r} holds no further settings", do="drop what follows it", field=key)
    place[last] = value


def _scalar(text: str, whole: str) -> Json:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{whole!r} has no readable value", do="quote the value as in YAML") from error


def _raw_stages(stages: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    flat: dict[str, dict[str, Any]] = {}
    for name, body in stages.items():
        if isinstance(body, dict):
            flat[name] = body
            flat.update(_raw_stages(body.get("stages") or {}))
    return flat


def _known(mapping: Mapping[str, Any], allowed: Sequence[str], what: str) -> None:
    for key in mapping:
        if key not in allowed:
            raise ConfigError(f"{what} has no {key!r}", do=nearest(str(key), list(allowed)), field=str(key))


def _integer(value: Json, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigError(f"{value!r} is no whole number", do="write a whole number", field=name)
    return value


def _expand(stages: Mapping[str, Any], file: str) -> Iterable[StageScript]:
    last: dict[str, str] = {}
    for name, body in stages.items():
        if not isinstance(body, dict):
            raise WorkflowError(f"stage {name!r} is empty", do="write its 'uses'", file=file or None)
        if "stages" not in body:
            yield _stage(name, body, lambda ref: last.get(ref.removesuffix("@previous"), ref), "")
            continue
        _known(body, GROUP, f"group {name!r}")
        members = body["stages"]
        first = body.get("first") or {}
        for number in range(1, _integer(body.get("repeat", 1), f"{name}.repeat") + 1):
            before, now = _round_names(members, first, last, number)
            for member, inner in members.items():

                def rename(ref: str, before: Mapping[str, str] = before, now: Mapping[str, str] = now) -> str:
                    if ref.endswith("@previous"):
                        return before.get(ref.removesuffix("@previous"), ref)
                    return now.get(ref, ref)

                yield _stage(f"{member}-{number}", inner, rename, f"-{number}")
        last.update({member: f"{member}-{body.get('repeat', 1)}" for member in members})


def _round_names(
    members: Mapping[str, Any], first: Mapping[str, str], last: Mapping[str, str], number: int
) -> tuple[dict[str, str], dict[str, str]]:
    """What ``x@previous`` and ``x`` stand for in round ``number``."""
    now = {**last, **{member: f"{member}-{number}" for member in members}}
    if number == 1:
        return {key: last.get(value, value) for key, value in first.items()}, now
    return {member: f"{member}-{number - 1}" for member in members}, now


def _stage(name: str, body: Mapping[str, Any], rename: Any, suffix: str) -> StageScript:
    _known(body, STAGE, f"stage {name!r}")
    when = body.get("when") or {}
    _known(when, WHEN, f"'when' of stage {name!r}")
    if "uses" not in body:
        raise WorkflowError(f"stage {name!r} has no 'uses'", do="name the part it uses", field=name)
    inputs: dict[str, tuple[Ref, ...]] = {}
    for role, given in (body.get("inputs") or {}).items():
        refs = given if isinstance(given, list) else [given]
        inputs[role] = tuple(_ref(str(ref), rename) for ref in refs)
    return StageScript(
        name=name,
        uses=str(body["uses"]),
        split=str(body.get("split", "main")) + suffix,
        inputs=inputs,
        settings=dict(body.get("with") or {}),
        domain=_words(when.get("domain")),
        data=_words(when.get("data")),
        given=_words(when.get("given")),
        presets=_words(when.get("preset")),
    )


def _words(value: Json) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(map(str, value))


def _ref(text: str, rename: Any) -> Ref:
    optional = text.endswith(IF_RUN)
    stage, _, role = text.removesuffix(IF_RUN).partition(".")
    return Ref(rename(stage), role, optional)


def _checked(stages: tuple[StageScript, ...], file: str) -> tuple[StageScript, ...]:
    seen: list[str] = []
    for stage in stages:
        for role, refs in stage.inputs.items():
            for ref in refs:
                if ref.stage not in seen:
                    raise WorkflowError(
                        f"input {role!r} of stage {stage.name!r} names no earlier stage: {ref.stage!r}",
                        do=nearest(ref.stage, seen),
                        file=file or None,
                        field=f"{stage.name}.inputs.{role}",
                    )
        if stage.name in seen:
            raise WorkflowError(f"two stages are called {stage.name!r}", do="rename one", file=file or None)
        seen.append(stage.name)
    return stages
