"""Programs run in the sandbox, never here."""

import pytest

from prmkit.errors import PrmkitError
from prmkit.types import Code, Problem, Trajectory, Verdict
from prmkit.verify.sandbox import shared_pool
from prmkit_tables.verifiers import program
from prmkit_tables.verifiers.program import RunProgram

CONTEXT = {"table": {"columns": ["city", "parks"], "rows": [["Oslo", "1,200"], ["Rome", "30"]]}}


def check(steps, answer, context=CONTEXT):
    trajectory = Trajectory.of_steps("t", "p", steps, final_answer=answer)
    return RunProgram().check(Problem("p", "?", context=context), trajectory)


@pytest.fixture(scope="module")
def sandbox():
    try:
        return shared_pool(("pandas",))
    except PrmkitError as error:
        pytest.skip(f"no sandbox: {error.message}")


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize(
    ("steps", "answer", "verdict"),
    [
        (["a = 3", "ans = a * 2"], "6", Verdict.HOLDS),
        (["a = 3", "ans = a * 2"], "7", Verdict.FAILS),
        (["ans = 1 / 0"], None, Verdict.FAILS),
        (["ans = 1 / 0"], "3", Verdict.UNKNOWN),
        (
            ["We load the table.", "```python\nans = df['parks'].max()\n```", "The answer is 1200."],
            "1200",
            Verdict.HOLDS,
        ),
        (["```python\ntop = df.sort_values('parks').iloc[-1]\ntop['city']\n```"], "Oslo", Verdict.HOLDS),
        (["```python\nans = len(table['rows'])\n```"], "3", Verdict.FAILS),
        (["ans = [1, 2]"], "2 | 1", Verdict.HOLDS),
        (["import socket", "ans = socket.create_connection(('127.0.0.1', 9))"], "3", Verdict.UNKNOWN),
        (["ans = open('/etc/passwd', 'w')"], "3", Verdict.UNKNOWN),
    ],
)
def test_programs(steps, answer, verdict):
    found = [f for f in check(steps, answer) if f.verdict is not Verdict.UNKNOWN or f.detail]
    assert [f.verdict for f in found] == [verdict]


def test_without_a_sandbox_it_is_unknown(monkeypatch):
    def refuse(imports=()):
        raise program.SandboxRefusedError("nothing safe here", do="install bubblewrap")

    monkeypatch.setattr(program, "shared_pool", refuse)
    (finding,) = check(["ans = 3"], "3")
    assert (finding.verdict, finding.code) == (Verdict.UNKNOWN, Code.MISSING_TOOL)
    assert "install bubblewrap" in finding.reason


@pytest.mark.parametrize("steps", [["Ann has 3 pens = many"], ["x" * 30_000], ["a = b = " * 50], []])
def test_what_is_no_program_is_not_run(steps, monkeypatch):
    monkeypatch.setattr(program, "shared_pool", lambda imports=(): pytest.fail("it was run"))
    assert all(f.verdict is Verdict.UNKNOWN for f in check(steps, "3"))
