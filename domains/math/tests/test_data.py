"""Readers: invented rows parse, bad rows are named, and labels sit on the steps that were meant."""

import copy
import functools
import importlib
import json
import re

import pytest

import prmkit
from prmkit.dataset import Row
from prmkit.errors import RecordError
from prmkit.manifest import find_leaks, inspect
from prmkit.registry import resolve
from prmkit_math.data.mr_ben import join_lines

MATH = prmkit.domain("math")

# name: samples, steps, labelled steps, of them wrong, rows set aside
COUNTS = {
    "big_bench_mistake": (2186, 33306, 17447, 1708, 0),
    "deltabench_examples": (9, 194, 91, 10, 0),
    "game24_gpt4": (10660, 33808, 0, 0, 0),
    "gsm8k": (7473, 26720, 0, 0, 0),
    "gsm8k_test": (661, 2406, 0, 0, 0),
    "gsm8k_model_solutions": (2644, 11645, 0, 0, 0),
    "math500_aime": (476, 2650, 0, 0, 0),
    "math_bo8_rm_scored": (752, 5611, 0, 0, 0),
    "mr_ben": (1938, 11476, 7636, 1188, 3),
    "mr_gsm8k_subset": (384, 3347, 1579, 384, 0),
    "mr_math": (140, 937, 638, 72, 0),
    "mr_math_redundant": (262, 2609, 2609, 0, 0),
    "mr_math_perturbed": (951, 12486, 4369, 291, 0),
    "prm800k_phase1": (51785, 847412, 48622, 19651, 0),
    "prm800k_phase1_test": (4875, 72487, 4765, 1863, 0),
    "prmbench": (5768, 76945, 76945, 12261, 94),
    "processbench_half": (669, 4060, 2788, 388, 0),
    "prontoqa": (500, 4306, 4306, 0, 0),
    "roscoe_chain_labels": (483, 1476, 0, 0, 0),
    "scan_base_sample": (100, 581, 581, 55, 0),
    "thoughtsource_general": (4197, 11724, 0, 0, 0),
}


def invented(module):
    """The JSON rows that a reader's docstring shows."""
    text, decoder, found, at = module.__doc__, json.JSONDecoder(), [], 0
    while (at := text.find("\n    {", at)) >= 0:
        value, length = decoder.raw_decode(text[at:].lstrip())
        found.append(value)
        at += len(text[at:]) - len(text[at:].lstrip()) + length
    return found


def shown():
    """(data set, file, invented row): every shape of every set, each row with a reader that takes it."""
    for name, spec in MATH.datasets.items():
        source = resolve(spec)
        module = importlib.import_module(spec.partition(":")[0])
        rows = invented(module)
        same = [other for other, at in MATH.datasets.items() if at.partition(":")[0] == module.__name__]
        if len(same) == len(rows):
            yield name, source.card.files[0].name, rows[same.index(name)]
        elif len(rows) == len(source.card.files):
            yield from ((name, file.name, row) for file, row in zip(source.card.files, rows, strict=True))
        else:
            yield from ((name, source.card.files[0].name, row) for row in rows)


def filled(name, row):
    """Rows that the docstring shortens, at full length."""
    row = copy.deepcopy(row)
    if name == "gsm8k_model_solutions":
        row |= {"6b_verification": row["6b_finetuning"], "175b_finetuning": row["6b_finetuning"]}
    if name == "math_bo8_rm_scored":
        row |= {field: row[field] * 4 for field in ("pred", "score", "response", "pred_score")}
    return row


SHOWN = list(shown())


def test_every_set_shows_an_invented_row():
    assert {name for name, _, _ in SHOWN} == set(MATH.datasets)


@pytest.mark.parametrize(("name", "file", "row"), SHOWN, ids=[f"{n}-{f}" for n, f, _ in SHOWN])
def test_invented_rows_parse(name, file, row):
    samples = list(resolve(MATH.datasets[name]).parse(Row(file, 7, filled(name, row))))
    assert samples
    for problem, trajectory, labels in samples:
        assert trajectory.problem_id == problem.id
        assert problem.provenance.row == trajectory.provenance.row == 7
        assert problem.provenance.licence == MATH.card(name).licence
        if labels is not None:
            labels.check(trajectory)


