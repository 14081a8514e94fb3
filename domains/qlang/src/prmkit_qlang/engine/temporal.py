"""Texts of points and spans of time: how they print, their literals, and the lenient reading of ``"D"$``.

Source: the pages on datatypes, cast and tok of the kdb+ documentation.
"""

from __future__ import annotations

import math
import re
from typing import Any

from prmkit_qlang.engine.moments import (
    DAY,
    FIRST_DAY,
    LAST_DAY,
    UNITS,
    civil,
    convert,
    convert_scalar,
    days_of,
    part,
    part_type,
    parts,
)
from prmkit_qlang.engine.types import (
    CODES,
    DATE,
    DATETIME,
    FLOATING,
    INF_LONG,
    INFINITIES,
    LETTERS,
    MINUTE,
    MONTH,
    NULLS,
    SECOND,
    TIME,
    TIMESPAN,
    TIMESTAMP,
)

__all__ = ["convert", "convert_scalar", "literal", "part", "part_type", "parts", "show", "tok"]

LONGEST = 64
"""Characters of a text that may be a time."""


# ---------------------------------------------------------------- printing


def show(t: int, v: Any) -> str:
    """The text of one stored temporal scalar of positive type t.

    Examples:
        >>> show(DATE, 59), show(TIMESPAN, -1), show(MINUTE, 1620), show(DATE, -2147483647)
        ('2000.02.29', '-0D00:00:00.000000001', '27:00', '-0Wd')
    """
    if v == NULLS[t] or v != v:
        return f"0N{LETTERS[t]}"
    top = INFINITIES[t]
    if v == top or v == -top:
        return f"{'-' * (v < 0)}0{'w' if t == DATETIME else 'W'}{LETTERS[t]}"
    if t == DATE:
        return _date(v)
    if t in UNITS:
        return _span(t, v)
    if t == TIMESTAMP:
        days, rest = divmod(v, DAY)
        return f"{_date(days)}D{_clock(rest // 1_000_000_000)}.{rest % 1_000_000_000:09}"
    if t == MONTH:
        year = 2000 + v // 12
        return f"{year:04}.{v % 12 + 1:02}m" if 1 <= year <= 9999 else "0000.00m"
    days, ms = divmod(math.floor(v * 86_400_000.0 + 0.5) if abs(v) < 1e8 else FIRST_DAY * DAY, 86_400_000)
    if not FIRST_DAY <= days <= LAST_DAY:
        return "0000.00.00T00:00:00.000"
    return f"{_date(days)}T{_clock(ms // 1000)}.{ms % 1000:03}"


def _date(days: int) -> str:
    if not FIRST_DAY <= days <= LAST_DAY:
        return "0000.00.00"
    year, month, day = civil(days)
    return f"{year:04}.{month:02}.{day:02}"


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _span(t: int, v: int) -> str:
    sign, v = ("-", -v) if v < 0 else ("", v)
    if t == MINUTE:
        return f"{sign}{v // 60:02}:{v % 60:02}"
    if t == SECOND:
        return sign + _clock(v)
    if t == TIME:
        return f"{sign}{_clock(v // 1000)}.{v % 1000:03}"
    days, rest = divmod(v, DAY)
    return f"{sign}{days}D{_clock(rest // 1_000_000_000)}.{rest % 1_000_000_000:09}"


# ---------------------------------------------------------------- literals

_CLOCK = r"\d+(?::\d\d(?::\d\d(?:\.\d*)?)?)?"
_POINT = re.compile(rf"(\d{{4}})\.(\d\d)\.(\d\d)(?:([DT])({_CLOCK})?)?([pmdznuvt]?)")
_MONTH = re.compile(r"(\d{4})\.(\d\d)m")
_SPAN = re.compile(rf"(-?)(?:(\d+)D({_CLOCK})?|(\d+:\d\d(?::\d\d(?:\.\d*)?)?))([pmdznuvt]?)")


