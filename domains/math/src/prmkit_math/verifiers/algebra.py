r"""Algebraic text to expression trees: own tokens, own parser, nothing is ever evaluated as code.

Read: numbers, one-letter variables with subscripts, Greek letters, ``+ - * / ^``, juxtaposition,
brackets, ``\frac``, ``\sqrt``, ``\sin \cos \tan \ln \log_b``, ``\pi``. Everything else (words,
factorials, sums, matrices, bars, primes, ``f(x)``) makes the side unreadable, never wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

MAX_SIDE = 600
"""Longest side of an equation read, characters."""
MAX_DEPTH = 40
"""Deepest nesting read."""
MAX_DIGITS = 30
"""Longest number read, digits."""

Kind = Literal["number", "variable", "+", "*", "/", "^", "-", "call", "constant"]

TOKEN = re.compile(
    r"(?P<space>(?:\s|~|\\[,;:! ]|\\q?quad\b|\\displaystyle\b|\\left\b|\\right\b|\\[bB]igg?[lr]?\b|&)+)"
    r"|(?P<number>(?:[0-9]{1,3}(?:(?:,|\{,\}|\\!,|,\\!)[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+)"
    r"|(?P<dots>\.{2,}|…)"
    r"|(?P<newline>\\\\)"
    r"|(?P<command>\\[A-Za-z]+|\\.)"
    r"|(?P<word>[A-Za-z]{2,})"
    r"|(?P<letter>[A-Za-zα-ωΑ-Ω])"
    r"|(?P<sign>[-+*/^=(){}\[\]_.,;:|!<>'%$·×÷−√π²³≤≥≠≈])"
    r"|(?P<other>.)",
    re.DOTALL,
)
_SIGNS = {"·": "*", "×": "*", "÷": "/", "−": "-", "\\cdot": "*", "\\times": "*", "\\div": "/", "\\ast": "*"}
_OPEN = {"(": ")", "{": "}", "[": "]", "\\{": "\\}"}
_FRACTIONS = frozenset({"\\frac", "\\dfrac", "\\tfrac", "\\cfrac"})
CALLS = frozenset({"\\sin", "\\cos", "\\tan", "\\cot", "\\sec", "\\csc", "\\ln"})
GREEK = frozenset(
    "\\" + name
    for name in (
        "alpha",
        "beta",
        "gamma",
        "delta",
        "theta",
        "lambda",
        "mu",
        "phi",
        "rho",
        "sigma",
        "tau",
        "omega",
    )
)
FUNCTION_LETTERS = frozenset("fghpqFGHPQRSTUVAB")
"""A bracket after one of these reads as an argument, not as a product."""
TWO_LETTERS = re.compile(r"xy|xz|yz|ab|ac|bc|mn|pq|rs|rt|kx|mx|ax|bx|cx|ay|nx|rh|lw|xyz|abc")
"""Runs of letters that are products of variables, not words."""


class UnreadableError(ValueError):
    """The text is outside the fragment above."""


@dataclass(frozen=True, slots=True)
class Node:
    """One node of an expression."""

    kind: Kind
    name: str = ""
    value: Fraction = field(default=Fraction(0))
    parts: tuple[Node, ...] = ()

    def walk(self) -> Iterator[Node]:
        """This node and all below."""
        yield self
        for part in self.parts:
            yield from part.walk()

    @property
    def variables(self) -> frozenset[str]:
        """Names of the variables below."""
        return frozenset(node.name for node in self.walk() if node.kind == "variable")


def number(value: Fraction | int) -> Node:
    """A number."""
    return Node("number", value=Fraction(value))


def tokens(text: str) -> list[tuple[str, str]]:
    """(kind, text) of every token but white space."""
    return [
        (match.lastgroup or "other", match.group())
        for match in TOKEN.finditer(text)
        if match.lastgroup != "space"
    ]


def read(text: str) -> Node:
    r"""The tree of one side of an equation.

    Raises:
        UnreadableError: The text is longer, deeper or other than what is read.

    Examples:
        >>> sorted(read(r"2x(y+1) - \frac{x}{3}").variables)
        ['x', 'y']
    """
    if len(text) > MAX_SIDE:
        raise UnreadableError("too long")
    reader = _Reader(tokens(text))
    found = reader.sum(0)
    if reader.at < len(reader.tokens):
        raise UnreadableError(f"unexpected {reader.peek()!r}")
    return found


class _Reader:
    """Precedence: sum, product (with juxtaposition), sign, power, atom."""

    def __init__(self, found: list[tuple[str, str]]) -> None:
        self.tokens = found
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def kind(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def sign(self) -> str:
        return _SIGNS.get(self.peek(), self.peek())

    def expect(self, wanted: str) -> None:
        if self.peek() != wanted:
            raise UnreadableError(f"expected {wanted!r}, got {self.peek()!r}")
        self.at += 1

    def sum(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise UnreadableError("too deep")
        parts = [self.product(depth)]
        while self.sign() in ("+", "-"):
            negative = self.sign() == "-"
            self.at += 1
            part = self.product(depth)
            parts.append(Node("-", parts=(part,)) if negative else part)
        return parts[0] if len(parts) == 1 else Node("+", parts=tuple(parts))

    def product(self, depth: int) -> Node:
        left = self.signed(depth)
        while True:
            if self.sign() in ("*", "/"):
                kind: Literal["*", "/"] = "*" if self.sign() == "*" else "/"
                self.at += 1
                slashed = kind == "/"
                right = self.signed(depth)
                if slashed and self.starts_atom():
                    raise UnreadableError("1/2x has two readings")
                left = Node(kind, parts=(left, right))
            elif self.starts_atom():
                left = Node("*", parts=(left, self.power(depth)))
            else:
                return left

    def starts_atom(self) -> bool:
        kind, text = self.kind(), self.peek()
        if kind == "letter":
            return True
        if kind == "number":
            raise UnreadableError("a number right after something: index, exponent or factor")
        if kind == "word":
            return bool(TWO_LETTERS.fullmatch(text))
        if text in _FRACTIONS and self.tokens[self.at - 1][0] == "number" and self._digits_after():
            raise UnreadableError("a mixed number, or a product")
        return (
            text in ("(", "[", "π", "√", "\\pi", "\\sqrt", "\\log", "\\{")
            or text in _FRACTIONS
            or text in CALLS
            or text in GREEK
        )

    def _digits_after(self) -> bool:
        return "".join(text for _, text in self.tokens[self.at + 1 : self.at + 3]).strip("{").isdigit()

    def signed(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise UnreadableError("too deep")
        if self.sign() == "-":
            self.at += 1
            return Node("-", parts=(self.signed(depth + 1),))
        if self.sign() == "+":
            self.at += 1
            return self.signed(depth + 1)
        return self.power(depth)

    def power(self, depth: int) -> Node:
        base = self.atom(depth)
        if self.peek() in ("²", "³"):
            exponent = number(2 if self.peek() == "²" else 3)
            self.at += 1
            return Node("^", parts=(base, exponent))
        if self.peek() == "^" or (self.peek() == "*" and self._double_star()):
            self.at += 1 if self.peek() == "^" else 2
            if self.peek() == "\\circ" or self.peek() == "'":
                raise UnreadableError("degrees and primes are not read")
            return Node("^", parts=(base, self.exponent(depth + 1)))
        return base

    def _double_star(self) -> bool:
        return self.at + 1 < len(self.tokens) and self.tokens[self.at + 1][1] == "*"

    def exponent(self, depth: int) -> Node:
        if self.peek() in _OPEN:
            if self._circle():
                raise UnreadableError("degrees are not read")
            return self.group(depth)
        if self.sign() == "-":
            self.at += 1
            return Node("-", parts=(self.atom(depth),))
        if self.kind() == "number" and len(self.peek()) > 1 and self._in_latex():
            raise UnreadableError("x^12 in LaTeX has two readings")
        return self.power(depth)

    def _circle(self) -> bool:
        return self.at + 1 < len(self.tokens) and self.tokens[self.at + 1][1] == "\\circ"

    def _in_latex(self) -> bool:
        return any(kind == "command" for kind, _ in self.tokens)

    def group(self, depth: int) -> Node:
        closing = _OPEN[self.peek()]
        self.at += 1
        inside = self.sum(depth + 1)
        self.expect(closing)
        return inside

    def argument(self, depth: int) -> Node:
        r"""What ``\frac`` and ``\sqrt`` take: a group, or one digit or letter."""
        if self.peek() == "{":
            return self.group(depth)
        kind, text = self.kind(), self.peek()
        if kind == "number" and len(text) == 1:
            self.at += 1
            return number(int(text))
        after_fraction = self.tokens[self.at - 1][1] in _FRACTIONS
        if kind == "number" and text.isdigit() and len(text) == 2 and after_fraction:
            # \frac12: two arguments in one token.
            self.tokens[self.at : self.at + 1] = [("number", text[0]), ("number", text[1])]
            self.at += 1
            return number(int(text[0]))
        if kind == "letter":
            self.at += 1
            return Node("variable", text)
        raise UnreadableError(f"no argument: {text!r}")

    def atom(self, depth: int) -> Node:
        kind, text = self.kind(), self.peek()
        if kind == "number":
            return self._number(text)
        if kind == "letter" or text in GREEK:
            self.at += 1
            if text == "π":
                return Node("constant", "pi")
            return self._variable(text)
        if kind == "word" and TWO_LETTERS.fullmatch(text):
            self.at += 1
            if self.peek() in ("(", "_", "^"):
                raise UnreadableError("letters before a bracket may be a name")
            return Node("*", parts=tuple(Node("variable", letter) for letter in text))
        if text in ("(", "[", "{", "\\{"):
            return self.group(depth)
        if text in _FRACTIONS:
            self.at += 1
            top = self.argument(depth)
            return Node("/", parts=(top, self.argument(depth)))
        if text in ("\\sqrt", "√"):
            return self._root(depth)
        if text == "\\pi":
            self.at += 1
            return Node("constant", "pi")
        if text in CALLS or text == "\\log":
            return self._call(depth)
        raise UnreadableError(f"unexpected {text!r}")

    def _number(self, text: str) -> Node:
        self.at += 1
        digits = re.sub(r"[^0-9.]", "", text)
        if len(digits) > MAX_DIGITS or self.peek() == "_":
            raise UnreadableError("a long number, or one in another base")
        return number(Fraction(digits))

    def _variable(self, letter: str) -> Node:
        name = letter
        if self.peek() == "_":
            self.at += 1
            if self.peek() == "{":
                inside: list[str] = []
                self.at += 1
                while self.peek() not in ("}", ""):
                    inside.append(self.peek())
                    self.at += 1
                self.expect("}")
                name += "_" + "".join(inside)
            elif self.kind() in ("number", "letter"):
                name += "_" + self.peek()
                self.at += 1
            else:
                raise UnreadableError("subscript")
        if self.peek() == "'":
            raise UnreadableError("primes are not read")
        if self.peek() == "(" and (letter in FUNCTION_LETTERS or self._single_argument()):
            raise UnreadableError(f"{letter}(...) may be a function")
        return Node("variable", name)

    def _single_argument(self) -> bool:
        return self.at + 2 < len(self.tokens) and self.tokens[self.at + 2][1] == ")"

    def _root(self, depth: int) -> Node:
        self.at += 1
        order = number(2)
        if self.peek() == "[":
            order = self.group(depth)
        elif self.peek() == "(":
            return Node("call", "root", parts=(self.group(depth), order))
        return Node("call", "root", parts=(self.argument(depth), order))

    def _call(self, depth: int) -> Node:
        name = self.peek()[1:]
        self.at += 1
        base: Node | None = None
        if name == "log":
            if self.peek() != "_":
                raise UnreadableError("a logarithm without base")
            self.at += 1
            base = self.argument(depth)
        exponent: Node | None = None
        if self.peek() == "^":
            self.at += 1
            exponent = self.exponent(depth)
            if exponent.kind != "number" or exponent.value < 0:
                raise UnreadableError("inverse functions are not read")
        inside = self.group(depth) if self.peek() in ("(", "{", "[") else self._tight(depth)
        found = Node("call", name, parts=(inside,) if base is None else (inside, base))
        return found if exponent is None else Node("^", parts=(found, exponent))

    def _tight(self, depth: int) -> Node:
        r"""The argument of a function without brackets: ``2x``, ``\\theta``."""
        found: Node | None = None
        while self.kind() in ("number", "letter") or self.peek() in GREEK or self.peek() in ("\\pi", "π"):
            part = self.power(depth)
            found = part if found is None else Node("*", parts=(found, part))
        if found is None:
            raise UnreadableError("a function without argument")
        return found
