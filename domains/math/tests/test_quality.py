"""Errata, the quality table, and the measured bounds on real data."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.errors import RecordError
from prmkit.types import Problem, Sample, StepLabels, Trajectory, Verdict
from prmkit.verify.noise import measure
from prmkit.verify.run import verify
from prmkit_math import errata, plugin, quality
from prmkit_math.verifiers._lexemes import Lexer
from prmkit_math.verifiers.annotation import Annotation
from prmkit_math.verifiers.arithmetic import Arithmetic, examine
from prmkit_math.verifiers.claims import value_of
from prmkit_math.verifiers.comparison import equal
from prmkit_math.verifiers.expression_chain import ExpressionChain
from prmkit_math.verifiers.units import Units

FOLDER = Path(__file__).parents[3] / "shared" / "errata"


def sample(steps, values, *, name="t", convention="until_first_error"):
    trajectory = Trajectory.of_steps(name, "p", steps)
    labels = StepLabels(name, trajectory.digest, tuple(values), convention=convention)
    return Sample(Problem("p", "How many?"), trajectory, labels)


def erratum(step, text, corrected=0.0, **fields):
    base = {"row": "t", "label": 1.0, "left": "2+2", "right": "5", "adjudication": "read"}
    return errata.Erratum(step=step, digest=errata.digest_of(text), corrected=corrected, **(base | fields))


def test_every_committed_erratum_has_a_proof_that_runs():
    found = errata.read(FOLDER)
    assert sum(map(len, found.values())) > 100
    for suite, entries in found.items():
        assert len({(one.row, one.step) for one in entries}) == len(entries), suite
        for one in entries:
            assert errata.proven(one), one
            assert one.adjudication.startswith("Read: "), one
            assert len(one.digest) == 16
            assert {one.label, one.corrected} == {0.0, 1.0}


def test_a_proof_must_contradict_the_label():
    assert errata.proven(erratum(0, "x"))
    assert not errata.proven(erratum(0, "x", right="4"))
    assert errata.proven(erratum(0, "x", corrected=1.0, right="4"))
    assert not errata.proven(erratum(0, "x", left="two"))


def test_labels_end_at_a_newly_found_first_error():
    before = sample(["2 + 2 = 5", "3 + 3 = 6", "1 + 1 = 3"], [1.0, 1.0, 0.0])
    after = errata.correct(before, {"t": [erratum(0, "2 + 2 = 5")]})
    assert after.labels.values == (0.0, None, None)
    assert after.labels.check(after.trajectory)
    own = sample(["2 + 2 = 5", "3 + 3 = 6"], [1.0, 1.0], convention="own_merit")
    assert errata.correct(own, {"t": [erratum(0, "2 + 2 = 5")]}).labels.values == (0.0, 1.0)


def test_a_step_shown_to_be_right_leaves_the_rest_unlabelled():
    before = sample(["2 + 2 = 4", "done"], [0.0, None])
    after = errata.correct(before, {"t": [erratum(0, "2 + 2 = 4", corrected=1.0, label=0.0, right="4")]})
    assert after.labels.values == (1.0, None)


def test_errata_of_another_text_or_row_change_nothing():
    before = sample(["2 + 2 = 5"], [1.0])
    assert errata.correct(before, {"t": [erratum(0, "another text")]}).labels.values == (1.0,)
    assert errata.correct(before, {"u": [erratum(0, "2 + 2 = 5")]}) == before
    assert errata.correct(before, {"t": [erratum(7, "2 + 2 = 5")]}).labels.values == (1.0,)


def test_candidates_carry_digest_and_proof_but_no_text():
    before = sample([r"So $\frac{12}{5} + \sqrt{16} = 9$ pens."], [1.0])
    (claim,) = examine(before.trajectory.steps[0].text)
    found = errata.candidate(before, 0, claim)
    assert (found.left, found.right) == ("((12)/(5))+sqrt(16)", "9")
    assert errata.proven(found)
    assert "pens" not in str(found)


def test_files_round_trip_and_bad_lines_are_named(tmp_path):
    entries = [erratum(1, "b"), erratum(0, "a")]
    errata.write(tmp_path / "set.jsonl", entries)
    assert errata.read(tmp_path) == {"set": sorted(entries, key=lambda one: one.step)}
    (tmp_path / "bad.jsonl").write_text('{"row": "t"}\n')
    with pytest.raises(RecordError, match=r"bad\.jsonl.*Erratum"):
        errata.read(tmp_path)


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


def test_the_table_stands_between_its_marks(tmp_path):
    pairs = list(verify([Arithmetic()], [sample(["2 + 2 = 4", "3 + 3 = 7"], [1.0, 0.0])]))
    found = quality.figures([("toy", pairs, pairs)], "math/arithmetic", draws=20)
    assert set(found) == {"toy", quality.ALL}
    text = quality.section({"math/arithmetic": found}, 3)
    assert "| toy | 1 | 2 |" in text
    assert "1 / 1 (≥ 0.05)" in text
    assert "0 / 1 (≤ 95.00 %)" in text
    path = tmp_path / "README.md"
    path.write_text(f"# A\n\n{quality.START}\nold\n{quality.END}\n\nend\n")
    quality.put(path, "new")
    quality.put(path, "newer")
    assert path.read_text() == f"# A\n\n{quality.START}\nnewer\n{quality.END}\n\nend\n"
    other = tmp_path / "other.md"
    quality.put(other, "new")
    assert other.read_text() == f"{quality.START}\nnew\n{quality.END}\n"


def test_rows_without_a_verdict_are_left_out():
    pairs = list(verify([Arithmetic()], [sample(["nothing"], [1.0])]))
    found = quality.figures([("silent", pairs, pairs)], "", draws=20)
    assert "silent" not in quality.table(found)


def test_the_command_says_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.delenv("PRMKIT_DATA", raising=False)
    result = CliRunner().invoke(quality.main, ["--out", str(tmp_path / "x.md"), "--verifier", "arithmetic"])
    assert result.exit_code == 1
    assert "PRMKIT_DATA" in result.output
    assert not (tmp_path / "x.md").exists()


def test_the_baseline_is_a_bare_pattern():
    trajectory = Trajectory.of_steps(
        "t", "p", ["2 + 2 = 4", "12 * 4 = 46", "1 / 0 = 3", "none", "5 + 3 + 2 = 10"]
    )
    found = quality.CrudePattern().check(Problem("p", "?"), trajectory)
    assert [str(f.verdict) for f in found] == ["HOLDS", "FAILS", "UNKNOWN", "UNKNOWN", "FAILS"]


def noise(parts, verifiers):
    """Corrected figures over parts of the data, and the published ones."""
    entries = errata.read(FOLDER)
    raw, fixed = [], []
    for part, samples in quality.parts_found(plugin, parts):
        pairs = list(verify(verifiers, samples, seconds=None))
        raw += pairs
        fixed += quality.corrected(pairs, quality.by_row(entries.get(part.dataset, [])))
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
    parts = [part for part in quality.PARTS if part.prefix == "multistep"]
    raw, fixed = noise(parts, TOOLS)
    assert raw.first_error_recall.value >= 0.97
    assert fixed.first_error_recall.value >= 0.97
    assert fixed.false_alarms.alarms == 0
    assert fixed.fails_precision_lower >= 0.95
