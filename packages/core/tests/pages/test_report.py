"""The report of a run: self-contained, honest about gains, never broken by what is missing."""

import json
import re
import shutil
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as tuned
from hypothesis import strategies as st

from prmkit.errors import ConfigError, DataError
from prmkit.judging.baselines import baselines
from prmkit.judging.figures import Resampling
from prmkit.judging.run import Questions, evaluate_suite
from prmkit.report import plots
from prmkit.report.compose import compose
from prmkit.report.evaluation import Paired, Suite, suites
from prmkit.report.findings import compare, findings, telling
from prmkit.report.html import build_report, to_html
from prmkit.report.load import Run, load_run, load_runs
from prmkit.report.tables import Estimate

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def undrawn(request, monkeypatch):
    """Figures are left out where no test looks at them: they cost most of the time."""
    if "drawn" not in request.fixturenames:
        monkeypatch.setattr(plots, "mpl", None)


@pytest.fixture
def run(tmp_path, write_run):
    return write_run(tmp_path / "math-demo")


def words(path):
    """What a reader sees: tags, scripts and styles taken away."""
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.fixture(scope="module")
def drawn(tmp_path_factory, write_run):
    """A report with its figures, built once."""
    return build_report(
        [write_run(tmp_path_factory.mktemp("runs") / "math-demo")], tmp_path_factory.mktemp("drawn")
    ).parent


def test_a_report_is_one_page_with_markdown_and_one_csv_per_table(drawn):
    said = words(drawn / "index.html")
    expected = """Report: math-demo|math-generated-600|0.971 [0.959, 0.983]|Paired differences|Beyond tools
    By difficulty|Calibration|What the tools see|Training|PRMKIT_DATA is not set|sample: 1 rows set aside
    tiny scale, positive control passed"""
    for part in re.split(r"\||\n\s*", expected):
        assert part in said, part
    assert (drawn / "report.md").read_text().startswith("# Report: math-demo")
    names = {p.name for p in drawn.glob("*.csv")}
    assert {"math-generated-600-metrics.csv", "math-generated-600-first-error-f1.csv"} <= names
    assert "run-verifiers.csv" in names


def test_tools_are_shown_step_by_step_and_example_by_example(drawn):
    said = words(drawn / "index.html")
    expected = """Tools by step|By step: 8 lines|Gold against verdicts: 6 lines|not_applicable 2800, timeout 3
    Where all, merged and gold disagree: 6 examples|refuted, gold right|held, gold wrong
    refuted, gold right, after an error|12 * 4 is 48, not 46|A tool marked oracle reads the reference"""
    for part in re.split(r"\||\n\s*", expected):
        assert part in said, part
    names = {p.name for p in drawn.glob("math-generated-600-verifiers*.csv")}
    assert names == {
        f"math-generated-600-verifiers{part}.csv" for part in ("", "-confusion", "-steps", "-disagreements")
    }
    page = (drawn / "index.html").read_text()
    assert re.search(r'<tr class="oracle"><th scope="row">math/final_answer@1 \(oracle\)</th>', page)
    assert 'aria-label="Tools by step: all, merged"' in page


def test_the_page_asks_for_nothing_outside(drawn):
    page = (drawn / "index.html").read_text()
    assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!#|data:)""", page)
    assert not re.findall(r"@import|url\(\s*['\"]?(?!#|['\"]?#)", page)
    outside = set(re.findall(r"https?://[^\s\"'<>)]+", page))
    assert outside <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert "default-src 'none'" in page


def test_figures_take_their_colours_from_the_page_and_share_no_ids(drawn):
    page = (drawn / "index.html").read_text()
    figures = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert len(figures) >= 7
    assert all('role="img"' in svg and "aria-label=" in svg for svg in figures)
    assert not re.search(r"#0000|#000[01]\d|@@", "".join(figures))
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    for svg in figures:
        assert set(re.findall(r'href="#([^"]+)"', svg)) <= set(re.findall(r'id="([^"]+)"', svg))


def test_equal_runs_give_equal_pages(drawn, run, tmp_path):
    assert build_report([run], tmp_path).read_text() == (drawn / "index.html").read_text()


def test_hostile_names_and_notes_stay_text(tmp_path, write_run, evaluation):
    figures = evaluation()
    suite = figures["suites"].pop("math-generated-600")
    suite |= {"summary": HOSTILE, "notes": [HOSTILE], "further": {HOSTILE: HOSTILE}}
    suite["scorers"][HOSTILE] = suite["scorers"]["prm"]
    suite["paired"].append(
        {"a": f"prm {HOSTILE}", "b": HOSTILE, "metric": HOSTILE, "diff": 0.1, "low": 0.05, "high": 0.2}
    )
    suite["curves"][HOSTILE] = {HOSTILE: [{"n": 1, "value": 0.5}, {"n": 2, "value": 0.6}]}
    suite["slices"][HOSTILE] = {HOSTILE: suite["slices"]["rung"]["1"]}
    figures["suites"][HOSTILE] = suite
    figures["not_run"] = [{"what": HOSTILE, "why": HOSTILE}, HOSTILE]
    run = write_run(tmp_path / "run", figures=figures)
    (run / "config.yaml").write_text(f'a: "{HOSTILE}"\n')
    page = build_report([run], tmp_path / "out").read_text()
    assert "alert(1)" in page
    assert HOSTILE not in page
    assert HOSTILE not in (tmp_path / "out" / "report.md").read_text()


