"""Functions that ask the session: variables and tables by name, evaluation, chance, the console."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from prmkit_qlang.engine import lists, operators, rows, sorting, tables
from prmkit_qlang.engine.context import CONTEXT
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.functions import NIL
from prmkit_qlang.engine.groups import xgroup as group_rows
from prmkit_qlang.engine.lifting import Two
from prmkit_qlang.engine.string import string as text
from prmkit_qlang.engine.types import SYM
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    Table,
    Value,
    Vec,
    chars,
    count,
    is_keyed,
    is_list,
    items,
    longs,
    pick,
    sym,
    syms,
    text_of,
)


def name_of(x: Value) -> str:
    """The name of a variable in a symbol.

    Raises:
        QError: ``type`` for anything but a symbol, ``access`` for a file.
    """
    if not isinstance(x, Atom) or x.t != -SYM:
        raise QError("type")
    if x.v.startswith(":"):
        raise QError("access")
    return str(x.v)


def seen(x: Value) -> Value:
    """What a symbol names; anything else as it is."""
    return CONTEXT.now.get(x.v) if isinstance(x, Atom) and x.t == -SYM else x


def on_seen(one: Callable[[Value], Value]) -> Callable[[Value], Value]:
    """A function of a table that may be given by name."""
    return lambda x: one(seen(x))


def on_name(two: Two) -> Two:
    """A dyad on a table that may be given by name: the variable is changed, its name the result."""

    def run(x: Value, y: Value) -> Value:
        made = two(x, seen(y))
        if isinstance(y, Atom) and y.t == -SYM:
            CONTEXT.now.set(y.v, made)
            return y
        return made

    return run


def xgroup(x: Value, y: Value) -> Value:
    """``x xgroup y``: rows by columns; the table may be given by name."""
    return group_rows(x, seen(y))


# ---------------------------------------------------------------- variables


def insert(x: Value, y: Value) -> Value:
    """``x insert y``: rows into the table that x names; their positions."""
    name, machine = name_of(x), CONTEXT.now
    try:
        old = machine.get(name)
    except QError:
        if not isinstance(y, Table) and not is_keyed(y):
            raise
        machine.set(name, y)
        return longs(np.arange(count(y)))
    if is_list(old):
        made = lists.join(old, y)
        machine.set(name, made)
        return longs(np.arange(count(old), count(made)))
    made, places = rows.insert(old, y)
    machine.set(name, made)
    return places


def upsert(x: Value, y: Value) -> Value:
    """``x upsert y``: rows into a table, or into the one that x names."""
    if isinstance(x, Atom) and x.t == -SYM:
        name, machine = name_of(x), CONTEXT.now
        try:
            old = machine.get(name)
        except QError:
            machine.set(name, y)
        else:
            machine.set(name, upsert(old, y))
        return x
    return lists.join(x, y) if is_list(x) else rows.upsert(x, y)


def assign(x: Value, y: Value) -> Value:
    """``x set y``.

    Raises:
        QError: ``access`` for files, ``type`` for what is no name.
    """
    if is_list(x):
        raise QError("access")
    CONTEXT.now.set(name_of(x), y)
    return x


def get(x: Value) -> Value:
    """``get x``: the value of a variable, else ``value x``."""
    return CONTEXT.now.get(name_of(x)) if isinstance(x, Atom) and x.t == -SYM else operators.value(x)


def named_tables(x: Value) -> Value:
    """``tables x``: names of the tables of a namespace."""
    machine = CONTEXT.now
    if isinstance(x, Atom) and x.t == -SYM and x.v not in ("", "."):
        space = machine.get(x.v)
        if isinstance(space, Dict):
            places = [i for i, one in enumerate(items(space.w)) if _is_table(one)]
            return pick(space.k, np.array(places, dtype=np.int64))
    return syms(name for name in machine.names() if _is_table(machine.get(name)))


def _is_table(x: Value) -> bool:
    return isinstance(x, Table) or is_keyed(x)


def views(x: Value) -> Value:
    """``views``: names of views, sorted."""
    made = syms(CONTEXT.now.view_names())
    return Vec(SYM, made.v, "s" if len(made.v) else "")


def view(x: Value) -> Value:
    """``view x``: how a view was written."""
    return chars(CONTEXT.now.view_text(name_of(x)))


cols, keys, meta, fkeys = (on_seen(one) for one in (tables.cols, tables.keys, tables.meta, tables.fkeys))


# ---------------------------------------------------------------- evaluation, console, chance


def evaluate(x: Value) -> Value:
    """``eval x``: the value of a parse tree."""
    return CONTEXT.now.run_tree(x)


def system(x: Value) -> Value:
    """``system x``: a command, as behind a backslash."""
    return CONTEXT.now.command("\\" + text_of(x))


def show(x: Value) -> Value:
    """``show x``: print."""
    CONTEXT.now.show(x)
    return NIL


def string(x: Value) -> Value:
    """``string x``: text with the digits of the session."""
    return text(x, CONTEXT.precision)


def rand(x: Value) -> Value:
    """``rand x``: one random item."""
    return lists.first(CONTEXT.now.draw(1, x))


def asc(x: Value) -> Value:
    """``asc x``: sorted; variables that hold the very vector x learn that it is in order where it is."""
    made = sorting.asc(x)
    if type(x) is Vec and not x.attr and isinstance(made, Vec) and np.array_equal(made.v, x.v):
        CONTEXT.now.renew(x, made)
    return made


def hsym(x: Value) -> Value:
    """``hsym x``: a symbol as the name of a file.

    Raises:
        QError: ``type`` for what is no symbol.
    """
    if isinstance(x, Atom) and x.t == -SYM:
        return sym(":" + x.v.removeprefix(":"))
    if isinstance(x, Vec) and x.t == SYM:
        return syms(":" + one.removeprefix(":") for one in x.v.tolist())
    raise QError("type")


def refuse(*_: Value) -> Value:
    """What reaches outside.

    Raises:
        QError: ``access``.
    """
    raise QError("access")
