"""Sums with points and spans of time: calendar days, conversion between temporal types, parts.

Stored values count from 2000.01.01: nanoseconds (``p n``), months (``m``), days (``d``; a float for ``z``),
minutes (``u``), seconds (``v``), milliseconds (``t``). The same sums serve Python integers and numpy arrays.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.types import (
    BOOL,
    DATE,
    DATETIME,
    DTYPES,
    FLOATING,
    GUID,
    INF_INT,
    INF_LONG,
    INFINITIES,
    INT,
    MINUTE,
    MONTH,
    NULLS,
    REAL,
    SECOND,
    SYM,
    TEMPORAL,
    TIME,
    TIMESPAN,
    TIMESTAMP,
)

DAY = 86_400_000_000_000
"""Nanoseconds of a day."""
UNITS = {TIMESPAN: 1, TIME: 1_000_000, SECOND: 1_000_000_000, MINUTE: 60_000_000_000}
"""Nanoseconds of the unit of each type of span."""
INSTANTS = frozenset({TIMESTAMP, MONTH, DATE, DATETIME})
FIRST_DAY, LAST_DAY = -730_119, 2_921_939
"""0001.01.01 and 9999.12.31 in days from 2000.01.01: what can be shown."""


def civil(days: Any) -> tuple[Any, Any, Any]:
    """Year, month and day of a number of days from 2000.01.01 (proleptic Gregorian calendar).

    Examples:
        >>> civil(0), civil(-1)
        ((2000, 1, 1), (1999, 12, 31))
    """
    z = days + 730_425  # days from 0000.03.01
    era = z // 146_097
    doe = z - era * 146_097
    yoe = (doe - doe // 1460 + doe // 36_524 - doe // 146_096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    month = (mp + 2) % 12 + 1
    return yoe + era * 400 + (month <= 2), month, doy - (153 * mp + 2) // 5 + 1


def days_of(year: Any, month: Any, day: Any) -> Any:
    """Days from 2000.01.01 to a date.

    Examples:
        >>> days_of(2000, 3, 1)
        60
    """
    y = year - (month <= 2)
    era = y // 400
    yoe = y - era * 400
    doy = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146_097 + yoe * 365 + yoe // 4 - yoe // 100 + doy - 730_425


def convert_scalar(v: Any, from_t: int, to_t: int) -> Any:
    """A stored scalar of one type as another; either may be a number. Nulls and endless times stay so.

    Raises:
        QError: ``type`` for types that do not convert.

    Examples:
        >>> convert_scalar(59, DATE, MONTH), convert_scalar(90, MINUTE, TIME)
        (1, 5400000)
    """
    if from_t == to_t:
        return v
    _check(from_t, to_t)
    if to_t == BOOL:
        return int(v != 0)
    if from_t in INFINITIES and (v != v or v == NULLS[from_t]):
        return NULLS[to_t]
    if from_t in TEMPORAL and to_t in TEMPORAL:
        top = INFINITIES[to_t]
        if v == INFINITIES[from_t] or v == -INFINITIES[from_t]:
            return top if v > 0 else -top
        v = _sum(v, from_t, to_t)
        return v if to_t == DATETIME else _clamp(v, top)
    if to_t in FLOATING:
        return float(np.float32(v)) if to_t == REAL else float(v)
    top = INFINITIES.get(to_t, INF_INT)
    whole = math.floor(v + 0.5) if isinstance(v, float) and not math.isinf(v) else v
    return _clamp(whole, top) if to_t in INFINITIES else _clamp(whole, top) & 255


def convert(v: Any, from_t: int, to_t: int) -> Any:
    """An array of stored values of one type as another, like ``convert_scalar``.

    Raises:
        QError: ``type`` for types that do not convert.
    """
    if from_t == to_t:
        return v
    _check(from_t, to_t)
    if to_t == BOOL:
        return v != 0
    kind = DTYPES[to_t]
    source = v if from_t in FLOATING else v.astype(np.int64)
    nothing = None
    if from_t in INFINITIES:
        nothing = np.isnan(source) if from_t in FLOATING else source == NULLS[from_t]
        source = np.where(nothing, source.dtype.type(0), source)
    with np.errstate(all="ignore"):
        if from_t in TEMPORAL and to_t in TEMPORAL:
            out = _between(source, from_t, to_t)
        elif to_t in FLOATING:
            out = source.astype(kind)
        else:
            top = INFINITIES.get(to_t, INF_INT)
            whole = _rounded(source).clip(-top, top)
            out = (whole if to_t in INFINITIES else whole & 255).astype(kind)
    if nothing is not None:
        out[nothing] = NULLS[to_t]
    return out


def _between(v: Any, a: int, b: int) -> Any:
    """Times without nulls as another type of time; what is beyond the range is infinite."""
    top, bound = INFINITIES[b], INFINITIES[a]
    endless = (v >= bound) | (v <= -bound)
    made = _sum(np.where(endless, v.dtype.type(0), v), a, b)
    if b != DATETIME:
        made = made.clip(-top, top)
    return np.where(endless, np.where(v > 0, top, -top), made).astype(DTYPES[b])


def _check(from_t: int, to_t: int) -> None:
    """Raise where one of two types is no number and no time."""
    if from_t not in NULLS or to_t not in NULLS or {GUID, SYM} & {from_t, to_t}:
        raise QError("type")


def _clamp(v: Any, top: Any) -> Any:
    return top if v > top else -top if v < -top else v


def _rounded(v: Any) -> Any:
    """An array as 64-bit integers; floats are rounded, and held within range."""
    if v.dtype.kind != "f":
        return v
    out = np.floor(v.astype(np.float64) + 0.5)
    big = np.abs(out) >= 2.0**63
    return np.where(big, np.where(out > 0, INF_LONG, -INF_LONG), np.where(big, 0, out).astype(np.int64))


def _sum(v: Any, a: int, b: int) -> Any:
    """One type of time as another, without nulls and infinities."""
    if b in UNITS:
        return _span(v, a, b)
    if b == TIMESTAMP:
        if a in UNITS:
            return _times(v, UNITS[a])
        return _rounds(v * 86_400_000.0, 1_000_000) if a == DATETIME else _times(_days(v, a), DAY)
    if b == DATETIME:
        if a == TIMESTAMP or a in UNITS:
            return v / (DAY / UNITS.get(a, 1))
        return _days(v, a) * 1.0
    days = _days(v, a)
    if b == DATE:
        return days
    year, month, _ = civil(days)
    return (year - 2000) * 12 + month - 1


def _span(v: Any, a: int, b: int) -> Any:
    """A span, or the time of day of a point in time, in units of type b."""
    if a in UNITS:
        return v // (UNITS[b] // UNITS[a]) if UNITS[b] >= UNITS[a] else _times(v, UNITS[a] // UNITS[b])
    if a == TIMESTAMP:
        return v % DAY // UNITS[b]
    if a == DATETIME:
        return _rounds((v - _floor(v)) * 86_400_000.0, 1) % 86_400_000 * 1_000_000 // UNITS[b]
    return v * 0


def _days(v: Any, a: int) -> Any:
    """Whole days from 2000.01.01."""
    if a == DATE:
        return v
    if a == MONTH:
        return days_of(2000 + v // 12, v % 12 + 1, 1)
    if a == DATETIME:
        return int(_floor(v)) if isinstance(v, float) else _rounded(_floor(v))
    return v // (DAY // UNITS.get(a, 1))


def _floor(v: Any) -> Any:
    return math.floor(v) if isinstance(v, float) else np.floor(v)


def _times(v: Any, factor: int) -> Any:
    """A product, held within 64 bits."""
    if isinstance(v, int):
        return v * factor
    most = INF_LONG // factor
    return np.where(v > most, INF_LONG, np.where(v < -most, -INF_LONG, v * factor))


def _rounds(v: Any, factor: int) -> Any:
    """A float to the nearest integer, then a product."""
    return _times(math.floor(v + 0.5) if isinstance(v, float) else _rounded(v), factor)


# ---------------------------------------------------------------- parts

WHOLE = {
    "month": MONTH, "date": DATE, "minute": MINUTE, "second": SECOND, "time": TIME, "timespan": TIMESPAN,
    "timestamp": TIMESTAMP, "datetime": DATETIME, "week": DATE,
}  # fmt: skip
"""Parts that are temporal themselves."""
CLOCK = {"hh": (3_600_000_000_000, 0), "uu": (60_000_000_000, 60), "ss": (1_000_000_000, 60)}
"""Parts of a time: nanoseconds of one, and how many make the next (0: they go on)."""


def part_type(name: str, t: int) -> int:
    """The type of a part of values of type t.

    Raises:
        QError: ``type`` where values of type t have no such part.
    """
    if t not in TEMPORAL:
        raise QError("type")
    if name in ("year", "dd", "week") or (name == "mm" and t not in UNITS):
        good = t in INSTANTS and not (t == MONTH and name != "year" and name != "mm")
    elif name in CLOCK or name == "mm":
        good = t not in (MONTH, DATE)
    else:
        good = name in WHOLE
    if not good:
        raise QError("type")
    return WHOLE.get(name, INT)


def part(name: str, t: int, v: Any) -> tuple[int, Any]:
    """A part of a stored temporal scalar of positive type t: its type and its value.

    ``year dd hh uu ss`` are ints, and so is ``mm``: the month of a date, the minutes of a time. ``week`` is
    the Monday at or before; the others convert.

    Raises:
        QError: ``type`` where values of type t have no such part.

    Examples:
        >>> part("mm", DATE, 59), part("uu", TIME, 5_400_000)
        ((6, 2), (6, 30))
    """
    made = part_type(name, t)
    if name in WHOLE and name != "week":
        return made, convert_scalar(v, t, made)
    if v != v or v == NULLS[t] or v in (INFINITIES[t], -INFINITIES[t]):
        return made, NULLS[made]
    return made, int(_part(name, t, v))


def parts(name: str, t: int, v: Any) -> tuple[int, Any]:
    """A part of each value of an array of positive type t: the type and the array.

    Raises:
        QError: ``type`` where values of type t have no such part.
    """
    made = part_type(name, t)
    if name in WHOLE and name != "week":
        return made, convert(v, t, made)
    nothing = ~np.isfinite(v) if t in FLOATING else (v == NULLS[t]) | (np.abs(v) == INFINITIES[t])
    source = v if t in FLOATING else v.astype(np.int64)
    out = _part(name, t, np.where(nothing, source.dtype.type(0), source)).astype(np.int32)
    out[nothing] = NULLS[made]
    return made, out


def _part(name: str, t: int, v: Any) -> Any:
    """A part that is a number, or the Monday of a week."""
    if name in CLOCK or (name == "mm" and t in UNITS):
        size, many = CLOCK["uu" if name == "mm" else name]
        base = t if t in UNITS else TIME if t == DATETIME else TIMESPAN
        span = v if t in UNITS else _span(v, t, base)
        per = size // UNITS[base]
        whole = span // per if per else span * (UNITS[base] // size)
        return whole % many if many else whole
    days = _days(v, t)
    if name == "week":
        return days - (days + 5) % 7
    year, month, day = civil(days)
    return year if name == "year" else month if name == "mm" else day
