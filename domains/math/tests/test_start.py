"""A short log does not wait for tools that it does not need; a long run has them in before it starts."""

import json
import subprocess
import sys

from prmkit_math import plugin

HEAVY = ("sympy", "z3", "pint", "math_verify")
CHECK = """
import sys
from prmkit.cli.main import main
try: main(["check", sys.argv[1], "--domain", "math", "--json"])
except SystemExit: pass
print([name for name in {heavy!r} if name in sys.modules])
"""


def test_checking_sums_imports_no_heavy_tool(tmp_path):
    log = tmp_path / "log.jsonl"
    turns = [("user", "What is 3 times 15?"), ("assistant", "We have 3 * 15 = 46.\nThe answer is 46.")]
    log.write_text(json.dumps({"messages": [{"role": r, "content": c} for r, c in turns]}) + "\n")
    code = CHECK.format(heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", code, log], capture_output=True, text=True, check=True)
    assert '"FAILS": 1' in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_what_needs_a_heavy_tool_can_bring_it_in_beforehand():
    for name in ("symbolic", "linear", "logic", "units", "final_answer"):
        (verifier,) = plugin.verifier_objects([name])
        verifier.warm()
    assert all(name in sys.modules for name in HEAVY)
