"""The table of published systems."""

from __future__ import annotations

from pathlib import Path

import pytest

from prmkit.config import fill, from_mapping
from prmkit.errors import ConfigError, UnknownNameError
from prmkit.report.words import STATUS as EXPLAINED
from prmkit.systems import STATUS, System, system, systems

ROOT = Path(__file__).parents[3]


def test_all_72_rows_are_there() -> None:
    assert len(systems()) == 72
    assert [s.number for s in systems()] == list(range(1, 73))
    assert all(s.name and s.home and s.parts and s.effect for s in systems())


def test_every_status_word_is_explained_in_the_report() -> None:
    assert set(STATUS) - {""} == set(EXPLAINED)


@pytest.mark.parametrize("row", [s for s in systems() if s.golden], ids=lambda s: s.name)
def test_the_golden_test_exists(row: System) -> None:
    path, _, name = row.golden.partition("::")
    assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["processbench", "rewardmath", "rewardbench2"])
def test_rows_finished_so_far(name: str) -> None:
    assert system(name).status == "formula exact"
    assert system(name).recorded


def test_a_status_must_be_earned_by_a_test() -> None:
    row = fill(system("pure"))
    with pytest.raises(ConfigError, match="without a golden test"):
        from_mapping(System, {**row, "status": "holds in planted world"})
    with pytest.raises(ConfigError, match="go together"):
        from_mapping(System, {**row, "status": "not testable here"})
    with pytest.raises(ConfigError):
        from_mapping(System, {**row, "status": "works"})


def test_unknown_system_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="processbench"):
        system("procesbench")
