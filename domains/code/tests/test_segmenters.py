"""Cutting programs: statements, lines, paragraphs; spans give back the text and keep the indentation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prmkit.types import Problem, Trajectory
from prmkit_code.program import program, programs
from prmkit_code.segmenters import by_code_line, by_program, by_statement, cut_program, fenced

CUTS = (by_statement, by_code_line, by_program)
ANSWER = "import os\n\ndef f(a):\n    # up\n    if a:\n        a += 1\n    return (a +\n            1)\n"
REPLY = f"We add.\nTwice.\n\n```python\n{ANSWER}```\nDone."


def test_a_reply_by_statement():
    steps = by_statement(REPLY)
    assert [s.kind for s in steps] == ["", *["code"] * 5, ""]
    assert steps[1].text == "```python\nimport os"
    assert steps[3].text == "    # up\n    if a:"
    assert steps[5].text == "    return (a +\n            1)\n```"


def test_a_reply_by_line_and_as_one_program():
    assert [s.text for s in by_code_line(REPLY)][4:6] == ["    if a:", "        a += 1"]
    assert [s.kind for s in by_program(REPLY)] == ["", "code", ""]


def test_prose_alone_is_cut_by_paragraph():
    assert [(s.kind, s.text) for s in by_statement("First we look.\n\nThen we stop.")] == [
        ("", "First we look."),
        ("", "Then we stop."),
    ]


def test_broken_programs_are_cut_by_line():
    assert [s.text for s in cut_program("def f(:\n    x = (1\n  y\n")][:1] == ["def f(:"]
    assert len(cut_program('x = """open\nstill\n')) == 2


@given(st.text(alphabet="def f():\n\t #`'\"(x=1)abc\r\\", max_size=120))
def test_spans_give_back_the_text(text):
    for cut in CUTS:
        reached = 0
        for position, step in enumerate(cut(text)):
            assert (step.index, text[step.start : step.end]) == (position, step.text)
            assert not text[reached : step.start].strip()
            reached = step.end
        assert not text[reached:].strip()


def sample(text, cut=by_statement, **context):
    return Problem("p", "?", context=context), Trajectory("t", "p", text, cut(text))


@pytest.mark.parametrize("cut", CUTS)
def test_lines_of_the_program_belong_to_the_steps_that_hold_them(cut):
    problem, trajectory = sample(REPLY, cut, entry_point="f")
    found = program(problem, trajectory)
    assert found.source == ANSWER
    rows = found.source.split("\n")
    for line, row in enumerate(rows, 1):
        if row.strip():
            assert row in trajectory.steps[found.step_of(line)].text


def test_a_completion_stands_on_its_prompt():
    prompt = "import math\n\ndef f(a):\n    '''Up.'''\n"
    problem = Problem("p", prompt, context={"language": "python", "entry_point": "f", "prompt": prompt})
    for body, before in (("    return a + 1", prompt), ("def f(a):\n    return a + 1", "import math\n\n")):
        trajectory = Trajectory("t", "p", body, tuple(cut_program(body)))
        found = program(problem, trajectory)
        assert found.source == before + body
        assert found.step_of(found.given + 1) == 0


def test_the_last_block_that_defines_the_function_is_the_answer():
    blocks = ("def f(a): return 0", "def f(a): return a", "f(1)")
    text = "\nSo:\n".join(f"```python\n{block}\n```" for block in blocks)
    problem, trajectory = sample(text, entry_point="f")
    assert program(problem, trajectory).source == "def f(a): return a\n"
    assert len(programs(problem, trajectory)) == 3
    assert len(fenced("```\na\n")) == 1