def suite_with(pair, **more):
    return Suite("run", "suite", paired=(pair,), **more)


@pytest.mark.parametrize(
    ("metric", "diff", "tag"),
    [
        ("best_of_8", Estimate(0.06, 0.03, 0.09), "gain"),
        ("best_of_8", Estimate(-0.06, -0.09, -0.03), "loss"),
        ("best_of_8", Estimate(0.06, -0.01, 0.13), "none"),
        ("best_of_8", Estimate(0.06, 0.0, 0.12), "none"),
        ("best_of_8", Estimate(0.06), "none"),
        ("ece", Estimate(-0.06, -0.09, -0.03), "gain"),
        ("ece", Estimate(0.06, 0.03, 0.09), "loss"),
    ],
)
def test_a_gain_is_claimed_only_where_the_interval_excludes_zero(metric, diff, tag):
    pair = Paired("prm", "majority", metric, diff)
    said = compare(pair)
    assert said.tag == tag
    assert ("better" in said.text) == (tag == "gain")
    assert ("worse" in said.text) == (tag == "loss")
    # A suite that allows no claim carries none, whatever its interval.
    silenced = findings([suite_with(pair, claims=False)])
    assert {f.tag for f in silenced} == {"note"}


def test_equality_needs_an_equivalence_test():
    pair = Paired("prm", "orm", "best_of_8", Estimate(0.0, -0.01, 0.01))
    assert compare(pair).tag == "none"
    assert compare(Paired("prm", "orm", "best_of_8", pair.diff, equivalent=True)).tag == "equal"


def test_ceilings_are_marked_and_never_compared_in_the_summary():
    pair = Paired("prm", "oracle", "best_of_8", Estimate(-0.2, -0.3, -0.1))
    assert not findings([suite_with(pair)])


def test_several_runs_stand_side_by_side(tmp_path, write_run):
    runs = [write_run(tmp_path / place / "demo") for place in ("a", "b")]
    said = words(build_report(runs, tmp_path / "out"))
    assert "Report on 2 runs" in said
    assert "demo (2)" in said
    rows = (tmp_path / "out" / "compare-step-auroc.csv").read_text().splitlines()
    assert len(rows) == 1 + 2 * 2


@pytest.mark.parametrize("absent", ["eval.json", "config.yaml", "manifest.json", "metrics.jsonl"])
def test_a_missing_part_is_named_and_the_rest_is_shown(run, tmp_path, absent):
    (run / absent).unlink()
    said = words(build_report([run], tmp_path / "out"))
    assert f"{absent} is absent" in said


@pytest.mark.parametrize("name", ["eval.json", "config.yaml", "manifest.json"])
@pytest.mark.parametrize("content", ["{broken: [", "[1, 2]", "null", "\x00", "7"])
def test_a_broken_part_is_named_and_the_rest_is_shown(run, tmp_path, name, content):
    (run / name).write_text(content)
    said = words(build_report([run], tmp_path / "out"))
    assert name in said.split("What did not run")[-1]


def test_an_empty_folder_gives_a_page_that_says_so(tmp_path):
    (tmp_path / "run").mkdir()
    said = words(build_report([tmp_path / "run"], tmp_path / "out"))
    assert "No figures yet" in said


def test_no_run_and_a_missing_run_say_what_to_do(tmp_path):
    with pytest.raises(ConfigError, match="no run is given"):
        build_report([], tmp_path)
    with pytest.raises(DataError, match="no such run folder"):
        build_report([tmp_path / "nowhere"], tmp_path)


def test_without_matplotlib_the_page_has_tables_and_says_so(run, tmp_path):
    page = build_report([run], tmp_path / "out")
    assert "<svg" not in page.read_text()
    assert "matplotlib is not installed" in words(page)
    assert "0.971 [0.959, 0.983]" in words(page)


def test_the_report_loads_no_tensor_library():
    modules = "prmkit.report.html, prmkit.report.view, prmkit.report.check"
    code = f"import sys, {modules}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_bare_eval_file_is_enough(run, tmp_path):
    assert load_run(run / "eval.json").evaluation == load_run(run).evaluation
    assert [r.name for r in load_runs([run, run, run])] == ["math-demo", "math-demo (2)", "math-demo (3)"]


def test_half_written_metrics_are_passed_over(run):
    with (run / "metrics.jsonl").open("a") as out:
        out.write('{"stage": "prm", "st')
    assert len(load_run(run).metrics) == 69


