"""What a problem gives to work with: its question, its table, its passage and the unit of its amounts."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from prmkit.types import Problem
from prmkit_finance.tables import Table, parse_table, stated_scale

MAX_TEXT = 60_000
_ABOUT_TABLE = re.compile(
    r"\([^()]{0,60}\bin\s+(?:\w+\s+)?(?:thousands|millions|billions)\b[^()]{0,80}\)"
    r"|\b(?:tables?|amounts?|figures?|dollars|presented|expressed|stated)\b[^.()]{0,60}\bin"
    r"\s+(?:\w+\s+)?(?:thousands|millions|billions)\b",
    re.IGNORECASE,
)
"""Words of a passage that tell the unit of the table."""


@dataclass(frozen=True, slots=True)
class Material:
    """A problem as the verifiers see it; the reference is not among it."""

    question: str
    table: Table | None
    passage: str
    scale: int
    """Unit of the table's amounts, as header or passage state it; 1 where they state none or several."""
    scale_known: bool


@functools.lru_cache(maxsize=256)
def _read(question: str, shown: str, passage: str) -> Material:
    table = parse_table(shown)
    stated = table.scales if table else frozenset()
    scale = next(iter(stated)) if len(stated) == 1 else 1
    if not stated:
        scale = stated_scale("\n".join(found.group() for found in _ABOUT_TABLE.finditer(passage)))
    return Material(question, table, passage, scale, scale > 1)


def material(problem: Problem) -> Material:
    r"""Question, table and passage from the context, or else from the text itself.

    In a text without context the table is made of the lines with ``|``, and the question is its last
    line.

    Examples:
        >>> m = material(Problem(id="p", text="(In thousands)\n| | 2019 |\n| Rent | 62 |\nWhat is Rent?"))
        >>> m.question, m.scale, m.table.cells[0].label
        ('What is Rent?', 1000, 'Rent')
    """
    context = problem.context
    question, given = context.get("question"), context.get("table")
    passage = context.get("text")
    text = problem.text[:MAX_TEXT]
    lines = [line for line in text.splitlines() if line.strip()]
    if not isinstance(question, str):
        question = lines[-1] if lines else ""
    if isinstance(given, Mapping):
        shown = _printed(given)
    else:
        shown = given if isinstance(given, str) else "\n".join(line for line in lines if "|" in line)
    if not isinstance(passage, str):
        passage = "\n".join(line for line in lines if "|" not in line and line != question)
    return _read(question.strip(), shown, passage)


def _printed(given: Mapping[str, object]) -> str:
    """A table of a context as text; whatever is no row of cells is left out."""
    columns, body = given.get("columns"), given.get("rows")
    rows = [columns, *(body if isinstance(body, list) else [])]
    lines = []
    for row in rows:
        if isinstance(row, list) and row:
            cells = ["" if cell is None else str(cell).replace("|", "/").replace("\n", " ") for cell in row]
            lines.append("|" + "|".join(cells) + "|")
    return "\n".join(lines)
