"""What came of running a query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from prmkit_tables.cells import Cell

MAX_ROWS = 10_000
"""A result with more rows is stopped."""


@dataclass(frozen=True, slots=True)
class Ran:
    """Rows of a query, or why there are none."""

    status: Literal["ok", "error", "stopped", "refused"]
    """``error``: the engine cannot run it; ``stopped``: it passed a limit; ``refused``: it is not let in."""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    reason: str = ""
    engine: str = ""


@dataclass(frozen=True, slots=True)
class SqlLimits:
    """What one query may use."""

    seconds: float = 2.0
    instructions: int = 20_000_000
    """Steps of SQLite's virtual machine."""
    memory: int = 256 << 20
    """Bytes of memory beyond what the process had before."""
    rows: int = MAX_ROWS
    text: int = 100_000
    """Bytes of the longest value."""
