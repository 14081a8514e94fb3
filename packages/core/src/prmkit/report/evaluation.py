"""``eval.json`` as typed views. Every key but ``suites`` and ``scorers`` may be absent.

Read besides the fixed shape (suites → n, clusters, scorers → metrics, paired)::

    suite: domain, summary, gold, exchangeable, seeds, claims (false: no gain may be claimed), notes
           thresholds   {scorer: {"value", "chosen_on"}}
           curves       {"best_of_n": {scorer: [{"n", "value", "low", "high"}]}}
           slices       {"rung"|"tools"|"error"|…: {label: {"n", "wrong", "clusters", "scorers", "paired"}}}
           reliability  {scorer: [{"mean", "share", "n", "low", "high"}]}
           by_index     {scorer: {"step 1"|…: {"gap"|"ece"|"brier": estimate}}}
           verifiers    {verifier: {"metrics": {name: estimate}, …}} (see ``prmkit.report.tools``)
           coverage     estimate: share of scored steps that some tool decides without the reference
           cost         {scorer or stage: {"seconds", "tokens", "calls", "compute", …}}
           stage        the stage that made the record: through it the seconds of ``metrics.jsonl`` are found
    top:   verifiers, cost, not_run [{"what", "why"}], notes, status

Anything else is kept in ``rest`` and shown as a plain list, so that nothing is lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from prmkit.report.load import Run
from prmkit.report.plots import Bin, Point
from prmkit.report.stages import with_seconds
from prmkit.report.tables import Estimate, estimate
from prmkit.report.words import in_order
from prmkit.types import Json

Figures = Mapping[str, Mapping[str, Estimate]]
"""Scorer → metric → estimate."""

KNOWN = frozenset(
    """n clusters scorers paired domain summary gold exchangeable seeds claims notes curves slices
    reliability by_index verifiers cost not_run name thresholds coverage stage""".split()  # noqa: SIM905
)
"""Keys of a suite that have a place of their own."""


@dataclass(frozen=True, slots=True)
class Paired:
    """A difference taken on the same resampled clusters."""

    a: str
    b: str
    metric: str
    diff: Estimate
    p: float | None = None
    """Of a two-sided test, corrected for the family of comparisons where the file says so."""
    equivalent: bool | None = None
    """Result of an equivalence test, where one was made."""


@dataclass(frozen=True)
class Slice:
    """Figures on a part of a suite."""

    label: str
    n: int | None
    clusters: int | None
    figures: Figures
    paired: tuple[Paired, ...] = ()
    wrong: int | None = None
    """Wrong steps among ``n``."""


@dataclass(frozen=True)
class Suite:
    """Everything known of one evaluation suite."""

    run: str
    name: str
    n: int | None = None
    clusters: int | None = None
    domain: str = ""
    summary: str = ""
    gold: str = ""
    exchangeable: bool | None = None
    claims: bool = True
    notes: tuple[str, ...] = ()
    figures: Figures = field(default_factory=dict)
    paired: tuple[Paired, ...] = ()
    curves: Mapping[str, Mapping[str, tuple[Point, ...]]] = field(default_factory=dict)
    slices: Mapping[str, tuple[Slice, ...]] = field(default_factory=dict)
    reliability: Mapping[str, tuple[Bin, ...]] = field(default_factory=dict)
    by_index: Mapping[str, Figures] = field(default_factory=dict)
    """Scorer → place of the step → calibration metric → estimate."""
    verifiers: Mapping[str, Json] = field(default_factory=dict)
    coverage: Estimate | None = None
    """Share of scored steps that some tool decides without the reference."""
    cost: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    thresholds: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    """Scorer → threshold and the data it was chosen on."""
    rest: Mapping[str, Json] = field(default_factory=dict)

    @property
    def metrics(self) -> list[str]:
        """Names of all metrics, the best known first."""
        return in_order(m for found in self.figures.values() for m in found)


def suites(run: Run) -> list[Suite]:
    """Suites of a run, in the order of its ``eval.json``."""
    return [_suite(run, name, _dict(data)) for name, data in _dict(run.evaluation.get("suites")).items()]


def _suite(run: Run, name: str, data: Mapping[str, Json]) -> Suite:
    exchangeable = data.get("exchangeable")
    return Suite(
        run=run.name,
        name=name,
        n=_whole(data.get("n")),
        clusters=_whole(data.get("clusters")),
        domain=str(data.get("domain") or ""),
        summary=str(data.get("summary") or ""),
        gold=str(data.get("gold") or ""),
        exchangeable=exchangeable if isinstance(exchangeable, bool) else None,
        claims=data.get("claims") is not False,
        notes=_texts(data.get("notes")),
        figures=read_figures(data.get("scorers")),
        paired=_paired(data.get("paired")),
        curves={kind: _curves(value) for kind, value in _dict(data.get("curves")).items()},
        slices={kind: _slices(value) for kind, value in _dict(data.get("slices")).items()},
        reliability={name: _bins(value) for name, value in _dict(data.get("reliability")).items()},
        by_index={name: read_figures(value) for name, value in _dict(data.get("by_index")).items()},
        verifiers=_dict(data.get("verifiers")),
        coverage=estimate(data.get("coverage")),
        cost=with_seconds(
            run,
            str(data.get("stage") or ""),
            {name: _dict(value) for name, value in _dict(data.get("cost")).items()},
        ),
        thresholds=_thresholds(data.get("thresholds")),
        rest={key: value for key, value in data.items() if key not in KNOWN},
    )


def _dict(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else []


def _texts(value: Json) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(str(v) for v in _list(value))


def _whole(value: Json) -> int | None:
    found = estimate(value)
    return None if found is None else int(found.value)


def read_figures(value: Json) -> dict[str, dict[str, Estimate]]:
    """Scorer → metric → estimate; ``{"metrics": …}`` or the metrics themselves."""
    found: dict[str, dict[str, Estimate]] = {}
    for name, data in _dict(value).items():
        inner = _dict(data)
        metrics = _dict(inner["metrics"]) if "metrics" in inner else inner
        read = {metric: estimate(v) for metric, v in metrics.items()}
        found[name] = {metric: e for metric, e in read.items() if e is not None}
    return found


def _paired(value: Json) -> tuple[Paired, ...]:
    found = []
    for data in map(_dict, _list(value)):
        diff = estimate(data, signed=True)
        if diff is not None:
            equivalent = data.get("equivalent")
            p = estimate(data.get("p_holm", data.get("p")))
            found.append(
                Paired(
                    str(data.get("a", "")),
                    str(data.get("b", "")),
                    str(data.get("metric", "")),
                    diff,
                    None if p is None else p.value,
                    equivalent if isinstance(equivalent, bool) else None,
                )
            )
    return tuple(found)


def _curves(value: Json) -> dict[str, tuple[Point, ...]]:
    found: dict[str, tuple[Point, ...]] = {}
    for name, points in _dict(value).items():
        rows = _list(points) or [{"n": key, **_dict(v)} for key, v in _dict(points).items()]
        read = []
        for row in map(_dict, rows):
            at, height = _real(row.get("x", row.get("k", row.get("n")))), estimate(row)
            if at is not None and height is not None:
                read.append(Point(at, height.value, height.low, height.high))
        found[name] = tuple(sorted(read))
    return found


def _real(value: Json) -> float | None:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    found = estimate(value)
    return None if found is None else found.value


def _slices(value: Json) -> tuple[Slice, ...]:
    return tuple(
        Slice(
            str(label),
            _whole(_dict(data).get("n")),
            _whole(_dict(data).get("clusters")),
            read_figures(_dict(data).get("scorers")),
            _paired(_dict(data).get("paired")),
            _whole(_dict(data).get("wrong")),
        )
        for label, data in _dict(value).items()
    )


def _thresholds(value: Json) -> dict[str, tuple[float, str]]:
    found = {}
    for scorer, data in _dict(value).items():
        at = _real(_dict(data).get("value"))
        if at is not None:
            found[scorer] = (at, str(_dict(data).get("chosen_on", "")))
    return found


def _bins(value: Json) -> tuple[Bin, ...]:
    found = []
    for data in map(_dict, _list(value)):
        mean, share = _real(data.get("mean")), _real(data.get("share"))
        if mean is not None and share is not None:
            found.append(
                Bin(mean, share, _whole(data.get("n")) or 0, _real(data.get("low")), _real(data.get("high")))
            )
    return tuple(found)
