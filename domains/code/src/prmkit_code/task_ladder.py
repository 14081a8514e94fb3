"""The ladder of difficulty of the generated tasks.

Rung r of a family is its r-th size. Changing a number here makes other tasks: every
committed weight, table and figure would have to be made again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Split = Literal["train", "calibrate", "dev", "test"]

LADDER: Mapping[str, tuple[int, ...]] = {
    "chain": (2, 3, 4, 5, 6, 7),
    "order": (2, 3, 4, 5, 6, 7),
    "branch": (1, 2, 3, 4, 5, 6),
    "loop": (1, 2, 3, 4, 5, 6),
    "trace": (2, 3, 4, 5, 6, 7),
}
"""Family → size per rung: changes of one variable, definitions to put in order, conditions, clauses of a
loop, lines to run."""

RUNGS: tuple[int, ...] = tuple(range(6))
"""All rungs, easiest first."""

SPLITS: Mapping[Split, tuple[int, ...]] = {
    "test": (0,),
    "dev": (1,),
    "calibrate": (2,),
    "train": tuple(range(3, 16)),
}
"""Split → values of the problem's content hash modulo 16."""
