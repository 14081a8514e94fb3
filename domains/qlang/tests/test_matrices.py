"""Tables of types: the forms pages print them in, and what counts as agreement."""

import gzip
import json

import pytest

from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.types import CODES
from prmkit_qlang.engine.values import Value
from prmkit_qlang.matrices import ATOMS, FUNCTIONS, ORDER, Cell, Matrix, check_matrix, read_matrices

LETTERS = " ".join(ORDER)
DOTS = " ".join("." * 18)


class Fixed:
    """A session that gives one type, or an error, and remembers what it was asked."""

    def __init__(self, letter):
        self.letter, self.asked = letter, []

    def eval(self, code):
        self.asked.append(code)
        if self.letter == ".":
            raise QError("type")
        value = Value()
        value.t = -CODES[self.letter]
        return value


@pytest.mark.parametrize(
    "page",
    [
        f"domain {LETTERS}\nrange  {DOTS}\n",
        f"domain: {LETTERS.upper()}\nrange:  {DOTS}\n",
        f"text\n```txt\ndomain: {LETTERS}\nrange:  {DOTS}\n```\ntext",
    ],
)
def test_one_row_tables(page):
    (found,) = read_matrices(page)
    assert found.rows == {"": "." * 18}
    assert found.lists is (LETTERS.upper() in page)


@pytest.mark.parametrize(
    "header", [f"    {LETTERS}\n{'-' * 40}", f"xbar| {LETTERS}\n----| -----", f" | {LETTERS}"]
)
def test_tables_with_rows(header):
    rows = "\n".join(f"{letter} | {LETTERS if letter == 'b' else DOTS}" for letter in ORDER)
    (found,) = read_matrices(f"```txt\n{header}\n{rows}\n```\n")
    assert list(found.rows) == list(ORDER)
    assert found.rows["b"] == ORDER


def test_a_row_that_is_left_empty_is_left_out():
    (found,) = read_matrices(f" | {LETTERS}\nb | {DOTS}\ng\nx | {DOTS}\n")
    assert list(found.rows) == ["b", "x"]


def test_every_cell_is_asked_with_values_of_its_types():
    session = Fixed("i")
    cells = list(check_matrix(Matrix({"b": "i" * 18, "g": "." * 18}, lists=False), "+", session))
    assert [cell.agrees for cell in cells] == [True] * 18 + [False] * 18
    assert session.asked[0] == "+[(1b);(1b)]"
    assert session.asked[3] == f"+[(1b);({ATOMS['h']})]"


def test_lists_are_asked_where_columns_are_capitals():
    session = Fixed(".")
    (cell, *_) = check_matrix(Matrix({"": "F" * 18}, lists=True), "avg", session)
    assert session.asked[0] == "avg[(2#1b)]"
    assert cell == Cell("avg", "", "b", "F", ".", "type")


def test_the_real_tables_are_all_read(data_root):
    found = {}
    with gzip.open(data_root / "qlang/kx_doc_pages/pages.jsonl.gz", "rt") as file:
        for row in map(json.loads, file):
            name = row["page"].removeprefix("docs/").removesuffix(".md")
            if tables := read_matrices(row["text"]):
                found[name] = tables
    assert {n: len(tables) for n, tables in found.items()} == {n: len(f) for n, f in FUNCTIONS.items()}
    assert sum(len(t.rows) * 18 for tables in found.values() for t in tables) == 7650
