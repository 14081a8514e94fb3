"""Planted mistakes of factor and back-test steps.

``future_shift`` turns a delay round, so that a factor reads later prices; ``wrong_figure`` changes a
stated figure; ``other_figure`` renames one and changes no number.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from prmkit.mutators import TextMutator, said
from prmkit.types import Problem, Step

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


def _future_shift(problem: Problem, step: str, draw: random.Random) -> Iterator[str]:
    del problem, draw
    for match in _DELAY.finditer(step):
        if not _TARGET.search(step):
            yield f"{step[: match.start('days')]}-{step[match.start('days') :]}"


def _wrong_figure(problem: Problem, step: str, draw: random.Random) -> Iterator[str]:
    del problem
    for match in _FIGURE.finditer(step):
        digits = match["number"].replace("−", "-")
        places = len(digits.partition(".")[2])
        factor = draw.choice([-1.0, 0.4, 1.9, 3.0])
        shift = 5 * 10.0**-places  # so that small figures move by more than their last digit
        wrong = float(digits) * factor + (shift if factor > 0 else -shift)
        if abs(abs(wrong) - abs(float(digits))) > 3 * 10.0**-places:
            yield f"{step[: match.start('number')]}{wrong:.{places}f}{step[match.end('number') :]}"


def _other_figure(problem: Problem, step: str, draw: random.Random) -> Iterator[str]:
    del problem, draw
    for match in _NAME.finditer(step):
        yield step[: match.start()] + _OTHER_NAME[match[0].lower()] + step[match.end() :]


def _told(problem: Problem, step: Step) -> bool:
    """Whether a step of a market problem is the solver's own words, no tool call."""
    market = "prices" in problem.context or "backtest" in problem.context
    return market and said(problem, step) and step.call is None


future_shift = TextMutator("future_shift", True, _future_shift, _told)
wrong_figure = TextMutator("wrong_figure", True, _wrong_figure, _told)
other_figure = TextMutator("other_figure", False, _other_figure, _told)
