"""Scorers as rows, metrics as columns: the table that all sections share."""

from __future__ import annotations

import re
from collections.abc import Sequence

from prmkit.report.evaluation import Figures
from prmkit.report.tables import Cell, Estimate, Table
from prmkit.report.words import is_oracle, metric


def identifier(*parts: str) -> str:
    """A name for files and anchors: small letters, digits and hyphens.

    Examples:
        >>> identifier("ProcessBench / gsm8k", "F1")
        'processbench-gsm8k-f1'
    """
    return re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-") or "x"


def scorer_table(
    name: str, title: str, figures: Figures, metrics: Sequence[str], *, who: str = "scorer"
) -> Table:
    """Scorers as rows, metrics as columns; ceilings are marked."""
    columns = (who, *(metric(m).label for m in metrics))
    rows: list[tuple[Cell, ...]] = [(s, *(found.get(m) for m in metrics)) for s, found in figures.items()]
    marks = ["oracle" if is_oracle(s) else "" for s in figures]
    if any(sizes := [_size([f[m] for f in figures.values() if m in f]) for m in metrics]):
        rows.append(("n (clusters)", *sizes))
        marks.append("foot")
    return Table(name, title, columns, tuple(rows), "", tuple(marks))


def _size(cells: Sequence[Estimate]) -> str:
    """Rows and clusters behind a column, as a range where scorers differ."""
    n = sorted({c.n for c in cells if c.n is not None})
    clusters = sorted({c.clusters for c in cells if c.clusters is not None})
    if not n:
        return ""
    return _span(n) + (f" ({_span(clusters)})" if clusters else "")


def _span(sizes: Sequence[int]) -> str:
    return f"{sizes[0]:,}" if sizes[0] == sizes[-1] else f"{sizes[0]:,}–{sizes[-1]:,}"


def explain(metrics: Sequence[str]) -> str:
    """What metrics mean, for the notes below a table."""
    return " ".join(f"**{metric(m).label}**: {metric(m).how}" for m in metrics if metric(m).how)
