"""What ships: versions, metadata, wheels that work outside the tree."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECTS = sorted(ROOT.glob("packages/*/pyproject.toml")) + sorted(ROOT.glob("domains/*/pyproject.toml"))


DOMAINS = sorted(path.parent.name for path in ROOT.glob("domains/*/pyproject.toml"))


def project(path: Path) -> dict[str, object]:
    return tomllib.loads(path.read_text(encoding="utf-8"))["project"]


def test_one_version() -> None:
    versions = {project(p)["version"] for p in PROJECTS}
    assert len(versions) == 1, versions


def test_core_says_its_version() -> None:
    code = "import prmkit; print(prmkit.__version__)"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert said == project(ROOT / "packages/core/pyproject.toml")["version"]


@pytest.mark.parametrize("path", PROJECTS, ids=lambda p: p.parent.name)
def test_no_path_dependency_in_project(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "path =" not in text
    assert "file:" not in text


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Every package built as a wheel, without a network."""
    out = tmp_path_factory.mktemp("wheels")
    for path in PROJECTS:
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "wheel",
                "-q",
                "--no-deps",
                "--no-build-isolation",
                "-w",
                out,
                path.parent,
            ],
            check=True,
            capture_output=True,
        )
    return sorted(out.glob("*.whl"))


def test_wheels_carry_their_data_and_no_paths(wheels: list[Path]) -> None:
    assert len(wheels) == len(PROJECTS)
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
            metadata = next(n for n in names if n.endswith("METADATA"))
            assert "file:" not in archive.read(metadata).decode().split("\n\n")[0]
        if wheel.name.startswith("prmkit_math"):
            assert "prmkit_math/run.yaml" in names
            weights = [n for n in names if n.endswith(".safetensors")]
            assert weights, "the domain's wheel ships its weights"
        if wheel.name.startswith("prmkit-"):
            assert any(n.endswith(".html") for n in names), "the report's templates travel with the core"


@pytest.fixture(scope="session", params=DOMAINS)
def light(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, wheels: list[Path]
) -> Light:
    """A fresh environment outside the tree with the core and one domain, and without torch.

    Third-party packages are seen through a path file that lists links to the ones that the light
    install needs, so that nothing is downloaded.
    """
    home = tmp_path_factory.mktemp("light")
    venv.create(home / "env", with_pip=False, symlinks=True)
    site = next((home / "env" / "lib").glob("python3*")) / "site-packages"
    heavy = (
        "torch",
        "transformers",
        "peft",
        "accelerate",
        "evaluate",
        "datasets",
        "matplotlib",
        "safetensors",
    )
    for entry in Path(next(p for p in sys.path if p.endswith("site-packages"))).iterdir():
        name = entry.name.lower()
        if (
            name.startswith(("prmkit", "__editable__", "_prmkit"))
            or name.split("-")[0].split(".")[0] in heavy
        ):
            continue
        (site / entry.name).symlink_to(entry)
    for wheel in wheels:
        if wheel.name.startswith(("prmkit-", f"prmkit_{request.param}-")):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(site)
    return Light(home, request.param)


class Light(NamedTuple):
    home: Path
    domain: str

    def run(self, *args: str) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PRMKIT"))}
        return subprocess.run(
            [self.home / "env/bin/python", *args],
            cwd=self.home,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )


def test_one_domain_works_alone_without_torch(light: Light) -> None:
    listing = light.run("-m", "prmkit", "domains", "--json")
    assert listing.returncode == 0, listing.stderr
    assert [one["name"] for one in json.loads(listing.stdout)["domains"]] == [light.domain]
    code = f"""
import prmkit
from prmkit.records import sample_to_dict, write_jsonl
from prmkit.registry import resolve
samples = resolve(prmkit.domain({light.domain!r}).examples)()
write_jsonl("in.jsonl", map(sample_to_dict, samples))
"""
    written = light.run("-c", code)
    assert written.returncode == 0, written.stderr
    done = light.run(
        "-m", "prmkit", "verify", "--domain", light.domain, "--in", "in.jsonl", "--out", "out.jsonl"
    )
    assert done.returncode == 0, done.stderr
    evidence = [json.loads(line) for line in (light.home / "out.jsonl").read_text().splitlines()]
    assert {e["verdict"] for e in evidence} == {"HOLDS", "FAILS", "UNKNOWN"}
    assert {e["verifier"].split("/")[0] for e in evidence} == {light.domain}
    code = "import importlib.util as u; print(u.find_spec('torch'))"
    assert light.run("-c", code).stdout.strip() == "None"


def test_light_install_says_what_to_install_for_models(light: Light) -> None:
    done = light.run("-c", "import prmkit; prmkit.load_prm")
    assert done.returncode == 1
    assert "prmkit[train]" in done.stderr


def test_every_module_imports_light_or_names_the_extra(light: Light) -> None:
    code = f"""
import importlib, pkgutil, prmkit, prmkit_{light.domain}
bad = []
for package in (prmkit, prmkit_{light.domain}):
    for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if info.name.endswith("__main__"):
            continue
        try:
            importlib.import_module(info.name)
        except ModuleNotFoundError as error:
            top = (error.name or "").split(".")[0]
            if top not in {{"torch", "transformers", "peft", "accelerate", "evaluate", "datasets",
                           "matplotlib", "safetensors", "prmkit_tiny", "tokenizers"}}:
                bad.append((info.name, str(error)))
print(bad)
"""
    done = light.run("-c", code)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_every_module_imports_with_all_extras() -> None:
    names = ["prmkit", "prmkit_tiny", *(f"prmkit_{name}" for name in DOMAINS)]
    code = f"""
import importlib, pkgutil
for package in map(importlib.import_module, {names}):
    for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not info.name.endswith("__main__"):
            importlib.import_module(info.name)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