def literal(text: str) -> tuple[int, Any] | None:
    """The type and the stored value of a temporal literal; nothing where the text is none.

    Examples:
        >>> literal("2000.01.02"), literal("2001.01m"), literal("00:01:00"), literal("12:34.")
        ((14, 1), (13, 12), (18, 60), None)
    """
    if len(text) > LONGEST or not text.isascii():
        return None
    found = _MONTH.fullmatch(text)
    if found:
        year, month = int(found[1]), int(found[2])
        return (MONTH, (year - 2000) * 12 + month - 1) if year and 1 <= month <= 12 else None
    if len(text) == 2 and text[0] == "0" and text[1] in "pmdzuvt":
        return CODES[text[1]], 0.0 if text[1] == "z" else 0
    made = _point_literal(text) or _span_literal(text)
    if made is None:
        return None
    t, v, suffix = made
    wanted = CODES[suffix] if suffix else t
    return wanted, convert_scalar(v, t, wanted)


def _point_literal(text: str) -> tuple[int, Any, str] | None:
    found = _POINT.fullmatch(text)
    if not found:
        return None
    year, month, day, letter, clock, suffix = found.groups()
    days = _day(int(year), int(month), int(day))
    rest = _nanoseconds(clock) if clock else 0
    if days is None or rest is None:
        return None
    if not letter:
        return DATE, days, suffix
    if letter == "T":
        return DATETIME, days + rest / DAY, suffix
    return TIMESTAMP, _held(days * DAY + rest), suffix


def _span_literal(text: str) -> tuple[int, Any, str] | None:
    found = _SPAN.fullmatch(text)
    if not found:
        return None
    sign, days, after, clock, suffix = found.groups()
    rest = _nanoseconds(after or clock or "0")
    if rest is None:
        return None
    v = _held((int(days or 0) * DAY + rest) * (-1 if sign else 1))
    places = clock.count(":") if clock else 0
    fraction = len(clock.partition(".")[2]) if clock else 0
    t = TIMESPAN if days or fraction > 3 else MINUTE if places == 1 else TIME if "." in clock else SECOND
    return t, v // UNITS[t] if v >= 0 else -(-v // UNITS[t]), suffix


def _day(year: int, month: int, day: int) -> int | None:
    """Days from 2000.01.01; nothing where there is no such day."""
    if not (1 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= 31):
        return None
    days = int(days_of(year, month, day))
    return days if day <= 28 or civil(days)[2] == day else None


def _held(v: int) -> int:
    return max(-INF_LONG, min(INF_LONG, v))


def _nanoseconds(clock: str) -> int | None:
    """Nanoseconds of ``hh``, ``hh:mm``, ``hh:mm:ss`` or ``hh:mm:ss.f``; nothing where a part is too large."""
    whole, _, fraction = clock.partition(".")
    fields = [int(one) for one in whole.split(":")]
    if fields[0] > 10**7 or any(one > 59 for one in fields[1:]):
        return None
    hours, minutes, seconds = (*fields, 0, 0)[:3]
    return ((hours * 60 + minutes) * 60 + seconds) * 1_000_000_000 + int((fraction + "0" * 9)[:9])


# ---------------------------------------------------------------- lenient reading

_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
_YMD = re.compile(r"(\d{4})([./-])(\d{1,2}|[a-zA-Z]{3})\2(\d{1,2})")
_MDY = re.compile(r"(\d{1,2}|[a-zA-Z]{3})([/-])(\d{1,2})\2(\d{4}|\d\d)")
_DMY = re.compile(r"(\d{1,2})([/ -]?)([a-zA-Z]{3})\2(\d{4}|\d\d)")
_COMPACT = re.compile(r"(\d{4}|\d\d)(\d\d)(\d\d)")
_YM = re.compile(r"(\d{4})[./-]?(\d\d)m?")
_UNIX = re.compile(r"(\d{9,11})(?:\.(\d*))?")
_DAYS = re.compile(r"(-?)(?:(\d+)D)?(.*)")
_COLONS = re.compile(r"\d+:\d{1,2}(?::\d{1,2}(?:\.\d*)?)?")
_DIGITS = re.compile(r"(\d{1,2}?)(?:(\d\d)(?:(\d\d)\.?(\d*))?)?")
_EPOCH = 10_957 * DAY


