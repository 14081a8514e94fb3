"""The contract that every domain keeps."""

import pytest

from prmkit.testkit import conformance


@pytest.mark.parametrize("case", conformance.cases("finance"), ids=str)
def test_conformance(case):
    case.check()
