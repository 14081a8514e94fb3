"""``prmkit check`` on logs with Markdown tables and SQL blocks."""

import json

from prmkit.report.check import check_file, failed_steps

QUESTION = """Which city has the most parks?

| city | parks |
| ---- | ----: |
| Oslo | 12    |
| Rome | 30    |
"""
REPLY = """The table has columns city and parks.

```sql
SELECT city, parks FROM t

ORDER BY parks DESC LIMIT 1
```

Row 2 parks is 12. So 30 - 12 = 18.

```sql
SELECT city FROM t ORDER BY trees
```

The answer is Rome."""


def check(tmp_path, reply):
    path = tmp_path / "log.jsonl"
    turns = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": reply}]
    path.write_text(json.dumps({"messages": turns}) + "\n")
    return check_file(str(path), domain="tables", seconds=30.0).items[0]


def test_blocks_of_a_log_are_steps_and_are_checked(tmp_path):
    item = check(tmp_path, REPLY)
    steps = [step.text for step in item[0].trajectory.steps]
    assert "```sql\nSELECT city, parks FROM t\n\nORDER BY parks DESC LIMIT 1\n```" in steps
    wrong = [steps[at] for at in failed_steps(item)]
    assert wrong == ["Row 2 parks is 12.", "```sql\nSELECT city FROM t ORDER BY trees\n```"]
    reasons = {e.verifier: e.reason for e in item[1] if e.verdict == "FAILS"}
    assert reasons["tables/retrieval@1"].startswith("row 2 has parks 30, not 12")
    assert "no column 'trees'" in reasons["tables/schema@1"]
    held = {e.verifier for e in item[1] if e.verdict == "HOLDS"}
    assert {"tables/sql@1", "tables/schema@1", "tables/computation@1"} <= held


def test_a_quoted_table_is_compared(tmp_path):
    item = check(
        tmp_path, "I look at these:\n\n| city | parks |\n|---|---|\n| Rome | 31 |\n\nThe answer is Rome."
    )
    assert [item[0].trajectory.steps[at].text[:8] for at in failed_steps(item)] == ["| city |"]


def test_a_schema_in_the_question_is_read(tmp_path):
    path = tmp_path / "log.txt"
    path.write_text(
        "User: CREATE TABLE pens (colour TEXT, price INTEGER); What do red pens cost?\n"
        "Assistant: SELECT cost FROM pens WHERE colour = 'red'"
    )
    item = check_file(str(path), domain="tables").items[0]
    assert failed_steps(item) == [0]
