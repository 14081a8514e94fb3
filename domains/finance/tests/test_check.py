"""``prmkit check`` on logs with amounts: Markdown tables of the question, sentences of the reply."""

import json

from prmkit.report.check import check_file
from prmkit.types import Verdict

ASKED = """Figures in thousands.

| | 2019 | 2018 |
|---|---|---|
| Rental income | 6,210 | 5,400 |
| Service fees | 1,480 | 1,600 |

What was the percentage change in rental income from 2018 to 2019?"""
REPLY = (
    "Rental income in 2019 is $6,210 thousand. Rental income in 2018 is $1,600 thousand."
    " The change is 6,210 - 5,400 = $820 thousand. The percentage change is 13.04%."
)


def checked(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    ((sample, evidence),) = check_file(str(path), domain="finance").items
    said = {}
    for e in evidence:
        if e.verdict is not Verdict.UNKNOWN:
            said.setdefault(sample.trajectory.steps[e.step].text, set()).add((e.verifier, e.verdict.value))
    return said


def test_a_chat_log(tmp_path):
    turns = [{"role": "user", "content": ASKED}, {"role": "assistant", "content": REPLY}]
    said = checked(tmp_path, "log.jsonl", json.dumps({"messages": turns}) + "\n")
    assert said == {
        "Rental income in 2019 is $6,210 thousand.": {("finance/cells@1", "HOLDS")},
        "Rental income in 2018 is $1,600 thousand.": {("finance/cells@1", "FAILS")},
        "The change is 6,210 - 5,400 = $820 thousand.": {("finance/calculation@1", "FAILS")},
        "The percentage change is 13.04%.": {("finance/procedure@1", "FAILS")},
    }


def test_plain_text(tmp_path):
    said = checked(
        tmp_path,
        "note.txt",
        "Revenue was $200 million.\nCosts were 30% of it: $200 million * 30% = $70 million.\n",
    )
    assert {verdict for found in said.values() for verdict in found} == {("finance/calculation@1", "FAILS")}
