"""The ladder of difficulty of the generated tasks, fixed before any model was trained.

Rung r of a family is its r-th size. Changing a number here makes other tasks: every
committed weight, table and figure would have to be made again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Split = Literal["train", "calibrate", "dev", "test"]

LADDER: Mapping[str, tuple[int, ...]] = {
    "sum": (3, 4, 5, 6, 7, 8),
    "expr": (3, 4, 5, 6, 7, 8),
    "shop": (2, 3, 4, 5, 6, 7),
    "let": (2, 3, 4, 5, 6, 7),
    "cancel": (2, 3, 4, 5, 6, 7),
}
"""Family → size per rung: numbers to add, leaves of the expression, items bought, definitions to work
out, pairs of terms that cancel."""

RUNGS: tuple[int, ...] = tuple(range(6))
"""All rungs, easiest first."""

TOP = 99
"""Largest number that may occur; the smallest is 0."""

SPLITS: Mapping[Split, tuple[int, ...]] = {
    "test": (0,),
    "dev": (1,),
    "calibrate": (2,),
    "train": tuple(range(3, 16)),
}
"""Split → values of the problem's content hash modulo 16."""