def tok(t: int, text: str, *, day_first: bool = False) -> Any:
    """The stored value that a text stands for under ``"P"$`` and the like; the null where it stands for none.

    Args:
        t: Positive type.
        text: What to read; blanks around it are no matter.
        day_first: Read 01/02/2020 as the first of February, which a setting of the session may ask for.

    Examples:
        >>> tok(DATE, "2000-01-31"), tok(DATE, "01/31/00"), tok(TIME, "000001500"), tok(MINUTE, "25:61")
        (30, 30, 1500, -2147483648)
    """
    text = text.strip()
    made: tuple[int, Any] | None = None
    if 0 < len(text) <= LONGEST and text.isascii():
        if t == MONTH and (found := _YM.fullmatch(text)):
            days = _day(int(found[1]), int(found[2]), 1)
            made = None if days is None else (DATE, days)
        elif t in (DATE, MONTH):
            made = _read_point(text, day_first, unix=False)
        elif t in (TIMESTAMP, DATETIME):
            made = _read_point(text, day_first, unix=True)
        else:
            made = _read_span(text)
    if made is None:
        return NULLS[t]
    v = convert_scalar(made[1], made[0], t)
    return float(v) if t in FLOATING else v


def _read_point(text: str, day_first: bool, *, unix: bool) -> tuple[int, Any] | None:
    """A date or a timestamp."""
    days = _read_date(text, day_first)
    if days is not None:
        return DATE, days
    if unix and (found := _UNIX.fullmatch(text)):
        return TIMESTAMP, _held(int(found[1]) * 10**9 + int(((found[2] or "") + "0" * 9)[:9]) - _EPOCH)
    for cut in (10, 8, 11, 9, 7, 6):
        if len(text) > cut and text[cut] in "DT -":
            days, rest = _read_date(text[:cut], day_first), _read_clock(text[cut + 1 :].removesuffix("Z"))
            if days is not None and rest is not None:
                return TIMESTAMP, _held(days * DAY + rest)
    return None


def _read_date(text: str, day_first: bool) -> int | None:
    """Days from 2000.01.01 of a date in any of the documented forms."""
    if found := _YMD.fullmatch(text):
        return _day(int(found[1]), _month(found[3]), int(found[4]))
    if found := _MDY.fullmatch(text):
        first, second = (found[3], found[1]) if day_first and found[1].isdecimal() else (found[1], found[3])
        return _day(_year(found[4]), _month(first), int(second))
    if found := _DMY.fullmatch(text):
        return _day(_year(found[4]), _month(found[3]), int(found[1]))
    if found := _COMPACT.fullmatch(text):
        return _day(_year(found[1]), int(found[2]), int(found[3]))
    return None


def _month(text: str) -> int:
    return int(text) if text.isdecimal() else _MONTHS.get(text.lower(), 0)


def _year(text: str) -> int:
    year = int(text)
    return year if len(text) == 4 else year + (2000 if year < 50 else 1900)


def _read_span(text: str) -> tuple[int, Any] | None:
    found = _DAYS.fullmatch(text)
    if not found:
        return None
    sign, days, clock = found.groups()
    rest = 0 if days and not clock else _read_clock(clock)
    if rest is None:
        return None
    return TIMESPAN, _held((int(days or 0) * DAY + rest) * (-1 if sign else 1))


def _read_clock(text: str) -> int | None:
    """Nanoseconds of a time with colons, or of digits alone: hours, minutes, seconds, fraction."""
    if _COLONS.fullmatch(text):
        return _nanoseconds(text)
    found = _DIGITS.fullmatch(text)
    if not found:
        return None
    hours, minutes, seconds, fraction = found.groups()
    if len(text) > 6 and len(hours) == 1:
        hours, minutes, seconds, fraction = text[:2], text[2:4], text[4:6], text[6:].lstrip(".")
    return _nanoseconds(f"{hours}:{minutes or '00'}:{seconds or '00'}.{fraction or ''}")
