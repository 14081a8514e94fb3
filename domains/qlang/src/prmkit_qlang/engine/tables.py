"""Tables as values: making them, their columns and keys, what they are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from prmkit_qlang.engine.columns import is_column, names_of, nulls, spread
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.types import CHAR, LETTERS, LONG
from prmkit_qlang.engine.values import (
    Dict,
    Enum,
    Fn,
    List,
    Table,
    Value,
    Vec,
    column,
    count,
    enlist,
    enum_domain,
    items,
    syms,
)

# ---------------------------------------------------------------- making tables


def extend(values: Sequence[Value]) -> list[Value]:
    """Columns of one length: atoms are repeated.

    Raises:
        QError: ``length`` for columns of different length, ``rank`` where all are atoms.
    """
    lengths = {count(x) for x in values if is_column(x)}
    if len(lengths) > 1:
        raise QError("length")
    if not lengths:
        if values:
            raise QError("rank")
        return []
    n = lengths.pop()
    return [spread(x, n) for x in values]


def result_columns(values: Sequence[Value]) -> list[Value]:
    """Columns of a query: atoms are repeated; where all are atoms they make one row.

    Raises:
        QError: ``length`` for columns of different length.
    """
    if not any(map(is_column, values)):
        return [List([x]) if isinstance(x, Fn | Dict) else enlist(x) for x in values]
    return extend(values)


def flip_dict(d: Dict) -> Table:
    """The table of a dictionary of columns.

    Raises:
        QError: ``type`` where the keys are no symbols, ``length`` for columns of different length, ``rank``
            where all are atoms.
    """
    if isinstance(d.k, Table):
        raise QError("nyi")
    return Table(names_of(d.k), extend(items(d.w)))


def flip_table(t: Table) -> Dict:
    """The dictionary of the columns of a table."""
    return Dict(syms(t.cols), List(list(t.data)))


# ---------------------------------------------------------------- keys


def table_of(x: Value) -> Table:
    """A table without its keys.

    Raises:
        QError: ``type`` for what is no table.
    """
    if isinstance(x, Table):
        return x
    if isinstance(x, Dict) and isinstance(x.k, Table) and isinstance(x.w, Table):
        return Table([*x.k.cols, *x.w.cols], [*x.k.data, *x.w.data])
    raise QError("type")


def key_count(x: Value) -> int:
    """Number of key columns."""
    return len(x.k.cols) if isinstance(x, Dict) and isinstance(x.k, Table) else 0


def enkey(n: int, t: Value) -> Value:
    """The first n columns of a table as its key (``n!t``); 0 takes the keys away.

    Raises:
        QError: ``type`` for what is no table, ``length`` for more keys than columns.
    """
    table = table_of(t)
    if n < 0 or n >= max(1, len(table.cols)):
        raise QError("length")
    if n == 0:
        return table
    return Dict(Table(table.cols[:n], table.data[:n]), Table(table.cols[n:], table.data[n:]))


def unkey(t: Value) -> Table:
    """A table without its keys (``0!t``).

    Raises:
        QError: ``type`` for what is no table.
    """
    return table_of(t)


def cols(t: Value) -> Vec:
    """Names of all columns, those of the key first.

    Raises:
        QError: ``type`` for what is no table.
    """
    return syms(table_of(t).cols)


def keys(t: Value) -> Vec:
    """Names of the key columns.

    Raises:
        QError: ``type`` for what is no table.
    """
    return syms(table_of(t).cols[: key_count(t)])


def xkey(x: Value, t: Value) -> Value:
    """A table with named columns as its key.

    Raises:
        QError: ``type`` for what is no table, the name of a column that is not there.
    """
    table, names = table_of(t), names_of(x)
    return enkey(len(names), _reordered(names, table))


def _reordered(names: Sequence[str], t: Table) -> Table:
    """A table with named columns first."""
    rest = [c for c in t.cols if c not in names]
    order = [*names, *rest]
    return Table(order, [column(t, c) for c in order])


def xcol(x: Value, t: Value) -> Value:
    """A table with its first columns renamed, or those that a dictionary names.

    Raises:
        QError: ``type`` for what is no table, ``length`` for too many names or columns that are not there.
    """
    table, n = table_of(t), key_count(t)
    fresh = list(table.cols)
    if isinstance(x, Dict):
        old, new = names_of(x.k), names_of(x.w)
        if not set(old) <= set(table.cols):
            raise QError("length")
        for a, b in zip(old, new, strict=True):
            fresh[table.cols.index(a)] = b
    else:
        new = names_of(x)
        if len(new) > len(fresh):
            raise QError("length")
        fresh[: len(new)] = new
    return enkey(n, Table(fresh, table.data))


def xcols(x: Value, t: Value) -> Table:
    """A simple table with named columns first.

    Raises:
        QError: ``type`` for what is no simple table, the name of a column that is not there.
    """
    if not isinstance(t, Table):
        raise QError("type")
    return _reordered(names_of(x), t)


def on_table(f: Callable[[Table], Value], t: Value) -> Value:
    """Apply to a table without its keys, and give the keys back (``.Q.ft``)."""
    made = f(table_of(t))
    return enkey(key_count(t), made) if isinstance(made, Table) else made


# ---------------------------------------------------------------- what a table is made of


def letter(x: Value) -> str:
    """Type of a column as ``meta`` shows it: capital for lists of vectors, blank for mixed lists."""
    if isinstance(x, Enum):
        domain = enum_domain(x.target)
        return LETTERS.get(domain.t, "j") if isinstance(domain, Vec) else LETTERS[LONG]
    if isinstance(x, Vec):
        return LETTERS[x.t]
    if isinstance(x, List) and x.v and isinstance(x.v[0], Vec):
        return letter(x.v[0]).upper()
    return " "


def foreign(x: Value) -> str:
    """Name of the table that a column points into, empty where it is no foreign key."""
    return x.domain if isinstance(x, Enum) and isinstance(x.target, Dict | Table) else ""


def meta(t: Value) -> Dict:
    """Columns of a table: name; type, foreign key and attribute.

    Raises:
        QError: ``type`` for what is no table.
    """
    table = table_of(t)
    types = np.array([ord(letter(x)) for x in table.data], dtype=np.uint8)
    attrs = [x.attr if isinstance(x, Vec) else "" for x in table.data]
    facts: list[Value] = [Vec(CHAR, types), syms([foreign(x) for x in table.data]), syms(attrs)]
    return Dict(Table(["c"], [syms(table.cols)]), Table(["t", "f", "a"], facts))


def fkeys(t: Value) -> Dict:
    """Foreign-key columns and the tables they point into.

    Raises:
        QError: ``type`` for what is no table.
    """
    table = table_of(t)
    pairs = [(c, foreign(x)) for c, x in zip(table.cols, table.data, strict=True) if foreign(x)]
    return Dict(syms([c for c, _ in pairs]), syms([f for _, f in pairs]))


def widened(x: Value, y: Value) -> Value:
    """A table with the columns of another that it lacks, all null (``.Q.ff``).

    Raises:
        QError: ``type`` for what is no table.
    """

    def widen(t: Table) -> Table:
        other, n = table_of(y), count(t)
        more = [c for c in other.cols if c not in t.cols]
        return Table([*t.cols, *more], [*t.data, *(nulls(column(other, c), n) for c in more)])

    return on_table(widen, x)
