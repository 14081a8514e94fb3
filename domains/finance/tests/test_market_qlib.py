"""Expressions against qlib, where it is installed: the same text, the same values.

qlib evaluates the text as Python; it is shown here expressions of this file only.
"""

import importlib.util

import numpy as np
import pandas as pd
import pytest

from prmkit_finance.market.factor import evaluate
from prmkit_finance.market.panel import Panel

EXPRESSIONS = [
    "Ref($close, 5) / $close",
    "Mean($close, 10)",
    "Sum($volume, 7)",
    "Std($close, 20)",
    "Var($close, 20)",
    "Max($close, 10)",
    "Min($close, 10)",
    "Med($close, 9)",
    "Rank($close, 20)",
    "Delta($close, 4)",
    "Corr($close, $volume, 10)",
    "Cov($close, $volume, 10)",
    "EMA($close, 12)",
    "Slope($close, 20)",
    "IdxMax($close, 15)",
    "IdxMin($close, 15)",
    "Greater($open, $close) / Less($open, $close)",
    "If(Gt($close, $open), $close, $open)",
    "Log($volume) * Sign($close - $open)",
    "Power($close, 0.5)",
]


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    """The same prices as a panel and as a qlib folder (32-bit)."""
    if importlib.util.find_spec("qlib") is None:
        pytest.skip("qlib is not installed: pip install pyqlib")
    qlib = pytest.importorskip("qlib")
    folder, random = tmp_path_factory.mktemp("qlib"), np.random.default_rng(3)
    days, names = pd.bdate_range("2015-01-01", periods=300), ("SA", "SB", "SC", "SD")
    close = 50 * np.exp(np.cumsum(random.normal(0, 0.02, (300, 4)), axis=0))
    fields = {"close": close, "open": close * random.uniform(0.98, 1.02, close.shape),
              "volume": random.lognormal(10, 1, close.shape)}  # fmt: skip
    fields = {name: values.astype("<f4") for name, values in fields.items()}
    for part, lines in {
        "calendars/day.txt": [str(day.date()) for day in days],
        "instruments/all.txt": [f"{name}\t{days[0].date()}\t{days[-1].date()}" for name in names],
    }.items():
        (folder / part).parent.mkdir()
        (folder / part).write_text("\n".join(lines) + "\n")
    for column, name in enumerate(names):
        (folder / "features" / name.lower()).mkdir(parents=True)
        for field, values in fields.items():
            stored = np.hstack([np.zeros(1, "<f4"), values[:, column]])
            stored.tofile(folder / "features" / name.lower() / f"{field}.day.bin")
    qlib.init(provider_uri=str(folder), region="us", kernels=1, logging_level=40)
    panel = Panel(tuple(str(d.date()) for d in days), names, {n: v.astype(float) for n, v in fields.items()})
    return panel, importlib.import_module("qlib.data").D


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_agrees_with_qlib(market, text):
    panel, data = market
    table = data.features(list(panel.tickers), [text], start_time=panel.dates[0], end_time=panel.dates[-1])
    theirs = table[text].unstack(level=0).reindex(columns=list(panel.tickers)).to_numpy(dtype=float)
    np.testing.assert_allclose(evaluate(text, panel, full=False), theirs, rtol=1e-6)
