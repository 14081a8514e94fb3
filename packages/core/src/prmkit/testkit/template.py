"""Writes the skeleton of a domain plug-in: small, complete, and passing the conformance kit."""

from __future__ import annotations

import importlib.metadata
import importlib.resources
import re
from collections.abc import Mapping
from pathlib import Path

from prmkit.errors import ConfigError, StorageError
from prmkit.plugins import broken_domains, domains
from prmkit.records import write_text

FILES: Mapping[str, str] = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "src/prmkit_@NAME@/__init__.py": "__init__.py",
    "src/prmkit_@NAME@/py.typed": "",
    "src/prmkit_@NAME@/data.py": "data.py",
    "src/prmkit_@NAME@/examples.py": "examples.py",
    "src/prmkit_@NAME@/grade.py": "grade.py",
    "src/prmkit_@NAME@/mutators.py": "mutators.py",
    "src/prmkit_@NAME@/run.yaml": "run.yaml",
    "src/prmkit_@NAME@/tasks.py": "tasks.py",
    "src/prmkit_@NAME@/verifiers/__init__.py": "verifiers_init.py",
    "src/prmkit_@NAME@/verifiers/letters.py": "letters.py",
    "src/prmkit_@NAME@/verifiers/order.py": "order.py",
    "tests/test_conformance.py": "test_conformance.py",
    "tests/test_data.py": "test_data.py",
}
"""Path below the new folder → file of the skeleton (empty for an empty file)."""


def write(name: str, folder: Path) -> list[Path]:
    """Write the domain ``name`` into ``folder/<name>`` and return its files, pyproject first.

    Raises:
        ConfigError: ``name`` is no lower-case Python name, or such a domain is installed.
        StorageError: The folder is there already, or cannot be written.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ConfigError(
            f"{name!r} cannot name a domain", do="use lower-case letters, digits and _", field="NAME"
        )
    if name in (*domains(), *broken_domains()):
        raise ConfigError(f"a domain {name!r} is installed", do="choose another name", field="NAME")
    root = folder / name
    if root.exists():
        raise StorageError("is there already", do="choose another name or another --out", file=root)
    version = importlib.metadata.version("prmkit")
    major, minor, *_ = version.split(".")
    words = {
        "@NAME@": name,
        "@VERSION@": version,
        "@LOW@": f"{major}.{minor}",
        "@HIGH@": f"{major}.{int(minor) + 1}",
    }
    skeleton = importlib.resources.files("prmkit.testkit") / "skeleton"
    written = []
    for target, source in FILES.items():
        text = (skeleton / f"{source}.txt").read_text(encoding="utf-8") if source else ""
        path = root / _filled(target, words)
        write_text(path, _filled(text, words))
        written.append(path)
    return written


def _filled(text: str, words: Mapping[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text
