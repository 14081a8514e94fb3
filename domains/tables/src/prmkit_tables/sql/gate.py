"""The gate: one statement, a query, over known tables, with harmless functions only.

What passes is a tree that sqlglot read; engines get text written from that tree, never the model's own.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from prmkit_tables.sql.quotes import settle
from prmkit_tables.sql.schema import Schema

MAX_SQL = 8_000
"""Longer queries are refused, characters."""
MAX_DEPTH = 40
"""Deeper brackets are refused."""
MAX_NODES = 1_500
"""Larger trees are refused."""
MAX_TABLES = 8
"""Queries that read more tables (or one more often) are refused."""

Fault = Literal["syntax", "several", "not_a_query", "refused", "too_large", "table", "column", "unresolved"]
"""What is wrong: cannot be parsed; several statements; no query; a thing that is not let through; too large;
a table or column that is not there; names that sqlglot cannot resolve."""

_LISTED = (
    "And Or Xor Not Abs Avg Count CountIf Sum Min Max Round Upper Lower Length Trim Coalesce Nullif If Case"
    " Cast TryCast Substring Floor Ceil Sqrt Sign GroupConcat Concat Exists Nvl2 IsNull Like RowNumber Rank"
    " DenseRank StrPosition Stddev StddevPop StddevSamp Variance VariancePop Median Ln Exp Distinct Total"
    " ArrayAgg Greatest Least Lag Lead FirstValue LastValue Ntile PercentRank CumeDist Any"
)
_FUNCTIONS = frozenset(f"{_LISTED}".split())
_ANONYMOUS = frozenset({"TOTAL", "IFNULL", "INSTR", "LTRIM", "RTRIM", "TYPEOF", "IIF", "MEDIAN"})
_FORBIDDEN = (
    exp.DDL,
    exp.DML,
    exp.Command,
    exp.Into,
    exp.Lock,
    exp.Attach,
    exp.Detach,
    exp.Pragma,
    exp.Copy,
    exp.Set,
    exp.Use,
    exp.Transaction,
    exp.Commit,
    exp.Rollback,
    exp.Placeholder,
    exp.Parameter,
    exp.SessionParameter,
    exp.Lateral,
    exp.Unnest,
    exp.Kill,
    exp.Describe,
    exp.Analyze,
)
_QUERIES = (exp.Select, exp.SetOperation, exp.Subquery)


class GateError(Exception):
    """A query is not let through."""

    def __init__(self, fault: Fault, reason: str, name: str = "") -> None:
        super().__init__(reason)
        self.fault: Fault = fault
        self.reason = reason
        self.name = name
        """The table or column that is not there."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was let through."""

    tree: exp.Query = field(compare=False)
    dialect: str
    """The dialect it was read in: ``sqlite`` or ``duckdb``."""
    tables: tuple[str, ...]
    """Names of the tables it reads, as in the schema."""
    ordered: bool
    """Whether it orders its rows."""
    text: str
    """The query as text in its dialect, written from the tree, names quoted."""

    def sql(self, dialect: str = "") -> str:
        """The query as text, names quoted, for an engine."""
        if dialect in ("", self.dialect):
            return self.text
        return self.tree.sql(dialect=dialect, identify=True)


def admit(sql: str, schema: Schema, *, quotes: str = "") -> Query:
    """Let a query through.

    Args:
        sql: What a model wrote.
        schema: Tables that may be read.
        quotes: ``text`` where double quotes hold texts throughout.

    Raises:
        GateError: It is not one query, reads other tables, or calls a function that is not on the list.

    Examples:
        >>> admit("select max(kg) from t", {"t": {"kg": "NUMERIC"}}).sql()
        'SELECT MAX("kg") FROM "t"'
        >>> admit("attach 'x.db' as y", {"t": {"kg": "NUMERIC"}})
        Traceback (most recent call last):
            ...
        prmkit_tables.sql.gate.GateError: the statement is an ATTACH, not a query
    """
    return _admitted(sql, tuple((table, tuple(columns)) for table, columns in schema.items()), quotes)


