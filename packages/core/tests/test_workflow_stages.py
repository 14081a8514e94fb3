"""The parts of workflows on a few invented rows: what they read, write, count and refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prmkit.answer import boxed, extract_answer
from prmkit.errors import AlignmentError, ConfigError, DataError
from prmkit.plugins import DomainPlugin
from prmkit.records import read_parquet, sample_to_dict, write_jsonl, write_parquet
from prmkit.testkit.fakes import FakeGrader, FakePolicy
from prmkit.types import Code, Evidence, Problem, Provenance, Sample, StepLabels, Trajectory
from prmkit.workflow import PARTS, Context, Part, Place, run_workflow
from prmkit.workflow.stages import cost
from prmkit.workflow.stages import label as label_stage
from prmkit.workflow.stages import sample as sample_stage

STEPS = ["this is right", "that is wrong", "so what"]


def sample(name: str = "a", labels: tuple[float | None, ...] | None = None, **given) -> Sample:
    problem = Problem(id=f"p-{name}", text=f"Question number {name}?", reference="4", domain="math")
    trajectory = Trajectory.of_steps(f"t-{name}", problem.id, STEPS, **given)
    made = None
    if labels is not None:
        made = StepLabels(trajectory.id, trajectory.digest, labels, labeler="truth")
    return Sample(problem, trajectory, made)


def evidence(one: Sample, *verdicts: str) -> list[Evidence]:
    return [
        Evidence(
            one.trajectory.id,
            one.trajectory.digest,
            step,
            verdict,
            "fake/word@1",
            code=Code.NOT_APPLICABLE if verdict == "UNKNOWN" else Code.NONE,
        )
        for step, verdict in enumerate(verdicts)
    ]


def context(tmp_path: Path, part: Part, config, split: str = "main", **inputs: Path) -> Context:
    stage = "stage"
    for name in ("run", "work", "scratch"):
        (tmp_path / name).mkdir(exist_ok=True)
    return Context(
        stage=stage,
        seed=1,
        config=config,
        run=tmp_path / "run",
        work=tmp_path / "work",
        scratch=tmp_path / "scratch",
        outputs=part.outputs(Place(stage, split, config)),
        sources={role: ((path.name, path),) for role, path in inputs.items()},
    )


@pytest.mark.parametrize("name", PARTS)
def test_every_part_is_whole(name: str) -> None:
    try:
        part = PARTS[name]
    except Exception as error:  # a light install lacks the models' libraries
        pytest.skip(str(error))
    assert isinstance(part, Part)
    assert part.config.__doc__
    assert not set(part.needs) & set(part.takes)


# ---------------------------------------------------------------- labels


def labelled(tmp_path: Path, samples: list[Sample], found: list[Evidence], **config) -> list[StepLabels]:
    write_parquet(tmp_path / "samples", samples)
    write_parquet(tmp_path / "evidence", found, cls=Evidence)
    part = label_stage.LABEL
    made = context(
        tmp_path,
        part,
        label_stage.LabelConfig(**config),
        samples=tmp_path / "samples",
        evidence=tmp_path / "evidence",
    )
    part.run(made)
    labelled.metrics = made.metrics
    return list(read_parquet(StepLabels, made.output()))


def test_labels_follow_the_rule_and_keep_the_order(tmp_path: Path) -> None:
    rows = [sample("a"), sample("b"), sample("c")]
    found = evidence(rows[0], "HOLDS", "FAILS", "UNKNOWN") + evidence(rows[2], "FAILS", "UNKNOWN", "HOLDS")
    made = labelled(tmp_path, rows, found, claim_error=0.25)
    assert [m.trajectory_id for m in made] == ["t-a", "t-b", "t-c"]
    assert [m.values for m in made] == [(0.75, 0.0, None), (None, None, None), (0.0, None, None)]
    own = labelled(tmp_path, rows, found, claim_error=0.25, until_first_error=False)
    assert own[2].values == (0.0, None, 0.75)
    with pytest.raises(ConfigError, match="neither measured nor given"):
        labelled(tmp_path, rows, found)


def test_evidence_in_another_order_is_refused(tmp_path: Path) -> None:
    rows = [sample("a"), sample("b")]
    found = evidence(rows[1], "HOLDS", "HOLDS", "HOLDS") + evidence(rows[0], "FAILS", "FAILS", "FAILS")
    with pytest.raises(AlignmentError, match="evidence of 't-a' stands in another order"):
        labelled(tmp_path, rows, found, claim_error=0.1)


def test_claim_error_is_measured_on_samples_apart(tmp_path: Path) -> None:
    apart = [sample(str(i), labels=(1.0, 0.0, 1.0)) for i in range(4)]
    write_parquet(tmp_path / "apart", apart)
    write_parquet(tmp_path / "said", [e for s in apart for e in evidence(s, "HOLDS", "HOLDS", "UNKNOWN")])
    one = sample("a")
    write_parquet(tmp_path / "samples", [one])
    write_parquet(tmp_path / "evidence", evidence(one, "HOLDS", "UNKNOWN", "FAILS"))
    part = label_stage.LABEL
    roles = {"samples": "samples", "evidence": "evidence", "calibration": "apart"}
    with pytest.raises(ConfigError, match="give both inputs"):
        part.run(
            context(tmp_path, part, label_stage.LabelConfig(), **{k: tmp_path / v for k, v in roles.items()})
        )
    roles["calibration_evidence"] = "said"
    made = context(tmp_path, part, label_stage.LabelConfig(), **{k: tmp_path / v for k, v in roles.items()})
    part.run(made)
    (labels,) = read_parquet(StepLabels, made.output())
    assert labels.values == (0.5, None, 0.0)
    assert made.metrics[0]["claim_error_measured"]["n"] == 8


def test_rollouts_fill_silent_steps_and_no_others(tmp_path: Path, monkeypatch) -> None:
    asked: list[str] = []

    class Counted(FakePolicy):
        def complete(self, requests, *, n, seed, temperature=1.0):
            asked.extend(text for _, text in requests)
            return super().complete(requests, n=n, seed=seed, temperature=temperature)

    policy = Counted(replies=("The answer is 4.",))
    monkeypatch.setattr(label_stage, "policy_folder", lambda config: [tmp_path])
    monkeypatch.setattr(
        label_stage, "resolve", lambda spec: (lambda *a, **g: policy) if "policy" in spec else FakeGrader()
    )
    one = sample("a")
    (made,) = labelled(
        tmp_path,
        [one],
        evidence(one, "HOLDS", "UNKNOWN", "FAILS"),
        domain="math",
        rollouts=3,
        claim_error=0.2,
    )
    assert made.values == (0.8, 1.0, 0.0)
    assert made.detail["filled"] == [1]
    assert asked == ["this is right\nthat is wrong\n"]


def test_rollouts_read_answers_as_the_domain_does() -> None:
    programs = DomainPlugin(
        name="p", summary="", package="", parts={"task": {"answer": "prmkit.answer:boxed"}}
    )
    assert label_stage._extract(programs) is boxed
    assert label_stage._extract(DomainPlugin(name="q", summary="", package="")) is extract_answer


# ---------------------------------------------------------------- samples


def test_reader_grades_and_sets_empty_replies_aside(tmp_path: Path, monkeypatch) -> None:
    write_parquet(tmp_path / "problems", [sample("a"), sample("b")])
    policy = FakePolicy(replies=("2 + 2 = 4\nThe answer is 4.", "The answer is 5.", "  \n"))
    monkeypatch.setattr(sample_stage, "resolve", lambda spec: lambda *a, **g: policy)
    monkeypatch.setattr(sample_stage, "policy_folder", lambda config: [tmp_path / "policy"])
    part = sample_stage.SAMPLE
    made = context(tmp_path, part, sample_stage.SampleConfig("math", n=6), problems=tmp_path / "problems")
    monkeypatch.setattr(sample_stage.Reader, "__init__", _reader)
    part.run(made)
    rows = list(read_parquet(Sample, made.output()))
    assert len(rows) + len(made.quarantined) == 12
    assert made.quarantined
    assert all(row["reason"] == "the policy wrote nothing" for row in made.quarantined)
    assert {r.trajectory.outcome for r in rows} == {0.0, 1.0}
    assert {r.trajectory.final_answer for r in rows} == {"4", "5"}
    assert len({r.trajectory.id for r in rows}) == len(rows)
    wrote = cost.read(made.output())
    assert wrote == cost.Work(10, made.metrics[0]["tokens"], 12)


def _reader(self, plugin, *, system: str, seed: int) -> None:
    self._read = self._truth = None
    self._grade = FakeGrader()
    self._provenance = Provenance(source="policy", system=system, seed=seed)


# ---------------------------------------------------------------- scores and figures


def judged(tmp_path: Path, text: str, **options) -> dict:
    workflow = tmp_path / "w.yaml"
    workflow.write_text(text)
    run_workflow(workflow, tmp_path / "run", **options)
    return json.loads((tmp_path / "run" / "eval.json").read_text())


def write_samples(path: Path, rows: list[Sample]) -> Path:
    write_jsonl(path, [sample_to_dict(row) for row in rows])
    return path


def pool() -> list[Sample]:
    return [
        Sample(
            s.problem,
            Trajectory.of_steps(
                f"{s.trajectory.id}/{k}",
                s.problem.id,
                [f"{s.trajectory.id} step {k}", "The answer."],
                final_answer=str(4 + k),
                outcome=float(k == 0),
                provenance=Provenance(system="m", detail={"reward": -float(k)}),
            ),
        )
        for s in (sample(str(i)) for i in range(6))
        for k in range(3)
    ]


def test_given_scores_choose_and_leaked_rows_are_left_out(tmp_path: Path) -> None:
    rows = pool()
    file = write_samples(tmp_path / "rows.jsonl", rows)
    train = write_samples(tmp_path / "train.jsonl", rows[:3])
    record = judged(
        tmp_path,
        f"""
