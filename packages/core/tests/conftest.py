"""Fixtures of the core's tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long examples take to draw says something of the machine, not of the code.
settings.register_profile("prmkit", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("prmkit")


@pytest.fixture(scope="session")
def data_root() -> Path:
    """Folder of real data sets; tests that need it are skipped where it is not at hand."""
    for part in os.environ.get("PRMKIT_DATA", "").split(os.pathsep):
        if part and Path(part).is_dir():
            return Path(part)
    pytest.skip("real data sets are not at hand: set PRMKIT_DATA to their folder")
