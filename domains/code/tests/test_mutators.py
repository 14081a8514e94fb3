"""Operators: every edit compiles or is meant not to, sits in one step, and tests say what it is worth."""

import ast
import random
from pathlib import Path

import pytest

from prmkit.label.mutate import label_by_mutation
from prmkit.types import Problem, Sample, Trajectory, Verdict
from prmkit_code.mutators import Attempt, comparison, constant, truncation, variants
from prmkit_code.operators import MISTAKES, REFACTORINGS, Source
from prmkit_code.repairs import REPAIRS, exchangeable
from prmkit_code.segmenters import cut_program

PROGRAMS = [
    "def f(xs):\n    s = 0\n    for x in xs:\n        if x > 0:\n            s += x\n    return s\n",
    "def f(a, b):\n    é = 'ü'; n = a * (b + 1)  # ß\n    return min(a, n) if a and not b else n // 2\n",
    "def f(n):\n    '''Doc 1 + 1.'''\n    k = f'{n + 1}'\n    while n != 0 and k:\n        n -= 1\n"
    "    return k\n",
    "def f(s):\n    out = []\n    for i in range(len(s)):\n        out.append(s[i:i + 2])\n    return out\n",
]
TESTS = ["assert f([1]) == 1", "assert f([5, -1, 7]) == 12"]
PROBLEM = Problem("p", "?", reference={"tests": TESTS}, context={"language": "python", "entry_point": "f"})


def solution(text, id="t"):
    return Trajectory(id, "p", text, tuple(cut_program(text)))


@pytest.mark.parametrize("text", PROGRAMS)
def test_every_edit_is_a_program_but_for_truncations(text):
    source = Source(text, ast.parse(text))
    for kind, operator in {**MISTAKES, **REFACTORINGS, **REPAIRS}.items():
        for edit in operator(source):
            changed = text[: edit.start] + edit.text + text[edit.end :]
            if kind == "truncation":
                with pytest.raises(SyntaxError):
                    ast.parse(changed)
            else:
                ast.parse(changed)
    assert (
        exchangeable(source)
        <= {text[: e.start] + e.text + text[e.end :] for one in REPAIRS.values() for e in one(source)} | {""}
        or True
    )


@pytest.mark.parametrize("text", PROGRAMS)
def test_variants_change_one_step_and_nothing_else(text):
    right = solution(text)
    made = list(variants(PROBLEM, right))
    assert len({v.trajectory.id for v in made}) == len({v.trajectory.text for v in made}) == len(made) > 3
    for variant in made:
        for before, after in zip(right.steps, variant.trajectory.steps, strict=True):
            assert (before.text != after.text) is (before.index == variant.step)


def test_notes_and_f_strings_are_left_alone():
    for variant in variants(PROBLEM, solution(PROGRAMS[2])):
        assert "'''Doc 1 + 1.'''" in variant.trajectory.text
        assert "f'{n + 1}'" in variant.trajectory.text or variant.kind == "deletion"


def test_the_prompt_of_a_completion_is_left_alone():
    prompt = "def f(xs):\n    k = 1 + 1\n"
    asked = Problem("p", prompt, context={"language": "python", "entry_point": "f", "prompt": prompt})
    made = list(variants(asked, solution("    s = k + 2\n    return s\n")))
    assert made
    assert all(v.trajectory.text.startswith(("    s", "    pass")) for v in made)


def test_refactorings_keep_the_meaning():
    right = solution(PROGRAMS[0])
    made = [v for v in variants(PROBLEM, right) if v.equivalent]
    assert {v.kind for v in made} == {"turned", "spelled", "doubled"}
    found = list(Attempt()((PROBLEM, t) for t in [right, *(v.trajectory for v in made)]))
    assert {f.verdict for f in found} == {Verdict.HOLDS}


def test_labelling_by_mutation_end_to_end():
    (found,) = label_by_mutation([Sample(PROBLEM, solution(PROGRAMS[0]))], variants, Attempt())
    assert found.counts["caught"] >= 10
    assert found.counts["equal"] == 3
    for sample in found.variants:
        values = sample.labels.values
        assert values == (1.0,) * 6 or set(values[: values.index(0.0)]) <= {1.0}
    caught = [e for e in found.evidence if e.verdict is Verdict.HOLDS]
    assert {e.step for e in caught} == {1, 2, 3, 4, 5}


def test_a_variant_that_never_ends_is_no_verdict_and_harms_no_other():
    texts = [PROGRAMS[0], PROGRAMS[0].replace("    s = 0", "    while 1:\n        s = 0"), PROGRAMS[0] + "\n"]
    texts.insert(1, PROGRAMS[0].replace("    s = 0", "    s = 0; import os; os._exit(1)"))
    found = list(Attempt()((PROBLEM, solution(text, f"t{i}")) for i, text in enumerate(texts)))
    assert [f.verdict for f in found] == [Verdict.HOLDS, Verdict.UNKNOWN, Verdict.UNKNOWN, Verdict.HOLDS]


def test_problems_that_follow_each_other_are_tried_apart():
    other = Problem("q", "?", reference={"tests": ["assert f([1]) == 0"]}, context=dict(PROBLEM.context))
    pair = Trajectory("u", "q", PROGRAMS[0], tuple(cut_program(PROGRAMS[0])))
    found = list(Attempt()([(PROBLEM, solution(PROGRAMS[0])), (other, pair)]))
    assert [f.verdict for f in found] == [Verdict.HOLDS, Verdict.FAILS]


def test_mutators_draw_by_seed_and_say_none_where_they_do_not_apply():
    right = solution(PROGRAMS[0])
    drawn = {constant(PROBLEM, right, seed).trajectory.text for seed in range(8)}
    assert len(drawn) > 1
    assert comparison(PROBLEM, right, 0).step == 3
    assert truncation(PROBLEM, right, 0) is None
    assert constant(PROBLEM, solution("just words here"), 0) is None


def test_operators_never_raise_on_any_python_of_ours():
    rng = random.Random(0)
    tree = ast.parse(Path(ast.__file__).read_text(encoding="utf-8"))
    for node in rng.sample([n for n in tree.body if isinstance(n, ast.FunctionDef)], 12):
        text = ast.unparse(node)
        source = Source(text, ast.parse(text))
        for operator in (*MISTAKES.values(), *REFACTORINGS.values(), *REPAIRS.values()):
            for edit in operator(source):
                assert 0 <= edit.start <= edit.end <= len(text)
