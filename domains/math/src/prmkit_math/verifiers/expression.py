"""Exact evaluation of the lexemes of one side of an equation.

A recursive-descent parser over rationals with limits on depth, length, exponent and size; no text
is ever handed to Python's own evaluator. Where notation has more than one reading, a flag chooses,
and the ambiguities met are reported so that a caller can try the others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

from prmkit_math.verifiers._numbers import Literal, Value

MAX_LENGTH = 400
MAX_DEPTH = 40
MAX_BITS = 4096
MAX_FACTORIAL = 170
MAX_BINOMIAL = 1000
_BIG = 1 << MAX_BITS

PERCENT_PLAIN = 1
"""``20%`` is read as 20."""
PERCENT_CHANGE = 2
"""``50 + 10%`` is read as 50 x 1.1."""
MIXED_PRODUCT = 4
r"""``2\frac{1}{2}`` is read as a product."""
TOUCH_FIRST = 8
"""``6/2(3)`` divides by all of ``2(3)``, ``6 / 2 x 10^3`` by all of ``2 x 10^3``."""
SIGN_FIRST = 16
"""``-2^2`` is the square of -2."""
POWER_LEFT = 32
"""``2^3^2`` is read from the left."""
COMMENT = 64
"""A bracket after a space is a comment."""
DASH_MINUS = 128
"""A dash that begins the line is a minus sign."""
NO_FACTORIAL = 256
"""An exclamation mark is only loud."""
SCALE_UNIT = 512
"""``dozen`` or ``million`` is a unit, not a factor."""
FLOOR = 1024
"""Every quotient is rounded down; no reading of its own, but what some solutions mean."""
READINGS = (
    PERCENT_PLAIN, PERCENT_CHANGE, MIXED_PRODUCT, TOUCH_FIRST, SIGN_FIRST, POWER_LEFT, COMMENT, DASH_MINUS,
    NO_FACTORIAL, SCALE_UNIT,
)  # fmt: skip
"""All flags, one bit each."""


class CannotEvaluate(ValueError):
    """The lexemes are no expression, or one past the limits."""


def add(a: Value, b: Value) -> Value:
    """Sum."""
    return _small(a + b)


def multiply(a: Value, b: Value) -> Value:
    """Product; refused past the size limit."""
    return _small(a * b)


def divide(a: Value, b: Value) -> Value:
    """Quotient, exact for rationals.

    Raises:
        CannotEvaluate: Division by zero.
    """
    if not b:
        raise CannotEvaluate("division by zero")
    if isinstance(a, float) or isinstance(b, float):
        return float(a) / float(b)
    return _plain(Fraction(a, b) if isinstance(a, int) and isinstance(b, int) else Fraction(a) / b)


def power(base: Value, exponent: Value) -> Value:
    """Power; the size is estimated before anything is computed.

    Raises:
        CannotEvaluate: 0 to a negative power, an even root of a negative number, or a result too large.
    """
    if isinstance(exponent, Fraction) and exponent.denominator == 2:
        return power(root(base, 2), exponent.numerator)
    if not isinstance(exponent, int) or isinstance(base, float):
        return _float_power(base, exponent)
    if not base and exponent < 0:
        raise CannotEvaluate("zero to a negative power")
    bits = max(abs(base.numerator).bit_length(), base.denominator.bit_length())
    if abs(exponent) * bits > MAX_BITS:
        raise CannotEvaluate("power too large")
    return (
        _plain(Fraction(base) ** exponent) if exponent < 0 or isinstance(base, Fraction) else base**exponent
    )


def root(value: Value, degree: Value) -> Value:
    """Root, exact where it is rational.

    Raises:
        CannotEvaluate: The degree is no small whole number, or the root is not real.
    """
    if not isinstance(degree, int) or not 2 <= degree <= 64 or (value < 0 and degree % 2 == 0):
        raise CannotEvaluate("no real root")
    if value < 0:
        return -root(-value, degree)
    if not isinstance(value, float):
        top, bottom = _whole_root(value.numerator, degree), _whole_root(value.denominator, degree)
        if top is not None and bottom is not None:
            return _plain(Fraction(top, bottom))
    return _float_power(value, Fraction(1, degree))


def _whole_root(value: int, degree: int) -> int | None:
    if degree == 2:
        found = math.isqrt(value)
    elif value.bit_length() < 900:
        found = round(value ** (1 / degree))
    else:
        return None
    return found if found**degree == value else None


def _float_power(base: Value, exponent: Value) -> float:
    try:
        return math.pow(base, exponent)
    except (OverflowError, ValueError) as error:
        raise CannotEvaluate("power out of range or not real") from error


def _small(value: Value) -> Value:
    if isinstance(value, int):
        if -_BIG < value < _BIG:
            return value
    elif isinstance(value, float):
        if math.isfinite(value):
            return value
    elif abs(value.numerator) < _BIG and value.denominator < _BIG:
        return value.numerator if value.denominator == 1 else value
    raise CannotEvaluate("number too large")


def _plain(value: Fraction) -> int | Fraction:
    return value.numerator if value.denominator == 1 else value


class Parser:
    """Evaluates the lexemes ``[start, end)`` under one reading.

    ``seen`` collects the flags of the ambiguities met. ``shift`` moves single literals, to find out how
    much the result depends on how they were rounded.
    """

    __slots__ = ("at", "depth", "end", "flags", "kinds", "seen", "shift", "values")

    def __init__(self, kinds: Sequence[str], values: Sequence[object]) -> None:
        self.kinds = kinds
        self.values = values
        self.at = self.end = self.flags = self.seen = self.depth = 0
        self.shift: Mapping[int, Fraction] = {}

    def evaluate(
        self, start: int, end: int, flags: int = 0, shift: Mapping[int, Fraction] | None = None
    ) -> Value:
        """Value of the whole range.

        Raises:
            CannotEvaluate: The range is empty, no expression, or past a limit.
        """
        if end - start == 1 and not shift:
            literal = self.values[start]
            if isinstance(literal, Literal):
                return literal.value
        if not 0 < end - start <= MAX_LENGTH:
            raise CannotEvaluate("empty or too long")
        self.at, self.end, self.flags, self.depth = start, end, flags, 0
        self.shift = shift or {}
        try:
            value = self._sum()
        except OverflowError as error:
            raise CannotEvaluate("number out of range") from error
        if self.at != end:
            raise CannotEvaluate(f"unexpected {self.kinds[self.at]}")
        return value

    def _sum(self) -> Value:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise CannotEvaluate("nested too deeply")
        kinds, end = self.kinds, self.end
        value = self._product()
        while self.at < end:
            kind = kinds[self.at]
            if kind != "+" and kind != "-":
                break
            self.at += 1
            term_at = self.at
            term = self._product()
            if kinds[self.at - 1] == "%" and self.at == term_at + 2:
                term = self._change(value, term)
            value = add(value, term if kind == "+" else -term)
        self.depth -= 1
        return value

    def _change(self, base: Value, term: Value) -> Value:
        """``base + p%``, with the percentage taken of the base where the flag says so."""
        self.seen |= PERCENT_CHANGE
        return multiply(base, term) if self.flags & PERCENT_CHANGE else term

    def _product(self) -> Value:
        kinds, end = self.kinds, self.end
        value = self._signed()
        while self.at < end:
            kind = kinds[self.at]
            if kind == "*":
                self.at += 1
                value = multiply(value, self._signed())
            elif kind == "/":
                self.at += 1
                value = self._quotient(value, self._divisor())
            elif kind == "&" or kind == "s" or kind == "u":
                value = self._touching(value, kind)
            else:
                break
        return value

    def _quotient(self, a: Value, b: Value) -> Value:
        value = divide(a, b)
        return math.floor(value) if self.flags & FLOOR else value

    def _divisor(self) -> Value:
        value = self._signed()
        while self.at < self.end and (self.kinds[self.at] == "&" or self._power_of_ten()):
            self.seen |= TOUCH_FIRST
            if not self.flags & TOUCH_FIRST:
                break
            self.at += 1
            value = multiply(value, self._signed())
        return value

    def _power_of_ten(self) -> bool:
        """Does ``* 10 ^`` follow, as in ``6 / 2 x 10^3``?"""
        at = self.at
        if at + 3 >= self.end or self.kinds[at] != "*" or self.kinds[at + 2] != "^":
            return False
        ten = self.values[at + 1]
        return isinstance(ten, Literal) and ten.value == 10

    def _touching(self, value: Value, kind: str) -> Value:
        """A product written without a sign, a mixed number, or a comment in brackets."""
        before = self.kinds[self.at - 1]
        self.at += 1
        if kind == "&" and before == "n" and self.at < self.end and self.kinds[self.at] == "F":
            whole = self.values[self.at - 2]
            part = self._signed()
            if isinstance(whole, Literal) and isinstance(whole.value, int) and 0 < part < 1:
                self.seen |= MIXED_PRODUCT
                if not self.flags & MIXED_PRODUCT:
                    return self._mixed(value, whole.value, part)
            return multiply(value, part)
        if kind == "&":
            return multiply(value, self._signed())
        other = self._signed()
        self.seen |= COMMENT
        return value if kind == "u" or self.flags & COMMENT else multiply(value, other)

    def _mixed(self, product: Value, whole: int, part: Value) -> Value:
        """Replace the factor ``whole`` at the end of ``product`` by ``whole + part``."""
        if not whole:
            return product
        return multiply(divide(product, whole), add(whole, part))

    def _signed(self) -> Value:
        if self.at >= self.end:
            raise CannotEvaluate("operand missing")
        kind = self.kinds[self.at]
        if kind == "-":
            return self._negative()
        if kind == "+":
            self.at += 1
            return self._signed_again()
        if kind == "b":
            self.at += 1
            self.seen |= DASH_MINUS
            value = self._power()
            return -value if self.flags & DASH_MINUS else value
        return self._power()

    def _signed_again(self) -> Value:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise CannotEvaluate("too many signs")
        value = self._signed()
        self.depth -= 1
        return value

    def _negative(self) -> Value:
        self.at += 1
        plain = self.at < self.end and self.kinds[self.at] == "n"
        if plain and self.at + 1 < self.end and self.kinds[self.at + 1] == "^":
            self.seen |= SIGN_FIRST
            if self.flags & SIGN_FIRST:
                return self._raised(-self._atom())
        return -self._signed_again()

    def _power(self) -> Value:
        value = self._atom()
        if self.at < self.end and self.kinds[self.at] == "^":
            return self._raised(value)
        return value

    def _raised(self, base: Value) -> Value:
        while self.at < self.end and self.kinds[self.at] == "^":
            self.at += 1
            exponent = self._exponent()
            if self.at < self.end and self.kinds[self.at] == "^":
                self.seen |= POWER_LEFT
                if not self.flags & POWER_LEFT:
                    exponent = self._raised(exponent)
            base = power(base, exponent)
        return base

    def _exponent(self) -> Value:
        if self.at < self.end and self.kinds[self.at] in "+-":
            sign = -1 if self.kinds[self.at] == "-" else 1
            self.at += 1
            return sign * self._atom()
        return self._atom()

    def _atom(self) -> Value:
        if self.at >= self.end:
            raise CannotEvaluate("operand missing")
        at = self.at
        kind = self.kinds[at]
        self.at += 1
        value: Value
        if kind == "n":
            value = self._literal(at)
        elif kind == "(":
            value = self._sum()
            self._expect(")")
        elif kind == "F":
            value = self._quotient(*self._pair())
        elif kind == "R":
            value = self._root()
        elif kind == "C":
            value = self._binomial()
        elif kind == "c":
            value = math.pi
        else:
            raise CannotEvaluate(f"unexpected {kind}")
        if self.at < self.end and self.kinds[self.at] in "%fkm":
            return self._suffix(value)
        return value

    def _literal(self, at: int) -> Value:
        literal = self.values[at]
        if not isinstance(literal, Literal):
            raise CannotEvaluate("no number")
        return literal.value + self.shift[at] if at in self.shift else literal.value

    def _suffix(self, value: Value) -> Value:
        kind = self.kinds[self.at]
        if kind == "m":
            return self._mixed_slash(value)
        self.at += 1
        if kind == "%":
            self.seen |= PERCENT_PLAIN
            return value if self.flags & PERCENT_PLAIN else divide(value, 100)
        if kind == "k":
            self.seen |= SCALE_UNIT
            scale = self.values[self.at - 1]
            return value if self.flags & SCALE_UNIT or not isinstance(scale, int) else multiply(value, scale)
        self.seen |= NO_FACTORIAL
        if self.flags & NO_FACTORIAL:
            return value
        if not isinstance(value, int) or not 0 <= value <= MAX_FACTORIAL:
            raise CannotEvaluate("factorial out of range")
        return math.factorial(value)

    def _mixed_slash(self, whole: Value) -> Value:
        """``2 1/2``: whole number, space, fraction."""
        kinds, at = self.kinds, self.at
        if list(kinds[at : at + 4]) != ["m", "n", "/", "n"] or at + 4 > self.end:
            raise CannotEvaluate("no mixed number")
        self.at = at + 4
        part = divide(self._literal(at + 1), self._literal(at + 3))
        if not 0 < part < 1:
            raise CannotEvaluate("no mixed number")
        return add(whole, part)

    def _pair(self) -> tuple[Value, Value]:
        r"""The two arguments of ``\frac`` or ``\binom``: groups, or single digits."""
        if self.at < self.end and self.kinds[self.at] == "n":
            literal = self.values[self.at]
            digits = str(literal.value) if isinstance(literal, Literal) and literal.decimals == 0 else ""
            if len(digits) == 2:
                self.at += 1
                return int(digits[0]), int(digits[1])
            if len(digits) != 1:
                raise CannotEvaluate("no fraction")
        return self._argument(), self._argument()

    def _argument(self) -> Value:
        if self.at < self.end and self.kinds[self.at] == "&":
            self.at += 1
        if self.at >= self.end or self.kinds[self.at] not in "n(c":
            raise CannotEvaluate("argument missing")
        at = self.at
        self.at += 1
        if self.kinds[at] == "n":
            literal = self._literal(at)
            if not 0 <= literal <= 9:
                raise CannotEvaluate("argument without braces")
            return literal
        if self.kinds[at] == "c":
            return math.pi
        value = self._sum()
        self._expect(")")
        return value

    def _root(self) -> Value:
        degree: Value = 2
        if self.values[self.at - 1] == "√" and self.at < self.end and self.kinds[self.at] == "n":
            self.at += 1
            return root(self._literal(self.at - 1), degree)
        if self.at < self.end and self.values[self.at] == "[":
            degree = self._argument()
        return root(self._argument(), degree)

    def _binomial(self) -> Value:
        top, bottom = self._pair()
        if not (isinstance(top, int) and isinstance(bottom, int) and 0 <= bottom <= top <= MAX_BINOMIAL):
            raise CannotEvaluate("binomial out of range")
        return math.comb(top, bottom)

    def _expect(self, kind: str) -> None:
        if self.at >= self.end or self.kinds[self.at] != kind:
            raise CannotEvaluate(f"{kind} missing")
        self.at += 1
