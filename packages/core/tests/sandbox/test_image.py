"""The copy of interpreter and import set: from closed folders, for root and for ordinary users."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import prmkit
from prmkit.errors import StorageError
from prmkit.verify.sandbox import image as module
from prmkit.verify.sandbox.files import interpreter, needed
from prmkit.verify.sandbox.image import CACHE, image

USER = 12345
SCRIPT = """
import json, os
os.umask(0o077)
from prmkit.verify.sandbox import SandboxPool
with SandboxPool(imports=("tinypkg",)) as pool:
    result = pool.run("import os, sys, tinypkg; [tinypkg.WORD, sys.prefix, os.getuid(), os.listdir('/')]")
print(json.dumps([result.status, result.value, result.backend, result.exception]))
"""


def link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def lay_out(base: Path, *, home_closed: bool, owner: int) -> Path:
    """A clone in a closed folder, with a virtual environment over a Python in a home; its interpreter."""
    home, clone = base / "home", base / "clone"
    shutil.copytree(
        image(()),
        home / "python",
        ignore=shutil.ignore_patterns("inside", "site"),
        copy_function=link_or_copy,
    )
    shutil.copytree(
        Path(prmkit.__file__).parent, clone / "src" / "prmkit", ignore=shutil.ignore_patterns("__pycache__")
    )
    environment = clone / ".venv"
    site = environment / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    site.mkdir(parents=True)
    (site / "clone.pth").write_text(str(clone / "src"))
    (site / "tinypkg.py").write_text("import tinydep\nWORD = tinydep.WORD\n")
    (site / "tinydep.py").write_text("WORD = 'here'\n")
    for name, requires in (("tinypkg", "Requires-Dist: tiny-dep>=1\n"), ("tinydep", "")):
        metadata = site / f"{name.replace('dep', '_dep')}-1.0.dist-info"
        metadata.mkdir()
        named = name.replace("dep", "-dep")
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {named}\nVersion: 1.0\n{requires}")
        (metadata / "RECORD").write_text(f"{name}.py,,\n")
    (environment / "bin").mkdir()
    real = home / "python" / "bin" / interpreter().name
    (environment / "pyvenv.cfg").write_text(f"home = {real.parent}\nexecutable = {real}\n")
    (environment / "bin" / "python3").symlink_to(real)
    home.chmod(0o700 if home_closed else 0o755)
    clone.chmod(0o700)
    for folder in (base, home, clone):
        os.chown(folder, owner, owner)
    return environment / "bin" / "python3"


@pytest.mark.parametrize("home_closed", [True, False], ids=["closed-home", "open-home"])
@pytest.mark.parametrize("as_root", [True, False], ids=["root", "user"])
def test_from_a_clone_in_a_closed_folder(open_folder: Path, home_closed: bool, as_root: bool) -> None:
    me = os.geteuid()
    if as_root and me != 0:
        pytest.skip("not started as root")
    owner = me if as_root or me != 0 else USER
    python = lay_out(open_folder, home_closed=home_closed, owner=owner)
    library = python.resolve().parents[1] / "lib"
    run = subprocess.run(
        [str(python), "-c", SCRIPT],
        env={CACHE: str(open_folder / "cache"), "LD_LIBRARY_PATH": str(library), "HOME": "/nowhere"},
        cwd="/",
        user=owner if me == 0 else None,
        group=owner if me == 0 else None,
        extra_groups=[] if me == 0 else None,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    status, value, backend, exception = json.loads(run.stdout)
    assert (status, backend, exception) == ("ok", "bubblewrap", None)
    word, prefix, uid, root = value
    assert (word, prefix) == ("here", "/py")
    assert uid > 0
    assert "home" not in root
    (built,) = (p for p in (open_folder / "cache").iterdir() if not p.name.startswith("."))
    for path in (built, *built.rglob("*")):
        assert path.stat().st_mode & 0o004, f"{path} cannot be read by others"
        assert not path.stat().st_mode & 0o022, f"{path} can be changed by others"


@pytest.fixture
def cache(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = open_folder / "cache"
    monkeypatch.setenv(CACHE, str(folder))
    return folder


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Images of two files, so that making one takes no time."""
    monkeypatch.setattr(module, "needed", lambda imports: needed(imports)[:2])


@pytest.mark.usefixtures("small")
def test_an_image_is_built_once_and_named_by_what_is_in_it(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = image(())
    assert first.parent == cache
    made = first.stat().st_ino
    assert image(()).stat().st_ino == made
    monkeypatch.setattr(module, "needed", lambda imports: needed(imports)[:3])
    assert image(()) != first


@pytest.mark.usefixtures("small")
def test_a_build_that_fails_leaves_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(StorageError, match="No space left") as caught:
        image(())
    assert CACHE in caught.value.do
    assert list(cache.iterdir()) == []


@pytest.mark.usefixtures("small")
def test_two_builders_at_once_share_one_image(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill = module._fill
    other: list[Path] = []

    def slow(stage: Path, copies: object) -> None:
        monkeypatch.setattr(module, "_fill", fill)
        other.append(image(()))  # another process finishes first
        fill(stage, copies)

    monkeypatch.setattr(module, "_fill", slow)
    assert image(()) == other[0]
    assert [p.name for p in cache.iterdir()] == [other[0].name]


@pytest.mark.usefixtures("small")
def test_images_not_used_for_long_are_removed(cache: Path) -> None:
    old = cache / "0123"
    old.mkdir(parents=True)
    cache.chmod(0o755)
    os.utime(old, (1, 1))
    image(())
    assert not old.exists()


@pytest.mark.usefixtures("small")
def test_folders_that_others_could_change_are_refused(cache: Path, open_folder: Path) -> None:
    cache.mkdir()
    cache.chmod(0o777)
    with pytest.raises(StorageError, match="others may write"):
        image(())
    cache.chmod(0o755)
    image(()).chmod(0o775)
    with pytest.raises(StorageError, match="others may write"):
        image(())
    if os.geteuid() == 0:
        open_folder.chmod(0o700)
        with pytest.raises(StorageError, match="cannot look into"):
            image(())
        open_folder.chmod(0o755)


def test_only_what_is_asked_for_is_copied() -> None:
    plain = {copy.target for copy in needed(())}
    assert "inside/server.py" in plain
    assert not any(target.startswith("site/") for target in plain)
    assert not any("site-packages" in target or "/test/" in target for target in plain)
    numpy = {copy.target for copy in needed(("numpy", "json"))} - plain
    assert "site/numpy/__init__.py" in numpy
    tops = {target.split("/")[1] for target in numpy}
    assert {top for top in tops if not top.startswith("numpy")} == set()