stages:
  rows: {{uses: load, with: {{file: {file}}}}}
  training: {{uses: load, split: training, with: {{file: {train}}}}}
  reward: {{uses: given, inputs: {{samples: rows}}, with: {{detail: reward}}}}
  absent: {{uses: load, split: absent, with: {{file: {file}}}, when: {{preset: full}}}}
  after: {{uses: given, split: absent, inputs: {{samples: absent}}, with: {{detail: reward}}}}
  judge:
    uses: evaluate
    inputs: {{samples: rows, scores: [reward, after if run], training: training}}
    with: {{domain: math, metrics: [best_of_n], draws: 100, baselines: false}}
  collect: {{uses: collect, inputs: {{evaluations: [judge]}}}}
""",
    )
    suite = record["suites"]["judge"]
    assert suite["n"] == 15
    assert suite["notes"][0].startswith("3 of 18 rows share")
    assert suite["scorers"]["reward"]["metrics"]["best_of_3"]["value"] == 1.0
    assert suite["scorers"]["single sample"]["metrics"]["best_of_3"]["value"] == pytest.approx(1 / 3)
    assert suite["stage"] == "judge"
    assert "cost" not in suite
    assert "accuracy at equal compute" not in {row["metric"] for row in suite["paired"]}
    assert record["not_run"] == [{"what": "absent", "why": "runs with --preset full only"}]


def test_cost_is_told_in_units_of_writing_and_unknown_where_nobody_counted(tmp_path: Path) -> None:
    samples, prm, given = (tmp_path / name for name in ("samples", "scores-prm", "scores-given"))
    for folder in (samples, prm, given):
        folder.mkdir()
    cost.write(prm, cost.Work(parameters=300, tokens=800, solutions=4))
    scorers = cost.folders([("a", prm), ("b", given)])
    assert cost.shares(samples, scorers) == {}
    assert cost.table(samples, scorers) == {
        "prm": {"parameters": 300, "tokens per solution": 200.0, "compute": cost.UNKNOWN}
    }
    # Writing: 100 parameters x 150 tokens each; scoring: 300 x 200, so four times as much.
    cost.write(samples, cost.Work(parameters=100, tokens=1200, solutions=8))
    assert cost.shares(samples, scorers) == {"prm": 4.0}
    told = cost.table(samples, scorers)
    assert told[cost.WRITING] == {"parameters": 100, "tokens per solution": 150.0, "compute": 1.0}
    assert told["prm"]["compute"] == 4.0
    assert "given" not in told


def test_given_scores_must_be_there(tmp_path: Path) -> None:
    file = write_samples(tmp_path / "rows.jsonl", pool())
    text = f"""
