"""Families about matrices: turning, walking, sums, neighbours."""

from __future__ import annotations

from prmkit_qlang.families.family import Family, option, picked
from prmkit_qlang.families.shapes import grid, number, square

Grid = list[list[int]]


def _turned(m: Grid, to: str) -> Grid:
    if to == "right":
        return [list(row) for row in zip(*m[::-1], strict=True)]
    return [list(row) for row in zip(*m, strict=True)][::-1]


def _diagonal(m: Grid, what: str) -> int:
    size = range(len(m))
    first, second = sum(m[i][i] for i in size), sum(m[i][-1 - i] for i in size)
    return {"first": first, "second": second, "both": first + second}[what]


def _richest(m: Grid, what: str) -> int:
    lines = m if what == "row" else [list(c) for c in zip(*m, strict=True)]
    sums = [sum(line) for line in lines]
    return sums.index(max(sums))


def _spiral(m: Grid) -> list[int]:
    walked: list[int] = []
    while m:
        walked += m[0]
        m = [list(row) for row in zip(*m[1:], strict=True)][::-1]
    return walked


def _toeplitz(m: Grid) -> bool:
    return all(m[i][j] == m[i - 1][j - 1] for i in range(1, len(m)) for j in range(1, len(m[0])))


def _reshaped(m: Grid, rows: int) -> Grid:
    flat = [n for row in m for n in row]
    if len(flat) % rows:
        return m
    width = len(flat) // rows
    return [flat[i * width : (i + 1) * width] for i in range(rows)]


def _life(m: Grid) -> Grid:
    def alive(i: int, j: int) -> int:
        around = (
            m[a][b]
            for a in range(max(0, i - 1), min(len(m), i + 2))
            for b in range(max(0, j - 1), min(len(m[0]), j + 2))
            if (a, b) != (i, j)
        )
        count = sum(around)
        return int(count == 3 or (count == 2 and m[i][j] == 1))

    return [[alive(i, j) for j in range(len(m[0]))] for i in range(len(m))]


def _perimeter(m: Grid) -> int:
    cells = {(i, j) for i, row in enumerate(m) for j, n in enumerate(row) if n}
    sides = ((0, 1), (1, 0), (0, -1), (-1, 0))
    return sum((i + a, j + b) not in cells for i, j in cells for a, b in sides)


FAMILIES = (
    Family("transpose", "Return the matrix with rows and columns exchanged.",
           {"m": grid()}, "grid", lambda m: [list(row) for row in zip(*m, strict=True)], "{flip x}"),
    Family("turn_matrix", "Return the matrix turned by a quarter to the {to}.",
           {"m": grid()}, "grid", _turned, "{<to>}",
           {"to": (option("right", "right", "flip reverse x"), option("left", "left", "reverse flip x"))}),
    Family("diagonal_sum", "Return the sum of {what}.",
           {"m": square()}, "long", _diagonal, "{i:til count x;<what>}",
           {"what": (option("first", "the diagonal from the upper left", "sum x@'i"),
                     option("second", "the diagonal from the upper right", "sum x@'reverse i"),
                     option("both", "the diagonal from the upper left plus the sum of that from the upper "
                     "right",
                            "sum(x@'i)+x@'reverse i"))}),
    Family("richest", "Return the place of the {what} with the largest sum; of several the first.",
           {"m": grid()}, "long", _richest, "{s?max s:<what>}",
           {"what": (option("row", "row", "sum each x"), option("column", "column", "sum x"))}),
    Family("spiral", "Return the numbers in the order of a walk from the upper left corner along the border, "
           "first to the right, and on inwards.",
           {"m": grid()}, "longs", _spiral, "{$[1<count x;(first x),.z.s reverse flip 1_x;raze x]}"),
    Family("toeplitz", "Return whether every diagonal from the upper left to the lower right holds one "
    "number "
           "only.",
           {"m": grid(0, 1)}, "bool", _toeplitz, "{all raze(1_'1_x)=-1_'-1_x}"),
    Family("reshape", "Return the same numbers, row by row, in the given number of rows of one length; the "
           "matrix as it is where that cannot be.",
           {"m": grid(), "rows": number(1, 6)}, "grid", _reshaped,
           "{r:raze x;$[(count r)mod y;x;(y;(count r)div y)#r]}"),
    Family("game_of_life", "The matrix holds 1 for a living cell and 0 for a dead one. In the next "
    "generation "
           "a cell lives that has three living ones among its eight neighbours, or two and is alive. "
           "Return it.",
           {"m": grid(0, 1, rows=(1, 5), columns=(1, 5))}, "grid", _life,
           '{s:{(0^prev x)+x+0^next x};n:(flip s each flip s each x)-x;"j"$(n=3)|(x=1)&n=2}'),
    Family("island_perimeter", "The matrix holds 1 for land and 0 for water, and water is around it. "
    "Return how "
           "many sides of land cells touch water.",
           {"m": grid(0, 1)}, "long", _perimeter,
           "{e:{sum raze 0<1_'deltas each 0,'x,'0};(e x)+(e reverse each x)+(e flip x)+e reverse each flip "
           "x}"),
    Family("row_figures", "Return the {what} of each {line}.",
           {"m": grid()}, "longs",
           lambda m, what, line: [picked(what, one)
                                  for one in (m if line == "row" else zip(*m, strict=True))],
           "{<what> each <line>x}",
           {"what": (option("sum", "sum", "sum"), option("max", "maximum", "max"),
                     option("min", "minimum", "min")),
            "line": (option("row", "row"), option("column", "column", "flip "))}),
)  # fmt: skip
"""In the order of the text above."""
