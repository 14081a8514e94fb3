"""Readings next to a spec's own: when one of them ranks better, the spec may be the wrong one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from prmkit.cards import PRMSpec
from prmkit.errors import PrmkitError
from prmkit.stats import resample_auroc
from prmkit.stats.intervals import Interval, Paired
from prmkit.types import Sample


class Neighbour(NamedTuple):
    """How well one reading separates right from wrong steps, against the spec's own."""

    name: str
    auroc: Interval | None
    """Over labelled steps, intervals by cluster; None where this reading is impossible."""
    gain: Paired | None
    """AUROC minus that of the spec's own reading, on the same resamples."""


def variants(spec: PRMSpec) -> Iterator[tuple[str, PRMSpec]]:
    """Readings that differ from ``spec`` in one convention.

    Examples:
        >>> [name for name, _ in variants(PRMSpec(marker="[PRM]"))]
        ['tokenised in pieces', 'read one token earlier', 'the other class', 'line ends between steps']
    """
    if spec.template == "raw":
        name = "tokenised in pieces" if spec.joint else "tokenised as one text"
        yield name, replace(spec, joint=not spec.joint)
    if spec.marker:
        name = "read one token earlier" if spec.read_offset == 0 else "read at the marker"
        yield name, replace(spec, read_offset=-1 - spec.read_offset)
    if spec.template.startswith("chat"):
        if spec.system is not None:
            yield "without a system turn", replace(spec, system=None)
        name = "without" if spec.default_system else "with"
        yield (
            f"{name} the template's own system turn",
            replace(spec, system=None, default_system=not spec.default_system),
        )
    if spec.classes == 2 and spec.head in ("classes", "token_pair"):
        yield "the other class", replace(spec, positive=1 - spec.positive)
    if spec.template != "chat_turns" and "\n" not in spec.separator + spec.marker:
        yield "line ends between steps", replace(spec, separator="\n")
    if spec.marker.strip("\n") == "" and spec.marker and spec.head != "mean_vocab":
        other = "\n\n" if spec.marker == "\n" else "\n"
        yield f"marker {other!r}", replace(spec, marker=other)


def neighbours(prm: Any, samples: Sequence[Sample]) -> list[Neighbour]:
    """AUROC of the spec's own reading, first, and of its neighbours.

    Args:
        prm: A ``PRM``.
        samples: Labelled solutions, with right and wrong steps among them.
    """
    own = _resampled(prm, samples)
    found = [Neighbour("the spec's own", own.interval(), None)]
    for name, spec in variants(prm.spec):
        try:
            other = _resampled(replace(prm, spec=spec), samples)
        except PrmkitError:
            found.append(Neighbour(name, None, None))
            continue
        found.append(Neighbour(name, other.interval(), other.minus(own)))
    return found


def _resampled(prm: Any, samples: Sequence[Sample]) -> Any:
    scores, gold, clusters = [], [], []
    for sample, one in zip(samples, prm.score_many(samples), strict=True):
        labels = sample.labels.values if sample.labels else ()
        for value, label in zip(one.values, labels, strict=False):
            if label is not None:
                # A reading that loses a step knows nothing of it.
                scores.append(0.5 if value is None else value)
                gold.append(float(label >= 0.5))
                clusters.append(sample.problem.cluster)
    return resample_auroc(scores, gold, clusters)
