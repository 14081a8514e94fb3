"""What a run folder says about where and with what it was made; no host names, no paths."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from typing import Final

from prmkit.types import Json
from prmkit.verify.sandbox import unsafe_used

VERSION: Final = importlib.metadata.version("prmkit")
"""Version of the installed prmkit."""

_WATCHED = (
    "prmkit",
    "prmkit-tiny",
    "numpy",
    "pandas",
    "pyarrow",
    "torch",
    "transformers",
    "peft",
    "accelerate",
    "evaluate",
)


def packages(extra: tuple[str, ...] = ()) -> dict[str, str]:
    """Versions of the installed packages that figures may depend on."""
    found = {}
    for name in (*_WATCHED, *extra):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, Json]:
    """Cores, system and threads of this process; and whether untrusted code runs without a sandbox."""
    return {
        **({"unsafe_code": True} if unsafe_used() else {}),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": platform.system(),
        "processor": platform.machine(),
        "python": platform.python_version(),
        "omp_threads": os.environ.get("OMP_NUM_THREADS", ""),
    }
