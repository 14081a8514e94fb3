"""Measured quality of the verifiers against gold step labels: ``python -m prmkit_math.quality``.

For every step-labelled set that is found in ``PRMKIT_DATA``, and for all of them pooled, the
verdicts are compared with the labels as published and with labels corrected by the errata. The
table goes between two marks of a Markdown file, the figures to a JSON file.

Examples:
    python -m prmkit_math.quality --out domains/math/README.md --errata shared/errata
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from prmkit.contracts import Finding
from prmkit.types import Code, Problem, Scope, Trajectory, Verdict
from prmkit.verify.quality import Part, has, lacks
from prmkit.verify.quality_command import command
from prmkit.verify.quality_table import NOTES
from prmkit_math import plugin

GENERATED_ONLY = ("structure", "statements")
"""Verifiers of generated tasks: they read no other text."""

PARTS: Sequence[Part] = (
    Part("ProcessBench gsm8k, visible half", "processbench_half", has("gsm8k")),
    Part("ProcessBench math, visible half", "processbench_half", has("math")),
    Part("MR-GSM8K subset", "mr_gsm8k_subset"),
    Part("MR-MATH", "mr_math"),
    Part("BIG-Bench Mistake, multistep arithmetic", "big_bench_mistake", has("multistep")),
    Part("BIG-Bench Mistake, four other tasks", "big_bench_mistake", lacks("multistep")),
    Part("PRMBench pool", "prmbench"),
    Part("PRM800K phase 1 test", "prm800k_phase1_test"),
)

_NOTES = f"""Figures of `python -m prmkit_math.quality`. {NOTES} *Corrected* labels differ from the
published ones in {{errors}} places, each with a proof that runs (`shared/errata`).
`math/crude_pattern` is the baseline: a pattern for `a op b = c`."""


class CrudePattern:
    """The baseline: a pattern for ``a op b = c`` and float arithmetic, without any further thought."""

    name = "math/crude_pattern"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()
    _pattern = re.compile(r"(-?[0-9.,]+)\s*([-+*/×÷])\s*\$?(-?[0-9.,]+)\s*=\s*\$?(-?[0-9.,]+)")

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        return [self._judge(trajectory.steps[index].text) for index in trajectory.scored]

    def _judge(self, text: str) -> Finding:
        verdict = Verdict.UNKNOWN
        for a, sign, b, c in self._pattern.findall(text):
            try:
                x, y, z = (float(number.replace(",", "").rstrip(".")) for number in (a, b, c))
                value = {"+": x + y, "-": x - y}.get(sign, x * y if sign in "*×" else x / y)
            except (ValueError, ZeroDivisionError):
                continue
            if abs(value - z) > 0.01:
                return Finding(Verdict.FAILS, "the pattern disagrees")
            verdict = Verdict.HOLDS
        return Finding(verdict, code=Code.NONE if verdict is Verdict.HOLDS else Code.NOT_APPLICABLE)


main = command(plugin, PARTS, baselines=(CrudePattern(),), leave_out=GENERATED_ONLY, notes=_NOTES)


if __name__ == "__main__":
    main()
