"""How text is cut into tokens, and what single words mean to an expression."""

from __future__ import annotations

import re
from collections.abc import Mapping

TOKENS = re.compile(
    r"[ \t\r~&]+"
    r"|(?:[A-Za-z]{2,} ){2,}(?=[A-Za-z])"
    r"|\n\s*"
    r"|(?:[0-9]{1,3}(?:(?:,|\{,\}|,?\\[!,])[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?"
    r"|\.[0-9]+"
    r"|[A-Za-z]+(?:['’][a-z]+)?"
    r"|\\(?:text|textbf|textit|textrm|textsf|mathrm|mathbf|mbox|hbox|operatorname)\s*\{[^{}]*\}"
    r"|\\(?:begin|end)\s*\{[A-Za-z*]*\}"
    r"|\\[A-Za-z]+\*?"
    r"|<<[^<>]{0,200}>>"
    r"|\*\*|==|!=|/=|<=|>=|=>|->|:=|\$\$|\.{2,}"
    r"|\\?.",
    re.DOTALL,
)
"""Tiles any text: joining the tokens gives it back. A run of words is one token until it matters."""

WORDS = re.compile(r"[A-Za-z]+| ")
"""Tiles a run of words."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


STOPS = _set(
    """and or so then therefore thus hence which that because since if but for is are was were has have had
    equals equal we he she it they you i when where while as at by on with from to into be will would can
    gives give gave get gets means makes make costs cost leaving than the a an each every
    after before plus minus satisfies satisfy both does do not"""
)
"""Words that end a unit: what follows is another clause."""

APPROXIMATELY = _set("approximately about roughly nearly around almost circa approx")
FILLERS = _set("only just exactly the total still")
"""Words between a relation and its number that say nothing."""
WORD_OPERATORS: Mapping[str, str] = {"times": "*", "plus": "+", "minus": "-", "x": "*", "X": "*"}
SINGLE_UNITS = frozenset("mgshlL")
"""Letters that may stand for a unit of measure in text without formulas."""
NAMED: Mapping[str, str] = {"sqrt": "R", "binom": "C", "pi": "c"}
"""Functions and constants written in letters."""
FUNCTIONS: Mapping[str, str] = {
    "\\frac": "F", "\\dfrac": "F", "\\tfrac": "F", "\\cfrac": "F",
    "\\sqrt": "R", "√": "R", "\\binom": "C", "\\dbinom": "C", "\\tbinom": "C",
}  # fmt: skip
OPERATORS: Mapping[str, str] = {
    "+": "+", "*": "*", "×": "*", "·": "*", "∙": "*", "⋅": "*", "∗": "*", "÷": "/", "∕": "/", "⁄": "/",
    "\\times": "*", "\\cdot": "*", "\\div": "/", "\\ast": "*", "\\*": "*",
}  # fmt: skip
RELATIONS: Mapping[str, str] = {
    "=": "=", "==": "=", "≈": "a", "\\approx": "a", "≅": "a", "\\simeq": "a", "\\approxeq": "a", "≃": "a",
    **dict.fromkeys(
        _set(
            r"""< > ≤ ≥ <= >= ≡ ∝ ∼ ≠ != /= \le \leq \ge \geq \lt \gt \ne \neq \equiv \sim \cong \propto
            \leqslant \geqslant \ll \gg \mid \nmid \in"""
        ),
        "q",
    ),
}  # fmt: skip
"""Kind of each relation: an equality, an approximate one, or another that is not checked."""
BREAKS = ("\\[", "\\]", "$$", "\\\\", "\\newline")
"""Signs that end a line, unless the next begins with a relation."""
SIZES = frozenset(
    ("\\left", "\\right", "\\big", "\\Big", "\\bigg", "\\Bigg", "\\bigl", "\\bigr", "\\Bigl", "\\Bigr")
)
"""Sizes of brackets."""
TABLE = re.compile(r"\\begin\s*\{(?:[pbvBV]?(?:small)?matrix|array|tabular|cases)")
"""Where a matrix or table begins."""
_OPENERS = frozenset(("(", "$", "-", "−", "{", "\\$", "\\frac", "\\dfrac", "\\("))


def opens(token: str) -> bool:
    """Can an operand begin with this token?"""
    return token[:1].isdigit() or token[1:2].isdigit() or token in _OPENERS
