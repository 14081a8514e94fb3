"""The regularised incomplete beta function and the tails that follow from it."""

from __future__ import annotations

import math

_TINY = 1e-300
_ROUNDS = 500


def betainc(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta function I_x(a, b) for a, b > 0 and x in [0, 1].

    Source:
        Continued fraction DLMF 8.17.22, evaluated by Lentz's method; the symmetry
        I_x(a, b) = 1 - I_{1-x}(b, a) keeps it where it converges fast.

    Examples:
        >>> round(betainc(2, 3, 0.5), 6)
        0.6875
    """
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - betainc(b, a, 1 - x)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(front) / a * _fraction(a, b, x)


def _fraction(a: float, b: float, x: float) -> float:
    value, c, d = 1.0, 1.0, 0.0
    for i in range(_ROUNDS):
        m = i // 2
        if i == 0:
            term = 1.0
        elif i % 2 == 0:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        else:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 + term * d
        d = 1 / (d if abs(d) > _TINY else _TINY)
        c = 1 + term / c
        c = c if abs(c) > _TINY else _TINY
        value *= c * d
        if i and abs(c * d - 1) < 1e-14:
            break
    return value - 1


def binomial_tail(k: int, n: int, p: float) -> float:
    """P(X >= k) of a binomial with n trials of chance p.

    Examples:
        >>> round(binomial_tail(2, 2, 0.5), 6)
        0.25
    """
    if k <= 0:
        return 1.0
    return 0.0 if k > n else betainc(k, n - k + 1, p)


def student_tail(t: float, degrees: float) -> float:
    """P(T >= t) of Student's t with ``degrees`` degrees of freedom.

    Examples:
        >>> round(student_tail(2.228, 10), 4)
        0.025
    """
    square = t * t
    if square < degrees:  # the small share is computed, so that nothing is lost near 0
        tail = 0.5 - 0.5 * betainc(0.5, degrees / 2, square / (degrees + square))
    else:
        tail = 0.5 * betainc(degrees / 2, 0.5, degrees / (degrees + square))
    return tail if t >= 0 else 1 - tail


def student_quantile(p: float, degrees: float) -> float:
    """The t with P(T <= t) = p, for 0 < p < 1, by bisection.

    Examples:
        >>> round(student_quantile(0.975, 10), 3)
        2.228
    """
    low, high = -1e3, 1e3
    while student_tail(high, degrees) > 1 - p:
        high *= 10
    while 1 - student_tail(low, degrees) > p:
        low *= 10
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if 1 - student_tail(middle, degrees) < p else (low, middle)
    return (low + high) / 2
