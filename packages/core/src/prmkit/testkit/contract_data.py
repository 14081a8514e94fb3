"""Contract of data sets and suites: cards, readers, digests, leakage."""

from __future__ import annotations

import itertools

from prmkit.errors import DataError
from prmkit.judging.suites import check_name, select
from prmkit.manifest import find_leaks
from prmkit.plugins import DomainPlugin
from prmkit.types import Sample

ROWS = 200
"""Samples read of each set."""
WORST = 0.05
"""Largest share of rows that a reader may set aside."""


def cards(plugin: DomainPlugin) -> str:
    """Every card says what a user must know, and bears the name it is found under."""
    for name in plugin.datasets:
        card = plugin.card(name)
        assert card.name == name, f"{name!r}: the card calls itself {card.name!r}"
        assert card.summary, f"{name!r}: the card has no summary"
        assert card.licence, f"{name!r}: the card states no licence"
        assert card.cluster, f"{name!r}: the card does not say what a cluster is"
        assert card.files, f"{name!r}: the card lists no file"
        stepwise = card.gold in ("human", "program", "planted")
        assert not stepwise or card.index_base is not None or not _labelled(plugin, name), (
            f"{name!r}: the card declares no index base"
        )
    return "" if plugin.datasets else "the domain has no data sets"


def _labelled(plugin: DomainPlugin, name: str) -> bool:
    """Whether a found set carries labels of single steps."""
    try:
        first = list(itertools.islice(plugin.load(name), ROWS))
    except DataError:
        return False
    return any(s.labels and any(v is not None for v in s.labels.values) for s in first)


def readers(plugin: DomainPlugin) -> str:
    """Readers give valid records with unlike ids and set next to nothing aside."""
    tried = 0
    for name in plugin.datasets:
        try:
            dataset = plugin.load(name)
        except DataError:
            continue
        tried += 1
        samples = list(itertools.islice(dataset, ROWS))
        assert samples, f"{name!r}: the reader gives nothing"
        bad = len(dataset.quarantine)
        first = dataset.quarantine[0].reason if bad else ""
        assert bad <= WORST * (len(samples) + bad), f"{name!r}: {bad} rows set aside, such as: {first}"
        ids = [sample.trajectory.id for sample in samples]
        assert len(set(ids)) == len(ids), f"{name!r}: two samples share an id"
        for sample in samples:
            _valid(name, plugin, sample)
    return "" if tried or not plugin.datasets else "no data set is in a folder of PRMKIT_DATA"


def _valid(name: str, plugin: DomainPlugin, sample: Sample) -> None:
    problem, trajectory, labels = sample
    assert problem.domain == plugin.name, f"{name!r}: {problem.id} belongs to domain {problem.domain!r}"
    assert trajectory.problem_id == problem.id, f"{name!r}: {trajectory.id} answers another problem"
    if labels is not None:
        labels.check(trajectory)
        card = plugin.card(name)
        assert labels.convention == card.after_error, (
            f"{name!r}: labels of {trajectory.id} follow {labels.convention!r}, its card {card.after_error!r}"
        )


def suites(plugin: DomainPlugin) -> str:
    """Suites name a known set, carry their size in their name, and hold the very rows they promise."""
    names = [suite.name for suite in plugin.suites]
    assert len(set(names)) == len(names), "two suites share a name"
    for suite in plugin.suites:
        check_name(suite)
        assert suite.dataset in plugin.datasets, f"{suite.name!r} names no data set of the domain"
        assert suite.metrics, f"{suite.name!r} reports nothing"
    if not plugin.suites:
        return "the domain has no suites"
    return "" if _suite_rows(plugin) else "no suite's data is in a folder of PRMKIT_DATA"


def _suite_rows(plugin: DomainPlugin) -> dict[str, list[Sample]]:
    """Rows of every suite whose data are at hand."""
    loaded: dict[str, list[Sample]] = {}
    found = {}
    for suite in plugin.suites:
        if suite.dataset not in loaded:
            try:
                loaded[suite.dataset] = list(plugin.load(suite.dataset))
            except DataError:
                loaded[suite.dataset] = []
        if loaded[suite.dataset]:
            found[suite.name] = select(suite, loaded[suite.dataset])
    return found


def leakage(plugin: DomainPlugin) -> str:
    """No suite shares a problem, a passage or a long step with data that may be trained on.

    Held against the suites are sets whose card does not say ``evaluate``. What is found is left out
    of figures by the evaluation too; here it must be declared.
    """
    suites = _suite_rows(plugin)
    # Suites overlap, and one look at the training data serves them all.
    rows = {sample.trajectory.id: sample for found in suites.values() for sample in found}
    tried, shared = False, []
    for name in plugin.datasets:
        if "evaluate" in plugin.card(name).use:
            continue
        try:
            leaked = {leak.trajectory_id for leak in find_leaks(rows.values(), plugin.load(name))}
        except DataError:
            continue
        tried = bool(rows)
        for suite, found in suites.items():
            leaks = sum(sample.trajectory.id in leaked for sample in found)
            shared += [f"{suite} shares {leaks} of {len(found)} rows with {name}"] if leaks else []
    assert not shared, "; ".join(shared)
    return "" if tried else "no suite and training set are both in a folder of PRMKIT_DATA"
