"""Checks a second of the table tools on one core: schema, lineage, look-ups on SQLite and DuckDB, sentences.

Real queries and tables where ``PRMKIT_DATA`` has them, generated ones of the same make otherwise. Processor
time, medians of repeated passes; caches of parsed queries are emptied before each pass.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

from prmkit.errors import DataError
from prmkit.types import Sample
from prmkit_tables import plugin
from prmkit_tables.sql import duck, gate, resolve, sqlite
from prmkit_tables.sql.gate import GateError
from prmkit_tables.sql.run import run
from prmkit_tables.sql.schema import Schema, columns
from prmkit_tables.table import Table, table_of
from prmkit_tables.tasks import generate
from prmkit_tables.verifiers.computation import Computation
from prmkit_tables.verifiers.literals import Literals
from prmkit_tables.verifiers.question import Question
from prmkit_tables.verifiers.retrieval import Retrieval
from prmkit_tables.verifiers.sentence import Sentence

REPEATS = 5
LOOKUPS = 2_000
LIMIT = 2_500


def samples(name: str) -> list[Sample]:
    """Samples of a data set, or none where it is not at hand."""
    try:
        return [sample for sample, _ in zip(plugin.load(name), range(LIMIT), strict=False)]
    except DataError:
        return []


def queries() -> list[tuple[str, Schema, str]]:
    """Real queries with their schemas, or invented ones."""
    real = [
        (sample.trajectory.text, dict(sample.problem.context["schema"]), "text")
        for sample in samples("sql_create_context_sample")
    ]
    return real or [
        (
            f"SELECT max(kg) FROM t{n} WHERE name = 'n{n}' AND age > {n}",
            {f"t{n}": {"name": "", "kg": "", "age": ""}},
            "",
        )
        for n in range(1_000)
    ]


def tables() -> list[Table]:
    """Small real tables, or generated ones."""
    found = [table_of(sample.problem) for sample in samples("tabmwp_pot_outputs") or generate(1, LOOKUPS)]
    return [table for table in found if table is not None and len(table.columns) > 1][:LOOKUPS]


def rate(work: Callable[[], object], count: int) -> float:
    """Median checks a second over the repeats."""
    rates = []
    for _ in range(REPEATS):
        gate._admitted.cache_clear()
        resolve._resolved.cache_clear()
        begun = time.process_time()
        work()
        rates.append(count / (time.process_time() - begun))
    return round(statistics.median(rates))


def resolved(items: Sequence[tuple[str, Schema, str]]) -> int:
    """How many queries resolve."""
    good = 0
    for sql, schema, quotes in items:
        try:
            resolve.resolve(sql, schema, quotes=quotes)
        except GateError:
            continue
        good += 1
    return good


def lookups(small: Sequence[Table]) -> dict[str, float]:
    """Load a table and look one cell up: the engine alone, and with the gate before it."""
    asked = []
    for table in small:
        named = list(columns(table))
        key = str(table.rows[0][0]).replace("'", "''")
        asked.append(
            (table, f"SELECT `{named[1]}` FROM t WHERE `{named[0]}` = '{key}'", {"t": columns(table)})
        )
    same = {"t": {"a": "TEXT", "b": "TEXT"}}
    alike = [Table(("a", "b"), tuple(row[:2] for row in table.rows)) for table in small]
    return {
        "sqlite_engine": rate(lambda: [sqlite.run(sql, {"t": table}) for table, sql, _ in asked], len(asked)),
        "sqlite_with_gate": rate(
            lambda: [run(gate.admit(sql, schema), {"t": table}) for table, sql, schema in asked], len(asked)
        ),
        "sqlite_with_gate_one_query_many_tables": rate(
            lambda: [run(gate.admit("SELECT min(b) FROM t", same), {"t": table}) for table in alike],
            len(alike),
        ),
        "duckdb_engine": rate(
            lambda: [duck.execute(sql.replace("`", '"'), {"t": table}) for table, sql, _ in asked[:20]], 20
        ),
    }


def main() -> dict[str, object]:
    """All figures."""
    items, small = queries(), tables()
    figures: dict[str, object] = {
        "repeats": REPEATS,
        "unit": "checks per second of processor time, one core",
        "queries": len(items),
        "queries_resolved": resolved(items),
        "schema_and_lineage": rate(lambda: resolved(items), len(items)),
        "lookup_tables": len(small),
        **lookups(small),
    }
    programs = "tabmwp_pot_outputs"
    tools = (
        (Retrieval, ""),
        (Computation, ""),
        (Sentence, "tabfact_val"),
        (Literals, programs),
        (Question, programs),
    )
    for verifier, name in tools:
        found = (samples(name) if name else []) or list(generate(1, 500))
        steps = sum(len(sample.trajectory.steps) for sample in found)
        tool = verifier()
        figures[f"{tool.name} ({name or 'generated'})"] = rate(
            lambda tool=tool, found=found: [tool.check(s.problem, s.trajectory) for s in found],
            steps,  # type: ignore[misc]
        )
    return figures
