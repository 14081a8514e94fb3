"""Tools against gold step labels, as ``eval.json`` holds them: figures, confusion, places, disagreements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prmkit.judging.figures import Resampling, estimate
from prmkit.judging.rows import decided
from prmkit.stats import resample_mean
from prmkit.types import Evidence, Json, Sample
from prmkit.verify.noise import Noise, measure

MERGED = "all, merged"
"""Name of the tools that read no reference, taken together."""
FIGURES = (
    "coverage",
    "fails_precision",
    "fails_recall",
    "holds_precision",
    "holds_recall",
    "first_error_recall",
    "located",
)
"""Figures of a verifier that have an interval."""
EXAMPLES = 40
"""Disagreements kept of the tools taken together, the worst kind first."""


def coverage(
    samples: Sequence[Sample], evidence: Sequence[Sequence[Evidence]], how: Resampling
) -> dict[str, Json]:
    """Share of all scored steps that some tool decides without the reference, labelled or not.

    Args:
        samples: What was verified.
        evidence: Per sample, its evidence.
        how: Resampling.

    Source:
        Interval by the cluster bootstrap (Davison & Hinkley, 1997).
    """
    rows = [
        (float(step in said), sample.problem.cluster)
        for sample, found in zip(samples, evidence, strict=True)
        for said in (decided(found),)
        for step in sample.trajectory.scored
    ]
    if not rows:
        return {}
    made = resample_mean([hit for hit, _ in rows], [c for _, c in rows], draws=how.draws, seed=how.seed)
    return estimate(made.interval(how.confidence))


def verifier_records(
    pairs: Sequence[tuple[Sample, Sequence[Evidence]]], *, draws: int = 2000
) -> dict[str, Json]:
    """Each verifier against gold, and those that read no reference merged.

    Args:
        pairs: Samples, some of them with gold step labels, and their evidence.
        draws: Resamples of clusters behind each interval.

    Returns:
        Verifier → ``metrics``, ``oracle`` (it read the reference), ``confusion``, ``codes``, ``places`` and,
        once, ``disagreements``; nothing where no sample has labels.

    Raises:
        AlignmentError: Labels or evidence belong to another trajectory or cut.

    Source:
        Precision and recall of both verdicts with intervals that resample problems (Davison & Hinkley,
        1997); with few problems Wilson's interval over problems.
    """
    if not any(sample.labels for sample, _ in pairs):
        return {}
    oracles = {e.verifier: e.needs_reference for _, found in pairs for e in found}
    free = [name for name in oracles if not oracles[name]]
    table = {name: measure(pairs, verifier=name, draws=draws) for name in sorted(oracles)}
    if len(free) > 1:
        table[MERGED] = measure(pairs, draws=draws)
    shown = MERGED if len(free) > 1 else next(iter(free or oracles), "")
    return {
        name: _record(noise, oracle=oracles.get(name, False), examples=EXAMPLES if name == shown else 0)
        for name, noise in table.items()
    }


def _record(noise: Noise, *, oracle: bool, examples: int) -> Mapping[str, Json]:
    plain = noise.as_dict()
    alarms = noise.false_alarms
    bound = {"value": alarms.rate, "low": None, "high": alarms.upper, "n": alarms.steps}
    record = {
        "metrics": {name: plain[name] for name in FIGURES} | {"false_alarm_rate": bound},
        "oracle": oracle,
        "confusion": plain["confusion"],
        "codes": plain["codes"],
        "places": plain["places"],
    }
    return record | ({"disagreements": plain["disagreements"][:examples]} if examples else {})
