"""Suites: pinned rows, honest names, and examples that show every verdict."""

from collections import Counter
from pathlib import Path

import pytest

import prmkit
from prmkit.judging.run import METRICS
from prmkit.judging.suites import check_name, select
from prmkit.types import Verdict
from prmkit_math.examples import load
from prmkit_math.suites import SUITES

MATH = prmkit.domain("math")


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_suites_are_well_formed(suite):
    check_name(suite)
    assert suite.dataset in MATH.datasets
    assert set(suite.metrics) <= METRICS
    assert len(suite.digest) == 64
    assert "evaluate" in MATH.card(suite.dataset).use


def test_names_and_rows_differ():
    assert max(Counter(suite.name for suite in SUITES).values()) == 1
    assert max(Counter(suite.digest for suite in SUITES).values()) == 1


def test_rows_are_the_pinned_ones(data_root):
    del data_root
    for name in {suite.dataset for suite in SUITES}:
        samples = list(MATH.load(name))
        for suite in SUITES:
            if suite.dataset == name:
                assert len(select(suite, samples)) == suite.n


def test_exchangeable_suites_have_one_system(data_root):
    del data_root
    for suite in SUITES:
        if suite.exchangeable:
            rows = select(suite, MATH.load(suite.dataset))
            assert len({sample.trajectory.provenance.system for sample in rows}) == 1


def test_examples_are_judged_as_they_are_labelled():
    """Where a verifier speaks on an example, it says what the label says."""
    seen = Counter()
    for problem, trajectory, labels in load():
        for e in MATH.verify(problem, trajectory):
            gold = labels.values[e.step] if labels else None
            seen[e.verdict] += 1
            if e.verdict is Verdict.FAILS and e.verifier != "math/final_answer@1":
                assert gold == 0.0, (trajectory.id, e)
            if e.verdict is Verdict.HOLDS and e.scope == "step":
                assert gold == 1.0, (trajectory.id, e)
    assert set(seen) == set(Verdict)


def test_the_readme_says_what_the_cards_say():
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    for name in MATH.datasets:
        card = MATH.card(name)
        (line,) = [row for row in readme.splitlines() if row.startswith(f"| `{name}` |")]
        base = "–" if card.index_base is None else str(card.index_base)
        rows = ", ".join(f"{file.rows:,}" for file in card.files)
        said = [cell.strip() for cell in line.strip("|").split("|")][1:]
        assert said == [card.summary, rows, card.gold, base, card.neutral, card.after_error, card.licence]
    for tool in MATH.tools:
        assert f"| {tool.name} |" in readme
