"""Which line is wrong: changed lines are known again, labelled, and spoil the prints that the list names."""

import json
from collections import Counter

import pytest

from prmkit.dataset import Row, open_dataset
from prmkit.errors import RecordError
from prmkit.testkit.noise import HOSTILE
from prmkit_qlang import planted, session_quality
from prmkit_qlang.data.docs_planted import CARD, SOURCE, Pages, Reader, listed
from prmkit_qlang.data.rows import Origin
from prmkit_qlang.replay import agrees
from prmkit_qlang.slicing import needed
from prmkit_qlang.verifiers.value import Value


def line(code, shown="", **more):
    return {
        "input": code,
        "code": code,
        "output": shown,
        "output_clean": shown,
        "auto_testable": True,
        **more,
    }


def row(name, *lines, **more):
    page, _, number = name.partition("#")
    data = {
        "id": name,
        "page": page,
        "section": ["Double"],
        "block": int(number),
        "interactions": list(lines),
    }
    return Row("examples.jsonl.gz", int(number) + 1, {**data, **more})


ROWS = [
    row("ref/double#0", line("k:2"), line("unused:9")),
    row(
        "ref/double#1",
        line("f:{k*x}"),
        line("w:7 8"),
        line("w"),
        line("f 4 5", "8 10"),
        line("f 3+1", "8"),
        line("1+`a", "'type\n  [0]  1+`a", error="type"),
        line("sum f w", "30"),
    ),
]


@pytest.fixture(scope="module")
def made():
    lines = [one for one in ROWS[1].data["interactions"] if one["code"] != "w"]
    rows = [ROWS[0], row("ref/double#1", *lines)]
    return rows, planted.made(rows)


def read(rows, wanted):
    reader = Reader(wanted)
    return [sample for one in rows for sample in reader(one)]


def test_a_run_has_its_documented_session_and_changed_ones(made):
    rows, wanted = made
    ((_, (run,)),) = wanted.items()
    assert (run["start"], run["stop"]) == (0, 6)
    documented, *changed = read(rows, wanted)
    assert documented.problem.context["setup"] == ["k:2"]
    assert documented.labels.values == (1.0,) * 6
    assert documented.trajectory.steps[2].text == "q)f 4 5\n8 10"
    shows = [sample.trajectory.provenance.detail["shows"] for sample in changed]
    assert shows == ["here", "here", "later", "later"]
    wrong = [sample.trajectory.steps[sample.labels.values.index(0.0)].text for sample in changed]
    assert wrong == ["q)f 4 4\n8 10", "q)prd f w\n30", "q)w:6 8", "q)f:{k+x}"]
    assert documented.trajectory.outcome == 1.0
    assert {sample.trajectory.outcome for sample in changed} == {0.0}
    assert "unused" not in json.dumps(wanted)


def test_only_the_labelled_line_differs_and_it_spoils_what_the_detail_says(made):
    rows, wanted = made
    documented, *changed = read(rows, wanted)
    pairs = planted.pairs_of(Pages().enter(rows[1]))
    for problem, trajectory, labels in changed:
        steps = zip(trajectory.steps, documented.trajectory.steps, strict=True)
        (step,) = [a.index for a, b in steps if a.text != b.text]
        assert labels.values == (1.0,) * step + (0.0,) + (None,) * (5 - step)
        printed = planted.played(planted.Run(problem, trajectory))
        misfits = [i for i, pair in enumerate(pairs) if not agrees(pair, printed[i])]
        detail = trajectory.provenance.detail
        assert (misfits[0], len(misfits)) == (detail["shows_at"], detail["misfits"])
        assert (detail["shows"] == "later") is (misfits[0] > step)


def test_a_line_that_prints_something_else_ends_a_run():
    ((run,),) = planted.made(ROWS).values()  # `w` is documented as silent
    assert (run["start"], run["stop"]) == (3, 7)


def test_another_edition_of_the_set_is_named(made):
    rows, wanted = made
    shorter = [rows[0], row("ref/double#1", line("f:{k*x}"))]
    other = [rows[0], row("ref/double#1", *(line("0N") for _ in range(6)))]
    for edition in (shorter, other):
        with pytest.raises(RecordError, match="make the list again") as caught:
            read(edition, wanted)
        assert caught.value.field == "interactions"


