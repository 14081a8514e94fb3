"""Labels from planted changes: change one step of a right solution, try it, and label the step.

A domain brings the variants (mistakes, and changes that keep the meaning) and a way to try a solution, such
as running its tests. This file only puts them to work. The original must pass itself. A variant that is
refuted is labelled 1 before the changed step, 0 on it, and not at all after it; a variant that passes and
was meant to keep the meaning is labelled 1 throughout. A mistake that passes says nothing: it may be
none, or the tests may be weak (``survivors="right"`` labels it 1, as the source does). The variants
stay with the original as evidence on its steps.

Source: PRLCoder, arXiv 2502.01715 (mutate or refactor a statement, compile, run the tests, label the line).
Departures: variants come from the domain's operators, not from a teacher model; survivors go unlabelled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from prmkit.contracts import Finding
from prmkit.types import Code, Evidence, Json, Problem, Sample, StepLabels, Trajectory, Verdict

LABELER = "mutate@1"
KEPT = 8
"""Most variants whose text stays in the evidence on one step."""

Survivors = Literal["unlabelled", "right"]


class Variant(NamedTuple):
    """A right solution with one step changed."""

    trajectory: Trajectory
    step: int
    kind: str
    equivalent: bool = False
    """Meant to keep the meaning."""


Vary = Callable[[Problem, Trajectory], Iterable[Variant]]
"""Variants of a right solution."""
Try = Callable[[Iterable[tuple[Problem, Trajectory]]], Iterator[Finding]]
"""Tries solutions, results in order. FAILS needs a proof; a time-out is UNKNOWN."""


class Labelled(NamedTuple):
    """What came of one solution."""

    original: Sample | None
    """The solution with every step labelled 1; None when it did not pass itself."""
    variants: tuple[Sample, ...]
    """Variants with a label."""
    evidence: tuple[Evidence, ...]
    """On the steps of the original: HOLDS where a planted mistake was caught, with the variants as detail."""
    counts: Counter[str]
    """Variants by what came of them: ``caught``, ``survived``, ``equal``, ``unequal``, ``undecided``."""


def label_by_mutation(
    samples: Iterable[Sample], vary: Vary, attempt: Try, *, survivors: Survivors = "unlabelled"
) -> Iterator[Labelled]:
    """Label solutions and their variants, sample by sample, with flat memory.

    Args:
        samples: Solutions that are thought to be right; those that do not pass give nothing else.
        vary: Makes the variants.
        attempt: Tries a solution; sees the original first, then its variants.
        survivors: What a mistake that passes becomes.

    Yields:
        One record per sample, in order.

    Examples:
        >>> problem, right = Problem("p", "2 + 2?"), Trajectory.of_steps("t", "p", ["2 + 2", "4"])
        >>> wrong = Trajectory.of_steps("t~1", "p", ["2 + 2", "5"])
        >>> said = lambda pairs: (Finding(Verdict.HOLDS if t.text.endswith("4") else Verdict.FAILS, "run")
        ...                       for _, t in pairs)
        >>> made = label_by_mutation([Sample(problem, right)], lambda *_: [Variant(wrong, 1, "number")], said)
        >>> [s.labels.values for s in next(made).variants]
        [(1.0, 0.0)]
    """
    for problem, trajectory, _ in samples:
        variants = list(vary(problem, trajectory))
        findings = list(attempt((problem, t) for t in [trajectory, *(v.trajectory for v in variants)]))
        own, others = findings[0], findings[1:]
        counts: Counter[str] = Counter()
        if own.verdict is not Verdict.HOLDS:
            yield Labelled(None, (), (), counts)
            continue
        made: list[Sample] = []
        for variant, finding in zip(variants, others, strict=True):
            word = _word(variant, finding)
            counts[word] += 1
            labels = _labels(variant, finding, word, trajectory.id, survivors)
            if labels is not None:
                made.append(Sample(problem, variant.trajectory, labels))
        original = Sample(problem, trajectory, _all_right(trajectory, {"variants": len(variants)}))
        evidence = tuple(_evidence(trajectory, variants, others))
        yield Labelled(original, tuple(made), evidence, counts)


def _word(variant: Variant, finding: Finding) -> str:
    if finding.verdict is Verdict.UNKNOWN:
        return "undecided"
    passed = finding.verdict is Verdict.HOLDS
    if variant.equivalent:
        return "equal" if passed else "unequal"
    return "survived" if passed else "caught"


def _labels(
    variant: Variant, finding: Finding, word: str, origin: str, survivors: Survivors
) -> StepLabels | None:
    detail = {"kind": variant.kind, "from": origin, "said": finding.reason}
    if word in ("caught", "unequal"):
        after = len(variant.trajectory.steps) - variant.step - 1
        values = (1.0,) * variant.step + (0.0,) + (None,) * after
        return _tied(variant.trajectory, values, 0.0, detail)
    if word == "equal" or (word == "survived" and survivors == "right"):
        return _all_right(variant.trajectory, detail)
    return None


def _all_right(trajectory: Trajectory, detail: Mapping[str, Json]) -> StepLabels:
    return _tied(trajectory, (1.0,) * len(trajectory.steps), 1.0, detail)


def _tied(
    trajectory: Trajectory, values: tuple[float | None, ...], whole: float, detail: Mapping[str, Json]
) -> StepLabels:
    seen = tuple(
        None if step.role == "observe" else value
        for step, value in zip(trajectory.steps, values, strict=True)
    )
    return StepLabels(
        trajectory.id,
        trajectory.digest,
        seen,
        convention="until_first_error",
        labeler=LABELER,
        trajectory_value=whole,
        detail=detail,
    )


def _evidence(
    trajectory: Trajectory, variants: Sequence[Variant], findings: Sequence[Finding]
) -> Iterator[Evidence]:
    for step in trajectory.scored:
        mine = [
            (v, f)
            for v, f in zip(variants, findings, strict=True)
            if v.step == step and not v.equivalent and f.verdict is not Verdict.UNKNOWN
        ]
        caught = [v for v, f in mine if f.verdict is Verdict.FAILS]
        kept = [
            {"kind": v.kind, "text": v.trajectory.steps[step].text, "verdict": str(f.verdict)}
            for v, f in mine[:KEPT]
        ]
        yield Evidence(
            trajectory.id,
            trajectory.digest,
            step,
            Verdict.HOLDS if caught else Verdict.UNKNOWN,
            LABELER,
            code=Code.NONE if caught else Code.NOT_APPLICABLE,
            needs_reference=True,
            reason=f"{len(caught)} of {len(mine)} mistakes planted here are caught",
            detail={"variants": kept},
        )
