"""What a check says: a verdict in three values, one sentence, and the figures behind it."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from prmkit.judging.figures import Resampling, estimate
from prmkit.stats import Interval, Paired, clustered_wilson, holm, resample_mean
from prmkit.types import Json

Verdict = Literal["fine", "warning", "cannot tell"]
FEW = 8
"""With fewer clusters than this no interval is trusted."""


class Figure(NamedTuple):
    """One figure of a finding's table."""

    row: str
    column: str
    found: Interval


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check says."""

    check: str
    """Name of the check, such as ``bias``."""
    name: str
    """What was looked at, such as ``filler``."""
    verdict: Verdict
    sentence: str
    why: str = ""
    """Why nothing can be told; empty for the other verdicts."""
    figures: tuple[Figure, ...] = ()
    """The first one is the figure that decides."""

    def as_json(self) -> dict[str, Json]:
        """The finding as ``audit.json`` holds it."""
        head = self.figures[0].found if self.figures else None
        return {
            "check": self.check,
            "name": self.name,
            "verdict": self.verdict,
            "sentence": self.sentence,
            "why": self.why,
            "n": head.n if head else 0,
            "clusters": head.clusters if head else 0,
            "figures": [{"row": f.row, "column": f.column, **estimate(f.found)} for f in self.figures],
        }


def unknown(check: str, name: str, why: str, figures: Sequence[Figure] = ()) -> Finding:
    """A check that could not be made, or told nothing.

    Examples:
        >>> unknown("invariance", "layout", "the scorer has no layout").sentence
        'The scorer has no layout.'
    """
    return Finding(check, name, "cannot tell", f"{why[:1].upper()}{why[1:]}.", why, tuple(figures))


def inside(text: str) -> str:
    """A sentence as it stands inside another one.

    Examples:
        >>> inside("Scores lie high.")
        'scores lie high'
    """
    return f"{text[:1].lower()}{text[1:].removesuffix('.')}"


def mean(values: Sequence[float], clusters: Sequence[Hashable], how: Resampling) -> Interval:
    """A mean with its interval; NaN without rows."""
    if not values:
        return Interval(math.nan, math.nan, math.nan, 0, 0)
    return resample_mean(values, clusters, draws=how.draws, seed=how.seed).interval(how.confidence)


def change(
    after: Sequence[float], before: Sequence[float], clusters: Sequence[Hashable], how: Resampling
) -> Paired:
    """Mean of ``after`` minus mean of ``before`` on the same resamples; NaN without rows."""
    if not after:
        return Paired(math.nan, math.nan, math.nan, 0, 0, math.nan)
    one, other = (resample_mean(v, clusters, draws=how.draws, seed=how.seed) for v in (after, before))
    return one.minus(other, how.confidence)


def plain(found: Paired) -> Interval:
    """A paired difference without its p-value."""
    return Interval(*found[:5])


def small(found: Interval | Paired, margin: float) -> Verdict:
    """Whether a figure that should be zero is small.

    Fine: the whole interval lies within the margin. Warning: it excludes zero, and the figure lies beyond
    the margin.

    Examples:
        >>> small(Interval(0.01, -0.01, 0.03, 99, 99), 0.05), small(Interval(0.2, 0.1, 0.3, 99, 99), 0.05)
        ('fine', 'warning')
        >>> small(Interval(0.01, -0.1, 0.12, 99, 99), 0.05)
        'cannot tell'
    """
    if found.clusters < FEW or math.isnan(found.low):
        return "cannot tell"
    if -margin <= found.low and found.high <= margin:
        return "fine"
    return "warning" if (found.low > 0 or found.high < 0) and abs(found.value) > margin else "cannot tell"


def rare(hits: Sequence[bool], clusters: Sequence[Hashable], limit: float, *, family: int = 1) -> Verdict:
    """Whether a share that should be zero is at most ``limit``.

    Args:
        hits: One per row.
        clusters: Cluster of each row.
        limit: Largest share that is fine.
        family: Number of shares looked at together: a warning must hold at 95 % for all of them.

    Source:
        Wilson's interval over clusters; Bonferroni's correction for warnings.

    Examples:
        >>> rare([False] * 100, range(100), 0.05), rare([True] * 50 + [False] * 50, range(100), 0.05)
        ('fine', 'warning')
    """
    found = clustered_wilson(hits, clusters)
    if found.clusters < FEW:
        return "cannot tell"
    if found.high <= limit:
        return "fine"
    strict = clustered_wilson(hits, clusters, 1 - 0.05 / family)
    return "warning" if strict.low > limit else "cannot tell"


def shown(differences: Sequence[Paired]) -> list[bool]:
    """Which differences of one family are other than zero after Holm's correction.

    Source:
        Holm (1979).
    """
    known = {str(i): one.p for i, one in enumerate(differences) if not math.isnan(one.p)}
    adjusted = holm(known)
    return [adjusted.get(str(i), 1.0) < 0.05 for i in range(len(differences))]


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """One warning makes a warning; else one doubt makes a doubt.

    Examples:
        >>> worst(["fine", "cannot tell"]), worst([])
        ('cannot tell', 'cannot tell')
    """
    order: tuple[Verdict, ...] = ("warning", "cannot tell", "fine")
    return next((word for word in order if word in verdicts), "cannot tell")


def said(found: Interval | Paired, *, signed: bool = False) -> str:
    """A figure with its interval, for a sentence.

    Examples:
        >>> said(Interval(0.125, 0.1, 0.15, 9, 9)), said(Interval(-0.5, -0.6, -0.4, 9, 9), signed=True)
        ('0.125 [0.100, 0.150]', '−0.500 [−0.600, −0.400]')
    """
    ends = "" if math.isnan(found.low) else f" [{_one(found.low, signed)}, {_one(found.high, signed)}]"
    return f"{_one(found.value, signed)}{ends}"


def _one(value: float, signed: bool) -> str:
    if math.isnan(value):
        return "unknown"
    sign = "−" if value < 0 else "+" if signed and value > 0 else ""
    return f"{sign}{abs(value):.3f}"
