"""Pattern matching on the left of an assignment and in parameter lists (q 4.1)."""

from __future__ import annotations

from collections.abc import Callable

from prmkit_qlang.engine.apply import apply, index
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.functions import HOLE, NIL, Prim
from prmkit_qlang.engine.search import find
from prmkit_qlang.engine.special import ASSIGN, ITERATE, LISTED, RETURN
from prmkit_qlang.engine.types import LETTERS, SYM
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    Fn,
    List,
    Table,
    Value,
    count,
    is_list,
    items,
    match,
    pack,
    syms,
)

Store = Callable[[str, Value], None]
Run = Callable[[Value], Value]


def bind(
    pattern: Value, value: Value, store: Store, run: Run, amend_at: Callable[[List, Value], None] | None
) -> Value:
    """Match a value with a pattern and store its names; nothing is stored where it fails.

    Gives the value, changed where filter functions changed it.

    Raises:
        QError: ``match``, ``type`` or ``length`` where the value does not fit.
    """
    found: list[tuple[Value, Value]] = []
    made = _match(pattern, value, found, run)
    for target, one in found:
        if isinstance(target, Atom):
            store(target.v, one)
        elif isinstance(target, List) and amend_at is not None:
            amend_at(target, one)
    return made


def _match(pattern: Value, value: Value, found: list[tuple[Value, Value]], run: Run) -> Value:
    if pattern is NIL or pattern is HOLE:
        return value
    if isinstance(pattern, Atom) and pattern.t == -SYM:
        found.append((pattern, value))
        return value
    if isinstance(pattern, List) and len(pattern.v) > 1:
        return _compound(pattern, value, found, run)
    constant = run(pattern)
    if not match(constant, value):
        raise QError("match")
    return value


def _compound(pattern: List, value: Value, found: list[tuple[Value, Value]], run: Run) -> Value:
    head = pattern.v[0]
    if head is ITERATE["'"] and len(pattern.v) == 3 and isinstance(pattern.v[1], List):
        pattern = List([*pattern.v[1].v, pattern.v[2]])  # a dictionary literal with values left out
        head = pattern.v[0]
    if head is LISTED:
        return _list(pattern.v[1:], value, found, run)
    if head is RETURN:
        return _filtered(NIL, run(pattern.v[1]), value, found, run)
    if head is ASSIGN:
        inner = pattern.v[1] if len(pattern.v) == 3 else NIL
        return _filtered(inner, run(pattern.v[-1]), value, found, run)
    if isinstance(head, Prim) and head.name == "!" and 2 <= len(pattern.v) <= 3:
        return _dictionary(pattern, value, found, run)
    if isinstance(head, Prim) and head.name == "flip":
        if not isinstance(value, Table):
            raise QError("type")
        _match(pattern.v[1], Dict(syms(value.cols), List(value.data)), found, run)
        return value
    found.append((pattern, value))
    return value


def _list(parts: list[Value], value: Value, found: list[tuple[Value, Value]], run: Run) -> Value:
    if not is_list(value) and not isinstance(value, Table):
        raise QError("type")
    if count(value) != len(parts):
        raise QError("length")
    return pack([_match(one, item, found, run) for one, item in zip(parts, items(value), strict=True)])


def _filtered(inner: Value, check: Value, value: Value, found: list[tuple[Value, Value]], run: Run) -> Value:
    if isinstance(check, Atom) and check.t == -SYM:
        letter = LETTERS.get(abs(value.t), "")
        wanted = check.v
        alike = letter == wanted.lower() and (value.t < 0) == wanted.islower()
        if wanted and not alike and not (wanted in ("*", " ") and value.t == 0):
            raise QError("type")
        return _match(inner, value, found, run)
    if isinstance(check, Fn):
        return _match(inner, apply(check, (value,)), found, run)
    raise QError("type")


def _dictionary(pattern: List, value: Value, found: list[tuple[Value, Value]], run: Run) -> Value:
    if not isinstance(value, Dict):
        raise QError("type")
    keys, parts = pattern.v[1], pattern.v[2] if len(pattern.v) == 3 else NIL
    if isinstance(keys, Atom) or (isinstance(keys, List) and len(keys.v) > 1):
        _match(keys, value.k, found, run)
        _match(parts, value.w, found, run)
        return value
    wanted = run(keys)
    if isinstance(parts, List) and parts.v and parts.v[0] is LISTED:
        values = items(value.w)[:]
        for key, one in zip(items(wanted), parts.v[1:], strict=True):
            place = find(value.k, key)
            if not isinstance(place, Atom) or place.v >= count(value.k):
                raise QError("match")
            values[place.v] = _match(one, values[place.v], found, run)
        return Dict(value.k, pack(values))
    _match(parts, pack([index(value, one) for one in items(wanted)]), found, run)
    return value
