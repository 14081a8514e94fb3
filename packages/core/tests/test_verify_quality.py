"""Errata, and the quality table that every domain shares."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

import pytest
from click.testing import CliRunner

from prmkit.cards import DatasetCard, FileCard
from prmkit.contracts import Finding
from prmkit.dataset import Source
from prmkit.errors import DataError, RecordError
from prmkit.plugins import DomainPlugin
from prmkit.types import Code, Evidence, Problem, Sample, StepLabels, Trajectory, Verdict
from prmkit.verify import errata
from prmkit.verify.answers import by_class, measure_answers
from prmkit.verify.quality import ALL, TOGETHER, Part, figures, has, judge, lacks, measure_all
from prmkit.verify.quality_command import command, plain
from prmkit.verify.quality_table import END, START, put, section, table


def sample(steps, values, *, name="t", convention="until_first_error", reference=None):
    trajectory = Trajectory.of_steps(name, "p", steps)
    labels = StepLabels(name, trajectory.digest, tuple(values), convention=convention)
    return Sample(Problem("p", "How many?", reference=reference), trajectory, labels)


def erratum(step, text, corrected=0.0, **fields):
    base = {"row": "t", "label": 1.0, "proof": {"left": "2+2", "right": "5"}, "adjudication": "read"}
    return errata.Erratum(step=step, digest=errata.digest_of(text), corrected=corrected, **(base | fields))


@dataclass(frozen=True)
class Echo:
    """Says of a step what stands in it."""

    name: str = "toy/echo"
    version: int = 1
    scope: str = "claim"
    needs_reference: bool = False
    tools: tuple[str, ...] = ()

    def check(self, problem, trajectory):
        return [self.judge(trajectory.steps[i].text) for i in trajectory.scored]

    def judge(self, text):
        verdict = {"good": Verdict.HOLDS, "bad": Verdict.FAILS}.get(text, Verdict.UNKNOWN)
        return Finding(verdict, code=Code.NONE if verdict != Verdict.UNKNOWN else Code.NOT_APPLICABLE)


# ------------------------------------------------------------------ errata


def test_labels_end_at_a_newly_found_first_error():
    before = sample(["2 + 2 = 5", "3 + 3 = 6", "1 + 1 = 3"], [1.0, 1.0, 0.0])
    after = errata.correct(before, {"t": [erratum(0, "2 + 2 = 5")]})
    assert after.labels.values == (0.0, None, None)
    assert after.labels.check(after.trajectory)
    own = sample(["2 + 2 = 5", "3 + 3 = 6"], [1.0, 1.0], convention="own_merit")
    assert errata.correct(own, {"t": [erratum(0, "2 + 2 = 5")]}).labels.values == (0.0, 1.0)


def test_a_step_shown_to_be_right_leaves_the_rest_unlabelled():
    before = sample(["2 + 2 = 4", "done"], [0.0, None])
    after = errata.correct(before, {"t": [erratum(0, "2 + 2 = 4", corrected=1.0, label=0.0)]})
    assert after.labels.values == (1.0, None)


def test_errata_of_another_text_or_row_change_nothing():
    before = sample(["2 + 2 = 5"], [1.0])
    assert errata.correct(before, {"t": [erratum(0, "another text")]}).labels.values == (1.0,)
    assert errata.correct(before, {"u": [erratum(0, "2 + 2 = 5")]}) == before
    assert errata.correct(before, {"t": [erratum(7, "2 + 2 = 5")]}).labels.values == (1.0,)


def test_files_round_trip_and_bad_lines_are_named(tmp_path):
    entries = [erratum(1, "b"), erratum(0, "a")]
    errata.write(tmp_path / "set.jsonl", entries)
    assert errata.read(tmp_path) == {"set": sorted(entries, key=lambda one: one.step)}
    (tmp_path / "bad.jsonl").write_text('{"row": "t"}\n')
    with pytest.raises(RecordError, match=r"bad\.jsonl.*Erratum"):
        errata.read(tmp_path)


# ------------------------------------------------------------------ the table


def parse(row):
    trajectory = Trajectory.of_steps(row.data["id"], "p", row.data["steps"])
    labels = StepLabels(trajectory.id, trajectory.digest, tuple(row.data["labels"]))
    yield Sample(Problem("p", "?", reference=row.data.get("reference")), trajectory, labels)


SOURCE = Source(
    DatasetCard("toy", "toy", (FileCard("rows.jsonl", 3),), "invented", "none", "program", "problem"), parse
)
PLUGIN = DomainPlugin(
    name="toy",
    summary="",
    package="prmkit",
    datasets={"toy": f"{__name__}:SOURCE"},
    verifiers={"echo": f"{__name__}:Echo"},
)
PARTS = (Part("the rows a", "toy", has("a")), Part("the others", "toy", lacks("a")))
ROWS = (
    {"id": "a1", "steps": ["good", "bad"], "labels": [1.0, 0.0]},
    {"id": "a2", "steps": ["bad", "?"], "labels": [1.0, 1.0], "reference": "4"},
    {"id": "b", "steps": ["?"], "labels": [1.0]},
)


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("PRMKIT_DATA", str(tmp_path))
    monkeypatch.setattr("prmkit.verify.quality.resolve", lambda spec: SOURCE)
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return tmp_path


def test_each_verifier_and_all_merged_and_the_baseline_apart(data):
    (data / "errata").mkdir()
    errata.write(data / "errata" / "toy.jsonl", [erratum(0, "bad", row="a2")])
    oracle = Echo("toy/oracle", needs_reference=True)
    found = measure_all(
        PLUGIN, PARTS, [Echo(), oracle], baselines=[Echo("toy/crude")], folder=data / "errata", draws=20
    )
    assert list(found.verifiers) == [TOGETHER, "toy/echo@1", "toy/oracle@1", "toy/crude@1"]
    assert found.oracles == {"toy/oracle@1"}
    assert found.errors == 1
    rows = found.verifiers["toy/echo@1"]
    assert list(rows) == ["the rows a", "the others", ALL]
    assert rows[ALL].raw.confusion["right"]["FAILS"] == 1
    assert rows[ALL].corrected.confusion["right"]["FAILS"] == 0
    assert rows[ALL].raw.steps == 5
    # What read the reference is measured alone and not merged: it saw one solution of three.
    assert found.verifiers["toy/oracle@1"][ALL].raw.coverage.value == 1 / 5
    assert found.verifiers[TOGETHER] == rows
    text = section(found)
    assert "#### toy/oracle@1 (reads the reference: an oracle, no baseline)" in text
    assert "| the rows a | 1 | 4 |" in text
    assert "By step, all sets" in text
    said = json.dumps(plain(found))
    assert '"a2"' in said
    assert "reason" not in said


def test_the_reference_never_enters_the_merged_row():
    oracle = Echo("toy/oracle", needs_reference=True)
    rows = [sample(["good", "bad"], [1.0, 0.0], reference="4")]
    assert figures([judge("x", rows, [oracle])], draws=20)[ALL].raw.coverage.value == 0.0
    assert figures([judge("x", rows, [oracle])], "toy/oracle", draws=20)[ALL].raw.coverage.value == 1.0


def test_rows_without_a_verdict_are_left_out():
    found = figures([judge("silent", [sample(["nothing"], [1.0])], [Echo()])], draws=20)
    assert "silent" in found
    assert "silent" not in table(found)
    assert ALL in table(found)


def test_the_table_stands_between_its_marks(tmp_path):
    path = tmp_path / "README.md"
    path.write_text(f"# A\n\n{START}\nold\n{END}\n\nend\n")
    put(path, "new")
    put(path, "newer")
    assert path.read_text() == f"# A\n\n{START}\nnewer\n{END}\n\nend\n"
    other = tmp_path / "other.md"
    put(other, "new")
    assert other.read_text() == f"{START}\nnew\n{END}\n"


def test_the_command_writes_table_and_figures(data, monkeypatch):
    monkeypatch.setattr(DomainPlugin, "verifier_objects", lambda self, names: [Echo()])
    main = command(PLUGIN, PARTS, notes="{errors} errors")
    out, file = data / "README.md", data / "out.json"
    result = CliRunner().invoke(
        main, ["--out", str(out), "--json", str(file), "--draws", "20", "--part", "rows a"]
    )
    assert result.exit_code == 0, result.output
    assert "| the rows a | 1 | 4 |" in out.read_text()
    assert "0 errors" in out.read_text()
    assert "the others" not in out.read_text()
    assert json.loads(file.read_text())["toy/echo@1"][ALL]["raw"]["steps"] == 4


def test_the_command_says_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.delenv("PRMKIT_DATA", raising=False)
    monkeypatch.setattr("prmkit.verify.quality.resolve", lambda spec: SOURCE)
    monkeypatch.setattr(DomainPlugin, "verifier_objects", lambda self, names: [Echo()])
    result = CliRunner().invoke(command(PLUGIN, PARTS), ["--out", str(tmp_path / "x.md")])
    assert result.exit_code == 1
    assert "PRMKIT_DATA" in result.output
    assert not (tmp_path / "x.md").exists()
    with pytest.raises(DataError, match="no data set found"):
        measure_all(PLUGIN, PARTS, [Echo()])


# ------------------------------------------------------------------ recorded answers


def answered(name, verdicts, outcome, *, cluster="", needs_reference=False):
    trajectory = Trajectory.of_steps(name, "p", [f"step {i}" for i in range(len(verdicts))], outcome=outcome)
    said = [
        Evidence(
            name,
            trajectory.digest,
            i,
            {"H": "HOLDS", "F": "FAILS", "U": "UNKNOWN"}[letter],
            "toy/echo@1",
            code="not_applicable" if letter == "U" else "none",
            needs_reference=needs_reference,
        )
        for i, letter in enumerate(verdicts)
    ]
    return Sample(Problem("p", "?", cluster=cluster or name), trajectory), said


ANSWERS = [
    answered("a", "HF", 0.0),
    answered("b", "HU", 0.0),
    answered("c", "UU", 0.0),
    answered("d", "HH", 1.0),
    answered("e", "FH", 1.0),
    answered("f", "U", None),
]


def test_answers_by_hand():
    found = measure_answers(ANSWERS, draws=50)
    assert (found.answers, found.right, found.wrong, found.clusters) == (5, 2, 3, 5)
    assert (found.caught.value, found.caught.n) == (1 / 3, 3)
    assert found.false_alarms[:3] == (1, 2, 0.5)
    assert (found.doubted.value, found.precision.value) == (0.5, 0.5)
    assert (found.confirmed.value, found.passed.value, found.open.value) == (0.5, 1 / 3, 1 / 5)
    assert found.alarms == ("e",)
    assert json.loads(json.dumps(found.as_dict()))["caught"]["n"] == 3
    classes = by_class(ANSWERS, lambda s: s.trajectory.id if s.trajectory.id in "ab" else None, draws=20)
    assert [(name, one.caught.value) for name, one in classes.items()] == [("a", 1.0), ("b", 0.0)]


def test_what_read_the_reference_does_not_measure_itself():
    pairs = [answered("a", "F", 0.0, needs_reference=True)]
    assert measure_answers(pairs, draws=20).caught.value == 0.0
    assert measure_answers(pairs, verifier="toy/echo", draws=20).caught.value == 1.0
    assert math.isnan(measure_answers([], draws=20).caught.value)
