"""Workflow files: those shown in the repository are those that wheels carry, and all of them plan."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from prmkit import plugins
from prmkit.errors import PluginError
from prmkit.workflow import find, prepare, system_names

SHOWN = Path(__file__).resolve().parents[3] / "workflows"
TOLD = [name for name in plugins.domains() if plugins.domain(name).workflow]
"""Domains that say they ship a workflow."""
NAMES = [*TOLD, "compare", *(f"systems/{name}" for name in system_names())]


@pytest.mark.parametrize("name", NAMES)
def test_repository_and_wheel_hold_the_same_file(name: str) -> None:
    shown = SHOWN / name / "run.yaml" if (SHOWN / name).is_dir() else SHOWN / f"{name}.yaml"
    assert shown.read_bytes() == find(name).read_bytes()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("preset", ["", "smoke", "demo", "full"])
def test_every_preset_plans_with_and_without_data(
    name: str, preset: str, monkeypatch, tmp_path: Path
) -> None:
    presets = yaml.safe_load(find(name).read_text())["presets"]
    assert {"smoke", "demo"} <= set(presets)
    if preset and preset not in presets:
        pytest.skip(f"{name} has no preset {preset}")
    monkeypatch.setenv("PRMKIT_DATA", str(tmp_path))
    _, bare = prepare(name, preset=preset)
    for owner in plugins.domains():
        for dataset in plugins.domain(owner).datasets:
            (tmp_path / plugins.domain(owner).card(dataset).path).mkdir(parents=True, exist_ok=True)
    _, rich = prepare(name, preset=preset)
    assert [stage.name for stage in bare] == [stage.name for stage in rich]
    assert {s.name for s in rich if s.skipped} <= {s.name for s in bare if s.skipped}
    assert not bare[-1].skipped


def test_a_domain_without_a_workflow_says_so(monkeypatch) -> None:
    bare = plugins.DomainPlugin(name="bare", summary="", package="prmkit", workflow="")
    monkeypatch.setattr(plugins, "_scan", lambda: ({"bare": bare}, {}))
    with pytest.raises(PluginError, match="'bare' has no workflow yet"):
        find("bare")


@pytest.mark.parametrize("name", [*TOLD, "compare"])
def test_readme_begins_with_the_command(name: str) -> None:
    lines = (SHOWN / name / "README.md").read_text().splitlines()
    first = next(line for line in lines if line.startswith("prmkit "))
    assert first.startswith(f"prmkit run {name}")


OWN = {"domain", "options", "withhold", "withheld", "roll_claims", "max_new_tokens", "suite"} | {
    "summary",
    "notes",
    "slices",
}
"""Settings of the main job in which domains differ."""


def main_job(name: str) -> dict[str, dict]:
    """The stages up to the ladder, without the settings that are the domain's own."""
    stages = yaml.safe_load(find(name).read_text())["stages"]
    names = [*stages][: [*stages].index("judge_ladder") + 1]
    return {
        one: {**stages[one], "with": {k: v for k, v in stages[one]["with"].items() if k not in OWN}}
        for one in names
    }


@pytest.mark.parametrize("name", TOLD)
def test_the_main_job_is_the_same_in_every_domain(name: str) -> None:
    """Each file is written out, so that a reader sees all of it; this keeps them from drifting apart."""
    assert main_job(name) == main_job("math")


@pytest.mark.parametrize("name", TOLD)
def test_every_domain_is_compared(name: str) -> None:
    assert yaml.safe_load(find("compare").read_text())["stages"][name]["with"] == {"workflow": name}
