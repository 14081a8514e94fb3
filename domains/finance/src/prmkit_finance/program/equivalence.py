"""Do two programs compute the same for whatever numbers stand in them?

Operands of equal value are one unknown; ``const_…`` are numbers. Programs are compared as rational
functions at points of a large prime field: unequal functions agree at three points with a chance below
1e-40. Powers other than small whole ones, comparisons and table operations are opaque functions.

Source:
    FinQA (arXiv 2109.00122) compares programs symbolically, constants being symbols too; here they are
    numbers, so that ``multiply(a, const_1)`` equals ``a``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from prmkit_finance.program.run import official_number, strict_number
from prmkit_finance.program.syntax import Op, ProgramError, parse

PRIME = 2**61 - 1
POINTS = 3
MAX_POWER = 12


def equivalent(one: str, other: str) -> bool | None:
    """Whether two programs are the same function of their operands; None where one is no program.

    Examples:
        >>> equivalent("subtract(9, 4), divide(#0, 4)", "divide(9, 4), subtract(#0, const_1)")
        True
        >>> equivalent("x = 9 - 4; ans = x / 4", "x = 9 - 4; ans = x / 9")
        False
    """
    try:
        first, second = parse(one), parse(other)
        return all(_at(first, point) == _at(second, point) for point in range(POINTS))
    except ProgramError:
        return None


def _hash(*parts: object) -> int:
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16], "big") % PRIME


def _operand(text: str | int, done: Sequence[int], point: int) -> int:
    if isinstance(text, int):
        return done[text]
    if text.startswith("const_"):
        return _constant(text)
    try:
        return _hash("operand", strict_number(text), point)
    except ProgramError:
        return _hash("name", text.strip().lower(), point)


def _constant(text: str) -> int:
    numerator, denominator = official_number(text).as_integer_ratio()
    return numerator * pow(denominator, -1, PRIME) % PRIME


def _at(ops: Sequence[Op], point: int) -> int:
    done: list[int] = []
    for op in ops:
        a = _operand(op.a, done, point)
        b = _operand(op.b, done, point) if op.b is not None else 0
        done.append(_apply(op, a, b, point))
    return done[-1]


def _apply(op: Op, a: int, b: int, point: int) -> int:
    if op.name == "value":
        return a
    if op.name == "add":
        return (a + b) % PRIME
    if op.name == "subtract":
        return (a - b) % PRIME
    if op.name == "multiply":
        return a * b % PRIME
    if op.name == "divide":
        if not b:
            raise ProgramError("division by zero")
        return a * pow(b, -1, PRIME) % PRIME
    if op.name == "exp" and isinstance(op.b, str) and 0 <= (power := _small(op.b)) <= MAX_POWER:
        return pow(a, power, PRIME)
    return _hash(op.name, a, b, point)


def _small(text: str) -> int:
    try:
        value = strict_number(text)
    except ProgramError:
        return -1
    return int(value) if value == int(value) and abs(value) <= MAX_POWER else -1
