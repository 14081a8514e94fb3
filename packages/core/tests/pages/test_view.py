"""The page of trajectories and the trace on a terminal."""

import io
import itertools
import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from prmkit.errors import DataError
from prmkit.records import write_parquet
from prmkit.report import view
from prmkit.report.page import script_json, stretches
from prmkit.report.shown import Shown, read_source
from prmkit.report.trace import terminal
from prmkit.types import (
    Claim,
    Evidence,
    Problem,
    Sample,
    StepLabels,
    StepScores,
    Threshold,
    Trajectory,
    Verdict,
)


def data_of(page):
    return json.loads(
        re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1]
    )


def printed(item, **options):
    console = Console(file=io.StringIO(), width=120, color_system=None)
    console.print(terminal(item.sample, item.evidence, item.scores, **options))
    return console.file.getvalue()


def test_the_page_carries_every_step_with_gold_scores_and_evidence(shown):
    data = data_of(view.page([shown(3)], "title"))
    assert data["scorers"] == ["prm", "orm"]
    step = data["rows"][0]["s"][1]
    assert step["t"] == "So she has 3 + 4 = 8 apples."
    assert (step["g"], step["v"], step["x"]) == (0.0, "FAILS", [0.12, 0.6])
    assert step["c"] == [False, True]  # the PRM agrees with gold, the other scorer does not
    reason = "3 + 4 is 7, not 8"
    claims = [[11, 20, "FAILS", reason]]
    assert step["e"] == [["fake/sums@1", "FAILS", reason, "claim", claims, False]]
    assert data["rows"][0]["s"][3]["r"] == "observe"
    assert data["rows"][0]["s"][3]["x"] == [None, None]


def test_hostile_text_cannot_leave_its_place(shown, hostile):
    page = view.page([shown(1, hostile=True)], hostile, source=hostile)
    assert "<script>document.title" not in page
    assert "<img" not in page
    assert page.count("</script>") == 3
    assert hostile in data_of(page)["rows"][0]["p"]


def test_the_page_asks_for_nothing_outside(shown):
    page = view.page([shown(1)], "title")
    assert not re.findall(r"https?://", page)
    assert "default-src 'none'" in page


def test_no_more_than_the_limit_is_read_and_the_page_says_so(shown):
    endless = (shown(i) for i in itertools.count())
    page = view.page(endless, "title", limit=7, total=1234)
    assert len(data_of(page)["rows"]) == 7
    assert "7 of 1,234 trajectories" in page


def flags_of(gold, prm, verdict, scope="claim", outcome=None):
    trajectory = Trajectory.of_steps("t", "p", ["1 + 1 = 2"], outcome=outcome)
    problem = Problem("p", "?")
    labels = None if gold is None else StepLabels("t", trajectory.digest, (gold,))
    scores = {} if prm is None else {"prm": StepScores("t", trajectory.digest, (prm,))}
    code = "not_applicable" if verdict == "UNKNOWN" else "none"
    evidence = (Evidence("t", trajectory.digest, 0, verdict, "v@1", code=code, scope=scope),)
    return set(view.flags(Shown(Sample(problem, trajectory, labels), evidence, scores)))


@pytest.mark.parametrize(
    ("gold", "prm", "verdict", "scope", "flags"),
    [
        (1.0, 0.9, "HOLDS", "claim", set()),
        (0.0, 0.9, "HOLDS", "claim", {"prm_gold", "claim_gold"}),
        (0.0, 0.1, "HOLDS", "step", {"tool_gold"}),
        (1.0, 0.1, "FAILS", "claim", {"prm_gold", "tool_gold", "fails"}),
        (0.0, 0.1, "FAILS", "claim", {"fails"}),
        (0.0, 0.2, "UNKNOWN", "claim", {"beyond"}),
        (None, 0.2, "FAILS", "claim", {"fails"}),
        (1.0, None, "UNKNOWN", "claim", set()),
    ],
)
def test_filters_find_disagreement(gold, prm, verdict, scope, flags):
    assert flags_of(gold, prm, verdict, scope) == flags
    assert flags_of(gold, prm, verdict, scope, outcome=0.0) == flags | {"wrong"}


def test_a_scorers_own_threshold_decides_what_it_says(shown):
    item = shown(1)
    prm = item.scores["prm"]
    strict = replace(prm, threshold=Threshold(0.98, "fixed"))
    assert "prm_gold" not in view.flags(item)
    assert "prm_gold" in view.flags(Shown(item.sample, item.evidence, {"prm": strict}))


