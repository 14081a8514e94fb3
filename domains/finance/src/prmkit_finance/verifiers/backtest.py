"""The verifier ``finance/backtest``: figures of a strategy, recomputed from what the problem records.

The problem's context has ``backtest`` with one of

* ``returns``: net returns, one a period (``dates`` beside them, optional);
* ``equity``: worth at each date;
* ``weights``: target weights, one row per date of ``prices`` (null: no trade), with ``cost_bps``, ``lag``;
* ``expression`` and ``rule`` (``long_short`` or ``top 5``), ``every``, ``cost_bps``, ``lag``, on ``prices``;

and optionally ``periods_per_year`` and ``risk_free``. What is not given is tried in every usual way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from prmkit.contracts import Finding
from prmkit.errors import PrmkitError
from prmkit.types import Claim, Code, Problem, Scope, Trajectory, Verdict
from prmkit_finance.market.records import Book, book_of
from prmkit_finance.market.stated import MAX_TEXT, Stated, conclude, figures, judge
from prmkit_finance.verifiers.backtest_readings import readings

_ANNUAL = r"(?:annuali[sz]ed|annual|yearly)"
_RETURN = r"(?:returns?|performance|profit|gain)"
VOCABULARY: Mapping[str, str] = {
    "sharpe": rf"(?:{_ANNUAL} |daily )?sharpe(?: ratio)?",
    "sortino": rf"(?:{_ANNUAL} )?sortino(?: ratio)?",
    "calmar": r"calmar(?: ratio)?",
    "drawdown": r"(?:max(?:imum|imal|\.)?|deepest|largest|worst)[ -]?draw-?downs?|mdd|max_drawdown",
    "volatility": rf"(?:{_ANNUAL} |daily )(?:volatility|vol|standard deviation)",
    "annual_return": rf"{_ANNUAL} {_RETURN}|cagr|compound annual growth rate",
    "total_return": rf"(?:total|cumulative|overall|compounded) {_RETURN}",
    "hit_rate": r"hit[ -]?rate|win[ -]?rate",
    "turnover": r"(?:(?:mean|average|total|daily|one-way|two-way) )?turnover",
    "costs": r"total (?:transaction |trading )?(?:costs?|fees)",
}
_SAME_DAY = re.compile(
    r"\b(?:no|without(?: any)?|free of) look[- ]?ahead|\blag(?:ged)? (?:by )?(?:one|1|a) day"
    r"|\bshifted by (?:one|1|a) day|\b(?:one|1)[- ]day lag|\byesterday's (?:weights|positions|signal)",
    re.IGNORECASE,
)
_UNSURE = re.compile(
    r"\b(?:if|would|whether|should|must|need|check|make sure|ensure|could|may|not|never)\b|\?", re.IGNORECASE
)
_NOTHING = "states no figure of a back-test"


class BackTestFigures:
    """Recomputes Sharpe, drawdown, return, volatility, turnover and costs that steps state.

    What it does not check: whether a strategy makes sense or lasts, figures of part of the period,
    of a benchmark, or of another version; comparisons; significance.
    """

    name = "finance/backtest"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        book: Book | None = None
        why = "the problem records no back-test"
        if "backtest" in problem.context:
            try:
                book = book_of(problem.context["backtest"], problem.context.get("prices"))
            except PrmkitError as error:
                why = str(error)
        return [_judge(trajectory.steps[index].text, book, why) for index in trajectory.scored]


def _judge(text: str, book: Book | None, why: str) -> Finding:
    if len(text) > MAX_TEXT:
        return Finding(Verdict.UNKNOWN, f"longer than {MAX_TEXT} characters", Code.UNSUPPORTED)
    stated = list(figures(text, VOCABULARY))
    if not stated and not _SAME_DAY.search(text):
        return Finding(Verdict.UNKNOWN, _NOTHING, Code.NOT_APPLICABLE)
    if book is None:
        return Finding(Verdict.UNKNOWN, why, Code.UNSUPPORTED)
    return conclude([*(_figure(s, book) for s in stated), *_alignment(text, book)], _NOTHING)


def _figure(stated: Stated, book: Book) -> Claim:
    span = stated.start, stated.end
    if stated.doubtful:
        return Claim(*span, Verdict.UNKNOWN, "stated of something else, or as a wish or condition")
    main, other = readings(stated, book)
    verdict, reason = judge(stated, main, other, magnitude=stated.name == "drawdown")
    if verdict is Verdict.FAILS and book.ambiguous:
        return Claim(*span, Verdict.UNKNOWN, f"{reason}; but {book.ambiguous}")
    return Claim(*span, verdict, reason)


def _alignment(text: str, book: Book) -> list[Claim]:
    """Recorded returns against recorded weights: do positions earn the day they are decided on?"""
    match = _SAME_DAY.search(text)
    if match is None or book.same_day is None or _UNSURE.search(text):
        return []
    if book.same_day:
        reason = "the recorded returns are those of positions that earn the very day they are decided on"
        return [Claim(*match.span(), Verdict.FAILS, reason)]
    return [Claim(*match.span(), Verdict.HOLDS, "positions earn from the day after their decision")]
