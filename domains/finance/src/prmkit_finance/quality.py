"""Measured quality of the verifiers against gold steps: ``python -m prmkit_finance.quality``.

Programs and derivations of annotators are right but for the errata, so these sets show coverage and false
alarms. What the verifiers catch is measured on recorded model outputs (``prmkit_finance.recorded``).

Examples:
    python -m prmkit_finance.quality --out domains/finance/README.md --errata shared/errata
"""

from __future__ import annotations

from prmkit.types import Sample
from prmkit.verify.quality import Part
from prmkit.verify.quality_command import command
from prmkit_finance import plugin
from prmkit_finance.recorded import CrudePattern


def _computed(sample: Sample) -> bool:
    return sample.problem.provenance.detail.get("type") == "arithmetic"


def _other(sample: Sample) -> bool:
    return not _computed(sample)


PARTS = (
    Part("ConvFinQA dev, programs of turns", "convfinqa_dev"),
    Part("TAT-QA dev, derivations and computed answers", "tatqa_dev", _computed),
    Part("TAT-QA dev, other answers", "tatqa_dev", _other),
)
"""Rows of the table."""

main = command(
    plugin,
    PARTS,
    baselines=(CrudePattern(),),
    leave_out=("books", "closing", "factor", "backtest", "knowledge", "ratio"),
)

if __name__ == "__main__":
    main()
