"""Is it read as it was trained to be read? Neighbouring readings must not rank labelled steps better.

Two kinds of neighbours: the same scores laid on the step before or after, which any scorer has; and other
readings of a checkpoint's spec, where the scorer has one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from prmkit.cards import PRMSpec
from prmkit.errors import PrmkitError
from prmkit.judging.audit.finding import FEW, Figure, Finding, plain, said, shown, unknown
from prmkit.judging.audit.read import Values, altered, score_all
from prmkit.judging.figures import Resampling
from prmkit.score.neighbours import variants
from prmkit.stats import Paired, Resampled, resample_auroc
from prmkit.types import Sample

MARGIN = 0.02
"""AUROC by which a neighbour may be ahead without being better."""
OWN = "own reading"


def neighbouring(spec: PRMSpec) -> Iterator[tuple[str, PRMSpec]]:
    """Readings next to a spec: those of the self-check, other classes, and other text around steps.

    Examples:
        >>> [name for name, _ in neighbouring(PRMSpec())][:2]
        ['tokenised in pieces', 'read one token earlier']
    """
    yield from variants(spec)
    if spec.head == "classes" and spec.classes > 2:
        for one in range(spec.classes):
            if one != spec.positive and one not in spec.also:
                yield f"class {one}", replace(spec, positive=one, also=())
    for after in ("", "\n"):
        if after != spec.after_step:
            yield f"{after!r} between step and marker", replace(spec, after_step=after)
    for between in ("", "\n\n"):
        if between != spec.separator:
            yield f"{between!r} between steps", replace(spec, separator=between)
    for after in ("\n", "\n\n"):
        if after != spec.after_problem:
            yield f"{after!r} behind the problem", replace(spec, after_problem=after)


def moved(values: Values, by: int) -> Values:
    """Scores laid on the steps before (``by`` = -1) or after (1).

    Examples:
        >>> moved((0.1, 0.2, 0.3), -1), moved((0.1, 0.2, 0.3), 1)
        ((0.2, 0.3, None), (None, 0.1, 0.2))
    """
    return (*values[1:], None) if by < 0 else (None, *values[:-1])


def readings(
    scorer: Any, samples: Sequence[Sample], own: Sequence[Values]
) -> tuple[dict[str, Sequence[Values]], dict[str, str]]:
    """Scores of each neighbouring reading, and why others are impossible."""
    found: dict[str, Sequence[Values]] = {
        OWN: own,
        "scores of the step before": [moved(values, 1) for values in own],
        "scores of the step after": [moved(values, -1) for values in own],
        "scores upside down": [tuple(None if v is None else -v for v in values) for values in own],
    }
    absent: dict[str, str] = {}
    spec = getattr(scorer, "spec", None)
    for name, other in neighbouring(spec) if isinstance(spec, PRMSpec) else ():
        try:
            records = score_all(altered(scorer, spec=other), [(s.problem, s.trajectory) for s in samples])
        except PrmkitError as error:
            absent[name] = error.message
        else:
            found[name] = [record.values for record in records]
    return found, absent


def convention_finding(
    samples: Sequence[Sample], read: Mapping[str, Sequence[Values]], how: Resampling
) -> Finding:
    """The own reading against its neighbours, each on the labelled steps that both score."""
    compared = {name: found for name in read if name != OWN and (found := _compare(samples, read, name, how))}
    name = "reading convention"
    alone = _area(samples, read[OWN], read[OWN], how)
    if alone is None or alone.clusters < FEW:
        return unknown("convention", name, "too few labelled steps of both classes are scored")
    own = alone.interval(how.confidence)
    figures = [Figure(OWN, "AUROC", own)]
    for other, (area, difference) in compared.items():
        figures += [Figure(other, "AUROC", area.interval(how.confidence))]
        figures += [Figure(other, "against own", plain(difference))]
    differences = [difference for _, difference in compared.values()]
    better = [
        other
        for other, certain, one in zip(compared, shown(differences), differences, strict=True)
        if certain and one.value > MARGIN
    ]
    if better:
        best = max(better, key=lambda other: compared[other][1].value)
        text = (
            f"Another reading ranks steps better than the own one (AUROC {said(own)}): {best},"
            f" {said(compared[best][1], signed=True)}. The checkpoint may be read in the wrong place."
        )
        return Finding("convention", name, "warning", text, "", tuple(figures))
    if not own.low > 0.5:
        why = f"the own reading does not rank steps (AUROC {said(own)}), nor does a neighbouring one better"
        return unknown("convention", name, why, figures)
    near = [other for other, one in zip(compared, differences, strict=True) if not one.high <= MARGIN]
    if near:
        return unknown(
            "convention", name, f"{', '.join(near)} may rank steps as well as the own reading", figures
        )
    text = (
        f"The own reading ranks steps best: AUROC {said(own)}, none of {len(compared)} neighbours is ahead."
    )
    return Finding("convention", name, "fine", text, "", tuple(figures))


def _compare(
    samples: Sequence[Sample], read: Mapping[str, Sequence[Values]], name: str, how: Resampling
) -> tuple[Resampled, Paired] | None:
    area = _area(samples, read[name], read[OWN], how)
    own = _area(samples, read[OWN], read[name], how)
    return None if area is None or own is None else (area, area.minus(own, how.confidence))


def _area(
    samples: Sequence[Sample], of: Sequence[Values], beside: Sequence[Values], how: Resampling
) -> Resampled | None:
    """AUROC of labelled steps that both readings score; None without both classes."""
    rows = [
        (value, float(label >= 0.5), sample.problem.cluster)
        for sample, mine, other in zip(samples, of, beside, strict=True)
        if sample.labels is not None
        for value, same, label in zip(mine, other, sample.labels.values, strict=True)
        if value is not None and same is not None and label is not None
    ]
    good = [right for _, right, _ in rows]
    if len(set(good)) < 2:
        return None
    clusters = [cluster for _, _, cluster in rows]
    return resample_auroc([v for v, _, _ in rows], good, clusters, draws=how.draws, seed=how.seed)
