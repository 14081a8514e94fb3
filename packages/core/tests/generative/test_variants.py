"""Generative variants by settings, command and workflow: what is learned, and what is refused."""

import json
from dataclasses import replace

import pytest

from prmkit import load_prm
from prmkit.cli.main import main
from prmkit.config import from_mapping
from prmkit.errors import AlignmentError, ConfigError, RecordError
from prmkit.label.critiques import Judged
from prmkit.model.spec import family
from prmkit.records import read_parquet, sample_to_dict, write_jsonl
from prmkit.score.scorer import used
from prmkit.train.critic import asked, judged_of, learnable
from prmkit.train.fit import fit
from prmkit.train.settings import FitSettings
from prmkit.types import Critique, StepScores, Verdict
from prmkit.workflow import run_workflow


@pytest.fixture(scope="module")
def folder(tmp_path_factory, network, tokenizer):
    """The model that training begins with."""
    place = tmp_path_factory.mktemp("language-model")
    network().save_pretrained(place)
    tokenizer.save_pretrained(place)
    return place


@pytest.fixture
def files(task, tmp_path):
    """Solutions with labels and outcomes, and critiques of them, one of which is wrong."""
    samples, told = [one.sample for one in task], [one.critique for one in task]
    lines = [sample_to_dict(one) for one in samples]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    write_jsonl(tmp_path / "critiques.jsonl", [*told[:-1], replace(told[-1], text=task[2].critique.text)])
    return tmp_path / "rows.jsonl", tmp_path / "critiques.jsonl"


def settings(folder, variant, **given):
    return from_mapping(FitSettings, {"backbone": str(folder), "variant": variant, "max_steps": 2, **given})


@pytest.mark.parametrize(
    ("variant", "given"),
    [
        ("gprm", {}),
        ("gorm", {"layout": "packed", "rules": "all"}),
        ("gprm", {"lora_rank": 2, "rules": "thinkprm", "balance": True}),
        ("gprm", {"optimizer": "muon", "frozen": 1, "max_tokens": 900}),
    ],
)
def test_by_settings(variant, given, folder, task, tmp_path):
    result = fit(
        settings(folder, variant, **given), task, tmp_path / "prm", scratch=tmp_path / "scratch", seed=0
    )
    assert (result["updates"], result["given"], result["kept"]) == (2, 6, 6)
    prm = load_prm(tmp_path / "prm")
    assert prm.spec.name == ("thinkprm" if variant == "gprm" else "thinkprm-gorm")
    assert prm.spec.aggregate == "mean"
    assert prm.spec.target == ("steps" if variant == "gprm" else "outcome")
    assert prm.spec.max_tokens == given.get("max_tokens", 16384)
    if variant == "gprm":
        assert load_prm(tmp_path / "prm", "thinkprm").spec == prm.spec


def test_a_gprm_learns_solutions_that_end_at_their_first_error(task, judged):
    row = judged("x", [True, False])
    long = row.sample.trajectory
    longer = type(long).of_steps("x", long.problem_id, ["ok", "bad", "ok"], outcome=0.0)
    labels = type(row.sample.labels).until_first_error(longer, 1, "test@1")
    critique = replace(
        row.critique,
        steps_digest=longer.digest,
        verdicts=(Verdict.UNKNOWN,) * 3,  # a record that was never read: the text says it
        trajectory_verdict=Verdict.UNKNOWN,
    )
    whole = Judged(type(row.sample)(row.sample.problem, longer, labels), critique)
    spec = family("thinkprm").spec
    (made,), counts = learnable([whole], spec, settings("", "gprm"), 0)
    assert [step.text for step in made.sample.trajectory.steps] == ["ok", "bad"]
    assert made.critique.verdicts == (Verdict.HOLDS, Verdict.FAILS)
    assert counts == {"given": 1, "kept": 1}
    (made,), _ = learnable([whole], spec, settings("", "gorm"), 0)
    assert len(made.sample.trajectory.steps) == 3
    assert made.critique.trajectory_verdict is Verdict.FAILS


def test_rules_follow_variant_and_words(task, judged):
    """Multi-RM's rules by themselves; a thought must be closed only where one is opened."""
    spec = family("thinkprm").spec
    open_ended = judged("a", [True], text="Step 1: \\boxed{correct}\nIs the solution correct? Yes")
    with pytest.raises(RecordError, match="'format': 1"):
        learnable([open_ended], spec, settings("", "gprm"), 0)
    kept, _ = learnable([open_ended], replace(spec, opening=""), settings("", "gprm"), 0)
    assert len(kept) == 1
    wrong = replace(task[1].critique, text=task[0].critique.text)
    with pytest.raises(RecordError, match="'disagrees': 1"):
        learnable([Judged(task[1].sample, wrong)], spec, settings("", "gorm"), 0)
    free = replace(task[0].critique, text="A thought.</think> Fine.", verdicts=(Verdict.UNKNOWN,))
    said = Judged(task[0].sample, replace(free, trajectory_verdict=Verdict.HOLDS))
    assert len(learnable([said], spec, settings("", "gorm"), 0)[0]) == 1
    with pytest.raises(RecordError, match="'undecided': 1"):
        learnable([said], spec, settings("", "gprm"), 0)


