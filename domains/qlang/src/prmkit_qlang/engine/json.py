"""JSON from values (``.j.j``) and values from JSON (``.j.k``).

Read numbers are floats, objects dictionaries with symbols for keys, and lists of like objects tables. Written
numbers have as many digits as the console shows.

Source: the page on the namespace ``.j`` of the kdb+ documentation.
"""

from __future__ import annotations

import json
import re
from typing import Any

from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.functions import is_nil
from prmkit_qlang.engine.inline import plain, readable, s1
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.types import BOOL, BYTE, CHAR, FLOATING, INFINITIES, NULLS, NUMERIC, SYM, TEMPORAL
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    List,
    Table,
    Value,
    Vec,
    chars,
    count,
    flag,
    items,
    pack,
    real,
    syms,
    text_of,
    unenum,
)

DEEPEST = 100
"""Levels of nesting that are read."""
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]')


# ---------------------------------------------------------------- writing


def write(x: Value, *, precision: int = 7, null_infinity: bool = False) -> str:
    """The JSON text of a value.

    Args:
        x: Any value; functions are written as their texts.
        precision: Digits of floats.
        null_infinity: Write infinite floats as ``null``, not ``inf``.

    Raises:
        QError: ``type`` for a dictionary whose keys are no names, ``wsfull`` or ``limit`` for a value too
            large, ``stack`` for one nested too deep.

    Examples:
        >>> from prmkit_qlang.engine.values import longs
        >>> write(Dict(syms(["a", "b"]), List([longs([0, 1]), chars("hello")])))
        '{"a":[0,1],"b":"hello"}'
    """
    try:
        return _written(x, precision, null_infinity)
    except RecursionError:
        raise QError("stack") from None


def _written(x: Value, precision: int, null_infinity: bool) -> str:
    METER.step()
    if isinstance(x, Atom):
        found = unenum(x)
        return _scalar(-found.t, found.v, precision, null_infinity)
    if isinstance(x, Vec):
        source = unenum(x)
        METER.take(8 * len(source.v))
        if source.t == CHAR:
            return _quoted(text_of(source))
        return _listed([_scalar(source.t, v, precision, null_infinity) for v in source.v.tolist()])
    if isinstance(x, List | Table):
        METER.take(8 * count(x))
        return _listed([_written(one, precision, null_infinity) for one in items(x)])
    if isinstance(x, Dict):
        return _object(x, precision, null_infinity)
    return "null" if is_nil(x) else _quoted(s1(x))


def _object(x: Dict, precision: int, null_infinity: bool) -> str:
    """A dictionary; a keyed table is the list of its rows."""
    if isinstance(x.k, Table):
        if not isinstance(x.w, Table):
            raise QError("type")
        rows = Table([*x.k.cols, *x.w.cols], [*x.k.data, *x.w.data])
        return _written(rows, precision, null_infinity)
    keys = [_name(key, precision) for key in items(x.k)]
    values = [_written(one, precision, null_infinity) for one in items(x.w)]
    return "{" + ",".join(f"{key}:{value}" for key, value in zip(keys, values, strict=True)) + "}"


def _name(key: Value, precision: int) -> str:
    """The key of an object."""
    if isinstance(key, Atom):
        found = unenum(key)
        return _quoted(readable(plain(-found.t, found.v, precision)))
    return _quoted(text_of(key))


def _listed(texts: list[str]) -> str:
    return f"[{','.join(texts)}]"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _scalar(t: int, v: Any, precision: int, null_infinity: bool) -> str:
    """One stored value of positive type t."""
    if t == BOOL:
        return "true" if v else "false"
    if t in NUMERIC or t in TEMPORAL:
        if v != v or (t in INFINITIES and v == NULLS[t]):
            return "null"
        if t in FLOATING and abs(v) == float("inf"):
            return "null" if null_infinity else "inf" if v > 0 else "-inf"
    if t in NUMERIC:
        text = plain(t, v, precision)
        return _quoted(text) if t == BYTE else text
    if t == CHAR:
        return _quoted(text_of(Atom(-CHAR, v)))
    text = v if t == SYM else plain(t, v, precision)
    return _quoted(text.replace(".", "-", 2) if t in TEMPORAL and text[4:5] == "." else text)


# ---------------------------------------------------------------- reading


def read(text: str) -> Value:
    """The value of a JSON text.

    Raises:
        QError: ``type`` where the text is no JSON; ``limit`` where it is nested too deep.

    Examples:
        >>> read('{"a":[1,2],"b":"x"}').w.v[0].v.tolist()
        [1.0, 2.0]
    """
    METER.take(len(text))
    depth = 0
    for found in _BRACKETS.finditer(text):
        depth += (found[0] in "[{") - (found[0] in "]}")
        if depth > DEEPEST:
            raise QError("limit")
    try:
        return _value(json.loads(text, parse_int=float, strict=False) if text.strip() else [])
    except ValueError as error:
        raise QError("type") from error


def _value(x: Any) -> Value:
    if x is None:
        return real(float("nan"))
    if isinstance(x, bool):
        return flag(x)
    if isinstance(x, float):
        return real(x)
    if isinstance(x, str):
        return chars(x)
    METER.take(8 * len(x))
    if isinstance(x, dict):
        return Dict(syms(x), pack([_value(one) for one in x.values()]))
    return pack([_value(one) for one in x])