def test_shape_of_the_contract_is_read_exactly(tmp_path):
    figure = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 10}
    paired = {"a": "prm", "b": "x", "metric": "m", "diff": 0.1, "low": 0.0, "high": 0.2, "n": 10}
    scored = {"prm": {"metrics": {"m": figure}}}
    figures = {"suites": {"s": {"n": 10, "clusters": 5, "scorers": scored, "paired": [paired]}}}
    (suite,) = suites(Run("r", tmp_path, evaluation=figures))
    assert (suite.n, suite.clusters) == (10, 5)
    assert suite.figures == {"prm": {"m": Estimate(0.5, 0.4, 0.6, 10)}}
    assert suite.paired == (Paired("prm", "x", "m", Estimate(0.1, 0.0, 0.2, 10, signed=True)),)


def test_what_the_judge_writes_is_read_whole(shown, tmp_path):
    items = [shown(i) for i in range(1, 61)]
    samples = [item.sample for item in items]
    scores = {name: [item.scores[name] for item in items] for name in ("prm", "orm")}
    evidence = [list(item.evidence) for item in items]
    record = evaluate_suite(
        "sums-60",
        samples,
        {**scores, **baselines(samples, evidence)},
        evidence=evidence,
        questions=Questions(resampling=Resampling(draws=40)),
        about={"domain": "fake", "summary": "Sums.", "gold": "generator", "notes": ["a note"]},
    )
    (tmp_path / "eval.json").write_text(
        json.dumps({"suites": {"sums-60": record}, "not_run": [], "notes": ["One seed."]})
    )
    (suite,) = suites(load_run(tmp_path))
    assert not suite.rest  # every key that the judge writes has its place on the page
    said = words(build_report([tmp_path], tmp_path / "out"))
    for part in (
        "Sums.",
        "A note.",
        "One seed.",
        "step AUROC",
        "Beyond tools",
        "Paired differences",
        "Calibration",
        "Calibration by place of the step",
    ):
        assert part in said, part
    assert suite.paired
    assert suite.reliability


def test_the_summary_speaks_of_the_strongest_rival_and_of_majority():
    def pair(b, metric, value):
        return Paired("prm", b, metric, Estimate(value, value - 0.01, value + 0.01))

    pairs = [
        pair("random", "step_auroc", 0.4),
        pair("surprisal", "step_auroc", 0.05),
        pair("prm_plain", "step_auroc", 0.0),
        pair("oracle", "step_auroc", -0.1),
        pair("x", "first_error_f1_fixed", 0.1),
        pair("x", "first_error_f1_chosen", 0.2),
        pair("majority", "best_of_8", 0.06),
        pair("orm", "best_of_8", -0.02),
        pair("x", "brier", 0.1),
    ]
    assert [(p.b, p.metric) for p in telling(pairs)] == [
        ("surprisal", "step_auroc"),
        ("x", "first_error_f1_chosen"),
        ("majority", "best_of_8"),
        ("orm", "best_of_8"),
    ]


def test_a_difference_that_fails_correction_is_not_claimed():
    pair = Paired("prm", "orm", "best_of_8", Estimate(0.06, 0.01, 0.11), p=0.08)
    assert compare(pair).tag == "none"
    assert "Holm" in compare(pair).text
    assert compare(Paired("prm", "orm", "best_of_8", pair.diff, p=0.01)).tag == "gain"


def test_a_smoke_run_says_that_its_figures_mean_nothing(run, tmp_path):
    assert "figures mean nothing" not in words(build_report([run], tmp_path / "a"))
    (run / "manifest.json").write_text('{"preset": "smoke"}')
    assert "figures mean nothing" in words(build_report([run], tmp_path / "b"))
    other = shutil.copytree(run, tmp_path / "other")
    assert words(build_report([run, other], tmp_path / "c")).count("figures mean nothing") == 1


leaves = st.none() | st.booleans() | st.floats() | st.text(max_size=6) | st.integers(-5, 5)
anything = st.recursive(
    leaves,
    lambda i: st.lists(i, max_size=3) | st.dictionaries(st.text(max_size=5), i, max_size=3),
    max_leaves=6,
)


@tuned(
    max_examples=60,
    deadline=None,
    phases=[Phase.generate],  # to make the page smaller takes minutes and tells little
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_eval_file_gives_a_page(tmp_path, data, evaluation):
    figures = evaluation()
    suite = figures["suites"]["math-generated-600"]
    for key in data.draw(st.lists(st.sampled_from(sorted(suite)), max_size=3)):
        suite[key] = data.draw(anything)
    figures[
        data.draw(st.sampled_from(["suites", "verifiers", "cost", "notes", "status", "not_run", "x"]))
    ] = data.draw(anything)
    report = compose([Run("r", tmp_path, evaluation=json.loads(json.dumps(figures)))])
    assert "<h1>" in to_html(report)
