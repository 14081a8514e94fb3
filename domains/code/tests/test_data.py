"""Readers: invented rows parse, bad rows are named, and labels sit on the lines that were meant."""

import functools
import gzip
import importlib
import json

import pytest

import prmkit
from prmkit.dataset import Row, open_dataset
from prmkit.errors import RecordError
from prmkit.manifest import inspect
from prmkit.registry import resolve
from prmkit_code.data.mbpp_plus_runs import verdicts
from prmkit_code.data.quixbugs import code_only
from prmkit_code.data.rows import differing
from prmkit_code.segmenters import cut_program

CODE = prmkit.domain("code")
PLAIN = {
    "task_id": "HumanEval/900",
    "entry_point": "twice",
    "prompt": "def twice(n):\n",
    "canonical_solution": "    return 2 * n\n",
    "test": "def check(candidate):\n    assert candidate(3) == 6\n",
}
# Rows of the files that are read before the one with the programs.
EARLIER = {
    "mbpp_plus_runs": [
        ("mbpp.jsonl.gz", {"task_id": 2000, "test_list": ["assert twice(1) == 2", "assert twice(2) == 4"]}),
        (
            "mbpp_plus.jsonl.gz",
            {
                "task_id": 2000,
                "entry_point": "twice",
                "canonical_solution": "def twice(n):\n    return 2 * n\n",
                "base_input": [[1], [2]],
                "plus_input": [[0]],
                "atol": 0,
            },
        ),
    ]
}

