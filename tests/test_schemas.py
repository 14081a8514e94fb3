"""The committed schemas are those of the types."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prmkit.testkit.schemas import RECORDS, schema

FOLDER = Path(__file__).resolve().parents[1] / "shared" / "schemas"


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: r.__name__)
def test_committed_schema_is_current(record: type) -> None:
    committed = json.loads((FOLDER / f"{record.__name__}.json").read_text(encoding="utf-8"))
    assert committed == schema(record), "run: python -m prmkit.testkit.schemas shared/schemas"


def test_no_schema_without_a_record() -> None:
    assert {p.stem for p in FOLDER.glob("*.json")} == {r.__name__ for r in RECORDS}
