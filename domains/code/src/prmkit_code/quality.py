"""Measured quality of the verifiers against gold step labels: ``python -m prmkit_code.quality``.

Verifiers that read the reference stand apart: they are oracles. HumanEvalPack and QuixBugs carry a planted
bug and tests, and no right program in the reference, so ``code/first_wrong`` cannot compare with what made
the gold.

Examples:
    python -m prmkit_code.quality --out domains/code/README.md
"""

from __future__ import annotations

from prmkit.verify.quality import Part
from prmkit.verify.quality_command import command
from prmkit_code import plugin

PARTS = (
    Part("HumanEvalPack Python, buggy and right programs", "humanevalpack_python"),
    Part("QuixBugs Python, buggy and right programs", "quixbugs"),
    Part("MR-Ben coding, model programs", "mr_ben_coding"),
)
"""Rows of the table."""

main = command(plugin, PARTS, leave_out=("equivalent", "asserts", "necessary"))

if __name__ == "__main__":
    main()
