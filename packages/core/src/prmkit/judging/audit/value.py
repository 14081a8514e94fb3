"""Does it score the value of where a solution stands, or whether each step is right?

A mistake is planted in a right solution. *Drop* is what the spoilt step loses. *Carry* is what the later
steps lose while the mistake stands, as a share of the drop. *Left after correction* is what they lose when
the right step follows the wrong one. A judge of single steps has neither; once-wrong-stays-wrong has both;
a value falls while the mistake stands and comes back once it is corrected.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from prmkit.aggregators import aggregate
from prmkit.judging.audit.edits import inserted
from prmkit.judging.audit.finding import (
    FEW,
    Figure,
    Finding,
    Verdict,
    change,
    inside,
    mean,
    plain,
    said,
    unknown,
)
from prmkit.judging.audit.probes import Probe
from prmkit.judging.audit.read import Reader, Values
from prmkit.judging.figures import Resampling
from prmkit.judging.rows import first_error
from prmkit.stats import Interval, clustered_wilson, resample_auroc, resample_sums
from prmkit.types import Sample

LITTLE, MUCH = 0.25, 0.5
"""Shares of the drop below which nothing is carried on, and above which it is."""
CAUGHT = 0.75
"""Share of solutions with a wrong step that must stand below the right one."""
MEANINGS: Mapping[str, str] = {
    "own_merit": "judges each step by itself",
    "prefix": "says wrong of all that follows a mistake, also once it is corrected",
    "value": "says how things stand: it falls while a mistake stands and comes back once it is corrected",
}
"""What a scorer may be found to do."""


@dataclass(frozen=True, slots=True)
class Response:
    """How the scores answer one planted mistake; None where a score is missing."""

    cluster: str
    drop: float
    carry: float | None
    """Mean loss of the later steps while the mistake stands."""
    left: float
    """Mean loss of the corrected step and those after it, the wrong step standing before."""
    forgiven: float
    """How much less the wrong step loses when it is corrected later."""
    repeated: float
    """The same as ``left`` with the right step said twice in place of the wrong one."""


def responses(reader: Reader, probes: Sequence[Probe]) -> list[Response]:
    """One entry per planted mistake whose steps are all scored."""
    asked = []
    for probe in probes:
        for one in probe.wrong:
            right, k = probe.right, one.step
            spoilt = one.trajectory.steps[k].text
            asked.append(
                (
                    probe.problem,
                    right,
                    one.trajectory,
                    inserted(right, k, spoilt, id=f"{one.trajectory.id}~corrected"),
                    inserted(right, k, right.steps[k].text, id=f"{right.id}~twice-{k}"),
                )
            )
    flat = reader((problem, t) for problem, *written in asked for t in written)
    rows = [flat[i : i + 4] for i in range(0, len(flat), 4)]
    places = [(probe.cluster, one.step) for probe in probes for one in probe.wrong]
    found = [_response(cluster, k, *four) for (cluster, k), four in zip(places, rows, strict=True)]
    return [one for one in found if one is not None]


def _response(
    cluster: str, k: int, right: Values, wrong: Values, corrected: Values, twice: Values
) -> Response | None:
    was, now, again = right[k], wrong[k], corrected[k]
    left = _loss(right[k:], corrected[k + 1 :])
    repeated = _loss(right[k:], twice[k + 1 :])
    if was is None or now is None or again is None or left is None or repeated is None:
        return None
    return Response(cluster, was - now, _loss(right[k + 1 :], wrong[k + 1 :]), left, again - now, repeated)


def _loss(before: Values, after: Values) -> float | None:
    """Mean loss over the steps that both have."""
    both = [b - a for b, a in zip(before, after, strict=True) if b is not None and a is not None]
    return sum(both) / len(both) if both else None


def share_of_drop(losses: Sequence[float], rows: Sequence[Response], how: Resampling) -> Interval:
    """Sum of losses over the sum of drops."""
    if not rows:
        return Interval(math.nan, math.nan, math.nan, 0, 0)
    columns = {"loss": losses, "drop": [one.drop for one in rows]}
    clusters = [one.cluster for one in rows]
    made = resample_sums(lambda s: s["loss"] / s["drop"], columns, clusters, draws=how.draws, seed=how.seed)
    return made.interval(how.confidence)


def meaning(carry: Interval, left: Interval) -> str | None:
    """Name of what the scorer does (see :data:`MEANINGS`); None where the intervals cannot tell.

    Examples:
        >>> none, full = Interval(0, -0.1, 0.1, 50, 50), Interval(1, 0.9, 1.1, 50, 50)
        >>> meaning(none, none), meaning(full, full), meaning(full, none), meaning(none, full)
        ('own_merit', 'prefix', 'value', None)
    """
    stays = left.low > MUCH
    back = left.high < LITTLE
    if carry.high < LITTLE and back:
        return "own_merit"
    if carry.low > MUCH and (stays or back):
        return "prefix" if stays else "value"
    return None


def allowed(kind: str, conventions: Sequence[str]) -> tuple[str, ...]:
    """What a scorer of this kind, trained on labels of these conventions, may do.

    Labels that end at the first error say nothing of what comes after it.

    Examples:
        >>> allowed("correct", ["own_merit"]), allowed("correct", ["until_first_error"])
        (('own_merit',), ('own_merit', 'prefix'))
    """
    if kind != "correct":
        return ("value",)
    named = tuple(name for name in conventions if name in MEANINGS)
    return named if named and set(named) == set(conventions) else ("own_merit", "prefix")


def meaning_finding(
    rows: Sequence[Response], kind: str, conventions: Sequence[str], how: Resampling, unit: float = 1.0
) -> Finding:
    """Value or correctness, against what the PRM declares."""
    clusters = [one.cluster for one in rows]
    drop = mean([one.drop for one in rows], clusters, how)
    followed = [one for one in rows if one.carry is not None]
    carry = share_of_drop([one.carry or 0.0 for one in followed], followed, how)
    left = share_of_drop([one.left for one in rows], rows, how)
    forgiven = share_of_drop([one.forgiven for one in rows], rows, how)
    twice = share_of_drop([one.repeated for one in rows], rows, how)
    figures = (
        Figure("drop at a planted mistake", "score", drop),
        Figure("carried on while it stands", "share of the drop", carry),
        Figure("left after it is corrected", "share of the drop", left),
        Figure("the same after a right step said twice (control)", "share of the drop", twice),
        Figure("forgiven at the mistake itself when corrected later", "share of the drop", forgiven),
    )
    name = "value or correctness"
    if drop.clusters < FEW:
        return unknown("value", name, f"mistakes planted in {drop.clusters} problems only", figures)
    if not drop.low > 0.02 * unit:
        verdict: Verdict = "warning" if drop.high < 0.1 * unit else "cannot tell"
        text = f"A planted mistake costs its step {said(drop)}: it is hardly seen, so no meaning can be told."
        return Finding("value", name, verdict, text, "mistakes are hardly seen", figures)
    if kind == "correct" and forgiven.low > MUCH:
        text = (
            f"A mistake is forgiven when a later step corrects it ({said(forgiven)} of the drop):"
            " value, not correctness."
        )
        return Finding("value", name, "warning", text, "", figures)
    found = meaning(carry, left)
    if found != "own_merit" and not twice.high < MUCH:
        why = (
            f"it loses as much after a right step said twice ({said(twice)} of the drop) as after a corrected"
            f" mistake ({said(left)}): any inserted step may do that"
        )
        return unknown("value", name, why, figures)
    if found is None:
        why = (
            f"after a mistake later steps lose {said(carry)} of its drop, after a correction {said(left)};"
            f" below {LITTLE} or above {MUCH} would tell"
        )
        return unknown("value", name, why, figures)
    expected = allowed(kind, conventions)
    text = (
        f"It {MEANINGS[found]}: a mistake costs its step {said(drop)}, later steps lose {said(carry)}"
        f" of that, and {said(left)} once it is corrected."
    )
    if found in expected:
        return Finding("value", name, "fine", text, "", figures)
    declared = f"{kind}, labels {' and '.join(conventions) or 'not declared'}"
    return Finding("value", name, "warning", f"{text} It is declared otherwise ({declared}).", "", figures)


def process_finding(reader: Reader, probes: Sequence[Probe], how: Resampling, aggregator: str) -> Finding:
    """Right answer by a wrong process, against the right solution and against a false answer."""
    rows = [(probe, one) for probe in probes for one in probe.wrong]
    read = reader(pair for p, one in rows for pair in ((p.problem, p.right), (p.problem, one.trajectory)))
    whole = [aggregate(values, aggregator) for values in read]
    right, wrong = whole[::2], whole[1::2]
    clusters = [p.cluster for p, _ in rows]
    caught = clustered_wilson([w < r for r, w in zip(right, wrong, strict=True)], clusters)
    false = [p for p in probes if p.false is not None]
    told = reader(pair for p in false if p.false for pair in ((p.problem, p.right), (p.problem, p.false)))
    totals = [aggregate(values, aggregator) for values in told]
    noticed = clustered_wilson(
        [a < r for r, a in zip(totals[::2], totals[1::2], strict=True)], [p.cluster for p in false]
    )
    last = _lowest_at_end([(one.step, values) for (_, one), values in zip(rows, read[1::2], strict=True)])
    where = clustered_wilson(
        [hit for hit in last if hit is not None],
        [c for c, h in zip(clusters, last, strict=True) if h is not None],
    )
    figures = (
        Figure("right answer, wrong process: below the right solution", "share", caught),
        Figure("right process, false answer: below the right solution", "share", noticed),
        Figure("right answer, wrong process: lowest score at the last step", "share", where),
        Figure("right answer, wrong process: change", aggregator, plain(change(wrong, right, clusters, how))),
        Figure(
            "right process, false answer: change",
            aggregator,
            plain(change(totals[1::2], totals[::2], [p.cluster for p in false], how)),
        ),
    )
    return _judged(caught, noticed, where, aggregator, figures)


def _judged(
    caught: Interval, noticed: Interval, where: Interval, aggregator: str, figures: tuple[Figure, ...]
) -> Finding:
    name = "right answer, wrong process"
    if caught.clusters < FEW:
        return unknown("value", name, f"mistakes planted in {caught.clusters} problems only", figures)
    text = (
        f"A solution with a wrong step and a right answer stands below the right one in {said(caught)}"
        f" of pairs (by {aggregator}); one with a false answer in {said(noticed)}."
    )
    if where.low > 0.5 or (caught.high < noticed.low and caught.high < CAUGHT):
        text += " It looks at the answer rather than at the steps."
        return Finding("value", name, "warning", text, "", figures)
    return _by_share("value", name, caught, text, figures)


def _by_share(check: str, name: str, found: Interval, text: str, figures: tuple[Figure, ...]) -> Finding:
    """A verdict on a share of pairs that are told apart."""
    if found.high < CAUGHT:
        return Finding(
            check, name, "warning", f"{text} Wrong steps are missed: {CAUGHT} is asked.", "", figures
        )
    if found.low > CAUGHT:
        return Finding(check, name, "fine", text, "", figures)
    return unknown(check, name, f"{inside(text)}; {CAUGHT} is asked", figures)


def _lowest_at_end(rows: Sequence[tuple[int, Values]]) -> list[bool | None]:
    """Whether the last step has the lowest score, of solutions whose mistake stands elsewhere."""
    found: list[bool | None] = []
    for step, values in rows:
        scored = [i for i, value in enumerate(values) if value is not None]
        if len(scored) < 2 or step == scored[-1]:
            found.append(None)
        else:
            known = np.array([values[i] for i in scored], dtype=np.float64)
            found.append(scored[int(np.argmin(known))] == scored[-1])
    return found


def recorded_finding(
    samples: Sequence[Sample], values: Sequence[Values], how: Resampling, aggregator: str
) -> Finding | None:
    """The same question to recorded solutions whose answer is right; None where there are none of a kind."""
    rows = [
        (aggregate(row, aggregator), float(first == -1), sample.problem.cluster)
        for sample, row in zip(samples, values, strict=True)
        if (first := first_error(sample)) is not None and (sample.trajectory.outcome or 0.0) >= 0.5
    ]
    good = [right for _, right, _ in rows]
    if len(set(good)) < 2:
        return None
    made = resample_auroc(
        [score for score, _, _ in rows], good, [c for _, _, c in rows], draws=how.draws, seed=how.seed
    )
    found = made.interval(how.confidence)
    figures = (Figure("recorded right answers: right against wrong process", "AUROC", found),)
    name = "recorded right answers"
    text = f"Among recorded right answers, right processes stand above wrong ones: AUROC {said(found)}."
    return _by_share("value", name, found, text, figures)
