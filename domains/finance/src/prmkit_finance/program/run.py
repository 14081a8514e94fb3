"""Two readings of a financial program: as the official evaluation reads it, and strictly.

They differ in how written operands and table rows become numbers:

========================  ==============================  =====================================
text                      official                        strict
========================  ==============================  =====================================
``(5.2)``                 no number: program invalid      -5.2
``5%``                    0.05                            0.05
``$ 12``                  no number as an operand         12
a row with ``—``          program invalid                 the empty cell is left out
a row with ``( 5.2 )``    text before the bracket: none   -5.2
two rows of one name      the last one                    refused unless they are equal
========================  ==============================  =====================================

Values are doubles, as in the official evaluation, and rounded to five digits at the end.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from prmkit_finance.amounts import read_amount
from prmkit_finance.program.syntax import Op, ProgramError, parse
from prmkit_finance.tables import Table, cell_amount

Reading = Literal["official", "strict"]
Number = float | str
"""A double, or ``yes`` / ``no`` of a comparison."""
PLACES = 5


class Outcome(NamedTuple):
    """What a program gives under one reading."""

    value: Number | None
    """Rounded to five digits; None where the program is invalid under this reading."""
    reason: str = ""
    """Why it is invalid."""


def _greater(a: float, b: float) -> str:
    return "yes" if a > b else "no"


_BINARY: dict[str, Callable[[float, float], Number]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "exp": operator.pow,
    "greater": _greater,
}
_TABLE: dict[str, Callable[[Sequence[float]], float]] = {
    "table_max": max,
    "table_min": min,
    "table_sum": math.fsum,
    "table_average": lambda row: math.fsum(row) / len(row),
}


def official_number(text: str) -> float:
    """An operand as the official evaluation reads it.

    Raises:
        ProgramError: It reads no number there.

    Examples:
        >>> official_number("1,234"), official_number("5%"), official_number("const_m1")
        (1234.0, 0.05, -1.0)
    """
    plain = text.replace(",", "")
    try:
        return float(plain)
    except ValueError:
        pass
    try:
        if "%" in plain:
            return float(plain.replace("%", "")) / 100
        if "const" in plain:
            plain = plain.replace("const_", "")
            return float("-1" if plain == "m1" else plain)
    except ValueError:
        pass
    raise ProgramError(f"{text[:40]!r} is no number in the official reading")


def strict_number(text: str) -> float:
    """An operand as a report means it.

    Raises:
        ProgramError: It is no amount.

    Examples:
        >>> strict_number("(5.2)"), strict_number("$ 1,234"), strict_number("-5%")
        (-5.2, 1234.0, -0.05)
    """
    if text[-1:].isdigit():
        try:
            return float(text.replace(",", ""))
        except ValueError:
            pass
    if text.startswith("const_"):
        return official_number(text)
    found = read_amount(text)
    if found is None:
        raise ProgramError(f"{text[:40]!r} is no amount")
    value = float(found.value)
    return value / 100 if found.percent else value


def _official_row(name: str, table: Table | None) -> list[float]:
    rows = {row[0]: row[1:] for row in (table.grid if table else ())}
    if name not in rows:
        raise ProgramError(f"no row is called {name[:60]!r}")
    return [official_number(cell.replace("$", "").strip().split("(")[0].strip()) for cell in rows[name]]


def _strict_row(name: str, table: Table | None) -> list[float]:
    wanted = " ".join(name.lower().split())
    rows = {row for row in (table.grid if table else ()) if " ".join(row[0].lower().split()) == wanted}
    if len(rows) != 1:
        raise ProgramError(f"{len(rows) or 'no'} rows are called {name[:60]!r}")
    read = [cell_amount(cell) for cell in rows.pop()[1:]]
    values = [float(a.value) / 100 if a.percent else float(a.value) for a in read if a is not None]
    if not values:
        raise ProgramError(f"row {name[:60]!r} holds no amount")
    return values


_READ: dict[Reading, tuple[Callable[[str], float], Callable[[str, Table | None], list[float]]]] = {
    "official": (official_number, _official_row),
    "strict": (strict_number, _strict_row),
}


def run(ops: Sequence[Op], table: Table | None = None, reading: Reading = "official") -> list[Number]:
    """Values of all operations, unrounded.

    Raises:
        ProgramError: The program has no value under this reading.
    """
    number, row = _READ[reading]
    done: list[Number] = []
    for name, a, b in ops:
        if name in _TABLE:
            values = row(a, table) if type(a) is str else [_float(done[a])]  # type: ignore[index]
            done.append(_TABLE[name](values))
            continue
        left = number(a) if type(a) is str else _float(done[a])  # type: ignore[index]
        if b is None:
            done.append(left)
            continue
        right = number(b) if type(b) is str else _float(done[b])  # type: ignore[index]
        try:
            value = _BINARY[name](left, right)
        except (ZeroDivisionError, OverflowError) as error:
            raise ProgramError(f"{name}({left:g}, {right:g}): {error}") from error
        if type(value) is complex or (type(value) is float and not math.isfinite(value)):
            raise ProgramError(f"{name}({left:g}, {right:g}) is no real number")
        done.append(value)
    return done


def _float(value: Number) -> float:
    if isinstance(value, str):
        raise ProgramError(f"calculates with the answer {value!r}")
    return value


def execute(text: str, table: Table | None = None, reading: Reading = "official") -> Outcome:
    """Value of a program under one reading.

    Examples:
        >>> execute("subtract(93, 103), divide(#0, 103)").value
        -0.09709
        >>> execute("add(const_1, (5.2))").value, execute("add(const_1, (5.2))", reading="strict").value
        (None, -4.2)
    """
    try:
        value = run(parse(text), table, reading)[-1]
    except ProgramError as error:
        return Outcome(None, str(error))
    return Outcome(value if isinstance(value, str) else round(value, PLACES))


def run_official(text: str, table: Table | None = None) -> Outcome:
    """:func:`execute` in the official reading."""
    return execute(text, table, "official")


def run_strict(text: str, table: Table | None = None) -> Outcome:
    """:func:`execute` in the strict reading."""
    return execute(text, table, "strict")
