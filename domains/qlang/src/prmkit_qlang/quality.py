"""Measured quality of the verifiers on sessions with a changed line: ``python -m prmkit_qlang.quality``.

The sessions were chosen with the embedded q, which the verifiers use too
(:mod:`prmkit_qlang.data.docs_planted`): false alarms on documented lines at large are measured by
:mod:`prmkit_qlang.session_quality`.

Examples:
    python -m prmkit_qlang.quality --out domains/qlang/README.md
"""

from __future__ import annotations

from collections.abc import Sequence

from prmkit.types import Sample
from prmkit.verify.quality import Part
from prmkit.verify.quality_command import command
from prmkit.verify.quality_table import NOTES
from prmkit_qlang import plugin


def showing(where: str, title: str) -> Part:
    """The sessions of ``kx_docs_planted`` whose change shows there."""

    def only(sample: Sample) -> bool:
        return bool(sample.trajectory.provenance.detail["shows"] == where)

    return Part(title, "kx_docs_planted", only)


PARTS: Sequence[Part] = (
    showing("here", "changed line, shows in its own print"),
    showing("later", "changed line, shows in a later print"),
    showing("nowhere", "as documented"),
)
"""Rows of the table."""
_NOTES = f"""Figures of `python -m prmkit_qlang.quality` on `kx_docs_planted`, sessions of the documentation
with one line changed. Only sessions in which the embedded q prints what is documented were
taken: false alarms cannot be measured on them (see the tables after these). A verifier that
compares prints speaks where a print does not fit: of a change that shows later it says nothing
on the changed line, and the line on which it FAILS then has no label.
{NOTES}"""

main = command(plugin, PARTS, leave_out=("evaluates", "equivalent", "tests", "unused"), notes=_NOTES)

if __name__ == "__main__":
    main()
