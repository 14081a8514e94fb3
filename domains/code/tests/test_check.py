"""``prmkit check`` on a chat log with code blocks: no settings, findings in place."""

import json

import pytest

from prmkit.cli.main import main

REPLY = """We keep a running sum.

```python
def total(xs):
    s = 0
    for x in xs:
        if x > 0:
            s += x
    return s
```

For `total([5, -1, 7])`, after line 5, `s == 13`.

Hence total([3, -3]) returns 3.

```python
def broken(x)
    return x
```
"""


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "chat.jsonl"
    messages = [{"role": "user", "content": "Add up."}, {"role": "assistant", "content": REPLY}]
    path.write_text(json.dumps({"messages": messages}) + "\n")
    return path


def test_code_blocks_of_a_chat_are_checked(log, capsys):
    with pytest.raises(SystemExit) as left:
        main(["check", str(log), "--domain", "code", "--json", "--fail-on", "FAILS", "--seconds", "30"])
    assert left.value.code == 1
    found = {
        (f["verifier"].split("@")[0], f["verdict"], f["text"].split("\n")[0])
        for f in json.loads(capsys.readouterr().out)["findings"]
    }
    assert ("code/values", "FAILS", "For `total([5, -1, 7])`, after line 5, `s == 13`.") in found
    assert ("code/values", "HOLDS", "Hence total([3, -3]) returns 3.") in found
    assert ("code/compiles", "HOLDS", "```python") in found
    assert any(v == "code/compiles" and verdict == "FAILS" for v, verdict, _ in found)
