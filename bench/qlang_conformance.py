"""The embedded q against the documentation of q: documented console prints, page by page, as raw text.

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
from typing import Any

from prmkit.dataset import open_dataset
from prmkit_qlang import Session
from prmkit_qlang.data.docs_examples import SOURCE
from prmkit_qlang.replay import Played, replay

SECONDS = 10.0
"""What one line may take before it is counted as a crash; the budgets of the engine should end it earlier."""


class Guarded:
    """A session that gives up on a line after a while."""

    def __init__(self) -> None:
        self._session = Session()

    def console(self, code: str) -> str:
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        try:
            return self._session.console(code)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


def _late(*_: object) -> None:
    raise TimeoutError(f"a line took more than {SECONDS:g} s")


def blocks() -> list[dict[str, Any]]:
    """The blocks of the data set."""
    return [row.data for row in open_dataset(SOURCE).rows()]


def play(pages: Iterable[str] = ()) -> list[Played]:
    """Every pair of the pages (or of all)."""
    signal.signal(signal.SIGALRM, _late)
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


def main() -> dict[str, Any]:
    played = play()
    return {"pairs": len(played), "pages": len({one.pair.page for one in played}), **figures(played)}


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
    parser.add_argument("--crashes", action="store_true", help="of these, only crashes, untestable ones too")
    parser.add_argument(
        "--dump", type=Path, help="write every played pair to this file (not to be committed)"
    )
    chosen = parser.parse_args()
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