@functools.lru_cache(maxsize=512)
def _admitted(sql: str, frozen: tuple[tuple[str, tuple[str, ...]], ...], quotes: str) -> Query:
    names = {name for table, columns in frozen for name in (table, *columns)}
    tree, dialect = _parsed(sql, names, quotes == "text")
    tables = _tables(tree, [table for table, _ in frozen])
    try:
        text = tree.sql(dialect=dialect, identify=True)
    except RecursionError as error:
        raise GateError("too_large", "too deep to be written out") from error
    return Query(tree, dialect, tables, _ordered(tree), text)


def _parsed(sql: str, names: Collection[str], texts_only: bool) -> tuple[exp.Query, str]:
    if len(sql) > MAX_SQL or _depth(sql) > MAX_DEPTH:
        raise GateError("too_large", f"longer than {MAX_SQL} characters or deeper than {MAX_DEPTH} brackets")
    if "\x00" in sql:
        raise GateError("refused", "the query holds a null character")
    settled = settle(sql.strip().rstrip(";").strip(), names=names, texts_only=texts_only)
    statements, dialect = _statements(settled)
    if len(statements) != 1:
        raise GateError("several", f"{len(statements)} statements, expected one")
    root = statements[0]
    if not isinstance(root, _QUERIES):
        raise GateError("not_a_query", f"the statement is an {root.key.upper()}, not a query")
    _harmless(root)
    return root, dialect


def _statements(sql: str) -> tuple[list[Any], str]:
    fault = ""
    for dialect in ("sqlite", "duckdb"):
        try:
            found = sqlglot.parse(sql, read=dialect)
        except (SqlglotError, RecursionError, ValueError, TypeError, AttributeError, IndexError) as error:
            fault = fault or " ".join(str(error).split())[:160]
            continue
        statements = [statement for statement in found if statement is not None]
        if statements and isinstance(statements[0], exp.Command) and dialect == "sqlite":
            continue
        return statements, dialect
    raise GateError("syntax", f"cannot be parsed: {fault or 'no known statement'}")


def _depth(sql: str) -> int:
    depth = deepest = 0
    for sign in sql:
        depth += (sign == "(") - (sign == ")")
        deepest = max(deepest, depth)
    return deepest


def _harmless(root: exp.Query) -> None:
    for count, node in enumerate(root.walk()):
        if count > MAX_NODES:
            raise GateError("too_large", f"a tree of more than {MAX_NODES} nodes")
        if isinstance(node, _FORBIDDEN):
            raise GateError("refused", f"{node.key.upper()} is not let through")
        if isinstance(node, exp.Anonymous):
            if node.name.upper() not in _ANONYMOUS:
                raise GateError("refused", f"the function {node.name[:40]!r} is not let through")
        elif isinstance(node, exp.Func) and type(node).__name__ not in _FUNCTIONS:
            raise GateError("refused", f"the function {type(node).__name__} is not let through")
        elif isinstance(node, exp.Table):
            _plain_table(node)
    if root.find(exp.Select) is None:
        raise GateError("not_a_query", "there is no SELECT")


def _plain_table(node: exp.Table) -> None:
    if not isinstance(node.this, exp.Identifier):
        raise GateError("refused", "a table function is not let through")
    if node.args.get("db") or node.args.get("catalog"):
        raise GateError("refused", f"{node.sql()[:60]} names a database")


def _tables(root: exp.Query, schema: Sequence[str]) -> tuple[str, ...]:
    known = {name.casefold(): name for name in schema}
    defined = {cte.alias.casefold() for cte in root.find_all(exp.CTE)}
    found = []
    for table in root.find_all(exp.Table):
        name = table.name.casefold()
        if name in known:
            found.append(known[name])
        elif name not in defined:
            if name.startswith(("sqlite_", "pragma_", "information_schema", "pg_", "duckdb_")):
                raise GateError("refused", f"{table.name!r} belongs to the engine")
            raise GateError("table", f"there is no table {table.name[:60]!r}", table.name)
        else:
            found.append("")
    if len(found) > MAX_TABLES:
        raise GateError("too_large", f"reads {len(found)} tables, at most {MAX_TABLES}")
    return tuple(name for name in found if name)


def _ordered(root: exp.Query) -> bool:
    inner = root.unnest() if isinstance(root, exp.Subquery) else root
    return inner.args.get("order") is not None
