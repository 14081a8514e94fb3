"""A reward function made of a PRM, as TRL's GRPOTrainer takes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prmkit.aggregators import aggregator
from prmkit.contracts import Scorer
from prmkit.errors import ConfigError, RecordError
from prmkit.plugins import domain as plugin
from prmkit.registry import nearest
from prmkit.rl.rows import FIELDS, Cut, problem_of, trajectory_of
from prmkit.search.best_of_n import value_of
from prmkit.segment import SEGMENTERS
from prmkit.types import Json, Problem, StepScores, Trajectory

_Key = tuple[str, str]


@dataclass(eq=False)
class StepReward:
    """Rewards of completions: what a scorer says of their steps, as one number each.

    Call it as TRL calls a reward function. It holds no state between calls and can be pickled where its
    scorer can.
    """

    scorer: Scorer
    aggregate: str
    segment: str | Cut = ""
    domain: str = ""
    empty: float | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    name: str = "prm"

    @property
    def __name__(self) -> str:
        """The name that trainers log rewards under."""
        return self.name

    def __call__(
        self,
        prompts: Sequence[Json],
        completions: Sequence[Json],
        *,
        log_metric: Callable[[str, float], None] | None = None,
        log_extra: Callable[[str, list[Any]], None] | None = None,
        **columns: Any,
    ) -> list[float | None]:
        """One reward per completion, in order; None where nothing can be scored.

        Steps that do not fit into a model are passed over: their share is told to ``log_metric``.

        Args:
            prompts: Strings or chat messages, one per completion.
            completions: Strings or messages.
            log_metric: Told the mean step score, the scored steps of a completion, and the share of
                completions and of steps without a score.
            log_extra: Told the scored steps and the mean step score of each completion.
            **columns: Columns of the data set, one value per completion, and whatever else a trainer
                passes; see ``prmkit.rl.rows.problem_of`` for those that are read.

        Raises:
            RecordError: Lists of unequal length, or a prompt, completion or column that cannot be read.
        """
        if len(prompts) != len(completions):
            raise RecordError(
                f"{len(completions)} completions of {len(prompts)} prompts",
                do="give one prompt per completion",
                field="completions",
            )
        rows = [self._row(at, prompt, columns) for at, prompt in enumerate(prompts)]
        solved: dict[int, Trajectory] = {}
        for at, (problem, completion) in enumerate(zip(rows, completions, strict=True)):
            made = trajectory_of(completion, problem, f"{problem.id}/{at}", self._cut(problem))
            if made is not None and made.scored:
                solved[at] = made
        scores = self._scores(rows, solved)
        _tell(self.name, len(rows), solved, scores, log_metric, log_extra)
        return [self._reward(scores.get(at)) for at in range(len(rows))]

    def _row(self, at: int, prompt: Json, columns: Mapping[str, Any]) -> Problem:
        told = {}
        for name in FIELDS:
            column = columns.get(self.columns.get(name, name))
            if column is not None:
                told[name] = column[at]
        try:
            return problem_of(prompt, told, domain=self.domain)
        except RecordError as error:
            raise error.at(row=at + 1) from error

    def _cut(self, problem: Problem) -> Cut:
        if callable(self.segment):
            return self.segment
        if self.segment or not problem.domain:
            cut: Cut = SEGMENTERS[self.segment or "auto"]
            return cut
        own: Cut = plugin(problem.domain).segmenter()
        return own

    def _scores(self, rows: Sequence[Problem], solved: Mapping[int, Trajectory]) -> dict[int, StepScores]:
        """Scores by row; the solutions of a problem go to the scorer together."""
        groups: dict[_Key, list[int]] = {}
        for at in solved:
            groups.setdefault((rows[at].id, rows[at].text), []).append(at)
        order = [at for members in groups.values() for at in members]
        many = getattr(self.scorer, "score_many", None)
        if many is not None:  # models fill their batches with the solutions of several problems
            found = list(many((rows[at], solved[at]) for at in order))
        else:
            found = []
            for members in groups.values():
                found += self.scorer.score(rows[members[0]], [solved[at] for at in members])
        return {at: one.check(solved[at]) for at, one in zip(order, found, strict=True)}

    def _reward(self, scores: StepScores | None) -> float | None:
        if scores is None or (scores.trajectory_value is None and not _told(scores)):
            return self.empty
        return value_of(scores, self.aggregate)


def trl_reward(
    prm: Scorer,
    *,
    aggregate: str | None = None,
    segment: str | Cut = "",
    domain: str = "",
    empty: float | None = None,
    columns: Mapping[str, str] | None = None,
    name: str = "prm",
) -> StepReward:
    r"""A PRM as an entry of ``reward_funcs`` of TRL's GRPOTrainer.

    Args:
        prm: A PRM, or any other scorer.
        aggregate: How step scores become a reward; None takes what the PRM's spec says, else ``min``. A
            scorer that gives the whole solution a value is taken at that value, as in best-of-n.
        segment: Segmenter of completions, by name or itself; empty takes the default of the problem's
            domain, or ``auto`` where there is none.
        domain: Domain of problems whose row names none.
        empty: Reward of completions without a scored step. With None a trainer leaves them out: they are
            neither rewarded nor punished, which a policy may learn to use.
        columns: Where the data set calls ``problem, id, cluster, domain, reference, context`` otherwise:
            ours to theirs, such as ``{"reference": "answer"}``; an empty name reads none.
        name: What the trainer's logs call this reward.

    Raises:
        ConfigError: No such aggregator, or a field that no column can fill.
        UnknownNameError: No such segmenter or domain.

    Examples:
        >>> from prmkit.types import StepScores
        >>> class Short:
        ...     def score(self, problem, trajectories):
        ...         each = [tuple(1 / len(s.text) for s in t.steps) for t in trajectories]
        ...         return [StepScores(t.id, t.digest, v) for t, v in zip(trajectories, each)]
        >>> reward = trl_reward(Short(), segment="line")
        >>> reward(prompts=["?"] * 2, completions=["a\nbb", ""])
        [0.5, None]
    """
    usual = getattr(getattr(prm, "spec", None), "aggregate", "min")
    how = aggregator(aggregate or usual).name
    if isinstance(segment, str) and segment:
        _ = SEGMENTERS[segment]
    if domain:
        plugin(domain)
    for given in columns or {}:
        if given not in FIELDS:
            raise ConfigError(f"a problem has no {given!r}", do=nearest(given, list(FIELDS)), field="columns")
    return StepReward(prm, how, segment, domain, empty, columns or {}, name)


def _told(scores: StepScores) -> list[float]:
    return [value for value in scores.values if value is not None]


def _tell(
    name: str,
    rows: int,
    solved: Mapping[int, Trajectory],
    scores: Mapping[int, StepScores],
    log_metric: Callable[[str, float], None] | None,
    log_extra: Callable[[str, list[Any]], None] | None,
) -> None:
    told = {at: _told(one) for at, one in scores.items()}
    values = [value for each in told.values() for value in each]
    written = sum(len(one.scored) for one in solved.values())
    if log_metric is not None and rows:
        if values:
            log_metric(f"{name}/step_score", sum(values) / len(values))
        log_metric(f"{name}/steps", len(values) / rows)
        silent = sum(not told.get(at) and _whole(scores.get(at)) is None for at in range(rows))
        log_metric(f"{name}/unscored", silent / rows)
        log_metric(f"{name}/steps_unscored", 1 - len(values) / written if written else 0.0)
    if log_extra is not None:
        each = [told.get(at, []) for at in range(rows)]
        log_extra(f"{name}_steps", [len(one) for one in each])
        log_extra(f"{name}_step_score", [sum(one) / len(one) if one else None for one in each])


def _whole(scores: StepScores | None) -> float | None:
    return None if scores is None else scores.trajectory_value
