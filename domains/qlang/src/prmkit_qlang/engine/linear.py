"""Matrices of floats: product, inverse, least squares."""

from __future__ import annotations

from typing import Any

import numpy as np

from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.types import FLOAT, REAL
from prmkit_qlang.engine.values import Atom, List, Value, Vec, count


def matrix_product(x: Value, y: Value) -> Value:
    """Matrix (or dot) product of floats.

    Raises:
        QError: ``type`` or ``length`` where they are no matching matrices.
    """
    a, b = matrix(x), matrix(y)
    if a.shape[-1] != b.shape[0]:
        raise QError("length")
    METER.take(int(np.prod(a.shape[:-1])) * int(np.prod(b.shape[1:])) + a.size)
    return from_matrix(a @ b)


def matrix(x: Value) -> Any:
    """A vector or list of vectors of floats as an array.

    Raises:
        QError: ``type`` for anything else, ``length`` where rows differ.
    """
    if isinstance(x, Vec) and x.t in (REAL, FLOAT):
        return x.v.astype(np.float64)
    if isinstance(x, List) and x.v and all(isinstance(one, Vec) and one.t in (REAL, FLOAT) for one in x.v):
        if len({count(one) for one in x.v}) > 1:
            raise QError("length")
        return np.array([one.v for one in x.v], dtype=np.float64)  # type: ignore[attr-defined]
    raise QError("type")


def from_matrix(a: Any) -> Value:
    """An array of floats as a value."""
    if a.ndim == 0:
        return Atom(-FLOAT, float(a))
    if a.ndim == 1:
        return Vec(FLOAT, a)
    return List([Vec(FLOAT, row) for row in a])


def inverse(x: Value) -> Value:
    """``inv x``; nulls where there is none.

    Raises:
        QError: ``length`` for a matrix that is not square.
    """
    a = matrix(x)
    if a.ndim != 2 or a.shape[0] != a.shape[1]:
        raise QError("length")
    METER.take(a.size * a.shape[0])
    try:
        return from_matrix(np.linalg.inv(a))
    except np.linalg.LinAlgError:
        return from_matrix(np.full(a.shape, np.nan))


def least_squares(x: Value, y: Value) -> Value:
    """``x lsq y``: the w that brings ``w mmu y`` nearest to x.

    Raises:
        QError: ``length`` where the widths differ, ``domain`` where there is no answer.
    """
    a, b = matrix(x), matrix(y)
    if b.ndim != 2 or a.shape[-1] != b.shape[-1]:
        raise QError("length")
    METER.take(b.size * b.shape[0] + a.size)
    try:
        return from_matrix(np.linalg.lstsq(b.T, a.T, rcond=None)[0].T)
    except np.linalg.LinAlgError as error:
        raise QError("domain") from error
