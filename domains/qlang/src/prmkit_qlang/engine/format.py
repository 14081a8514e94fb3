"""What a console prints: lists line by line, matrices and tables in columns, dictionaries with a bar.

Texts count bytes while they are made (see ``inline``); lines and columns beyond the console end in ``..``.

Source: the prints shown on the pages of the kdb+ documentation, and its page on system commands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prmkit_qlang.engine.functions import is_nil
from prmkit_qlang.engine.inline import line, narrow, plains, readable, s1
from prmkit_qlang.engine.types import BOOL, BYTE, CHAR, ENUM
from prmkit_qlang.engine.values import Dict, Enum, Fn, List, Table, Value, Vec, count, items

PACKED = frozenset({BOOL, BYTE, CHAR})
"""Types whose vectors print without blanks: rows of one of these stand as they are."""


@dataclass(slots=True)
class View:
    """Digits of floats, and the size of the console in characters and lines."""

    precision: int = 7
    width: int = 80
    height: int = 25


def console(x: Value, *, precision: int = 7, width: int = 80, height: int = 25) -> str:
    r"""What the console prints for a value, without a line end; nothing for the generic null.

    Functions print whole; of anything else no more lines and characters than the console holds.

    Raises:
        QError: ``stack`` for a function nested too deep.

    Examples:
        >>> from prmkit_qlang.engine.values import longs, syms
        >>> console(List([longs([1, 20]), longs([300, 4])])), console(Dict(syms(["a", "bc"]), longs([1, 2])))
        ('1   20\n300 4 ', 'a | 1\nbc| 2')
    """
    if x.t < 0 or 0 < x.t <= ENUM:
        row = line(x, precision, width)
        if len(row) >= width:
            row = row[: width - 3] + ".."
        return row if row.isascii() else readable(row)
    if is_nil(x):
        return ""
    if isinstance(x, Fn):
        return s1(x, precision=precision)
    view = View(precision, width, height)
    rows = lines(x, view)
    if len(rows) > height - 2:
        rows = [*rows[: height - 3], ".."]
    return readable("\n".join([row if len(row) < width else row[: width - 3] + ".." for row in rows]))


def lines(x: Value, view: View) -> list[str]:
    """The lines of a value, as many as the console may need."""
    if isinstance(x, List) and x.v:
        return _rows(x, view)
    if isinstance(x, Table) and x.cols:
        return _table(x, view)
    if isinstance(x, Dict):
        return _dictionary(x, view)
    return [line(x, view.precision, view.width)]


def _rows(x: List, view: View) -> list[str]:
    """The items of a list a line each; columns stand under each other where all rows are as long."""
    rows = x.v[: view.height]
    t = rows[0].t
    sizes = {len(row.v) if 0 <= row.t <= ENUM else -1 for row in rows}  # type: ignore[attr-defined]
    size = sizes.pop()
    if sizes or size < 1 or (t in PACKED and all(row.t == t for row in rows)):
        return [line(row, view.precision, view.width) for row in rows]
    size = min(size, view.width)
    return _aligned(zip(*[_cells(row, size, view) for row in rows], strict=True), view)


def _cells(x: Value, n: int, view: View) -> list[str]:
    """Texts of the first n items: plain ones for a vector, else each as on a line of its own."""
    if isinstance(x, Vec):
        head = Enum(x.v[:n], x.domain, x.held) if isinstance(x, Enum) else Vec(x.t, x.v[:n])
        return plains(head, view.precision)
    values = x.v[:n] if isinstance(x, List) else items(x)[:n]
    return [line(one, view.precision, view.width) for one in values]


def _aligned(columns: Iterable[Sequence[str]], view: View) -> list[str]:
    """Lines of columns of cells, each as wide as its widest cell; as many columns as may be seen."""
    shown, used = [], 0
    for column in columns:
        if used > view.width:
            break
        wide = max(map(len, column), default=0)
        shown.append([cell.ljust(wide) for cell in column])
        used += wide + 1
    return list(map(" ".join, zip(*shown, strict=True)))


def _table(x: Table, view: View) -> list[str]:
    """Header, rule and rows."""
    shown = range(min(len(x.cols), view.width))
    names = [narrow(x.cols[i]) for i in shown]
    columns = [[name, *_cells(x.data[i], view.height, view)] for i, name in zip(shown, names, strict=True)]
    head, *rest = _aligned(columns, view)
    return [head, "-" * len(head), *rest]


def _column(x: Value, view: View) -> list[str]:
    """The items of a list, a line each; nothing is shown of empty general lists alone."""
    if isinstance(x, Table):
        return _table(x, view)
    if isinstance(x, List) and x.v:
        return _rows(x, view) if any(count(one) or one.t for one in x.v) else [""] * len(x.v)
    return _cells(x, view.height, view)


def _dictionary(x: Dict, view: View) -> list[str]:
    """Keys and values with a bar between; a table on one side gives a header to the other."""
    keys, values = _column(x.k, view), _column(x.w, view)
    tables = isinstance(x.k, Table), isinstance(x.w, Table)
    if any(tables) and not all(tables):
        bare = values if tables[0] else keys
        bare[:0] = ["", "-" * max(map(len, bare), default=0)]
    wide = max(map(len, keys), default=0)
    return [f"{key.ljust(wide)}| {value}" for key, value in zip(keys, values, strict=False)]
