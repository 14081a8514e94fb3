"""Scorers without weights: what every figure stands beside.

Their records carry a ``model`` that begins with ``baseline/``: the values rank, and are no
probabilities.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from prmkit.errors import AlignmentError, ConfigError
from prmkit.judging.rows import written
from prmkit.judging.steps import BASELINE
from prmkit.types import Evidence, Sample, StepScores, Trajectory, Verdict

TOOL_ORACLE = "verifier oracle"
"""Scorer of tools that read the reference: a ceiling beside the gold's own, never a rival."""
VERDICT_VALUE: Mapping[Verdict, float] = {Verdict.FAILS: 0.0, Verdict.UNKNOWN: 0.5, Verdict.HOLDS: 1.0}


def _scores(
    trajectory: Trajectory,
    name: str,
    value: Callable[[int], float | None],
    whole: float | None = None,
    low: float = 0.0,
) -> StepScores:
    scored = set(trajectory.scored)
    return StepScores(
        trajectory.id,
        trajectory.digest,
        tuple(value(step.index) if step.index in scored else None for step in trajectory.steps),
        range=(low, 1.0),
        trajectory_value=whole,
        model=BASELINE + name,
        renderer="none",
    )


def random_scores(samples: Sequence[Sample], *, seed: int = 0) -> list[StepScores]:
    """Uniform numbers from a hash of trajectory, step and seed: the same whatever the order of rows.

    Examples:
        >>> from prmkit.types import Problem
        >>> row = Sample(Problem("p", "?"), Trajectory.of_steps("t", "p", ["a"]))
        >>> random_scores([row]) == random_scores([row]), 0 <= random_scores([row])[0].values[0] < 1
        (True, True)
    """

    def draw(trajectory: Trajectory, step: int) -> float:
        digest = hashlib.sha256(f"{seed}\n{step}\n{trajectory.id}".encode("utf-8", "surrogatepass"))
        return int.from_bytes(digest.digest()[:6], "big") / 2**48

    return [_scores(s.trajectory, "random", lambda k, t=s.trajectory: draw(t, k)) for s in samples]  # type: ignore[misc]


def position_scores(samples: Sequence[Sample]) -> list[StepScores]:
    """1 / (1 + index): later steps are likelier to be wrong, whatever they say.

    Examples:
        >>> from prmkit.types import Problem
        >>> position_scores([Sample(Problem("p", "?"), Trajectory.of_steps("t", "p", ["a", "b"]))])[0].values
        (1.0, 0.5)
    """
    return [_scores(s.trajectory, "position", lambda k: 1 / (1 + k)) for s in samples]


def length_scores(samples: Sequence[Sample]) -> list[StepScores]:
    """The shorter the better: minus the log of the characters, of each step and of the whole solution.

    Examples:
        >>> from prmkit.types import Problem
        >>> rows = [Sample(Problem("p", "?"), Trajectory.of_steps(t, "p", [t])) for t in ("no", "longer")]
        >>> [round(s.trajectory_value, 2) for s in length_scores(rows)]
        [-0.69, -1.79]
    """

    def score(t: Trajectory) -> StepScores:
        made = _scores(t, "length", lambda k: -math.log(max(1, len(t.steps[k].text))), low=-math.inf)
        return replace(made, trajectory_value=-math.log(written(t)))

    return [score(sample.trajectory) for sample in samples]


def verifier_scores(samples: Sequence[Sample], evidence: Sequence[Sequence[Evidence]]) -> list[StepScores]:
    """What tools alone say: 0 where one FAILS, 1 where one HOLDS and none FAILS, 0.5 else.

    Args:
        samples: What is scored.
        evidence: Per sample, evidence of tools that did not read the reference.

    Raises:
        ConfigError: Some of the evidence read the reference: that is an oracle, no baseline.
        AlignmentError: Another number of lists, or evidence of another cut.
    """
    if len(evidence) != len(samples):
        raise AlignmentError(
            f"evidence for {len(evidence)} of {len(samples)} samples", do="give one list per sample"
        )
    return [_verified(s.trajectory, found) for s, found in zip(samples, evidence, strict=True)]


def tool_oracle_scores(samples: Sequence[Sample], evidence: Sequence[Sequence[Evidence]]) -> list[StepScores]:
    """The same of all tools, those that read the reference among them.

    Raises:
        AlignmentError: Evidence of another cut.
    """
    return [_verified(s.trajectory, found, oracle=True) for s, found in zip(samples, evidence, strict=True)]


def _verified(trajectory: Trajectory, evidence: Sequence[Evidence], *, oracle: bool = False) -> StepScores:
    verdicts: dict[int, set[Verdict]] = {}
    for one in evidence:
        if one.needs_reference and not oracle:
            raise ConfigError(
                f"verifier {one.verifier!r} read the reference",
                do="leave it out of the baseline: what sees the answer is an oracle",
                field="evidence",
            )
        if one.trajectory_id != trajectory.id or one.steps_digest != trajectory.digest:
            raise AlignmentError(
                f"evidence of {one.trajectory_id!r} laid on {trajectory.id!r}",
                do="verify these very steps",
                field="evidence",
            )
        verdicts.setdefault(one.step, set()).add(one.verdict)

    def value(step: int) -> float:
        found = verdicts.get(step, set())
        order = (Verdict.FAILS, Verdict.HOLDS)
        return VERDICT_VALUE[next((v for v in order if v in found), Verdict.UNKNOWN)]

    return _scores(trajectory, "verifier-oracle" if oracle else "verifier", value)


def oracle_scores(samples: Sequence[Sample]) -> list[StepScores]:
    """The gold labels themselves, and the outcome for whole solutions: the ceiling of every figure."""
    found = []
    for sample in samples:
        labels = sample.labels.check(sample.trajectory).values if sample.labels else None
        found.append(
            _scores(
                sample.trajectory,
                "oracle",
                lambda k, v=labels: None if v is None or v[k] is None else float(v[k]),  # type: ignore[misc]
                sample.trajectory.outcome,
            )
        )
    return found


def baselines(
    samples: Sequence[Sample], evidence: Sequence[Sequence[Evidence]] | None = None, *, seed: int = 0
) -> dict[str, list[StepScores]]:
    """Random, position, length, tools (where evidence is given) and oracle for the same samples.

    Evidence that read the reference stands in no baseline; where it decided anything, a second oracle
    (:data:`TOOL_ORACLE`) says what tools reach that see the answer.

    Raises:
        AlignmentError: Evidence of another number of samples, or of another cut.
    """
    found = {
        "random": random_scores(samples, seed=seed),
        "position": position_scores(samples),
        "length": length_scores(samples),
    }
    if evidence is not None:
        free = [[e for e in one if not e.needs_reference] for one in evidence]
        found["verifier"] = verifier_scores(samples, free)
        if any(e.needs_reference and e.verdict is not Verdict.UNKNOWN for one in evidence for e in one):
            found[TOOL_ORACLE] = tool_oracle_scores(samples, evidence)
    found["oracle"] = oracle_scores(samples)
    return found
