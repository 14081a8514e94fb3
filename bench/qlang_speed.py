"""Expressions a second of the embedded q, and its vector operations beside numpy.

The documented pairs that use operators, literals, iterators and lambdas only: text in, console text out, so
parsing and printing are in it, and nothing is remembered between rounds (each plays every page in a fresh
session). Other lines of a page run untimed, since the timed ones may need what they define; those that use
chance, clocks or files, or take long, are left out, and every timed line must still print the same.
Processor time on one core, medians of rounds after one that is not counted.

klongpy, an array interpreter in Python for another language, runs a dozen short expressions of the same
meaning as a yardstick, where ``KLONG_PYTHON`` names an interpreter that has it.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from bench.qlang_conformance import blocks
from prmkit_qlang import Session
from prmkit_qlang.replay import Pair, Played, Replay, agrees, pages

ROUNDS = 7
LONG = 100_000_000
"""Nanoseconds from which an untimed line is left out."""
NOT_NEEDED = frozenset({"maybe_random", "clock_or_env", "io", "depends_unreproducible", "undefined_name"})
"""Flags of lines on which no testable pair depends."""
SIZE = 1_000_000
SHORT = {
    "1+1": "1+1",
    "2*3+4": "2*3+4",
    "1 2 3+4 5 6": "[1 2 3]+[4 5 6]",
    "+/1 2 3 4 5": "+/[1 2 3 4 5]",
    "+\\1 2 3 4 5": "+\\[1 2 3 4 5]",
    "{x+y}[3;4]": "{x+y}(3;4)",
    "{x*x}3": "{x*x}(3)",
    "{x*x}'[1 2 3 4]": "{x*x}'[1 2 3 4]",
    "3#1 2 3 4 5": "3#[1 2 3 4 5]",
    "2_1 2 3 4 5": "2_[1 2 3 4 5]",
    "1 2 3,4 5": "[1 2 3],[4 5]",
    "10 20 30@1": "[10 20 30]@1",
}
"""The same in q and in Klong."""
KLONG = """
import json, sys, time, statistics
from klongpy import KlongInterpreter
klong, texts, rates = KlongInterpreter(), json.loads(sys.argv[1]), {}
for text in texts:
    for _ in range(200): klong(text)
    rounds = []
    for _ in range(7):
        begun = time.process_time()
        for _ in range(500): klong(text)
        rounds.append(500 / (time.process_time() - begun))
    rates[text] = round(statistics.median(rounds))
