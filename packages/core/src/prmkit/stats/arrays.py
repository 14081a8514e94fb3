"""Array types and the checks that the sums share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prmkit.errors import AlignmentError, ConfigError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Numbers = Sequence[float] | NDArray[Any]


def floats(values: Numbers, name: str) -> Floats:
    """A one-dimensional float array of finite numbers.

    Raises:
        AlignmentError: Another number of dimensions, or an entry that is not finite.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise AlignmentError(f"{array.ndim} dimensions, not 1", do="give a flat list of numbers", field=name)
    if not np.isfinite(array).all():
        where = int(np.flatnonzero(~np.isfinite(array))[0])
        raise AlignmentError(
            "not a finite number",
            do="leave out rows without a value before summing",
            field=f"{name}[{where}]",
        )
    return array


def same_rows(**columns: Sequence[object] | NDArray[Any]) -> int:
    """Number of rows of columns of one length.

    Raises:
        AlignmentError: The columns differ in length.
    """
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise AlignmentError(
            f"columns of unlike length: {', '.join(f'{k} {v}' for k, v in lengths.items())}",
            do="give one entry per row in each column",
        )
    return next(iter(lengths.values()), 0)


def share(value: float, name: str) -> float:
    """``value`` if it lies strictly between 0 and 1.

    Raises:
        ConfigError: It does not.
    """
    if not 0 < value < 1:
        raise ConfigError(f"{value!r} is not between 0 and 1", do="write 0.95 for 95 %", field=name)
    return value
