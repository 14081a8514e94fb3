"""Reductions of the last n items at every position, and the exponential mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from prmkit_qlang.engine.aggregates import SUM_TYPE, as_vector, numbers
from prmkit_qlang.engine.compare import nulls_in
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.lifting import Two
from prmkit_qlang.engine.lists import flip, whole
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.types import (
    BOOL,
    BYTE,
    CHAR,
    DATE,
    DATETIME,
    DTYPES,
    FLOAT,
    FLOATING,
    GUID,
    INFINITIES,
    INT,
    MONTH,
    NULLS,
    SYM,
    TIMESPAN,
    TIMESTAMP,
)
from prmkit_qlang.engine.values import Atom, Dict, List, Table, Value, Vec, items, pack, unenum

_DIFFERENCE = {TIMESTAMP: TIMESPAN, MONTH: INT, DATE: INT, DATETIME: FLOAT}
"""Types of sums over a window, which are differences of running sums."""


def windowed(name: str) -> Two:
    """``n mavg x`` and its kin: a reduction of the last n items at every position."""

    def two(x: Value, y: Value) -> Value:
        if isinstance(y, Dict):
            return Dict(y.k, two(x, y.w))
        if isinstance(y, Table):
            return Table(y.cols, [two(x, c) for c in y.data])
        n = whole(x)
        if isinstance(y, List):
            return flip(pack([two(x, one) for one in items(flip(y))])) if y.v else y
        y = unenum(y)
        if not isinstance(y, Vec) or y.t in (SYM, GUID):
            raise QError("type")
        if y.t == CHAR and name in ("mavg", "msum"):
            raise QError("type")
        return _WINDOWS[name](n, y)

    return two


def _window_sums(v: Any, n: int) -> Any:
    total = np.cumsum(v)
    out = total.copy()
    if 0 < n < len(v):
        out[n:] = total[n:] - total[:-n]
    return out if n > 0 else np.zeros_like(total)


def _mcount(n: int, y: Vec) -> Value:
    return Vec(INT, _window_sums((~np.asarray(nulls_in(y), dtype=bool)).astype(np.int32), n).astype(np.int32))


def _msum(n: int, y: Vec) -> Value:
    t = _DIFFERENCE.get(y.t) or SUM_TYPE.get(y.t, y.t)
    v = np.where(nulls_in(y), 0, y.v).astype(DTYPES[t])
    return Vec(t, _window_sums(v, n))


def _mavg(n: int, y: Vec) -> Value:
    v = numbers(y)
    lost = np.isnan(v)
    with np.errstate(all="ignore"):
        return Vec(FLOAT, _window_sums(np.where(lost, 0.0, v), n) / _window_sums((~lost).astype(float), n))


def _mdev(n: int, y: Vec) -> Value:
    v = numbers(y)
    known = ~np.isnan(v)
    many = _window_sums(known.astype(float), n)
    v = np.where(known, v - (v[known].mean() if known.any() else 0.0), 0.0)
    with np.errstate(all="ignore"):
        spread = _window_sums(v * v, n) / many - (_window_sums(v, n) / many) ** 2
        return Vec(FLOAT, np.sqrt(np.maximum(spread, 0.0)))


def _mextreme(*, largest: bool) -> Callable[[int, Vec], Value]:
    def window(n: int, y: Vec) -> Value:
        v, t = y.v, y.t
        if t in FLOATING:
            v = np.where(np.isnan(v), -np.inf, v)
        elif largest and t not in (BOOL, BYTE, CHAR):
            v = np.where(v == NULLS[t], -INFINITIES[t], v).astype(DTYPES[t])
        out = _window_extremes(v, n, np.maximum if largest else np.minimum)
        if t in FLOATING and not largest:
            out = np.where(out == -np.inf, np.nan, out)
        return Vec(t, out.astype(DTYPES[t]))

    return window


def _window_extremes(v: Any, n: int, op: Any) -> Any:
    """Extremes of the last n items at every place, in time of the length alone.

    Blocks of n items: a window is the end of one block and the beginning of the next.
    """
    size = len(v)
    if n < 2 or not size:
        return v.copy()
    if n >= size:
        return op.accumulate(v)
    blocks = -(-size // n)
    padded = np.concatenate([v, np.full(blocks * n - size, v[-1], dtype=v.dtype)]).reshape(blocks, n)
    ahead = op.accumulate(padded, axis=1).ravel()[:size]
    behind = op.accumulate(padded[:, ::-1], axis=1)[:, ::-1].ravel()[:size]
    out = ahead.copy()
    out[n - 1 :] = op(behind[: size - n + 1], ahead[n - 1 :])
    out[: n - 1] = op.accumulate(v[: n - 1])
    return out


_WINDOWS: dict[str, Callable[[int, Vec], Value]] = {
    "mavg": _mavg, "mcount": _mcount, "mdev": _mdev, "mmax": _mextreme(largest=True),
    "mmin": _mextreme(largest=False), "msum": _msum,
}  # fmt: skip
NAMES = tuple(_WINDOWS)


def ema(x: Value, y: Value) -> Value:
    """``a ema y``: exponential moving mean, a·item + (1-a)·before.

    Raises:
        QError: ``type`` where a is no number or y no vector.
    """
    y = unenum(y)
    if not isinstance(x, Atom) or not isinstance(y, Vec):
        raise QError("type")
    weight = float(numbers(as_vector(x))[0])
    v = numbers(y)
    out = np.empty(len(v))
    state = 0.0
    METER.take(len(v))
    for i, one in enumerate(v.tolist()):
        state = one if i == 0 else weight * one + (1 - weight) * state
        out[i] = state
    return Vec(FLOAT, out)
