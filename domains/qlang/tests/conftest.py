"""What the tests of the domain share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_root():
    """The folder of real data sets; tests that need it are skipped without."""
    for folder in os.environ.get("PRMKIT_DATA", "").split(os.pathsep):
        if folder and (Path(folder) / "qlang").is_dir():
            return Path(folder)
    pytest.skip("PRMKIT_DATA names no folder with qlang data")
    return None
