"""Run a query on the engine that fits: SQLite where it can, DuckDB where only its dialect will do."""

from __future__ import annotations

from collections.abc import Mapping

from prmkit_tables.sql import duck, sqlite
from prmkit_tables.sql.gate import Query
from prmkit_tables.sql.result import Ran, SqlLimits
from prmkit_tables.table import Table


def run(query: Query, tables: Mapping[str, Table], limits: SqlLimits | None = None) -> Ran:
    """Rows of a query that the gate let through.

    Examples:
        >>> from prmkit_tables.sql.gate import admit
        >>> pens = Table(("colour", "price"), (("red", "3"), ("blue", "5")))
        >>> run(admit("SELECT sum(price) FROM t", {"t": {"colour": "", "price": ""}}), {"t": pens}).rows
        ((8,),)
    """
    needed = {name: tables[name] for name in tables if name in query.tables}
    if query.dialect == "duckdb":
        return duck.run(query, needed, limits)
    return sqlite.run(query.sql("sqlite"), needed, limits)
