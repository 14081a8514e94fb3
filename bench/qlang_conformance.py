"""The embedded q against the documentation of q: console prints, page by page, as raw text, and types.

``python -m bench qlang_conformance`` writes the figures. For developers, ``python -m bench.qlang_conformance
[--show N] [--page P] [--feature F] [--dump FILE.jsonl]`` prints or writes what disagrees.
"""

from __future__ import annotations

import argparse
import json
import signal
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from prmkit.dataset import open_dataset
from prmkit_qlang import Session
from prmkit_qlang.adjudicated import EXCUSED, PLAYABLE, UNDEFINED, Reason, adjudicate, rulings
from prmkit_qlang.data import doc_pages, docs_examples
from prmkit_qlang.matrices import FUNCTIONS, Cell, check_matrix, read_matrices
from prmkit_qlang.replay import Played, replay

SECONDS = 10.0
"""Processor time after which a line is a crash; the budgets of the engine should end it earlier."""


class Guarded:
    """A session that gives up on a line after a while."""

    def __init__(self) -> None:
        self._session = Session()

    def console(self, code: str) -> str:
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
        try:
            return self._session.console(code)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _late(*_: object) -> None:
    raise TimeoutError(f"a line took more than {SECONDS:g} s of processor time")


def blocks() -> list[dict[str, Any]]:
    """The blocks of the data set."""
    return [row.data for row in open_dataset(docs_examples.SOURCE).rows()]


def play(pages: Iterable[str] = ()) -> list[Played]:
    """Every pair of the pages (or of all)."""
    signal.signal(signal.SIGVTALRM, _late)
    return replay(blocks(), Guarded, tuple(pages))


def share(verdicts: Mapping[str, int]) -> dict[str, Any]:
    """Passed, testable and the share."""
    passed, testable = verdicts["right"], sum(verdicts[v] for v in ("right", "wrong", "crash"))
    return {
        "passed": passed,
        "testable": testable,
        "share": round(passed / testable, 4) if testable else None,
    }


def figures(played: Iterable[Played]) -> dict[str, Any]:
    """Agreement overall, by feature and by page; ``core`` pairs use operators, iterators, lambdas."""
    tested = [one for one in played if one.pair.testable]
    by_feature: dict[str, Counter[str]] = {}
    by_page: dict[str, Counter[str]] = {}
    for one in tested:
        for feature in one.features:
            by_feature.setdefault(feature, Counter())[one.verdict] += 1
        if one.pair.error is not None:
            by_feature.setdefault("errors", Counter())[one.verdict] += 1
        by_page.setdefault(one.pair.page, Counter())[one.verdict] += 1
    return {
        "all": share(Counter(one.verdict for one in tested)),
        "by_feature": {name: share(found) for name, found in sorted(by_feature.items())},
        "by_page": {name: f"{f['right']}/{sum(f.values())}" for name, f in sorted(by_page.items())},
        "crashes": sum(one.verdict == "crash" for one in tested),
    }


def disagreements(played: Iterable[Played]) -> dict[str, Any]:
    """Raw and adjudicated agreement, and the reason for every pair that disagrees.

    ``adjudicated`` leaves out wrong and hand-typed prints; ``names_defined`` also the pairs that need a name
    which nothing in the data set makes; ``playable`` every pair that a q session could not print from the
    data set alone.
    """
    found = adjudicate(played, rulings())
    unplayable = set(get_args(Reason)) - PLAYABLE
    figures = {"adjudicated": EXCUSED, "names_defined": UNDEFINED, "playable": unplayable}
    return {
        "raw": round(found.right / found.testable, 4),
        **{
            name: {
                "share": round(found.share(reasons), 4),
                "excluded": found.excluded(reasons),
                "excluded_share": round(found.excluded(reasons) / found.testable, 4),
            }
            for name, reasons in figures.items()
        },
        "reasons": dict(Counter(one.reason for one in found.told).most_common()),
        "stale_rulings": list(found.stale),
        "pairs": {one.id: f"{one.reason}: {one.evidence}".removesuffix(": ") for one in found.told},
    }


def cells() -> list[Cell]:
    """Every cell of the documented tables of types, as ours gives it."""
    found: list[Cell] = []
    for row in open_dataset(doc_pages.SOURCE).rows():
        page = row.data["page"].removeprefix("docs/").removesuffix(".md")
        tables = read_matrices(row.data["text"])
        for table, functions in zip(tables, FUNCTIONS.get(page, [[]] * len(tables)), strict=True):
            for function in functions:
                found += check_matrix(table, function, Session())
    return found


def types(found: Iterable[Cell]) -> dict[str, Any]:
    """Agreement of types by function; every cell that disagrees as ``left right: documented, ours``."""
    by_function: dict[str, Counter[bool]] = {}
    wrong: dict[str, list[str]] = {}
    for cell in found:
        by_function.setdefault(cell.function, Counter())[cell.agrees] += 1
        if not cell.agrees:
            told = f"{cell.left}{cell.right}:{cell.documented}{cell.found}"
            wrong.setdefault(cell.function, []).append(told)
    agreed = sum(count[True] for count in by_function.values())
    total = sum(sum(count.values()) for count in by_function.values())
    return {
        "cells": total,
        "agreed": agreed,
        "share": round(agreed / total, 4),
        "by_function": {f: f"{n[True]}/{sum(n.values())}" for f, n in sorted(by_function.items())},
        "disagreements": {f: " ".join(told) for f, told in sorted(wrong.items())},
    }


def main() -> dict[str, Any]:
    played = play()
    return {
        "pairs": len(played),
        "pages": len({one.pair.page for one in played}),
        **figures(played),
        "disagreements": disagreements(played),
        "types": types(cells()),
    }


def _show(one: Played) -> None:
    print(f"=== {one.pair.id}  [{one.verdict}: {', '.join(sorted(one.features))}]")
    print(f"q){one.pair.code}\n--- documented\n{one.pair.shown}\n--- ours\n{one.printed.rstrip()}\n")


def _record(one: Played) -> str:
    pair = one.pair
    fields = {
        "id": pair.id, "verdict": one.verdict, "features": sorted(one.features), "code": pair.code,
        "shown": pair.shown, "printed": one.printed, "flags": sorted(pair.flags), "testable": pair.testable,
    }  # fmt: skip
    return json.dumps(fields)


def cli() -> None:
    parser = argparse.ArgumentParser(description="Show where the embedded q and its documentation disagree.")
    parser.add_argument("--show", type=int, default=0, help="print the first N disagreements")
    parser.add_argument("--page", action="append", default=[], help="play these pages only (ref/count)")
    parser.add_argument(
        "--feature", default="", help="of these, only pairs with the feature (core, qsql ...)"
    )
    parser.add_argument("--types", action="store_true", help="the tables of types instead")
    parser.add_argument("--crashes", action="store_true", help="of these, only crashes, untestable ones too")
    parser.add_argument(
        "--dump", type=Path, help="write every played pair to this file (not to be committed)"
    )
    chosen = parser.parse_args()
    if chosen.types:
        print(json.dumps(types(cells()), indent=1))
        return
    played = play(chosen.page)
    bad = [
        one
        for one in played
        if (one.verdict == "crash" if chosen.crashes else one.pair.testable and one.verdict != "right")
        and (not chosen.feature or chosen.feature in one.features)
    ]
    for one in bad[: chosen.show]:
        _show(one)
    if chosen.dump:
        chosen.dump.write_text("".join(_record(one) + "\n" for one in played))
    found = figures(played)
    del found["by_page"]
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    cli()