def test_unbounded_scores_are_shaded_between_zero_and_one():
    trajectory = Trajectory.of_steps("t", "p", ["a", "b", "c"])
    inf = float("inf")
    scores = StepScores("t", trajectory.digest, (-30.0, 0.0, 30.0), kind="logratio", range=(-inf, inf))
    problem = Problem("p", "?")
    row = view.row(Shown(Sample(problem, trajectory), (), {"s": scores}), ["s"])
    assert [step["h"] for step in row["s"]] == [[0.0], [0.5], [1.0]]


spans = st.tuples(st.integers(-2, 30), st.integers(-2, 30), st.sampled_from(list(Verdict)))


@given(st.text(), st.lists(spans, max_size=6))
def test_marked_claims_give_back_the_text(text, spans):
    claims = [Claim(a, b, v) for a, b, v in spans]
    pieces = list(stretches(text, claims))
    assert "".join(p.text for p in pieces) == text
    for piece in pieces:
        assert piece.claim is None or piece.text == text[piece.claim.start : piece.claim.end]


leaves = st.none() | st.booleans() | st.integers() | st.text()
values = st.recursive(leaves, lambda i: st.lists(i) | st.dictionaries(st.text(), i), max_leaves=8)


@given(values)
def test_data_in_a_script_is_the_same_data_and_cannot_end_the_script(value):
    said = str(script_json(value))
    assert not set(said) & set("<>&\u2028\u2029")
    assert json.loads(said) == value


def test_the_terminal_shows_evidence_in_place(shown):
    said = printed(shown(3))
    assert "✗" in said
    assert "↳ 3 + 4 is 7, not 8 (fake/sums@1)" in said
    assert "0.12" in said
    assert "outcome wrong" in said


def test_the_terminal_shows_chosen_steps_and_counts_the_rest(shown):
    said = printed(shown(3), only=[1])
    assert "3 + 4 = 8" in said
    assert "buys 4 more.\n" not in said.split("step")[-1]
    assert "⋯ 1 step" in said
    assert "⋯ 3 steps" in said


def test_control_characters_cannot_steer_the_terminal(shown):
    item = shown(1, hostile=True)
    assert "\x1b" in item.sample.trajectory.text
    said = printed(item)
    assert "\x1b" not in said
    assert "␛[31m" in said


@pytest.fixture
def run(tmp_path, shown):
    items = [shown(i) for i in range(30)]
    base = tmp_path / "run" / "records" / "test"
    write_parquet(base / "samples", [i.sample for i in items])
    write_parquet(base / "evidence", [e for i in items for e in i.evidence])
    for name in ("orm", "prm"):
        write_parquet(base / f"scores-{name}", [i.scores[name] for i in items])
    write_parquet(tmp_path / "run" / "records" / "train" / "samples", [i.sample for i in items])
    return tmp_path / "run"


def test_a_run_folder_is_read_with_evidence_and_scores(run, shown):
    source = read_source(run)
    assert (source.split, source.splits, source.total, source.title) == ("test", ("test", "train"), 30, "run")
    assert [i.sample for i in source.items] == [shown(i).sample for i in range(30)]
    assert list(source.items[3].scores) == ["prm", "orm"]  # the PRM colours the steps
    assert source.items[3].evidence == shown(3).evidence


def test_a_run_folder_is_read_no_further_than_asked(run):
    source = read_source(run, limit=4)
    assert (len(source.items), source.total) == (4, 30)
    assert source.items[3].scores
    assert source.items[3].evidence


def test_a_wrong_split_and_an_empty_folder_say_what_to_do(run, tmp_path):
    with pytest.raises(DataError, match="no split 'tset'") as caught:
        read_source(run, split="tset")
    assert "test" in caught.value.do
    with pytest.raises(DataError, match="holds no trajectories"):
        read_source(tmp_path)


def test_records_of_another_cut_are_left_out(run, shown):
    other = Trajectory.of_steps("trace-0003", "p3", ["another cut"])
    stray = [Evidence(other.id, other.digest, 0, "FAILS", "v@1")]
    write_parquet(run / "records" / "test" / "evidence-other", stray)
    assert read_source(run).items[3].evidence == shown(3).evidence


def test_a_log_is_verified_and_shown(tmp_path, fake_domain):
    log = tmp_path / "log.jsonl"
    log.write_text('{"id": "a", "prompt": "q", "response": "So 1 + 1 = 3 apples."}\n')
    (item,) = read_source(log).items
    assert [e.verdict for e in item.evidence] == [Verdict.FAILS]
