"""Errata, the quality table, and the measured bounds on real data."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.types import Problem, Sample, StepLabels, Trajectory, Verdict
from prmkit.verify.errata import digest_of, read
from prmkit.verify.noise import measure
from prmkit.verify.quality import judge, parts_found
from prmkit_math import errata, plugin, quality
from prmkit_math.verifiers._lexemes import Lexer
from prmkit_math.verifiers.annotation import Annotation
from prmkit_math.verifiers.arithmetic import Arithmetic, examine
from prmkit_math.verifiers.claims import value_of
from prmkit_math.verifiers.comparison import equal
from prmkit_math.verifiers.expression_chain import ExpressionChain
from prmkit_math.verifiers.units import Units

FOLDER = Path(__file__).parents[3] / "shared" / "errata"


def erratum(corrected=0.0, left="2+2", right="5"):
    proof = {"left": left, "right": right}
    return errata.Erratum("t", 0, digest_of("x"), 1.0 - corrected, corrected, proof, "read")


def test_every_committed_erratum_has_a_proof_that_runs():
    # Other domains' errata stand beside and have proofs of their own kind.
    found = {name: entries for name, entries in read(FOLDER).items() if name in plugin.datasets}
    assert sum(map(len, found.values())) > 100
    for suite, entries in found.items():
        assert len({(one.row, one.step) for one in entries}) == len(entries), suite
        for one in entries:
            assert errata.proven(one), one
            assert one.adjudication.startswith("Read: "), one
            assert len(one.digest) == 16
            assert {one.label, one.corrected} == {0.0, 1.0}


def test_a_proof_must_contradict_the_label():
    assert errata.proven(erratum())
    assert not errata.proven(erratum(right="4"))
    assert errata.proven(erratum(corrected=1.0, right="4"))
    assert not errata.proven(erratum(left="two"))


def test_candidates_carry_digest_and_proof_but_no_text():
    trajectory = Trajectory.of_steps("t", "p", [r"So $\frac{12}{5} + \sqrt{16} = 9$ pens."])
    before = Sample(Problem("p", "How many?"), trajectory, StepLabels("t", trajectory.digest, (1.0,)))
    (claim,) = examine(trajectory.steps[0].text)
    found = errata.candidate(before, 0, claim)
    assert found.proof == {"left": "((12)/(5))+sqrt(16)", "right": "9"}
    assert errata.proven(found)
    assert "pens" not in str(found)


@given(st.text(alphabet="0123456789+-*/^() .", max_size=30))
@settings(max_examples=300, deadline=None)
def test_plain_writing_reads_back_to_the_same_value(text):
    value = value_of(text)
    if value is None:
        return
    lexer = Lexer(text)
    again = value_of(errata.plain(lexer.kinds[1:-1], lexer.values[1:-1]))
    assert again is not None
    assert equal(again, value)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (r"\frac12", "(1/2)"),
        (r"2\frac{3}{4}", "(2+((3)/(4)))"),
        (r"\binom{5}{2} \cdot 3!", "binom((5))((2))*3!"),
        (r"2^{-3} \times 20\%", "2^(-3)*20%"),
        ("1,250.50 ÷ 2", "1250.50/2"),
    ],
)
def test_plain_writing(text, plain):
    lexer = Lexer(text)
    assert errata.plain(lexer.kinds[1:-1], lexer.values[1:-1]) == plain
    assert equal(value_of(plain), value_of(text))


def test_the_baseline_is_a_bare_pattern():
    trajectory = Trajectory.of_steps(
        "t", "p", ["2 + 2 = 4", "12 * 4 = 46", "1 / 0 = 3", "none", "5 + 3 + 2 = 10"]
    )
    found = quality.CrudePattern().check(Problem("p", "?"), trajectory)
    assert [str(f.verdict) for f in found] == ["HOLDS", "FAILS", "UNKNOWN", "UNKNOWN", "FAILS"]


def noise(parts, verifiers):
    """Published figures over parts of the data, and corrected ones."""
    entries = read(FOLDER)
    judged = [
        judge(part.title, samples, verifiers, entries.get(part.dataset, []), seconds=None)
        for part, samples in parts_found(plugin, parts)
    ]
    raw, fixed = ([pair for part in judged for pair in getattr(part, name)] for name in ("raw", "corrected"))
    return measure(raw, draws=50), measure(fixed, draws=50)


TOOLS = (Arithmetic(), Annotation(), ExpressionChain(), Units())


def test_no_false_alarm_on_human_labels_of_word_and_competition_problems(data_root):
    parts = [
        part for part in quality.PARTS if part.dataset in ("processbench_half", "mr_gsm8k_subset", "mr_math")
    ]
    raw, _ = noise(parts, TOOLS)
    assert raw.false_alarms.alarms == 0
    assert raw.false_alarms.steps > 4_000
    assert raw.false_alarms.upper <= 0.005
    assert raw.confusion["wrong"][str(Verdict.FAILS)] >= 85
    assert raw.fails_precision_lower >= 0.95


def test_nearly_all_mistakes_in_multistep_arithmetic_are_found(data_root):
    parts = [part for part in quality.PARTS if "multistep" in part.title]
    raw, fixed = noise(parts, TOOLS)
    assert raw.first_error_recall.value >= 0.97
    assert fixed.first_error_recall.value >= 0.97
    assert fixed.false_alarms.alarms == 0
    assert fixed.fails_precision_lower >= 0.95