print(json.dumps(rates))
"""


class Timed:
    """A session that notes what each line takes."""

    def __init__(self, took: dict[str, int]) -> None:
        self._session = Session()
        self._took = took
        self.now = ""

    def console(self, code: str) -> str:
        begun = time.thread_time_ns()
        try:
            return self._session.console(code)
        finally:
            self._took[self.now] = time.thread_time_ns() - begun


class Told(Replay):
    """A replay that tells the session which pair it plays, and leaves some out."""

    def __init__(self, took: dict[str, int], skip: frozenset[str] = frozenset()) -> None:
        self._timed = Timed(took)
        self._skip = skip
        super().__init__(self._timed)

    def play(self, pair: Pair) -> Played:
        if pair.id in self._skip or (pair.flags & NOT_NEEDED and not pair.testable):
            return Played(pair, "", "untested")
        self._timed.now = pair.id
        try:
            return super().play(pair)
        finally:
            self._timed.now = ""


def expressions() -> dict[str, Any]:
    """Rates over all keyword-free pairs, and over those whose print is the documented one."""
    sheets = pages(blocks())
    took: dict[str, int] = {}
    played = [one for its in sheets.values() for one in Told(took).run(its)]
    wanted = [one for one in played if one.pair.testable and one.features == {"core"}]
    right = frozenset(one.pair.id for one in wanted if agrees(one.pair, one.printed))
    named = frozenset(one.pair.id for one in wanted)
    slow = frozenset(name for name, ns in took.items() if ns > LONG and name not in named)
    sheets = {name: its for name, its in sheets.items() if name in {one.pair.page for one in wanted}}
    prints = {one.pair.id: one.printed for one in wanted}
    rounds: list[dict[str, int]] = []
    for _ in range(ROUNDS):
        took = {}
        again = [one for its in sheets.values() for one in Told(took, slow).run(its)]
        changed = [one.pair.id for one in again if prints.get(one.pair.id, one.printed) != one.printed]
        if changed:
            raise RuntimeError(f"these lines print something else without the slow ones: {changed}")
        rounds.append(took)
    each = {name: statistics.median(took[name] for took in rounds) / 1_000 for name in named}
    return {
        "pairs": len(named),
        "right": len(right),
        "per_second": _rate(rounds, named),
        "per_second_of_right": _rate(rounds, right),
        "microseconds": {
            "median": round(statistics.median(each.values()), 1),
            "mean": round(statistics.fmean(each.values()), 1),
            "p95": round(float(np.percentile(list(each.values()), 95)), 1),
        },
        "slowest": {name: round(each[name], 1) for name in sorted(each, key=each.__getitem__)[-8:][::-1]},
    }


def _rate(rounds: list[dict[str, int]], names: frozenset[str]) -> int:
    return round(statistics.median(len(names) / (sum(took[n] for n in names) / 1e9) for took in rounds))


def clock(work: Callable[[], object]) -> float:
    """Median seconds of one call."""
    work()
    times = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return statistics.median(times)


def vectors() -> dict[str, Any]:
    """Operations on a million items: seconds in q over seconds in numpy."""
    session = Session()
    session.eval(f"n:{SIZE}; x:-500+(7919*til n)mod 1000; y:1+(104729*til n)mod 999; f:x%7; g:y%3; b:x>0")
    session.eval("i:(7919*til n)mod n")
    n = np.arange(SIZE)
    x, y = -500 + (7919 * n) % 1000, 1 + (104729 * n) % 999
    f, g, b, i = x / 7, y / 3, x > 0, (7919 * n) % SIZE
    work: dict[str, Callable[[], Any]] = {
        "x+y": lambda: x + y, "x-y": lambda: x - y, "x*y": lambda: x * y, "x%y": lambda: x / y,
        "f+g": lambda: f + g, "f*g": lambda: f * g, "x<y": lambda: x < y, "x=y": lambda: x == y,
        "f<g": lambda: f < g, "x&y": lambda: np.minimum(x, y), "x|y": lambda: np.maximum(x, y),
        "x+1": lambda: x + 1, "f*2": lambda: f * 2, "neg x": lambda: -x, "abs x": lambda: np.abs(x),
        "sqrt g": lambda: np.sqrt(g), "exp f": lambda: np.exp(f), "not b": lambda: ~b,
        "y mod 7": lambda: y % 7, "y div 7": lambda: y // 7, "floor f": lambda: np.floor(f).astype(np.int64),
        "sum x": lambda: x.sum(), "sum f": lambda: f.sum(), "max x": lambda: x.max(),
        "avg f": lambda: f.mean(), "where b": lambda: np.flatnonzero(b), "til n": lambda: np.arange(SIZE),
        "sums x": lambda: x.cumsum(), "asc x": lambda: np.sort(x, kind="stable"),
        "iasc f": lambda: np.argsort(f, kind="stable"), "x i": lambda: x[i],
        "f where b": lambda: f[b], "x,y": lambda: np.concatenate([x, y]),
        "distinct x": lambda: np.unique(x), "`float$x": lambda: x.astype(float),
    }  # fmt: skip
    ratios = {}
    for code, plain in work.items():
        ratios[code] = round(clock(lambda code=code: session.eval(code)) / clock(plain), 2)  # type: ignore[misc]
    return {
        "items": SIZE,
        "ratio": ratios,
        "median": round(statistics.median(ratios.values()), 2),
        "above_3": sorted(code for code, ratio in ratios.items() if ratio > 3),
    }


def yardstick() -> dict[str, Any]:
    """Short expressions in q and, where it can be had, in klongpy."""
    session = Session()
    ours = {}
    for code in SHORT:
        rounds = []
        for _ in range(ROUNDS):
            begun = time.process_time()
            for _ in range(500):
                session.console(code)
            rounds.append(500 / (time.process_time() - begun))
        ours[code] = round(statistics.median(rounds))
    found: dict[str, Any] = {"q": ours, "q_median": round(statistics.median(ours.values()))}
    python = os.environ.get("KLONG_PYTHON")
    if python:
        said = subprocess.run(
            [python, "-c", KLONG, json.dumps(list(SHORT.values()))],
            capture_output=True,
            text=True,
            check=True,
        )
        theirs = json.loads(said.stdout)
        found |= {"klongpy": theirs, "klongpy_median": round(statistics.median(theirs.values()))}
    return found


def main() -> dict[str, Any]:
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        return {
            "rounds": ROUNDS,
            "unit": "expressions a second of processor time, one core",
            "expressions": expressions(),
            "vectors": vectors(),
            "short": yardstick(),
        }
    finally:
        os.sched_setaffinity(0, cores)
