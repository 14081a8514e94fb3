"""Formulas of propositional and monadic first-order logic: parsing, grounding, entailment.

Understood: ``&  ∧  ^  and``, ``v  ∨  |  or``, ``->  →  ⊃``, ``¬  ~  !  not``, brackets, atoms such as
``A``, ``P1`` or ``{A}``, predicates of one place ``{A}{b}`` or ``A(b)``, and one universal variable
``(x): {A}x -> {B}x``. Quantifiers stand in front only, so grounding over the constants that
occur (plus one fresh one) is complete.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from prmkit.verify.bring import bring

if TYPE_CHECKING:
    import z3

MAX_FORMULA = 2000
"""Longest formula read, characters."""
MAX_DEPTH = 60
"""Deepest nesting read."""
STEPS_LIMIT = 200_000
"""z3 resource limit of one question: work, not time, so verdicts do not depend on the machine."""

_TOKEN = re.compile(
    r"\s+|\(x\)\s*:|->|→|⊃|[()¬~!&∧^|∨]|\{(?P<braced>[A-Za-z][A-Za-z0-9_]*)\}|(?P<word>[A-Za-z][A-Za-z0-9_]*)"
)
_SAME = {"∧": "&", "^": "&", "and": "&", "∨": "|", "v": "|", "or": "|", "→": "->", "⊃": "->"}
_SAME |= {"~": "¬", "!": "¬", "not": "¬"}

Operator = Literal["atom", "¬", "&", "|", "->", "all"]
VARIABLE = "x"


class FormulaError(ValueError):
    """The text is not a formula of the fragment above."""


@dataclass(frozen=True, slots=True)
class Formula:
    """One node of a formula."""

    operator: Operator
    name: str = ""
    """Predicate of an atom."""
    term: str = ""
    """Constant or variable of an atom of one place; empty for a proposition."""
    parts: tuple[Formula, ...] = ()

    def __invert__(self) -> Formula:
        """The negation."""
        return Formula("¬", parts=(self,))

    def atoms(self) -> Iterator[Formula]:
        """All atoms below, repetitions included."""
        if self.operator == "atom":
            yield self
        for part in self.parts:
            yield from part.atoms()

    def at(self, constant: str) -> Formula:
        """The formula with its variable replaced, without the quantifier."""
        if self.operator == "all":
            return self.parts[0].at(constant)
        if self.operator == "atom":
            return Formula("atom", self.name, constant) if self.term == VARIABLE else self
        return Formula(self.operator, parts=tuple(part.at(constant) for part in self.parts))


def atom(name: str, term: str = "") -> Formula:
    """An atomic formula."""
    return Formula("atom", name, term)


def every(left: Formula, right: Formula) -> Formula:
    """For all x: ``left`` implies ``right``."""
    return Formula("all", parts=(Formula("->", parts=(left, right)),))


def parse(text: str) -> Formula:
    """Read one formula.

    Raises:
        FormulaError: It is too long, too deep or malformed.

    Examples:
        >>> parse("C -> (B & ¬A)").operator
        '->'
    """
    if len(text) > MAX_FORMULA:
        raise FormulaError("formula too long")
    tokens: list[tuple[str, bool]] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise FormulaError(f"unexpected {text[at]!r}")
        word, at = match.group(), match.end()
        braced = match["braced"]
        if braced:
            tokens.append((braced, True))
        elif word.startswith("(x)"):
            tokens.append(("all", False))
        elif not word.isspace():
            same = _SAME.get(word, word)
            tokens.append((same, same[0].isalpha()))
    reader = _Reader(tokens)
    found = reader.implication(0)
    if reader.at != len(tokens):
        raise FormulaError("text after the end of the formula")
    if any(part.operator == "all" for part in found.parts if found.operator != "all"):
        raise FormulaError("a quantifier below another operator")
    return found


class _Reader:
    def __init__(self, tokens: list[tuple[str, bool]]) -> None:
        self.tokens = tokens
        self.at = 0

    def peek(self) -> tuple[str, bool]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("", False)

    def take(self) -> tuple[str, bool]:
        token = self.peek()
        self.at += 1
        return token

    def implication(self, depth: int) -> Formula:
        if depth > MAX_DEPTH:
            raise FormulaError("formula too deep")
        left = self.chain("|", depth)
        if self.peek() == ("->", False):
            self.take()
            return Formula("->", parts=(left, self.implication(depth + 1)))
        return left

    def chain(self, operator: Literal["|", "&"], depth: int) -> Formula:
        parts = [self.chain("&", depth) if operator == "|" else self.unary(depth)]
        while self.peek() == (operator, False):
            self.take()
            parts.append(self.chain("&", depth) if operator == "|" else self.unary(depth))
        return parts[0] if len(parts) == 1 else Formula(operator, parts=tuple(parts))

    def unary(self, depth: int) -> Formula:
        if depth > MAX_DEPTH:
            raise FormulaError("formula too deep")
        word, name = self.take()
        if word == "¬":
            return ~self.unary(depth + 1)
        if word == "all" and not name:
            return Formula("all", parts=(self.implication(depth + 1),))
        if word == "(":
            inside = self.implication(depth + 1)
            if self.take() != (")", False):
                raise FormulaError("bracket not closed")
            return inside
        if not name:
            raise FormulaError(f"unexpected {word!r}")
        return atom(word, self.term())

    def term(self) -> str:
        word, name = self.peek()
        if name and (word == VARIABLE or word[0].islower()):
            self.take()
            return word
        if word == "(" and self.tokens[self.at + 1 : self.at + 3][1:] == [(")", False)]:
            self.take()
            constant, is_name = self.take()
            self.take()
            if not is_name:
                raise FormulaError("empty argument")
            return constant
        return ""


def entails(assumptions: Sequence[Formula], goal: Formula) -> bool | None:
    """Whether ``goal`` follows: the assumptions with its negation are unsatisfiable.

    Returns:
        True, False, or None when the resource limit was reached.

    Source: labelling rule of FoVer, arXiv 2505.15960.

    Examples:
        >>> entails([parse("C -> (B & ¬A)"), parse("C")], parse("¬A"))
        True
    """
    return _unsatisfiable([*assumptions, ~goal.at("*")])


def consistent(assumptions: Sequence[Formula]) -> bool:
    """Whether no contradiction is found among ``assumptions``."""
    return _unsatisfiable(assumptions) is not True


def _unsatisfiable(formulas: Sequence[Formula]) -> bool | None:
    constants = {leaf.term for one in formulas for leaf in one.atoms()} - {VARIABLE, ""} or {"*"}
    z3 = bring("z3")
    solver = z3.SolverFor("QF_FD")
    solver.set("rlimit", STEPS_LIMIT)
    for one in formulas:
        for constant in sorted(constants) if one.operator == "all" else ("",):
            solver.add(_to_z3(one.at(constant) if constant else one))
    answer = solver.check()
    return None if answer == z3.unknown else answer == z3.unsat


def _to_z3(one: Formula) -> z3.BoolRef:
    z3 = bring("z3")
    if one.operator == "atom":
        return z3.Bool(f"{one.name}({one.term})")
    parts = [_to_z3(part) for part in one.parts]
    if one.operator == "¬":
        return z3.Not(parts[0])
    if one.operator == "->":
        return z3.Implies(*parts)
    return z3.And(*parts) if one.operator == "&" else z3.Or(*parts)
