"""The verifier ``tables/program``: Python and pandas programs, run in the sandbox.

The steps of a program are put together and run with ``df`` (the table, as a DataFrame) and ``table``
(columns and rows) at hand. The value is that of the last expression, or of ``ans``, ``answer`` or ``result``;
it is compared with the answer that the trajectory states. The finding is on the last step of the program.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from prmkit.contracts import Finding
from prmkit.errors import MissingToolError, RecordError, SandboxRefusedError
from prmkit.segment import fences
from prmkit.types import Code, Json, Problem, Scope, Trajectory, Verdict
from prmkit.verify.sandbox import Limits, Result, shared_pool
from prmkit_tables.cells import number, written
from prmkit_tables.equality import same_multiset, split_answer
from prmkit_tables.sql.schema import columns as sql_columns
from prmkit_tables.table import Table, table_of
from prmkit_tables.verifiers.findings import unknown

LIMITS = Limits(seconds=5.0, memory=512 << 20)
MAX_PROGRAM = 20_000
"""Longer programs are not run, characters."""
_FENCE = re.compile(r"[ \t]*(?:`{3,}|~{3,})[ \t]*(?:python|py|pandas)?[^\S\n]*\n", re.IGNORECASE)
_NAMES = ("ans", "answer", "result")
_FRAME = """
import pandas as _pandas
df = _pandas.DataFrame([dict(zip(range(len(table["columns"])), row)) for row in table["rows"]])
df.columns = table["columns"]
for _at, _numeric in enumerate(numeric):
    if _numeric:
        _texts = df.iloc[:, _at].astype(str).str.replace(r"[$,%]", "", regex=True)
        df.isetitem(_at, _pandas.to_numeric(_texts, errors="coerce"))
"""
_VALUE = """
_found = {name}
_found = _found.item() if hasattr(_found, "item") and getattr(_found, "size", 1) == 1 else _found
_found = list(_found) if hasattr(_found, "__iter__") and not isinstance(_found, (str, dict)) else _found
_found if _found is None or isinstance(_found, (str, int, float, list)) else str(_found)
"""


class Program(NamedTuple):
    """A program in a trajectory."""

    code: str
    last: int
    """Index of its last step."""
    name: str
    """Where its value is found; empty when it has none."""


class RunProgram:
    """Run the trajectory's program and compare its value with the stated answer.

    What it does not check: whether the program computes what was asked.
    """

    name = "tables/program"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        findings = [unknown("holds no end of a program")] * len(trajectory.scored)
        program = read_program(trajectory)
        if program is None or program.last not in trajectory.scored:
            return findings
        findings[trajectory.scored.index(program.last)] = _judge(problem, trajectory, program)
        return findings


def read_program(trajectory: Trajectory) -> Program | None:
    """The program of a trajectory: its code blocks, or all of its steps where they are Python as a whole."""
    blocks = [(index, code) for index in trajectory.scored for code in _blocks(trajectory.steps[index].text)]
    if blocks:
        code, last = "\n".join(code for _, code in blocks), blocks[-1][0]
    elif trajectory.scored:
        code, last = "\n".join(trajectory.steps[i].text for i in trajectory.scored), trajectory.scored[-1]
    else:
        return None
    name = result_name(code)
    return Program(code, last, name) if name else None


def _blocks(text: str) -> list[str]:
    found = []
    for start, end in fences(text):
        head = _FENCE.match(text, start)
        if head:
            found.append(text[head.end() : end].rstrip().rstrip("`~"))
    return found


def result_name(code: str) -> str:
    r"""The name that holds the program's value; empty when the text is no such program.

    Examples:
        >>> result_name("a = 3\nans = a + 1"), result_name("We add: a = 3"), result_name("a = 3\na")
        ('ans', '', '_last')
    """
    if len(code) > MAX_PROGRAM or ("=" not in code and "(" not in code):
        return ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    stored = {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    found = next((name for name in _NAMES if name in stored), "")
    if not found and stored and tree.body and isinstance(tree.body[-1], ast.Expr):
        return "_last"
    return found


def job(program: Program, table: Table | None) -> tuple[str, dict[str, Json], tuple[str, ...]]:
    """Code, inputs and imports for the sandbox."""
    inputs: dict[str, Json] = {}
    head = ""
    pandas = re.search(r"\bdf\b|\bpandas\b|\bpd\.", program.code) is not None
    if table is not None:
        inputs["table"] = {"columns": list(table.columns), "rows": [list(row) for row in table.rows]}
        if pandas:
            inputs["numeric"] = [kind == "NUMERIC" for kind in sql_columns(table).values()]
            head = _FRAME
    code = program.code
    if program.name == "_last":
        cut = code.rstrip().rfind("\n") + 1
        code = f"{code[:cut]}_last = {code[cut:].strip()}" if not code[cut:].startswith((" ", ")")) else code
    return head + code + "\n" + _VALUE.format(name=program.name), inputs, ("pandas",) if pandas else ()


def execute(program: Program, table: Table | None) -> Result:
    """Run a program in the sandbox.

    Raises:
        SandboxRefusedError: No safe place to run it exists.
        MissingToolError: It needs pandas, which is not installed.
    """
    code, inputs, imports = job(program, table)
    return shared_pool(imports).run(code, inputs, LIMITS)


def _judge(problem: Problem, trajectory: Trajectory, program: Program) -> Finding:
    try:
        table = table_of(problem)
    except RecordError as error:
        return unknown(f"the table cannot be read: {error.message}", Code.UNSUPPORTED)
    try:
        ran = execute(program, table)
    except (SandboxRefusedError, MissingToolError) as error:
        return unknown(f"needs a sandbox: {error.message} ({error.do})"[:300], Code.MISSING_TOOL)
    return compare(ran, trajectory.final_answer)


def compare(ran: Result, stated: str | None) -> Finding:
    """What a run says of the stated answer."""
    detail: Mapping[str, Json] = {"backend": ran.backend, "status": ran.status}
    if ran.status == "timeout":
        return Finding(Verdict.UNKNOWN, f"no end within {LIMITS.seconds:g} s", Code.TIMEOUT, detail=detail)
    if ran.status == "error":
        if stated is None:
            return Finding(Verdict.FAILS, f"the program raises {ran.exception!s:.120}", detail=detail)
        return Finding(Verdict.UNKNOWN, f"raises {ran.exception!s:.120}", Code.UNSUPPORTED, detail=detail)
    if ran.status != "ok":
        return Finding(
            Verdict.UNKNOWN, f"{ran.status}: {ran.exception!s:.120}", Code.UNSUPPORTED, detail=detail
        )
    given: Sequence[Json] = ran.value if isinstance(ran.value, list) else [ran.value]
    values = [value for value in given if value is None or isinstance(value, (str, int, float))]
    said = " | ".join(map(written, values))[:120]
    if stated is None or len(values) != len(given):
        return Finding(Verdict.UNKNOWN, f"the program gives {said}", Code.NOT_APPLICABLE, detail=detail)
    same = same_multiset(values, split_answer(stated, len(values)))
    if same:
        return Finding(Verdict.HOLDS, f"the program gives {said}", detail=detail)
    sure = len(values) == 1 and (number(values[0]) is None) == (number(stated) is None)
    if same is False and sure:
        return Finding(Verdict.FAILS, f"the program gives {said}, not {stated[:60]}", detail=detail)
    return Finding(Verdict.UNKNOWN, f"the program gives {said}", Code.UNSUPPORTED, detail=detail)
