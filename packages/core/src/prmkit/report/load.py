"""Run folders as the report reads them: what is there, and what is missing and why."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from prmkit.errors import DataError
from prmkit.types import Json

PARTS: Mapping[str, str] = {
    "eval.json": "the figures: no stage has evaluated anything yet",
    "config.yaml": "the settings",
    "manifest.json": "versions, seeds and digests",
    "metrics.jsonl": "the course of training",
}
"""File of a run folder → what the page lacks without it."""


@dataclass(frozen=True)
class Run:
    """One run folder; absent or broken parts are empty and listed in ``missing``."""

    name: str
    path: Path
    evaluation: Mapping[str, Json] = field(default_factory=dict)
    config: Mapping[str, Json] = field(default_factory=dict)
    manifest: Mapping[str, Json] = field(default_factory=dict)
    metrics: Sequence[Mapping[str, Json]] = ()
    quarantine: Mapping[str, int] = field(default_factory=dict)
    """Stage → rows set aside."""
    missing: tuple[tuple[str, str], ...] = ()
    """(file, why it could not be used)."""


def load_run(path: Path, *, name: str = "") -> Run:
    """Read a run folder, or a bare ``eval.json``; missing and broken parts never stop it.

    Raises:
        DataError: There is no such folder or file.
    """
    if not path.exists():
        raise DataError("no such run folder", do="give a folder made by 'prmkit run'", file=path)
    folder, file = (path, path / "eval.json") if path.is_dir() else (path.parent, path)
    missing: list[tuple[str, str]] = []

    def part(where: Path, parse: Callable[[str], Any], kind: type) -> Any:
        lack = PARTS.get(where.name, "")
        try:
            value = parse(where.read_text(encoding="utf-8"))
        except FileNotFoundError:
            missing.append((where.name, f"is absent: {lack}"))
        except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
            first = str(error).split("\n", 1)[0]
            missing.append((where.name, f"cannot be read ({first})"))
        else:
            if isinstance(value, kind):
                return value
            missing.append((where.name, f"holds a {type(value).__name__}, not an object"))
        return kind()

    return Run(
        name=name or _name(folder),
        path=folder,
        evaluation=part(file, json.loads, dict),
        config=part(folder / "config.yaml", yaml.safe_load, dict),
        manifest=part(folder / "manifest.json", json.loads, dict),
        metrics=part(folder / "metrics.jsonl", _lines, list),
        quarantine=_quarantine(folder / "quarantine"),
        missing=tuple(missing),
    )


def load_runs(paths: Sequence[Path]) -> list[Run]:
    """Several run folders, each with a name of its own.

    Raises:
        DataError: One of them does not exist.
    """
    runs: list[Run] = []
    for path in paths:
        run = load_run(Path(path))
        taken = sum(r.name == run.name or r.name.startswith(f"{run.name} (") for r in runs)
        runs.append(load_run(Path(path), name=f"{run.name} ({taken + 1})") if taken else run)
    return runs


def _name(folder: Path) -> str:
    return folder.resolve().name or "run"


def _lines(text: str) -> list[Json]:
    """Objects of a JSONL file; a half-written last line is the mark of a killed run and is passed over."""
    rows = []
    for line in text.split("\n"):
        try:
            row = json.loads(line) if line.strip() else None
        except ValueError:
            continue
        if isinstance(row, dict):
            rows.append(row)
    return rows


def _quarantine(folder: Path) -> dict[str, int]:
    counts = {}
    for file in sorted(folder.glob("**/*.jsonl")) if folder.is_dir() else ():
        with file.open("rb") as stream:
            counts[file.relative_to(folder).with_suffix("").as_posix()] = sum(
                1 for line in stream if line.strip()
            )
    return counts
