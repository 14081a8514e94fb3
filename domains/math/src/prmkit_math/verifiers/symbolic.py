r"""Algebraic identities: is ``(x+1)^2 = x^2+2x+1`` true for all values of its variables?

An equation between expressions is not always meant as an identity: ``2x+1 = x+5`` is to be
solved, ``y = 2x`` defines. A confirmed identity HOLDS wherever it stands. A refuted one FAILS only
where it must have been meant as one: (a) a later link of a chain ``f = A = B`` whose earlier links
hold or start from a name, with the same variables on both sides, or (b) a chain that begins with
the very expression the problem asks to rewrite. All other unequal pairs are UNKNOWN.

Not checked: equations without variables (``math/expression_chain``), equations to be solved
(``math/linear``), complex and vector quantities, functions ``f(x)``, sums, integrals.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from prmkit.contracts import Finding
from prmkit.types import Claim, Code, Problem, Scope, Trajectory, Verdict
from prmkit_math.verifiers.algebra import Node
from prmkit_math.verifiers.equations import Chain, Side, chains
from prmkit_math.verifiers.identity import identical

MAX_CLAIMS = 12
"""Equations looked at per step."""
LEAST_NODES = 6
"""Shorter pairs, such as ``a + 1 = 2a``, may give a value."""

_NOT_PLAIN = frozenset({"i", "e", "d", "\\omega", "I", "j"})
"""Names that may be constants: nothing with them is refuted."""
_CONDITION = re.compile(
    r"\b(?:assum|suppos|given that|satisf|condition|matri|vector|mod\b|modulo|base)", re.IGNORECASE
)
_REWRITE = re.compile(r"\b(?:simplif|expand|factor|evaluat|comput|rewrite|multiply|combine)", re.IGNORECASE)
_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}")
_OPERATOR = re.compile(r"[-+*/^=<>]|\\(?:frac|dfrac|cdot|times|sqrt)")
_SPACE = re.compile(r"\s|\\left|\\right|\\,|\\!|\$")


class Symbolic:
    """Judges identities with variables."""

    name = "math/symbolic"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ("sympy",)

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        asked = _asked(problem.text)
        stated = _stated(problem.text)
        findings = []
        for step in trajectory.steps:
            if step.role != "observe":
                findings.append(_finding(step.text, asked, stated))
                stated |= _stated(step.text)
        return findings


def _plain(text: str) -> str:
    return _SPACE.sub("", text)


def _asked(text: str) -> frozenset[str]:
    """Expressions that the problem asks to rewrite: alone in their marks, and with variables."""
    if not _REWRITE.search(text):
        return frozenset()
    return frozenset(
        _plain(chain.sides[0].text)
        for chain in chains(text)
        if len(chain.sides) == 1 and chain.sides[0].node is not None and _compound(chain.sides[0].node)
    )


def _stated(text: str) -> set[str]:
    """Sides of the equations written in ``text``: they may be conditions later on."""
    return {_plain(side.text) for chain in chains(text) if len(chain.sides) == 2 for side in chain.sides}


def _compound(node: Node) -> bool:
    return node.kind not in ("number", "variable", "constant") and bool(node.variables)


def _finding(text: str, asked: frozenset[str], stated: set[str]) -> Finding:
    if "=" not in text:
        return Finding(Verdict.UNKNOWN, "no equation", Code.NOT_APPLICABLE)
    refutable = not _CONDITION.search(text)
    judged = (_judged(chain, asked, stated if refutable else None) for chain in chains(text))
    claims = list(itertools.islice(itertools.chain.from_iterable(judged), MAX_CLAIMS))
    wrong = [claim for claim in claims if claim.verdict is Verdict.FAILS]
    if wrong:
        return Finding(Verdict.FAILS, wrong[0].reason, claims=tuple(claims))
    if claims:
        return Finding(Verdict.HOLDS, f"{len(claims)} identities confirmed", claims=tuple(claims))
    return Finding(Verdict.UNKNOWN, "no identity with variables was read", Code.NOT_APPLICABLE)


def _judged(chain: Chain, asked: frozenset[str], stated: set[str] | None) -> Iterator[Claim]:
    sound = _starts_from_name(chain)
    for left, right, relation in zip(chain.sides, chain.sides[1:], chain.relations, strict=False):
        if relation != "=" or left.node is None or right.node is None:
            continue
        one, other = left.node, right.node
        if not (one.variables and other.variables) or one == other:
            continue
        same = identical(one, other)
        if same:
            yield _claim(left, right, Verdict.HOLDS)
        elif same is False and stated is not None:
            first = left is chain.sides[0]
            meant = _plain(left.text) in asked if first else sound and _plain(left.text) not in stated
            if meant and chain.marked and _refutable(one, other):
                yield _claim(left, right, Verdict.FAILS)
                return
        sound = sound or bool(same)
        if same is False and not (left is chain.sides[0] and _starts_from_name(chain)):
            return


def _starts_from_name(chain: Chain) -> bool:
    """Whether the first side is a name or something like ``f(x)`` or an area, defined by the next."""
    first = chain.sides[0]
    if first.node is not None:
        return first.node.kind == "variable"
    return bool(first.text.strip()) and not _OPERATOR.search(_BRACKETED.sub("", first.text))


def _refutable(one: Node, other: Node) -> bool:
    return (
        one.variables == other.variables
        and not one.variables & _NOT_PLAIN
        and _compound(one)
        and _compound(other)
        and max(sum(1 for _ in side.walk()) for side in (one, other)) >= LEAST_NODES
    )


def _claim(left: Side, right: Side, verdict: Verdict) -> Claim:
    shown = f"{left.text.strip()} = {right.text.strip()}"[:200]
    word = "holds for all values" if verdict is Verdict.HOLDS else "is not true for all values"
    return Claim(left.start, right.end, verdict, f"{shown} {word}")
