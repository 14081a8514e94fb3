r"""Algebraic identities: is ``(x+1)^2 = x^2+2x+1`` true for all values of its variables?

An equation between expressions is not always meant as an identity: ``2x+1 = x+5`` is to be
solved, ``y = 2x`` defines. A confirmed identity HOLDS wherever it stands. A refuted one FAILS only
where it must have been meant as one: (a) a later link of a chain ``f = A = B`` whose earlier links
hold or start from a name, with the same variables on both sides, or (b) a chain that begins with
the very expression the problem asks to rewrite. All other unequal pairs are UNKNOWN, and so is a
pair whose letters some equation met before restricts (:mod:`.conditions`).

Not checked: equations without variables (``math/expression_chain``), equations to be solved
(``math/linear``), complex and vector quantities, functions ``f(x)``, sums, integrals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from prmkit.contracts import Finding
from prmkit.types import Claim, Code, Problem, Scope, Trajectory, Verdict
from prmkit.verify.bring import bring
from prmkit_math.verifiers.algebra import Node
from prmkit_math.verifiers.conditions import Conditions, bare, starts_from_name
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
_ASKED_OF_SOME = re.compile(
    r"\b(?:satisf|given that|such that|roots? of|complex|matri|vector|modulo)", re.IGNORECASE
)
"""Words of a problem that speak of some values of its letters, not of all."""


class Symbolic:
    """Judges identities with variables."""

    name = "math/symbolic"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ("sympy",)

    def warm(self) -> None:
        """Bring in what is slow to import."""
        bring("sympy")

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        asked, stated = _asked(problem.text), _stated(problem.text)
        met = None if _ASKED_OF_SOME.search(problem.text) else Conditions()
        if met is not None:
            met.learn(problem.text)
        findings = []
        for step in trajectory.steps:
            if step.role != "observe":
                findings.append(_finding(step.text, asked, stated, met))
                stated |= _stated(step.text)
        return findings


def _asked(text: str) -> frozenset[str]:
    """Expressions that the problem asks to rewrite: alone in their marks, and with variables."""
    if not _REWRITE.search(text):
        return frozenset()
    return frozenset(
        bare(chain.sides[0].text)
        for chain in chains(text)
        if len(chain.sides) == 1 and chain.sides[0].node is not None and _compound(chain.sides[0].node)
    )


def _stated(text: str) -> set[str]:
    """Sides of the equations written in ``text``: they may be conditions later on."""
    return {bare(side.text) for chain in chains(text) if len(chain.sides) == 2 for side in chain.sides}


def _compound(node: Node) -> bool:
    return node.kind not in ("number", "variable", "constant") and bool(node.variables)


def _finding(text: str, asked: frozenset[str], stated: set[str], met: Conditions | None) -> Finding:
    if "=" not in text:
        return Finding(Verdict.UNKNOWN, "no equation", Code.NOT_APPLICABLE)
    free = None if _CONDITION.search(text) else met
    claims: list[Claim] = []
    for chain in chains(text):
        claims += _judged(chain, asked, stated, free)
        if met is not None:
            met.add(chain)
    del claims[MAX_CLAIMS:]
    wrong = [claim for claim in claims if claim.verdict is Verdict.FAILS]
    if wrong:
        return Finding(Verdict.FAILS, wrong[0].reason, claims=tuple(claims))
    if claims:
        return Finding(Verdict.HOLDS, f"{len(claims)} identities confirmed", claims=tuple(claims))
    return Finding(Verdict.UNKNOWN, "no identity with variables was read", Code.NOT_APPLICABLE)


def _judged(
    chain: Chain, asked: frozenset[str], stated: set[str], free: Conditions | None
) -> Iterator[Claim]:
    """Claims of one chain; without ``free`` nothing is refuted."""
    named = starts_from_name(chain)
    sound = named
    for left, right, relation in zip(chain.sides, chain.sides[1:], chain.relations, strict=False):
        if relation != "=" or left.node is None or right.node is None:
            continue
        one, other = left.node, right.node
        if not (one.variables and other.variables) or one == other:
            continue
        same, first = identical(one, other), left is chain.sides[0]
        if same:
            yield _claim(left, right, Verdict.HOLDS)
        elif same is False and free is not None:
            meant = bare(left.text) in asked if first else sound and bare(left.text) not in stated
            if meant and _refutable(chain, one, other) and not free.bind(one.variables):
                yield _claim(left, right, Verdict.FAILS)
                return
        sound = sound or bool(same)
        if same is False and not (first and named):
            return


def _refutable(chain: Chain, one: Node, other: Node) -> bool:
    """Whether the pair is meant as an identity; a chain that brings in new letters is a set of equations."""
    later = (side.node.variables for side in chain.sides[1:] if side.node is not None)
    return (
        chain.marked
        and one.variables == other.variables
        and not one.variables & _NOT_PLAIN
        and _compound(one)
        and _compound(other)
        and max(sum(1 for _ in side.walk()) for side in (one, other)) >= LEAST_NODES
        and all(names <= one.variables for names in later)
    )


def _claim(left: Side, right: Side, verdict: Verdict) -> Claim:
    shown = f"{left.text.strip()} = {right.text.strip()}"[:200]
    word = "holds for all values" if verdict is Verdict.HOLDS else "is not true for all values"
    return Claim(left.start, right.end, verdict, f"{shown} {word}")
