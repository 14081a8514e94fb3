"""Proofs that a gold label is wrong (see :mod:`prmkit.verify.errata`), and how they run.

A proof is the calculation that the question calls for, over the cells it names, and the figure that the
step states: ``{"expression": "10 - 14", "stated": "-13"}``. Percent figures carry their sign in both.
"""

from __future__ import annotations

from prmkit.verify.errata import Erratum
from prmkit_finance.amounts import read_amount
from prmkit_finance.equations import best_match
from prmkit_finance.expressions import UnreadableError, evaluate
from prmkit_finance.matching import Match


def proven(erratum: Erratum) -> bool:
    """Does the proof run: a figure that is not the value where the step is wrong, and is where it is right?

    Examples:
        >>> proven(Erratum("r", 0, "", 1.0, 0.0, {"expression": "10 - 14", "stated": "-13"}, "-4"))
        True
    """
    stated = read_amount(str(erratum.proof["stated"]))
    try:
        value = evaluate(str(erratum.proof["expression"]))
    except UnreadableError:
        return False
    if stated is None:
        return False
    return (best_match(value, stated) in (Match.SAME, Match.LAST_DIGIT)) is (erratum.corrected >= 0.5)
