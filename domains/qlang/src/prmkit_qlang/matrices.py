"""Tables of argument and result types, as reference pages of q print them, and a session held against them.

A table has the letter of a type for each column (and row, where the function has two arguments) and in a
cell the letter of the result, or a dot for an error. Whether it says atom or list is not used: pages differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.types import LETTERS
from prmkit_qlang.engine.values import Value

ORDER = "bgxhijefcspmdznuvt"
ATOMS: Mapping[str, str] = {
    "b": "1b", "g": '"G"$"11111111-2222-3333-4444-555555555555"', "x": "0x03", "h": "3h", "i": "3i", "j": "3",
    "e": "3e", "f": "3f", "c": '"c"', "s": "`s", "p": "2001.01.03D00:00:03", "m": "2001.03m",
    "d": "2001.01.03", "z": "2001.01.03T00:00:03", "n": "0D00:00:03", "u": "00:03", "v": "00:00:03",
    "t": "00:00:03.000",
}  # fmt: skip
"""A typical atom of each type."""
FUNCTIONS: Mapping[str, Sequence[Sequence[str]]] = {
    "ref/abs": [["abs"]], "ref/add": [["+"]], "ref/all-any": [["all"], ["any"]],
    "ref/asc": [["asc"], ["iasc"]], "ref/avg": [["avg"], ["avgs"], ["mavg"], ["wavg"]],
    "ref/ceiling": [["ceiling"]], "ref/cor": [["cor"]], "ref/cov": [["cov"], ["scov"]],
    "ref/deltas": [["deltas"]], "ref/desc": [["desc"], ["idesc"]], "ref/dev": [["dev"], ["mdev"], ["sdev"]],
    "ref/distinct": [["distinct"]], "ref/div": [["div"]], "ref/divide": [["%"]],
    "ref/exp": [["exp"], ["xexp"]], "ref/fill": [["^"]], "ref/floor": [["floor"], ["floor"]],
    "ref/greater-than": [[">", ">="]], "ref/less-than": [["<", "<="]], "ref/lesser": [["&"]],
    "ref/log": [["log"], ["xlog"]], "ref/med": [["med"]], "ref/min": [["min", "mins"], ["mmin"]],
    "ref/mod": [["mod"]], "ref/multiply": [["*"]], "ref/neg": [["neg"]], "ref/prd": [["prd", "prds"]],
    "ref/reciprocal": [["reciprocal"]], "ref/signum": [["signum"]], "ref/sin": [["sin"]],
    "ref/sqrt": [["sqrt"]], "ref/string": [["string"]], "ref/subtract": [["-"]],
    "ref/sum": [["sum", "sums"], ["msum"], ["wsum"]], "ref/trim": [["trim", "ltrim", "rtrim"]],
    "ref/var": [["var", "svar"]], "ref/xbar": [["xbar"]],
}  # fmt: skip
"""Page → the functions that each of its tables speaks of, in the order of the tables."""
_AGGREGATES = "med min mins prd prds sum sums var svar mmin msum wsum mavg mdev"
AGGREGATES = frozenset(_AGGREGATES.split())
"""Functions whose (right) argument is a list though their table is in small letters."""

_CELLS = r"(?P<cells>[a-z.](?: [a-z.]){17})\s*$"
_HEADER = re.compile(r"^(?:[a-z]* *\||domain:?|) *(?P<letters>" + " ".join(ORDER) + r")\s*$", re.IGNORECASE)
_ROW = re.compile(r"^(?P<row>[a-z]) *\| *" + _CELLS, re.IGNORECASE)
_RANGE = re.compile(r"^(?P<row>)range:? *" + _CELLS, re.IGNORECASE)
_BARE = re.compile(r"[-| ]+$|[a-z]\s*$")
"""A rule, or a row that the page leaves empty."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """One table of types."""

    rows: Mapping[str, str]
    """Letter of the left argument (empty for functions of one argument) → 18 letters of results."""
    lists: bool
    """Whether the columns are capitals: the arguments are lists."""


class Evaluates(Protocol):
    """What a session must be able to do."""

    def eval(self, code: str) -> Value:
        """The value of the code."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell and what came out."""

    function: str
    left: str
    right: str
    documented: str
    found: str
    """Letter of the result, a dot for an error; ``?`` for what has no letter."""
    error: str = ""
    """Class of the error."""

    @property
    def agrees(self) -> bool:
        """Whether the types are the same."""
        return self.documented.lower() == self.found


def read_matrices(page: str) -> list[Matrix]:
    r"""The tables of types of a page, in order.

    Examples:
        >>> letters = " ".join(ORDER)
        >>> [found.rows[""][:3] for found in read_matrices(f"domain {letters}\nrange  {letters}")]
        ['bgx']
    """
    out: list[Matrix] = []
    rows: dict[str, str] | None = None
    for line in page.splitlines():
        found = _ROW.match(line) or _RANGE.match(line)
        header = _HEADER.match(line)
        if found and rows is not None:
            rows[found["row"].lower()] = found["cells"].replace(" ", "")
        elif header:
            rows = {}
            out.append(Matrix(rows, header["letters"].isupper()))
        elif not _BARE.match(line):
            rows = None
    return out


def check_matrix(matrix: Matrix, function: str, session: Evaluates) -> Iterator[Cell]:
    """Apply a function to typical values of each pair of types, and compare the type of the result."""
    left_list = matrix.lists and function not in ("mavg", "mdev")
    right_list = matrix.lists or function in AGGREGATES
    for left, results in matrix.rows.items():
        for right, documented in zip(ORDER, results, strict=True):
            code = f"{function}[{_argument(right, right_list)}]"
            if left:
                wide = left_list or function == "wsum"
                code = f"{function}[{_argument(left, wide)};{_argument(right, right_list)}]"
            try:
                letter, error = LETTERS.get(abs(session.eval(code).t), "?"), ""
            except QError as raised:
                letter, error = ".", raised.text
            yield Cell(function, left, right, documented, letter, error)


def _argument(letter: str, several: bool) -> str:
    return f"(2#{ATOMS[letter]})" if several else f"({ATOMS[letter]})"
