"""Each check against scorers whose fault is known, and against one without it."""

from __future__ import annotations

import math

import pytest

from prmkit.cards import PRMSpec
from prmkit.errors import ConfigError, DataError, PrmkitError
from prmkit.judging.audit.bias import Levelled, bias_findings, difficulty_finding, slope_finding, slopes
from prmkit.judging.audit.calibration import calibration_finding
from prmkit.judging.audit.contamination import contamination_finding
from prmkit.judging.audit.convention import convention_finding, neighbouring, readings
from prmkit.judging.audit.edits import EDITS
from prmkit.judging.audit.invariance import invariance_findings
from prmkit.judging.audit.probes import by_family, labelled, probes, recorded
from prmkit.judging.audit.read import Reader, altered
from prmkit.judging.audit.run import CHECKS, Question, audit
from prmkit.judging.audit.threshold import Judged, portability_finding
from prmkit.judging.audit.value import (
    allowed,
    meaning_finding,
    process_finding,
    recorded_finding,
    responses,
)
from prmkit.types import Sample, StepLabels, StepScores


def read(scorer, samples):
    return Reader(scorer)((s.problem, s.trajectory) for s in samples)


# ---------------------------------------------------------------- value or correctness


@pytest.mark.parametrize(
    ("rule", "kind", "conventions", "verdict", "word"),
    [
        ("own_merit", "correct", ["own_merit"], "fine", "each step by itself"),
        ("own_merit", "correct", [], "fine", "each step by itself"),
        ("prefix", "correct", ["prefix"], "fine", "follows a mistake"),
        ("prefix", "correct", ["own_merit"], "warning", "declared otherwise"),
        ("value", "correct", ["own_merit"], "warning", "comes back"),
        ("value", "value", [], "fine", "comes back"),
        ("own_merit", "value", [], "warning", "declared otherwise"),
    ],
)
def test_a_value_is_told_from_a_judgement(toys, forty, how, rule, kind, conventions, verdict, word) -> None:
    rows = responses(Reader(toys.Toy(getattr(toys, rule))), forty)
    found = meaning_finding(rows, kind, conventions, how)
    assert (found.verdict, word in found.sentence) == (verdict, True), found.sentence
    assert found.as_json()["n"] == len(rows)
    assert found.as_json()["clusters"] == 40


def test_a_drop_of_any_inserted_step_hides_the_meaning(toys, forty, how) -> None:
    def no_repeats(problem, texts):
        twice = [len(set(texts[: i + 1])) <= i for i in range(len(texts))]
        return [min(v, 0.1 if t else 0.9) for v, t in zip(toys.prefix(problem, texts), twice, strict=True)]

    found = meaning_finding(responses(Reader(toys.Toy(no_repeats)), forty), "correct", [], how)
    assert found.verdict == "cannot tell"
    assert "any inserted step" in found.why


def test_labels_that_end_at_the_first_error_allow_two_meanings() -> None:
    assert allowed("correct", ["until_first_error"]) == ("own_merit", "prefix")
    assert allowed("correct", ["own_merit", "until_first_error"]) == ("own_merit", "prefix")


@pytest.mark.parametrize(("rule", "verdict"), [("own_merit", "fine"), ("outcome", "warning")])
def test_right_answers_by_wrong_processes(toys, forty, how, rule, verdict) -> None:
    found = process_finding(Reader(toys.Toy(getattr(toys, rule))), forty, how, "min")
    assert found.verdict == verdict, found.sentence
    caught, noticed = found.figures[0].found, found.figures[1].found
    if rule == "outcome":
        assert (caught.value, noticed.value) == (0.0, 1.0)
    assert meaning_finding(responses(Reader(toys.Toy(toys.outcome)), forty), "correct", [], how).verdict == (
        "warning"
    )


