"""The contract that every domain keeps."""

import pytest

from prmkit.testkit import conformance

GAPS: dict[str, str] = {}


@pytest.mark.parametrize("case", conformance.cases("tables", GAPS), ids=str)
def test_conformance(case):
    case.check()
