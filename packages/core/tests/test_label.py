"""Label rules: evidence, people, rollouts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prmkit.budget import Budget
from prmkit.contracts import Completion
from prmkit.errors import AlignmentError, BudgetExceededError, ConfigError, DataError, RecordError
from prmkit.label import evidence as by_evidence
from prmkit.label import human, rollout
from prmkit.records import digest_of
from prmkit.types import Code, Evidence, Problem, Sample, StepLabels, Trajectory, Verdict

HOLDS, FAILS, UNKNOWN = Verdict.HOLDS, Verdict.FAILS, Verdict.UNKNOWN
SOLUTION = Trajectory.of_steps("t", "p", ["a", "b", {"text": "tool", "role": "observe"}, "c", "d"])
PROBLEM = Problem("p", "2 + 2?", reference="4")


def of(step: int, verdict: Verdict, **rest: object) -> Evidence:
    code = Code.TIMEOUT if verdict is UNKNOWN else Code.NONE
    rest.setdefault("verifier", "v@1")
    return Evidence("t", SOLUTION.digest, step, verdict, code=code, **rest)


FOUND = [of(0, HOLDS), of(1, FAILS), of(3, HOLDS, scope="step"), of(4, UNKNOWN)]


# ------------------------------------------------------------------ evidence


def test_the_rule_of_evidence() -> None:
    labels = by_evidence.label(SOLUTION, FOUND, claim_error=0.125)
    assert labels.values == (0.875, 0.0, None, 1.0, None)
    assert labels.n == (1, 1, 0, 1, 0)
    assert (labels.convention, labels.kind, labels.labeler) == ("own_merit", "correct", "evidence@1")
    assert labels.detail == {"claim_error": 0.125, "verifiers": ["v@1"], "used_reference": False}
    assert labels.evidence_digest == digest_of(FOUND)[:16]
    assert labels.evidence_digest != by_evidence.label(SOLUTION, FOUND[:3], claim_error=0.1).evidence_digest


def test_a_fault_beats_any_number_of_claims() -> None:
    claims = [of(0, HOLDS, verifier=f"v{i}@1") for i in range(5)]
    oracle = of(0, FAILS, verifier="o@1", needs_reference=True)
    labels = by_evidence.label(SOLUTION, [*claims, oracle], claim_error=0.1)
    assert labels.values[0] == 0.0
    assert labels.n[0] == 6
    assert labels.detail["used_reference"] is True


def test_labels_stop_at_the_first_fault_where_asked() -> None:
    cut = by_evidence.label(SOLUTION, FOUND, claim_error=0.125, until_first_error=True)
    assert cut.values == (0.875, 0.0, None, None, None)
    assert cut.convention == "until_first_error"
    clean = by_evidence.label(SOLUTION, FOUND[2:], claim_error=0.125, until_first_error=True)
    assert clean.values == (None, None, None, 1.0, None)


def test_silent_steps_take_rollout_labels_where_asked() -> None:
    fill = StepLabels("t", SOLUTION.digest, (1.0, 1.0, None, 0.5, 0.25), labeler="rollout/soft@1", n=(8,) * 5)
    labels = by_evidence.label(SOLUTION, FOUND, claim_error=0.125, fill=fill)
    assert labels.values == (0.875, 0.0, None, 1.0, 0.25)
    assert labels.n == (1, 1, 0, 1, 8)
    assert labels.detail["filled"] == [4]
    assert labels.detail["filled_by"]["labeler"] == "rollout/soft@1"
    # A claim that holds gives way to rollouts where asked; a fault and a step that holds do not.
    rolled = by_evidence.label(SOLUTION, FOUND, claim_error=0.125, fill=fill, roll_claims=True)
    assert rolled.values == (1.0, 0.0, None, 1.0, 0.25)
    assert rolled.detail["filled"] == [0, 4]
    unknown = replace(fill, values=(None, *fill.values[1:]))
    assert (
        by_evidence.label(SOLUTION, FOUND, claim_error=0.125, fill=unknown, roll_claims=True).values[0]
        == 0.875
    )
    with pytest.raises(RecordError, match="kind 'value'"):
        by_evidence.label(SOLUTION, FOUND, claim_error=0.1, fill=replace(fill, kind="value"))
    with pytest.raises(AlignmentError):
        by_evidence.label(SOLUTION, FOUND, claim_error=0.1, fill=replace(fill, trajectory_id="x"))


def test_evidence_of_another_cut_is_refused() -> None:
    recut = Trajectory.of_steps("t", "p", ["a", "b", "tool", "c", "d"])
    with pytest.raises(AlignmentError):
        by_evidence.label(recut, FOUND, claim_error=0.1)
    for wrong in (-0.1, 1.5, float("nan"), True):
        with pytest.raises(RecordError, match="claim_error"):
            by_evidence.label(SOLUTION, FOUND, claim_error=wrong)


def calibration(*gold_and_verdict: tuple[int | None, Evidence]) -> tuple[Sample, list[Evidence]]:
    ratings: list[int | None] = [None] * 5
    for gold, said in gold_and_verdict:
        ratings[said.step] = gold
    return Sample(PROBLEM, SOLUTION, human.label(SOLUTION, ratings)), [said for _, said in gold_and_verdict]


def test_the_claim_error_counts_wrong_steps_among_claims_that_hold() -> None:
    pairs = [
        calibration((1, of(0, HOLDS)), (-1, of(1, HOLDS)), (-1, of(3, HOLDS, scope="step"))),
        calibration((1, of(0, HOLDS)), (-1, of(1, FAILS)), (None, of(3, HOLDS)), (1, of(4, HOLDS))),
        (Sample(PROBLEM, SOLUTION), FOUND),
    ]
    measured = by_evidence.claim_error(pairs)
    assert (measured.value, measured.n) == (0.25, 4)
    labels = by_evidence.label(SOLUTION, FOUND, claim_error=measured)
    assert labels.values[0] == 0.75
    assert labels.detail["claim_error_measured"]["n"] == 4


def test_a_claim_never_makes_a_full_positive() -> None:
    measured = by_evidence.claim_error([calibration((1, of(0, HOLDS)), (1, of(1, HOLDS)))])
    assert measured.value == 0.25  # half a step of two
    with pytest.raises(DataError, match="no labelled step has a claim that holds"):
        by_evidence.claim_error([calibration((1, of(0, FAILS)))])


@given(
    st.lists(
        st.tuples(st.sampled_from([0, 1, 3, 4]), st.sampled_from(Verdict), st.sampled_from(["claim", "step"]))
    ),
    st.floats(0, 1),
)
def test_labels_follow_the_most_telling_verdict(said: list, error: float) -> None:
    evidence = [of(step, verdict, scope=scope) for step, verdict, scope in said]
    labels = by_evidence.label(SOLUTION, evidence, claim_error=error)
    for step, value in enumerate(labels.values):
        here = {(v, scope) for s, v, scope in said if s == step}
        if any(v is FAILS for v, _ in here):
            assert value == 0.0
        elif (HOLDS, "step") in here:
            assert value == 1.0
        elif (HOLDS, "claim") in here:
            assert value == 1 - error
        else:
            assert value is None


# ------------------------------------------------------------------ people


@pytest.mark.parametrize(
    ("neutral", "middle"), [("as_correct", 1.0), ("as_wrong", 0.0), ("unlabelled", None)]
)
def test_ratings(neutral: str, middle: float | None) -> None:
    labels = human.label(SOLUTION, [1, 0, None, -1, 1], neutral=neutral)
    assert labels.values == (1.0, middle, None, 0.0, 1.0)
    assert labels.detail == {"neutral": neutral}


def test_ratings_until_the_first_error() -> None:
    labels = human.label(SOLUTION, [1, -1, None, 1, 1], convention="until_first_error")
    assert labels.values == (1.0, 0.0, None, None, None)


def test_bad_ratings_are_named() -> None:
    for ratings, message in (
        ([1, 0, None, 1, 1], "said to have none"),
        ([1, 2, None, 1, 1], "2 is no rating"),
        ([1, True, None, 1, 1], "True is no rating"),
        ([1, 1, 1, 1, 1], "is an observation"),
        ([1, 1], "2 entries for 5 steps"),
    ):
        with pytest.raises(RecordError, match=message):
            human.label(SOLUTION, ratings)


def test_first_error_indices() -> None:
    assert human.first_error(SOLUTION, 3).values == (1.0, 1.0, None, 0.0, None)
    assert human.first_error(SOLUTION, 3, convention="prefix").values == (1.0, 1.0, None, 0.0, 0.0)
    for none in (None, -1):
        assert human.first_error(SOLUTION, none).values == (1.0, 1.0, None, 1.0, 1.0)
    for wrong in (2, 5, -2):
        with pytest.raises(AlignmentError, match="counts from 0 or 1"):
            human.first_error(SOLUTION, wrong)


# ------------------------------------------------------------------ rollouts


@dataclass
class Scripted:
    """Of the completions after step k, the first ``right[k]`` reach the answer."""

    right: Sequence[int]
    calls: list[int] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def complete(
        self, requests: Sequence[tuple[Problem, str]], *, n: int, seed: int, temperature: float = 1.0
    ) -> list[list[Completion]]:
        self.calls.append(len(requests))
        self.seen.extend(text for _, text in requests)
        return [
            [Completion(f"\n#### {4 if i < self.right[self.step(text)] else 5}", 3) for i in range(n)]
            for _, text in requests
        ]

    @staticmethod
    def step(text: str) -> int:
        return len(text.split()) - 1


def grade(problem: Problem, answer: str | None) -> float | None:
    return None if answer == "?" else float(answer == problem.reference)


GOLDEN = [8, 5, 1, 0, 2]
FIVE = Trajectory.of_steps("t", "p", list("abcde"))


@pytest.mark.parametrize(
    ("soft", "values"),
    [(False, (1.0, 1.0, 1.0, 0.0, None)), (True, (1.0, 0.625, 0.125, 0.0, None))],
)
def test_the_golden_of_hard_and_soft_labels(soft: bool, values: tuple) -> None:
    policy = Scripted(GOLDEN)
    labels = rollout.label(PROBLEM, FIVE, policy, grade, n=8, seed=3, soft=soft)
    assert labels.values == values
    assert labels.n == (8, 8, 8, 8, 0)
    assert labels.convention == "until_first_error"
    assert labels.labeler == f"rollout/{'soft' if soft else 'hard'}@1"
    assert labels.detail == {
        "successes": [8, 5, 1, 0],
        "rollouts": 8,
        "seed": 3,
        "temperature": 1.0,
        "tokens": 4 * 8 * 3,
    }
    assert policy.calls == [1, 1, 1, 1]  # the fifth step is not paid for
    assert policy.seen[0] == "a\n"


def test_without_truncation_all_steps_go_in_one_batch() -> None:
    policy = Scripted(GOLDEN)
    labels = rollout.label(PROBLEM, FIVE, policy, grade, n=8, soft=True, truncate=False)
    assert labels.values == (1.0, 0.625, 0.125, 0.0, 0.25)
    assert labels.convention == "prefix"
    assert policy.calls == [5]


def test_many_trajectories_share_batches_and_equal_prefixes() -> None:
    policy = Scripted([8, 8, 0])
    samples = [
        Sample(PROBLEM, Trajectory.of_steps(name, "p", texts))
        for name, texts in (("x", "abc"), ("y", "abd"), ("z", "q"))
    ]
    found = list(rollout.label_many(samples, policy, grade, rollout.Rollouts(n=8, batch=3)))
    assert [s.trajectory.id for s, _ in found] == ["x", "y", "z"]
    assert [labels.values for _, labels in found] == [(1.0, 1.0, 0.0), (1.0, 1.0, 0.0), (1.0,)]
    assert policy.calls == [2, 1, 2]  # "a\n" and "a\nb\n" are asked for once
    alone = [rollout.label(*s[:2], Scripted([8, 8, 0]), grade, n=8) for s in samples]
    assert [labels for _, labels in found] == alone


def test_only_the_steps_asked_for_are_paid_for() -> None:
    policy = Scripted(GOLDEN)
    settings = rollout.Rollouts(n=8, truncate=False)
    chosen = rollout.label_many([Sample(PROBLEM, FIVE)], policy, grade, settings, steps=lambda _: {4, 1})
    ((_, labels),) = chosen
    assert labels.values == (None, 0.625, None, None, 0.25)
    assert labels.n == (0, 8, 0, 0, 8)
    assert policy.seen == ["a\nb\n", "a\nb\nc\nd\ne"]


def test_observations_are_part_of_the_prefix_and_never_labelled() -> None:
    policy = Scripted([8] * 9)
    labels = rollout.label(PROBLEM, SOLUTION, policy, grade, n=2)
    assert labels.values == (1.0, 1.0, None, 1.0, 1.0)
    assert policy.seen == ["a\n", "a\nb\ntool\n", "a\nb\ntool\nc\n", "a\nb\ntool\nc\nd"]


def test_answers_that_cannot_be_graded_count_neither_way() -> None:
    @dataclass
    class Mixed(Scripted):
        def complete(self, requests, *, n, seed, temperature=1.0):
            texts = {0: ["#### 4", "#### ?"], 1: ["#### ?", "#### ?"], 2: ["no answer", "#### 4"]}
            return [[Completion("\n" + t, 1) for t in texts[self.step(text)]] for _, text in requests]

    labels = rollout.label(PROBLEM, Trajectory.of_steps("t", "p", list("abc")), Mixed([]), grade, n=2)
    assert labels.values == (1.0, None, 0.5)
    assert labels.n == (1, 0, 2)


def test_rollouts_are_paid_for() -> None:
    budget = Budget(calls=20)
    with pytest.raises(BudgetExceededError, match="24 calls spent of 20"):
        rollout.label(PROBLEM, FIVE, Scripted(GOLDEN), grade, n=8, budget=budget)
    assert budget.spent.tokens == 72
    with pytest.raises(ConfigError, match="at least one completion"):
        rollout.Rollouts(n=0)


@given(st.lists(st.integers(0, 4), max_size=6))
def test_hard_labels_are_soft_labels_above_zero(successes: list[int]) -> None:
    graded = [4] * len(successes)
    hard = rollout.estimate(successes, graded, soft=False)
    soft = rollout.estimate(successes, graded, soft=True)
    assert hard == [None if value is None else float(value > 0) for value in soft]
    if 0.0 in soft:
        after = soft.index(0.0) + 1
        assert soft[after:] == [None] * (len(soft) - after)
    else:
        assert None not in soft
