"""The command group, and what it says of a checkpoint."""

import json

import pytest
from click.testing import CliRunner

from prmkit import load_prm
from prmkit.cli.main import app
from prmkit.errors import DataError
from prmkit.model.spec import families
from prmkit.score.neighbours import neighbours, variants
from prmkit.score.selfcheck import selfcheck
from prmkit.types import Problem, Sample, StepLabels, Trajectory


def run(*args):
    return CliRunner().invoke(app, list(args), catch_exceptions=False, standalone_mode=False)


@pytest.fixture(scope="module")
def folder(tiny, qwen, tmp_path_factory):
    made = tmp_path_factory.mktemp("selfcheck") / "Skywork-tiny"
    extra = {"v_head.summary.weight": tiny.draw(1, 32), "v_head.summary.bias": tiny.draw(1)}
    return tiny.checkpoint(made, "qwen", qwen, extra)


def labelled(prm, count=30):
    """Steps labelled by the median of the checkpoint's own scores, so that its reading ranks perfectly."""
    rows = [[f"{i} + {j} = {i * j}" for j in range(4)] for i in range(count)]
    found = prm.score_steps("Add.", rows)
    level = sorted(v for row in found for v in row)[2 * count]
    samples = []
    for i, (steps, values) in enumerate(zip(rows, found, strict=True)):
        problem = Problem(f"p{i}", "Add.", cluster=f"p{i}")
        row = Trajectory.of_steps(f"t{i}", problem.id, steps)
        labels = tuple(float(v >= level) for v in values)
        samples.append(Sample(problem, row, StepLabels(row.id, row.digest, labels, labeler="test@1")))
    return samples


def test_specs_are_listed_and_shown():
    rows = json.loads(run("prm", "specs", "--json").output)
    assert [row["name"] for row in rows] == list(families())
    assert {"formula parity", "beside code", "card's example", "published figures"} == set(rows[0]["levels"])
    shown = run("prm", "specs", "qwen2.5-math-prm").output
    for word in ("73.5", "<extra_0>", "2501.07301", "never run"):
        assert word in shown
    assert "stays off" in run("prm", "specs", "ursa").output
    assert "layout only" in run("prm", "specs").output


def test_score_takes_a_family(folder, tmp_path):
    rows = tmp_path / "in.jsonl"
    rows.write_text(json.dumps({"id": "t", "problem": {"id": "p", "text": "2 + 3?"}, "steps": ["5", "so 5"]}))
    told = run("score", "--spec", "skywork", "--prm", str(folder), "--in", str(rows), "--json")
    values = json.loads(told.output)[0]["values"]
    assert values == pytest.approx(load_prm(folder, spec="skywork").score_steps("2 + 3?", [["5", "so 5"]])[0])


def test_without_labels_little_is_settled(folder):
    found = {one.check: one for one in selfcheck("skywork", folder)}
    assert found["opens"].status == "ok"
    assert found["published figures"].status == "not known"
    assert found["neighbouring readings"].status == "not known"
    assert found["card's example"].text == "no published example is held"


def test_another_reading_that_ranks_better_is_named(folder):
    prm = load_prm(folder, spec="skywork")
    samples = labelled(prm)
    own, *others = neighbours(prm, samples)
    assert own.auroc.value == 1.0
    assert all(other.auroc is None or other.auroc.value <= 1 for other in others)
    found = selfcheck("skywork", folder, {"own": samples})
    assert {one.status for one in found} <= {"ok", "not known"}
    turned = [
        Sample(
            s.problem,
            s.trajectory,
            StepLabels(s.trajectory.id, s.trajectory.digest, labels, labeler="test@1"),
        )
        for s, one in zip(samples, earlier(prm, samples), strict=True)
        for labels in [one]
    ]
    warned = [one for one in selfcheck("skywork", folder, {"earlier": turned}) if one.status == "warning"]
    assert "reading: read one token earlier" in [one.check for one in warned]


def earlier(prm, samples):
    """Labels by the median of what stands one token before the marks."""
    from dataclasses import replace

    other = replace(prm, spec=replace(prm.spec, read_offset=-1))
    values = [one.values for one in other.score_many(samples)]
    level = sorted(v for row in values for v in row)[2 * len(samples)]
    return [tuple(float(v >= level) for v in row) for row in values]


def test_published_figures_need_the_right_checkpoint_and_all_parts(folder, tiny, qwen, tmp_path):
    shapes = {"0.weight": (32, 32), "0.bias": (32,), "2.weight": (2, 32), "2.bias": (2,)}
    tensors = {f"score.{n}": tiny.draw(*s, seed=i) for i, (n, s) in enumerate(shapes.items())}
    made = tiny.checkpoint(tmp_path / "Qwen2.5-Math-PRM-7B", "qwen", qwen, tensors)
    samples = labelled(load_prm(made, spec="qwen2.5-math-prm"))
    found = {one.check: one for one in selfcheck("qwen2.5-math-prm", made, {"a": samples})}
    assert "average over 4 parts; 1 given" in found["published figures"].text
    assert found["token ids"].status == "warning"
    assert "released as 151651" in found["token ids"].text
    four = {one.check: one for one in selfcheck("qwen2.5-math-prm", made, dict.fromkeys("abcd", samples))}
    assert four["published figures"].status == "failed"
    assert "published 73.5" in four["published figures"].text
    unlabelled = [Sample(one.problem, one.trajectory) for one in samples]
    with pytest.raises(DataError, match="labels for them"):
        selfcheck("qwen2.5-math-prm", made, {"a": unlabelled})


def test_the_command_says_the_same(folder, tmp_path):
    told = run("prm", "selfcheck", "skywork", "--prm", str(folder), "--json")
    assert told.return_value == 0
    assert {row["status"] for row in json.loads(told.output)} == {"ok", "not known"}
    assert "no published example is held" in run("prm", "selfcheck", "skywork", "--prm", str(folder)).output


def test_every_neighbour_differs_in_what_it_renders_or_reads():
    for one in families().values():
        for name, spec in variants(one.spec):
            assert spec != one.spec, (one.name, name)
