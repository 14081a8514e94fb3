"""Are the numbers a property of the text, or of how it was batched, ordered, padded, laid out and rounded?"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from prmkit.errors import PrmkitError
from prmkit.judging.audit.finding import Figure, Finding, rare, said, unknown
from prmkit.judging.audit.read import Pair, Values, altered, score_all
from prmkit.stats import Interval, clustered_wilson

EXACT = 1e-5
"""Largest difference, in widths of the scale, that float32 may make."""
FLIPS = 0.05
"""Largest share of verdicts that half precision may turn."""
SMALL_BATCH, LARGE_BATCH = 1 << 9, 1 << 13
"""Tokens a batch, where the scorer has such a setting."""


def compare(
    name: str,
    pairs: Sequence[Pair],
    own: Sequence[Values],
    other: Sequence[Values],
    threshold: float | None,
    unit: float,
    *,
    exact: bool = True,
) -> Finding:
    """Two readings of the same solutions: the largest difference, and verdicts that turn at the threshold.

    Args:
        name: What differs between the two.
        pairs: The solutions.
        own: Scores as they are.
        other: Scores the other way.
        threshold: Score from which a step counts as right; None where there is none.
        unit: Width of the scale.
        exact: Whether the two must be equal up to rounding in float32; else only few verdicts may turn.
    """
    rows = [
        (a, b, problem.cluster)
        for (problem, _), mine, theirs in zip(pairs, own, other, strict=True)
        for a, b in zip(mine, theirs, strict=True)
        if a is not None or b is not None
    ]
    if not rows:
        return unknown("invariance", name, "no step has a score")
    clusters = [cluster for *_, cluster in rows]
    gaps = [math.inf if a is None or b is None else abs(a - b) for a, b, _ in rows]
    largest = Interval(max(gaps), math.nan, math.nan, len(rows), len(set(clusters)))
    flips = [
        threshold is not None and (a is None or b is None or (a >= threshold) != (b >= threshold))
        for a, b, _ in rows
    ]
    turned = clustered_wilson(flips, clusters)
    figures = (Figure(name, "largest |Δ|", largest), Figure(name, "share of verdicts turned", turned))
    difference = "some steps are scored one way only" if math.isinf(max(gaps)) else f"|Δ| ≤ {max(gaps):.2g}"
    turns = f"{sum(flips)} of {len(rows):,} verdicts turn at the threshold"
    text = f"{difference[:1].upper()}{difference[1:]}; {turns}."
    if exact:
        bad = max(gaps) > EXACT * unit or any(flips)
        return Finding("invariance", name, "warning" if bad else "fine", text, "", figures)
    if threshold is None:
        return unknown("invariance", name, f"{difference}, and the scorer has no threshold", figures)
    verdict = rare(flips, clusters, FLIPS)
    if verdict == "cannot tell":
        why = (
            f"{sum(flips)} of {len(rows):,} verdicts turn ({difference}); {said(turned)} leaves {FLIPS} open"
        )
        return unknown("invariance", name, why, figures)
    return Finding("invariance", name, verdict, text, "", figures)


def invariance_findings(
    scorer: Any,
    pairs: Sequence[Pair],
    own: Sequence[Values],
    threshold: float | None,
    unit: float,
    *,
    halved: Callable[[], Any] | None = None,
    more: Sequence[Pair] = (),
    more_own: Sequence[Values] = (),
) -> list[Finding]:
    """Every way to score the same solutions again that this scorer has.

    Args:
        scorer: The scorer.
        pairs: Solutions, several of each problem.
        own: Their scores, read together.
        threshold: Score from which a step counts as right.
        unit: Width of the scale.
        halved: Opens the same scorer in bfloat16.
        more: Further solutions for the precision, where a share has to be told.
        more_own: Their scores.
    """
    whole, scores = [*pairs, *more], [*own, *more_own]

    def same(name: str, again: Callable[[], list[Values]], *, exact: bool = True) -> Finding:
        try:
            if exact:
                return compare(name, pairs, own, again(), threshold, unit)
            return compare(name, whole, scores, again(), threshold, unit, exact=False)
        except PrmkitError as error:
            return unknown("invariance", name, error.message.rstrip("."))

    def read(one: Any, asked: Sequence[Pair] = pairs) -> list[Values]:
        return [record.values for record in score_all(one, asked)]

    found = [
        same("batch: one by one", lambda: [scorer.score(p, [t])[0].values for p, t in pairs]),
        same("order: last first", lambda: read(scorer, pairs[::-1])[::-1]),
    ]
    settings: dict[str, dict[str, Any]] = {}
    if isinstance(size := getattr(scorer, "batch_tokens", None), int):
        for tokens in (SMALL_BATCH, LARGE_BATCH):
            if tokens != size:
                settings[f"padding: batches of {tokens:,} tokens"] = {"batch_tokens": tokens}
    if (layout := getattr(scorer, "layout", None)) in ("auto", "rows"):
        other = "rows" if layout == "auto" else "auto"
        settings[f"layout: {other} for {layout}"] = {"layout": other}
    for name, fields in settings.items():
        found.append(same(name, lambda fields=fields: read(altered(scorer, **fields))))  # type: ignore[misc]
    if not settings:
        found.append(unknown("invariance", "padding and layout", "the scorer has no such settings"))
    if halved is None:
        found.append(unknown("invariance", "precision", "the scorer cannot be opened in another precision"))
    else:
        found.append(same("precision: bfloat16 for float32", lambda: read(halved(), whole), exact=False))
    return found
