"""The contract that every domain keeps."""

import pytest

from prmkit.testkit import conformance

GAPS = {"leakage": "TabFact and WikiTableQuestions share tables; evaluation leaves such rows out"}


@pytest.mark.parametrize("case", conformance.cases("tables", GAPS), ids=str)
def test_conformance(case):
    case.check()
