"""Measured quality of the verifiers against gold step labels: ``python -m prmkit_tables.quality``.

The one step-labelled set is TabFact: a claim is a step, people said whether the table entails it. Rules were
made on the tables of its ``dev`` half (:func:`prmkit_tables.data.rows.half`); the ``test`` half was not read.

Examples:
    python -m prmkit_tables.quality --out domains/tables/README.md
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from prmkit.contracts import Finding
from prmkit.types import Code, Problem, Sample, Scope, Trajectory, Verdict
from prmkit.verify.quality import Part
from prmkit.verify.quality_command import command
from prmkit.verify.quality_table import NOTES
from prmkit_tables import plugin
from prmkit_tables.cells import folded, written
from prmkit_tables.table import Table
from prmkit_tables.verifiers.findings import against_table, unknown

LEFT_OUT = ("running", "conclusion", "program")
"""Verifiers of generated tasks and of programs: the labelled set has neither."""


def of_half(name: str, level: str = "") -> Part:
    """The claims of one half, of one level where it is given."""

    def only(sample: Sample) -> bool:
        detail = sample.trajectory.provenance.detail
        return detail["half"] == name and level in ("", detail["level"])

    return Part(f"TabFact sample, {name} half{f', {level}' if level else ''}", "tabfact_val", only)


PARTS: Sequence[Part] = (of_half("dev"), of_half("test", "simple"), of_half("test", "complex"))
_NOTES = f"""Figures of `python -m prmkit_tables.quality`. {NOTES} Rules were made while reading claims of
the *dev* half; the *test* half was not read. `tables/crude_words` is the baseline: a claim is right when all
its numbers stand in one row, wrong when one of them stands nowhere in the table."""


class CrudeWords:
    """The baseline: look the numbers of a sentence up, anywhere in the table."""

    name = "tables/crude_words"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        return against_table(problem, trajectory, self._judge)

    def _judge(self, table: Table, text: str) -> Finding:
        numbers = set(re.findall(r"(?<![\w.])\d[\d.,]*\d|(?<![\w.])\d(?![\w.])", folded(text)))
        rows = [" ".join(folded(written(cell)) for cell in row) for row in table.rows]
        heads = " ".join(map(folded, table.columns))
        if not numbers:
            return unknown("no number")
        if any(all(one in row for one in numbers) for row in rows):
            return Finding(Verdict.HOLDS, "one row has all the numbers")
        if any(not any(one in part for part in (*rows, heads)) for one in numbers):
            return Finding(Verdict.FAILS, "a number stands nowhere in the table")
        return Finding(Verdict.UNKNOWN, "the numbers stand in several rows", Code.UNSUPPORTED)


main = command(plugin, PARTS, baselines=(CrudeWords(),), leave_out=LEFT_OUT, notes=_NOTES)


if __name__ == "__main__":
    main()
