"""Stem-and-leaf plots: the numbers behind them."""

from __future__ import annotations

import re
from fractions import Fraction

from prmkit.errors import RecordError
from prmkit.types import Problem
from prmkit_tables.cells import plain, written
from prmkit_tables.table import Table, table_of


def stem_and_leaf(table: Table) -> tuple[list[Fraction], list[Fraction]]:
    """The numbers of a stem-and-leaf plot, and its leaves alone; both empty where it is none."""
    if [plain(name) for name in table.columns] != ["stem", "leaf"]:
        return [], []
    found, leaves = [], []
    for stem, leaf in table.rows:
        digits = re.findall(r"\d", written(leaf))
        if not written(stem).strip().isdigit() or re.search(r"\d{2}", written(leaf)):
            return [], []
        found += [Fraction(int(written(stem)) * 10 + int(digit)) for digit in digits]
        leaves += [Fraction(int(digit)) for digit in digits]
    return found, leaves


def reads_leaves(problem: Problem) -> bool:
    """Whether the problem's table is a stem-and-leaf plot."""
    try:
        table = table_of(problem)
    except RecordError:
        return False
    return table is not None and bool(stem_and_leaf(table)[0])
