"""Several domains on one page: answers first, every figure with its interval, absences by domain."""

import csv
import json

import pytest

from prmkit.report import plots
from prmkit.report.compose import compose
from prmkit.report.domains import domains_section
from prmkit.report.evaluation import suites
from prmkit.report.html import build_report
from prmkit.report.load import load_runs
from prmkit.report.stages import domain_of

SUITE = "math-generated-600"


def near(value, clusters=600):
    return {"value": value, "low": value - 0.03, "high": value + 0.03, "n": clusters, "clusters": clusters}


def chosen(prm, orm, majority, *, long=0.0):
    """Figures of a choice; ``long`` is what a preference for length gave the ORM."""
    table = {
        "prm": {"best_of_8": near(prm), "best_of_8_length_controlled": near(prm - 0.01)},
        "orm": {"best_of_8": near(orm), "best_of_8_length_controlled": near(orm - long)},
        "majority": {"best_of_8": near(majority)},
        "verifier": {"weighted_vote_8": near(majority + 0.02)},
        "oracle": {"best_of_8": near(0.85)},
    }
    return {name: {"metrics": figures} for name, figures in table.items()}


def against(b, metric, diff, *, wide=0.03, **more):
    return {
        "a": "prm",
        "b": b,
        "metric": metric,
        "diff": diff,
        "low": diff - wide,
        "high": diff + wide,
        **more,
    }


def as_domain(figures, domain, prm, orm, majority, **more):
    """The invented run's figures as those of a domain, with a choice and its comparisons."""
    suite = figures["suites"].pop(SUITE)
    for name, found in chosen(prm, orm, majority, long=0.09).items():
        suite["scorers"].setdefault(name, {"metrics": {}})["metrics"].update(found["metrics"])
    suite["paired"] += [
        against("verifier", "step_auroc", 0.168, wide=0.02, p_holm=0.001),
        against("verifier", "best_of_8", 0.02, p_holm=0.2),
    ]
    suite["curves"]["weighted_vote"] = {"verifier": suite["curves"]["best_of_n"].pop("verifier_majority")}
    suite |= {
        "domain": domain,
        "stage": "judge",
        "coverage": near(0.43),
        "cost": {
            "prm": {"compute": 1.4},
            "orm": {"compute": "unknown: the solutions were written elsewhere"},
        },
        **more,
    }
    old = figures["suites"].pop("processbench-gsm8k-195") | {"domain": domain}
    figures["suites"] = {f"generated-{domain}": suite, f"public-{domain}-195": old}
    figures["verifiers"] = {}
    figures["not_run"] = [{"what": f"{domain}_bo8", "why": "PRMKIT_DATA is not set"}]
    return figures


CONFIG = """name: {domain}
stages:
  tests: {{uses: sample, with: {{domain: {domain}}}}}
  checked: {{uses: verify, inputs: {{samples: [tests]}}, with: {{domain: {domain}}}}}
  scored: {{uses: score, inputs: {{samples: [tests]}}, with: {{scorer: prm}}}}
  judge: {{uses: evaluate, inputs: {{samples: [tests], evidence: [checked], scores: [scored if run]}}}}
  {domain}_bo8: {{uses: load, with: {{domain: {domain}}}}}
"""
METRICS = (
    {"stage": "checked", "evidence": 3000, "seconds": {"a@1": 0.5, "b@1": 0.25}},
    {"stage": "scored", "steps": 1500, "seconds": 30.0},
)


@pytest.fixture
def runs(tmp_path, write_run, evaluation):
    """A run in each of two domains, and one around them in which a third is absent."""
    found = []
    for domain, figures in (("math", (0.605, 0.566, 0.544)), ("code", (0.52, 0.53, 0.5))):
        run = write_run(tmp_path / domain, figures=as_domain(evaluation(), domain, *figures))
        (run / "config.yaml").write_text(CONFIG.format(domain=domain))
        (run / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in METRICS))
        found.append(run)
    why = "domain 'finance' is not installed (pip install prmkit-finance)"
    outer = write_run(
        tmp_path / "compare", figures={"suites": {}, "not_run": [{"what": "money", "why": why}]}
    )
    (outer / "config.yaml").write_text("stages:\n  money: {uses: run, when: {domain: [finance]}}\n")
    return [outer, *found]


