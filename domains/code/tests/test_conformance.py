"""The contract that every domain keeps."""

import pytest

from prmkit.testkit import conformance

GAPS = {"leakage": "MBPP repeats a few of its problems across its splits; evaluation leaves such rows out"}


@pytest.mark.parametrize("case", conformance.cases("code", GAPS), ids=str)
def test_conformance(case):
    case.check()