def test_recorded_right_answers(toys, how) -> None:
    samples = []
    for i in range(20):
        problem, trajectory, _ = toys.sample(i)
        labels = StepLabels.until_first_error(trajectory, 1 if i % 2 else None, "human@1")
        right = type(trajectory).of_steps(
            f"r{i}", problem.id, [s.text for s in trajectory.steps], outcome=1.0
        )
        labels = StepLabels.until_first_error(right, 1 if i % 2 else None, "human@1")
        samples.append(Sample(problem, right, labels))
    values = [(0.9, 0.1 if i % 2 else 0.9) for i in range(20)]
    assert recorded_finding(samples, values, how, "min").verdict == "fine"
    assert recorded_finding(
        samples, [(0.1, 0.9 if i % 2 else 0.1) for i in range(20)], how, "last"
    ).verdict == ("warning")
    assert recorded_finding(samples[::2], values[::2], how, "min") is None


# ---------------------------------------------------------------- reading convention


@pytest.mark.parametrize(("shift", "verdict"), [(0, "fine"), (1, "warning")])
def test_scores_that_stand_on_the_wrong_step(toys, forty, how, shift, verdict) -> None:
    rows = labelled(forty)
    scorer = toys.Toy(toys.own_merit, shift=shift)
    found, absent = readings(scorer, rows, read(scorer, rows))
    said = convention_finding(rows, found, how)
    assert said.verdict == verdict, said.sentence
    assert not absent
    assert ("the step after" in said.sentence) == bool(shift)


def test_a_checkpoint_read_at_the_wrong_token(toys, forty, how) -> None:
    rows = labelled(forty[:20])
    wrong = toys.Specced()
    right = altered(wrong, spec=PRMSpec(read_offset=-1))
    for scorer, verdict in ((wrong, "warning"), (right, "fine")):
        found, _ = readings(scorer, rows, read(scorer, rows))
        said = convention_finding(rows, found, how)
        assert said.verdict == verdict, said.sentence
    assert len(found) > 6


def test_scores_upside_down(toys, forty, how) -> None:
    rows = labelled(forty)
    found, _ = readings(None, rows, [tuple(1 - v for v in one) for one in read(toys.Toy(), rows)])
    assert "upside down" in convention_finding(rows, found, how).sentence


def test_neighbours_of_a_spec() -> None:
    names = dict(neighbouring(PRMSpec(classes=3, positive=2, system="Judge.", template="chat")))
    assert {"class 0", "class 1", "read one token earlier", "without a system turn"} <= set(names)
    assert all(other != PRMSpec() for other in names.values())
    assert "read one token earlier" not in dict(neighbouring(PRMSpec(marker="")))


# ---------------------------------------------------------------- thresholds


def suite(threshold: float, n: int = 30) -> Judged:
    """Half right, half wrong at the second step; a threshold a little above ``threshold`` is best."""
    low, high = threshold - 0.05, threshold + 0.05
    values = [(high, high) if i % 2 else (high, low) for i in range(n)]
    return Judged(values, [-1 if i % 2 else 1 for i in range(n)], [f"{threshold}-{i}" for i in range(n)])


def test_a_threshold_that_travels_and_one_that_does_not(how) -> None:
    good = portability_finding({"a": suite(0.5), "b": suite(0.5)}, 0.5, how)
    assert good.verdict == "fine"
    bad = portability_finding({"a": suite(0.3), "b": suite(0.8)}, 0.5, how)
    assert bad.verdict == "warning"
    assert {figure.column for figure in bad.figures} >= {"F1, chosen elsewhere", "F1, best here (oracle)"}
    assert portability_finding({"a": suite(0.5)}, None, how).verdict == "cannot tell"


# ---------------------------------------------------------------- biases


def test_length_bias_is_caught_and_its_absence_is_not(toys, forty, how) -> None:
    fair = {f.name: f for f in bias_findings(Reader(toys.Toy()), forty, how, "min")}
    assert {name: f.verdict for name, f in fair.items()} == dict.fromkeys(fair, "fine")
    biased = {f.name: f for f in bias_findings(Reader(toys.Toy(toys.likes_length)), forty, how, "min")}
    assert biased["length"].verdict == "warning"
    lifted = [f.found.value for f in biased["length"].figures if f.column == "overtakes by min"]
    assert max(lifted) == 1.0
    empty = {f.row: f.found.value for f in biased["filler"].figures if f.column == "Δ min"}
    assert empty["an empty step"] < 0


