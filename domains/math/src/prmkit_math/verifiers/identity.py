"""Whether two expressions are equal for all values of their variables.

Normal forms prove, random positive points refute, sympy has the last word on what agrees at all
points without a common normal form. sympy objects are built from the own tree, never from text.
"""

from __future__ import annotations

import functools
import math
import random
from typing import TYPE_CHECKING

from prmkit.verify.bring import bring
from prmkit_math.verifiers.algebra import Node
from prmkit_math.verifiers.rational import TooLargeError, is_rational, same, value_at

if TYPE_CHECKING:
    import sympy

POINTS = 6
NEEDED = 3
"""Points at which both sides must be defined before anything is said."""
TOLERANCE = 1e-7
MAX_NODES = 40
"""Largest pair of expressions given to sympy, nodes."""


@functools.lru_cache(maxsize=4096)
def identical(one: Node, other: Node) -> bool | None:
    r"""True or False when it is settled, None when it is not.

    Variables range over positive reals: what holds there only (``\sqrt{x^2} = x``) is not refuted.

    Examples:
        >>> from prmkit_math.verifiers.algebra import read
        >>> identical(read("(x+1)^2"), read("x^2+2x+1")), identical(read("(x+1)^2"), read("x^2+1"))
        (True, False)
    """
    try:
        if same(one, other):
            return True
        if is_rational(one) and is_rational(other):
            return False
    except TooLargeError:
        pass
    agree, differ = _sampled(one, other)
    if agree + differ < NEEDED:
        return None
    if differ:
        # Rounding alone never parts two equal values this far at one point and not at the others.
        return False if not agree else None
    return _confirmed(one, other)


def _sampled(one: Node, other: Node) -> tuple[int, int]:
    draw = random.Random(0)  # the same points each time: same input, same evidence
    names = sorted(one.variables | other.variables)
    agree = differ = 0
    for _ in range(POINTS):
        point = {name: draw.uniform(0.3, 2.7) for name in names}
        try:
            left, right = value_at(one, point), value_at(other, point)
        except ValueError:
            continue
        if math.isclose(left, right, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
            agree += 1
        else:
            differ += 1
    return agree, differ


def _confirmed(one: Node, other: Node) -> bool | None:
    if sum(1 for side in (one, other) for _ in side.walk()) > MAX_NODES:
        return None
    try:
        difference = bring("sympy").simplify(to_sympy(one) - to_sympy(other))
    except (ArithmeticError, ValueError, TypeError, RecursionError):
        return None
    return True if difference == 0 else None


_CALLS = {name: name for name in ("sin", "cos", "tan", "cot", "sec", "csc", "log", "root")} | {"ln": "log"}
"""Functions that may be built, and what sympy calls them."""


def to_sympy(node: Node) -> sympy.Expr:
    """The sympy expression of a tree, with positive symbols."""
    sympy = bring("sympy")
    if node.kind == "number":
        return sympy.Rational(node.value.numerator, node.value.denominator)
    if node.kind == "variable":
        return sympy.Symbol(node.name, positive=True)
    if node.kind == "constant":
        return sympy.pi
    parts = [to_sympy(part) for part in node.parts]
    if node.kind == "call":
        return getattr(sympy, _CALLS[node.name])(*parts)
    if node.kind == "+":
        return sympy.Add(*parts)
    if node.kind == "*":
        return sympy.Mul(*parts)
    if node.kind == "-":
        return -parts[0]
    return parts[0] / parts[1] if node.kind == "/" else sympy.Pow(*parts)
