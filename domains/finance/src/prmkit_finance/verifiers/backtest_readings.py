"""The ways in which a stated figure of a back-test may be computed: those its words allow, and others."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Sequence

import numpy as np

from prmkit_finance.market import metrics
from prmkit_finance.market.records import Book, Series
from prmkit_finance.market.stated import Reading, Stated, gross

Readings = tuple[list[Reading], list[Reading]]
"""What the words allow; what other people call by the same name."""

_ANNUAL = re.compile(r"annual|yearly|per year|p\.a\.|√\s?252|sqrt\(252\)")
_DAILY = re.compile(r"\bdaily|per (?:day|period)|unscaled|not annuali[sz]ed")
_YEARS = (238.0, 242.0, 244.0, 250.0, 252.0, 260.0, 365.0)
"""Days that people count in a year of daily returns."""
_RISK_FREE = re.compile(r"risk[- ]free|excess")


def readings(stated: Stated, book: Book) -> Readings:
    """Readings of one figure."""
    main, other = _series(stated, book)
    return _FIGURES[stated.name](stated, book, main, other)


def _series(stated: Stated, book: Book) -> tuple[Sequence[Series], Sequence[Series]]:
    """The series that the words mean, and others: before or after costs, with the flat start or without."""
    before = gross(stated.words + " " + stated.note)
    if before:
        return book.gross, book.wider
    return book.net, (*book.wider, *(() if before is False else book.gross))


def _said(stated: Stated) -> tuple[bool, bool]:
    """Whether the words say annual, and daily."""
    text = stated.words + " " + stated.note
    return bool(_ANNUAL.search(text)), bool(_DAILY.search(text))


def _scaled(
    stated: Stated,
    book: Book,
    main: Sequence[Series],
    other: Sequence[Series],
    figure: Callable[[Series, float], list[Reading]],
) -> Readings:
    """A figure that grows with the periods per year: as the words say, else annual, the rest as other."""
    annual, daily = _said(stated)
    if annual and daily:
        return [], []
    year = book.periods
    if daily:
        return [r for s in main for r in figure(s, 1.0)], []
    if year is None:
        return [], []
    meant = [r for s in main for r in figure(s, year)]
    rest = [r for s in other for r in figure(s, year)]
    if not (annual and book.settled):
        lengths = [n for n in (*_YEARS, 1.0) if n != year]
        rest += [r for s in main for n in lengths for r in figure(s, n)]
    return meant, rest


def _sharpe(stated: Stated, book: Book, main: Sequence[Series], other: Sequence[Series]) -> Readings:
    if book.risk_free is None and _RISK_FREE.search(stated.note):
        return [], []

    def figure(series: Series, periods: float) -> list[Reading]:
        free = (book.risk_free or 0.0) * (periods / (book.periods or periods))
        return [
            Reading(metrics.sharpe(series.returns, periods, risk_free=free, ddof=ddof),
                    f"{series.way}, {periods:g} periods a year{', by n' if not ddof else ''}")
            for ddof in (1, 0)
        ]  # fmt: skip

    meant, rest = _scaled(stated, book, main, other, figure)
    for series in main if book.periods else ():
        spread = metrics.volatility(series.returns, book.periods or 1.0)
        if spread > 0:
            compounded = metrics.annual_return(series.returns, book.periods or 1.0) / spread
            rest.append(Reading(compounded, f"{series.way}, compounded return over volatility"))
    return meant, rest


def _sortino(stated: Stated, book: Book, main: Sequence[Series], other: Sequence[Series]) -> Readings:
    def figure(series: Series, periods: float) -> list[Reading]:
        return [Reading(metrics.sortino(series.returns, periods), series.way)]

    meant, rest = _scaled(stated, book, main, other, figure)
    for series in main if book.periods else ():
        losses = series.returns[series.returns < 0]
        if len(losses) > 1:  # the deviation of the losses alone, as many libraries take it
            for ddof in (0, 1):
                value = series.returns.mean() / losses.std(ddof=ddof) * math.sqrt(book.periods or 1.0)
                rest.append(Reading(float(value), f"{series.way}, by the deviation of losses"))
    return meant, rest


def _drawdown(stated: Stated, book: Book, main: Sequence[Series], other: Sequence[Series]) -> Readings:
    meant = [Reading(metrics.max_drawdown(s.returns), s.way) for s in main]
    rest = [Reading(metrics.max_drawdown(s.returns), s.way) for s in other]
    for series in main:
        added = np.concatenate([[0.0], np.cumsum(series.returns)])
        fall = float((added - np.maximum.accumulate(added)).min())
        rest.append(Reading(fall, f"{series.way}, added up instead of compounded"))
        if len(series.returns) > 1:
            later = metrics.max_drawdown(series.returns[1:])
            rest.append(Reading(later, f"{series.way}, without the start as a high"))
    return meant, rest


def _volatility(stated: Stated, book: Book, main: Sequence[Series], other: Sequence[Series]) -> Readings:
    def figure(series: Series, periods: float) -> list[Reading]:
        return [Reading(metrics.volatility(series.returns, periods, ddof=d), series.way) for d in (1, 0)]

    return _scaled(stated, book, main, other, figure)


def _annual_return(stated: Stated, book: Book, main: Sequence[Series], other: Sequence[Series]) -> Readings:
    if book.periods is None:
        return [], []
    periods, compounded = book.periods, "cagr" in stated.words or "compound" in stated.words

    def figure(series: Series, year: float) -> list[Reading]:
        found = [Reading(metrics.annual_return(series.returns, year), f"{series.way}, compounded")]
        if not compounded:
            mean = metrics.mean_return(series.returns, year)
            found.append(Reading(mean, f"{series.way}, mean times periods"))
        return found

    meant, rest = ([r for s in some for r in figure(s, periods)] for some in (main, other))
    if not book.settled:
        rest += [r for s in main for year in _YEARS for r in figure(s, year)]
    if len(book.dates) > 1:
        first, last = (datetime.date.fromisoformat(book.dates[at]) for at in (0, -1))
        years = (last - first).days / 365.25
        for series in main if years > 0 else ():
            grown = 1 + metrics.total_return(series.returns)
            meant.append(Reading(grown ** (1 / years) - 1, f"{series.way}, by calendar years"))
    return meant, rest


def _total_return(stated: Stated, book: Book, main: Sequence[Series], other: Sequence[Series]) -> Readings:
    meant = [Reading(metrics.total_return(s.returns), f"{s.way}, compounded") for s in main]
    rest = [Reading(metrics.total_return(s.returns), f"{s.way}, compounded") for s in other]
    rest += [Reading(float(s.returns.sum()), f"{s.way}, added up") for s in main]
    if gross(stated.words + " " + stated.note) is not True:
        meant += [Reading(float(one.worth[-1] - 1), "with the cost of the first trade") for one in book.runs]
    return meant, rest


def _calmar(stated: Stated, book: Book, main: Sequence[Series], other: Sequence[Series]) -> Readings:
    if book.periods is None:
        return [], []
    periods = book.periods

    def figure(series: Series) -> list[Reading]:
        depth = -metrics.max_drawdown(series.returns)
        if depth <= 0:
            return []
        mean = metrics.mean_return(series.returns, periods) / depth
        return [
            Reading(metrics.calmar(series.returns, periods), f"{series.way}, compounded"),
            Reading(mean, f"{series.way}, mean times periods"),
        ]

    return [r for s in main for r in figure(s)], [r for s in other for r in figure(s)]


def _hit_rate(stated: Stated, book: Book, main: Sequence[Series], other: Sequence[Series]) -> Readings:
    def figure(series: Series) -> list[Reading]:
        moved = series.returns[series.returns != 0]
        return [
            Reading(metrics.hit_rate(series.returns), f"{series.way}, of all periods"),
            Reading(metrics.hit_rate(moved), f"{series.way}, of periods that moved"),
        ]

    return [r for s in main for r in figure(s)], [r for s in other for r in figure(s)]


def _turnover(stated: Stated, book: Book, main: Sequence[Series], other: Sequence[Series]) -> Readings:
    if _said(stated)[0]:
        return [], []
    found: list[Reading] = []
    for one in book.runs:
        traded = one.turnover[one.turnover > 0]
        ways = [(1.0, "bought and sold"), (0.5, "one way")]
        if "two-way" in stated.words or "one-way" in stated.words:
            ways = ways[:1] if "two-way" in stated.words else ways[1:]
        for share, way in ways:
            if "total" in stated.words:
                found += [
                    Reading(share * float(part.sum()), f"{way}, all trades") for part in (traded, traded[1:])
                ]
                continue
            for part, over in (
                (traded, "a trade"),
                (traded[1:], "a trade after the first"),
                (one.turnover[one.first :], "a day"),
                (one.turnover[one.first + 1 :], "a day after the first"),
                (one.turnover, "a day of the prices"),
            ):
                if len(part):
                    found.append(Reading(share * float(part.mean()), f"{way}, {over}"))
    return found, []


def _costs(stated: Stated, book: Book, main: Sequence[Series], other: Sequence[Series]) -> Readings:
    found: list[Reading] = []
    for one in book.runs:
        before = one.worth / (1 - one.paid)
        found.append(Reading(float(one.paid.sum()), "shares of the worth at each trade, added up"))
        found.append(Reading(float((one.paid * before).sum()), "of the worth at the start"))
    return found, []


_FIGURES: dict[str, Callable[[Stated, Book, Sequence[Series], Sequence[Series]], Readings]] = {
    "sharpe": _sharpe,
    "sortino": _sortino,
    "calmar": _calmar,
    "drawdown": _drawdown,
    "volatility": _volatility,
    "annual_return": _annual_return,
    "total_return": _total_return,
    "hit_rate": _hit_rate,
    "turnover": _turnover,
    "costs": _costs,
}
