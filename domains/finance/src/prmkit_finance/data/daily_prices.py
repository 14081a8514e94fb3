r"""Daily prices of 24 US large caps, 2006 to 2017: real markets for factors and back-tests.

An invented row of the same shape::

    {"Date": "2010-05-04", "Open": "12.31", "High": "12.50", "Low": "12.28", "Close": "12.44",
     "Volume": "1030200", "Name": "ABC"}

A file holds one ticker, a line one day; a record is one ticker in one quarter. The bars are an
observation: nobody solved or rated anything. Tickers of one quarter move together, so the cluster is
the quarter. Prices are adjusted for splits, not for dividends, and the list is of companies that
were large at the end: returns are price returns of survivors.

Some cells are empty on 2012-08-01 and 2017-07-31; they stay unknown. Two closes lie outside their
day's low and high (MSFT 2007-02-28, TRV 2016-02-04); they stay as published.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Quarantined, Row, Source, read_rows
from prmkit.errors import DataError, RecordError
from prmkit.records import quarantined
from prmkit.types import Problem, Provenance, Sample, Trajectory
from prmkit_finance.market.panel import Panel, blocks_of

COLUMNS = {"Open": "open", "High": "high", "Low": "low", "Close": "close", "Volume": "volume"}
_FILES = {
    "AABA": (3019, "97b4d32093b8e2b669443fdd99c278452753c8e306848b000c053d43c8db780f"),
    "AMZN": (3019, "6a8feb55c6b9179cbe58454d5908aa0bf38593ab4af40769bb448e85b7cee6b0"),
    "BA": (3020, "ccb885c6d6d967d47abb0d0ee153b131e4ed67fdba20296b135109b6b59be5a0"),
    "CAT": (3020, "254fd200b9bb223be4314c2ad7970de110e8641fe214697123218bf9daa4fc01"),
    "CVX": (3020, "718aa074588381a4fc3d5b482d45fe1cf90087a8ab7aef5c3baa5e0f09b122ea"),
    "DIS": (3020, "fbe7a2766c1e28c024a379bed93bc87d44882a2a42ce2ff3347889dbfc22e644"),
    "GE": (3020, "ac83e1ceb931e02c86bdcf50439668be3365c8cf95ab343bf40b59e71e9da657"),
    "GOOGL": (3019, "7336c6ea716f90d0aaf09deeb94981c70a6be09c0a752309fdc8dbb609db6e42"),
    "HD": (3020, "5086a6e8c4bcc5ea62e1d4789fd207088e4dd206ab620a22945ed95dab64534a"),
    "JPM": (3020, "06400238902a55052eebb2cae7cf009139da759201c3ec1b8c8a476ce0a90ec8"),
    "KO": (3020, "540d7dff6dfc3105496f620d28a176836120b431be20be250b1f3371ae5c32f4"),
    "MCD": (3020, "c35cc7457b053d00a201a5ad070e0e14789566e7867a8186e0a7260788f305d0"),
    "MMM": (3020, "d91210f7caee01a4aba41005f8cc3cbf678561b199d3551473aeb0a6051ffe5e"),
    "MRK": (3019, "658da7c124d9643382dad5e8d19077dd15d5cbd575822d00e68ec4d20fa9c1c6"),
    "MSFT": (3019, "6833c3bd7f2f3a236d52fcda93375847edb7f7370d5db97fef1432bd3ae57295"),
    "NKE": (3020, "5f7f73bfb22722469029a6031f1d171a8bd4808218bf8c520169269bf5db6aaf"),
    "PFE": (3020, "820e68baa91e4b244e48bb95a274e34c4ee82b112f880ea660706eaf6bf01d94"),
    "PG": (3020, "5edc671e7bca5c748903b59d41ba835950703f4fe6b47e624ceef61d21cf26cf"),
    "TRV": (3020, "59986f230af1f873949ae43706538e6e77b5071de9d821e1ceb402de94e2cb47"),
    "UNH": (3020, "199478c9a1caf243d0c8a2cdcf865061f77c63bea3ef9a7b6d02aefdea5e1110"),
    "UTX": (3020, "c8d7493b40bd14fd8d6d279a62c2839d66605c144ff98e16a81243222c042264"),
    "VZ": (3020, "d1ac470e61c7f21e9fbc06482e2817732019ebac3a7b2a7b6e2b84d4c3d301d9"),
    "WMT": (3020, "efef2a05b2af0370eaa40695cbb277c93e09bca92f533c2c2b71826695a6f302"),
    "XOM": (3020, "867ffafeb55453b6a3c44c9a88586d4168f20d1c840330022fb8131b448c2eea"),
}

CARD = DatasetCard(
    name="djia_daily_prices",
    path="finance/djia_daily_prices",
    files=tuple(FileCard(f"{name}.csv.gz", count, digest) for name, (count, digest) in _FILES.items()),
    summary="Daily open, high, low, close and volume of 24 US large caps, 2006 to 2017",
    licence="no licence file; the author publishes the same set as CC0",
    gold="none",
    cluster="quarter",
    hub="github:szrlee/Stock-Time-Series-Analysis",
)


def quarters(path: Path, quarantine: list[Quarantined]) -> Iterator[Row]:
    """One row a quarter of a ticker's file; bad lines, or the whole of an unreadable file, are set aside."""
    block, first = "", 0
    bars: list[dict[str, Any]] = []
    before, ticker = "", ""
    try:
        for row in read_rows(path, quarantine):
            try:
                bar = _bar(row, before, ticker)
            except RecordError as error:
                quarantine.append(quarantined(error, row.file, row.number))
                continue
            before, ticker = bar["date"], row.data["Name"]
            now = blocks_of([before])[0]
            if now != block and bars:
                yield Row(row.file, first, {"ticker": ticker, "block": block, "bars": bars})
                bars = []
            if not bars:
                block, first = now, row.number
            bars.append(bar)
    except DataError as error:
        quarantine.append(quarantined(error, path.name, first or 1))
    if bars:
        yield Row(path.name, first, {"ticker": ticker, "block": block, "bars": bars})


