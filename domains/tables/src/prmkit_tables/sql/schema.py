"""Schemas: tables with their columns and types, from CREATE TABLE statements or from tables themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping

from prmkit.errors import RecordError
from prmkit.types import Json, Problem
from prmkit_tables.cells import null, number
from prmkit_tables.table import Table, tables_of

Schema = dict[str, dict[str, str]]
"""Table → column → type in capital letters."""

MAX_DDL = 100_000
"""Longer statements are not read, characters."""
_CREATE = re.compile(
    r"CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(?P<name>[`\"\[]?[\w. -]{1,100}?[`\"\]]?)\s*\(", re.IGNORECASE
)
_FROM = re.compile(r"\bfrom\s+[`\"\[]?([A-Za-z_][\w ]{0,60}?)[`\"\]]?(?=[\s;,)]|$)", re.IGNORECASE)
_ENGINES = ("sqlite_", "pragma_", "information_schema", "pg_", "duckdb_")
_NOT_COLUMNS = frozenset({"PRIMARY", "FOREIGN", "UNIQUE", "CHECK", "CONSTRAINT", "KEY", "INDEX"})
_COLUMN = re.compile(r"\s*(?P<name>`[^`]+`|\"[^\"]+\"|\[[^\]]+\]|[^\s,()]+)\s*(?P<type>[^\s,(]*)")


class SchemaError(RecordError):
    """A schema cannot be read."""


def read_ddl(text: str) -> Schema:
    """The tables that CREATE TABLE statements describe.

    Raises:
        SchemaError: There is no such statement, one has no end, or a table has no column.

    Examples:
        >>> read_ddl("CREATE TABLE pens (colour VARCHAR, `net price` INTEGER, PRIMARY KEY (colour))")
        {'pens': {'colour': 'VARCHAR', 'net price': 'INTEGER'}}
    """
    found: Schema = {}
    if len(text) > MAX_DDL:
        raise SchemaError(f"longer than {MAX_DDL} characters", do="shorten the statements")
    for create in _CREATE.finditer(text):
        columns: dict[str, str] = {}
        for part in _parts(text, create.end()):
            column = _COLUMN.match(part)
            if column and column["name"].upper() not in _NOT_COLUMNS:
                columns[_bare(column["name"])] = column["type"].upper()
        if not columns:
            raise SchemaError(f"table {create['name']!r} has no column", do="name its columns")
        # A set may spread one table over several statements.
        found.setdefault(_bare(create["name"]), {}).update(columns)
    if not found:
        raise SchemaError("no CREATE TABLE statement", do="write CREATE TABLE name (column TYPE, ...)")
    return found


def _parts(text: str, at: int) -> list[str]:
    """What stands between the commas up to the closing bracket."""
    depth, start, parts = 0, at, []
    for place in range(at, len(text)):
        sign = text[place]
        if sign == "(":
            depth += 1
        elif sign == ")" and depth:
            depth -= 1
        elif sign in ",)" and not depth:
            parts.append(text[start:place])
            start = place + 1
            if sign == ")":
                return parts
    raise SchemaError("a CREATE TABLE statement has no end", do="close its bracket")


def _bare(name: str) -> str:
    return name.strip().strip('`"[]')


def schema_of(problem: Problem) -> Schema:
    """The problem's schema: given as such, as its tables, or as CREATE TABLE statements in its text.

    Empty when there is none.

    Raises:
        TableError: The context holds a malformed table.
        SchemaError: The context holds a malformed schema.
    """
    given = problem.context.get("schema")
    if isinstance(given, Mapping):
        return _given(given)
    if tables := tables_of(problem):
        return {name: columns(table) for name, table in tables.items()}
    if _CREATE.search(problem.text[:MAX_DDL]):
        try:
            return read_ddl(problem.text)
        except SchemaError:
            return {}
    return {}


def _given(value: Mapping[str, Json]) -> Schema:
    schema: Schema = {}
    for table, names in value.items():
        if not isinstance(names, Mapping) or not names:
            raise SchemaError(
                f"table {table!r} of the schema has no columns",
                do='write {"table": {"column": "TYPE"}}',
                field="schema",
            )
        schema[str(table)] = {str(name): str(type) for name, type in names.items()}
    return schema


def called(sql: str, name: str, *, given: bool) -> str:
    """What a query calls the problem's only table: the first name after FROM where it has none of its own.

    Args:
        sql: The query.
        name: The table's name, or what stands for it.
        given: Whether the problem gives that name.

    Examples:
        >>> called("SELECT a FROM df", "t", given=False), called("SELECT a FROM df", "pens", given=True)
        ('df', 'pens')
    """
    found = None if given else _FROM.search(sql)
    if not found or found[1].lower().startswith(_ENGINES):
        return name
    return found[1].strip()


def columns(table: Table) -> dict[str, str]:
    """SQL names of the table's columns, with ``NUMERIC`` where every cell that is there is a number.

    Nameless columns are called ``column_1`` and so on, repeated names get a number.

    Examples:
        >>> columns(Table(("a", "A", ""), (("1", "x", None), ("2,000", "y", None))))
        {'a': 'NUMERIC', 'A_2': 'TEXT', 'column_3': 'TEXT'}
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for at, given in enumerate(table.columns):
        name = " ".join(given.replace("`", "").split()) or f"column_{at + 1}"
        base, again = name, 2
        while name.casefold() in taken:
            name, again = f"{base}_{again}", again + 1
        taken.add(name.casefold())
        cells = [cell for cell in table.cells(at) if not null(cell)]
        numeric = bool(cells) and all(number(cell) is not None for cell in cells)
        found[name] = "NUMERIC" if numeric else "TEXT"
    return found
