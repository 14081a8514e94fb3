"""Texts: like, ss, ssr, vs and sv, upper, lower, trim, md5."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from prmkit_qlang.engine.apply import apply
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.types import (
    BOOL,
    BYTE,
    CHAR,
    DTYPES,
    FLOAT,
    FLOATING,
    GUID,
    INT,
    LONG,
    REAL,
    SHORT,
    SYM,
    TEMPORAL,
)
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    Fn,
    List,
    Table,
    Value,
    Vec,
    array,
    chars,
    count,
    flag,
    is_list,
    items,
    longs,
    pack,
    sym,
    syms,
    text_of,
    unenum,
)

_WHOLE = frozenset([BOOL, BYTE, SHORT, INT, LONG])
LONGEST_PATTERN = 1024


# ---------------------------------------------------------------- patterns


@lru_cache(maxsize=256)
def pattern(text: str) -> tuple[tuple[str, frozenset[str], bool], ...]:
    """A pattern as items: any run (``*``), any character (``?``), or one of (or none of) a set.

    Raises:
        QError: ``nyi`` for a bracket without an end.
    """
    if len(text) > LONGEST_PATTERN:
        raise QError("length")
    out: list[tuple[str, frozenset[str], bool]] = []
    i = 0
    while i < len(text):
        c = text[i]
        if c in "*?":
            out.append((c, frozenset(), False))
        elif c == "[":
            end = text.find("]", i + 2)
            if end < 0:
                raise QError("nyi")
            body = text[i + 1 : end]
            inverse = body.startswith("^") and len(body) > 1
            out.append(("set", frozenset(_expand(body[1:] if inverse else body)), inverse))
            i = end
        else:
            out.append(("set", frozenset(c), False))
        i += 1
    return tuple(out)


def _expand(body: str) -> str:
    out, i = "", 0
    while i < len(body):
        if i + 2 < len(body) and body[i + 1] == "-":
            out += "".join(map(chr, range(ord(body[i]), ord(body[i + 2]) + 1)))
            i += 3
        else:
            out += body[i]
            i += 1
    return out


def _fits(item: tuple[str, frozenset[str], bool], c: str) -> bool:
    kind, chosen, inverse = item
    return kind == "?" or (c in chosen) != inverse


def matches(text: str, form: str) -> bool:
    """Whether a text fits a pattern as a whole, in time of their product."""
    parts = pattern(form)
    i = j = 0
    star, mark = -1, 0
    while i < len(text):
        if j < len(parts) and parts[j][0] == "*":
            star, mark = j, i
            j += 1
        elif j < len(parts) and _fits(parts[j], text[i]):
            i, j = i + 1, j + 1
        elif star >= 0:
            mark += 1
            i, j = mark, star + 1
        else:
            return False
    return all(one[0] == "*" for one in parts[j:])


def like(x: Value, y: Value) -> Value:
    """``x like y``: whether texts or symbols fit a pattern.

    Raises:
        QError: ``type`` for anything else.
    """
    form = text_of(y)
    if form.startswith("*") and "*" in form[1:-1]:
        raise QError("nyi")
    x = unenum(x)
    if isinstance(x, Vec) and x.t == SYM:
        return Vec(BOOL, np.array([matches(one, form) for one in x.v.tolist()], dtype=bool))
    if isinstance(x, List):
        if any(isinstance(one, Vec) and one.t == SYM for one in x.v):
            raise QError("type")
        return pack([like(one, y) for one in x.v]) if x.v else Vec(BOOL, np.array([], bool))
    if isinstance(x, Dict):
        return Dict(x.k, like(x.w, y))
    return flag(matches(text_of(x), form))


def ss(x: Value, y: Value) -> Value:
    """Where a pattern begins in a text."""
    return longs([start for start, _ in _found(text_of(x), text_of(y))])


def _found(text: str, form: str) -> list[tuple[int, int]]:
    parts = pattern(form)
    if any(one[0] == "*" for one in parts) or not parts:
        raise QError("length")
    out, i, n = [], 0, len(parts)
    METER.take(len(text) * n)
    while i + n <= len(text):
        if all(_fits(part, c) for part, c in zip(parts, text[i : i + n], strict=True)):
            out.append((i, i + n))
            i += n
        else:
            i += 1
    return out


def ssr(x: Value, y: Value, z: Value) -> Value:
    """A text with what fits a pattern replaced by a text, or by a function of what was found."""
    text = text_of(x)
    pieces, at = [], 0
    for start, end in _found(text, text_of(y)):
        pieces.append(text[at:start])
        found = text[start:end]
        pieces.append(text_of(apply(z, (chars(found),))) if isinstance(z, Fn) else text_of(z))
        METER.take(len(pieces[-1]))
        at = end
    return chars("".join([*pieces, text[at:]]))


# ---------------------------------------------------------------- vs and sv


def vs(x: Value, y: Value) -> Value:
    """``x vs y``: a text cut at a separator, a number as digits or bytes.

    Raises:
        QError: ``type`` where x and y do not fit.
    """
    if isinstance(x, Atom | Vec) and abs(x.t) == CHAR:
        return _split(text_of(x), y)
    if isinstance(x, Atom | Vec) and abs(x.t) == BYTE and isinstance(y, Vec) and y.t == BYTE:
        parts = bytes(y.v).split(bytes(np.atleast_1d(x.v).astype(np.uint8)))
        return List([Vec(BYTE, np.frombuffer(one, dtype=np.uint8)) for one in parts])
    if isinstance(x, Atom) and x.t == -SYM and x.v == "":
        return _split_symbol(y)
    if isinstance(x, Atom) and x.t == -BOOL and not x.v:
        return _bits(y)
    if isinstance(x, Atom) and x.t == -BYTE and not x.v:
        return _bytes(y)
    if isinstance(x, Atom | Vec) and abs(x.t) in _WHOLE:
        return _digits(x, y)
    raise QError("type")


def _split(separator: str, y: Value) -> Value:
    if isinstance(y, Vec) and y.t == BYTE:
        y = Vec(CHAR, y.v)
    if isinstance(y, List):
        return pack([_split(separator, one) for one in y.v])
    text = text_of(y)
    if not separator:
        raise QError("length")
    parts = text.split(separator)
    METER.take(8 * len(parts))
    return List([chars(one) for one in parts])


def _split_symbol(y: Value) -> Value:
    if isinstance(y, Atom) and y.t == -SYM:
        text = y.v
        if text.startswith(":"):
            folder, slash, name = text.rpartition("/")
            return syms([folder, name]) if slash else syms([text])
        return syms(text.split("."))
    text = text_of(y)
    return List([chars(one) for one in re.split(r"\r?\n", text[:-1] if text.endswith("\n") else text)])


def _bits(y: Value) -> Value:
    if not isinstance(y, Atom):
        raise QError("type")
    t = -y.t
    size = {BOOL: 1, BYTE: 8}.get(t, DTYPES[t].itemsize * 8 if t in _WHOLE | TEMPORAL else 0)
    if t in FLOATING:
        raw = np.array([y.v], dtype=DTYPES[t].newbyteorder(">")).tobytes()
        return Vec(BOOL, np.unpackbits(np.frombuffer(raw, dtype=np.uint8)).astype(bool))
    if not size:
        raise QError("type")
    value = y.v & ((1 << size) - 1)
    return Vec(BOOL, np.array([(value >> i) & 1 for i in reversed(range(size))], dtype=bool))


def _bytes(y: Value) -> Value:
    if not isinstance(y, Atom) or -y.t == SYM:
        raise QError("type")
    if y.t == -GUID:
        return Vec(BYTE, np.frombuffer(int(y.v).to_bytes(16, "big"), dtype=np.uint8))
    raw = np.array([y.v], dtype=DTYPES[-y.t]).astype(DTYPES[-y.t].newbyteorder(">")).tobytes()
    return Vec(BYTE, np.frombuffer(raw, dtype=np.uint8))


def _digits(x: Any, y: Value) -> Value:
    if isinstance(y, Vec | List):
        rows = [items(_digits(x, one)) for one in items(y)]
        width = max((len(row) for row in rows), default=0)
        filled = [[Atom(-LONG, 0)] * (width - len(row)) + row for row in rows]
        return List([pack(list(column)) for column in zip(*filled, strict=True)])
    if not isinstance(y, Atom) or -y.t not in _WHOLE:
        raise QError("type")
    n = int(y.v)
    if isinstance(x, Atom):
        base = int(x.v)
        if base < 2 or n < 0:
            raise QError("domain")
        if x.t == -BYTE:  # as many digits as fit into 64 bits
            return Vec(
                BYTE, np.array([n // base**i % base for i in reversed(range(_places(base)))], np.uint8)
            )
        out = []
        while n:
            n, digit = divmod(n, base)
            out.append(digit)
        made = out[::-1] or [0]
        t = -x.t if -x.t in (INT, LONG) else LONG
        return array(LONG if t == LONG else INT, made)
    out = []
    for place, base in enumerate(reversed(x.v.tolist())):
        if place == len(x.v) - 1:
            out.append(n if base == 0 else n % base)
        else:
            n, digit = divmod(n, base) if base else (0, n)
            out.append(digit)
    return array(LONG, out[::-1])


def _places(base: int) -> int:
    """How many digits of a base surely fit into a long without its sign."""
    return next(n for n in range(1, 65) if base ** (n + 1) > 2**64)


def sv(x: Value, y: Value) -> Value:
    """``x sv y``: texts joined by a separator, digits or bytes as a number.

    Raises:
        QError: ``type`` where x and y do not fit.
    """
    if isinstance(x, Atom | Vec) and abs(x.t) == CHAR:
        return chars(text_of(x).join(text_of(one) for one in items(y)))
    if isinstance(x, Atom | Vec) and abs(x.t) == BYTE and isinstance(y, List):
        joint = bytes(np.atleast_1d(x.v).astype(np.uint8))
        whole = joint.join(
            bytes(np.atleast_1d(one.v).astype(np.uint8)) for one in y.v if isinstance(one, Vec | Atom)
        )
        return Vec(BYTE, np.frombuffer(whole, dtype=np.uint8))
    if isinstance(x, Atom) and x.t == -SYM and x.v == "":
        if isinstance(y, Vec) and y.t == SYM:
            parts = y.v.tolist()
            if parts and parts[0].startswith(":"):
                return sym("/".join(parts))
            return sym(".".join(parts))
        return chars("".join(text_of(one) + "\n" for one in items(y)))
    if (
        isinstance(x, Atom)
        and x.t in (-BOOL, -BYTE)
        and not x.v
        and isinstance(y, Vec)
        and y.t in (BOOL, BYTE)
    ):
        return _from_bytes(x, y)
    if isinstance(y, List) and y.v and all(is_list(one) for one in y.v):
        rows = [items(one) for one in y.v]
        return pack([sv(x, pack(list(column))) for column in zip(*rows, strict=True)])
    return _number(x, y)


def _from_bytes(x: Atom, y: Vec) -> Value:
    raw = np.packbits(y.v).tobytes() if x.t == -BOOL else y.v.tobytes()
    t = {1: BYTE, 2: SHORT, 4: INT, 8: LONG, 16: GUID}.get(len(raw) if x.t == -BYTE or len(y.v) >= 8 else 0)
    if t is None or (x.t == -BOOL and len(y.v) % 8) or (x.t == -BYTE and len(raw) == 1):
        raise QError("length" if t is None else "type")
    return Atom(-t, int.from_bytes(raw, "big", signed=t not in (BYTE, GUID)))


def _number(x: Value, y: Value) -> Value:
    numbers = isinstance(y, Vec) and y.t in _WHOLE | {REAL, FLOAT}
    if not numbers and (not is_list(y) or count(y)):
        raise QError("type")
    values = y.v.tolist() if isinstance(y, Vec) else []
    if isinstance(x, Atom) and (-x.t in _WHOLE or x.t in (-8, -9)):
        bases = [x.v] * len(values)
    elif isinstance(x, Vec) and (x.t in _WHOLE or x.t in (8, 9)):
        bases = x.v.tolist()
        if len(bases) != len(values):
            raise QError("length")
    else:
        raise QError("type")
    total: Any = 0
    for base, value in zip(bases, values, strict=True):
        total = total * base + value
    if isinstance(total, float):
        return Atom(-9, total)
    if abs(x.t) == BYTE:
        return Atom(-BYTE, total & 255)
    return Atom(-LONG, (total + 2**63) % 2**64 - 2**63)


# ---------------------------------------------------------------- case and blanks


def cased(change: Callable[[str], str]) -> Callable[[Value], Value]:
    """Upper and lower."""

    def one(x: Value) -> Value:
        x = unenum(x)
        if isinstance(x, Atom) and x.t == -SYM:
            return sym(change(x.v))
        if isinstance(x, Vec) and x.t == SYM:
            return syms([change(v) for v in x.v.tolist()])
        if isinstance(x, Atom | Vec) and abs(x.t) == CHAR:
            raw = bytes([x.v]) if isinstance(x, Atom) else bytes(x.v)
            done = raw.upper() if change is str.upper else raw.lower()
            return Atom(-CHAR, done[0]) if isinstance(x, Atom) else chars(done)
        if isinstance(x, List):
            return pack([one(each) for each in x.v])
        if isinstance(x, Dict):
            return Dict(x.k, one(x.w))
        if isinstance(x, Table):
            return Table(x.cols, [one(c) for c in x.data])
        raise QError("type")

    return one


def trimmed(left: bool, right: bool) -> Callable[[Value], Value]:
    """trim, ltrim and rtrim: nulls at the ends go."""

    def one(x: Value) -> Value:
        x = unenum(x)
        if isinstance(x, Vec):
            null = {CHAR: 32, SYM: ""}.get(x.t)
            hole = (x.v == null) if null is not None else _nulls(x)
            kept = np.nonzero(~np.asarray(hole, dtype=bool))[0]
            start = int(kept[0]) if left and len(kept) else 0 if len(kept) or not left else len(x.v)
            end = int(kept[-1]) + 1 if right and len(kept) else len(x.v) if len(kept) or not right else 0
            return Vec(x.t, x.v[start : max(start, end)])
        if isinstance(x, List):
            return pack([one(each) for each in x.v])
        if isinstance(x, Dict):
            return Dict(x.k, one(x.w))
        if isinstance(x, Table):
            data = [one(c) for c in x.data]
            if len(set(map(count, data))) > 1:
                raise QError("length")
            return Table(x.cols, data)
        if isinstance(x, Fn):
            raise QError("type")
        return x

    return one


def _nulls(x: Vec) -> Any:
    if x.t in FLOATING:
        return np.isnan(x.v)
    if x.t in (BOOL, BYTE, GUID):
        return np.zeros(len(x.v), dtype=bool)
    return x.v == np.iinfo(DTYPES[x.t]).min


upper, lower = cased(str.upper), cased(str.lower)
trim, ltrim, rtrim = trimmed(True, True), trimmed(True, False), trimmed(False, True)


def md5(x: Value) -> Value:
    """The digest of a text as 16 bytes."""
    raw = text_of(x).encode("utf-8", "surrogateescape")
    return Vec(BYTE, np.frombuffer(hashlib.md5(raw, usedforsecurity=False).digest(), dtype=np.uint8))
