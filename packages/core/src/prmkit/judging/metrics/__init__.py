"""Modules for the ``evaluate`` library, loaded from their path and without a network.

``evaluate.load(path("step_auroc"))`` needs the extra ``prmkit[train]``; the sums behind
them are in ``prmkit.stats`` and need numpy only.
"""

from __future__ import annotations

from pathlib import Path

from prmkit.errors import UnknownNameError
from prmkit.registry import nearest

NAMES = (
    "best_of_n",
    "calibration",
    "first_error_accuracy",
    "prmbench_score",
    "processbench_f1",
    "rewardbench2",
    "rewardmath",
    "step_auroc",
)


def path(name: str) -> str:
    """Folder of the metric module called ``name``, for ``evaluate.load``.

    Raises:
        UnknownNameError: No such metric module.

    Source:
        One folder per module, as ``evaluate`` wants it: ``<name>/<name>.py``.

    Examples:
        >>> path("step_auroc").endswith("step_auroc")
        True
    """
    if name not in NAMES:
        raise UnknownNameError(f"no metric module is called {name!r}", do=nearest(name, list(NAMES)))
    return str(Path(__file__).parent / name)
