"""The operator ``$``: cast, tok, enumerate, pad and matrix product."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from prmkit_qlang.engine import temporal
from prmkit_qlang.engine.context import CONTEXT
from prmkit_qlang.engine.convert import to_type, wrap
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.linear import matrix_product
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.search import find
from prmkit_qlang.engine.types import (
    BOOL,
    BYTE,
    CHAR,
    CODE_OF_NAME,
    CODES,
    DTYPES,
    FLOAT,
    FLOATING,
    GUID,
    INT,
    LONG,
    NULLS,
    REAL,
    SHORT,
    SYM,
    TEMPORAL,
)
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    Enum,
    EnumAtom,
    Fn,
    List,
    Table,
    Value,
    Vec,
    array,
    chars,
    count,
    enum_domain,
    is_keyed,
    is_list,
    items,
    pack,
    sym,
    text_of,
    unenum,
)

_PARTS = frozenset(["year", "dd", "mm", "hh", "uu", "ss", "week"])
_WHOLE = frozenset([BOOL, BYTE, SHORT, INT, LONG])


def dollar(x: Value, y: Value) -> Value:
    """``x$y``: by the type of x a cast, a reading of text, an enumeration, padding or a matrix product.

    Raises:
        QError: ``type``, ``cast`` or ``length`` where x and y do not fit.
    """
    if isinstance(x, Atom):
        if x.t == -SYM:
            if x.v == "":
                return _each_text(SYM, y)
            return by_name(x.v, y)
        if x.t == -CHAR:
            return _by_letter(chr(x.v), y)
        if x.t == -SHORT:
            return _by_code(x.v, y)
        if x.t in (-LONG, -INT):
            return pad(x.v, y)
        raise QError("type")
    if isinstance(x, Vec) and x.t in (SYM, CHAR, SHORT):
        one_text = isinstance(y, Vec) and y.t == CHAR and x.t == CHAR
        return _each_kind(items(x), y, spread=one_text or not is_list(y))
    if isinstance(x, List) and x.v:
        if all(isinstance(k, Atom) for k in x.v) and isinstance(y, Vec) and count(y) != len(x.v):
            return _each_kind(x.v, y, spread=True)
        if all(isinstance(k, Atom | Vec) and abs(k.t) in (CHAR, SHORT, SYM) for k in x.v):
            return _each_kind(x.v, y, spread=not is_list(y) or count(y) != len(x.v))
    if is_list(x) and is_list(y):
        return matrix_product(x, y)
    if isinstance(x, List | Vec) and count(x) and (isinstance(x, List) or x.t in (LONG, INT)):
        return _each_kind(items(x), y, spread=True)
    raise QError("type")


def _each_kind(kinds: list[Value], y: Value, *, spread: bool) -> Value:
    """A cast by each of some kinds: of the whole of y, or item by item."""
    if spread:
        return pack([dollar(one, y) for one in kinds])
    if count(y) != len(kinds):
        raise QError("length")
    return pack([dollar(one, other) for one, other in zip(kinds, items(y), strict=True)])


def _textual(y: Value) -> bool:
    return abs(y.t) == CHAR


def _by_letter(letter: str, y: Value) -> Value:
    if letter == "*":
        return y
    if letter in CODES:
        return convert(CODES[letter], y)
    if letter.lower() in CODES:
        return _each_text(CODES[letter.lower()], y)
    raise QError("type")


def _by_code(code: int, y: Value) -> Value:
    if code == 0:
        return y
    if code > 0:
        if code not in DTYPES or code > 19:
            raise QError("type")
        return convert(code, y)
    if -code not in CODES.values():
        raise QError("type")
    return _each_text(-code, y)


def by_name(name: str, y: Value) -> Value:
    """Cast by the name of a type or part; any other name enumerates over the variable of that name."""
    if name in CODE_OF_NAME:
        return convert(CODE_OF_NAME[name], y)
    if name in _PARTS:
        return take_part(name, y)
    return enumerate_over(name, y)


def take_part(name: str, y: Value) -> Value:
    """``hh`, ``year`` and so on of temporals.

    Raises:
        QError: the name where there is no such part, ``type`` for what has none.
    """
    y = unenum(y)
    if isinstance(y, Atom):
        t, v = temporal.part(name, -y.t, y.v)
        return Atom(-t, v)
    if isinstance(y, Vec):
        t, v = temporal.parts(name, y.t, y.v)
        return Vec(t, v)
    if isinstance(y, List):
        return pack([take_part(name, one) for one in y.v])
    if isinstance(y, Dict):
        return Dict(y.k, take_part(name, y.w))
    raise QError("type")


def enumerate_over(name: str, y: Value) -> Value:
    """Symbols (or keys of a keyed table) as indices into the variable of a name.

    Raises:
        QError: ``cast`` where an item is not there, ``type`` where the variable is no list of keys.
    """
    target = CONTEXT.now.get(name)
    held = CONTEXT.now.holder(name, target)
    if isinstance(y, Enum | EnumAtom):
        y = unenum(y)
    domain = enum_domain(target)
    if not isinstance(domain, Vec) and not is_keyed(target):
        raise QError("type")
    if isinstance(y, List) and isinstance(domain, Vec):
        return List([enumerate_over(name, one) for one in y.v])
    if isinstance(y, Dict):
        return Dict(y.k, enumerate_over(name, y.w))
    if isinstance(target, Dict) and isinstance(target.k, Table) and len(target.k.cols) > 1:
        place = find(target.k, y)
    else:
        place = find(domain, y)
    n = count(domain)
    if isinstance(place, Atom):
        if place.v >= n and not _is_null(y):
            raise QError("cast")
        return EnumAtom(place.v if place.v < n else NULLS[LONG], name, held)
    v = np.asarray(place.v, dtype=np.int64)  # type: ignore[attr-defined]
    lost = v >= n
    if lost.any():
        values = items(y)
        if not all(_is_null(values[i]) for i in np.nonzero(lost)[0]):
            raise QError("cast")
        v = np.where(lost, NULLS[LONG], v)
    return Enum(v, name, held)


def _is_null(x: Value) -> bool:
    return isinstance(x, Atom) and bool(x.v == NULLS.get(-x.t))


# ---------------------------------------------------------------- cast


def convert(t: int, y: Value) -> Value:
    """Y as values of basic type t.

    Raises:
        QError: ``type`` where there is no such cast.
    """
    if isinstance(y, Enum | EnumAtom):
        if t in (SHORT, INT, LONG):
            return convert(t, Vec(LONG, y.v) if isinstance(y, Vec) else Atom(-LONG, y.v))
        y = unenum(y)
    if isinstance(y, Dict):
        return Dict(y.k, convert(t, y.w))
    if isinstance(y, Table):
        return Table(y.cols, [convert(t, c) for c in y.data])
    if isinstance(y, List):
        return pack([convert(t, one) for one in y.v]) if y.v else array(t, [])
    if isinstance(y, Fn):
        raise QError("type")
    assert isinstance(y, Atom | Vec)
    source = abs(y.t)
    if source == t:
        return Vec(t, y.v) if isinstance(y, Vec) else y
    if {source, t} & {SYM, GUID}:
        if isinstance(y, Vec) and not len(y.v):
            return array(t, [])
        if t == SYM and source == CHAR:
            return sym(text_of(y))
        raise QError("type")
    if isinstance(y, Vec):
        METER.take(len(y.v))
        return Vec(t, _cast_array(y.v, source, t))
    return Atom(-t, _cast_scalar(y.v, source, t))


def _cast_scalar(v: Any, source: int, t: int) -> Any:
    if (
        t not in (BOOL, BYTE, CHAR)
        and source not in TEMPORAL
        and t not in TEMPORAL
        and source not in FLOATING
        and t not in FLOATING
    ):
        if source not in (BOOL, BYTE, CHAR) and v == NULLS[source]:
            return NULLS[t]
        return _narrow(v, t)
    made = _cast_array(np.array([v], dtype=DTYPES[source]), source, t)[0]
    return made.item() if isinstance(made, np.generic) else made


def _narrow(v: int, t: int) -> int:
    top = {SHORT: 2**15 - 1, INT: 2**31 - 1}.get(t)
    if top is not None and abs(v) > top:
        return top if v > 0 else -top
    return wrap(v, t)


def _cast_array(v: Any, source: int, t: int) -> Any:
    if t == BOOL:
        return np.ones(len(v), dtype=bool) if source == CHAR else np.asarray(v != 0)
    if t in (BYTE, CHAR):
        if source in FLOATING:
            v = to_type(np.floor(v + 0.5), source, LONG)
        return (
            np.clip(v, -(2**31), 2**31 - 1).astype(np.int64).astype(np.uint8)
            if v.dtype.kind == "i"
            else v.astype(DTYPES[t])
        )
    if source in (REAL, FLOAT) and t not in FLOATING:
        with np.errstate(all="ignore"):
            near = np.floor(v.astype(np.float64) + 0.5)
        if t in TEMPORAL:
            return to_type(to_type(near, FLOAT, LONG), LONG, LONG if t in (12, 16) else INT).astype(DTYPES[t])
        return _clipped(to_type(near, FLOAT, LONG), t)
    if source in TEMPORAL and t in TEMPORAL:
        return temporal.convert(v, source, t)
    if source in TEMPORAL or t in TEMPORAL:
        return _underlying(v, source, t)
    if t in FLOATING:
        out = v.astype(DTYPES[t])
        if source not in FLOATING and source not in (BOOL, BYTE, CHAR):
            out[v == NULLS[source]] = np.nan
        return out
    if source in (SHORT, INT, LONG):
        out = _clipped(v.astype(np.int64), t)
        out[v == NULLS[source]] = NULLS[t]
        return out
    return v.astype(DTYPES[t])


def _clipped(v: Any, t: int) -> Any:
    if t == LONG:
        return v.copy()
    top = {SHORT: 2**15 - 1, INT: 2**31 - 1}[t]
    out = np.clip(v, -top, top).astype(DTYPES[t])
    out[v == NULLS[LONG]] = NULLS[t]
    return out


def _underlying(v: Any, source: int, t: int) -> Any:
    """Temporals as the numbers behind them, and back."""
    plain = {12: LONG, 16: LONG, 15: FLOAT}
    a, b = plain.get(source, INT if source in TEMPORAL else source), plain.get(t, INT if t in TEMPORAL else t)
    if a == FLOAT and b != FLOAT:
        with np.errstate(all="ignore"):
            return to_type(np.floor(v + 0.5), FLOAT, b).astype(DTYPES[t])
    if b in (SHORT, INT) and a == LONG:
        return _clipped(v.astype(np.int64), b).astype(DTYPES[t])
    return to_type(v.astype(DTYPES[a]), a, b).astype(DTYPES[t])


# ---------------------------------------------------------------- tok


def _each_text(t: int, y: Value) -> Value:
    if isinstance(y, List):
        return (
            pack([_each_text(t, one) for one in y.v])
            if y.v
            else array(t, [])
            if t == SYM
            else Atom(-t, NULLS[t])
        )
    if isinstance(y, Dict):
        return Dict(y.k, _each_text(t, y.w))
    if isinstance(y, Table):
        return Table(y.cols, [_each_text(t, c) for c in y.data])
    if isinstance(y, Atom | Vec) and abs(y.t) == SYM and t == SYM:
        return y
    return read(t, text_of(y), y)


_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_IPV4 = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})")


def read(t: int, text: str, y: Value) -> Value:
    """A text as a value of type t, null where it is none."""
    if t == SYM:
        return sym(text.strip(" ") if True else text)
    if t == CHAR:
        return y if isinstance(y, Atom) else Atom(-CHAR, ord(text[0]) & 255 if len(text) == 1 else 32)
    bare = text.strip()
    if t == BOOL:
        return Atom(-BOOL, int(bare in tuple("txyTXY1")))
    if t in TEMPORAL:
        return Atom(-t, temporal.tok(t, text, day_first=CONTEXT.day_first))
    if t in (REAL, FLOAT):
        return Atom(-t, _float(bare, t))
    if t == GUID:
        return Atom(-GUID, _guid(bare))
    return Atom(-t, _whole(bare, t))


def _float(bare: str, t: int) -> float:
    low = bare.lower()
    if low in ("0w", "w", "inf"):
        return float("inf")
    if low in ("-0w", "-w", "-inf"):
        return float("-inf")
    if not _NUMBER.fullmatch(bare) or len(bare) > 400:
        return float("nan")
    return float(np.float32(bare)) if t == REAL else float(bare)


def _whole(bare: str, t: int) -> int:
    if t == BYTE:
        return int(bare, 16) & 255 if bare and len(bare) <= 2 and re.fullmatch("[0-9a-fA-F]+", bare) else 0
    if t == INT and (found := _IPV4.fullmatch(bare)):
        value = int.from_bytes(bytes(int(one) & 255 for one in found.groups()), "big")
        return wrap(value, INT)
    if bare in ("0W", "0w"):
        return {SHORT: 2**15, INT: 2**31, LONG: 2**63}[t] - 1
    if bare in ("-0W", "-0w"):
        return 1 - {SHORT: 2**15, INT: 2**31, LONG: 2**63}[t]
    if not re.fullmatch(r"[-+]?\d{1,40}", bare):
        return int(NULLS[t])
    n = int(bare)
    return n if abs(n) < {SHORT: 2**15, INT: 2**31, LONG: 2**63}[t] else int(NULLS[t])


def _guid(bare: str) -> int:
    if found := _IPV4.fullmatch(bare):
        return (0xFFFF << 32) | int.from_bytes(bytes(int(one) & 255 for one in found.groups()), "big")
    if re.fullmatch(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", bare):
        return int(bare.replace("-", ""), 16)
    if re.fullmatch(r"[0-9a-fA-F]{32}", bare):
        return int(bare, 16)
    return _ipv6(bare) if ":" in bare else 0


def _ipv6(bare: str) -> int:
    if (found := re.search(r"(\d+\.\d+\.\d+\.\d+)$", bare)) and (four := _IPV4.fullmatch(found.group())):
        a, b, c, d = (int(one) & 255 for one in four.groups())
        bare = bare[: found.start()] + f"{a << 8 | b:x}:{c << 8 | d:x}"
    head, gap, tail = bare.partition("::")
    left, right = [p for p in head.split(":") if p], [p for p in tail.split(":") if p]
    parts = left + ["0"] * (8 - len(left) - len(right)) + right if gap else left
    if len(parts) != 8 or not all(re.fullmatch("[0-9a-fA-F]{1,4}", one) for one in parts):
        return 0
    return int("".join(one.zfill(4) for one in parts), 16)


# ---------------------------------------------------------------- pad, matrix product


def pad(n: int, y: Value) -> Value:
    """``n$text``: blanks behind (or, for negative n, before) to |n| characters; longer texts are cut.

    Raises:
        QError: ``type`` for anything but text.
    """
    if isinstance(y, List):
        return pack([pad(n, one) for one in y.v])
    if isinstance(y, Dict):
        return Dict(y.k, pad(n, y.w))
    if isinstance(y, Table):
        return Table(y.cols, [pad(n, c) for c in y.data])
    if not isinstance(y, Vec | Atom) or abs(y.t) != CHAR:
        raise QError("type")
    METER.take(abs(n))
    raw = text_of(y).encode("utf-8", "surrogateescape")
    size = abs(n)
    if n >= 0:
        return chars(raw[:size].ljust(size))
    return chars(raw[-size:].rjust(size) if size else b"")
