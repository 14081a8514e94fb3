"""The contract that every domain keeps."""

import pytest

from prmkit.testkit import conformance

GAPS = {
    "leakage": "kx_doc_pages prints the sessions that kx-docs-planted-758 is made of: train on one, or judge"
}


@pytest.mark.parametrize("case", conformance.cases("qlang", GAPS), ids=str)
def test_conformance(case):
    case.check()
