"""Recorded verdicts run again: ``python -m prmkit_code.replay --out FILE``.

Every recorded program of a set is run against its hidden tests; passed or not passed is compared with
the outcome that the set records. A program that runs out of time, or asks for a module that is not there,
has not passed. The file lists each disagreement by id, without text of the set.

Examples:
    python -m prmkit_code.replay --set humaneval_10_runs --out replay.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click

from prmkit.errors import PrmkitError
from prmkit.stats import wilson
from prmkit.types import Json, Sample, Verdict
from prmkit.verify.sandbox import Limits, SandboxPool
from prmkit_code import outcome, plugin, runner
from prmkit_code.program import entry_point, program

SETS = (
    "humaneval",
    "mbpp_test",
    "mbpp_train",
    "mbpp_plus",
    "humanevalpack_python",
    "humaneval_10_runs",
    "humaneval_codegen16b_100",
    "reflexion_humaneval",
    "reflexion_mbpp",
    "quixbugs",
)
"""Sets with hidden tests and recorded outcomes."""
SECONDS = 4.0
"""Processor time of a program's load and of each test, as the recorded verdicts allowed."""
LIMITS = Limits(seconds=60.0, memory=1 << 30, output=1 << 20)
"""Limits of a program with all its tests."""


class Disagreement(NamedTuple):
    """A program whose recorded outcome is another one."""

    id: str
    recorded: float
    verdict: str
    reason: str
    """The kind of error only."""


class Replay(NamedTuple):
    """One set, run again."""

    dataset: str
    n: int
    agree: int
    disagreements: tuple[Disagreement, ...]

    def as_dict(self) -> dict[str, Any]:
        """As JSON values, with the share and its 95 % interval (Wilson, programs)."""
        low, high = wilson(self.agree, self.n)
        share = {"value": self.agree / self.n, "low": low, "high": high}
        listed = [one._asdict() for one in self.disagreements]
        return {"n": self.n, "agree": self.agree, "share": share, "disagreements": listed}


def replay(dataset: str, samples: Sequence[Sample], *, workers: int = 1) -> Replay:
    """Run recorded programs again.

    Args:
        dataset: Name for the record.
        samples: Programs with outcome and hidden tests; others are left out.
        workers: Sandboxes.

    Raises:
        SandboxRefusedError: No safe back end works here.
    """
    usable = [s for s in samples if s.trajectory.outcome is not None and s.problem.reference]
    agree, found = 0, list[Disagreement]()
    with SandboxPool(workers=workers) as pool:
        results = runner.run_all(jobs(usable), pool=pool, limits=LIMITS)
        for (problem, trajectory, _), ran in zip(usable, results, strict=True):
            wanted = outcome.asked(problem.reference, entry_point(problem))
            said = ran.failure or (outcome.conclude(wanted, ran.found) if wanted else None)
            passed = said is not None and said.verdict is Verdict.HOLDS
            recorded = trajectory.outcome or 0.0
            if passed == (recorded == 1.0):
                agree += 1
            else:
                verdict, reason = (str(said.verdict), said.reason) if said else ("UNKNOWN", "")
                word = reason.split(":")[0] if verdict == "UNKNOWN" else reason.rsplit(": ", 1)[-1]
                found.append(Disagreement(trajectory.id, recorded, verdict, word[:60]))
    return Replay(dataset, len(usable), agree, tuple(found))


def jobs(samples: Iterable[Sample]) -> Iterator[dict[str, Json]]:
    """Each program against its hidden tests, or beside its reference, as a job of the harness."""
    for problem, trajectory, _ in samples:
        wanted = outcome.asked(problem.reference, entry_point(problem))
        made = program(problem, trajectory)
        source = made.source if made else trajectory.text
        yield {**(wanted.job if wanted else {}), "program": source, "seconds": SECONDS}


@click.command(help="Run recorded programs again and compare with the recorded verdicts.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="JSON file of the figures.")
@click.option("--set", "names", multiple=True, help="Data set; default: all that have tests.")
@click.option("--workers", default=1, show_default=True, help="Sandboxes.")
def main(out: Path, names: Sequence[str], workers: int) -> None:
    """Replay the sets and write the figures."""
    figures: dict[str, Any] = {}
    try:
        for name in names or SETS:
            found = replay(name, list(plugin.load(name)), workers=workers)
            figures[name] = found.as_dict()
            click.echo(f"{name}: {found.agree} of {found.n} verdicts as recorded")
            out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    except PrmkitError as error:
        click.echo(str(error), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
