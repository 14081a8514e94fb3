"""Preferences and critiques of the user's own, read from a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from prmkit.errors import ConfigError
from prmkit.records import read_jsonl, read_parquet, write_parquet
from prmkit.types import Critique, Preference
from prmkit.workflow.parts import Context, Part, Place

KINDS: Mapping[str, type] = {"preferences": Preference, "critiques": Critique}


@dataclass(frozen=True, slots=True)
class ReadConfig:
    """Which file, and what it holds."""

    kind: Literal["", "preferences", "critiques"] = ""
    """Must be given."""
    file: str = ""
    """JSONL, or a folder of Parquet files."""


def read(context: Context) -> None:
    """Write the records of the file.

    Raises:
        ConfigError: File or kind is not named.
    """
    config: ReadConfig = context.config
    if not config.file or config.kind not in KINDS:
        raise ConfigError(
            "file or kind is not named", do=f"set file, and kind: {' or '.join(KINDS)}", field=context.stage
        )
    kind, source = KINDS[config.kind], Path(config.file)
    read_all = read_parquet if source.is_dir() else read_jsonl
    count = write_parquet(context.output(), read_all(kind, source), cls=kind)
    context.metric(**{config.kind: count})


def place(place: Place) -> Mapping[str, str]:
    """Records stand under the stage's name: there may be several of a kind."""
    kind = place.config.kind or "records"
    return {kind: f"records/{place.split}/{kind}-{place.stage}"}


READ = Part(ReadConfig, place, read, external=lambda config: [Path(config.file)] if config.file else [])
