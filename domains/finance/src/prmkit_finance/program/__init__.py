"""The program language of FinQA and ConvFinQA: parser, two readings, equivalence.

Source:
    FinQA (arXiv 2109.00122) defines the operations; ConvFinQA (arXiv 2210.03849) uses them per turn.
    Semantics were written anew from the published description of the evaluation.
"""

from prmkit_finance.program.equivalence import equivalent
from prmkit_finance.program.run import Outcome, execute, run_official, run_strict
from prmkit_finance.program.syntax import Op, ProgramError, parse

__all__ = ["Op", "Outcome", "ProgramError", "equivalent", "execute", "parse", "run_official", "run_strict"]