stages:
  rows: {{uses: load, with: {{file: {file}}}}}
  r: {{uses: given, inputs: {{samples: rows}}, with: {{detail: prize}}}}
"""
    with pytest.raises(DataError, match="carries no 'prize'"):
        judged(tmp_path, text)


def test_two_scorers_of_one_name_are_refused(tmp_path: Path) -> None:
    file = write_samples(tmp_path / "rows.jsonl", pool())
    text = f"""
stages:
  rows: {{uses: load, with: {{file: {file}}}}}
  again: {{uses: load, split: again, with: {{file: {file}}}}}
  one: {{uses: given, inputs: {{samples: rows}}, with: {{detail: reward, scorer: r}}}}
  two: {{uses: given, split: again, inputs: {{samples: again}}, with: {{detail: reward, scorer: r}}}}
  judge: {{uses: evaluate, inputs: {{samples: rows, scores: [one, two]}}, with: {{domain: math}}}}
"""
    with pytest.raises(AlignmentError, match="two scorers are called 'r'"):
        judged(tmp_path, text)


def test_load_takes_a_part_and_a_choice(tmp_path: Path) -> None:
    rows = pool()
    file = write_samples(tmp_path / "rows.jsonl", rows)
    workflow = tmp_path / "w.yaml"
    workflow.write_text(
        f"stages: {{rows: {{uses: load, with: {{file: {file}, limit: 2, select: {{reward: '-1.0'}}}}}}}}"
    )
    run_workflow(workflow, tmp_path / "run")
    found = list(read_parquet(Sample, tmp_path / "run/records/main/samples"))
    assert [s.trajectory.id for s in found] == ["t-0/1", "t-1/1"]
