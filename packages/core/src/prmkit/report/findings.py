"""The summary in plain words. A gain is claimed only where the paired interval excludes zero."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from prmkit.report.content import Finding
from prmkit.report.evaluation import Paired, Suite
from prmkit.report.tables import Estimate, interval, number
from prmkit.report.words import LENGTH_CONTROLLED, is_oracle, is_prm, metric

SPOKEN = (
    "step_auroc",
    "first_error_f1",
    "processbench_f1",
    "best_of",
    "selection",
    "accuracy at equal compute",
)
"""Beginnings of the metrics that the summary speaks of, in order; the tables hold all."""
LEVELS = ("step_auroc", "processbench_f1_chosen", "first_error_f1_chosen", "first_error_f1_fixed")
"""Metrics of which the summary states the level: the first that is there."""
CORRECTED = 0.05
"""Largest corrected p with which a difference is still claimed."""


def findings(suites: Sequence[Suite]) -> tuple[Finding, ...]:
    """Sentences on each suite: what the PRM reaches, and how it stands to its strongest rivals."""
    runs = len({suite.run for suite in suites})
    found: list[Finding] = []
    for suite in suites:
        place = f"{suite.name}, {suite.run}" if runs > 1 else suite.name
        found += [replace(finding, place=place) for finding in (*_levels(suite), *_comparisons(suite))]
    return tuple(found)


def _comparisons(suite: Suite) -> Iterable[Finding]:
    if not suite.claims:
        yield Finding("note", "No gain can be claimed on this suite; its section says why.")
        return
    for pair in telling(suite.paired):
        yield compare(pair)
    for part in suite.slices.get("error", ()):
        if part.label == "withheld":
            for pair in telling(part.paired):
                said = compare(pair)
                yield replace(
                    said, text=f"{said.text.removesuffix('.')}, on errors that no labelling tool knew."
                )


def telling(paired: Sequence[Paired]) -> list[Paired]:
    """The comparisons that decide: per spoken metric the main PRM against its strongest rival and majority.

    Several thresholds of one metric count once: chosen on other data goes before fixed.
    """
    found: list[Paired] = []
    main = next((p.a for p in paired if is_prm(p.a)), None)
    for beginning in SPOKEN:
        metrics = dict.fromkeys(
            p.metric
            for p in paired
            if p.metric.startswith(beginning) and not p.metric.endswith(LENGTH_CONTROLLED)
        )
        name = next((m for m in metrics if m.endswith("_chosen")), next(iter(metrics), None))
        family = [p for p in paired if p.metric == name and not is_oracle(p.a) and not is_oracle(p.b)]
        ours = (
            [p for p in family if p.a == main or p.a.startswith(f"{main}, ")]
            or [p for p in family if is_prm(p.a)]
            or family
        )
        rivals = [p for p in ours if not is_prm(p.b)] or ours
        if rivals:
            better = 1 if metric(rivals[0].metric).higher else -1
            strongest = min(rivals, key=lambda p: better * p.diff.value)
            found += [p for p in rivals if p is strongest or p.b == "majority"]
    return found


def _levels(suite: Suite) -> Iterable[Finding]:
    scorer = next((s for s in suite.figures if is_prm(s)), None)
    name = next((m for m in LEVELS if scorer and m in suite.figures[scorer]), None)
    if scorer is None or name is None:
        return
    here = suite.figures[scorer][name]
    label = metric(name).label
    said = f"{label[:1].upper()}{label[1:]} of {scorer} is {_full(here)}{_behind(here, suite)}"
    parts = [("tools", "silent", "where every tool is silent"), ("error", "withheld", "on withheld errors")]
    for kind, label, words in parts:
        apart = [p.figures.get(scorer, {}).get(name) for p in suite.slices.get(kind, ()) if p.label == label]
        said += "".join(f"; {words}, {_full(cell)}" for cell in apart if cell)
    yield Finding("figure", f"{said}.")


def _full(cell: Estimate) -> str:
    return f"{number(cell.value)} {interval(cell)}".rstrip()


def _behind(cell: Estimate, suite: Suite) -> str:
    n, clusters = cell.n or suite.n, cell.clusters or suite.clusters
    return f" (n = {n:,}{f', {clusters:,} clusters' if clusters else ''})" if n else ""


def outcome(pair: Paired) -> str:
    """Word for a comparison: gain, loss, equal, or none (not shown).

    A gain or loss needs an interval that excludes zero, and a corrected p below 0.05 where one is given.
    """
    if pair.diff.decided and (pair.p is None or pair.p < CORRECTED):
        better = (pair.diff.value > 0) == metric(pair.metric).higher
        return "gain" if better else "loss"
    return "equal" if pair.equivalent else "none"


def compare(pair: Paired) -> Finding:
    """A comparison as a sentence."""
    by = f"{metric(pair.metric).label} {difference(pair)}"
    if not pair.diff.interval:
        return Finding("none", f"{pair.a} against {pair.b}: {by}, given without an interval.")
    verdict = outcome(pair)
    if verdict == "gain":
        return Finding("gain", f"{pair.a} is better than {pair.b}: {by}.")
    if verdict == "loss":
        return Finding("loss", f"{pair.a} is worse than {pair.b}: {by}.")
    if verdict == "equal":
        return Finding("equal", f"{pair.a} and {pair.b} are equal within the margin: {by}.")
    if pair.diff.decided:
        return Finding(
            "none", f"No difference between {pair.a} and {pair.b} survives Holm's correction: {by}."
        )
    return Finding("none", f"No difference between {pair.a} and {pair.b} is shown: {by}.")


def difference(pair: Paired) -> str:
    """A difference with its interval, in percentage points where the metric is a share.

    Examples:
        >>> difference(Paired("prm", "majority", "best_of_8", Estimate(0.061, 0.032, 0.092, signed=True)))
        '+6.1 points [+3.2, +9.2]'
    """
    cell = pair.diff
    if not metric(pair.metric).share:
        return _signed(cell, 1.0, 3)
    return _signed(cell, 100.0, 1, " points")


def _signed(cell: Estimate, scale: float, digits: int, unit: str = "") -> str:
    def one(value: float) -> str:
        said = f"{abs(value * scale):.{digits}f}"
        return said if not float(said) else f"{'+' if value > 0 else '−'}{said}"

    ends = f" [{one(cell.low)}, {one(cell.high)}]" if cell.low is not None and cell.high is not None else ""
    return f"{one(cell.value)}{unit}{ends}"
