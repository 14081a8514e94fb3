"""Which type a dyad gives for which types of its arguments.

Rules, not tables, so that they can be read; the matrices of the reference pages are the test. Source: the
range and domain sections of the kdb+ documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prmkit_qlang.engine.types import (
    BOOL,
    BYTE,
    CHAR,
    DATE,
    DATETIME,
    FLOAT,
    GUID,
    INT,
    LONG,
    MONTH,
    NUMERIC,
    REAL,
    SHORT,
    SYM,
    TEMPORAL,
    TIMESPAN,
)

Types = dict[tuple[int, int], int]
_ORDER = (BOOL, BYTE, SHORT, INT, LONG, REAL, FLOAT)
_ALL = tuple(range(1, 20))
_P, _M, _D, _Z, _N, _U, _V, _T = range(12, 20)
_TIMES = frozenset([_N, _U, _V, _T])
_SUMS: Types = {(_P, _P): _N, (_M, _M): INT, (_D, _D): INT, (_Z, _Z): FLOAT, (_Z, _N): _P, (_N, _Z): _P}
for _day in (_P, _M, _D):
    for _time in _TIMES:
        _SUMS[_day, _time] = _SUMS[_time, _day] = _P
for _time in (_U, _V, _T):
    _SUMS[_Z, _time] = _SUMS[_time, _Z] = _Z
_FINE = {_U: 0, _V: 1, _T: 2, _N: 3}
for _a in _TIMES:
    for _b in _TIMES:
        _SUMS[_a, _b] = max(_a, _b, key=_FINE.__getitem__)


def _wider(a: int, b: int) -> int:
    return max(a, b, key=_ORDER.index)


def _sum(a: int, b: int) -> int | None:
    if a in NUMERIC and b in NUMERIC:
        return max(_wider(a, b), INT) if _wider(a, b) not in (BOOL, BYTE, SHORT) else INT
    if a in TEMPORAL and b in TEMPORAL:
        return _SUMS.get((a, b))
    other, time = (a, b) if b in TEMPORAL else (b, a)
    if time not in TEMPORAL:
        return FLOAT if {a, b} == {CHAR, FLOAT} else None
    if other == FLOAT:
        return DATETIME if time in (DATE, DATETIME) else FLOAT
    return time if other in NUMERIC or other == CHAR else None


def _difference(a: int, b: int) -> int | None:
    if b == CHAR and a in NUMERIC:
        return _sum(a, INT)
    return _sum(a, b)


def _product(a: int, b: int) -> int | None:
    return None if a in TEMPORAL and b in TEMPORAL else _sum(a, b)


def _ratio(a: int, b: int) -> int | None:
    return None if {a, b} & {SYM, GUID} else FLOAT


def _power(a: int, b: int) -> int | None:
    return FLOAT if a in NUMERIC and b in NUMERIC else None


def _logarithm(a: int, b: int) -> int | None:
    return None if {a, b} & {SYM, GUID, DATETIME} else FLOAT


def _choice(a: int, b: int) -> int | None:
    if {a, b} & {SYM, GUID}:
        return None
    return _blend(a, b)


def _blend(a: int, b: int) -> int | None:
    if a in NUMERIC and b in NUMERIC:
        wide = _wider(a, b)
        return BOOL if a == b == BOOL else wide
    for one, other in ((a, b), (b, a)):
        if one in TEMPORAL and other in NUMERIC | {CHAR}:
            return one
        if one == CHAR and other in NUMERIC | {CHAR}:
            return CHAR
    return _blend_times(a, b)


def _blend_times(a: int, b: int) -> int | None:
    if a == b:
        return a
    low, high = sorted((a, b))
    if low == _P:
        return _P if high in (_M, _D, _Z) else high
    if low == _M:
        return DATE if high == _D else None
    if low == _D:
        return DATETIME if high == _Z else None
    if low == _Z:
        return high
    return _N if _N in (a, b) else max(a, b)


def _fill(a: int, b: int) -> int | None:
    if a == b:
        return a
    return None if {a, b} & {SYM, GUID} else _blend(a, b)


def _order(a: int, b: int) -> int | None:
    if a == b:
        return BOOL
    if {a, b} & {SYM, GUID}:
        return None
    for one, other in ((a, b), (b, a)):
        if (one in (MONTH, DATE) and other in _TIMES) or (one == MONTH and other == DATETIME):
            return None
    return BOOL


def _quotient(a: int, b: int) -> int | None:
    if {a, b} & {SYM, GUID}:
        return None
    if a in (REAL, FLOAT):
        return FLOAT
    if a in TEMPORAL:
        return a
    return LONG if a == LONG else INT


def _remainder(a: int, b: int) -> int | None:
    """As of ``x-y*x div y``."""
    quotient = _quotient(a, b)
    multiple = quotient and _product(b, quotient)
    return _difference(a, multiple) if multiple else None


def _bar(a: int, b: int) -> int | None:
    """As of ``x*y div x``, for bars a of what is b; a timespan stands for its number."""
    a = LONG if a == TIMESPAN else a
    quotient = _quotient(b, a)
    return _product(a, quotient) if quotient else None


def _pairs(rule: Callable[[int, int], int | None]) -> Iterator[tuple[tuple[int, int], int]]:
    for a in _ALL:
        for b in _ALL:
            found = rule(a, b)
            if found is not None:
                yield (a, b), found


def _types(rule: Callable[[int, int], int | None]) -> Types:
    return dict(_pairs(rule))


RESULT: dict[str, Types] = {
    "+": _types(_sum), "-": _types(_difference), "*": _types(_product), "%": _types(_ratio),
    "&": _types(_choice), "^": _types(_fill), "<": _types(_order), "div": _types(_quotient),
    "mod": _types(_remainder), "xbar": _types(_bar), "xexp": _types(_power), "xlog": _types(_logarithm),
}  # fmt: skip
"""Dyad → pair of types → type of the result; a pair that is not there is a type error."""
