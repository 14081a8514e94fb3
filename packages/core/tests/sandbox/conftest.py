"""Fixtures of the sandbox's tests. Without bubblewrap they are skipped; CI installs it from its list."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

NEEDS = ["test_attacks.py", "test_pool.py", "test_image.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a real sandbox where none can be had."""
    if shutil.which("bwrap"):
        return
    for item in items:
        if item.path.parent == Path(__file__).parent and item.path.name in NEEDS:
            item.add_marker(
                pytest.mark.skip(reason="bubblewrap is not installed: apt-get install bubblewrap")
            )


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can look into, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="prmkit-test-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