@pytest.fixture
def undrawn(monkeypatch):
    monkeypatch.setattr(plots, "mpl", None)


def rows(folder, name):
    with (folder / f"{name}.csv").open() as file:
        return list(csv.DictReader(file))


def test_the_answers_stand_first_and_claim_nothing_that_is_not_shown(runs, tmp_path, undrawn):
    build_report(runs, tmp_path / "out")
    answers = {(r["suite"], r["metric"]): r for r in rows(tmp_path / "out", "domains-answers")}
    ours = answers["generated-math", "best of 8"]
    assert ours["against majority word"] == "▲ gain"
    assert [float(ours[f"against majority{end}"]) for end in ("", " low", " high")] == [0.061, 0.032, 0.092]
    assert ours["against the plain tool word"] == "not shown"
    assert ours["against ORM word"] == "▲ gain"
    assert answers["generated-math", "step AUROC"]["against the plain tool word"] == "▲ gain"
    # The public suite's claims are off: its differences are shown without a word of gain.
    others = answers["public-math-195", "step AUROC"]
    assert others["against surprisal word"] == "no claim"
    assert next(r["domain"] for r in rows(tmp_path / "out", "domains-answers")) == "math"


def test_steps_choice_tools_and_cost_have_a_row_for_every_suite(runs, tmp_path, undrawn):
    build_report(runs, tmp_path / "out")
    steps = rows(tmp_path / "out", "domains-steps")
    assert [r["suite"] for r in steps] == [
        "generated-math",
        "public-math-195",
        "generated-code",
        "public-code-195",
    ]
    assert [r["gold"] for r in steps[:2]] == ["program", "human"]
    assert float(steps[0]["PRM, tools silent"]) < float(steps[0]["PRM"])
    assert {"PRM low", "PRM high", "PRM clusters"} <= set(steps[0])
    choice = rows(tmp_path / "out", "domains-choice")
    assert [r["metric"] for r in choice] == ["best of 8", "weighted vote of 8"] * 2
    assert float(choice[0]["ORM, length-controlled"]) == pytest.approx(0.566 - 0.09)
    assert float(choice[1]["plain tool"]) == pytest.approx(0.564)
    assert choice[1]["PRM, length-controlled"] == ""
    cost = rows(tmp_path / "out", "domains-cost")
    assert cost[0]["decided by tools"] == "0.43"
    assert (cost[0]["compute, PRM"], cost[0]["compute, ORM"]) == ("1.4", "unknown")
    # 3,000 verdicts of two tools on 1,500 steps in 0.75 s; 1,500 steps scored in 30 s.
    assert float(cost[0]["s per step, tools"]) == pytest.approx(0.0005)
    assert float(cost[0]["s per step, PRM"]) == pytest.approx(0.02)


def test_what_did_not_run_is_listed_by_domain(runs, tmp_path, undrawn):
    build_report(runs, tmp_path / "out")
    absent = {(r["domain"], r["what"]): r["why"] for r in rows(tmp_path / "out", "not-run")}
    assert "not installed" in absent["finance", "money"]
    assert absent["math", "math_bo8"] == absent["code", "code_bo8"] == "PRMKIT_DATA is not set"


def test_one_domain_has_no_overview(runs, undrawn):
    one = load_runs(runs[1:2])
    assert domains_section(suites(one[0])) is None
    assert "domains" not in {s.id for s in compose(one).sections}


def test_the_domain_of_a_stage_is_found_through_what_it_reads(runs):
    run = load_runs(runs[1:2])[0]
    assert domain_of(run, "scored") == domain_of(run, "judge") == "math"
    assert domain_of(run, "unheard") == ""


def test_curves_of_all_domains_share_colours_and_legend(runs, tmp_path):
    pytest.importorskip("matplotlib")
    page = build_report(runs, tmp_path / "out").read_text()
    figure = page[page.index('aria-label="Best of n in every domain"') :].split("</svg>")[0]
    for word in ("math: generated-math", "code: generated-code", "tool-weighted vote", "majority"):
        assert word in figure
