"""DuckDB in memory, locked down, for queries that only its dialect can say.

No file, no network, no extension; settings are locked; memory and threads are bounded; a timer interrupts.
DuckDB has no authorizer: it still knows statements that change the private database or read settings, which
is why only what the gate let through comes here (:func:`run` asks for it).
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Mapping
from typing import Any

from prmkit_tables.cells import Cell, null, number
from prmkit_tables.sql.gate import Query
from prmkit_tables.sql.result import Ran, SqlLimits
from prmkit_tables.sql.schema import columns
from prmkit_tables.table import Table

ENGINE = "duckdb"


def run(query: Query, tables: Mapping[str, Table], limits: SqlLimits | None = None) -> Ran:
    """Load the tables, run one query that the gate let through, give its rows."""
    return execute(query.sql("duckdb"), tables, limits)


def execute(sql: str, tables: Mapping[str, Table], limits: SqlLimits | None = None) -> Ran:
    """As :func:`run`, for text: only for tests of the lock itself."""
    limits = limits or SqlLimits()
    duckdb: Any = importlib.import_module("duckdb")
    connection = duckdb.connect(
        ":memory:",
        config={
            "enable_external_access": False,
            "threads": 1,
            "memory_limit": f"{limits.memory >> 20}MB",
            "max_temp_directory_size": "0MB",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        },
    )
    timer = threading.Timer(limits.seconds, connection.interrupt)
    timer.daemon = True
    try:
        _load(connection, tables)
        connection.execute("SET lock_configuration = true")
        timer.start()
        return _answer(connection, sql, limits)
    except duckdb.InterruptException:
        return Ran("stopped", reason=f"no end within {limits.seconds:g} s", engine=ENGINE)
    except duckdb.OutOfMemoryException as error:
        return Ran("stopped", reason=f"{error!s:.160}", engine=ENGINE)
    except (duckdb.PermissionException, duckdb.InvalidInputException) as error:
        return Ran("refused", reason=f"{error!s:.160}", engine=ENGINE)
    except (duckdb.Error, RuntimeError, UnicodeError, OverflowError) as error:
        return Ran("error", reason=f"{error!s:.160}", engine=ENGINE)
    finally:
        timer.cancel()
        connection.close()


def _load(connection: Any, tables: Mapping[str, Table]) -> None:
    for name, table in tables.items():
        kinds = columns(table)
        types = {"NUMERIC": "DOUBLE", "TEXT": "VARCHAR"}
        inside = ", ".join(f"{_quoted(column)} {types[kind]}" for column, kind in kinds.items())
        connection.execute(f"CREATE TABLE {_quoted(name)} ({inside})")
        numeric = [kind == "NUMERIC" for kind in kinds.values()]
        rows = [[_stored(cell, n) for cell, n in zip(row, numeric, strict=True)] for row in table.rows]
        if rows:
            marks = ", ".join("?" * len(numeric))
            connection.executemany(f"INSERT INTO {_quoted(name)} VALUES ({marks})", rows)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""').replace("\x00", "") + '"'


def _stored(cell: Cell, numeric: bool) -> Cell:
    if null(cell):
        return None
    value = number(cell) if numeric else None
    return str(cell) if value is None else float(value)


def _answer(connection: Any, sql: str, limits: SqlLimits) -> Ran:
    found = connection.execute(sql)
    rows = found.fetchmany(limits.rows + 1)
    if len(rows) > limits.rows:
        return Ran("stopped", reason=f"more than {limits.rows} rows", engine=ENGINE)
    names = tuple(str(column[0]) for column in found.description or ())
    return Ran("ok", names, tuple(tuple(map(_plain, row)) for row in rows), engine=ENGINE)


def _plain(cell: Any) -> Cell:
    return cell if cell is None or isinstance(cell, (str, int, float)) else str(cell)
