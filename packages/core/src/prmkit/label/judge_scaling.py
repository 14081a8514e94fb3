"""More verification for more compute: several critiques of a solution, or one that looks again.

Source: ThinkPRM (arXiv 2504.16828): a decision temperature over yes and no, the mean over parallel
verifications, rounds that begin with a doubt. GenPRM (arXiv 2504.00891): the mean over samples.
Multi-RM (arXiv 2510.00492): an unread verdict counts as one half.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from prmkit.errors import AlignmentError, ConfigError
from prmkit.types import Critique, StepScores, Trajectory, Verdict

DOUBTS = ("Let me double check.", "Let's verify again.", "Did I miss something?")
"""What a further round of thought begins with."""


def decision(yes: float, no: float, temperature: float = 1.0) -> float:
    """Probability of yes from two log-probabilities, among the two.

    Raises:
        ConfigError: The temperature is not positive, or a log-probability is NaN.

    Source:
        ThinkPRM, the decision temperature.

    Examples:
        >>> round(decision(-0.2, -1.7), 4), round(decision(-0.2, -1.7, 2.0), 4)
        (0.8176, 0.6792)
    """
    if not temperature > 0 or math.isnan(yes) or math.isnan(no):
        raise ConfigError(
            f"log-probabilities {yes}, {no} at temperature {temperature}",
            do="give numbers, and a temperature above 0",
            field="temperature",
        )
    if yes == no:
        return 0.5
    gap = (no - yes) / temperature
    return 1 / (1 + math.exp(gap)) if gap < 700 else 0.0


def mean_chance(chances: Sequence[float | None], *, unread: float = 0.5) -> float:
    """Mean probability over parallel verifications.

    Args:
        chances: One per verification; None where it could not be read.
        unread: What such a one counts as.

    Raises:
        AlignmentError: There are none, or one lies outside [0, 1].

    Source:
        ThinkPRM and GenPRM take the mean; Multi-RM counts an unread verdict as 0.5, ThinkPRM's released
        code a failed call as 0.

    Examples:
        >>> round(mean_chance([0.9, 0.7, 0.2]), 3), mean_chance([1.0, None])
        (0.6, 0.75)
    """
    told = [unread if one is None else one for one in chances]
    if not told or not all(0 <= one <= 1 for one in told):
        raise AlignmentError(
            f"{len(told)} probabilities, or one outside [0, 1]", do="give at least one, each in [0, 1]"
        )
    return math.fsum(told) / len(told)


def vote(critiques: Sequence[Critique], trajectory: Trajectory) -> Critique:
    """One critique by majority: each step's verdict, and the whole's; a draw is UNKNOWN.

    UNKNOWN has no vote. The text is that of the first critique that agrees with the most verdicts.

    Raises:
        AlignmentError: There are none, or one belongs to another solution or cut.

    Source:
        Majority voting over sampled verifications.

    Examples:
        >>> t = Trajectory.of_steps("t", "p", ["a", "b"])
        >>> said = [Verdict.HOLDS, Verdict.FAILS, Verdict.FAILS]
        >>> each = [Critique("t", t.digest, str(i), (v, Verdict.UNKNOWN)) for i, v in enumerate(said)]
        >>> vote(each, t).verdicts == (Verdict.FAILS, Verdict.UNKNOWN), vote(each, t).text
        (True, '1')
    """
    check_pool(critiques, trajectory)
    verdicts = tuple(_majority([c.verdicts[i] for c in critiques]) for i in range(len(trajectory.steps)))
    whole = _majority([c.trajectory_verdict for c in critiques])
    wanted = (*verdicts, whole)
    best = max(
        critiques,
        key=lambda c: sum(a is b for a, b in zip((*c.verdicts, c.trajectory_verdict), wanted, strict=True)),
    )
    return Critique(trajectory.id, trajectory.digest, best.text, verdicts, whole, best.sample, best.judge)


def scores_of(
    critiques: Sequence[Critique], trajectory: Trajectory, chances: Sequence[float | None] = ()
) -> StepScores:
    """Step scores of several critiques: the share of those that decide a step and say it holds.

    Args:
        critiques: Of this solution.
        trajectory: The solution.
        chances: P(yes) of each for the whole, where they were read; else the share of verdicts is taken.

    Raises:
        AlignmentError: There are none, one belongs to another solution, or another number of chances.

    Source:
        GenPRM's mean over samples, with verdicts in place of probabilities.
    """
    check_pool(critiques, trajectory)
    if chances and len(chances) != len(critiques):
        raise AlignmentError(
            f"{len(chances)} probabilities of {len(critiques)} critiques", do="give one for each, or none"
        )
    values: list[float | None] = [None] * len(trajectory.steps)
    for step in trajectory.scored:
        values[step] = _share([c.verdicts[step] for c in critiques])
    whole = mean_chance(chances) if chances else _share([c.trajectory_verdict for c in critiques])
    judges = sorted({c.judge for c in critiques})
    return StepScores(
        trajectory.id, trajectory.digest, tuple(values), trajectory_value=whole, model="+".join(judges)
    )


def check_pool(critiques: Sequence[Critique], trajectory: Trajectory) -> None:
    """Refuse an empty pool, and critiques of another solution or cut.

    Raises:
        AlignmentError: One of these.

    Source:
        Every record of prmkit is tied to one cut of one trajectory.
    """
    for one in critiques:
        if (one.trajectory_id, one.steps_digest) != (trajectory.id, trajectory.digest):
            raise AlignmentError(
                f"a critique of {one.trajectory_id!r} laid on {trajectory.id!r}",
                do="join them by trajectory_id and cut",
                field="steps_digest",
            )
    if not critiques:
        raise AlignmentError("no critique to take a mean of", do="give at least one")


def look_again(written: str, turn: int, *, ends: Sequence[str] = ("</think>",)) -> str:
    r"""A prompt's continuation that goes on where a verification wanted to end.

    What stands behind the first of ``ends`` is taken back, and a doubt is added: the ``turn``-th of
    :data:`DOUBTS`, beginning again after the last.

    Raises:
        ConfigError: A negative turn.

    Source:
        ThinkPRM's sequential scaling: greedy rounds, only the last decision is read.

    Examples:
        >>> look_again("Step 1 holds.\n</think> Yes", 0)
        'Step 1 holds.\n\nLet me double check.'
    """
    if turn < 0:
        raise ConfigError(f"turn {turn}", do="count turns from 0", field="turn")
    places = [at for at in map(written.find, ends) if at >= 0]
    kept = written[: min(places, default=len(written))].rstrip()
    return f"{kept}\n\n{DOUBTS[turn % len(DOUBTS)]}"


def _majority(verdicts: Sequence[Verdict]) -> Verdict:
    holds, fails = verdicts.count(Verdict.HOLDS), verdicts.count(Verdict.FAILS)
    if holds == fails:
        return Verdict.UNKNOWN
    return Verdict.HOLDS if holds > fails else Verdict.FAILS


def _share(verdicts: Sequence[Verdict]) -> float | None:
    told = [one for one in verdicts if one is not Verdict.UNKNOWN]
    return sum(one is Verdict.HOLDS for one in told) / len(told) if told else None
