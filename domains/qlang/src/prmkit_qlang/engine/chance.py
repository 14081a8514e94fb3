"""Random numbers: the same in every session, so that a text always ends the same way."""

from __future__ import annotations

import numpy as np

from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.types import (
    BOOL,
    BYTE,
    CHAR,
    DTYPES,
    FLOATING,
    GUID,
    INT,
    LONG,
    NULLS,
    SHORT,
    SYM,
    TEMPORAL,
)
from prmkit_qlang.engine.values import Atom, Dict, Value, Vec, array, chars, count, pick


class Chance:
    """A seeded source of random items."""

    def __init__(self, seed: int = 0) -> None:
        self.random = np.random.default_rng(seed)

    def draw(self, n: int, source: Value) -> Value:
        """``n?source``: n items of a list, or numbers below an atom; without repetition for negative n.

        Raises:
            QError: ``type``, ``length`` or ``domain`` where that cannot be.
        """
        if n == NULLS[LONG]:
            total = (
                count(source)
                if not isinstance(source, Atom)
                else int(source.v)
                if -source.t in (SHORT, INT, LONG)
                else 0
            )
            return self.draw(-total, source)
        size = abs(n)
        METER.take(size)
        if isinstance(source, Atom):
            return self._below(n, source)
        if isinstance(source, Dict):
            return pick(source.w, self._positions(n, count(source)))
        return pick(source, self._positions(n, count(source)))

    def _positions(self, n: int, total: int) -> np.ndarray:
        if n < 0:
            if -n > total:
                raise QError("length")
            METER.take(total)
            return self.random.permutation(total)[:-n]
        if not total:
            raise QError("length")
        return self.random.integers(0, total, n)

    def _below(self, n: int, source: Atom) -> Value:
        t, v, size = -source.t, source.v, abs(n)
        if t == SYM:
            return self._symbols(size, v)
        if t == GUID:
            return array(GUID, [int.from_bytes(self.random.bytes(16), "big") for _ in range(size)])
        if t == CHAR:
            letters = "abcdefghijklmnopqrstuvwxyz"
            return chars("".join(letters[i] for i in self.random.integers(0, 26, size)))
        if t == BOOL:
            return Vec(BOOL, self.random.integers(0, 2, size).astype(bool))
        if t in FLOATING:
            return Vec(t, (self.random.random(size) * v).astype(DTYPES[t]))
        if n < 0:
            if v != 0 and -n > v:
                raise QError("length")
            METER.take(int(v))
            return Vec(t, self.random.permutation(int(v))[:size].astype(DTYPES[t]))
        if v == 0 and t in (SHORT, INT, LONG, BYTE):
            low = NULLS[t] if t != BYTE else 0
            return Vec(t, self.random.integers(low + 1, -low if t != BYTE else 256, size).astype(DTYPES[t]))
        if v <= 0 or t not in TEMPORAL | {SHORT, INT, LONG, BYTE}:
            raise QError("domain" if v < 0 else "type")
        return Vec(t, self.random.integers(0, v, size).astype(DTYPES[t]))

    def _symbols(self, size: int, shape: str) -> Value:
        width = int(shape) if shape.isdigit() and 0 < int(shape) <= 8 else 0
        if not width:
            raise QError("type")
        METER.take(8 * size)
        letters = "abcdefghijklmnop"
        return array(
            SYM, ["".join(letters[i] for i in self.random.integers(0, 16, width)) for _ in range(size)]
        )
