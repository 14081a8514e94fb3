"""Exact normal form of rational expressions, and values at points.

An expression is brought to a quotient of two polynomials with rational coefficients; roots,
logarithms, trigonometric functions and powers with variable exponents count as further unknowns,
one for each distinct argument. Equal normal forms prove an identity. Unequal ones refute it only
for expressions without such unknowns.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from prmkit_math.verifiers.algebra import Node

MAX_TERMS = 300
MAX_EXPONENT = 24
MAX_BITS = 4000

Monomial = tuple[tuple[str, int], ...]
Polynomial = dict[Monomial, Fraction]
Quotient = tuple[Polynomial, Polynomial]

_ONE: Polynomial = {(): Fraction(1)}


class TooLargeError(ValueError):
    """A limit on terms, exponents or digits was reached."""


def _add(one: Polynomial, other: Polynomial) -> Polynomial:
    total = dict(one)
    for monomial, coefficient in other.items():
        value = total.get(monomial, Fraction(0)) + coefficient
        if value:
            total[monomial] = value
        else:
            total.pop(monomial, None)
    if len(total) > MAX_TERMS:
        raise TooLargeError("too many terms")
    return total


def _times(one: Polynomial, other: Polynomial) -> Polynomial:
    if len(one) * len(other) > MAX_TERMS * 20:
        raise TooLargeError("too many terms")
    total: Polynomial = {}
    for left, a in one.items():
        for right, b in other.items():
            powers = dict(left)
            for name, exponent in right:
                powers[name] = powers.get(name, 0) + exponent
            monomial = tuple(sorted(powers.items()))
            value = total.get(monomial, Fraction(0)) + a * b
            if value.numerator.bit_length() > MAX_BITS:
                raise TooLargeError("too many digits")
            if value:
                total[monomial] = value
            else:
                total.pop(monomial, None)
    if len(total) > MAX_TERMS:
        raise TooLargeError("too many terms")
    return total


def _power(base: Polynomial, exponent: int) -> Polynomial:
    result = _ONE
    for _ in range(exponent):
        result = _times(result, base)
    return result


def quotient(node: Node) -> Quotient:
    """Numerator and denominator of ``node``.

    Raises:
        TooLargeError: A limit was reached, or a denominator is zero.
    """
    if node.kind == "number":
        return ({(): node.value} if node.value else {}), _ONE
    if node.kind in ("variable", "constant"):
        return {((node.name, 1),): Fraction(1)}, _ONE
    if node.kind == "call":
        return _opaque(node)
    if node.kind == "^":
        return _raised(node)
    parts = [quotient(part) for part in node.parts]
    if node.kind == "-":
        top, bottom = parts[0]
        return {m: -c for m, c in top.items()}, bottom
    if node.kind == "/":
        (a, b), (c, d) = parts
        if not c:
            raise TooLargeError("division by zero")
        return _times(a, d), _times(b, c)
    found = parts[0]
    for a, b in parts[1:]:
        if node.kind == "*":
            found = _times(found[0], a), _times(found[1], b)
        elif b == found[1]:
            found = _add(found[0], a), b
        else:
            found = _add(_times(found[0], b), _times(a, found[1])), _times(found[1], b)
    return found


def _raised(node: Node) -> Quotient:
    base, exponent = node.parts
    value = constant(exponent)
    if value is None or value.denominator != 1:
        return _opaque(node)
    if abs(value) > MAX_EXPONENT:
        raise TooLargeError("large exponent")
    top, bottom = quotient(base)
    if value < 0:
        if not top:
            raise TooLargeError("division by zero")
        top, bottom = bottom, top
    return _power(top, abs(int(value))), _power(bottom, abs(int(value)))


def _opaque(node: Node) -> Quotient:
    inner = ";".join(_spelled(quotient(part)) for part in node.parts)
    return {((f"{node.kind}:{node.name}({inner})", 1),): Fraction(1)}, _ONE


def _spelled(found: Quotient) -> str:
    return "/".join(str(sorted(side.items())) for side in found)


def constant(node: Node) -> Fraction | None:
    """The value of an expression without unknowns, else None.

    Raises:
        TooLargeError: A limit was reached.
    """
    top, bottom = quotient(node)
    if any(top) or any(bottom) or not bottom:
        return None
    return top.get((), Fraction(0)) / bottom[()]


def same(one: Node, other: Node) -> bool:
    """Whether the normal forms agree, which proves the identity.

    Raises:
        TooLargeError: A limit was reached.
    """
    (a, b), (c, d) = quotient(one), quotient(other)
    return _times(a, d) == _times(c, b)


def is_rational(node: Node) -> bool:
    """Whether ``node`` is made of numbers, variables and ``+ - * /`` and whole powers only."""
    return all(
        part.kind not in ("call", "constant")
        and not (part.kind == "^" and (part.parts[1].variables or _broken(part.parts[1])))
        for part in node.walk()
    )


def _broken(exponent: Node) -> bool:
    value = constant(exponent)
    return value is None or value.denominator != 1


def value_at(node: Node, point: Mapping[str, float]) -> float:
    """The value at a point, in floating arithmetic.

    Raises:
        ValueError: It is undefined there or too large.
    """
    try:
        found = _value(node, point)
    except (ArithmeticError, ValueError, TypeError) as error:
        raise ValueError("undefined here") from error
    if not math.isfinite(found):
        raise ValueError("not finite")
    return found


def _value(node: Node, point: Mapping[str, float]) -> float:
    if node.kind == "number":
        return float(node.value)
    if node.kind == "variable":
        return point[node.name]
    if node.kind == "constant":
        return math.pi
    values = [_value(part, point) for part in node.parts]
    if node.kind == "+":
        return math.fsum(values)
    if node.kind == "-":
        return -values[0]
    if node.kind == "*":
        return math.prod(values)
    if node.kind == "/":
        return values[0] / values[1]
    if node.kind == "^":
        found = values[0] ** values[1]
        if isinstance(found, complex):
            raise ValueError("complex")
        return float(found)
    return _call(node.name, values)


def _call(name: str, values: list[float]) -> float:
    first = values[0]
    if name == "root":
        if first < 0:
            if values[1] == 3:
                return -float((-first) ** (1 / 3))
            raise ValueError("root of a negative number")
        return float(first ** (1 / values[1]))
    if name == "ln":
        return math.log(first)
    if name == "log":
        return math.log(first) / math.log(values[1])
    ratio = {"sin": math.sin, "cos": math.cos, "tan": math.tan}
    if name in ratio:
        return ratio[name](first)
    inverse = {"csc": math.sin, "sec": math.cos, "cot": math.tan}
    return 1 / inverse[name](first)
