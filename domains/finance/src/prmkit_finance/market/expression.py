"""Factor expressions: an own tokenizer and parser over a whitelist. Text is never run.

``-rank(delta(log(volume), 2)) * (close / delay(close, 5) - 1)``, or with qlib's spelling
``Mean($close, 5) / $close``. Infix ``+ - * / ^ < > <= >= == != && ||``, ``c ? a : b``, calls of
:data:`~prmkit_finance.market.operators.OPERATORS`, the fields of a panel, ``returns`` and ``adv20``.
Length, depth, number of nodes, windows and constants are bounded.
"""

from __future__ import annotations

import functools
import math
import re
from dataclasses import dataclass
from typing import NamedTuple

from prmkit.errors import PrmkitError
from prmkit.registry import nearest
from prmkit_finance.market.operators import LONGEST, NOT_QLIB, OPERATORS, QLIB, SPELLINGS
from prmkit_finance.market.panel import FIELDS

MAX_TEXT = 2000
"""Characters."""
MAX_DEPTH = 40
"""Open calls and brackets."""
MAX_NODES = 400
LARGEST = 1e9
"""Largest absolute value of a constant."""


class ExpressionError(PrmkitError):
    """A factor expression that cannot be read; ``row`` is the 1-based character."""


@dataclass(frozen=True, slots=True)
class Number:
    """A constant."""

    value: float


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the panel."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """An operator and its arguments; windows and shifts are plain whole numbers."""

    operator: str
    arguments: tuple[Node, ...]
    days: int | None = None
    """The last argument of a window or shift operator."""


Node = Number | Field | Call


class Token(NamedTuple):
    """A lexeme and its place."""

    kind: str
    """``number``, ``name``, ``field`` (``$name``), ``sign`` or ``end``."""
    text: str
    at: int


_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(?:[eE][-+]?\d{1,2})?(?![\w.]))"
    r"|(?P<field>\$[A-Za-z_]\w{0,30})|(?P<name>[A-Za-z_]\w{0,30}(?!\w))"
    r"|(?P<sign>\*\*|&&|\|\||[<>=!]=|[-+*/^<>(),?:−×·]))",
    re.ASCII,
)
_SIGNS = {"−": "-", "×": "*", "·": "*", "**": "^"}


def tokens(text: str) -> list[Token]:
    """The lexemes of ``text``, with an ``end`` behind them.

    Raises:
        ExpressionError: The text is too long, or holds something that is no lexeme.
    """
    if len(text) > MAX_TEXT:
        raise _error(f"longer than {MAX_TEXT} characters", 0)
    found: list[Token] = []
    at, length = 0, len(text.rstrip())
    while at < length:
        match = _TOKEN.match(text, at)
        if match is None:
            raise _error(f"{text[at : at + 12].strip()!r} is not part of an expression", at)
        kind = str(match.lastgroup)
        found.append(Token(kind, _SIGNS.get(match[kind], match[kind]), match.start(kind)))
        at = match.end()
    found.append(Token("end", "", length))
    return found


def _error(message: str, at: int) -> ExpressionError:
    return ExpressionError(
        message, do="write calls of known operators on known fields", field="expression", row=at + 1
    )


_BINARY = {
    "||": (1, "or"),
    "&&": (2, "and"),
    "==": (3, "eq"),
    "!=": (3, "ne"),
    "<": (4, "lt"),
    ">": (4, "gt"),
    "<=": (4, "le"),
    ">=": (4, "ge"),
    "+": (5, "add"),
    "-": (5, "subtract"),
    "*": (6, "multiply"),
    "/": (6, "divide"),
    "^": (8, "power"),
}
_UNARY = 7


class Parser:
    """Reads one expression by operator precedence."""

    def __init__(self, text: str) -> None:
        self.tokens = tokens(text)
        self.at = 0
        self.nodes = 0
        self.qlib = "$" in text

    def expression(self) -> Node:
        """The whole text as one expression.

        Raises:
            ExpressionError: Something else stands there, or it is too large.
        """
        node = self._choice(0)
        if self._now.kind != "end":
            raise _error(f"{self._now.text!r} is not expected here", self._now.at)
        return node

    @property
    def _now(self) -> Token:
        return self.tokens[self.at]

    def _take(self, text: str) -> None:
        if self._now.text != text:
            found = self._now.text or "the end"
            raise _error(f"expected {text!r}, found {found!r}", self._now.at)
        self.at += 1

    def _count(self, depth: int) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _error(f"more than {MAX_NODES} parts", self._now.at)
        if depth > MAX_DEPTH:
            raise _error(f"nested deeper than {MAX_DEPTH}", self._now.at)

    def _choice(self, depth: int) -> Node:
        self._count(depth)
        condition = self._infix(1, depth)
        if self._now.text != "?":
            return condition
        self.at += 1
        yes = self._choice(depth + 1)
        self._take(":")
        return Call("where", (condition, yes, self._choice(depth + 1)))

    def _infix(self, weakest: int, depth: int) -> Node:
        left = self._prefix(depth)
        while self._now.kind == "sign" and self._now.text in _BINARY:
            strength, name = _BINARY[self._now.text]
            if strength < weakest:
                break
            self.at += 1
            self._count(depth)
            # A power groups to the right, everything else to the left.
            right = self._infix(strength if name == "power" else strength + 1, depth + 1)
            left = Call(name, (left, right))
        return left

    def _prefix(self, depth: int) -> Node:
        self._count(depth)
        token = self._now
        self.at += 1
        if token.text == "-":
            inner = self._infix(_UNARY, depth + 1)
            return Number(-inner.value) if isinstance(inner, Number) else Call("negative", (inner,))
        if token.text == "+":
            return self._infix(_UNARY, depth + 1)
        if token.text == "(":
            inner = self._choice(depth + 1)
            self._take(")")
            return inner
        if token.kind == "number":
            value = float(token.text)
            if value > LARGEST:
                raise _error(f"{token.text} is larger than {LARGEST:g}", token.at)
            return Number(value)
        if token.kind == "name" and self._now.text == "(":
            return self._call(token, depth)
        if token.kind in ("name", "field"):
            return _field(token)
        raise _error(f"expected a value, found {token.text or 'the end'!r}", token.at)

    def _call(self, token: Token, depth: int) -> Node:
        self._take("(")
        given: list[tuple[Node, int]] = []
        while self._now.text != ")":
            if given:
                self._take(",")
            at = self._now.at
            given.append((self._choice(depth + 1), at))
        self._take(")")
        return _called(self._operator(token, len(given)), token, given)

    def _operator(self, token: Token, arity: int) -> str:
        name = token.text.lower()
        if self.qlib and name in NOT_QLIB:
            raise _error(f"{token.text!r} is another figure in qlib: write decay_linear", token.at)
        if name in QLIB:
            if not self.qlib:
                raise _error(f"{name!r} may mean two things: write ts_{name} or larger/smaller", token.at)
            return QLIB[name]
        name = SPELLINGS.get(name, name)
        if name == "rank" and arity == 2:
            return "ts_rank"
        if name not in OPERATORS:
            raise _error(f"no operator {token.text!r}: {nearest(name, OPERATORS)}", token.at)
        return name


def _called(name: str, token: Token, given: list[tuple[Node, int]]) -> Call:
    kinds = OPERATORS[name].kinds
    if len(given) != len(kinds):
        raise _error(f"{token.text} takes {len(kinds)} arguments, not {len(given)}", token.at)
    if kinds[-1] == "x":
        return Call(name, tuple(node for node, _ in given))
    node, at = given[-1]
    if not isinstance(node, Number) or not node.value.is_integer():
        raise _error(f"{token.text} takes a whole number of days", at)
    days = int(node.value)
    if not (1 if kinds[-1] == "d" else -LONGEST) <= days <= LONGEST:
        raise _error(f"{days} days; allowed are {'1' if kinds[-1] == 'd' else -LONGEST} to {LONGEST}", at)
    return Call(name, tuple(node for node, _ in given[:-1]), days)


_ADV = re.compile(r"adv([1-9]\d{0,2})", re.ASCII)


def _field(token: Token) -> Node:
    name = token.text.lstrip("$").lower()
    if name in FIELDS:
        return Field(name)
    if name in ("returns", "ret"):
        return Call("pct_change", (Field("close"),), 1)
    average = _ADV.fullmatch(name)
    if average:
        return Call("ts_mean", (Field("volume"),), int(average[1]))
    raise _error(f"no field {token.text!r}: {nearest(name, dict.fromkeys(FIELDS))}", token.at)


@functools.lru_cache(maxsize=4096)
def parse(text: str) -> Node:
    """The tree of an expression.

    Raises:
        ExpressionError: It is not one, uses an unknown name, or exceeds a bound.

    Examples:
        >>> parse("close / delay(close, 5) - 1").operator
        'subtract'
    """
    return Parser(text).expression()


def fields_of(node: Node) -> frozenset[str]:
    """Fields that the expression reads."""
    if isinstance(node, Field):
        return frozenset((node.name,))
    if isinstance(node, Number):
        return frozenset()
    return frozenset().union(*(fields_of(argument) for argument in node.arguments))


def reach(node: Node) -> float:
    """Days after its own that a value may depend on: above 0 it looks ahead.

    A bound from the tree alone: 0 or less proves that the expression is causal.

    Returns:
        Whole days; infinity where all rows are read.

    Examples:
        >>> reach(parse("delay(close, -5) / close")), reach(parse("ts_mean(delay(close, 1), 5)"))
        (5.0, -1.0)
    """
    if not isinstance(node, Call):
        return 0.0
    inner = max(reach(argument) for argument in node.arguments)
    if OPERATORS[node.operator].whole_sample:
        return math.inf
    if node.operator == "delay":
        return inner - (node.days or 0)
    if node.operator in ("delta", "pct_change"):
        return inner + max(0, -(node.days or 0))
    return inner


def size(node: Node) -> int:
    """Calls in the tree: the series that an evaluation makes."""
    return 1 + sum(size(argument) for argument in node.arguments) if isinstance(node, Call) else 0


def work(node: Node) -> int:
    """Numbers read for one value: windows count their days."""
    if not isinstance(node, Call):
        return 1
    own = node.days if OPERATORS[node.operator].kinds[-1] == "d" and node.days else 1
    return own + sum(work(argument) for argument in node.arguments)
