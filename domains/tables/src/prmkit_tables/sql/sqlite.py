"""SQLite in memory, for many small tables: no file, no extension, no second statement, bounded work.

The gate has let the query through before it comes here; the engine does not rely on that. An authorizer
allows reading the tables at hand and calling listed functions, nothing else; SQLite's own limits bound
lengths and depths; a handler called every thousand instructions stops what runs too long or takes too
much memory. What is not held off is a fault in SQLite's own C code.
"""

from __future__ import annotations

import os
import resource
import sqlite3
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from prmkit_tables.cells import Cell, null, number
from prmkit_tables.sql.result import Ran, SqlLimits
from prmkit_tables.sql.schema import columns
from prmkit_tables.table import Table

ENGINE = f"sqlite {sqlite3.sqlite_version}"
_LISTED = (
    "abs avg coalesce count group_concat ifnull iif instr length like lower ltrim max min nullif round rtrim"
    " sign substr substring sum total trim typeof upper ceil ceiling floor sqrt ln exp row_number rank"
    " dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value likelihood"
)
FUNCTIONS = frozenset(f"{_LISTED}".split())
_EVERY = 1_000
_MEMORY_EVERY = 10
_LIMITS = {
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 20_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 400,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 20,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 50_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 30,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 200,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 0,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_DQS_DML, _DEFENSIVE = 1013, 1010
"""Numbers of SQLite's settings, which the module names from Python 3.12 on."""
_PAGE = os.sysconf("SC_PAGE_SIZE")
_STATM = Path("/proc/self/statm")


def run(sql: str, tables: Mapping[str, Table], limits: SqlLimits | None = None) -> Ran:
    """Load the tables, run one query, give its rows.

    Cells of a column of numbers are loaded as numbers, all others as text, absent ones as NULL.

    Examples:
        >>> run("SELECT max(kg) FROM t", {"t": Table(("name", "kg"), (("ann", "3"), ("bob", "12")))}).rows
        ((12,),)
    """
    limits = limits or SqlLimits()
    connection = sqlite3.connect(":memory:", isolation_level=None, cached_statements=0)
    try:
        _load(connection, tables)
        _lock(connection, {name.casefold() for name in tables}, limits)
        return _answer(connection, sql, limits)
    except (sqlite3.Error, OverflowError) as error:
        return Ran("error", reason=f"{error!s:.160}", engine=ENGINE)
    finally:
        connection.close()


def _load(connection: sqlite3.Connection, tables: Mapping[str, Table]) -> None:
    connection.execute("PRAGMA temp_store = MEMORY")
    for name, table in tables.items():
        kinds = columns(table)
        inside = ", ".join(f"{_quoted(column)} {kind}" for column, kind in kinds.items())
        connection.execute(f"CREATE TABLE {_quoted(name)} ({inside})")
        numeric = [kind == "NUMERIC" for kind in kinds.values()]
        marks = ", ".join("?" * len(numeric))
        connection.executemany(
            f"INSERT INTO {_quoted(name)} VALUES ({marks})",
            (
                [_stored(cell, as_number) for cell, as_number in zip(row, numeric, strict=True)]
                for row in table.rows
            ),
        )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""').replace("\x00", "") + '"'


def _stored(cell: Cell, numeric: bool) -> Cell:
    if null(cell):
        return None
    if not numeric:
        return str(cell)
    value = number(cell)
    if value is None:
        return None
    whole = value.denominator == 1 and abs(value.numerator) < 2**63
    return value.numerator if whole else float(value)


def _lock(connection: sqlite3.Connection, known: set[str], limits: SqlLimits) -> None:
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, limits.text)
    for limit, value in _LIMITS.items():
        connection.setlimit(limit, value)
    if hasattr(connection, "setconfig"):  # Python 3.12: a name in double quotes is never a text
        connection.setconfig(_DQS_DML, False)
        connection.setconfig(_DEFENSIVE, True)
    connection.set_authorizer(_authorizer(known))
    connection.set_progress_handler(_handler(limits), _EVERY)


def _authorizer(known: set[str]) -> Callable[..., int]:
    def allow(
        action: int, first: str | None, second: str | None, database: str | None, trigger: str | None
    ) -> int:
        del database, trigger
        if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE):
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ and not (first or "").casefold().startswith("sqlite_"):
            return sqlite3.SQLITE_OK if not first or first.casefold() in known else sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_FUNCTION and (second or "").casefold() in FUNCTIONS:
            return sqlite3.SQLITE_OK
        return sqlite3.SQLITE_DENY

    return allow


def _handler(limits: SqlLimits) -> Callable[[], int]:
    begun, calls, before = time.monotonic(), 0, 0

    def stop() -> int:
        nonlocal calls, before
        calls += 1
        if calls % _MEMORY_EVERY == 1:
            now = resident()
            before = before or now
            if now - before > limits.memory:
                return 1
        return int(calls * _EVERY > limits.instructions or time.monotonic() - begun > limits.seconds)

    return stop


def resident() -> int:
    """Bytes of memory the process holds; its highest mark where the system does not say."""
    try:
        return int(_STATM.read_text(encoding="ascii").split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _answer(connection: sqlite3.Connection, sql: str, limits: SqlLimits) -> Ran:
    try:
        cursor = connection.execute(sql)
        rows = cursor.fetchmany(limits.rows + 1)
    except sqlite3.Warning as error:
        return Ran("refused", reason=f"{error!s:.160}", engine=ENGINE)
    except MemoryError:
        return Ran("stopped", reason="out of memory", engine=ENGINE)
    except sqlite3.Error as error:
        return _failed(error)
    if cursor.description is None:
        return Ran("refused", reason="the statement is no query", engine=ENGINE)
    if len(rows) > limits.rows:
        return Ran("stopped", reason=f"more than {limits.rows} rows", engine=ENGINE)
    names = tuple(str(column[0]) for column in cursor.description)
    kept = tuple(tuple(cell if not isinstance(cell, bytes) else cell.hex() for cell in row) for row in rows)
    return Ran("ok", names, kept, engine=ENGINE)


def _failed(error: sqlite3.Error) -> Ran:
    code = getattr(error, "sqlite_errorname", "") or ""
    words = f"{error!s:.160}"
    if code.startswith(("SQLITE_INTERRUPT", "SQLITE_NOMEM", "SQLITE_TOOBIG", "SQLITE_FULL")):
        return Ran("stopped", reason=words, engine=ENGINE)
    denied = code.startswith("SQLITE_AUTH") or "prohibited" in words or "not authorized" in words
    denied = denied or "one statement" in words
    return Ran("refused" if denied else "error", reason=words, engine=ENGINE)
