"""Shipping: the package holds what was trained, in bf16, with one copy of the policy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from prmkit.model.prm import PRM
from prmkit.plugins import domain
from prmkit_tiny import ship

math = pytest.importorskip("prmkit_math")


def test_a_shipped_prm_scores_as_before_and_links_the_policy(tmp_path: Path) -> None:
    home, plugin = tmp_path / "package", domain("math")
    ship.ship_policy(plugin.resource("weights/policy"), home)
    trained = PRM.load(plugin.resource("weights/prm"))
    trained.save(tmp_path / "run/prm", policy="copy")
    (home / "weights/prm").mkdir()
    (home / "weights/prm/stale").touch()
    shipped = PRM.load(ship.ship_prm(tmp_path / "run/prm", home))
    assert not (home / "weights/prm/stale").exists()
    rows = "Add 7 3 12 5 .", [["7 + 12 = 19 .", "5 + 7 = 12 ."]]
    assert shipped.score_steps(*rows)[0] == pytest.approx(trained.score_steps(*rows)[0], abs=1e-3)
    assert sum(f.stat().st_size for f in (home / "weights/prm").rglob("*")) < 2 * 2**20
    shutil.rmtree(home / "weights/policy")
    with pytest.raises(Exception, match="policy"):
        PRM.load(home / "weights/prm").score_steps(*rows)


def test_nothing_to_ship_says_so() -> None:
    result = CliRunner().invoke(ship.main, ["--domain", "math"])
    assert result.exit_code == 2
    assert "--policy, --prm, or both" in result.output
