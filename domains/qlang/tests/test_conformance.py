"""The contract that every domain keeps."""

import pytest

from prmkit.testkit import conformance

GAPS = {
    "leakage": "kx-docs-planted-764 is made of sessions that kx_doc_pages prints too: train on the pages or judge by them"
}


@pytest.mark.parametrize("case", conformance.cases("qlang", GAPS), ids=str)
def test_conformance(case):
    case.check()