@pytest.mark.parametrize(("name", "file", "row"), SHOWN, ids=[f"{n}-{f}" for n, f, _ in SHOWN])
def test_bad_rows_are_refused(name, file, row):
    source = resolve(MATH.datasets[name])
    row = filled(name, row)
    needed = []
    for field in row:
        damaged = {key: value for key, value in row.items() if key != field}
        refusal = refused(source, Row(file, 7, damaged))
        if isinstance(refusal, RecordError):
            assert (refusal.file, refusal.row) == (file, 7)
            needed.append(field)
    assert needed, "no field is needed"
    for field in needed:
        strange = refused(source, Row(file, 7, {**row, field: [[7.5]]}))
        assert strange is not None or field in PASSED_ON, field


PASSED_ON = {"level", "tags", "Options", "ground_truth_answer", "answer", "choices"}
"""Fields that are kept as they are."""


def refused(source, row):
    try:
        list(source.parse(row))
    except (RecordError, TypeError, ValueError, LookupError, AttributeError) as error:
        return error
    return None


def test_bad_rows_go_to_quarantine_and_are_counted(tmp_path):
    folder = tmp_path / "math" / "mr_math"
    folder.mkdir(parents=True)
    row = next(row for name, _, row in SHOWN if name == "mr_math")
    beyond = {**row, "model_output_solution_first_error_step": 9}
    lines = [json.dumps(row), "{not json", json.dumps(beyond), json.dumps(["a list"]), json.dumps(row)]
    (folder / "mr-math_invalid_errors.jsonl").write_text("\n".join(lines))
    dataset = MATH.load("mr_math", folders=[tmp_path])
    assert len(list(dataset)) == 2
    assert [bad.row for bad in dataset.quarantine] == [2, 3, 4]
    assert "names none of the 2 steps" in dataset.quarantine[1].reason


def test_lines_are_joined_into_the_steps_that_headings_count():
    row = Row("math.jsonl.gz", 3, {})
    lines = ["tep 1: a", "", "more", "Step 2: b", "Step 2.1: sub", "Step 3 : c", "Solution: A"]
    assert join_lines(row, lines) == ["tep 1: a\nmore", "Step 2: b\nStep 2.1: sub", "Step 3 : c\nSolution: A"]
    with pytest.raises(RecordError, match="where step 2 is due"):
        join_lines(row, ["Step 1: a", "Step 1: b"])


# ---------------------------------------------------------------- real files


@pytest.mark.parametrize("name", sorted(MATH.datasets))
def test_files_are_those_of_the_card(name, data_root):
    card = MATH.card(name)
    assert [state.faults for state in inspect(card, data_root / card.path)] == [()] * len(card.files)


@pytest.mark.parametrize("name", sorted(set(COUNTS)))
def test_counts(name, data_root):
    dataset = MATH.load(name)
    samples = steps = labelled = wrong = 0
    clusters, neutral = set(), 0
    for problem, trajectory, labels in dataset:
        samples += 1
        steps += len(trajectory.steps)
        clusters.add(problem.cluster)
        if labels is not None:
            labelled += sum(value is not None for value in labels.values)
            wrong += sum(value == 0 for value in labels.values)
            neutral += labels.channels.get("rating", (None,))[-1] == 0
    assert (samples, steps, labelled, wrong, len(dataset.quarantine)) == COUNTS[name]
    if name == "prm800k_phase1":
        assert (len(clusters), neutral) == (896, 10_229)


@functools.cache
def loaded(name):
    return tuple(MATH.load(name))


def by_row(name, **detail):
    return {
        s.trajectory.provenance.row: s
        for s in loaded(name)
        if all(s.trajectory.provenance.detail.get(k) == v for k, v in detail.items())
    }


def first_wrong(sample):
    values = sample.labels.values
    index = values.index(0.0)
    assert set(values[:index]) <= {1.0}
    return sample.trajectory.steps[index].text


