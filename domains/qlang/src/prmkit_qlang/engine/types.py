"""The basic types of q: code, letter, name, numpy type, null and infinity.

An atom has the negative code, a vector the positive one. Symbols and guids are numpy object arrays of
texts and integers; chars are bytes. Source: the datatypes page of the kdb+ documentation.
"""

from __future__ import annotations

from typing import Any

import numpy as np

BOOL, GUID, BYTE, SHORT, INT, LONG, REAL, FLOAT, CHAR, SYM = 1, 2, 4, 5, 6, 7, 8, 9, 10, 11
TIMESTAMP, MONTH, DATE, DATETIME, TIMESPAN, MINUTE, SECOND, TIME = 12, 13, 14, 15, 16, 17, 18, 19
ENUM, TABLE, DICT, LAMBDA, UNARY, BINARY, TERNARY, PROJECTION, COMPOSITION = (
    20,
    98,
    99,
    100,
    101,
    102,
    103,
    104,
    105,
)

LETTERS = {
    BOOL: "b", GUID: "g", BYTE: "x", SHORT: "h", INT: "i", LONG: "j", REAL: "e", FLOAT: "f", CHAR: "c",
    SYM: "s", TIMESTAMP: "p", MONTH: "m", DATE: "d", DATETIME: "z", TIMESPAN: "n", MINUTE: "u", SECOND: "v",
    TIME: "t",
}  # fmt: skip
"""Code → letter."""
CODES = {letter: code for code, letter in LETTERS.items()}
"""Letter → code."""
NAMES = {
    BOOL: "boolean", GUID: "guid", BYTE: "byte", SHORT: "short", INT: "int", LONG: "long", REAL: "real",
    FLOAT: "float", CHAR: "char", SYM: "symbol", TIMESTAMP: "timestamp", MONTH: "month", DATE: "date",
    DATETIME: "datetime", TIMESPAN: "timespan", MINUTE: "minute", SECOND: "second", TIME: "time",
}  # fmt: skip
"""Code → name, as in ``\\`long$()``."""
CODE_OF_NAME = {name: code for code, name in NAMES.items()}

DTYPES: dict[int, Any] = {
    BOOL: np.dtype(np.bool_), GUID: np.dtype(object), BYTE: np.dtype(np.uint8), SHORT: np.dtype(np.int16),
    INT: np.dtype(np.int32), LONG: np.dtype(np.int64), REAL: np.dtype(np.float32),
    FLOAT: np.dtype(np.float64), CHAR: np.dtype(np.uint8), SYM: np.dtype(object),
    TIMESTAMP: np.dtype(np.int64), MONTH: np.dtype(np.int32), DATE: np.dtype(np.int32),
    DATETIME: np.dtype(np.float64), TIMESPAN: np.dtype(np.int64), MINUTE: np.dtype(np.int32),
    SECOND: np.dtype(np.int32), TIME: np.dtype(np.int32), ENUM: np.dtype(np.int64),
}  # fmt: skip
"""Code → numpy type of a vector."""

NULL_SHORT, NULL_INT, NULL_LONG = -(2**15), -(2**31), -(2**63)
INF_SHORT, INF_INT, INF_LONG = 2**15 - 1, 2**31 - 1, 2**63 - 1
NAN = float("nan")

NULLS: dict[int, Any] = {
    BOOL: 0, GUID: 0, BYTE: 0, SHORT: NULL_SHORT, INT: NULL_INT, LONG: NULL_LONG, REAL: NAN, FLOAT: NAN,
    CHAR: 32, SYM: "", TIMESTAMP: NULL_LONG, MONTH: NULL_INT, DATE: NULL_INT, DATETIME: NAN,
    TIMESPAN: NULL_LONG, MINUTE: NULL_INT, SECOND: NULL_INT, TIME: NULL_INT,
}  # fmt: skip
"""Code → the null, as it is stored; boolean, byte and guid have zero in its place."""
INFINITIES: dict[int, Any] = {
    SHORT: INF_SHORT, INT: INF_INT, LONG: INF_LONG, REAL: float("inf"), FLOAT: float("inf"),
    TIMESTAMP: INF_LONG, MONTH: INF_INT, DATE: INF_INT, DATETIME: float("inf"), TIMESPAN: INF_LONG,
    MINUTE: INF_INT, SECOND: INF_INT, TIME: INF_INT,
}  # fmt: skip
"""Code → positive infinity; the negative one is its negation."""
LEAST = {BOOL: 0, BYTE: 0, CHAR: 0}
"""Smallest value of the types without a negative infinity."""

FLOATING = frozenset({REAL, FLOAT, DATETIME})
"""Stored as floating point."""
TEMPORAL = frozenset(range(TIMESTAMP, TIME + 1))
FINENESS = {MINUTE: 0, SECOND: 1, TIME: 2, TIMESPAN: 3}
"""Times of day, the coarsest first."""
INTEGRAL = frozenset({BOOL, BYTE, SHORT, INT, LONG})
NUMERIC = INTEGRAL | {REAL, FLOAT}
