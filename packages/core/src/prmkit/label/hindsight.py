"""Targets of steps from how a solution ended, and values made right or wrong.

Source: MAH-DPO (arXiv 2510.01167).
"""

from __future__ import annotations

import numpy as np

from prmkit.errors import AlignmentError, ConfigError
from prmkit.stats.arrays import Floats, Numbers, floats


def hindsight(rewards: Numbers, outcome: float, *, discount: float = 0.9) -> Floats:
    """A step's own reward and the outcome, discounted by the steps that lie between.

    The targets of several completions of one beginning are averaged.

    Raises:
        ConfigError: A discount outside [0, 1].
        AlignmentError: A reward is not finite.

    Source:
        MAH-DPO (arXiv 2510.01167).

    Examples:
        >>> hindsight([0, 0, 0, 0], 1.0).round(3).tolist()
        [0.729, 0.81, 0.9, 1.0]
    """
    if not 0 <= discount <= 1:
        raise ConfigError(f"discount {discount}", do="use a number from 0 to 1", field="discount")
    own = floats(rewards, "rewards")
    return own + outcome * discount ** np.arange(len(own) - 1, -1, -1, dtype=np.float64)


def binarised(values: Numbers, *, share: float = 0.85) -> Floats:
    """1 for values above ``share`` of the largest one, else 0.

    Raises:
        AlignmentError: No value, one that is not finite, or none above 0.

    Source:
        MAH-DPO (arXiv 2510.01167): so that values of several objectives become one kind of label.

    Examples:
        >>> binarised([0.2, 0.9, 1.0]).tolist()
        [0.0, 1.0, 1.0]
    """
    given = floats(values, "values")
    if not len(given) or given.max() <= 0:
        raise AlignmentError(
            "no value is above 0, so no share of the largest one means anything",
            do="shift the values so that 0 is the worst, or leave the objective out",
            field="values",
        )
    return np.asarray(given / given.max() > share, dtype=np.float64)
