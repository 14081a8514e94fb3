"""Heavy tools, brought in on first use: a short log must not wait for what it does not need."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from prmkit.verify.limit import unhurried


def bring(module: str) -> Any:
    """The module, imported now if it was not; the time that takes counts against no limit.

    Raises:
        ModuleNotFoundError: It is not installed.

    Examples:
        >>> bring("math").floor(2.5)
        2
    """
    found = sys.modules.get(module)
    if found is None:
        with unhurried():
            found = importlib.import_module(module)
    return found
