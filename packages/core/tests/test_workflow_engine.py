"""The engine with cheap parts: what is run, what is used again, and that no kill changes a digest."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from prmkit.errors import ConfigError, StorageError, UnknownNameError, WorkflowError
from prmkit.registry import Registry
from prmkit.workflow import Context, Part, Place, prepare, run_workflow
from prmkit.workflow import folder as run_folder
from prmkit.workflow.plan import stage_seed

# ---------------------------------------------------------------- cheap parts


@dataclass(frozen=True)
class DrawConfig:
    """Numbers to draw."""

    n: int = 5
    pause: float = 0.0


@dataclass(frozen=True)
class AddConfig:
    """What is added."""

    amount: int = 1
    file: str = ""
    options: Mapping[str, int] = field(default_factory=dict)


def draw(context: Context) -> None:
    rng = random.Random(context.seed)
    with context.output().open("w") as out:
        for position in range(context.config.n):
            out.write(f"{rng.random()}\n")
            out.flush()
            time.sleep(context.config.pause)
            context.progress(position + 1, context.config.n)
    context.metric(numbers=context.config.n)


def add(context: Context) -> None:
    place = context.output("sums")
    place.mkdir()
    for name, path in context.sources["numbers"]:
        for number, line in enumerate(path.read_text().split(), 1):
            time.sleep(0.0005)
            if float(line) < 0.05:
                context.quarantine(name, number, "too small")
            (place / f"{name}-{number}").write_text(str(float(line) + context.config.amount))
    context.output("count").write_text(str(len(list(place.iterdir()))))


def total(context: Context) -> None:
    before = context.input("before").read_text() if context.has("before") else "0"
    files = [f for _, path in context.sources["sums"] for f in sorted(path.iterdir())]
    context.output().write_text(str(float(before) + sum(float(f.read_text()) for f in files)))


def full(context: Context) -> None:
    context.output().write_text("half")
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(context.output()))


def lazy(context: Context) -> None:
    pass


def number_file(place: Place) -> dict[str, str]:
    return {"numbers": f"records/{place.split}/numbers.txt"}


def external(config: AddConfig) -> list[Path]:
    return [Path(config.file)] if config.file else []


DRAW = Part(DrawConfig, number_file, draw)
ADD = Part(
    AddConfig,
    lambda p: {"sums": f"records/{p.split}/sums", "count": f"records/{p.split}/count"},
    add,
    needs=("numbers",),
    external=external,
)
TOTAL = Part(
    AddConfig,
    lambda p: {"total": f"totals/{p.stage}"},
    total,
    needs=("sums",),
    takes=("before",),
)
FULL = Part(AddConfig, lambda p: {"x": f"x/{p.stage}"}, full)
LAZY = Part(AddConfig, lambda p: {"x": f"x/{p.stage}"}, lazy)


class Table(Registry):
    """A registry that holds parts themselves."""

    def __init__(self, **parts: Part) -> None:
        super().__init__("stage part", dict.fromkeys(parts, "x:y"), provider="test")
        self.parts = parts

    def __getitem__(self, name: str) -> Part:
        return self.parts[name] if name in self.parts else super().__getitem__(name)


PARTS = Table(draw=DRAW, add=ADD, total=TOTAL, full=FULL, lazy=LAZY)

STORY = """
name: story
seed: 3
stages:
  first: {uses: draw, split: a, with: {n: 6}}
  second: {uses: draw, split: b, with: {n: 4}}
  plus: {uses: add, split: a, inputs: {numbers: [first, second]}}
  start: {uses: total, inputs: {sums: plus}}
  rounds:
    repeat: 3
    first: {sum: start}
    stages:
      more: {uses: draw, split: round}
      grow: {uses: add, split: round, inputs: {numbers: more}}
      sum: {uses: total, inputs: {sums: grow, before: sum@previous}}
  end: {uses: total, inputs: {sums: plus, before: sum}}
presets:
  smoke: {draw.n: 2, rounds.repeat: 1}
  slow: {draw.pause: 0.002, draw.n: 8}
