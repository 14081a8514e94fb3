"""The whole audit: probes, all checks, and one record of what they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prmkit.aggregators import aggregator
from prmkit.errors import ConfigError, DataError
from prmkit.judging.audit.bias import Levelled, bias_findings, difficulty_finding, slope_finding, slopes
from prmkit.judging.audit.calibration import calibration_finding
from prmkit.judging.audit.contamination import contamination_finding, declared
from prmkit.judging.audit.convention import convention_finding, readings
from prmkit.judging.audit.finding import Finding, Verdict
from prmkit.judging.audit.invariance import invariance_findings
from prmkit.judging.audit.probes import Probe, Truth, labelled
from prmkit.judging.audit.read import Reader, Values
from prmkit.judging.audit.threshold import Judged, portability_finding
from prmkit.judging.audit.value import (
    meaning_finding,
    process_finding,
    recorded_finding,
    responses,
)
from prmkit.judging.figures import Resampling
from prmkit.judging.rows import first_error
from prmkit.types import Json, Sample, Threshold

FORMAT = 1
"""Version of the layout of ``audit.json``."""
CHECKS: Mapping[str, str] = {
    "value": "Value or correctness",
    "convention": "Reading convention",
    "threshold": "Threshold across suites",
    "bias": "Length, place, looks, repetition, filler",
    "invariance": "Batch, order, padding, layout, precision",
    "calibration": "Calibration by step",
    "contamination": "Training data",
}
"""Checks in their order, with their titles."""
VERDICTS: tuple[Verdict, ...] = ("warning", "cannot tell", "fine")
AGAIN = 30
"""Problems whose solutions are scored again, reading by reading and batch by batch."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is audited, and how."""

    probes: Sequence[Probe]
    suites: Mapping[str, Sequence[Sample]]
    """Labelled solutions by suite; planted ones among them."""
    recorded: Sequence[Sample] = ()
    """Labelled solutions that somebody wrote."""
    training: Sequence[Sample] = ()
    """Training data of the PRM, as far as it is at hand."""
    checks: Sequence[str] = tuple(CHECKS)
    resampling: Resampling = field(default_factory=Resampling)
    truth: Truth | None = None
    """Exact labels of the probes' tasks."""
    halved: Callable[[], Any] | None = None
    """Opens the same PRM in bfloat16."""


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found."""

    prm: Mapping[str, Json]
    """What the scorer says of itself."""
    data: Mapping[str, Json]
    """What it was asked."""
    findings: tuple[Finding, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Findings by verdict."""
        found = Counter(one.verdict for one in self.findings)
        return {verdict: found[verdict] for verdict in VERDICTS}

    def as_json(self) -> dict[str, Json]:
        """The audit as ``audit.json`` holds it."""
        return {
            "format": FORMAT,
            "prm": dict(self.prm),
            "data": dict(self.data),
            "verdicts": self.counts,
            "findings": [one.as_json() for one in self.findings],
        }


def audit(scorer: Any, ask: Question, *, tick: Callable[[int, int], None] | None = None) -> Audit:
    """Put all questions to a scorer.

    Args:
        scorer: Anything with ``score``; ``score_many``, ``spec``, ``labels``, ``threshold``,
            ``batch_tokens`` and ``layout`` are used where it has them.
        ask: The questions.
        tick: Called with the number of solutions scored so far, and 0.

    Raises:
        ConfigError: No such check.
        DataError: There is nothing to ask about, or the scorer scores no step.
    """
    if unknown := next((one for one in ask.checks if one not in CHECKS), None):
        raise ConfigError(f"no check {unknown!r}", do=f"use {', '.join(CHECKS)}", field="checks")
    if not ask.probes and not ask.suites:
        raise DataError("there is no solution to ask about", do="give labelled solutions, or a domain")
    reader = Reader(scorer, tick)
    rows = [sample for samples in ask.suites.values() for sample in samples]
    reader((sample.problem, sample.trajectory) for sample in rows)
    reader((probe.problem, probe.right) for probe in ask.probes)
    reader.require()
    made = {name: _CHECKS[name](reader, ask) for name in CHECKS if name in ask.checks}
    findings = tuple(one for name in made for one in made[name])
    return Audit(_said_of(scorer, reader), _asked(ask, reader), findings)


def _of(reader: Reader, name: str, otherwise: Any) -> Any:
    return getattr(getattr(reader.scorer, "spec", None), name, otherwise)


def _aggregator(reader: Reader) -> str:
    """The checkpoint's own aggregator; min where it names none, or its values are no probabilities."""
    name = aggregator(str(_of(reader, "aggregate", "min"))).name
    plain = reader.first is None or reader.first.kind == "correct"
    return name if plain else "min"


def _threshold(reader: Reader) -> float | None:
    """Score from which a step counts as right; 0.5 for probabilities without one."""
    own: Any = getattr(reader.scorer, "threshold", None)
    if own is None and reader.first is not None:
        own = reader.first.threshold
    if own is not None:
        return float(own.value if isinstance(own, Threshold) else own)
    return 0.5 if reader.first is not None and reader.first.kind == "correct" else None


def _labels(scorer: Any) -> Mapping[str, Json]:
    found = getattr(scorer, "labels", None)
    return found if isinstance(found, Mapping) else {}


