"""Functional queries: ``?[t;c;b;a]`` (select and exec) and ``![t;c;b;a]`` (update and delete).

Conditions, groups and columns are parse trees as values: a symbol atom is a column or variable, a list of one
symbol a constant, a longer list an application.

Source: the page on functional qSQL of the kdb+ documentation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from prmkit_qlang.engine.columns import assign, find, names_of, nulls, spread
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.groups import firsts, scattered, sorted_groups, sorted_keys, with_attr
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.reductions import reduced
from prmkit_qlang.engine.sources import Evaluate, Rows, Source, limited, narrowed, positions, surviving, taken
from prmkit_qlang.engine.tables import enkey, key_count, result_columns, table_of
from prmkit_qlang.engine.types import BOOL, SYM
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    List,
    Table,
    Value,
    Vec,
    at,
    count,
    empty_like,
    items,
    pack,
    pick,
    syms,
)

Phrase = list[tuple[str, Value]]


def select(
    t: Value,
    c: Value,
    b: Value,
    a: Value,
    evaluate: Evaluate,
    n: Value | None = None,
    order: Value | None = None,
) -> Value:
    """``?[t;c;b;a]``, and with a limit n and an order.

    Args:
        t: Table, keyed table or dictionary.
        c: List of conditions.
        b: ``0b`` for a table, ``1b`` for its distinct rows, ``()`` or a name or tree for exec, else a
            dictionary of groups.
        a: ``()``, a dictionary of columns, or one name or tree.
        evaluate: Evaluates a tree with names that are columns.
        n: Number of rows, negative for the last; or a pair of first row and number.
        order: A grading function and a column.

    Raises:
        QError: ``type`` or ``length`` for phrases or results that do not fit, or what a phrase signals.
    """
    if isinstance(t, Dict) and not key_count(t):
        return _from_dict(t, c, b, a, evaluate)
    source = Source(t, evaluate)
    rows = surviving(source, c)
    if order is not None:
        rows = _ordered(source, rows, order)
    flag = isinstance(b, Atom) and b.t == -BOOL
    if flag:
        distinct = bool(b.v)  # type: ignore[attr-defined]
        if not distinct:
            return _plain(source, limited(rows, source.n, n), a)
        made = _distinct(_plain(source, rows, a))
        return _cut(made, n)
    if isinstance(b, Dict):
        return _cut(_grouped(source, rows, b, a), n)
    rows = limited(rows, source.n, n)
    if isinstance(b, List) and not b.v:
        return _exec(source, rows, a)
    if isinstance(b, Vec) and b.t == SYM:
        return _exec_names(source, rows, a)
    return _exec_by(source, rows, b, a)


def exec_simple(t: Value, i: Value, p: Value, evaluate: Evaluate) -> Value:
    """``?[t;i;p]``: a tree on the rows at positions i.

    Raises:
        QError: ``type`` where i is no list of positions, or what the tree signals.
    """
    return Source(t, evaluate).run(p, positions(i))


def _phrase(x: Value) -> Phrase:
    """Names and values of a dictionary: the columns or groups of a query and their trees.

    Raises:
        QError: ``type`` where the keys are no symbols.
    """
    if not isinstance(x, Dict):
        raise QError("type")
    names, values = names_of(x.k), items(x.w)
    if len(names) != len(values):
        raise QError("type")
    return list(zip(names, values, strict=True))


def _is_empty(x: Value) -> bool:
    return isinstance(x, List | Vec) and not len(x.v)


def _ordered(source: Source, rows: Rows, order: Value) -> Rows:
    if isinstance(order, List) and len(order.v) == 1:
        order = order.v[0]
    where = positions(source.run(order, rows))
    if len(where) and (where.min() < 0 or where.max() >= source.size(rows)):
        raise QError("index")
    return where if rows is None else rows[where]


def _cut(t: Value, n: Value | None) -> Value:
    """A result, limited."""
    if n is None:
        return t
    rows = limited(None, count(t), n)
    return t if rows is None else pick(t, rows)


def _distinct(t: Value) -> Value:
    if not isinstance(t, Table):
        raise QError("type")
    groups = sorted_groups(t.data, count(t))
    return pick(t, np.sort(firsts(groups)))


def _plain(source: Source, rows: Rows, a: Value) -> Value:
    """Columns of the rows that are left."""
    t = source.table
    if _is_empty(a):
        return enkey(source.keys, Table(t.cols, [taken(x, rows) for x in t.data]))
    if not isinstance(a, Dict):
        return source.run(a, rows)
    phrase = _phrase(a)
    values = _values(source, phrase, rows)
    return Table([name for name, _ in phrase], result_columns(values))


def _values(source: Source, phrase: Phrase, rows: Rows) -> list[Value]:
    columns = source.columns([tree for _, tree in phrase], rows)
    return [source.evaluate(tree, columns) for _, tree in phrase]


# ---------------------------------------------------------------- groups


class _Groups:
    """Rows by the values of key columns, keys ascending."""

    __slots__ = ("columns", "index", "names", "rows")

    def __init__(self, source: Source, rows: Rows, phrase: Phrase) -> None:
        n = source.size(rows)
        columns = [spread(x, n) for x in _values(source, phrase, rows)]
        self.index = sorted_groups(columns, n)
        self.names = [name for name, _ in phrase]
        first = firsts(self.index)
        self.columns = [pick(x, first) for x in columns]
        self.rows = rows

    def keys(self) -> Table:
        """The distinct keys."""
        return sorted_keys(self.names, self.columns)

    def last(self, x: Value) -> Value:
        """The last item of each group of a whole column."""
        places = np.array([g[-1] for g in self.index], dtype=np.int64)
        return pick(x, places if self.rows is None else self.rows[places])


def _results(source: Source, groups: _Groups, trees: Sequence[Value]) -> list[list[Value] | Value]:
    """For each tree a column of one result a group, or the list of results."""
    columns = source.columns(trees, groups.rows)
    out: list[list[Value] | Value] = []
    slow: list[tuple[list[Value], Value]] = []
    for tree in trees:
        quick = reduced(tree, columns, groups.index)
        if quick is None:
            results: list[Value] = []
            slow.append((results, tree))
            out.append(results)
        else:
            out.append(quick)
    if slow:
        used = source.columns([tree for _, tree in slow], groups.rows)
        METER.take(len(used) * source.size(groups.rows))
        for g in groups.index:
            METER.step()
            here = {name: pick(x, g) for name, x in used.items()}
            for results, tree in slow:
                results.append(source.evaluate(tree, here))
    return out


def _packed(source: Source, results: list[Value] | Value, tree: Value) -> Value:
    """Results as a column; without groups an empty one, of the type that an aggregate has."""
    if not isinstance(results, list):
        return results
    if results:
        return pack(results)
    try:
        made = source.run(tree, np.zeros(0, dtype=np.int64))
    except QError:
        return List([])
    return empty_like(made) if isinstance(made, Atom) else List([])


def _aggregates(source: Source, groups: _Groups, phrase: Phrase) -> Table:
    trees = [tree for _, tree in phrase]
    made = _results(source, groups, trees)
    data = [_packed(source, results, tree) for results, tree in zip(made, trees, strict=True)]
    return Table([name for name, _ in phrase], data)


def _grouped(source: Source, rows: Rows, b: Dict, a: Value) -> Value:
    """A keyed table (or the values by key, for a single tree)."""
    groups = _Groups(source, rows, _phrase(b))
    if isinstance(a, Dict):
        return Dict(groups.keys(), _aggregates(source, groups, _phrase(a)))
    if _is_empty(a):
        t = source.table
        rest = [i for i, name in enumerate(t.cols) if name not in groups.names]
        return Dict(groups.keys(), Table([t.cols[i] for i in rest], [groups.last(t.data[i]) for i in rest]))
    return Dict(groups.keys(), _packed(source, _results(source, groups, [a])[0], a))


# ---------------------------------------------------------------- exec


def _exec(source: Source, rows: Rows, a: Value) -> Value:
    """A column, or a dictionary of columns of any length; the last row where none is named."""
    if _is_empty(a):
        t = source.table
        n = source.size(rows)
        last = n - 1 if rows is None or not n else int(rows[-1])
        return Dict(syms(t.cols), pack([at(x, last) for x in t.data]))
    if isinstance(a, Dict):
        phrase = _phrase(a)
        values = _values(source, phrase, rows)
        return Dict(syms([name for name, _ in phrase]), pack(values))
    return source.run(a, rows)


def _exec_by(source: Source, rows: Rows, b: Value, a: Value) -> Value:
    """A dictionary from the distinct values of one tree."""
    groups = _Groups(source, rows, [("", b)])
    key = groups.columns[0]
    if isinstance(key, Vec):
        key = with_attr(key, "s")
    if isinstance(a, Dict):
        return Dict(key, _aggregates(source, groups, _phrase(a)))
    if _is_empty(a):
        return Dict(key, Table(source.table.cols, [groups.last(x) for x in source.table.data]))
    return Dict(key, _packed(source, _results(source, groups, [a])[0], a))


def _exec_names(source: Source, rows: Rows, a: Value) -> Value:
    """What exec gives where the groups are a list of names: all rows under the empty symbol."""
    key = syms([""])
    if isinstance(a, Dict):
        phrase = _phrase(a)
        values = [pack([one]) for one in _values(source, phrase, rows)]
        return Dict(key, Table([name for name, _ in phrase], values))
    return Dict(key, pack([source.run(a, rows)]))


# ---------------------------------------------------------------- update and delete


def update(t: Value, c: Value, b: Value, a: Value, evaluate: Evaluate) -> Value:
    """``![t;c;b;a]``: new or changed columns where a is a dictionary, else delete.

    Raises:
        QError: ``type`` for values of another type than the column, ``length`` for another number of them, or
            what a phrase signals.
    """
    if not isinstance(a, Dict):
        return delete(t, c, a, evaluate)
    by: Phrase = _phrase(b) if isinstance(b, Dict) else []
    if isinstance(b, Atom | Vec) and b.t in (-SYM, SYM):
        by = [(name, Atom(-SYM, name)) for name in names_of(b)]
    if isinstance(t, Dict) and not key_count(t):
        if by:
            raise QError("type")
        return _update_dict(t, c, _phrase(a), evaluate)
    source = Source(t, evaluate)
    rows = surviving(source, c)
    phrase = _phrase(a)
    if by:
        groups = _Groups(source, rows, by)
        made = _results(source, groups, [tree for _, tree in phrase])
        n = source.size(rows)
        values = [scattered(items(one) if isinstance(one, Value) else one, groups.index, n) for one in made]
    else:
        values = _values(source, phrase, rows)
    return enkey(source.keys, _changed(source, rows, phrase, values))


def _changed(source: Source, rows: Rows, phrase: Phrase, values: Sequence[Value]) -> Table:
    names, data = list(source.table.cols), list(source.table.data)
    for (name, _), value in zip(phrase, values, strict=True):
        new = spread(value, source.size(rows))
        if rows is not None:
            old = data[names.index(name)] if name in names else nulls(new, source.n)
            new = assign(old, rows, new)
        if name in names:
            data[names.index(name)] = new
        else:
            names.append(name)
            data.append(new)
    return Table(names, data)


def delete(t: Value, c: Value, a: Value, evaluate: Evaluate) -> Value:
    """``![t;c;0b;a]``: without the named columns, or without the rows for which the conditions hold.

    Raises:
        QError: ``type`` for both conditions and columns, or what a condition signals.
    """
    names = names_of(a)
    if names and not _is_empty(c):
        raise QError("type")
    if isinstance(t, Dict) and not key_count(t):
        return _delete_keys(t, names)
    if not names:
        return _delete_rows(t, c, evaluate)
    table, n = table_of(t), key_count(t)
    kept = [i for i, name in enumerate(table.cols) if name not in names]
    made = Table([table.cols[i] for i in kept], [table.data[i] for i in kept])
    return enkey(sum(i < n for i in kept), made)


def _delete_rows(t: Value, c: Value, evaluate: Evaluate) -> Value:
    source = Source(t, evaluate)
    rows = surviving(source, c)
    keep = np.ones(source.n, dtype=bool)
    keep[slice(None) if rows is None else rows] = False
    return pick(t, np.flatnonzero(keep))


def _delete_keys(d: Dict, names: Sequence[str]) -> Value:
    if not names:
        return empty_like(d)
    gone = find([d.k], [syms(names)])
    keep = np.ones(count(d), dtype=bool)
    keep[gone[gone >= 0]] = False
    index = np.flatnonzero(keep)
    return Dict(pick(d.k, index), pick(d.w, index))


# ---------------------------------------------------------------- dictionaries


def _from_dict(d: Dict, c: Value, b: Value, a: Value, evaluate: Evaluate) -> Value:
    """Select and exec from a dictionary: its values are the columns, of any length."""
    if isinstance(b, Dict) or (isinstance(b, Atom) and b.t != -BOOL):
        raise QError("type")
    seen = dict(_phrase(d))
    rows: Any = None
    for tree in items(c):
        n = max((count(x) for x in seen.values() if not isinstance(x, Atom)), default=0)
        rows = narrowed(evaluate(tree, seen), None, n)
        seen = {name: x if isinstance(x, Atom) else taken(x, rows) for name, x in seen.items()}
    if _is_empty(a):
        return d if rows is None else Dict(d.k, pack(list(seen.values())))
    if not isinstance(a, Dict):
        return evaluate(a, seen)
    phrase = _phrase(a)
    return Dict(syms([name for name, _ in phrase]), pack([evaluate(tree, seen) for _, tree in phrase]))


def _update_dict(d: Dict, c: Value, phrase: Phrase, evaluate: Evaluate) -> Value:
    if not _is_empty(c):
        raise QError("type")
    seen = dict(_phrase(d))
    made = {**seen, **{name: evaluate(tree, seen) for name, tree in phrase}}
    return Dict(syms(list(made)), pack(list(made.values())))