"""


@pytest.fixture
def story(tmp_path: Path) -> Path:
    path = tmp_path / "story.yaml"
    path.write_text(STORY)
    return path


def statuses(summary) -> dict[str, str]:
    return {stage.name: stage.status for stage in summary.stages}


def digests(out: Path) -> dict[str, dict[str, str]]:
    return {
        path.name: json.loads(path.read_text())["outputs"]
        for path in sorted((out / "stages").glob("*.done.json"))
    }


def go(story: Path, out: Path, **options):
    return run_workflow(story, out, parts=PARTS, **options)


# ---------------------------------------------------------------- running


def test_rounds_are_written_out_and_hand_on(story: Path, tmp_path: Path) -> None:
    summary = go(story, tmp_path / "run")
    names = [stage.name for stage in summary.stages]
    assert names[4:8] == ["more-1", "grow-1", "sum-1", "more-2"]
    assert names[-1] == "end"
    out = tmp_path / "run"
    assert (out / "records" / "round-2" / "numbers.txt").exists()
    totals = {name: float((out / "totals" / name).read_text()) for name in ("start", "sum-1", "sum-3", "end")}
    grown = [float(f.read_text()) for f in (out / "records" / "round-1" / "sums").iterdir()]
    assert totals["sum-1"] == pytest.approx(totals["start"] + sum(grown))
    assert totals["end"] == pytest.approx(totals["sum-3"] + totals["start"])


def test_second_run_does_nothing(story: Path, tmp_path: Path) -> None:
    go(story, tmp_path / "run")
    assert set(statuses(go(story, tmp_path / "run")).values()) == {"reused"}


def test_changed_setting_reruns_what_depends_on_it(story: Path, tmp_path: Path) -> None:
    go(story, tmp_path / "run")
    after = statuses(go(story, tmp_path / "run", sets=["plus.amount=2"]))
    assert {name for name, status in after.items() if status == "ran"} == {
        "plus", "start", "sum-1", "sum-2", "sum-3", "end",
    }  # fmt: skip


def test_equal_output_stops_the_rerun(story: Path, tmp_path: Path) -> None:
    go(story, tmp_path / "run")
    after = statuses(go(story, tmp_path / "run", sets=["first.pause=0.0001"]))
    assert [name for name, status in after.items() if status == "ran"] == ["first"]


def test_from_runs_a_stage_and_what_follows_again(story: Path, tmp_path: Path) -> None:
    go(story, tmp_path / "run")
    after = statuses(go(story, tmp_path / "run", start="sum-3"))
    assert [name for name, status in after.items() if status == "ran"] == ["sum-3", "end"]
    with pytest.raises(WorkflowError, match="did you mean 'sum-3'"):
        go(story, tmp_path / "run", start="sum-33")


def test_seed_of_a_stage_depends_on_seed_and_name_only(story: Path, tmp_path: Path) -> None:
    _, stages = prepare(story, parts=PARTS)
    assert {s.name: s.seed for s in stages}["first"] == stage_seed(3, "first")
    go(story, tmp_path / "a")
    go(story, tmp_path / "b", sets=["seed=4"])
    first, other = digests(tmp_path / "a"), digests(tmp_path / "b")
    assert first.keys() == other.keys()
    assert first["first.done.json"] != other["first.done.json"]


def test_preset_and_shorter_plan_leave_nothing_stale(story: Path, tmp_path: Path) -> None:
    go(story, tmp_path / "run")
    go(story, tmp_path / "run", preset="smoke")
    assert not (tmp_path / "run" / "totals" / "sum-3").exists()
    assert not (tmp_path / "run" / "stages" / "sum-2.done.json").exists()
    metrics = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert metrics == [{"stage": name, "numbers": 2} for name in ("first", "second", "more-1")]


def test_config_is_complete_and_runs_itself(story: Path, tmp_path: Path) -> None:
    go(story, tmp_path / "run", sets=["plus.amount=5"])
    written = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())
    assert written["stages"]["plus"]["with"] == {"amount": 5, "file": "", "options": {}}
    go(tmp_path / "run" / "config.yaml", tmp_path / "again")
    assert digests(tmp_path / "again") == digests(tmp_path / "run")


def test_manifest_says_what_and_where_without_names_of_machine(story: Path, tmp_path: Path) -> None:
    go(story, tmp_path / "run")
    text = (tmp_path / "run" / "manifest.json").read_text()
    manifest = json.loads(text)
    assert manifest["finished"]
    assert manifest["stages"]["first"]["seed"] == stage_seed(3, "first")
    assert manifest["machine"]["cores"] >= 1
    assert os.uname().nodename not in text
    assert str(tmp_path) not in text


def test_quarantine_is_kept_and_counted(story: Path, tmp_path: Path) -> None:
    summary = go(story, tmp_path / "run", sets=["draw.n=200"])
    rows = [
        json.loads(line)
        for file in sorted((tmp_path / "run" / "quarantine").glob("*.jsonl"))
        for line in file.read_text().splitlines()
    ]
    assert len(rows) == summary.quarantined > 0
    assert set(rows[0]) == {"file", "row", "reason"}


def test_external_file_is_an_input(story: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.txt"
    table.write_text("1")
    options = {"sets": [f"plus.file={table}"]}
    go(story, tmp_path / "run", **options)
    assert statuses(go(story, tmp_path / "run", **options))["plus"] == "reused"
    table.write_text("2")
    assert statuses(go(story, tmp_path / "run", **options))["plus"] == "ran"
    with pytest.raises(WorkflowError, match="reads a file that is not there"):
        go(story, tmp_path / "run", sets=["plus.file=nowhere.txt"])


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize("stage", ["", "plus"])
def test_file_changed_between_stages_is_named(story: Path, tmp_path: Path, stage: str) -> None:
    out = tmp_path / "run"
    go(story, out)
    (out / "records" / "a" / "numbers.txt").write_text("0.5\n")
    with pytest.raises(StorageError, match=r"numbers\.txt: was changed.*\n.*--from first"):
        go(story, out, start=stage)
    go(story, out, start="first")


def test_removed_output_is_named(story: Path, tmp_path: Path) -> None:
    go(story, tmp_path / "run")
    run_folder.remove(tmp_path / "run" / "records" / "a" / "sums")
    with pytest.raises(StorageError, match="was removed after stage 'plus' wrote it"):
        go(story, tmp_path / "run")


@pytest.mark.parametrize(
    ("sets", "error", "message"),
    [
        (["plus.amuont=1"], ConfigError, "plus.amuont.*did you mean 'amount'"),
        (["pluss.amount=1"], ConfigError, "no stage is called 'pluss'.*did you mean 'plus'"),
        (["plus.amount=many"], ConfigError, "plus.amount"),
        (["plus"], ConfigError, "sets nothing"),
        (["plus=1"], ConfigError, "names no setting"),
        (["rounds.again=1"], ConfigError, "a group has no 'again'"),
        (["seed=x"], ConfigError, "no whole number"),
    ],
)
def test_wrong_override(story: Path, tmp_path: Path, sets, error, message: str) -> None:
    with pytest.raises(error, match="(?s)" + message):
        go(story, tmp_path / "run", sets=sets)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("stages: [", ConfigError, "w.yaml: not YAML"),
        ("stages: {a: {uses: draw}, a: {uses: draw}}", ConfigError, "w.yaml: key 'a' stands twice"),
        ("name: x", WorkflowError, "has no stages"),
        ("stage: {}\nstages: {}", ConfigError, "no 'stage'.*did you mean 'stages'"),
        ("stages: {a: {use: draw}}", ConfigError, "no 'use'.*did you mean 'uses'"),
        ("stages: {a: {split: b}}", WorkflowError, "has no 'uses'"),
        ("stages: {a: {uses: drow}}", UnknownNameError, "did you mean 'draw'"),
        ("stages: {a: {uses: add}}", WorkflowError, "needs the input 'numbers'"),
        ("stages: {a: {uses: add, inputs: {numbers: b}}}", WorkflowError, "names no earlier stage: 'b'"),
        (
            "stages: {a: {uses: draw}, b: {uses: add, inputs: {numbers: a, digits: a}}}",
            WorkflowError,
            "takes no input 'digits'",
        ),
        (
            "stages: {a: {uses: draw}, b: {uses: add, inputs: {numbers: a.number}}}",
            WorkflowError,
            "writes no 'number'.*did you mean 'numbers'",
        ),
        ("stages: {a: {uses: draw}, b: {uses: draw}}", WorkflowError, "both write records/main/numbers.txt"),
        ("stages: {a: {uses: lazy}}", WorkflowError, "promised x/a and did not write it"),
        (
            "stages: {a: {uses: draw, when: {given: m}}}",
            ConfigError,
            "asks for 'm', which is no setting.*known: n, pause",
        ),
    ],
)
def test_wrong_workflow(tmp_path: Path, text: str, error, message: str) -> None:
    path = tmp_path / "w.yaml"
    path.write_text(text)
    with pytest.raises(error, match="(?s)" + message):
        go(path, tmp_path / "run")


def test_unknown_preset(story: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"(?s)no preset is called 'smok'.*did you mean 'smoke'"):
        go(story, tmp_path / "run", preset="smok")


def test_skips_spread_to_what_needs_them(tmp_path: Path) -> None:
    path = tmp_path / "w.yaml"
    path.write_text(
        "stages:\n"
        "  a: {uses: draw}\n"
        "  b: {uses: add, split: b, inputs: {numbers: a}, when: {given: file}}\n"
        "  c: {uses: total, inputs: {sums: b}}\n"
        "  d: {uses: add, split: d, inputs: {numbers: a}}\n"
        "  e: {uses: total, inputs: {sums: [b if run, d]}}\n"
    )
    summary = go(path, tmp_path / "run")
    assert statuses(summary) == {"a": "ran", "b": "skipped", "c": "skipped", "d": "ran", "e": "ran"}
    assert "file is not set" in summary.stages[1].reason
    assert "needs stage 'b'" in summary.stages[2].reason


def test_disk_full_leaves_the_stage_unfinished(tmp_path: Path) -> None:
    path = tmp_path / "w.yaml"
    path.write_text("stages: {a: {uses: draw}, b: {uses: full}}")
    with pytest.raises(StorageError, match=r"disk is full[\s\S]*free some space"):
        go(path, tmp_path / "run")
    assert list(digests(tmp_path / "run")) == ["a.done.json"]
    assert not (tmp_path / "run" / "x").exists()


def test_output_below_a_file(story: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(StorageError, match=r"choose (another|an) output folder"):
            go(story, out)


def test_two_runs_do_not_share_a_folder(story: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    context = multiprocessing.get_context("fork")
    ready, leave = context.Event(), context.Event()

    def hold() -> None:
        with run_folder.opened(out):
            ready.set()
            leave.wait(20)

    process = context.Process(target=hold)
    process.start()
    try:
        assert ready.wait(20)
        with pytest.raises(StorageError, match="another run works in this folder"):
            go(story, out)
    finally:
        leave.set()
        process.join()
    go(story, out)


# ---------------------------------------------------------------- kill -9


KILLS = 24


@pytest.mark.parametrize("jobs", [1, 2])
def test_kills_anywhere_change_no_digest(story: Path, tmp_path: Path, jobs: int) -> None:
    begun = time.perf_counter()
    go(story, tmp_path / "whole", preset="slow", jobs=jobs)
    duration = time.perf_counter() - begun
    expected = digests(tmp_path / "whole")
    rng = random.Random(0)
    context = multiprocessing.get_context("fork")
    out, kills, runs, moved_on = tmp_path / "killed", 0, 0, 0
    while kills < KILLS:
        process = context.Process(target=go, args=(story, out), kwargs={"preset": "slow", "jobs": jobs})
        process.start()
        process.join(rng.uniform(0, duration / (3 if jobs == 1 else 1.5)))
        before = len(list((out / "stages").glob("*.done.json")))
        if process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
            process.join()
            kills += 1
            moved_on = max(moved_on, before)
            continue
        assert process.exitcode == 0
        assert digests(out) == expected
        runs += 1
        run_folder.remove(out)
    go(story, out, preset="slow")
    assert digests(out) == expected
    assert moved_on > 0, "every kill came before the first stage was done"
    for path, digest in ((p, d) for done in expected.values() for p, d in done.items()):
        assert run_folder.digest(out / path) == digest
    leftovers = [p for p in out.rglob("*") if p.name.startswith(".") and p.name != run_folder.WORK]
    assert not leftovers
    assert [p.name for p in (out / run_folder.WORK).iterdir()] == ["lock"]


# ---------------------------------------------------------------- several stages at once


def test_several_at_once_write_the_same(story: Path, tmp_path: Path) -> None:
    events = []
    go(story, tmp_path / "one", preset="slow")
    go(story, tmp_path / "three", preset="slow", jobs=3, on_event=events.append)
    assert digests(tmp_path / "three") == digests(tmp_path / "one")
    for name in ("manifest.json", "metrics.jsonl", "config.yaml"):
        assert (tmp_path / "three" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()
    assert set(statuses(go(story, tmp_path / "three", preset="slow", jobs=3)).values()) == {"reused"}
    began = [event.stage for event in events if event.kind == "start"]
    ended = [event.stage for event in events if event.kind == "done"]
    assert began[:2] == ["first", "second"]
    assert "more-1" in began[: began.index("plus") + 3], "what needs nothing does not wait"
    assert sorted(began) == sorted(ended)
    assert {event.stage for event in events if event.kind == "progress"} >= {"first", "second"}


def test_error_in_another_process_is_raised_here(tmp_path: Path) -> None:
    path = tmp_path / "w.yaml"
    path.write_text("stages: {a: {uses: draw}, b: {uses: full}}")
    with pytest.raises(StorageError, match=r"disk is full[\s\S]*free some space"):
        go(path, tmp_path / "run", jobs=2)
    with pytest.raises(ConfigError, match="jobs"):
        go(path, tmp_path / "run", jobs=0)


def suicide(context: Context) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_death_of_a_process_names_its_stage(tmp_path: Path) -> None:
    path = tmp_path / "w.yaml"
    path.write_text("stages: {a: {uses: draw}, b: {uses: die, inputs: {numbers: a}}}")
    parts = Table(draw=DRAW, die=Part(AddConfig, lambda p: {"x": "x"}, suicide, needs=("numbers",)))
    with pytest.raises(WorkflowError, match=r"'b'[\s\S]*process that ran a stage died"):
        run_workflow(path, tmp_path / "run", parts=parts, jobs=2)
    assert list(digests(tmp_path / "run")) == ["a.done.json"]