def test_filler_at_the_end_hacks_the_last_score_and_not_the_least(toys, forty, how) -> None:
    (by_min,) = bias_findings(Reader(toys.Toy(toys.own_merit)), forty, how, "min", edits=EDITS[4:5])
    assert by_min.verdict == "fine"

    def forgets(problem, texts):
        return [0.1 if "check that again" not in text else 0.95 for text in texts]

    (found,) = bias_findings(Reader(toys.Toy(forgets)), forty, how, "last", edits=EDITS[4:5])
    moved = {f.column: f.found.value for f in found.figures}
    assert moved["Δ last"] == pytest.approx(0.85)
    assert moved["Δ min"] == 0.0
    assert found.verdict == "warning"


def test_a_loss_counts_only_where_the_task_allows_the_edit(toys, forty, how) -> None:
    def strict(problem, texts):
        return [0.9 if "=" in t or "answer" in t else 0.1 for t in texts]

    def truth(problem, trajectory):
        at = next((s.index for s in trajectory.steps if "=" not in s.text and "answer" not in s.text), None)
        return StepLabels.until_first_error(trajectory, at, "truth@1")

    edits = EDITS[4:5]
    (blamed,) = bias_findings(Reader(toys.Toy(strict)), forty, how, "min", edits=edits)
    (excused,) = bias_findings(Reader(toys.Toy(strict)), forty, how, "min", edits=edits, truth=truth)
    assert (blamed.verdict, excused.verdict) == ("warning", "cannot tell")
    assert "rules forbid 1" in excused.sentence


def test_edits_leave_observations_and_answers_alone(toys) -> None:
    problem, right, _ = toys.sample(3)
    for edit in EDITS:
        other = edit(problem, right)
        assert other.problem_id == right.problem_id
        assert other.digest != right.digest
        assert "16" in other.text or right.steps[-1].text.split()[-1] in other.text


def test_slopes_are_a_regression_inside_solutions(how) -> None:
    rows = []
    for i in range(20):
        texts = ["x" * 2**k for k in (1 + i % 2, 4, 2, 3)]
        values = tuple(0.1 * math.log2(len(t)) + 0.02 * place for place, t in enumerate(texts))
        rows.append((texts, values, f"c{i}"))
    length, place = slopes(rows, how)
    assert (length.value, place.value) == (pytest.approx(0.1), pytest.approx(0.02))
    assert slope_finding(length, place, 1.0).verdict == "cannot tell"
    flat = slopes([(texts, (0.5,) * 4, c) for texts, _, c in rows], how)
    assert slope_finding(*flat, 1.0).verdict == "fine"


def test_difficulty_is_compared_inside_families(how) -> None:
    def rows(hard: float):
        return [Levelled("a", i % 2, (0.9,) if i % 2 == 0 else (hard,), f"c{i}") for i in range(30)]

    assert difficulty_finding(rows(0.2), how, 1.0).verdict == "warning"
    assert difficulty_finding(rows(0.9), how, 1.0).verdict == "fine"
    apart = [row._replace(family=row.level) for row in rows(0.2)]
    assert difficulty_finding(apart, how, 1.0) is None


# ---------------------------------------------------------------- invariance


def test_leaks_between_solutions_of_a_batch_are_caught(toys, forty) -> None:
    pairs = [(s.problem, s.trajectory) for s in labelled(forty)]
    for leak, verdict in ((0.0, "fine"), (0.01, "warning")):
        scorer = toys.Batched(leak=leak)
        found = invariance_findings(scorer, pairs, Reader(scorer)(pairs), 0.5, 1.0)
        by_name = {f.name: f.verdict for f in found}
        assert by_name.pop("padding: batches of 512 tokens") == "fine"  # the toy treats it as its own size
        assert by_name.pop("precision") == "cannot tell"
        assert len(by_name) == 4
        assert set(by_name.values()) == {verdict}