# name: samples, steps, labelled steps, of them wrong, rows set aside
COUNTS = {
    "humaneval": (76, 459, 0, 0, 0),
    "humaneval_10_runs": (2280, 18959, 0, 0, 0),
    "humaneval_codegen16b_100": (7600, 43149, 0, 0, 0),
    "humaneval_generated_tests": (71, 3024, 0, 0, 0),
    "humanevalpack_python": (152, 924, 761, 76, 0),
    "mbpp_test": (500, 3339, 0, 0, 0),
    "mbpp_train": (474, 3092, 0, 0, 0),
    "mbpp_plus": (419, 1730, 0, 0, 1),
    "mbpp_plus_runs": (532, 4645, 0, 0, 1),
    "mr_ben_coding": (116, 2892, 1733, 69, 0),
    "quixbugs": (80, 857, 735, 40, 0),
    "reflexion_humaneval": (74, 593, 0, 0, 0),
    "reflexion_mbpp": (794, 7082, 0, 0, 0),
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
    """(data set, file, invented row) of every set."""
    for name, spec in CODE.datasets.items():
        card = resolve(spec).card
        rows = invented(importlib.import_module(spec.partition(":")[0]))
        row = rows[-1] if name == "reflexion_mbpp" else rows[0]
        # A number of the test split makes the reader of the other split pass the row over.
        yield (
            name,
            card.files[-1].name.rpartition("/")[2],
            {**row, "task_id": 20} if name == "mbpp_test" else row,
        )


SHOWN = list(shown())


def parser(name):
    source = resolve(CODE.datasets[name])
    parse = source.parser()
    for file, row in EARLIER.get(name, [("humaneval.jsonl", PLAIN)]) if source.joined else ():
        list(parse(Row(file, 1, row)))
    return parse


@pytest.mark.parametrize(("name", "file", "row"), SHOWN, ids=[s[0] for s in SHOWN])
def test_invented_rows_parse(name, file, row):
    samples = list(parser(name)(Row(file, 7, row)))
    assert samples
    for problem, trajectory, labels in samples:
        assert trajectory.problem_id == problem.id
        assert problem.domain == "code"
        assert problem.provenance.row == trajectory.provenance.row == 7
        assert problem.provenance.licence == CODE.card(name).licence
        assert not problem.reference or str(problem.reference) not in problem.text
        if labels is not None:
            labels.check(trajectory)


@pytest.mark.parametrize(("name", "file", "row"), SHOWN, ids=[s[0] for s in SHOWN])
def test_bad_rows_are_refused(name, file, row):
    refusals = [
        refused(parser(name), Row(file, 7, damaged))
        for field in row
        for damaged in ({k: v for k, v in row.items() if k != field}, {**row, field: [[7.5]]})
    ]
    named = [error for error in refusals if error is not None]
    assert named, "no field is needed"
    assert all(isinstance(error, RecordError) for error in named), named
    assert {(error.file, error.row) for error in named} == {(file, 7)}
    assert all(error.field in row and error.do for error in named)


@pytest.mark.parametrize(("name", "file", "row"), SHOWN, ids=[s[0] for s in SHOWN])
def test_bad_rows_are_set_aside_and_the_run_goes_on(name, file, row, tmp_path):
    source = resolve(CODE.datasets[name])
    needed = next(f for f in row if refused(parser(name), Row(file, 2, {k: row[k] for k in row if k != f})))
    bad = ["{not JSON", json.dumps({k: row[k] for k in row if k != needed}), "[1, 2]"]
    written = {"humaneval.jsonl": [json.dumps(PLAIN)], file: [*bad, json.dumps(row)]}
    written |= {other: [json.dumps(early)] for other, early in EARLIER.get(name, [])}
    for card in source.card.files:
        path = tmp_path / source.card.path / card.name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = "".join(f"{line}\n" for line in written.get(path.name, [])).encode()
        path.write_bytes(gzip.compress(lines) if path.suffix == ".gz" else lines)
    dataset = open_dataset(source, folders=[tmp_path])
    assert list(dataset)
    assert [(one.file, one.row) for one in dataset.quarantine] == [(file, 1), (file, 2), (file, 3)]
    assert needed in dataset.quarantine[1].reason


def refused(parse, row):
    try:
        list(parse(row))
    except (RecordError, TypeError, ValueError, LookupError, AttributeError) as error:
        return error
    return None


def test_a_sample_without_its_problem_is_refused():
    parse = resolve(CODE.datasets["humaneval_10_runs"]).joined()
    with pytest.raises(RecordError, match="no problem is called"):
        list(parse(Row("runs.jsonl.gz", 1, {"task_id": "HumanEval/3"})))


def test_the_place_where_programs_differ():
    def steps(*lines):
        return cut_program("\n".join(lines), "line")

    right = steps("def f(a):", "    if a < 0:", "        return 0", "    return a")
    assert differing(steps("def f(a):", "    if a > 0:", "        return 0", "    return a"), right) == 1
    assert differing(steps("def f(a):", "    return a"), right) == 1
    assert differing(steps("def f(a):", "    if a < 0:", "        return 0"), right) == 2
    assert differing(right, right) is None


def test_the_comment_at_the_end_of_a_file_is_no_code():
    assert code_only("def f():\n    return 1\n\n\n'''\nnotes: def g()\n'''\n") == "def f():\n    return 1\n"


# ---------------------------------------------------------------- real files


@pytest.mark.parametrize("name", sorted(CODE.datasets))
def test_files_are_those_of_the_card(name, data_root):
    card = CODE.card(name)
    assert [state.faults for state in inspect(card, data_root / card.path)] == [()] * len(card.files)


@functools.cache
def loaded(name):
    dataset = CODE.load(name)
    return tuple(dataset), len(dataset.quarantine)


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_counts(name, data_root):
    del data_root
    samples, bad = loaded(name)
    values = [v for s in samples if s.labels for v in s.labels.values]
    labelled = [v for v in values if v is not None]
    steps = sum(len(s.trajectory.steps) for s in samples)
    assert (len(samples), steps, len(labelled), labelled.count(0.0), bad) == COUNTS[name]
    assert set(COUNTS) == set(CODE.datasets)


def first_wrong(sample):
    values = sample.labels.values
    index = values.index(0.0)
    assert set(values[:index]) <= {1.0}
    return sample.trajectory.steps[index].text


def test_humanevalpack_bug_is_the_line_that_differs(raw):
    samples = {
        s.trajectory.provenance.row: s for s in loaded("humanevalpack_python")[0] if s.trajectory.outcome == 0
    }
    changed = 0
    for number, row in enumerate(raw("code/humanevalpack_python/humanevalpack.jsonl"), 1):
        buggy, right = (
            [line for line in row[f].split("\n") if line.strip()]
            for f in ("buggy_solution", "canonical_solution")
        )
        line = first_wrong(samples[number])
        changed += line not in right and line in buggy
        assert buggy[: buggy.index(line)] == right[: buggy.index(line)] or line in right
    assert changed >= 66  # in the other rows whole lines are missing, moved or doubled


def test_quixbugs_line_is_code_and_not_the_closing_comment(raw):
    samples = {s.trajectory.provenance.row: s for s in loaded("quixbugs")[0] if s.trajectory.outcome == 0}
    for number, row in enumerate(raw("code/quixbugs/quixbugs.jsonl"), 1):
        if number in samples:
            lines = [
                i + 1 for i, t in enumerate(row["buggy"].split("\n")) if t == first_wrong(samples[number])
            ]
            near = {line + d for line in row["buggy_lines"] for d in (-1, 0, 1, 2)}
            assert near.intersection(lines)
            assert not first_wrong(samples[number]).lstrip().startswith("#")


def test_quixbugs_remarks_are_no_mistakes(data_root):
    del data_root
    lines = {s.problem.id: first_wrong(s) for s in loaded("quixbugs")[0] if s.trajectory.outcome == 0}
    assert lines["quixbugs/powerset"].strip().startswith("return")
    assert lines["quixbugs/possible_change"].strip().startswith("if")


def test_mbpp_plus_verdicts_fit_the_programs(data_root):
    del data_root
    found = {(s.trajectory.provenance.system, s.problem.cluster) for s in loaded("mbpp_plus_runs")[0]}
    recorded = {(system, f"mbpp/{n}") for system, said in verdicts().items() for n in said}
    assert recorded <= found
    assert len(recorded) == 514


def test_mr_ben_line_is_the_one_the_annotator_wrote(raw):
    samples = {s.trajectory.provenance.row: s for s in loaded("mr_ben_coding")[0]}
    silent = 0
    for number, row in enumerate(raw("code/mr_ben_coding/coding.jsonl"), 1):
        sample, named = samples[number], row["Model_Solution_First_Error_Step"].strip()
        if row["Model_Solution_Correctness"] == "correct":
            assert set(sample.labels.values) == {1.0}
        elif sample.labels is None:
            silent += 1
            assert not any(c.isalnum() for c in named)
        else:
            assert named.split("\n")[0].strip() in first_wrong(sample)
    assert silent == 10


def test_recorded_verdicts_are_outcomes(raw):
    found = {(s.trajectory.id): s.trajectory for s in loaded("humaneval_codegen16b_100")[0]}
    for row in raw("code/humaneval_codegen16b_100/samples.jsonl.gz"):
        for number, (body, passed) in enumerate(zip(row["samples"], row["passed"], strict=True)):
            t = found[f"humaneval_codegen16b_100/{row['task_id']}/{number}"]
            assert (t.text, t.outcome) == (body, float(passed))


def test_the_two_splits_of_mbpp_share_no_problem(data_root):
    del data_root
    ids = [{s.problem.cluster for s in loaded(name)[0]} for name in ("mbpp_test", "mbpp_train")]
    assert (len(ids[0]), len(ids[1]), ids[0] & ids[1]) == (500, 474, set())
    assert all(s.problem.context["entry_point"] for s in loaded("mbpp_test")[0])
