"""Suites: pinned rows and honest names."""

from collections import Counter

import pytest

import prmkit
from prmkit.judging.run import METRICS
from prmkit.judging.suites import check_name, select
from prmkit_code.suites import SUITES

CODE = prmkit.domain("code")


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_suites_are_well_formed(suite):
    check_name(suite)
    assert set(suite.metrics) <= METRICS
    assert len(suite.digest) == 64
    assert "evaluate" in CODE.card(suite.dataset).use


def test_names_and_rows_differ():
    assert max(Counter(suite.name for suite in SUITES).values()) == 1
    assert max(Counter(suite.digest for suite in SUITES).values()) == 1


def test_rows_are_the_pinned_ones_and_one_system_where_curves_are_exact(data_root):
    del data_root
    for name in {suite.dataset for suite in SUITES}:
        samples = list(CODE.load(name))
        for suite in SUITES:
            if suite.dataset == name:
                rows = select(suite, samples)
                systems = {sample.trajectory.provenance.system for sample in rows}
                assert len(systems) == 1 or not suite.exchangeable