def test_processbench_counts_from_0(raw):
    for part, file in (("gsm8k", "gsm8k.jsonl"), ("math", "math.jsonl.gz")):
        samples = by_row("processbench_half", part=part)
        for number, row in enumerate(raw(f"math/processbench_half/{file}"), 1):
            if row["label"] < 0:
                assert set(samples[number].labels.values) == {1.0}
            else:
                assert first_wrong(samples[number]) == row["steps"][row["label"]]


def test_mr_gsm8k_counts_from_1(raw):
    samples = by_row("mr_gsm8k_subset")
    for number, row in enumerate(raw("math/mr_gsm8k_subset/mr_gsm8k_subset.jsonl.gz"), 1):
        wrong = row["model_output_solution_first_error_step"]
        assert first_wrong(samples[number]) == row["model_output_steps"][wrong - 1]
        assert first_wrong(samples[number]).startswith(f"Step {wrong}:")


def test_mr_ben_means_the_heading_not_the_line(raw):
    off = 0
    for part in ("math", "physics", "chemistry"):
        samples = by_row("mr_ben", part=part)
        for number, row in enumerate(raw(f"math/mr_ben/{part}.jsonl.gz"), 1):
            wrong = row["Model_Solution_First_Error_Step"]
            if number not in samples or wrong == "N/A":
                continue
            found = first_wrong(samples[number])
            assert re.search(rf"\btep {wrong} ?:|Step {wrong} ?:", found.splitlines()[0])
            off += not found.startswith(row["Model_Solution_Steps"][int(wrong) - 1])
    assert off > 100  # reading the number as a line would label other steps


def test_mr_math_counts_from_1(raw):
    samples = by_row("mr_math")
    for number, row in enumerate(raw("math/mr_math/mr-math_invalid_errors.jsonl"), 1):
        wrong = row["model_output_solution_first_error_step"]
        if wrong != "N/A":
            assert first_wrong(samples[number]) == "\n".join(row["model_output_step_format"][wrong - 1])


def test_mr_math_redundancy_is_a_channel(raw):
    samples = by_row("mr_math_redundant")
    for number, row in enumerate(raw("math/mr_math/mr-math_redundant_errors.jsonl"), 1):
        assert set(samples[number].labels.values) == {1.0}
        assert [1 - value for value in samples[number].labels.channels["redundant"]] == row["rating"]


def test_mr_math_edits_sit_where_the_texts_differ(raw):
    samples = by_row("mr_math_perturbed")
    for number, row in enumerate(raw("math/mr_math/perturbation.jsonl.gz"), 1):
        clean, edited = row["reference_steps"], row["hypothesis_steps"]
        if row["error_type"] in ("random number", "random operation"):
            changed = [i for i, (a, b) in enumerate(zip(clean, edited, strict=True)) if a != b]
            assert first_wrong(samples[number]) == edited[changed[0]]
        elif row["error_type"] == "repeat step":
            assert 0.0 not in samples[number].labels.values
            assert 1.0 in samples[number].labels.channels["redundant"]
        else:
            assert samples[number].labels is None


def test_prmbench_counts_from_1_and_labels_every_step(raw):
    samples = by_row("prmbench")
    rows = raw("math/prmbench/prmbench.jsonl.gz")
    for number, sample in samples.items():
        row = rows[number - 1]
        wrong = [
            step.text
            for step, value in zip(sample.trajectory.steps, sample.labels.values, strict=True)
            if not value
        ]
        assert wrong == [row["modified_process"][error - 1] for error in sorted(set(row["error_steps"]))]


def test_prm800k_ratings_are_of_the_candidate(raw):
    rows = raw("math/prm800k_phase1/train_plus_stepwise.jsonl.gz")
    for number, sample in by_row("prm800k_phase1").items():
        row = rows[number - 1]
        texts = [step.text for step in sample.trajectory.steps]
        assert texts == [*row["responses"], row["next_response"]]
        if row["rating"] is None:
            assert sample.labels is None
        else:
            assert sample.labels.values == (None,) * len(row["responses"]) + (float(row["rating"] >= 0),)


