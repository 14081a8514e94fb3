"""Parser of financial programs, in both spellings, into one list of operations.

``subtract(5829, 5735), divide(#0, 5735)`` and ``x0 = 5829 - 5735; ans = x0 / 5735`` give the same list.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_LENGTH = 4000
MAX_OPS = 100

BINARY = frozenset({"add", "subtract", "multiply", "divide", "exp", "greater"})
TABLE = frozenset({"table_max", "table_min", "table_sum", "table_average"})
_SIGNS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", ">": "greater", "**": "exp"}

_OPERAND = r"-?\s?\$?\s?\(?\s?-?(?:\d[\d,]*(?:\.\d*)?|\.\d+)\s?%?\s?\)?|[A-Za-z_]\w*"
_STATEMENT = re.compile(
    rf"\s*([A-Za-z_]\w*)\s*=\s*({_OPERAND})(?:\s*(\*\*|[-+*/>])\s*({_OPERAND}))?\s*", re.ASCII
)
_CALL = re.compile(
    r"\s*(\w+)\(\s*([^,()]*(?:\([^()]*\))?)\s*,\s*([^,()]*(?:\([^()]*\))?)\s*\)\s*(,|$)", re.ASCII
)
_TABLE_CALL = re.compile(r"\s*(table_\w+)\(\s*(.+?)\s*,\s*(none)\s*\)\s*(,|$)", re.ASCII)
_REFERENCE = re.compile(r"#(\d{1,3})", re.ASCII)


class ProgramError(Exception):
    """The text is no program, or the program has no value."""


class Op(NamedTuple):
    """One operation; an operand is written text, or the number of an earlier operation."""

    name: str
    a: str | int
    b: str | int | None = None


def parse(text: str) -> tuple[Op, ...]:
    """The operations of a program.

    Raises:
        ProgramError: An unknown operation, an operand that is not defined, or another text.

    Examples:
        >>> parse("subtract(5829, 5735), divide(#0, 5735)")[1]
        Op(name='divide', a=0, b='5735')
        >>> parse("x0 = 93 - 103; ans = x0 / 103") == parse("subtract(93, 103), divide(#0, 103)")
        True
    """
    if len(text) > MAX_LENGTH:
        raise ProgramError(f"longer than {MAX_LENGTH} characters")
    return _statements(text) if "=" in text else _calls(text)


def _statements(text: str) -> tuple[Op, ...]:
    names: dict[str, str | int] = {}
    out: list[Op] = []
    match = _STATEMENT.fullmatch
    for piece in text.replace("\n", ";").split(";"):
        found = match(piece)
        if found is None:
            if not piece.strip():
                continue
            raise ProgramError(f"{piece.strip()[:60]!r} is no statement of the form name = a op b")
        target, left, sign, right = found.groups()
        a = _operand(left, names)
        if sign is None:
            out.append(Op("value", a))
        else:
            out.append(Op(_SIGNS[sign], a, _operand(right, names)))
        names[target] = len(out) - 1
        if len(out) > MAX_OPS:
            raise ProgramError(f"more than {MAX_OPS} operations")
    if not out:
        raise ProgramError("no operation")
    return tuple(out)


def _operand(text: str, names: dict[str, str | int]) -> str | int:
    if text[0].isalpha() or text[0] == "_":
        if text.startswith("const_"):
            return text
        if text not in names:
            raise ProgramError(f"{text[:40]!r} is not defined")
        return names[text]
    return text.strip()


def _calls(text: str) -> tuple[Op, ...]:
    out: list[Op] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _CALL.match(text, at) or _TABLE_CALL.match(text, at)
        if found is None:
            raise ProgramError(f"{text[at : at + 60]!r} is no operation of the form name(a, b)")
        name, a, b, _ = found.groups()
        if name in TABLE:
            out.append(Op(name, _argument(a, len(out))))
        elif name in BINARY:
            out.append(Op(name, _argument(a, len(out)), _argument(b, len(out))))
        else:
            raise ProgramError(f"unknown operation {name[:40]!r}")
        at = found.end()
        if len(out) > MAX_OPS:
            raise ProgramError(f"more than {MAX_OPS} operations")
    if not out:
        raise ProgramError("no operation")
    return tuple(out)


def _argument(text: str, done: int) -> str | int:
    if not text:
        raise ProgramError("an argument is missing")
    if text[0] == "#":
        found = _REFERENCE.fullmatch(text)
        if found is None or int(found[1]) >= done:
            raise ProgramError(f"{text[:12]!r} names no earlier operation")
        return int(found[1])
    return text
