"""The runtime image: a world-readable copy of the interpreter and an import set, named by its digest.

A sandbox runs as another user, who cannot look into a virtual environment below a closed home folder.
So the files are copied once, and mounted read-only from there.
"""

from __future__ import annotations

import compileall
import contextlib
import hashlib
import os
import re
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from prmkit.errors import StorageError
from prmkit.verify.sandbox.files import Copy, needed

CACHE = "PRMKIT_SANDBOX_CACHE"
"""Environment variable that names another folder for images."""
_LAYOUT = "1"
_UNUSED_SECONDS = 30 * 86400.0


def image(imports: Iterable[str]) -> Path:
    """Folder of the image for an import set, built if it is not there yet.

    Raises:
        MissingToolError: A named import is not installed.
        StorageError: No folder for images can be written, or it could be changed by others.
    """
    copies = needed(imports)
    home = cache_folder()
    folder = home / _digest(copies)
    if not folder.is_dir():
        _prune(home)
        _build(copies, folder)
    _own(folder)
    with contextlib.suppress(OSError):
        os.utime(folder)
    return folder


def cache_folder() -> Path:
    """Where images are kept: the named folder, the system's cache for root, the user's otherwise.

    Raises:
        StorageError: It cannot be made, or others may write to it.
    """
    named = os.environ.get(CACHE)
    if named:
        folder = Path(named).absolute()
    elif os.geteuid() == 0:
        folder = Path("/var/cache/prmkit/sandbox")
    else:
        root = os.environ.get("XDG_CACHE_HOME")
        folder = Path(root) / "prmkit" / "sandbox" if root else Path.home() / ".cache" / "prmkit" / "sandbox"
    try:
        _make(folder)
    except OSError as error:
        raise StorageError(
            f"no folder for the sandbox's files: {error}",
            do=f"name one that can be written in {CACHE}",
            file=folder,
        ) from error
    _own(folder)
    closed = [path for path in (folder, *folder.parents) if not path.stat().st_mode & stat.S_IXOTH]
    if closed and os.geteuid() == 0:  # the sandbox then runs as another user
        raise StorageError(
            f"an unprivileged user cannot look into {closed[0]}",
            do=f"name a folder in {CACHE} that everybody can read",
            file=folder,
        )
    return folder


def _make(folder: Path) -> None:
    """Make the folder with its parents, readable by all whatever the umask says."""
    for path in [*reversed(folder.parents), folder]:
        if not path.is_dir():
            with contextlib.suppress(FileExistsError):
                path.mkdir()
                path.chmod(0o755)


def _own(folder: Path) -> None:
    facts = folder.lstat()
    if facts.st_uid not in (0, os.geteuid()) or facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise StorageError(
            "others may write to the folder of the sandbox's files",
            do=f"remove it, or name a folder of your own in {CACHE}",
            file=folder,
        )


def _digest(copies: Iterable[Copy]) -> str:
    """Digest of what would be copied, seen by size and time of change."""
    total = hashlib.sha256(f"{_LAYOUT} {sys.version}".encode())
    for source, target in copies:
        facts = source.stat()
        total.update(f"{target}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
    return total.hexdigest()[:24]


def _build(copies: Iterable[Copy], folder: Path) -> None:
    """Copy beside and rename, so that an image is there whole or not at all."""
    try:
        stage = Path(tempfile.mkdtemp(prefix=".building-", dir=folder.parent))
        try:
            _fill(stage, copies)
            stage.rename(folder)
        except OSError:
            shutil.rmtree(stage, ignore_errors=True)
            if not folder.is_dir():  # else another process was quicker
                raise
    except OSError as error:
        raise StorageError(
            f"cannot copy the sandbox's files: {error}",
            do=f"free some space, or name another folder in {CACHE}",
            file=folder,
        ) from error


def _fill(stage: Path, copies: Iterable[Copy]) -> None:
    made: set[Path] = set()
    for source, target in copies:
        place = stage / target
        if place.parent not in made:
            place.parent.mkdir(parents=True, exist_ok=True)
            made.add(place.parent)
        shutil.copyfile(source, place)
        facts = source.stat()
        os.utime(place, ns=(facts.st_mtime_ns, facts.st_mtime_ns))  # compiled files name it
        place.chmod(0o755 if target.startswith("bin/") else 0o644)
    (stage / "site").mkdir(exist_ok=True)
    compileall.compile_dir(stage, quiet=2, maxlevels=20, rx=re.compile(r"/tests?/"))
    for root, _, files in os.walk(stage):
        Path(root).chmod(0o755)
        if root.endswith("__pycache__"):
            for name in files:
                Path(root, name).chmod(0o644)


def _prune(home: Path) -> None:
    """Remove images that were not used for long, and what a killed build left behind."""
    for path in home.iterdir():
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _UNUSED_SECONDS:
                # Under another name first: a removal that is cut short must not leave half an image.
                gone = Path(tempfile.mkdtemp(prefix=".gone-", dir=home)) / path.name
                shutil.rmtree(path.rename(gone).parent, ignore_errors=True)
