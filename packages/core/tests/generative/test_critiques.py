"""Which verifications are kept, by hand-made rows and the published rules."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.errors import AlignmentError, ConfigError
from prmkit.label.critiques import (
    GENPRM,
    MULTI_GORM,
    MULTI_GPRM,
    THINKPRM,
    Judged,
    Rules,
    at_most,
    balanced,
    belongs,
    by_steps,
    mixed,
    right_as_a_whole,
    shortened,
    sift,
)
from prmkit.label.judge_scaling import decision, look_again, mean_chance, scores_of, vote
from prmkit.types import Critique, Problem, Sample, StepLabels, Trajectory, Verdict

SAID = {"c": Verdict.HOLDS, "i": Verdict.FAILS, "?": Verdict.UNKNOWN}
THOUGHT = "fine </think>"
GENPRM_ALONE = replace(GENPRM, mixed=False)


def judged(verdicts, labels=None, *, text="text", outcome=None, whole="?", name="t", problem="p", **given):
    t = Trajectory.of_steps(name, problem, ["step"] * len(verdicts), outcome=outcome)
    told = None if labels is None else StepLabels(t.id, t.digest, tuple(labels), labeler="test@1", **given)
    said = Critique(t.id, t.digest, text, tuple(SAID[v] for v in verdicts), SAID[whole])
    return Judged(Sample(Problem(problem, "2 + 2?"), t, told), said)


def fate(row, rules):
    found = sift([row], rules)
    return found.dropped[0].rule if found.dropped else "kept"


@pytest.mark.parametrize(
    ("said", "labels", "wanted"),
    [
        ("cci", [1, 1, 0], "kept"),
        ("cci?", [1, 1, 0, None], "kept"),
        ("ccic", [1, 1, 0, 0], "kept"),  # nothing behind the first error counts
        ("cii", [1, 1, 0], "disagrees"),
        ("ccc", [1, 1, 0], "disagrees"),
        ("c?i", [1, 1, 0], "undecided"),
        ("cc?", [1, 1, 1], "undecided"),
        ("ccc", [1, 1, 1], "kept"),
        ("ccc", [1, 0.5, 0.7], "kept"),  # soft labels of one half or more are right
        ("ccc", [1, 0.4, 1], "disagrees"),
        ("ccc", [1, None, 1], "kept"),
        ("ci?", [1, None, 1], "unlabelled"),  # what it says cannot be compared
        ("cci", [1, 1, None], "unlabelled"),
        ("ccc", [None, None, None], "unlabelled"),
        ("ccc", None, "unlabelled"),
    ],
)
def test_thinkprm_agrees_up_to_the_first_error(said, labels, wanted):
    assert fate(judged(said, labels), THINKPRM) == wanted


@pytest.mark.parametrize(("whole", "wanted"), [("i", "kept"), ("c", "disagrees"), ("?", "kept")])
def test_a_verification_that_contradicts_itself_is_dropped(whole, wanted):
    """Right about every step, and the decision at its end, which is learned too, is not."""
    assert fate(judged("cci", [1, 1, 0], whole=whole), THINKPRM) == wanted
    assert fate(judged("cc", [1, 1], whole={"i": "c", "c": "i", "?": "?"}[whole]), GENPRM_ALONE) == wanted


@pytest.mark.parametrize(
    ("said", "labels", "wanted"),
    [("ccic", [1, 1, 0, 0], "disagrees"), ("ccii", [1, 1, 0, 0], "kept"), ("cci?", [1, 1, 0, None], "kept")],
)
def test_genprm_agrees_everywhere(said, labels, wanted):
    assert fate(judged(said, labels), GENPRM_ALONE) == wanted


def test_genprm_needs_right_and_wrong_solutions_of_a_problem():
    rows = [
        judged("cc", [1, 1], name="a", problem="p"),
        judged("ci", [1, 0], name="b", problem="p"),
        judged("cc", [1, 1], name="c", problem="q"),
    ]
    found = sift(rows, GENPRM)
    assert found.counts == {"given": 3, "kept": 2, "one-sided": 1}
    assert mixed(rows) == {0, 1}


def test_multi_rm_form():
    kept = judged("cc", [1, 1], text=THOUGHT)
    assert fate(kept, MULTI_GPRM) == "kept"
    for text in ("no end", "\u597d " + THOUGHT, "  \n", "Step 3: more " + THOUGHT):
        assert fate(judged("cc", [1, 1], text=text), MULTI_GPRM) == "format", text
    assert fate(judged("cc", [1, 1], text="Step 2: so, by step 7, " + THOUGHT), MULTI_GPRM) == "kept"
    found = sift([kept, judged("cc", [1, 1], text="fine  </think>\n")], MULTI_GPRM)
    assert found.counts == {"given": 2, "kept": 1, "duplicate": 1}
    other = judged("cc", [1, 1], text=THOUGHT, name="u")
    assert sift([kept, other], MULTI_GPRM).counts == {"given": 2, "kept": 2}


def test_a_script_that_the_problem_has_is_not_foreign():
    row = judged("c", [1], text="\u597d " + THOUGHT)
    asked = Judged(row.sample._replace(problem=Problem("p", "\u4e00?")), row.critique)
    assert fate(asked, MULTI_GPRM) == "kept"


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        (judged("??", outcome=1.0, whole="c", text=THOUGHT), "kept"),
        (judged("??", outcome=0.0, whole="c", text=THOUGHT), "disagrees"),
        (judged("??", outcome=0.0, whole="?", text=THOUGHT), "undecided"),
        (judged("ci", outcome=0.0, whole="?", text=THOUGHT), "kept"),
        (judged("cc", outcome=1.0, whole="i", text=THOUGHT), "disagrees"),
        (judged("??", [1, 0], whole="i", text=THOUGHT), "kept"),  # without an outcome, a wrong step decides
        (judged("??", [1, 1], whole="c", text=THOUGHT), "kept"),
        (judged("??", [1, None], whole="c", text=THOUGHT), "unlabelled"),
    ],
)
def test_multi_rm_outcome(row, wanted):
    assert fate(row, MULTI_GORM) == wanted


def test_length_is_measured_as_asked():
    row = judged("c", [1], text="a b c d")
    assert sift([row], Rules(longest=4), measure=lambda text: len(text.split())).counts["kept"] == 1
    assert sift([row], Rules(longest=6)).counts == {"given": 1, "kept": 0, "length": 1}


def test_another_cut_is_set_aside_not_raised():
    row = judged("cc", [1, 1])
    lost = Judged(row.sample, replace(row.critique, steps_digest="0" * 16))
    stale = Judged(
        row.sample._replace(labels=replace(row.sample.labels, steps_digest="0" * 16)), row.critique
    )
    assert [fate(one, Rules(agree="nothing")) for one in (lost, stale, row)] == ["cut", "cut", "kept"]
    assert not belongs(lost)


def test_labels_of_another_kind_say_nothing():
    row = judged("c", [1.0], kind="value")
    assert by_steps(row) == ("unlabelled", "the solution has no labels of the kind 'correct'")
    assert right_as_a_whole(row.sample) is None


def test_balance_and_surplus_do_not_depend_on_order():
    rows = [judged("c", [1], name=f"r{i}", text=f"{i}") for i in range(5)]
    rows += [judged("i", [0], name=f"w{i % 2}", text=f"w{i}") for i in range(3)]
    names = {rows[i].critique.text for i in balanced(rows, 7)}
    back = rows[::-1]
    assert names == {back[i].critique.text for i in balanced(back, 7)}
    assert Counter(text[0] == "w" for text in names) == {True: 3, False: 3}
    assert len(at_most(rows, 1, 0)) == 7
    found = sift(rows, Rules(each=1, balance=True, seed=3))
    assert found.counts == {"given": 8, "kept": 4, "surplus": 1, "balance": 3}
    with pytest.raises(ConfigError):
        at_most(rows, 0, 0)


rows_drawn = st.lists(
    st.builds(
        lambda said, labels, text, name: judged(said, labels, text=text, name=name),
        st.text("ci?", min_size=3, max_size=3),
        st.none() | st.lists(st.sampled_from([None, 0.0, 1.0]), min_size=3, max_size=3),
        st.sampled_from(["", "a", "b", "Step 9: x"]),
        st.sampled_from("tuv"),
    ),
    max_size=12,
)


@given(rows_drawn, st.sampled_from([THINKPRM, GENPRM, MULTI_GORM, Rules(each=1, balance=True, longest=1)]))
@settings(max_examples=60, deadline=None)
def test_nothing_is_lost_and_what_is_kept_stays_kept(rows, rules):
    found = sift(rows, rules)
    ids = sorted(map(id, [*found.kept, *(one.row for one in found.dropped)]))
    assert ids == sorted(map(id, rows))
    assert sum(v for k, v in found.counts.items() if k != "given") == found.counts["given"]
    assert sift(found.kept, rules).kept == found.kept


def test_a_solution_can_be_cut_behind_its_first_error():
    row = judged("ci?", [1, 0, 0], outcome=0.0)
    part = shortened(row)
    assert [len(part.sample.trajectory.steps), part.sample.trajectory.parent] == [2, "t"]
    assert part.sample.labels.check(part.sample.trajectory).values == (1, 0)
    assert belongs(part)
    assert part.critique.trajectory_verdict is Verdict.FAILS
    whole = judged("cc", [1, 1])
    assert shortened(whole) is whole


# ------------------------------------------------------------ several critiques


def test_golden_decisions():
    assert decision(-0.2, -1.7) == pytest.approx(0.8176, abs=5e-5)
    assert decision(-0.2, -1.7, 2.0) == pytest.approx(0.6792, abs=5e-5)
    assert decision(-0.1, -2.3) == pytest.approx(0.9002, abs=5e-5)
    assert decision(-0.1, -2.3, 2.0) == pytest.approx(0.7503, abs=5e-5)
    assert decision(-1000.0, 0.0) == 0.0
    assert decision(0.0, float("-inf")) == 1.0
    assert decision(float("-inf"), float("-inf")) == 0.5
    with pytest.raises(ConfigError):
        decision(0.0, 0.0, 0.0)


def test_golden_means():
    assert mean_chance([0.9, 0.7, 0.2]) == pytest.approx(0.6)
    assert mean_chance([0.9, 0.6, 0.3]) == pytest.approx(0.6)
    assert mean_chance([None, None]) == 0.5
    assert mean_chance([1.0, None], unread=0.0) == 0.5
    for wrong in ([], [1.2]):
        with pytest.raises(AlignmentError):
            mean_chance(wrong)


def test_votes_and_shares():
    rows = [judged("ci?", whole="i"), judged("c??", whole="c"), judged("ci?", whole="i")]
    t = rows[0].sample.trajectory
    said = [replace(row.critique, sample=i) for i, row in enumerate(rows)]
    made = vote(said, t)
    assert (made.verdicts, made.trajectory_verdict, made.sample) == (
        (SAID["c"], SAID["i"], SAID["?"]),
        SAID["i"],
        0,
    )
    found = scores_of(said, t).check(t)
    assert (found.values, found.trajectory_value) == ((1.0, 0.0, None), pytest.approx(1 / 3))
    assert scores_of(said, t, [0.9, 0.6, 0.3]).trajectory_value == pytest.approx(0.6)
    with pytest.raises(AlignmentError, match="2 prob"):
        scores_of(said, t, [0.9, 0.6])
    with pytest.raises(AlignmentError, match="no critique"):
        vote([], t)
    with pytest.raises(AlignmentError, match="laid on"):
        vote([replace(said[0], trajectory_id="u")], t)


def test_rounds_begin_with_a_doubt():
    written = "Step 1 holds."
    for turn in range(4):
        written = look_again(written + "\n</think> Yes", turn)
    assert written.count("</think>") == 0
    assert written.count("Let me double check.") == 2
    assert written.endswith("Let me double check.")
    assert look_again("no end yet ", 1) == "no end yet\n\nLet's verify again."
    with pytest.raises(ConfigError):
        look_again("", -1)
