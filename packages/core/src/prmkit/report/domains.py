"""Several domains on one page: where a PRM helps, where something cheaper is as good, what each costs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from prmkit.judging.verifiers import MERGED
from prmkit.report import plots
from prmkit.report.content import TAGS, Block, Prose, Section, kept
from prmkit.report.evaluation import Suite
from prmkit.report.findings import outcome
from prmkit.report.stages import SECONDS, TOOLS
from prmkit.report.suites import panels
from prmkit.report.tables import Cell, Estimate, Table, estimate
from prmkit.report.words import LENGTH_CONTROLLED, is_prm, metric
from prmkit.types import Json

STEPS = ("step_auroc", "processbench_f1", "first_error_f1", "prmbench_score")
CHOICE = ("best_of_", "selection")
VOTE = ("weighted_vote_", "selection_vote")
SIGNS: Mapping[str, str] = {"gain": "▲ ", "loss": "▼ "}
ROLES = ("PRM", "ORM", "majority", "tool-weighted vote", "single sample", "oracle")
"""Series of the small figures, in an order that gives each the same colour everywhere."""


def domains_section(suites: Sequence[Suite]) -> Section | None:
    """The overview of suites of two or more domains; None where there is one domain only."""
    order = list(dict.fromkeys(s.domain for s in suites if s.domain))
    if len(order) < 2:
        return None
    found = sorted((s for s in suites if s.domain), key=lambda s: order.index(s.domain))
    blocks: list[Block | None] = [
        _answers(found),
        Prose(
            "**Gain** and **loss** stand only where the paired interval excludes zero and Holm's correction"
            " agrees; **equal** needs an equivalence test with a margin named beforehand; **not shown** is no"
            " proof of equality; **no claim** stands where not even the oracle is shown to beat the cheapest"
            " choice. Suites differ in size and in gold: read along a row, not down a column.",
            how=True,
        ),
        _steps(found),
        _choice(found),
        _figure(found),
        _cost(found),
        Prose(
            "**Decided**: share of steps of which some tool says HOLDS or FAILS without the reference."
            " **False alarms**: right steps before the first error that the tools refute, with a one-sided"
            " bound. **Compute** of scoring one solution is in units of writing it: parameters times tokens,"
            " on both sides. Seconds are those of one run on one machine. – was not counted.",
            how=True,
        ),
    ]
    return Section("domains", f"Across {len(order)} domains", kept(blocks))


def _place(suite: Suite) -> tuple[Cell, ...]:
    return suite.domain, suite.name


def _named(suite: Suite, role: str) -> str:
    """The scorer that plays a role in a suite; empty where there is none."""
    fits = is_prm if role == "prm" else re.compile(rf"{role}\b", re.IGNORECASE).match
    return next((name for name in suite.figures if fits(name)), "")


def _main(suite: Suite, beginnings: Sequence[str]) -> str:
    """The metric that stands for a suite's steps, or for its choices."""
    return next((m for m in panels(suite.metrics) if m.startswith(tuple(beginnings))), "")


def _choices(suite: Suite) -> list[str]:
    """The metrics of choosing: by score alone, and by votes that scores weigh."""
    vote = next((m for m in suite.metrics if m.startswith(VOTE)), "")
    return [m for m in (_main(suite, CHOICE), vote) if m]


def _answers(suites: Sequence[Suite]) -> Table:
    rivals = ("majority", "orm", TOOLS, "surprisal")
    rows: list[tuple[Cell, ...]] = []
    for suite in suites:
        for name in filter(None, (_main(suite, STEPS), *_choices(suite))):
            words = [_word(suite, name, rival) for rival in rivals]
            if any(words):
                rows.append((*_place(suite), metric(name).label, *words))
    head = ("domain", "suite", "metric", "against majority", "against ORM", "against the plain tool")
    return Table(
        "domains-answers", "The PRM against what is cheaper", (*head, "against surprisal"), tuple(rows)
    )


def _word(suite: Suite, name: str, rival: str) -> Estimate | None:
    """The difference of the main PRM to a rival, with what the paired test says of it."""
    prm, other = _named(suite, "prm"), _named(suite, rival)
    found = next((p for p in suite.paired if (p.a, p.b, p.metric) == (prm, other, name)), None)
    if found is None:
        return None
    said = outcome(found)
    word = f"{SIGNS.get(said, '')}{TAGS[said]}" if suite.claims or said not in SIGNS else "no claim"
    return replace(found.diff, word=word)


