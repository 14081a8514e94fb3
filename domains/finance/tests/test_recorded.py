"""The judge on recorded answers: golds, baselines, classes of mistakes, and figures on the real set."""

import pytest

from prmkit.types import Evidence, Problem, Provenance, Sample, Trajectory, Verdict
from prmkit.verify.answers import measure_answers
from prmkit.verify.run import verify
from prmkit_finance import plugin
from prmkit_finance.data.tatqa_outputs import SOURCE
from prmkit_finance.recorded import CrudePattern, agreed, is_arithmetic, stated, table, votes
from prmkit_finance.recorded import Row as Line
from prmkit_finance.slips import slip_of

TABLE = {
    "columns": ["(in thousands)", "2019", "2018"],
    "rows": [["Rent", "6,210", "5,400"], ["Fees", "1,480", "1,600"]],
}


def answer(text, said, *, gold=810, scale="thousand", system="cot_codex", outcome=0.0, name="p"):
    problem = Problem(
        name,
        "What was the change in rent from 2018 to 2019?",
        context={"table": TABLE, "question": "What was the change in rent from 2018 to 2019?"},
        reference={"answer": gold, "scale": scale, "type": "arithmetic", "derivation": "6,210 - 5,400"},
        provenance=Provenance(detail={"type": "arithmetic"}),
    )
    provenance = Provenance(system=system)
    trajectory = Trajectory.of_steps(
        f"{name}/{system}", name, [text], final_answer=said, outcome=outcome, provenance=provenance
    )
    return Sample(problem, trajectory)


@pytest.mark.parametrize(
    ("text", "said", "slip"),
    [
        ("6,210 less 5,400", "810 thousand", None),
        ("6,210 less 5,400", "-810 thousand", "sign"),
        ("6,210 less 5,400", "810 million", "scale"),
        ("6,210 less 5,400", "15%", "unit"),
        ("6,210 less 5,400", "812 thousand", "rounding"),
        ("6,210 less 5,400", "830 thousand", "arithmetic"),
        ("6,210 and 5,400", "11,610 thousand", "formula"),
        ("5,400 less 5,400", "7 thousand", "extraction"),
        ("about 5", "5 or 6", "no number"),
    ],
)
def test_slips(text, said, slip):
    assert slip_of(answer(text, said)) == slip


def test_direct_answers_show_no_working():
    assert slip_of(answer("7 thousand", "7 thousand", system="direct_gpt3")) == "no working"


def test_the_golds():
    right_as_recorded = answer("x", "812 thousand", outcome=1.0)
    ((sample, _),) = stated([(right_as_recorded, [])])
    assert sample.trajectory.outcome == 0.0
    ((sample, _),) = agreed([(right_as_recorded, [])])
    assert sample.trajectory.outcome is None


def test_the_vote_doubts_the_lonely():
    said = {"pot_codex": "810", "cot_codex": "810", "cot_gpt3": "5", "direct_codex": "7", "direct_gpt3": "9"}
    samples = [answer("x", text, system=system) for system, text in said.items()]
    assert [e[0].verdict.value for _, e in votes(samples)] == [
        "UNKNOWN",
        "UNKNOWN",
        "FAILS",
        "FAILS",
        "FAILS",
    ]


def test_the_baseline_is_a_bare_pattern():
    (found,) = CrudePattern().check(Problem("p", "?"), Trajectory.of_steps("t", "p", ["$6 - 5 = 2"]))
    assert found.verdict is Verdict.FAILS


def test_the_table_has_a_line_an_answer():
    sample = answer("x", "810", outcome=0.0)
    t = sample.trajectory
    pair = (sample, [Evidence(t.id, t.digest, 0, Verdict.FAILS, "finance/cells@1", reason="r")])
    text = table([Line("one", measure_answers([pair], draws=20))])
    assert text.splitlines()[2].startswith("| one | 1 | 1 | 100.0 %")


@pytest.fixture(scope="module")
def judged(data_root):
    """Every fifth question of the set, judged by the verifiers that matter there."""
    del data_root
    samples = [s for s in plugin.load("tatqa_model_outputs") if is_arithmetic(s)]
    kept = [s for s in samples if s.problem.provenance.row and s.problem.provenance.row % 5 == 0]
    assert SOURCE.card.name == "tatqa_model_outputs"
    tools = plugin.verifier_objects(["calculation", "cells", "procedure", "units"])
    return list(verify(tools, kept, seconds=None))


def test_wrong_answers_are_caught_and_right_ones_left_alone(judged):
    found = measure_answers(agreed(judged), draws=100)
    assert found.wrong > 200
    assert found.right > 300
    assert found.caught.value > 0.2
    assert found.doubted.value < 0.02
    assert found.precision.value > 0.9