def test_precision_by_verdicts_that_turn(toys, forty) -> None:
    pairs = [(s.problem, s.trajectory) for s in labelled(forty)] * 2
    scorer = toys.Toy()

    def near(problem, texts):
        return [v - 0.01 for v in toys.own_merit(problem, texts)]

    def half(problem, texts):
        return [1 - v for v in toys.own_merit(problem, texts)]

    for rule, verdict in ((near, "cannot tell"), (half, "warning")):
        found = invariance_findings(
            scorer, pairs, Reader(scorer)(pairs), 0.5, 1.0, halved=lambda rule=rule: toys.Toy(rule)
        )
        assert (found[-1].name, found[-1].verdict) == ("precision: bfloat16 for float32", verdict)


# ---------------------------------------------------------------- calibration, training data


def test_calibration_by_place(toys, forty, how) -> None:
    rows = labelled(forty)
    sharp = [tuple(float(v == 0.9) for v in one) for one in read(toys.Toy(), rows)]
    told = {"probability": True, "planted": False}
    assert calibration_finding(rows, sharp, how, **told).verdict == "fine"
    high = [(1.0,) * len(one) for one in sharp]
    assert calibration_finding(rows, high, how, **told).verdict == "warning"
    assert calibration_finding(rows, sharp, how, probability=True, planted=True).verdict == "cannot tell"
    assert calibration_finding(rows, sharp, how, probability=False, planted=False).verdict == "cannot tell"


def test_training_data_declared_given_and_shared(toys, forty) -> None:
    rows = labelled(forty)
    assert "not declared" in contamination_finding(rows, [], {}).why
    assert "digest a0" in contamination_finding(rows, [], {"digest": "a0", "labelers": ["x@1"]}).why
    assert contamination_finding(rows, rows[:4], {}).verdict == "warning"
    assert contamination_finding(rows, [toys.sample(99)], {}).verdict == "fine"


# ---------------------------------------------------------------- the whole


def test_a_bare_scorer_goes_through_every_check(toys, forty, how) -> None:
    ask = Question(forty, by_family(forty, "toy"), resampling=how)
    seen: list[int] = []
    found = audit(toys.Toy(), ask, tick=lambda done, total: seen.append(done))
    assert {one.check for one in found.findings} == set(CHECKS)
    assert not found.counts["warning"]
    assert seen == sorted(seen)
    told = found.as_json()
    assert set(told) == {"format", "prm", "data", "verdicts", "findings"}
    for one in told["findings"]:
        assert set(one) == {"check", "name", "verdict", "sentence", "why", "n", "clusters", "figures"}
        assert (one["verdict"] == "cannot tell") <= bool(one["why"])
        for figure in one["figures"]:
            assert set(figure) == {"row", "column", "value", "low", "high", "n", "clusters"}
    again = audit(toys.Toy(), ask)
    assert again.as_json() == told


def test_scorers_that_say_nothing_or_nan_are_refused(toys, forty, how) -> None:
    class Silent:
        def score(self, problem, trajectories):
            return [StepScores(t.id, t.digest, (None,) * len(t.steps)) for t in trajectories]

    ask = Question(forty, {}, resampling=how)
    with pytest.raises(DataError, match="no step"):
        audit(Silent(), ask)
    with pytest.raises(PrmkitError, match="values"):
        audit(toys.Toy(lambda problem, texts: [math.nan] * len(texts)), ask)
    with pytest.raises(DataError, match="no solution"):
        audit(toys.Toy(), Question([], {}))
    with pytest.raises(ConfigError, match="luck"):
        audit(toys.Toy(), Question(forty, {}, checks=["luck"]))


def test_recorded_solutions_alone(toys, forty, how) -> None:
    rows = labelled(forty)
    found = audit(toys.Toy(), Question([], {"rows": rows}, recorded=rows, resampling=how))
    by_check = {one.check: one.verdict for one in found.findings}
    assert by_check["convention"] == by_check["calibration"].replace("warning", "fine") == "fine"
    assert {one.verdict for one in found.findings if one.check in ("value", "bias")} == {"cannot tell"}
    again = recorded(None, rows, 10, seed=0)
    assert len(again) == 10
    assert not any(probe.wrong for probe in again)


def test_probes_without_mutators_still_have_false_answers(toys) -> None:
    made = probes([toys.sample(i) for i in range(4)], [])
    assert all(probe.false is not None and not probe.wrong for probe in made)
    assert probes([toys.sample(0)], [])[0].false is None