def _steps(suites: Sequence[Suite]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for suite in suites:
        if name := _main(suite, STEPS):
            prm = _named(suite, "prm")
            silent = [p.figures for p in suite.slices.get("tools", ()) if p.label == "silent"]
            apart = silent[0].get(prm, {}).get(name) if silent else None
            cells = [_cell(suite, prm, name), apart]
            cells += [_cell(suite, _named(suite, role), name) for role in ("surprisal", TOOLS)]
            sizes = (suite.gold, suite.n, suite.clusters)
            rows.append((*_place(suite), *sizes, metric(name).label, *cells))
    head = ("domain", "suite", "gold", "n", "clusters", "metric", "PRM", "PRM, tools silent", "surprisal")
    return Table("domains-steps", "Judging steps", (*head, "plain tool"), tuple(rows))


def _choice(suites: Sequence[Suite]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for suite in suites:
        prm, orm, tool = (_named(suite, role) for role in ("prm", "orm", TOOLS))
        for name in _choices(suite):
            cells = [
                _cell(suite, prm, name),
                _cell(suite, prm, name + LENGTH_CONTROLLED),
                _cell(suite, orm, name),
                _cell(suite, orm, name + LENGTH_CONTROLLED),
                *(_cell(suite, who, name) for who in ("majority", tool, "oracle")),
            ]
            size = next((cell.n for cell in cells if cell), None)
            rows.append((*_place(suite), metric(name).label, size, *cells))
    head = ("domain", "suite", "metric", "n", "PRM", "PRM, length-controlled", "ORM")
    rest = ("ORM, length-controlled", "majority", "plain tool", "oracle")
    return Table("domains-choice", "Choosing among samples", (*head, *rest), tuple(rows))


def _cell(suite: Suite, scorer: str, name: str) -> Estimate | None:
    return suite.figures.get(scorer, {}).get(name)


def _cost(suites: Sequence[Suite]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for suite in suites:
        prm, orm = _named(suite, "prm"), _named(suite, "orm")
        cells = [
            _coverage(suite),
            _tools(suite, "false_alarm_rate"),
            _spent(suite, prm, "compute"),
            _spent(suite, orm, "compute"),
            _spent(suite, prm, SECONDS),
            _spent(suite, TOOLS, SECONDS),
        ]
        if any(cell is not None for cell in cells):
            rows.append((*_place(suite), *cells))
    head = ("domain", "suite", "decided by tools", "false alarms", "compute, PRM", "compute, ORM")
    rest = ("s per step, PRM", "s per step, tools")
    return Table("domains-cost", "Tools and cost", (*head, *rest), tuple(rows))


def _spent(suite: Suite, who: str, unit: str) -> Cell:
    value = suite.cost.get(who, {}).get(unit)
    return value if isinstance(value, (int, float)) else "unknown" if isinstance(value, str) else None


def _tools(suite: Suite, name: str) -> Estimate | None:
    """A figure of the tools that read no reference, taken together."""
    free = [d for d in suite.verifiers.values() if isinstance(d, Mapping) and d.get("oracle") is not True]
    merged = suite.verifiers.get(MERGED) or (free[0] if len(free) == 1 else {})
    figures: Json = merged.get("metrics") if isinstance(merged, Mapping) else {}
    return estimate(figures.get(name)) if isinstance(figures, Mapping) else None


def _coverage(suite: Suite) -> Estimate | None:
    """Share of steps that the tools decide; of labelled steps where the record tells no more."""
    sizes = {part.label: part.n or 0 for part in suite.slices.get("tools", ())}
    labelled = sum(sizes.values())
    counted = Estimate(sizes.get("decided", 0) / labelled, n=labelled) if labelled else None
    return suite.coverage or _tools(suite, "coverage") or counted


def _figure(suites: Sequence[Suite]) -> plots.Figure | None:
    """Curves of best of n, one panel per suite that has them."""
    drawn: dict[str, dict[str, Sequence[plots.Point]]] = {}
    for suite in suites:
        best, vote = suite.curves.get("best_of_n", {}), suite.curves.get("weighted_vote", {})
        names = (_named(suite, "prm"), _named(suite, "orm"), "majority")
        given = [best.get(name, ()) for name in names]
        given += [vote.get(TOOLS, ()), best.get("single sample", ()), best.get("oracle", ())]
        if any(given):
            drawn[f"{suite.domain}: {suite.name}"] = dict(zip(ROLES, given, strict=True))
    return plots.multiples(
        drawn,
        title="Best of n in every domain",
        x="samples per problem, n",
        y="problems solved",
        caption="Exact expectation over all subsets of size n, one panel per suite whose samples are"
        " exchangeable. The intervals stand in each suite's own section. Grey, dashed: floor and ceiling.",
        quiet=ROLES[-2:],
    )