@pytest.mark.parametrize("field", ["id", "page", "section", "interactions"])
def test_a_row_that_lacks_a_field_is_named(field):
    broken = Row("examples.jsonl.gz", 1, {k: v for k, v in ROWS[0].data.items() if k != field})
    with pytest.raises(RecordError) as caught:
        read([broken], {})
    assert (caught.value.field, caught.value.row) == (field, 1)


def test_hostile_lines_are_no_run():
    rows = [row(f"ref/strange#{i}", *(line(text, "1") for _ in range(4))) for i, text in enumerate(HOSTILE)]
    assert not planted.made(rows)


def test_what_is_needed():
    before = ["a:1", "b:2", "`.n.d set 3", "f:{a+x}", "til 4", "t:1", "`t insert 2", "\\P 3"]
    assert needed(before, ["f 2"]) == ["a:1", "f:{a+x}", "\\P 3"]
    assert needed(before, [".n.d", "t"]) == ["`.n.d set 3", "t:1", "`t insert 2", "\\P 3"]
    assert needed(before, ["1"]) == ["\\P 3"]
    linked = ["d:`a`b", "e:`d$`a`b`a", "d[0]:`c"]
    assert needed(linked, ["value e"]) == linked


def test_pages_that_use_suppliers_and_parts_load_them():
    block = Pages().enter(row("ref/s#0", line("count sp", "12", flags=["uses_sp_q"])))
    assert planted.played(block.run(Origin(CARD, ROWS[0]), 0, 1)) == ["12"]


def test_every_line_that_can_be_replayed_is_measured():
    lines = [line("x:2", auto_testable=False), line("x+1", "3"), line("x+2", "5")]
    rows = [row("ref/plus#0", *lines), row("ref/plus#1", line("x", auto_testable=False))]
    (sample,) = session_quality.documented(rows)
    assert sample.labels.values == (None, 1.0, 1.0)
    excused = session_quality.corrected(sample, frozenset(["ref/plus#0/2"]))
    assert excused.labels.values == (None, 1.0, None)
    raw, same = session_quality.of_lines(rows, [Value()])["qlang/value@2"]
    assert raw == same
    assert (raw.false_alarms.alarms, raw.false_alarms.steps) == (1, 2)


def test_sessions_are_told_apart_by_where_the_change_shows(made):
    told = list(session_quality.of_sessions(read(*made), [Value()], draws=50))
    assert [line.split(" | ")[1] for line in told] == ["1", "2", "2"]
    assert "| 0: 0.000" in told[0]
    assert "| 2: 1.000" in told[2]


def test_the_list_has_no_text():
    for runs in listed().values():
        for run in runs:
            assert {*run} == {"start", "stop", "plants"}
            for plant in run["plants"]:
                assert {*plant} == {*planted.Plant._fields}
                assert len(plant["digest"]) == 16


def test_the_real_set_is_read_whole(data_root):
    del data_root
    dataset = open_dataset(SOURCE)
    samples = list(dataset)
    assert not dataset.quarantine
    shows = Counter(sample.trajectory.provenance.detail["shows"] for sample in samples)
    assert shows == {"nowhere": 239, "here": 422, "later": 97}
    assert len({sample.problem.cluster for sample in samples}) == 106


def test_real_changes_spoil_what_the_list_says(data_root):
    del data_root
    pages, wanted = Pages(), dict(sorted(listed().items())[::8])
    reader = Reader(wanted)
    seen = 0
    for one in open_dataset(SOURCE).rows():
        pairs = planted.pairs_of(pages.enter(one))
        for problem, trajectory, _ in reader(one):
            detail = trajectory.provenance.detail
            start = int(problem.id.rpartition("/")[2].partition("-")[0])
            printed = planted.played(planted.Run(problem, trajectory))
            misfits = [i for i, text in enumerate(printed) if not agrees(pairs[start + i], text)]
            assert len(misfits) == detail.get("misfits", 0), trajectory.id
            assert misfits[:1] == ([detail["shows_at"]] if misfits else [])
            seen += 1
    assert seen > 60
