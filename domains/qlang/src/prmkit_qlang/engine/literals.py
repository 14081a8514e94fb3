"""Texts of numbers and times to values: ``1 2 3``, ``0N 0W``, ``010b``, ``0x1f``, ``2020.01.01 0Nd``."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from prmkit_qlang.engine import temporal
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.types import (
    BOOL,
    BYTE,
    CODES,
    DTYPES,
    FLOAT,
    FLOATING,
    GUID,
    INFINITIES,
    LONG,
    NULLS,
    REAL,
    SHORT,
    TEMPORAL,
)
from prmkit_qlang.engine.values import Atom, Value, Vec

_WHOLE = re.compile(r"-?\d+")
_FLOAT = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_SPECIAL = re.compile(r"(-?)0([NnWw])([a-z]?)")
_WIDTH = {SHORT: 2**15, 6: 2**31, LONG: 2**63}
_SUFFIXES = {c: CODES[c] for c in "hijefpmdznuvtcxbg"}


def number(texts: list[str]) -> Value:
    """The value of a run of literals: an atom for one text, else a vector of one type.

    Args:
        texts: Texts of the literals, as the lexer cut them.

    Raises:
        QError: the text itself, where it is no literal.

    Examples:
        >>> number(["1", "2"]).v.tolist(), number(["0x0a"]).v
        ([1, 2], 10)
    """
    if len(texts) == 1:
        t, v = _one(texts[0])
        return Vec(t, v) if isinstance(v, np.ndarray) else Atom(-t, v)
    if not "".join(texts).replace("-", "").isdecimal():
        return _run(texts)
    try:
        whole = list(map(int, texts))
    except ValueError as error:  # more digits than Python reads
        raise QError(texts[0]) from error
    if min(whole) > -(2**63) and max(whole) < 2**63:
        return Vec(LONG, np.array(whole, DTYPES[LONG]))
    raise QError(texts[0])


def _plain(text: str) -> bool:
    return text.isdecimal() or (text[0] == "-" and text[1:].isdecimal())


def _run(texts: list[str]) -> Value:
    """A vector whose literals have a type of their own here and there; the last suffix rules."""
    suffix = texts[-1][-1]
    t = 0
    if suffix in _SUFFIXES and not texts[-1].startswith("0x") and not _SPECIAL.fullmatch(texts[-1]):
        t = _one(texts[-1])[0]
        if t in TEMPORAL:
            texts = [one if one[-1].isalpha() else one + suffix for one in texts]
        if t == BOOL and suffix == "b" and len(texts) > 1:
            texts = [*texts[:-1], texts[-1][:-1]]
            return Vec(BOOL, np.array([text == "1" for text in texts]))
    pairs = [_one(text) for text in texts]
    if not t:
        kinds = [kind for kind, _ in pairs]
        special = [k for k, text in zip(kinds, texts, strict=True) if k != LONG or not _plain(text)]
        times = [k for k in kinds if k in TEMPORAL]
        t = next((u for u in [*times[-1:], FLOAT, REAL] if u in kinds), (special or kinds)[-1])
    values = [_as(t, kind, v, text) for (kind, v), text in zip(pairs, texts, strict=True)]
    return Vec(t, np.array(values, DTYPES[t]))


def _as(t: int, kind: int, v: Any, text: str) -> Any:
    if kind == t:
        return v
    if isinstance(v, np.ndarray):
        raise QError(text)
    if kind in (LONG, FLOAT) and (
        v != v or v in (NULLS[LONG], INFINITIES[LONG], -INFINITIES[LONG], float("inf"), -float("inf"))
    ):
        if v != v or v == NULLS[LONG]:
            return NULLS[t]
        return INFINITIES[t] if v > 0 else -INFINITIES[t]
    if kind == LONG and t in FLOATING:
        return float(v)
    if kind == FLOAT and t == REAL:
        return v
    if kind in (LONG, SHORT, 6):
        return v
    raise QError(text)


def _one(text: str) -> tuple[int, Any]:
    """Type and stored value of one literal."""
    if text.isdecimal() or (text[0] == "-" and text[1:].isdecimal()):
        if len(text) > 20:
            raise QError(text)
        n = int(text)
        if not -(2**63) < n < 2**63:
            raise QError(text)
        return LONG, n
    special = _SPECIAL.fullmatch(text)
    if special:
        return _special(special[1], special[2], special[3], text)
    if text.startswith("0x"):
        return _bytes(text)
    last = text[-1]
    if last == "b" and set(text[:-1]) <= {"0", "1"} and len(text) > 1:
        bits = np.array([c == "1" for c in text[:-1]])
        return BOOL, bits if len(bits) > 1 else int(bits[0])
    if last in _SUFFIXES:
        made = _suffixed(text[:-1], _SUFFIXES[last])
        if made is not None:
            return made
    if _FLOAT.fullmatch(text):
        return FLOAT, float(text)
    found = temporal.literal(text)
    if found is None:
        raise QError(text)
    return found


def _suffixed(body: str, t: int) -> tuple[int, Any] | None:
    if t in _WIDTH and _WHOLE.fullmatch(body) and len(body) < 21:
        n = int(body)
        if not -_WIDTH[t] < n < _WIDTH[t]:
            raise QError(body)
        return t, n
    if t in (REAL, FLOAT) and _FLOAT.fullmatch(body):
        return t, float(body) if t == FLOAT else float(np.float32(body))
    if t == 15 and _FLOAT.fullmatch(body):
        return t, float(body)
    return None


def _special(sign: str, letter: str, suffix: str, text: str) -> tuple[int, Any]:
    default = FLOAT if letter in "nw" else LONG
    t = CODES.get(suffix, 0) if suffix else default
    if t in (0, BOOL, BYTE) or (t == GUID and letter != "N"):
        raise QError(text)
    if letter in "Nn":
        return t, NULLS[t]
    if t not in INFINITIES:
        raise QError(text)
    return t, -INFINITIES[t] if sign else INFINITIES[t]


def _bytes(text: str) -> tuple[int, Any]:
    body = text[2:]
    if not all(c in "0123456789abcdefABCDEF" for c in body):
        raise QError(text)
    if len(body) % 2:
        body = "0" + body
    raw = bytes.fromhex(body)
    return BYTE, raw[0] if len(raw) == 1 else np.frombuffer(raw, dtype=np.uint8)
