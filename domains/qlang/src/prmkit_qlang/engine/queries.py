"""``?[t;c;b;a]`` and ``![t;c;b;a]``: arguments of functional queries, tables by name included."""

from __future__ import annotations

from prmkit_qlang.engine import qsql
from prmkit_qlang.engine.context import CONTEXT
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.values import Atom, Dict, Table, Value, is_list, items, text_of


def _source(t: Value) -> tuple[Value, str]:
    if isinstance(t, Atom) and t.t == -11:
        if t.v.startswith(":"):
            raise QError("access")
        return CONTEXT.now.get(t.v), t.v
    return t, ""


def query(args: list[Value]) -> Value:
    """Select and exec; with three arguments a tree on rows, or the vector conditional.

    Raises:
        QError: ``type`` where the first argument holds no table.
    """
    t, _ = _source(args[0])
    if not isinstance(t, Table | Dict):
        raise QError("type")
    machine = CONTEXT.now
    if len(args) == 3:
        return qsql.exec_simple(t, args[1], args[2], machine.with_columns)
    limit = args[4] if len(args) > 4 else None
    order = args[5] if len(args) > 5 else None
    return qsql.select(t, args[1], args[2], args[3], machine.with_columns, limit, order)


def change_query(args: list[Value]) -> Value:
    """Update and delete; a table given by name is changed, and the name is the result.

    Raises:
        QError: ``type`` where the first argument holds no table.
    """
    if isinstance(args[0], Atom) and args[0].t == -11 and args[0].v == "." and is_list(args[3]):
        CONTEXT.now.remove([text_of(one) for one in items(args[3])])
        return args[0]
    t, name = _source(args[0])
    if not isinstance(t, Table | Dict):
        raise QError("type")
    made = qsql.update(t, args[1], args[2], args[3], CONTEXT.now.with_columns)
    if name:
        CONTEXT.now.set(name, made)
        return args[0]
    return made
