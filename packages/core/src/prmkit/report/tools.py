"""Quality of tools against gold: figures, confusion, step by step, and where they disagree.

Read from the ``verifiers`` of ``eval.json``; all but ``metrics`` may be absent::

    {verifier: {"metrics": {name: estimate}, "oracle": bool, "confusion": {gold: {verdict: steps}},
                "codes": {code: steps}, "places": [{"position", "steps", "wrong", "coverage": estimate, …}],
                "disagreements": [{"trajectory_id", "step", "verdict", "verifier", "reason", "text", …}]}}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from prmkit.report import plots
from prmkit.report.content import Block, Folded, Heading, Prose
from prmkit.report.evaluation import read_figures
from prmkit.report.scorers import explain, scorer_table
from prmkit.report.tables import Cell, Table, estimate
from prmkit.report.words import in_order
from prmkit.types import Json

GOLD = ("right", "wrong", "unlabelled")
VERDICTS = ("HOLDS", "FAILS", "UNKNOWN")
BY_STEP: Mapping[str, str] = {
    "coverage": "decided",
    "fails_recall": "wrong steps refuted",
    "fails_precision": "wrong among refuted",
    "holds_precision": "right among held",
}
"""Figure of a step position → what it is called."""
MANY = 3
"""Labelled steps from which a position is drawn."""


def verifier_blocks(verifiers: Mapping[str, Json], base: str) -> list[Block | None]:
    """All that is known of the tools of a suite or run."""
    tools = {name: data for name, data in verifiers.items() if isinstance(data, Mapping)}
    figures = read_figures(tools)
    if not figures:
        return []
    metrics = in_order(m for f in figures.values() for m in f)
    said = {name: f"{name} (oracle)" for name, data in tools.items() if data.get("oracle") is True}
    figures = {said.get(name, name): found for name, found in figures.items()}
    peeks = " A tool marked **oracle** reads the reference: it is no rival of anything." if said else ""
    how = (
        "A verifier speaks only where it can read something: **coverage** says how often."
        " HOLDS of a claim does not make the step right, so its precision is not expected to be 1."
        f" {explain([m for m in metrics if m != 'coverage'])}{peeks}"
    )
    title = "Verifiers against gold"
    blocks: list[Block | None] = [
        Heading("What the tools see"),
        scorer_table(f"{base}-verifiers", title, figures, metrics, who="verifier"),
        Prose(how, how=True),
        _confusion(tools, base),
    ]
    # Step by step and example by example for the tools taken together, else for the only one.
    main = next((name for name, data in tools.items() if data.get("disagreements") is not None), "")
    if main:
        blocks += _places(main, _rows(tools[main].get("places")), base)
        blocks.append(_disagreements(main, _rows(tools[main].get("disagreements")), base))
    return blocks


def _confusion(tools: Mapping[str, Mapping[str, Json]], base: str) -> Block | None:
    rows: list[tuple[Cell, ...]] = []
    for name, data in tools.items():
        table = data.get("confusion")
        if isinstance(table, Mapping):
            codes = data.get("codes")
            why = ", ".join(f"{code} {n}" for code, n in codes.items()) if isinstance(codes, Mapping) else ""
            rows += [
                (name, gold, *(_whole(said, verdict) for verdict in VERDICTS), why if gold == GOLD[0] else "")
                for gold in GOLD
                if isinstance(said := table.get(gold), Mapping)
            ]
    columns = ("verifier", "gold", *VERDICTS, "why UNKNOWN, all steps")
    table = Table(f"{base}-verifiers-confusion", "", columns, tuple(rows))
    return Folded(f"Gold against verdicts: {len(rows)} lines", table) if rows else None


def _places(name: str, places: Sequence[Mapping[str, Any]], base: str) -> list[Block | None]:
    drawn = [place for place in places if (_whole(place, "steps") or 0) >= MANY]
    if len(drawn) < 2:
        return []
    lines = {
        word: [
            plots.Point(float(_at(place)) + 1, cell.value, cell.low, cell.high)
            for place in drawn
            if (cell := estimate(place.get(key))) and (cell.n or 0) >= MANY
        ]
        for key, word in BY_STEP.items()
    }
    figure = plots.curves(
        lines,
        title=f"Tools by step: {name}",
        x="step",
        y="share of steps",
        caption=f"{name}, by the position of the step. Bands are 95 % intervals over clusters; positions with"
        f" fewer than {MANY} steps are not drawn, and the last takes in all later ones.",
        bands=[BY_STEP["coverage"], BY_STEP["fails_recall"]],
    )
    columns = ("step", "labelled", "wrong", *BY_STEP.values(), "right steps held")
    rows = tuple(
        (
            str(_at(place) + 1),
            _whole(place, "steps"),
            _whole(place, "wrong"),
            *(estimate(place.get(key)) for key in (*BY_STEP, "holds_recall")),
        )
        for place in places
    )
    table = Table(f"{base}-verifiers-steps", "", columns, rows)
    return [Heading("Tools by step"), figure, Folded(f"By step: {len(rows)} lines", table)]


def _disagreements(name: str, found: Sequence[Mapping[str, Any]], base: str) -> Block | None:
    rows = tuple(
        (
            _kind(one),
            str(one.get("trajectory_id", "")),
            _at(one, "step") + 1,
            str(one.get("verifier", "")),
            str(one.get("reason", "")),
            str(one.get("text", "")),
        )
        for one in found
    )
    columns = ("tool and gold", "solution", "step", "verifier", "what the tool says", "step's text")
    how = (
        "False alarms before the first error stand first: each is to be read, and where the tool is right and"
        " the label wrong, the row belongs in the errata."
    )
    table = Table(f"{base}-verifiers-disagreements", "", columns, rows, how)
    return Folded(f"Where {name} and gold disagree: {len(rows)} examples", table) if rows else None


def _kind(one: Mapping[str, Any]) -> str:
    if one.get("verdict") != "FAILS":
        return "held, gold wrong"
    return "refuted, gold right" if one.get("before_first_error") else "refuted, gold right, after an error"


def _rows(value: Json) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def _whole(data: Mapping[str, Json], key: str) -> int | None:
    found = estimate(data.get(key))
    return None if found is None else int(found.value)


def _at(data: Mapping[str, Json], key: str = "position") -> int:
    return _whole(data, key) or 0
