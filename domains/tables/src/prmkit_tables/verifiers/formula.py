"""The verifier ``tables/formula``: spreadsheet formulas such as ``=SUM(B4:B6)/B9 = 3.5``, recomputed.

Cells come from ``context["cells"]`` by their names, else from the problem's table laid out with its header
in row 1. The formula is read by an own grammar of signs, ranges and seven functions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

from prmkit.contracts import Finding
from prmkit.errors import RecordError
from prmkit.types import Claim, Code, Problem, Scope, Trajectory, Verdict
from prmkit_tables.cells import Cell, agrees, number, shown
from prmkit_tables.equality import same_value
from prmkit_tables.table import table_of
from prmkit_tables.verifiers.findings import MAX_STEP, conclude, unknown
from prmkit_tables.verifiers.spreadsheet import FormulaError, column_letters, compute

_FORMULA = re.compile(
    r"(?:^|(?<=[\s`(:]))(?P<formula>=[-A-Z0-9$:(),.+*/%& \"^]{1,300}?)`?\s+(?:=|is|gives)\s+"
    r"(?P<value>-?[$€£]?\d[\d,]*(?:\.\d+)?(?:[eE]-?\d{1,3})?%?|[^=\n]{1,80})\s*\.?\s*$",
    re.MULTILINE,
)


class Formula:
    """Recompute spreadsheet formulas.

    What it does not check: whether these are the right cells; formulas whose cells are not known.
    """

    name = "tables/formula"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        cells: Mapping[str, Cell] | None = None
        findings = []
        for index in trajectory.scored:
            text = trajectory.steps[index].text
            stated = list(_FORMULA.finditer(text)) if "=" in text and len(text) <= MAX_STEP else []
            if stated and cells is None:
                cells = cells_of(problem)
            if stated and not cells:
                findings.append(unknown("the cells are not known", Code.UNSUPPORTED))
            else:
                findings.append(conclude([_claim(one, cells or {}) for one in stated], "states no formula"))
        return findings


def cells_of(problem: Problem) -> dict[str, Cell]:
    """Cells by their names in a sheet."""
    given = problem.context.get("cells")
    if isinstance(given, Mapping):
        return {str(k): v for k, v in given.items() if v is None or isinstance(v, (str, int, float))}
    try:
        table = table_of(problem)
    except RecordError:
        return {}
    if table is None:
        return {}
    lines = [table.columns, *table.rows]
    return {
        f"{column_letters(at)}{row}": cell
        for row, line in enumerate(lines, 1)
        for at, cell in enumerate(line)
    }


def _claim(found: re.Match[str], cells: Mapping[str, Cell]) -> Claim:
    span = found.span("formula")[0], found.span("value")[1]
    formula, stated = found["formula"].strip(), found["value"].strip()
    try:
        value = compute(formula, cells)
    except FormulaError as error:
        return Claim(*span, Verdict.UNKNOWN, f"{formula[:60]}: {error}")
    if isinstance(value, Fraction):
        if agrees(stated, value) or same_value(float(value), stated):
            return Claim(*span, Verdict.HOLDS, f"{formula[:60]} = {stated}")
        read = number(stated)
        near = read is not None and value and abs(read - value) <= abs(value) / 200
        if near or read is None or _percent(read, value):
            return Claim(*span, Verdict.UNKNOWN, f"{formula[:60]} = {shown(value)}, near {stated[:40]}")
        return Claim(*span, Verdict.FAILS, f"{formula[:60]} = {shown(value)}, not {stated[:40]}")
    same = same_value(value, stated)
    verdict = {True: Verdict.HOLDS, False: Verdict.FAILS, None: Verdict.UNKNOWN}[same]
    return Claim(*span, verdict, f"{formula[:60]} is {value[:60]!r}")


def _percent(read: Fraction, value: Fraction) -> bool:
    return value != 0 and read / value in (Fraction(100), Fraction(1, 100))
