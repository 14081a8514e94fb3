"""Planted mistakes of factor and back-test steps.

``future_shift`` turns a delay round, so that a factor reads later prices; ``wrong_figure`` changes a
stated figure; ``other_figure`` renames one and changes no number.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from prmkit.contracts import Mutation
from prmkit.types import Problem, Step, Trajectory

_DELAY = re.compile(
    r"\b(?:ts_)?(?:delay|delta|Ref|ref|shift|pct_change)\([^()`]{1,60}?,\s*(?P<days>[1-9]\d{0,2})\)"
)
_TARGET = re.compile(r"\b(?:label|target|forward|future|next)\b", re.IGNORECASE)
_FIGURE = re.compile(
    r"\b(?:(?:rank )?ic|icir|rankic|sharpe(?: ratio)?|(?:max(?:imum)? )?drawdown|(?:total|annualised) return"
    r"|turnover)\s(?:is|of|=|:)?\s?(?P<number>[-−]?\d{1,3}\.\d{1,4})(?!\d)",
    re.IGNORECASE,
)
_OTHER_NAME = {
    "sharpe ratio": "Sortino ratio",
    "total return": "hit rate",
    "annualised return": "annualised volatility",
    "rank ic": "ICIR",
}
_NAME = re.compile(rf"\b(?:{'|'.join(_OTHER_NAME)})\b(?=\s(?:is|of|=|:)\s?[-−]?\d)", re.IGNORECASE)


def _future_shift(step: str, draw: random.Random) -> Iterator[str]:
    del draw
    for match in _DELAY.finditer(step):
        if not _TARGET.search(step):
            yield f"{step[: match.start('days')]}-{step[match.start('days') :]}"


def _wrong_figure(step: str, draw: random.Random) -> Iterator[str]:
    for match in _FIGURE.finditer(step):
        digits = match["number"].replace("−", "-")
        places = len(digits.partition(".")[2])
        factor = draw.choice([-1.0, 0.4, 1.9, 3.0])
        shift = 5 * 10.0**-places  # so that small figures move by more than their last digit
        wrong = float(digits) * factor + (shift if factor > 0 else -shift)
        if abs(abs(wrong) - abs(float(digits))) > 3 * 10.0**-places:
            yield f"{step[: match.start('number')]}{wrong:.{places}f}{step[match.end('number') :]}"


def _other_figure(step: str, draw: random.Random) -> Iterator[str]:
    del draw
    for match in _NAME.finditer(step):
        yield step[: match.start()] + _OTHER_NAME[match[0].lower()] + step[match.end() :]


@dataclass(frozen=True, slots=True)
class MarketMutator:
    """Plants one kind of mistake by rewriting the text of one step that is no tool call."""

    name: str
    changes_number: bool
    variants: Callable[[str, random.Random], Iterator[str]]
    """Spoilt versions of a step's text."""

    def __call__(self, problem: Problem, trajectory: Trajectory, seed: int) -> Mutation | None:
        """A copy with one step spoilt; None when the kind applies to no step."""
        if "prices" not in problem.context and "backtest" not in problem.context:
            return None
        draw = random.Random(f"{self.name}/{trajectory.id}/{seed}")
        places = [
            (step, text)
            for step in trajectory.steps
            if step.role != "observe" and step.call is None
            for text in self.variants(step.text, draw)
        ]
        if not places:
            return None
        step, text = draw.choice(places)
        return Mutation(_rewritten(trajectory, step, text, f"{self.name}-{seed}"), step.index, self.name)


def _rewritten(trajectory: Trajectory, changed: Step, text: str, tag: str) -> Trajectory:
    shift = len(text) - len(changed.text)
    steps = []
    for step in trajectory.steps:
        if step.index == changed.index:
            step = replace(step, text=text, end=step.end + shift)
        elif step.index > changed.index:
            step = replace(step, start=step.start + shift, end=step.end + shift)
        steps.append(step)
    return replace(
        trajectory,
        id=f"{trajectory.id}~{tag}",
        text=trajectory.text[: changed.start] + text + trajectory.text[changed.end :],
        steps=tuple(steps),
        outcome=None,
        provenance=replace(
            trajectory.provenance, detail={**trajectory.provenance.detail, "mutated_from": trajectory.id}
        ),
    )


future_shift = MarketMutator("future_shift", True, _future_shift)
wrong_figure = MarketMutator("wrong_figure", True, _wrong_figure)
other_figure = MarketMutator("other_figure", False, _other_figure)
