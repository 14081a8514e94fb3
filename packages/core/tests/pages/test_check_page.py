"""The linter's core: any log in, evidence in place out."""

import json
import re

import pytest

from prmkit import plugins
from prmkit.errors import DataError, PluginError
from prmkit.report import check
from prmkit.report.check import check_file, failed_steps, page
from prmkit.types import Verdict


@pytest.fixture
def log(tmp_path):
    rows = [
        {
            "id": f"chat-{i}",
            "prompt": f"{i} and 4?",
            "response": f"So {i} + 4 = {i + 4 + (i == 3)} now.\n\nDone.",
        }
        for i in range(6)
    ]
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows) + "{broken\n")
    return str(path)


def test_steps_are_counted_and_findings_stand_in_the_order_of_the_file(log, fake_domain):
    result = check_file(log)
    assert result.counts == {Verdict.HOLDS: 5, Verdict.FAILS: 1, Verdict.UNKNOWN: 6}
    assert [s.trajectory.id for s, _ in result.items] == [f"chat-{i}" for i in range(6)]
    assert [(item[0].trajectory.id, failed_steps(item)) for item in result.failing()] == [("chat-3", [0])]
    assert [(q.file, q.row) for q in result.quarantine] == [(log, 7)]
    assert result.domains == ("fake",)


def test_the_page_puts_findings_first_and_marks_the_claim(log, fake_domain):
    said = page(check_file(log), "Checked")
    assert "1 of 6 traces holds a step that a tool refutes." in said
    assert '<mark class="FAILS" title="3 + 4 is 7, not 8">3 + 4 = 8</mark>' in said
    assert said.index("chat-3") < said.index("chat-0")
    assert "Rows set aside" in said
    assert not re.findall(r"https?://", said)


def test_steps_away_from_a_finding_are_folded_and_none_is_lost(tmp_path, fake_domain):
    path = tmp_path / "a.json"
    steps = [f"Thought {i}." for i in range(9)]
    steps[5] = "So 1 + 1 = 3 apples."
    path.write_text(json.dumps({"problem": "q", "steps": steps}))
    said = page(check_file(str(path)), "Checked")
    assert re.findall(r"(\d+) steps? without a finding", said) == ["4", "2"]
    assert said.count('<li class="step') == 9


def test_hostile_logs_stay_text(tmp_path, fake_domain, hostile):
    path = tmp_path / "log.json"
    path.write_text(json.dumps({"id": hostile, "prompt": hostile, "response": f"So 1 + 1 = 3 {hostile}"}))
    said = page(check_file(str(path)), hostile)
    assert "<script>document.title" not in said
    assert "<img" not in said


def test_a_long_log_shows_every_finding_and_says_what_it_leaves_out(log, fake_domain, monkeypatch):
    monkeypatch.setattr(check, "PAGE_LIMIT", 2)
    said = page(check_file(log), "Checked")
    assert "3 more traces without a finding are left out" in said
    assert "chat-3" in said


def test_nothing_found_is_said_plainly(tmp_path, fake_domain):
    path = tmp_path / "a.txt"
    path.write_text("It is warm.")
    said = page(check_file(str(path)), "Checked")
    assert "No tool refutes any step of 1 trace." in said


def test_an_unknown_domain_in_a_row_is_told_and_checked_all_the_same(tmp_path, fake_domain):
    path = tmp_path / "log.jsonl"
    path.write_text('{"domain": "alchemy", "prompt": "q", "response": "So 1 + 1 = 3 apples."}\n')
    result = check_file(str(path))
    assert result.counts[Verdict.FAILS] == 1
    assert "'alchemy', which is not installed" in result.notes[0]


def test_without_domains_and_without_files_the_error_says_what_to_do(tmp_path, fake_domain, monkeypatch):
    with pytest.raises(DataError, match="cannot be read"):
        check_file(str(tmp_path / "nowhere"))
    monkeypatch.setattr(plugins, "domains", list)
    with pytest.raises(PluginError, match="no domain is installed") as caught:
        check_file(str(tmp_path / "nowhere"))
    assert "pip install" in caught.value.do