def test_prm800k_trees_keep_every_rating(raw):
    given = [
        (candidate["text"], candidate["rating"])
        for row in raw("math/prm800k_phase1/phase1_test.jsonl.gz")
        for step in row["label"]["steps"]
        for candidate in step["completions"] or ()
    ]
    found = [
        (t.steps[-1].text, None if labels is None else labels.channels["rating"][-1])
        for _, t, labels in loaded("prm800k_phase1_test")
    ]
    assert found == given


def test_big_bench_counts_from_0(raw):
    for part in (
        "dyck_languages",
        "logical_deduction",
        "multistep_arithmetic",
        "tracking_shuffled_objects",
        "word_sorting",
    ):
        suffix = "jsonl" if part in ("multistep_arithmetic", "tracking_shuffled_objects") else "jsonl.gz"
        samples = by_row("big_bench_mistake", part=part)
        for number, row in enumerate(raw(f"math/big_bench_mistake/{part}.{suffix}"), 1):
            if row["mistake_index"] is None:
                assert set(samples[number].labels.values) == {1.0}
            else:
                assert first_wrong(samples[number]) == row["steps"][row["mistake_index"]]


def test_deltabench_counts_from_1_and_1_means_wrong(raw):
    samples = by_row("deltabench_examples")
    for number, row in enumerate(raw("math/deltabench_examples/examples.jsonl.gz"), 1):
        first = row["reason_error_section_numbers"][0]
        assert first_wrong(samples[number]) == row["sections"][first - 1]["content"]


def test_scan_values_belong_to_prefixes(raw):
    samples = by_row("scan_base_sample")
    for number, row in enumerate(raw("math/scan_base_sample/train_100.jsonl"), 1):
        assert list(samples[number].labels.values) == row["scores"]
        assert samples[number].labels.convention == "prefix"


def test_solutions_keep_system_verdict_and_score(raw):
    rows = raw("math/gsm8k_model_solutions/solutions.jsonl.gz")
    for _, t, _ in loaded("gsm8k_model_solutions"):
        given = rows[t.provenance.row - 1][t.provenance.system]
        assert (t.text, bool(t.outcome)) == (given["solution"], given["is_correct"])
    rows = raw("math/math_bo8_rm_scored/math_bo8.jsonl.gz")
    for _, t, _ in loaded("math_bo8_rm_scored"):
        row, number = rows[t.provenance.row - 1], int(t.id.rpartition("/")[2])
        assert t.provenance.detail["reward"] == row["pred_score"][number][0]
        assert (t.text, bool(t.outcome)) == (row["response"][number], row["score"][number])


def test_prontoqa_gold_steps_are_right(raw):
    rows = raw("general_reasoning/prontoqa/prontoqa.jsonl")
    for number, sample in by_row("prontoqa").items():
        assert [step.text for step in sample.trajectory.steps] == rows[number - 1]["chain_of_thought"]


def test_problems_of_brackets_only_are_told_apart():
    assert len({s.problem.id for s in loaded("big_bench_mistake") if "dyck" in s.trajectory.id}) == 986


def test_chain_verdicts_are_outcomes(raw):
    for part, file in (("gsm8k", "gsm8k"), ("strategyqa", "strategyqa"), ("cosmos", "cosmos")):
        rows = raw(f"math/roscoe_chain_labels/{file}.jsonl")
        for number, sample in by_row("roscoe_chain_labels", part=part).items():
            assert sample.labels is None
            assert sample.trajectory.outcome == float(rows[number - 1]["human_label"])


def test_prmbench_leaks_into_prm800k_by_about_half(data_root):
    evaluation = loaded("prmbench")
    leaked = {leak.trajectory_id for leak in find_leaks(evaluation, loaded("prm800k_phase1"))}
    assert 0.5 < len(leaked) / len(evaluation) < 0.6
    shared = [t.id for _, t, _ in evaluation if t.provenance.detail["shares_prm800k_train"] == "true"]
    # Three rows ask a question that PRMBench wrote anew, and claim another original than PRM800K's.
    assert len(set(shared) - leaked) <= 3
