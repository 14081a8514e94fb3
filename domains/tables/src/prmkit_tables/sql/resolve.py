"""Resolving a query against a schema: which columns it reads, and which are not there.

A plain query (one table, no subquery) is resolved here; sqlglot's ``qualify`` and ``lineage`` do the others.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import lineage
from sqlglot.optimizer.qualify import qualify

from prmkit_tables.cells import plain
from prmkit_tables.sql.gate import GateError, Query, admit
from prmkit_tables.sql.schema import Schema


@dataclass(frozen=True, slots=True)
class Resolved:
    """A query whose every name is in the schema."""

    query: Query
    lineage: Mapping[str, tuple[str, ...]]
    """Result column → ``table.column`` it is made from, sorted."""
    columns: tuple[str, ...]
    """``table.column`` of everything the query reads, sorted."""


def resolve(sql: str, schema: Schema, *, quotes: str = "") -> Resolved:
    """Read and resolve a query.

    Raises:
        GateError: It is not let through by :func:`prmkit_tables.sql.gate.admit`; ``fault`` is
            ``column`` where it names a column that no table has, ``unresolved`` where sqlglot cannot place
            a name.

    Examples:
        >>> found = resolve("SELECT sum(kg) AS heavy FROM t WHERE year = 2001", {"t": {"kg": "", "year": ""}})
        >>> dict(found.lineage), found.columns
        ({'heavy': ('t.kg',)}, ('t.kg', 't.year'))
    """
    return _resolved(sql, tuple((table, tuple(columns)) for table, columns in schema.items()), quotes)


@functools.lru_cache(maxsize=512)
def _resolved(sql: str, frozen: tuple[tuple[str, tuple[str, ...]], ...], quotes: str) -> Resolved:
    schema = {table: dict.fromkeys(columns, "TEXT") for table, columns in frozen}
    query = admit(sql, schema, quotes=quotes)
    _known(query, schema)
    if _is_plain(query):
        return _plain(query, schema)
    return _qualified(query, schema)


def _known(query: Query, schema: Schema) -> None:
    """Refuse a column that no table, alias or common table has."""
    known = {column.casefold() for columns in schema.values() for column in columns}
    known |= {alias.alias.casefold() for alias in query.tree.find_all(exp.Alias)}
    known |= {
        column.name.casefold() for alias in query.tree.find_all(exp.TableAlias) for column in alias.columns
    }
    known.add("rowid")
    for column in query.tree.find_all(exp.Column):
        if isinstance(column.this, exp.Star) or column.name.casefold() in known:
            continue
        near = next((name for name in sorted(known) if plain(name) == plain(column.name)), "")
        if near:
            raise GateError(
                "unresolved", f"{column.name[:60]!r} is spelt {near!r} in the schema", column.name
            )
        raise GateError("column", f"there is no column {column.name[:60]!r}", column.name)


def _is_plain(query: Query) -> bool:
    tree = query.tree
    if not isinstance(tree, exp.Select) or len(query.tables) != 1 or tree.args.get("with_"):
        return False
    return next(tree.find_all(exp.Subquery, exp.SetOperation), None) is None and (
        sum(1 for _ in tree.find_all(exp.Select)) == 1
    )


def _plain(query: Query, schema: Schema) -> Resolved:
    table = query.tables[0]
    columns = {name.casefold(): name for name in schema[table]}
    source = query.tree.find(exp.Table)
    owner = {table.casefold(), source.alias_or_name.casefold() if source else ""}
    aliases = {alias.alias.casefold() for alias in query.tree.find_all(exp.Alias)}
    read: set[str] = set()
    for column in query.tree.find_all(exp.Column):
        name = column.name.casefold()
        if column.table and column.table.casefold() not in owner:
            raise GateError(
                "unresolved", f"there is no table {column.table[:60]!r} in the query", column.table
            )
        if name in columns:
            read.add(f"{table}.{columns[name]}")
        elif column.table or name not in aliases | {"rowid"}:
            raise GateError("column", f"table {table!r} has no column {column.name[:60]!r}", column.name)
    if query.tree.find(exp.Star) and any(
        isinstance(part, exp.Star) or (isinstance(part, exp.Column) and isinstance(part.this, exp.Star))
        for part in query.tree.expressions
    ):
        read |= {f"{table}.{name}" for name in columns.values()}
    made = {}
    for at, part in enumerate(query.tree.expressions):
        sources = {
            f"{table}.{columns[c.name.casefold()]}"
            for c in part.find_all(exp.Column)
            if c.name.casefold() in columns
        }
        made[part.alias_or_name or f"_{at}"] = tuple(sorted(sources))
    return Resolved(query, made, tuple(sorted(read)))


def _qualified(query: Query, schema: Schema) -> Resolved:
    try:
        tree = qualify(
            query.tree.copy(),
            dialect=query.dialect,
            schema=_small(schema),
            quote_identifiers=True,
            validate_qualify_columns=True,
        )
    except (SqlglotError, RecursionError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise GateError("unresolved", " ".join(str(error).split())[:160]) from error
    real = {table.casefold(): table for table in schema}
    owners: dict[str, str] = {}
    for source in tree.find_all(exp.Table):
        if source.name.casefold() in real:
            owners[source.alias_or_name] = real[source.name.casefold()]
    read = {
        f"{owners[column.table]}.{column.name}"
        for column in tree.find_all(exp.Column)
        if column.table in owners
    }
    return Resolved(query, _lineage(tree, schema, query.dialect), tuple(sorted(read)))


def _lineage(tree: exp.Query, schema: Schema, dialect: str) -> dict[str, tuple[str, ...]]:
    made: dict[str, tuple[str, ...]] = {}
    for name in tree.named_selects:
        try:
            root = lineage(name, tree.copy(), schema=_small(schema), dialect=dialect)
        except (SqlglotError, RecursionError, ValueError, KeyError, AttributeError, TypeError):
            continue
        leaves = {
            f"{node.source.name}.{node.name.rpartition('.')[2].strip(chr(34))}"
            for node in root.walk()
            if isinstance(node.source, exp.Table)
        }
        made[name] = tuple(sorted(leaves))
    return made


def _small(schema: Schema) -> dict[str, object]:
    """The schema with names in small letters: sqlglot compares them so."""
    return {
        table.lower(): {column.lower(): kind or "TEXT" for column, kind in columns.items()}
        for table, columns in schema.items()
    }
