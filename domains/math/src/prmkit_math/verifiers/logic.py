"""Proof steps in controlled English or as formulas, decided by z3.

Two kinds of problem are read. *English*: every sentence but the query is a rule or a fact
(``Every cat is a feline. Tom is a cat.``); a step must follow from them and the steps before.
*Formulas*: lines ``fact1: A -> B``; a step ``fact1 & fact2 -> int1: B`` must follow from what it
cites, and nothing else. The check is local: a step that follows from a wrong earlier step holds.

Not checked: whether the step is useful, proofs by contradiction, sentences of other shapes.

Source: FoVer (arXiv 2505.15960): a step is right iff cited assumptions and its negation are
unsatisfiable. In that project's files the field ``error_labels`` holds true for a *right* step
(:func:`labels_from_fover`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from prmkit.contracts import Finding
from prmkit.types import Code, Problem, Scope, Trajectory, Verdict
from prmkit.verify.bring import bring
from prmkit_math.verifiers import english
from prmkit_math.verifiers.formula import Formula, FormulaError, consistent, entails, parse

MAX_PREMISES = 200
_FACT = re.compile(r"(?:^|(?<=\n))[ \t]*(fact\d+):[ \t]*([^\n]+)")
_CITED = re.compile(
    r"(?P<cited>(?:(?:fact|int)\d+(?:\s*[&,]\s*(?:fact|int)\d+)*)?)\s*->\s*(?P<name>int\d+):(?P<what>.+)"
)
_QUERY = re.compile(r"true or false:|\?$", re.IGNORECASE)


class Logic:
    """Judges whether each proof step follows."""

    name = "math/logic"
    version = 1
    scope: Scope = "step"
    needs_reference = False
    tools: tuple[str, ...] = ("z3",)

    def warm(self) -> None:
        """Bring in what is slow to import."""
        bring("z3")

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        steps = [trajectory.steps[index].text for index in trajectory.scored]
        facts = _FACT.findall(problem.text)
        if facts:
            return _formal(facts, steps)
        premises = _premises(problem.text)
        if premises is None:
            return [_silent("the problem is not a list of rules and facts")] * len(steps)
        return _informal(premises, steps)


def labels_from_fover(error_labels: Iterable[bool | None]) -> list[float | None]:
    """Step labels behind FoVer's ``error_labels``, where true means *right* despite the name.

    Examples:
        >>> labels_from_fover([True, False, None])
        [1.0, 0.0, None]
    """
    return [None if right is None else float(right) for right in error_labels]


def _silent(reason: str, code: Code = Code.NOT_APPLICABLE) -> Finding:
    return Finding(Verdict.UNKNOWN, reason, code)


def _premises(text: str) -> list[Formula] | None:
    found: list[Formula] = []
    for sentence in english.sentences(text):
        if _QUERY.search(sentence):
            continue
        formula = english.read(sentence)
        if formula is None or len(found) >= MAX_PREMISES:
            return None
        found.append(formula)
    return found if len(found) > 1 and consistent(found) else None


def _judge(assumptions: list[Formula], goal: Formula) -> Finding:
    follows = entails(assumptions, goal)
    if follows is None:
        return _silent("undecided within the resource limit", Code.TIMEOUT)
    if follows:
        return Finding(Verdict.HOLDS, "follows from what is given")
    if entails(assumptions, ~goal.at("*")):
        return Finding(Verdict.FAILS, "contradicts what is given")
    return Finding(Verdict.FAILS, "does not follow from what is given")


def _informal(premises: list[Formula], steps: list[str]) -> list[Finding]:
    findings: list[Finding] = []
    known = list(premises)
    vocabulary = {leaf.name for one in premises for leaf in one.atoms()}
    for text in steps:
        said = [english.read(sentence) for sentence in english.sentences(text)]
        goals = [one for one in said if one is not None]
        if len(goals) != 1 or len(said) != 1 or not {a.name for a in goals[0].atoms()} <= vocabulary:
            findings.append(_silent("not one sentence about what is given"))
            continue
        findings.append(_judge(known, goals[0]))
        # A contradiction among the assumptions would make every later step follow.
        if consistent([*known, goals[0]]):
            known.append(goals[0])
    return findings


def _formal(facts: list[tuple[str, str]], steps: list[str]) -> list[Finding]:
    try:
        known: dict[str, Formula] = {name: parse(formula) for name, formula in facts}
    except FormulaError as error:
        return [_silent(f"a fact cannot be read: {error}", Code.UNSUPPORTED)] * len(steps)
    return [_cited(known, text) for text in steps]


def _cited(known: dict[str, Formula], text: str) -> Finding:
    match = _CITED.fullmatch(text.strip().rstrip(";").strip())
    if match is None:
        return _silent("no step of the form 'fact1 & int1 -> int2: formula'")
    names = re.findall(r"\w+", match["cited"])
    try:
        goal = parse(match["what"].strip())
    except FormulaError as error:
        return _silent(f"the conclusion cannot be read: {error}", Code.UNSUPPORTED)
    assumptions = _named(known, names)
    known[match["name"]] = goal
    if assumptions is None:
        return _silent("cites something that was not stated", Code.UNSUPPORTED)
    return _judge(assumptions, goal)


def _named(known: Mapping[str, Formula], names: list[str]) -> list[Formula] | None:
    return [known[name] for name in names] if all(name in known for name in names) else None
