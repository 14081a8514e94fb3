"""One verdict a step, and the noise of a verifier against gold."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prmkit.errors import AlignmentError
from prmkit.label.human import label as rated
from prmkit.stats import bootstrap_mean, clopper_pearson_upper, clustered_wilson, wilson
from prmkit.types import Code, Evidence, Problem, Sample, Trajectory, Verdict
from prmkit.verify.merge import merge
from prmkit.verify.noise import measure, rate

HOLDS, FAILS, UNKNOWN = Verdict.HOLDS, Verdict.FAILS, Verdict.UNKNOWN
STEPS = Trajectory.of_steps("t", "p", ["a", {"text": "b", "role": "observe"}, "c"])


def of(
    trajectory: Trajectory, step: int, verdict: Verdict, verifier: str = "v@1", **rest: object
) -> Evidence:
    code = Code.NOT_APPLICABLE if verdict is UNKNOWN else Code.NONE
    return Evidence(trajectory.id, trajectory.digest, step, verdict, verifier, code, **rest)


def test_the_more_telling_verdict_wins() -> None:
    unknown, claim, step, fails = (
        of(STEPS, 0, UNKNOWN, "u@1"),
        of(STEPS, 0, HOLDS, "c@1"),
        of(STEPS, 0, HOLDS, "s@1", scope="step"),
        of(STEPS, 0, FAILS, "f@1"),
    )
    assert merge(STEPS, [unknown, claim, step, fails]) == (fails, None, None)
    assert merge(STEPS, [step, claim, unknown])[0] is step
    assert merge(STEPS, [unknown, claim])[0] is claim
    assert merge(STEPS, [unknown])[0] is unknown
    assert merge(STEPS, []) == (None, None, None)
    sure = of(STEPS, 0, HOLDS, "d@1", confidence=0.9)
    unsure = of(STEPS, 0, HOLDS, "e@1", confidence=0.4)
    assert merge(STEPS, [unsure, sure])[0] is sure


EACH = st.lists(
    st.builds(
        lambda step, verdict, scope, name: of(STEPS, step, verdict, f"{name}@1", scope=scope),
        st.sampled_from([0, 2]),
        st.sampled_from(Verdict),
        st.sampled_from(["claim", "step"]),
        st.integers(0, 99),
    )
)


@given(EACH)
def test_merging_is_a_maximum(evidence: list[Evidence]) -> None:
    merged = merge(STEPS, evidence)
    for step in (0, 2):
        here = [e for e in evidence if e.step == step]
        assert (merged[step] is None) == (not here)
        said = {e.verdict for e in here}
        if here:
            assert merged[step].verdict is (FAILS if FAILS in said else HOLDS if HOLDS in said else UNKNOWN)
    again = merge(STEPS, reversed(evidence))
    assert [e and (e.verdict, e.scope if e.verdict is HOLDS else "") for e in again] == [
        e and (e.verdict, e.scope if e.verdict is HOLDS else "") for e in merged
    ]


def test_foreign_evidence_is_refused() -> None:
    other = Trajectory.of_steps("other", "p", ["a", "c"])
    with pytest.raises(AlignmentError, match="evidence of 'other'"):
        merge(STEPS, [of(other, 0, HOLDS)])
    recut = Trajectory.of_steps("t", "p", ["a", "b", "c"])
    with pytest.raises(AlignmentError) as caught:
        merge(STEPS, [of(recut, 0, HOLDS)])
    assert caught.value.field == "steps_digest"
    with pytest.raises(AlignmentError, match="no such scored step"):
        merge(STEPS, [of(STEPS, 1, HOLDS)])


# ------------------------------------------------------------------ noise


def judged(name: str, gold: list[int | None], verdicts: str) -> tuple[Sample, list[Evidence]]:
    """``verdicts`` has one of H, F, U a step."""
    trajectory = Trajectory.of_steps(name, f"p-{name}", [f"step {i}" for i in range(len(gold))])
    words = {"H": HOLDS, "F": FAILS, "U": UNKNOWN}
    evidence = [of(trajectory, i, words[letter], reason="why") for i, letter in enumerate(verdicts)]
    return Sample(Problem(f"p-{name}", "q"), trajectory, rated(trajectory, gold)), evidence


PAIRS = [
    judged("a", [1, 1, -1, 1], "HUFF"),  # first error found; a FAILS on a good step after it
    judged("b", [1, -1, -1], "FHF"),  # a false alarm before the error, which HOLDS
    judged("c", [1, 1, None], "HHF"),  # no error; the unlabelled step counts nowhere
    judged("d", [-1, 1], "UU"),
]


def test_the_table_by_hand() -> None:
    noise = measure(PAIRS)
    assert (noise.trajectories, noise.steps, noise.clusters) == (4, 11, 4)
    assert noise.coverage.value == 8 / 11
    assert (noise.fails_precision.value, noise.fails_precision.n) == (2 / 4, 4)
    assert noise.fails_recall.value == 2 / 4
    assert noise.holds_precision.value == 3 / 4
    assert noise.holds_recall.value == 3 / 7
    assert (noise.false_alarms.alarms, noise.false_alarms.steps) == (1, 5)
    assert noise.false_alarms.upper == clopper_pearson_upper(1, 5)
    assert (noise.first_error_recall.value, noise.first_error_recall.n) == (1 / 3, 3)
    assert noise.located.value == 1 / 3
    assert noise.confusion == {
        "right": {"HOLDS": 3, "FAILS": 2, "UNKNOWN": 2},
        "wrong": {"HOLDS": 1, "FAILS": 2, "UNKNOWN": 1},
        "unlabelled": {"HOLDS": 0, "FAILS": 1, "UNKNOWN": 0},
    }
    assert noise.codes == {"not_applicable": 3}
    assert noise.places[0][:8] == (0, 4, 1, 3, 1, 0, 2, 2)
    first = noise.places[0]
    assert (first.coverage.value, first.fails_precision.value, first.holds_precision.value) == (
        0.75,
        0.0,
        1.0,
    )
    assert (first.fails_recall.n, first.holds_recall.n) == (1, 3)
    assert first.coverage[1:3] == wilson(3, 4)
    assert [(d.trajectory_id, d.step, str(d.verdict)) for d in noise.disagreements] == [
        ("b", 0, "FAILS"),  # a false alarm before the first error comes first
        ("a", 3, "FAILS"),
        ("b", 1, "HOLDS"),
    ]
    plain = json.loads(json.dumps(noise.as_dict()))
    assert plain["fails_precision"]["value"] == 0.5
    assert plain["disagreements"][0]["reason"] == "why"
    assert plain["disagreements"][0]["text"] == "step 0"
    assert plain["places"][0]["coverage"]["n"] == 4


def test_a_verifier_is_measured_alone() -> None:
    sample, evidence = judged("a", [1, -1], "HH")
    both = [*evidence, of(sample.trajectory, 1, FAILS, "other@2")]
    assert measure([(sample, both)]).fails_recall.value == 1.0
    assert measure([(sample, both)], verifier="v").fails_recall.value == 0.0
    assert measure([(sample, both)], verifier="other@2").coverage.value == 0.5
    assert measure([(sample, both)], verifier="v@2").coverage.value == 0.0


def test_figures_over_nothing_are_unknown_and_not_zero() -> None:
    noise = measure([judged("a", [1, 1], "UU")])
    assert math.isnan(noise.fails_precision.value)
    assert noise.as_dict()["fails_precision"]["value"] is None
    assert noise.false_alarms.rate == 0.0
    empty = measure([])
    assert empty.steps == 0
    assert empty.as_dict()["coverage"]["value"] is None


def test_equal_rows_claim_no_certainty() -> None:
    few, many = rate([True] * 5, list("abcde")), rate([True] * 500, [str(i) for i in range(500)])
    assert few.value == many.value == few.high == 1.0
    assert few.low < many.low < 1.0
    assert rate([True] * 500, ["one"] * 500).low < few.low  # one cluster is one observation


def test_few_clusters_have_an_interval_by_clusters() -> None:
    mixed = rate([True, False, True, True], ["a", "a", "b", "b"])
    assert mixed == clustered_wilson([True, False, True, True], ["a", "a", "b", "b"])
    assert 0.0 < rate([True, False], ["a", "a"]).low < rate([True, False], ["a", "a"]).high < 1.0
    names = [str(i) for i in range(40)]
    many = rate([i % 2 == 0 for i in range(40)], names, draws=50)
    assert many == bootstrap_mean([1.0, 0.0] * 20, names, draws=50)


def test_what_reads_the_reference_is_measured_alone() -> None:
    sample, evidence = judged("a", [1, -1], "HU")
    peeked = [*evidence, of(sample.trajectory, 1, FAILS, "oracle@1", needs_reference=True)]
    assert measure([(sample, peeked)]).fails_recall.value == 0.0
    assert measure([(sample, peeked)], verifier="oracle").fails_recall.value == 1.0


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abcde")), min_size=1, max_size=30))
def test_intervals_hold_their_value(rows: list[tuple[bool, str]]) -> None:
    interval = rate([hit for hit, _ in rows], [cluster for _, cluster in rows], draws=50)
    assert interval.value == sum(hit for hit, _ in rows) / len(rows)
    assert 0.0 <= interval.low <= interval.high <= 1.0