def test_what_is_refused(folder, task, tmp_path):
    places = (tmp_path / "prm",)
    for change, rows, message in (
        ({}, [task[0].sample], "from written verifications"),
        ({"spec": "trl"}, task, "has the head"),
        ({"optimizer": "muon", "lora_rank": 2}, task, "adapters are added after"),
        ({"view": "prefix"}, task, "'view' means nothing"),
    ):
        wanted = settings(folder, "gprm", **change)
        with pytest.raises(ConfigError, match=message):
            fit(wanted, rows, *places, scratch=tmp_path / "scratch", seed=0)
    assert asked(settings(folder, "gprm", max_tokens=77)).max_tokens == 77
    other = replace(task[0].critique, trajectory_id="nobody")
    with pytest.raises(AlignmentError, match="'nobody' is not there"):
        list(judged_of([other], [task[0].sample]))
    cut = replace(task[0].critique, steps_digest="0" * 16)
    with pytest.raises(AlignmentError, match="is cut otherwise"):
        list(judged_of([cut], [task[0].sample]))


def test_how_a_model_is_asked_in_use(folder, files, tmp_path, capsys):
    prm = load_prm(folder, "thinkprm")
    assert used(prm, samples=3, temperature=0.5, max_new_tokens=4) is prm
    assert (prm.samples, prm.rounds, prm.temperature, prm.writer.max_new_tokens) == (3, 1, 0.5, 4)
    for how, message in (
        ({"temperature": 0.0, "samples": 2}, "are all the same"),
        ({"samples": -1}, "no number below 0"),
        ({"exit_at": 0.5}, "has no exits"),
    ):
        with pytest.raises(ConfigError, match=message):
            used(load_prm(folder, "thinkprm"), **how)
    rows, _ = files
    given = ["score", "--prm", folder, "--spec", "thinkprm", "--in", rows, "--samples", 2, "--json"]
    with pytest.raises(SystemExit) as left:
        main(list(map(str, given)))
    assert left.value.code == 1
    assert "set a temperature above 0" in capsys.readouterr().err


def test_by_command(folder, files, tmp_path, capsys):
    rows, critiques = files

    def call(*more):
        given = ["--backbone", folder, "--in", rows, "--out", tmp_path / "prm", "--set", "max_steps=1"]
        with pytest.raises(SystemExit) as left:
            main(["train", *map(str, [*given, "--json", *more])])
        said = capsys.readouterr()
        return left.value.code, said.out, said.err

    code, out, err = call("--variant", "gprm", "--critiques", critiques)
    assert code == 0, err
    told = json.loads(out)
    assert (told["kept"], told["undecided"], told["trajectories"]) == (5, 1, 5)
    assert load_prm(tmp_path / "prm").spec.name == "thinkprm"
    for more in (
        ["--variant", "gprm"],
        ["--critiques", critiques],
        ["--variant", "dorm", "--critiques", critiques],
    ):
        code, _, err = call(*more)
        assert (code, "--variant gprm" in err and "--critiques" in err) == (2, True)


PLAN = """
stages:
  rows: {{uses: load, with: {{file: {rows}}}}}
  told: {{uses: read, with: {{kind: {kind}, file: {file}}}}}
  model:
    uses: train
    inputs: {{samples: rows, {kind}: told}}
    with: {{backbone: {backbone}, max_steps: 1, batch_tokens: 512, {more}}}
"""


def run(tmp_path, **given):
    (tmp_path / "plan.yaml").write_text(PLAN.format(**given))
    run_workflow(tmp_path / "plan.yaml", tmp_path / "run")
    return tmp_path / "run" / "prm" / "model"


def test_critiques_in_a_workflow(folder, files, tmp_path):
    rows, critiques = files
    given = {"rows": rows, "file": critiques, "kind": "critiques", "backbone": folder}
    prm = load_prm(run(tmp_path, **given, more="variant: gorm"))
    assert prm.spec.name == "thinkprm-gorm"
    lines = [json.loads(one) for one in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    (told,) = [one for one in lines if "train_updates" in one]
    assert (told["train_given"], told["train_kept"], told["train_disagrees"]) == (6, 5, 1)
    with pytest.raises(ConfigError, match="give input and variant together"):
        run(tmp_path, **given, more="variant: dorm")


def test_a_model_verifies_and_another_learns_from_it(folder, files, tmp_path):
    rows, _ = files
    (tmp_path / "plan.yaml").write_text(f"""
stages:
  rows: {{uses: load, with: {{file: {rows}}}}}
  told:
    uses: critique
    inputs: {{samples: rows}}
    with: {{prm: {folder}, spec: thinkprm, samples: 2, rounds: 2, max_new_tokens: 4}}
  model:
    uses: train
    inputs: {{samples: rows, critiques: told}}
    with: {{backbone: {folder}, variant: gorm, rules: all, max_steps: 1, batch_tokens: 512}}
  again: {{uses: critique, split: again, inputs: {{samples: rows, prm: model}}, with: {{max_new_tokens: 4}}}}
  few: {{uses: load, split: few, with: {{file: {rows}, limit: 1}}}}
  scores:
    uses: score
    split: few
    inputs: {{samples: few, prm: model}}
    with: {{samples: 2, rounds: 2, temperature: 0.7, max_new_tokens: 4}}
""")
    run_workflow(tmp_path / "plan.yaml", tmp_path / "run")
    found = list(read_parquet(Critique, tmp_path / "run" / "records" / "main" / "critiques"))
    assert [one.sample for one in found] == [0, 1] * 6
    assert all("Let me double check." in one.text for one in found)
    assert load_prm(tmp_path / "run" / "prm" / "model").spec.name == "thinkprm-gorm"
    assert len(list(read_parquet(Critique, tmp_path / "run" / "records" / "again" / "critiques"))) == 6
    (scores,) = read_parquet(StepScores, tmp_path / "run" / "records" / "few" / "scores-scores")
    assert 0 < scores.trajectory_value < 1
