r"""Linear systems: does an equation follow from, or contradict, the equations written before it?

Premises are the linear equations of the problem and of the earlier steps. A step's equation that
follows from them (no solution of the premises breaks it) HOLDS; one that no solution of the
premises meets FAILS. Equations that are merely new are UNKNOWN.

Nothing is refuted where a letter may stand for several things: steps and problems that set
values to try, split cases, speak of lines, curves or remainders, or change what a letter means.

Not checked: whether the premises state the problem rightly, inequalities, products of unknowns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from prmkit.contracts import Finding
from prmkit.types import Claim, Code, Problem, Scope, Trajectory, Verdict
from prmkit.verify.bring import bring
from prmkit_math.verifiers.equations import Side, chains
from prmkit_math.verifiers.rational import TooLargeError, quotient

if TYPE_CHECKING:
    import z3

STEPS_LIMIT = 100_000
"""z3 resource limit of one question: work, not time."""
MAX_PREMISES = 30
MAX_CLAIMS = 10

_HYPOTHESIS = re.compile(
    r"\b(?:if|suppos\w*|assum\w*|let|case\w*|when\w*|try\w*|guess\w*|test\w*|for|plug\w*|substitut\w*|either|or|"
    r"would|could|possib\w*|instead|check\w*|choos\w*|pick\w*|tak\w*|set\w*|interval\w*|at|contradict\w*|invalid|also|no|sums?|valid|from|correct\w*|rather|appl\w*|rewrit\w*|confirm\w*|verif\w*|example|not|wrong\w*|incorrect\w*|mistake|unless|minimum|maximum)\b|\\ne|≠|\\pm",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    r"\b(?:lines?|graphs?|slopes?|functions?|parabolas?|curves?|planes?|axis|axes|intercepts?|tangents?|circles?|"
    r"perpendicular|mod|modulo|remainder|congruent|base|sequences?|inverse|asymptotes?|polynomials?|vectors?|"
    r"coordinates?|points?|roots?|solutions|values|vertex|directrix|ellipse|hyperbola|recursive|digits?)\b",
    re.IGNORECASE,
)

_GOES_ON = re.compile(r"\s*(?:[A-Za-z]+\s){1,3}\s*[-+*/×÷^]")
_WORD_BEFORE = re.compile(r"[A-Za-z]\s*$")
_NOUN_BEFORE = re.compile(r"[0-9]\s+[A-Za-z]+\s*$")
"""An ``x`` that follows is a sign of multiplication."""
_LIST = re.compile(r"[\s$\\()\[\]]*(?:,|;|,?\s*\b(?:and|or)\b)[\s$\\()\[\]]*")

Linear = tuple[tuple[tuple[str, Fraction], ...], Fraction]
"""Coefficients by variable, and what they sum to."""
Earlier = tuple[int, Linear]
"""Number of a step and an equation it states."""


class LinearSystems:
    """Judges linear equations against the ones before them."""

    name = "math/linear"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ("z3",)

    def warm(self) -> None:
        """Bring z3 in."""
        bring("z3")

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        scored = [step.text for step in trajectory.steps if step.role != "observe"]
        if _SEVERAL.search(problem.text):
            return [_silent("letters may stand for several things")] * len(scored)
        stated = linear_equations(problem.text)
        given = [equation for _, _, equation in stated]
        said = {_plain(left, right) for left, right, _ in stated}
        earlier: list[Earlier] = []
        return [_step(number, text, given, earlier, said) for number, text in enumerate(scored)]


def _silent(reason: str, code: Code = Code.NOT_APPLICABLE) -> Finding:
    return Finding(Verdict.UNKNOWN, reason, code)


def linear_equations(text: str) -> list[tuple[Side, Side, Linear]]:
    """The linear equations between neighbouring sides, each with at least one variable.

    Examples:
        >>> linear_equations("So $2a + b = 10$.")[0][2][1]
        Fraction(10, 1)
    """
    found = []
    for chain in chains(text):
        for left, right, relation in zip(chain.sides, chain.sides[1:], chain.relations, strict=False):
            if relation == "=" and not _cut(text, left, right) and (equation := _linear(left, right)):
                found.append((left, right, equation))
    return found


def _cut(text: str, left: Side, right: Side) -> bool:
    """Whether prose stands inside the equation, as in ``x = 72 pens / 3``."""
    before, after = text[max(0, left.start - 40) : left.start], text[right.end : right.end + 40]
    if _GOES_ON.match(after):
        return True
    opening = left.text.lstrip()[:1]
    return bool(opening == "-" and _WORD_BEFORE.search(before)) or bool(
        opening in ("x", "X") and _NOUN_BEFORE.search(before)
    )


def _linear(left: Side, right: Side) -> Linear | None:
    if left.node is None or right.node is None or not (left.node.variables | right.node.variables):
        return None
    if left.node.kind == "variable" and left.node.name in right.node.variables:
        return None  # "V = 0.2 V": a unit, or a recursion
    try:
        (a, b), (c, d) = quotient(left.node), quotient(right.node)
    except TooLargeError:
        return None
    if any(b) or any(d) or not b or not d:
        return None
    coefficients: dict[str, Fraction] = {}
    total = Fraction(0)
    for polynomial, factor in ((a, 1 / b[()]), (c, -1 / d[()])):
        for monomial, value in polynomial.items():
            if not monomial:
                total -= value * factor
            elif len(monomial) == 1 and monomial[0][1] == 1 and ":" not in monomial[0][0]:
                name = monomial[0][0]
                coefficients[name] = coefficients.get(name, Fraction(0)) + value * factor
            else:
                return None
    kept = tuple(sorted((name, value) for name, value in coefficients.items() if value))
    return (kept, total) if kept and not {name for name, _ in kept} & {"pi", "i", "e"} else None


def _plain(left: Side, right: Side) -> str:
    return re.sub(r"\s", "", f"{left.text}={right.text}")


def _step(number: int, text: str, given: Sequence[Linear], earlier: list[Earlier], said: set[str]) -> Finding:
    equations = linear_equations(text)[:MAX_CLAIMS]
    if not equations:
        return _silent("no linear equation was read")
    hypothetical = bool(_HYPOTHESIS.search(text) or _SEVERAL.search(text))
    claims: list[Claim] = []
    end = 0
    for left, right, equation in equations:
        listed = end > 0 and len(equation[0]) > 1 and bool(_LIST.fullmatch(text[end : left.start]))
        end = right.end
        derived = [one for _, one in earlier]
        if _plain(left, right) in said:
            continue
        said.add(_plain(left, right))
        near = bool(earlier) and number - earlier[-1][0] <= 1 and not listed
        verdict = _against(given, derived, equation, near)
        if verdict is Verdict.FAILS and (hypothetical or "." in left.text + right.text):
            return _silent("an equation that may be a hypothesis, or rounded")
        if verdict is not Verdict.UNKNOWN:
            claims.append(_claim(left, right, verdict))
        if not hypothetical:
            earlier.append((number, equation))
            del earlier[:-MAX_PREMISES]
    if not claims:
        return _silent("no equation follows from those before it")
    wrong = [claim for claim in claims if claim.verdict is Verdict.FAILS]
    shown = wrong[0] if wrong else claims[-1]
    return Finding(shown.verdict, shown.reason, claims=tuple(claims))


def _against(given: Sequence[Linear], derived: Sequence[Linear], equation: Linear, near: bool) -> Verdict:
    """HOLDS when all premises together imply it; FAILS when it contradicts the equation just before it.

    What follows from some earlier equation is never refuted: the mistake, if any, stands there.
    """
    if judge([*given, *derived], equation) is Verdict.HOLDS:
        return Verdict.HOLDS
    if not near or any(judge([one], equation) is Verdict.HOLDS for one in derived):
        return Verdict.UNKNOWN
    last = derived[-1]
    if _is_value(last) and _is_value(equation):
        return Verdict.UNKNOWN
    return Verdict.FAILS if judge([last], equation) is Verdict.FAILS else Verdict.UNKNOWN


def _is_value(equation: Linear) -> bool:
    """Whether it gives one variable a value: two values may be two solutions."""
    return len(equation[0]) == 1 and abs(equation[0][0][1]) == 1


def judge(premises: Sequence[Linear], equation: Linear) -> Verdict:
    """HOLDS when ``equation`` follows, FAILS when it contradicts, UNKNOWN otherwise.

    Examples:
        >>> a_b, a_minus_b = ((("a", 1), ("b", 1)), 10), ((("a", 1), ("b", -1)), 2)
        >>> judge([a_b, a_minus_b], ((("a", 1),), 6)), judge([a_b, a_minus_b], ((("a", 1),), 5))
        (<Verdict.HOLDS: 'HOLDS'>, <Verdict.FAILS: 'FAILS'>)
    """
    related = _connected(premises, {name for name, _ in equation[0]})
    if not related:
        return Verdict.UNKNOWN
    z3 = bring("z3")
    solver = z3.SolverFor("QF_LRA")
    solver.set("rlimit", STEPS_LIMIT)
    for premise in related:
        solver.add(_to_z3(premise))
    claim = _to_z3(equation)
    if solver.check(claim) == z3.unsat:
        # Contradictory premises refute everything and so nothing.
        return Verdict.FAILS if solver.check() == z3.sat else Verdict.UNKNOWN
    return Verdict.HOLDS if solver.check(z3.Not(claim)) == z3.unsat else Verdict.UNKNOWN


def _connected(premises: Sequence[Linear], names: set[str]) -> list[Linear]:
    related: list[Linear] = []
    reached, left = set(names), list(premises)
    while True:
        near = [one for one in left if reached & {name for name, _ in one[0]}]
        if not near:
            return related
        related += near
        left = [one for one in left if one not in near]
        reached |= {name for one in near for name, _ in one[0]}


def _to_z3(equation: Linear) -> z3.BoolRef:
    z3 = bring("z3")
    terms = [z3.Q(value.numerator, value.denominator) * z3.Real(name) for name, value in equation[0]]
    return z3.Sum(terms) == z3.Q(equation[1].numerator, equation[1].denominator)


def _claim(left: Side, right: Side, verdict: Verdict) -> Claim:
    shown = f"{left.text.strip()} = {right.text.strip()}"[:200]
    word = "follows from" if verdict is Verdict.HOLDS else "contradicts"
    return Claim(left.start, right.end, verdict, f"{shown} {word} the equations before it")