def _value(reader: Reader, ask: Question) -> list[Finding]:
    how, total = ask.resampling, _aggregator(reader)
    kind = reader.first.kind if reader.first else "correct"
    conventions = [str(one) for one in _labels(reader.scorer).get("conventions", ())]
    found = [
        meaning_finding(responses(reader, ask.probes), kind, conventions, how, reader.unit),
        process_finding(reader, ask.probes, how, total),
    ]
    told = recorded_finding(ask.recorded, _read(reader, ask.recorded), how, total) if ask.recorded else None
    return [*found, told] if told else found


def _convention(reader: Reader, ask: Question) -> list[Finding]:
    rows = [*labelled(ask.probes[:AGAIN]), *ask.recorded[: 2 * AGAIN]]
    found, absent = readings(reader.scorer, rows, _read(reader, rows))
    one = convention_finding(rows, found, ask.resampling)
    if not absent:
        return [one]
    names = "; ".join(f"{name}: {why}" for name, why in absent.items())
    return [
        Finding(one.check, one.name, one.verdict, f"{one.sentence} Not tried: {names}.", one.why, one.figures)
    ]


def _across(reader: Reader, ask: Question) -> list[Finding]:
    return [
        portability_finding(
            {name: _judged(reader, samples) for name, samples in ask.suites.items()},
            _threshold(reader),
            ask.resampling,
        )
    ]


def _judged(reader: Reader, samples: Sequence[Sample]) -> Judged:
    known = [sample for sample in samples if first_error(sample) is not None]
    gold = [first for sample in known if (first := first_error(sample)) is not None]
    return Judged(_read(reader, known), gold, [sample.problem.cluster for sample in known])


def _bias(reader: Reader, ask: Question) -> list[Finding]:
    how, unit = ask.resampling, reader.unit
    read = list(zip(ask.probes, reader((p.problem, p.right) for p in ask.probes), strict=True))
    texts = [([step.text for step in p.right.steps], values, p.cluster) for p, values in read]
    asked = [(p.problem.context, values, p.cluster) for p, values in read]
    levels = [Levelled(c.get("family"), c["rung"], values, one) for c, values, one in asked if "rung" in c]
    found = bias_findings(reader, ask.probes, how, _aggregator(reader), truth=ask.truth)
    hard = difficulty_finding(levels, how, unit)
    return [*found, slope_finding(*slopes(texts, how), unit), *([hard] if hard else [])]


def _invariance(reader: Reader, ask: Question) -> list[Finding]:
    few, rest = ask.probes[:AGAIN], ask.probes[AGAIN:]
    pairs, more = (
        [(s.problem, s.trajectory) for s in (*labelled(probes), *rows)]
        for probes, rows in ((few, ask.recorded[:AGAIN]), (rest, ask.recorded[AGAIN:]))
    )
    return invariance_findings(
        reader.scorer,
        pairs,
        reader(pairs),
        _threshold(reader),
        reader.unit,
        halved=ask.halved,
        more=more,
        more_own=reader(more),
    )


def _calibration(reader: Reader, ask: Question) -> list[Finding]:
    rows = list(ask.recorded) or labelled(ask.probes)
    first = reader.first
    probability = first is not None and first.kind == "correct" and first.range == (0.0, 1.0)
    return [
        calibration_finding(
            rows, _read(reader, rows), ask.resampling, probability=probability, planted=not ask.recorded
        )
    ]


def _contamination(reader: Reader, ask: Question) -> list[Finding]:
    rows = [sample for samples in ask.suites.values() for sample in samples]
    return [contamination_finding(rows, ask.training, _labels(reader.scorer))]


_CHECKS: Mapping[str, Callable[[Reader, Question], list[Finding]]] = {
    "value": _value,
    "convention": _convention,
    "threshold": _across,
    "bias": _bias,
    "invariance": _invariance,
    "calibration": _calibration,
    "contamination": _contamination,
}


def _read(reader: Reader, samples: Sequence[Sample]) -> list[Values]:
    return reader((sample.problem, sample.trajectory) for sample in samples)


def _said_of(scorer: Any, reader: Reader) -> dict[str, Json]:
    """What the scorer and its records say of themselves."""
    first, threshold = reader.first, getattr(scorer, "threshold", None)
    if first is None:
        return {}
    threshold = threshold or first.threshold
    return {
        "name": str(_of(reader, "name", type(scorer).__name__)),
        "digest": first.model,
        "renderer": first.renderer,
        "kind": first.kind,
        "range": list(first.range),
        "aggregate": _aggregator(reader),
        "threshold": _threshold(reader),
        "threshold_chosen_on": getattr(threshold, "chosen_on", None),
        "calibrated_on": first.calibrated_on,
        "parameters": getattr(scorer, "parameters", None),
        "training": declared(_labels(scorer)),
    }


def _asked(ask: Question, reader: Reader) -> dict[str, Json]:
    return {
        "problems": len(ask.probes),
        "mistakes": len([one for probe in ask.probes for one in probe.wrong]),
        "kinds": dict(Counter(one.kind for probe in ask.probes for one in probe.wrong)),
        "false_answers": sum(probe.false is not None for probe in ask.probes),
        "recorded": len(ask.recorded),
        "training": len(ask.training),
        "scored": len(reader),
        "unscored_steps": reader.unscored,
        "suites": {
            name: {"n": len(rows), "clusters": len({row.problem.cluster for row in rows})}
            for name, rows in ask.suites.items()
        },
        "draws": ask.resampling.draws,
        "seed": ask.resampling.seed,
    }
