"""The verifier ``finance/cells``: amounts that are said to stand in the table, looked up there.

Read are sentences such as *rent in 2019 was $62 million* and assignments such as ``rent_2019 = 62``.
A row is taken only where its label is named word by word, in one column of the year.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from prmkit.contracts import Finding
from prmkit.types import Claim, Code, Problem, Scope, Step, Trajectory, Verdict
from prmkit_finance.amounts import Amount, amounts, written
from prmkit_finance.lookup import find, only, words
from prmkit_finance.matching import Match, compare
from prmkit_finance.material import Material, material
from prmkit_finance.program.script import Literal, Script, read_script
from prmkit_finance.tables import YEAR, Cell, Table, years_of
from prmkit_finance.verdicts import MAX_TEXT, conclude, silent

_CLAUSE = re.compile(r"[.;]\s|,?\s+(?:and|while|whereas|but)\s+(?=(?:the|that|in|[A-Z])\b)|:\s|\n")
_STATED = re.compile(
    r"^(?:explanation:\s*)?(?:the\s+)?(?P<what>[^=]{2,120}?)\s+(?:is|was|were|are|totaled|equals|=)\s+(?=[-\u2212(]?\s?[$€£S\d(])",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"\s*(?:[-+*/=\u2212\u00d7\u00f7]|(?:divided|times|multiplied|plus|minus|over)\b)")
_VERB = re.compile(r"\b(?:is|was|were|are|totaled|equals)\b|=")
_COMPUTED = re.compile(
    r"\b(?:change|changes|difference|average|percentage|percent|ratio|increase|decrease|growth|sum|proportion|combined|"
    r"more|less|than|rate of)\b",
    re.IGNORECASE,
)
_YEAR_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")


class Cells:
    """Look up what is said to stand in the table.

    What it does not check: labels in other words, periods other than years, and whether the cell is
    the one that the question needs.

    Examples:
        >>> from prmkit.types import Trajectory
        >>> table = {"columns": ["", "2019", "2018"], "rows": [["Rent", "62", "50"]]}
        >>> p = Problem("p", "Change in rent?", context={"table": table})
        >>> t = Trajectory.of_steps("t", "p", ["Rent in 2019 is $62.", "rent_2018 = 62"])
        >>> [f.verdict.value for f in Cells().check(p, t)]
        ['HOLDS', 'FAILS']
    """

    name = "finance/cells"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> Sequence[Finding]:
        """One finding per scored step."""
        given = material(problem)
        if given.table is None:
            return [silent("the problem gives no table")] * len(trajectory.scored)
        script = read_script(trajectory.text)
        out = []
        for index in trajectory.scored:
            step = trajectory.steps[index]
            if len(step.text) > MAX_TEXT:
                out.append(silent(f"longer than {MAX_TEXT} characters", Code.UNSUPPORTED))
                continue
            if script is not None:
                claims = list(_assigned(script, step, given.table))
            else:
                own = read_script(step.text)
                claims = list(_assigned(own, step, given.table, 0) if own else _said(step.text, given))
            out.append(conclude(claims, "names no cell of the table"))
        return out


def _clauses(text: str) -> Iterator[tuple[int, str]]:
    """Clauses with a verb of their own: a cut before one has been seen is no cut."""
    at = 0
    for found in _CLAUSE.finditer(text):
        if not found.group().strip(" ,").isalpha() or _VERB.search(text, at, found.start()):
            yield at, text[at : found.start()]
            at = found.end()
    yield at, text[at:]


def _said(text: str, given: Material) -> Iterator[Claim]:
    """Claims of sentences."""
    for offset, clause in _clauses(text):
        found = _STATED.match(clause)
        if found is None or _COMPUTED.search(found["what"]):
            continue
        named = years_of(found["what"]) | years_of(clause[found.end() + 1 :])
        stated = next(amounts(clause[found.end() :]), None)
        if stated is None or stated.start > 2 or stated.year or len(named) != 1:
            continue
        if _GOES_ON.match(clause, found.end() + stated.end):
            continue
        (year,) = named
        phrase = YEAR.sub(" ", found["what"])
        start, end = offset + found.end() + stated.start, offset + found.end() + stated.end
        claim = _judge(given.table, phrase, year, stated, start, end, given)
        if claim is not None:
            yield claim


def _assigned(script: Script, step: Step, table: Table, base: int | None = None) -> Iterator[Claim]:
    """Claims of assignments that lie in the step."""
    origin = step.start if base is None else 0
    for line in script.lines:
        if len({literal.path for literal in line.literals}) != len(line.literals):
            continue
        for literal in line.literals:
            start, end = literal.start - origin, literal.end - origin
            if 0 <= start < end <= len(step.text):
                claim = _literal(literal, table, start, end)
                if claim is not None:
                    yield claim


def _literal(literal: Literal, table: Table, start: int, end: int) -> Claim | None:
    path = " ".join(literal.path).replace("_", " ")
    years = [int(year) for year in _YEAR_IN_NAME.findall(path)]
    if len(set(years)) != 1 or _COMPUTED.search(path):
        return None
    phrase = _YEAR_IN_NAME.sub(" ", path)
    stated = Amount(literal.value, literal.decimals)
    return _judge(table, phrase, years[0], stated, start, end, None)


def _judge(
    table: Table | None, phrase: str, year: int, stated: Amount, start: int, end: int, given: Material | None
) -> Claim | None:
    if table is None:
        return None
    cells = find(table, phrase, year)
    cell = only(cells)
    if cell is None or (not words(phrase)):
        return None
    scale = given.scale if given is not None and given.scale_known else 1
    bare = (
        stated
        if given is not None and given.scale_known
        else Amount(stated.number, stated.decimals, 1, stated.unit)
    )
    match = compare(bare, cell.amount.value, scale=scale)
    where = f"{cell.label or 'the row'} of {year} is {written(cell.amount.number)}{cell.amount.unit}"
    if match is Match.SAME:
        return Claim(start, end, Verdict.HOLDS, f"{where}, as said")
    if bool(stated.unit) != bool(cell.amount.unit):
        return Claim(start, end, Verdict.UNKNOWN, f"{where}: percent against a bare number")
    if match in (Match.LAST_DIGIT, Match.SIGN) or (match.scale and given is None):
        return Claim(start, end, Verdict.UNKNOWN, f"{where}, said {written(stated.number)} ({match.value})")
    if abs(stated.number) in {abs(c.amount.value) for c in _same_row_and_year(table, cell, year)}:
        return Claim(
            start, end, Verdict.UNKNOWN, f"{where}, said {written(stated.number)}: another column of the year"
        )
    kind = match.value if match is not Match.VALUE else _kind(table, cell, stated)
    return Claim(start, end, Verdict.FAILS, f"{where}, said {written(stated.number)}{stated.unit} ({kind})")


def _same_row_and_year(table: Table, cell: Cell, year: int) -> list[Cell]:
    return [c for c in table.cells if c.row == cell.row and year in c.years and c.column != cell.column]


def _kind(table: Table, cell: Cell, stated: Amount) -> str:
    """Period: the amount of another column of the row; row: an amount of the table; extraction otherwise."""
    number = abs(stated.number)
    if any(c.row == cell.row and abs(c.amount.value) == number for c in table.cells):
        return "period"
    return "row" if any(abs(c.amount.value) == number for c in table.cells) else "extraction"
