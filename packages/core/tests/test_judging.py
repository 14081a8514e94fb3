"""Judging: figures that can be worked by hand, baselines, rules of proof."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.cards import EvalSuite
from prmkit.errors import AlignmentError, ConfigError, DataError
from prmkit.judging import choice
from prmkit.judging.baselines import (
    TOOL_ORACLE,
    baselines,
    length_scores,
    oracle_scores,
    position_scores,
    random_scores,
    verifier_scores,
)
from prmkit.judging.figures import Resampling
from prmkit.judging.rows import build, first_error
from prmkit.judging.run import Questions, evaluate_suite
from prmkit.judging.steps import choose_thresholds
from prmkit.judging.suites import check_name, digest, select
from prmkit.judging.verifiers import verifier_records
from prmkit.types import (
    Code,
    Evidence,
    Problem,
    Provenance,
    Sample,
    StepLabels,
    StepScores,
    Threshold,
    Trajectory,
    Verdict,
)

FAST = Resampling(draws=200)
NONE = None


def sample(
    name: str,
    labels: Sequence[float | None],
    *,
    problem: str = "",
    answer: str | None = None,
    outcome: float | None = None,
    system: str = "m",
    **context: object,
) -> Sample:
    asked = Problem(problem or f"p-{name}", "?", context=context, provenance=Provenance(detail={"part": "a"}))
    t = Trajectory.of_steps(
        name,
        asked.id,
        [f"step {k}" for k in range(len(labels))],
        final_answer=answer,
        outcome=outcome,
        provenance=Provenance(system=system),
    )
    return Sample(asked, t, StepLabels(t.id, t.digest, tuple(labels), convention="until_first_error"))


def scored(
    samples: Sequence[Sample], values: Sequence[Sequence[float | None]], **extra: object
) -> list[StepScores]:
    return [
        StepScores(s.trajectory.id, s.trajectory.digest, tuple(v), model="weights", **extra)  # type: ignore[arg-type]
        for s, v in zip(samples, values, strict=True)
    ]


def evidence(sample: Sample, verdicts: str, *, reference: bool = False) -> list[Evidence]:
    words = {"F": Verdict.FAILS, "H": Verdict.HOLDS, "?": Verdict.UNKNOWN}
    t = sample.trajectory
    return [
        Evidence(
            t.id,
            t.digest,
            k,
            words[v],
            "t/tool@1",
            code=Code.NOT_APPLICABLE if v == "?" else Code.NONE,
            needs_reference=reference,
        )
        for k, v in enumerate(verdicts)
    ]


STEPS = [
    sample("a", [1, 0, NONE], rung=0),
    sample("b", [1, 1], rung=0),
    sample("c", [0, NONE], rung=1),
    sample("d", [1, 1, 1], rung=1),
]
PRM = scored(STEPS, [[0.9, 0.2, 0.1], [0.8, 0.4], [0.3, 0.9], [0.9, 0.9, 0.6]])


def figures(record: dict, scorer: str) -> dict[str, float]:
    return {name: figure["value"] for name, figure in record["scorers"][scorer]["metrics"].items()}


def test_step_figures_by_hand() -> None:
    record = evaluate_suite("four-4", STEPS, {"prm": PRM}, questions=Questions(resampling=FAST))
    found = figures(record, "prm")
    # right steps .9 .8 .4 .9 .9 .6 all score above the wrong ones .2 .3; what follows an error is not counted
    assert found["step_auroc"] == 1
    assert found["step_ap"] == 1
    assert found["within_auroc"] == 1  # solution a alone has both kinds
    # at .5: a found (1), b blamed at 1, c found (0), d clean
    assert found["first_error_f1_fixed"] == pytest.approx(2 * 1 * 0.5 / 1.5)
    assert found["first_error_accuracy_fixed"] == pytest.approx(0.75)
    assert found["first_error_f1_oracle"] == 1  # any threshold in (.3, .4]
    right, wrong = [0.9, 0.8, 0.4, 0.9, 0.9, 0.6], [0.2, 0.3]
    squares = [(1 - p) ** 2 for p in right] + [p**2 for p in wrong]
    assert found["brier"] == pytest.approx(sum(squares) / 8)
    # second steps that were reached: .2 wrong, .4 .9 right
    second = record["by_index"]["prm"]["step 2"]
    assert second["gap"]["value"] == pytest.approx((0.2 + 0.4 + 0.9 - 2) / 3)
    assert second["brier"]["value"] == pytest.approx((0.04 + 0.36 + 0.01) / 3)
    assert second["ece"]["value"] == pytest.approx((0.2 + 0.6 + 0.1) / 3)
    assert [place["gap"]["n"] for place in record["by_index"]["prm"].values()] == [4, 3, 1]
    assert record["n"] == 4
    assert record["clusters"] == 4
    n = {k: v["n"] for k, v in record["scorers"]["prm"]["metrics"].items()}
    assert (n["step_auroc"], n["within_auroc"], n["first_error_f1_fixed"]) == (8, 1, 4)


def test_three_columns_of_thresholds() -> None:
    ask = Questions(metrics=("processbench_f1",), chosen={"prm": Threshold(0.35, "dev")}, resampling=FAST)
    found = figures(evaluate_suite("s-4", STEPS, {"prm": PRM}, questions=ask), "prm")
    assert found["processbench_f1_chosen"] == 1
    assert found["processbench_f1_fixed"] < 1
    assert found["processbench_f1_oracle"] == 1
    assert "first_error_f1_fixed" not in found
    own = [
        StepScores(s.trajectory_id, s.steps_digest, s.values, threshold=Threshold(0.35, "fixed")) for s in PRM
    ]
    assert figures(evaluate_suite("s-4", STEPS, {"prm": own}), "prm")["first_error_f1_fixed"] == 1


def test_thresholds_are_chosen_on_other_rows() -> None:
    chosen = choose_thresholds(STEPS, {"prm": PRM, "oracle": oracle_scores(STEPS)}, name="dev-4")
    assert chosen["prm"] == Threshold(pytest.approx(0.35), "dev-4")  # type: ignore[arg-type]
    assert 0 < chosen["oracle"].value <= 1


def test_steps_judged_by_themselves_are_ranked_to_the_end_as_well() -> None:
    own = [
        s._replace(labels=StepLabels(s.trajectory.id, s.trajectory.digest, (1.0, 0.0, 1.0)))
        for s in STEPS[:1]
    ]
    record = evaluate_suite("one-1", own, {"prm": PRM[:1]}, questions=Questions(resampling=FAST))
    found = figures(record, "prm")
    assert found["step_auroc"] == 1
    assert found["step_auroc_all"] == 0.5  # the third step is right and scores .1


def test_unlabelled_steps_before_an_error_leave_the_first_error_unknown() -> None:
    assert [first_error(s) for s in STEPS] == [1, -1, 0, -1]
    hole = sample("h", [1, NONE, 0])
    assert first_error(hole) is None
    record = evaluate_suite(
        "s-5",
        [*STEPS, hole],
        {"prm": [*PRM, *scored([hole], [[0.5, 0.5, 0.5]])]},
        questions=Questions(resampling=FAST),
    )
    assert record["scorers"]["prm"]["metrics"]["first_error_f1_fixed"]["n"] == 4
    assert any("1 solutions have unlabelled steps" in note for note in record["notes"])


def test_baselines_rank_and_are_no_probabilities() -> None:
    tools = [evidence(s, v) for s, v in zip(STEPS, ["HF?", "HH", "??", "H??"], strict=True)]
    record = evaluate_suite(
        "s-4",
        STEPS,
        {"prm": PRM, **baselines(STEPS, tools)},
        evidence=tools,
        questions=Questions(resampling=FAST),
    )
    oracle = figures(record, "oracle")
    assert oracle["step_auroc"] == oracle["first_error_f1_fixed"] == 1
    assert all("ece" not in figures(record, name) for name in ("random", "position", "verifier", "oracle"))
    assert "ece" in figures(record, "prm")
    assert figures(record, "position")["within_auroc"] == 1  # by construction, and the notes say so
    assert any("position alone" in note for note in record["notes"])
    assert figures(record, "verifier")["first_error_accuracy_fixed"] == pytest.approx(0.75)  # c is missed


def test_steps_beyond_the_tools_stand_apart() -> None:
    tools = [evidence(s, v) for s, v in zip(STEPS, ["HF?", "HH", "??", "H??"], strict=True)]
    record = evaluate_suite("s-4", STEPS, {"prm": PRM}, evidence=tools, questions=Questions(resampling=FAST))
    silent, decided = record["slices"]["tools"]["silent"], record["slices"]["tools"]["decided"]
    assert (silent["n"], silent["wrong"]) == (3, 1)  # c's wrong step and d's last two
    assert (decided["n"], decided["wrong"]) == (5, 1)
    assert silent["scorers"]["prm"]["metrics"]["step_auroc"]["value"] == 1


def test_withheld_classes_have_their_own_column() -> None:
    kinds = {"a": [None, "rewrite"], "c": ["choice"]}
    ask = Questions(withheld=frozenset({"choice"}), slices=("rung",), resampling=FAST)
    record = evaluate_suite("s-4", STEPS, {"prm": PRM}, kinds=kinds, questions=ask)
    errors = record["slices"]["error"]
    assert set(errors) == {"choice", "rewrite", "withheld", "not withheld"}
    assert (errors["withheld"]["n"], errors["withheld"]["wrong"]) == (7, 1)
    assert {k: v["n"] for k, v in record["slices"]["rung"].items()} == {"0": 2, "1": 2}
    with pytest.raises(ConfigError, match="colour"):
        evaluate_suite("s-4", STEPS, {"prm": PRM}, questions=Questions(slices=("colour",), resampling=FAST))


def pool(problem: str, answers: str, *, systems: str = "", truth: str = "A") -> list[Sample]:
    return [
        sample(
            f"{problem}{i}",
            [1],
            problem=problem,
            answer=a,
            outcome=float(a == truth),
            system=systems[i : i + 1] or "m",
        )
        for i, a in enumerate(answers)
    ]


POOLS = [*pool("p", "AABC"), *pool("q", "BBAC")]
VALUES = [[0.3], [0.35], [0.6], [0.5], [0.1], [0.2], [0.9], [0.3]]


def test_choices_by_hand() -> None:
    record = evaluate_suite(
        "two-8", POOLS, {"prm": scored(POOLS, VALUES)}, questions=Questions(resampling=FAST)
    )
    assert record["exchangeable"]
    assert figures(record, "prm")["best_of_4"] == 0.5  # B for p, A for q
    assert figures(record, "prm")["weighted_vote_4"] == 1  # .65 against .60 and .50; .9 against .3 and .3
    assert figures(record, "majority")["best_of_4"] == 0.5
    assert figures(record, "single sample")["best_of_4"] == pytest.approx(3 / 8)
    assert figures(record, "oracle")["best_of_4"] == 1
    curve = record["curves"]["best_of_n"]
    assert [point["n"] for point in curve["prm"]] == [1, 2, 3, 4]
    assert all(curve[s][0]["value"] == pytest.approx(3 / 8) for s in curve)
    assert curve["oracle"][1]["value"] == pytest.approx((1 - 1 / 6 + 1 - 3 / 6) / 2)


def test_samples_of_several_systems_are_selected_among_not_curved() -> None:
    mixed = [*pool("p", "AB", systems="xy"), *pool("q", "AB", systems="xy"), *pool("r", "BA", systems="xy")]
    values = [[0.9], [0.1], [0.9], [0.1], [0.1], [0.9]]
    record = evaluate_suite(
        "six-6", mixed, {"prm": scored(mixed, values)}, questions=Questions(resampling=FAST)
    )
    assert not record["exchangeable"]
    assert record["curves"] == {}
    assert figures(record, "prm")["selection"] == 1
    assert figures(record, "best single system")["selection"] == pytest.approx(2 / 3)
    rivals = {row["b"] for row in record["paired"] if row["metric"] == "selection"}
    assert rivals == {"best single system", "majority", "single sample"}
    assert any("system selection" in note for note in record["notes"])


def test_a_card_keeps_curves_off() -> None:
    card = EvalSuite("two-8", "d", 8, ("best_of_n",))
    record = evaluate_suite("two-8", POOLS, {"prm": scored(POOLS, VALUES)}, suite=card)
    assert "selection" in figures(record, "prm")
    assert not record["exchangeable"]


def test_unnamed_systems_are_not_exchangeable() -> None:
    nameless = [sample(f"p{i}", [1], problem="p", answer="A", outcome=1.0, system="") for i in range(2)]
    found = choice.pools(build(nameless, {}))
    assert found is not None
    assert not found.exchangeable


def test_problems_with_more_samples_are_cut_and_counted() -> None:
    uneven = [*pool("p", "AABC"), *pool("q", "AB"), *pool("r", "A")]
    record = evaluate_suite(
        "n-7", uneven, {"prm": scored(uneven, [[0.5]] * 7)}, questions=Questions(resampling=FAST)
    )
    assert any("2 samples left out" in note for note in record["notes"])
    assert record["scorers"]["prm"]["metrics"]["best_of_2"]["n"] == 2


def test_without_stated_answers_there_is_no_majority() -> None:
    mute = [sample(f"p{i}", [1], problem="p", outcome=float(i)) for i in range(2)]
    record = evaluate_suite(
        "p-2", mute, {"prm": scored(mute, [[0.1], [0.9]])}, questions=Questions(resampling=FAST)
    )
    assert "majority" not in record["scorers"]
    assert figures(record, "prm") | {"best_of_2": 1.0} == figures(record, "prm")


def planted(problems: int, skill: float, seed: int = 0) -> tuple[list[Sample], list[StepScores]]:
    """Problems with four samples, and a scorer that sees the truth through noise."""
    rng = random.Random(seed)
    rows = [s for p in range(problems) for s in pool(f"p{p}", "".join(rng.choice("ABB") for _ in range(4)))]
    values = [
        [min(1, max(0, 0.5 + skill * ((s.trajectory.outcome or 0) - 0.5) + rng.gauss(0, 0.1)))] for s in rows
    ]
    return rows, scored(rows, values)


def test_a_planted_gain_is_found_and_holm_only_raises_p() -> None:
    rows, prm = planted(80, skill=0.6)
    ask = Questions(metrics=("best_of_n",), cost={"prm": 1.0}, margin=0.05, resampling=FAST)
    record = evaluate_suite("w-320", rows, {"prm": prm, "random": random_scores(rows)}, questions=ask)
    table = {(row["b"], row["metric"]): row for row in record["paired"]}
    gain = table["majority", "best_of_4"]
    assert gain["low"] > 0.05
    assert gain["equivalent"] is False
    assert record["claims"]
    assert all(row["p"] <= row["p_holm"] <= 1 for row in record["paired"] if "p_holm" in row)
    equal = [row for row in record["paired"] if row["metric"] == "accuracy at equal compute"]
    assert [(row["a"], row["b"]) for row in equal] == [("prm, best of 2", "majority of 4")]


def test_scorers_alike_are_called_equivalent_given_a_margin() -> None:
    rows, prm = planted(60, skill=0.6)
    ask = Questions(metrics=("best_of_n",), margin=0.02, resampling=FAST)
    record = evaluate_suite("w-240", rows, {"prm": prm, "twin": prm}, questions=ask)
    twin = next(row for row in record["paired"] if row["b"] == "twin")
    assert (twin["diff"], twin["equivalent"]) == (0, True)


def test_a_suite_whose_oracle_gains_nothing_claims_nothing() -> None:
    rows = [*pool("p", "AAAA"), *pool("q", "AAAA"), *pool("r", "BBBB")]
    record = evaluate_suite(
        "flat-12", rows, {"prm": scored(rows, [[0.5]] * 12)}, questions=Questions(resampling=FAST)
    )
    assert record["claims"] is False
    assert any("no gain is claimed" in note for note in record["notes"])


def test_records_are_plain_json() -> None:
    rows, prm = planted(6, skill=0.5)
    record = evaluate_suite(
        "w-24", rows, {"prm": prm, **baselines(rows)}, questions=Questions(resampling=FAST)
    )
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    # one class only: no AUROC, so no number
    assert record["scorers"]["prm"]["metrics"]["step_auroc"]["value"] is None


@settings(deadline=None)
@given(st.permutations(range(len(POOLS))))
def test_the_order_of_samples_does_not_matter(order: list[int]) -> None:
    ask = Questions(metrics=("best_of_n",), resampling=Resampling(draws=20))
    one = evaluate_suite("x", POOLS, {"prm": scored(POOLS, VALUES)}, questions=ask)
    rows = [POOLS[i] for i in order]
    other = evaluate_suite("x", rows, {"prm": scored(rows, [VALUES[i] for i in order])}, questions=ask)
    assert figures(one, "prm") == pytest.approx(figures(other, "prm"))


def test_what_does_not_belong_together_is_refused() -> None:
    with pytest.raises(AlignmentError, match="scores 3 of 4"):
        evaluate_suite("s", STEPS, {"prm": PRM[:3]})
    with pytest.raises(AlignmentError, match="twice"):
        evaluate_suite("s", STEPS, {"prm": [*PRM, PRM[0]]})
    wrong = [StepScores("a", "other", (0.1, 0.1, 0.1)), *PRM[1:]]
    with pytest.raises(AlignmentError, match="another cut"):
        evaluate_suite("s", STEPS, {"prm": wrong})
    with pytest.raises(AlignmentError, match="evidence for 1 of 4"):
        evaluate_suite("s", STEPS, {"prm": PRM}, evidence=[[]])
    with pytest.raises(ConfigError, match="step_auroc"):
        evaluate_suite("s", STEPS, {"prm": PRM}, questions=Questions(metrics=("step_auc",)))
    with pytest.raises(ConfigError, match="no scores of 'orm'"):
        evaluate_suite("s", STEPS, {"prm": PRM}, questions=Questions(subjects=("orm",)))
    with pytest.raises(ConfigError, match="without samples"):
        evaluate_suite("s", [], {})


def test_random_scores_depend_on_ids_and_seed_alone() -> None:
    one, other = random_scores(STEPS), random_scores(STEPS[::-1])
    assert one == other[::-1]
    assert random_scores(STEPS, seed=1) != one
    values = [v for s in random_scores(planted(200, 0)[0]) for v in s.values if v is not None]
    assert 0.4 < sum(values) / len(values) < 0.6


def test_position_and_observations() -> None:
    t = Trajectory.of_steps("t", "p", ["a", {"text": "tool says", "role": "observe"}, "b"])
    row = Sample(Problem("p", "?"), t)
    assert position_scores([row])[0].values == (1.0, None, pytest.approx(1 / 3))
    assert oracle_scores([row])[0].values == (None, None, None)


def test_the_verifier_baseline_fails_before_it_holds() -> None:
    tools = [*evidence(STEPS[0], "H??"), *evidence(STEPS[0], "FH?")]
    assert verifier_scores(STEPS[:1], [tools])[0].values == (0.0, 1.0, 0.5)


def test_evidence_that_read_the_reference_is_no_baseline() -> None:
    peeked = [evidence(s, "F" * len(s.trajectory.steps), reference=True) for s in STEPS]
    with pytest.raises(ConfigError, match="read the reference"):
        verifier_scores(STEPS, peeked)
    found = baselines(STEPS, peeked)
    assert {v for s in found["verifier"] for v in s.values} == {0.5}
    assert {v for s in found[TOOL_ORACLE] for v in s.values} == {0.0}
    assert TOOL_ORACLE not in baselines(STEPS, [evidence(s, "H" * len(s.trajectory.steps)) for s in STEPS])


def test_evidence_that_read_the_reference_is_an_oracle_in_a_suite() -> None:
    free = [evidence(s, "H" + "?" * (len(s.trajectory.steps) - 1)) for s in STEPS]
    peeked = [
        [*own, *evidence(s, "F" * len(s.trajectory.steps), reference=True)]
        for s, own in zip(STEPS, free, strict=True)
    ]
    scores = {"prm": PRM, **baselines(STEPS, peeked)}
    ask = Questions(metrics=("step_auroc",), resampling=Resampling(draws=20))
    record = evaluate_suite("s-4", STEPS, scores, evidence=peeked, questions=ask)
    assert TOOL_ORACLE in record["scorers"]
    assert not [pair for pair in record["paired"] if TOOL_ORACLE in (pair["a"], pair["b"])]
    # What decides by the answer leaves a step silent all the same.
    plain = evaluate_suite("s-4", STEPS, scores, evidence=free, questions=ask)
    assert record["slices"]["tools"]["silent"]["n"] == plain["slices"]["tools"]["silent"]["n"] > 0
    tools = verifier_records(list(zip(STEPS, peeked, strict=True)), draws=20)
    assert {name: tool["oracle"] for name, tool in tools.items()} == {"t/tool@1": True}


def test_tools_are_recorded_alone_and_merged_without_oracles() -> None:
    def said(verifier: str, verdict: str, row: Sample, **given: bool) -> list[Evidence]:
        found = evidence(row, verdict * len(row.trajectory.steps), **given)
        return [replace(e, verifier=verifier) for e in found]

    peeked = [
        [*said("t/a@1", "H", s), *said("t/b@1", "H", s), *said("t/answer@1", "F", s, reference=True)]
        for s in STEPS
    ]
    tools = json.loads(json.dumps(verifier_records(list(zip(STEPS, peeked, strict=True)), draws=20)))
    assert list(tools) == ["t/a@1", "t/answer@1", "t/b@1", "all, merged"]
    assert tools["t/answer@1"]["oracle"] is True
    merged = tools["all, merged"]
    assert merged["metrics"]["fails_recall"]["value"] == 0.0
    assert merged["confusion"]["wrong"]["FAILS"] == 0
    assert merged["places"][0]["coverage"]["value"] == 1.0
    assert [one["verdict"] for one in merged["disagreements"]] == ["HOLDS", "HOLDS"]
    assert "disagreements" not in tools["t/a@1"]
    assert verifier_records([(STEPS[0]._replace(labels=None), [])]) == {}
    with pytest.raises(AlignmentError):
        verifier_scores(STEPS[:1], [evidence(STEPS[1], "HH")])


def test_suites_know_their_rows() -> None:
    card = EvalSuite("parts-4", "d", 4, ("step_auroc",), select={"part": "a"}, digest=digest(STEPS))
    assert select(check_name(card), STEPS) == STEPS
    with pytest.raises(DataError, match="4 rows, 3 were found"):
        select(card, STEPS[:3])
    with pytest.raises(DataError, match="pinned"):
        select(card, STEPS[::-1])
    with pytest.raises(DataError, match="0 were found"):
        select(EvalSuite("parts-4", "d", 4, (), select={"part": "b"}), STEPS)
    with pytest.raises(ConfigError, match="parts-4"):
        check_name(EvalSuite("parts", "d", 4, ()))


def test_the_prmbench_score_of_a_suite() -> None:
    right, wrong = [0.9] * 8 + [0.1] * 3, [0.9] + [0.1] * 2
    rows = [sample("a", [1] * 11), sample("b", [0] * 3)]
    rows = [
        r._replace(labels=StepLabels(r.trajectory.id, r.trajectory.digest, r.labels.values)) for r in rows
    ]  # type: ignore[union-attr]
    ask = Questions(metrics=("prmbench_score",), chosen={"prm": Threshold(0.05, "dev")}, resampling=FAST)
    found = figures(evaluate_suite("s-2", rows, {"prm": scored(rows, [right, wrong])}, questions=ask), "prm")
    assert found["prmbench_score_fixed"] == pytest.approx(0.65)
    assert found["prmbench_score_chosen"] == pytest.approx((2 * 11 / (2 * 11 + 3)) / 2)


def test_exact_hits_are_not_an_f1() -> None:
    ask = Questions(metrics=("first_error_accuracy",), resampling=FAST)
    found = figures(evaluate_suite("s-4", STEPS, {"prm": PRM}, questions=ask), "prm")
    assert found == {"first_error_accuracy_fixed": pytest.approx(0.75)}


def test_long_curves_are_thinned_out() -> None:
    rows = pool("p", "AB" * 20) + pool("q", "BA" * 20)
    ask = Questions(metrics=("best_of_n",), cost={"prm": 0.5}, resampling=FAST)
    record = evaluate_suite("n-80", rows, {"prm": scored(rows, [[0.5]] * 80)}, questions=ask)
    sizes = [*range(1, 17), 32, 40]
    assert all([p["n"] for p in curve] == sizes for curve in record["curves"]["best_of_n"].values())
    assert record["curves"]["best_of_n"]["oracle"][1]["value"] == pytest.approx(1 - (20 * 19) / (40 * 39))
    assert [row["a"] for row in record["paired"] if "equal" in row["metric"]] == ["prm, best of 16"]


def test_choices_are_made_only_where_they_are_asked_for() -> None:
    record = evaluate_suite(
        "s-8", POOLS, {"prm": scored(POOLS, VALUES)}, questions=Questions(metrics=("step_auroc",))
    )
    assert "majority" not in record["scorers"]
    assert not any("system" in note for note in record["notes"])


def test_values_below_nothing_become_weights_from_nothing() -> None:
    rows = pool("p", "AAB")
    values = [[-0.9], [-0.9], [0.0]]  # weights .1 .1 1: B wins
    kinds = {"kind": "value", "range": (-1.0, 1.0)}
    record = evaluate_suite(
        "p-3", rows, {"prm": scored(rows, values, **kinds)}, questions=Questions(resampling=FAST)
    )
    assert figures(record, "prm")["weighted_vote_3"] == 0
    endless = scored(rows, [[1.0], [1.0], [5.0]], kind="logratio", range=(-float("inf"), float("inf")))
    record = evaluate_suite("p-3", rows, {"prm": endless}, questions=Questions(resampling=FAST))
    assert "weighted_vote_3" not in figures(record, "prm")
    assert figures(record, "prm")["best_of_3"] == 0


def test_a_scorer_of_last_steps_alone_has_no_step_figure() -> None:
    rows = [sample(f"s{i}", [1.0, 1.0, float(i % 2)]) for i in range(8)]
    scores = {
        "prm": scored(rows, [(0.9, 0.8, 0.5 + 0.1 * (i % 2)) for i in range(8)]),
        "orm": scored(rows, [(None, None, 0.5) for _ in range(8)]),
    }
    record = evaluate_suite("x", rows, scores, questions=Questions(resampling=FAST))
    assert "step_auroc" in record["scorers"]["prm"]["metrics"]
    assert "step_auroc" not in record["scorers"].get("orm", {"metrics": {}})["metrics"]
    assert not any(p["metric"] == "step_auroc" and "orm" in (p["a"], p["b"]) for p in record["paired"])


def worded(problem: str, *texts: tuple[str, float]) -> list[Sample]:
    rows = []
    for i, (text, outcome) in enumerate(texts):
        t = Trajectory.of_steps(
            f"{problem}{i}", problem, [text], outcome=outcome, provenance=Provenance(system="m")
        )
        rows.append(Sample(Problem(problem, "?"), t))
    return rows


WORDED = [*worded("p", ("a", 1.0), ("b" * 10, 0.0)), *worded("q", ("c", 1.0), ("d" * 10, 0.0))]
CHOOSE = Questions(metrics=("best_of_n",), resampling=FAST)


def test_length_controlled_choice_by_hand() -> None:
    # The scorer prefers the long, wrong solution of both; of q it does so by less than its preference for
    # length explains, so that there the short one is left in front.
    prm = scored(WORDED, [[0.0], [1.0], [0.25], [0.75]])
    record = evaluate_suite("w-4", WORDED, {"prm": prm, **baselines(WORDED)}, questions=CHOOSE)
    found = figures(record, "prm")
    assert (found["best_of_2"], found["best_of_2_length_controlled"]) == (0, 0.5)
    assert {"low", "high", "clusters"} <= set(
        record["scorers"]["prm"]["metrics"]["best_of_2_length_controlled"]
    )
    # Choosing the shortest solves both; with length taken out it is a draw.
    assert figures(record, "length")["best_of_2"] == 1
    assert figures(record, "length")["best_of_2_length_controlled"] == 0.5
    assert figures(record, "single sample")["best_of_2_length_controlled"] == 0.5
    assert "best_of_2_length_controlled" not in figures(record, "oracle")
    assert set(record["curves"]) == {"best_of_n", "weighted_vote"}


def test_length_scores_know_steps_and_solutions_and_cannot_vote() -> None:
    t = Trajectory.of_steps("t", "p", ["abc", {"text": "tool says", "role": "observe"}, "de"])
    (one,) = length_scores([Sample(Problem("p", "?"), t)])
    assert one.values == (pytest.approx(-math.log(3)), None, pytest.approx(-math.log(2)))
    assert one.trajectory_value == pytest.approx(-math.log(5))
    record = evaluate_suite("two-8", POOLS, {"length": length_scores(POOLS)}, questions=CHOOSE)
    assert "weighted_vote_4" not in figures(record, "length")


def test_coverage_counts_all_scored_steps_and_no_tool_that_saw_the_answer() -> None:
    tools = [evidence(s, v) for s, v in zip(STEPS, ["HF?", "HH", "??", "H??"], strict=True)]
    tools[2] += evidence(STEPS[2], "FF", reference=True)
    record = evaluate_suite("s-4", STEPS, {"prm": PRM}, evidence=tools, questions=Questions(resampling=FAST))
    assert record["coverage"]["value"] == pytest.approx(5 / 10)
    assert record["coverage"]["clusters"] == 4
    assert "coverage" not in evaluate_suite("s-4", STEPS, {"prm": PRM}, questions=CHOOSE)


def test_first_errors_with_and_without_steps_that_were_taken_back() -> None:
    """Each of two solutions makes one mistake; one of them takes it back."""
    steps = [{"text": "a", "status": "retracted"}, "b", "c"]
    back = Trajectory.of_steps("back", "p-back", steps)
    plain = Trajectory.of_steps("plain", "p-plain", ["a", "b", "c"])
    rows = [
        Sample(Problem(f"p-{t.id}", "?"), t, StepLabels(t.id, t.digest, (0.0, 1.0, 1.0)))
        for t in (back, plain)
    ]
    assert [first_error(row) for row in rows] == [0, 0]
    assert [first_error(row, standing=True) for row in rows] == [-1, 0]
    said = [StepScores(t.id, t.digest, (0.1, 0.9, 0.9)) for t in (back, plain)]
    ask = Questions(metrics=("first_error_f1",), resampling=FAST)
    found = figures(evaluate_suite("s-2", rows, {"prm": said}, questions=ask), "prm")
    assert found["first_error_f1_standing_fixed"] == 1
    assert found["first_error_f1_fixed"] is None  # no right solution: not defined
    without = figures(evaluate_suite("s-1", rows[1:], {"prm": said[1:]}, questions=ask), "prm")
    assert not any("standing" in name for name in without)
