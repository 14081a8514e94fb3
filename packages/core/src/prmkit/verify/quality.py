"""Quality of a domain's verifiers on its step-labelled data sets, published and corrected labels apart.

A domain's ``quality.py`` names its :class:`Part` rows and its baseline, and hands them to
:func:`prmkit.verify.quality_command.command`. Everything else is here: finding the sets, running the
tools, measuring each alone and all merged, set by set and pooled.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from prmkit.contracts import StepVerifier
from prmkit.dataset import Source, open_dataset
from prmkit.errors import DataError
from prmkit.plugins import DomainPlugin
from prmkit.registry import resolve
from prmkit.types import Evidence, Sample
from prmkit.verify import errata
from prmkit.verify.judge import title
from prmkit.verify.noise import Noise, measure
from prmkit.verify.run import verify

ALL = "all sets"
"""Title of the row that pools all parts."""
TOGETHER = "all of them, merged"
"""Name of the verifiers that read no reference, taken together."""
log = logging.getLogger(__name__)

Pair = tuple[Sample, list[Evidence]]


class Part(NamedTuple):
    """One row of the table: a data set, or a part of it."""

    title: str
    dataset: str
    only: Callable[[Sample], bool] | None = None
    """Which samples belong to the part; all when None."""


class Figures(NamedTuple):
    """Verifiers on one part, on published and on corrected labels."""

    raw: Noise
    corrected: Noise


Rows = Mapping[str, Figures]
"""Title of a part → figures; the pool of all stands under :data:`ALL`."""


class Judged(NamedTuple):
    """A part with the evidence on it, before and after the errata."""

    title: str
    raw: Sequence[Pair]
    corrected: Sequence[Pair]


class Quality(NamedTuple):
    """What was measured."""

    verifiers: Mapping[str, Rows]
    """Verifier (``name@version``, or :data:`TOGETHER`) → rows."""
    oracles: frozenset[str]
    """Verifiers that read the reference: what they say is an oracle's word, not a baseline's."""
    errors: int
    """Labels that the errata put right in the sets found."""


def has(piece: str) -> Callable[[Sample], bool]:
    """Samples whose id contains ``piece``."""
    return lambda sample: piece in sample.trajectory.id


def lacks(piece: str) -> Callable[[Sample], bool]:
    """Samples whose id does not contain ``piece``."""
    return lambda sample: piece not in sample.trajectory.id


def parts_found(domain: DomainPlugin, parts: Sequence[Part]) -> Iterator[tuple[Part, list[Sample]]]:
    """The parts whose data set is at hand, with their labelled samples."""
    for part in parts:
        source = resolve(domain.datasets[part.dataset])
        if not isinstance(source, Source):
            continue
        try:
            samples = [sample for sample in open_dataset(source) if sample.labels is not None]
        except DataError as error:
            log.warning("%s is left out: %s", part.title, error)
            continue
        yield part, [s for s in samples if part.only is None or part.only(s)]


def judge(
    title: str,
    samples: Sequence[Sample],
    verifiers: Sequence[StepVerifier],
    wrong: Sequence[errata.Erratum] = (),
    **options: Any,
) -> Judged:
    """Run verifiers over a part; ``options`` go to :func:`prmkit.verify.run.verify`."""
    pairs = list(verify(verifiers, samples, **options))
    mine = errata.by_row(wrong)
    return Judged(title, pairs, [(errata.correct(sample, mine), found) for sample, found in pairs])


def figures(parts: Sequence[Judged], verifier: str = "", *, draws: int = 1000) -> dict[str, Figures]:
    """Figures of one verifier (all that read no reference, merged, where the name is empty).

    Args:
        parts: Evidence by part.
        verifier: ``name`` or ``name@version``.
        draws: Resamples of clusters behind each interval.

    Returns:
        Figures by title of the part, and of all parts pooled under :data:`ALL`.
    """

    def of(raw: Sequence[Pair], corrected: Sequence[Pair]) -> Figures:
        return Figures(*(measure(p, verifier=verifier, draws=draws) for p in (raw, corrected)))

    found = {part.title: of(part.raw, part.corrected) for part in parts}
    found[ALL] = of([p for part in parts for p in part.raw], [p for part in parts for p in part.corrected])
    return found


def measure_all(
    domain: DomainPlugin,
    parts: Sequence[Part],
    verifiers: Sequence[StepVerifier],
    *,
    baselines: Sequence[StepVerifier] = (),
    folder: Path | None = None,
    draws: int = 1000,
    **options: Any,
) -> Quality:
    """Measure each verifier alone and those that read no reference merged; baselines stand last.

    Args:
        domain: Whose data sets are read.
        parts: Rows of the table.
        verifiers: What is measured.
        baselines: Cruder verifiers beside them, never merged with them.
        folder: Folder of errata; None corrects nothing.
        draws: Resamples behind each interval.
        **options: For :func:`prmkit.verify.run.verify` (workers, seconds, cache, tools).

    Raises:
        DataError: None of the data sets is found.
    """
    known = errata.read(folder) if folder else {}
    judged: list[Judged] = []
    crude: list[Judged] = []
    met: dict[str, int] = {}
    for part, samples in parts_found(domain, parts):
        log.info("%s: %d solutions", part.title, len(samples))
        wrong = known.get(part.dataset, [])
        met[part.dataset] = len(wrong)
        judged.append(judge(part.title, samples, verifiers, wrong, **options))
        if baselines:
            crude.append(judge(part.title, samples, baselines, wrong))
    if not judged:
        raise DataError("no data set found", do="set PRMKIT_DATA to the folder that holds the domain's sets")
    oracles = frozenset(title(v) for v in verifiers if v.needs_reference)
    found: dict[str, Rows] = {}
    if len(verifiers) > len(oracles):
        found[TOGETHER] = figures(judged, draws=draws)
    for parts_judged, tools in ((judged, verifiers), (crude, baselines)):
        for verifier in tools:
            found[title(verifier)] = figures(parts_judged, title(verifier), draws=draws)
    return Quality(found, oracles, sum(met.values()))
