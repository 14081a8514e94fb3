"""What the tests of the domain share."""

import gzip
import json
import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_root():
    """The folder of real data sets; tests that need it are skipped without."""
    for folder in os.environ.get("PRMKIT_DATA", "").split(os.pathsep):
        if folder and (Path(folder) / "code").is_dir():
            return Path(folder)
    pytest.skip("PRMKIT_DATA names no folder with code data")
    return None


@pytest.fixture(scope="session")
def raw(data_root):
    """Reads the rows of a data file without the readers."""

    def read(name):
        path = data_root / name
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8") as stream:
            return [json.loads(line) for line in stream]

    return read
