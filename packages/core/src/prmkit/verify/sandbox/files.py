"""Which files a sandbox needs: the interpreter, its standard library, and the packages of an import set."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from prmkit.errors import MissingToolError

SITE = "site"
"""Folder of the image that holds installed packages."""
_UNUSED = frozenset(
    {"test", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "distutils", "pydoc_data", "venv"}
    | {"site-packages", "dist-packages"}
)


class Copy(NamedTuple):
    """One file to copy."""

    source: Path
    target: str
    """Path inside the image."""


def interpreter() -> Path:
    """The real executable of this interpreter, outside any virtual environment."""
    return Path(os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable))


def needed(imports: Iterable[str]) -> list[Copy]:
    """All files of an image, in a fixed order.

    Raises:
        MissingToolError: A named import is not installed.
    """
    found = {copy.target: copy for copy in (*_own_files(), *_python(), *_packages(imports))}
    return [found[target] for target in sorted(found)]


def _own_files() -> Iterator[Copy]:
    folder = Path(__file__).parent / "inside"
    for path in folder.glob("*.py"):
        yield Copy(path, f"inside/{path.name}")


def _python() -> Iterator[Copy]:
    executable = interpreter()
    yield Copy(executable, f"bin/{executable.name}")
    home = Path(sysconfig.get_path("stdlib"))
    extra = Path(sys.base_exec_prefix, sys.platlibdir, home.name)
    for folder, under in {extra: sys.platlibdir, home: "lib"}.items():
        for path in _tree(folder, _UNUSED):
            place = path.relative_to(folder)
            if "test" not in place.parts:
                yield Copy(path, f"{under}/{home.name}/{place.as_posix()}")
    shared = sysconfig.get_config_var("INSTSONAME") if sysconfig.get_config_var("Py_ENABLE_SHARED") else None
    library = Path(sys.base_prefix, sys.platlibdir, shared or "-")
    if library.is_file():
        yield Copy(library, f"lib/{shared}")


def _packages(imports: Iterable[str]) -> Iterator[Copy]:
    names = sorted({name.partition(".")[0] for name in imports} - set(sys.stdlib_module_names))
    if not names:
        return
    closed: set[str] = set()
    for name in names:
        spec = importlib.util.find_spec(name)
        if spec is None:
            raise MissingToolError(f"no package provides {name!r}", do=f"install it: pip install {name}")
        # An editable install names no files of its own: its folder is copied here.
        yield from _module(spec.submodule_search_locations, spec.origin, name)
        for distribution in _providers(name):
            yield from _distribution(distribution, closed)


def _providers(name: str) -> list[str]:
    """Distributions that a module comes from. Mostly it bears their name, which is quick to see."""
    try:
        files = importlib.metadata.distribution(name).files or ()
    except importlib.metadata.PackageNotFoundError:
        files = ()
    if any(file.parts[0] in (name, f"{name}.py") for file in files):
        return [name]
    return list(importlib.metadata.packages_distributions().get(name, ()))


def _module(folders: Iterable[str] | None, origin: str | None, name: str) -> Iterator[Copy]:
    for folder in folders or ():
        for path in _tree(Path(folder)):
            yield Copy(path, f"{SITE}/{name}/{path.relative_to(folder).as_posix()}")
    if not folders and origin is not None:
        yield Copy(Path(origin), f"{SITE}/{Path(origin).name}")


def _distribution(name: str, closed: set[str]) -> Iterator[Copy]:
    """Its files and those of what it requires, extras left out."""
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in closed:
        return
    closed.add(key)
    try:
        found = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return  # required for another Python or system only
    for file in found.files or ():
        # Not the commands in ../../bin.
        if ".." not in file.parts and file.suffix != ".pth":
            path = Path(str(found.locate_file(file)))
            if path.is_file():
                yield Copy(path, f"{SITE}/{file.as_posix()}")
    for requirement in found.requires or ():
        word = re.match(r"[A-Za-z0-9._-]+", requirement)
        if word and not re.search(r";.*\bextra\b", requirement):
            yield from _distribution(word.group(), closed)


def _tree(folder: Path, without: frozenset[str] = frozenset()) -> Iterator[Path]:
    """Files below a folder, without the named folders at its top."""
    for root, folders, files in os.walk(folder):
        if Path(root) == folder:
            folders[:] = [name for name in folders if name not in without and not name.startswith("config-")]
        for name in files:
            path = Path(root, name)
            if path.is_file():
                yield path