def _bar(row: Row, before: str, ticker: str) -> dict[str, Any]:
    """A day as numbers, None where a cell is empty.

    Raises:
        RecordError: A column is missing, the date is none, repeats or falls back, the ticker changes,
            or a price is impossible.
    """
    missing = [name for name in ("Date", *COLUMNS, "Name") if name not in row.data]
    if missing:
        raise _fault("the column is missing", missing[0])
    date = row.data["Date"]
    try:
        datetime.date.fromisoformat(date)
    except ValueError:
        raise _fault(f"{date!r:.30} is not a date like 2010-05-04", "Date") from None
    if date == before:
        raise _fault(f"{date} stands there twice", "Date")
    if date < before:
        raise _fault(f"{date} comes after {before}", "Date")
    name = row.data["Name"]
    if not name or (ticker and name != ticker):
        raise _fault(f"{name!r:.30} in the file of {ticker!r}", "Name")
    bar: dict[str, Any] = {"date": date}
    for column, field in COLUMNS.items():
        bar[field] = _cell(row.data[column], column)
    if bar["close"] is None:
        raise _fault("the day has no close", "Close")
    if bar["high"] is not None and bar["low"] is not None and bar["high"] < bar["low"]:
        raise _fault(f"the high {bar['high']:g} lies below the low {bar['low']:g}", "High")
    return bar


def _cell(cell: str, column: str) -> float | None:
    if not cell.strip():
        return None
    try:
        value = float(cell)
    except ValueError:
        raise _fault(f"{cell!r:.30} is not a number", column) from None
    if not math.isfinite(value) or value < 0 or (value == 0 and column != "Volume"):
        raise _fault(f"{cell} is no possible {column.lower()}", column)
    return value


def _fault(message: str, field: str) -> RecordError:
    return RecordError(message, do="take the line from the published file", field=field)


def parse(row: Row) -> Iterator[Sample]:
    """One sample: the quarter's prices in the problem's context, its bars as an observation.

    Raises:
        RecordError: The row holds no bars.
    """
    ticker, block, bars = row.data["ticker"], row.data["block"], row.data["bars"]
    if not bars:
        raise _fault("no day is left", "Date")
    name = f"{CARD.name}/{ticker}/{block}"
    said = f"{ticker}: {len(bars)} days, {bars[0]['date']} to {bars[-1]['date']}"
    prices: dict[str, Any] = {"dates": [bar["date"] for bar in bars], "tickers": [ticker]}
    prices.update({field: [[bar[field]] for bar in bars] for field in COLUMNS.values()})
    provenance = Provenance(source=CARD.name, row=row.number, licence=CARD.licence, detail={"ticker": ticker})
    problem = Problem(
        id=name,
        text=f"Daily prices of {said}.",
        cluster=block,
        domain="finance",
        context={"prices": prices},
        provenance=provenance,
    )
    steps = [{"text": said, "role": "observe"}]
    yield Sample(problem, Trajectory.of_steps(name, name, steps, provenance=provenance))


SOURCE = Source(card=CARD, parse=parse, read=quarters)


def panel_of(samples: Iterable[Sample], *, fields: Sequence[str] = tuple(COLUMNS.values())) -> Panel:
    """All samples' prices side by side: every date that any ticker has, unknown where one has none.

    Raises:
        DataError: There are no prices.
    """
    found: dict[str, dict[str, list[float | None]]] = {}
    for problem, _, _ in samples:
        prices = problem.context["prices"]
        days = found.setdefault(prices["tickers"][0], {})
        for at, date in enumerate(prices["dates"]):
            days[date] = [prices[field][at][0] for field in fields]
    if not found:
        raise DataError("no prices were read", do="see the data set's quarantine for the reasons")
    dates = sorted(set().union(*found.values()))
    tickers = sorted(found)
    empty = [None] * len(fields)
    table = np.array([[found[t].get(d, empty) for t in tickers] for d in dates], dtype=np.float64)
    return Panel(tuple(dates), tuple(tickers), {name: table[:, :, at] for at, name in enumerate(fields)})
