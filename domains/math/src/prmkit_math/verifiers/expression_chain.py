"""The verifier ``math/expression_chain``: rewriting of one given expression with named parts.

The problem is an expression; the solution names parts of it (*A = (3 - 5) and B = 2 x 4*), works them
out one by one and puts them together. Each equation may be true by itself and the solution still be
wrong: parts can be miscopied, or the wrong sign be put in. So the names are followed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from prmkit.contracts import Finding
from prmkit.types import Claim, Code, Problem, Scope, Trajectory, Verdict
from prmkit_math.verifiers._lexemes import Lexer
from prmkit_math.verifiers._numbers import Value, written
from prmkit_math.verifiers.arithmetic import MAX_PIECE, conclude
from prmkit_math.verifiers.claims import links, value_of
from prmkit_math.verifiers.comparison import Match, equal

_PREFIX = re.compile(r"^\s*(?:calculate|compute|evaluate|simplify|find|solve|what is)?[:\s]*", re.IGNORECASE)
_EXPRESSION = re.compile(r"[0-9+\-−*×/÷^().,\s]+=?\s*[?.]?")
_TEMPLATE = re.compile(r"[\"“]([A-Z()+\-−*×/÷^\s0-9]{1,200})[\"”]")
_DEFINITION = re.compile(r"(?<![A-Za-z])([A-Z])\s*=\s*([0-9+\-−*×/÷^()\s]+)(?=[,.;=]|\sand\b|$)")
_NAME = re.compile(r"(?<![A-Za-z\"“])[A-Z](?![A-Za-z'’])")
_NOT_APPLICABLE = Finding(Verdict.UNKNOWN, "the problem is no bare expression", Code.NOT_APPLICABLE)
_NOTHING = Finding(Verdict.UNKNOWN, "no named part of the expression", Code.NOT_APPLICABLE)


class ExpressionChain:
    """Follow the named parts of an expression through the solution.

    A step FAILS when its named parts do not make up the problem's expression, when a part is worked
    out from something else than what it was defined as, or when the parts are put together wrongly.
    Problems that are no bare arithmetic expression are not applicable.
    """

    name = "math/expression_chain"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        asked = _asked(problem.text)
        if asked is None:
            return [_NOT_APPLICABLE for _ in trajectory.scored]
        names: dict[str, Value] = {}
        found: list[Finding] = []
        for index in trajectory.scored:
            text = trajectory.steps[index].text
            claims = _examine(text, asked, names) if len(text) <= MAX_PIECE else []
            found.append(conclude(claims) if claims else _NOTHING)
        return found


def _asked(text: str) -> Value | None:
    """Value of the problem, where it is an arithmetic expression and nothing else."""
    bare = text[_PREFIX.match(text).end() :] if len(text) <= MAX_PIECE else ""  # type: ignore[union-attr]
    if not _EXPRESSION.fullmatch(bare) or not re.search(r"[0-9]\s*[-+−*×/÷^]", bare):
        return None
    return value_of(bare.rstrip(" =?.\n"))


def _examine(text: str, asked: Value, names: dict[str, Value]) -> list[Claim]:
    template = _TEMPLATE.search(text)
    if template is not None and not names:
        for letter, expression in _DEFINITION.findall(text):
            value = value_of(expression)
            if value is not None:
                names[letter] = value
        return _made_up(template, asked, names)
    claims = _followed(text, names)
    _update(text, names)
    return claims


def _made_up(template: re.Match[str], asked: Value, names: Mapping[str, Value]) -> list[Claim]:
    """Do the parts, put into the template, give the value of the problem's expression?"""
    if not set(_NAME.findall(template[1])) <= set(names):
        return []
    value = value_of(_NAME.sub(lambda found: f"({_plain(names[found[0]])})", template[1]))
    if value is None:
        return []
    span = template.span(1)
    if equal(value, asked):
        return [Claim(*span, Verdict.HOLDS, f"{template[1]} has the value of the problem's expression")]
    reason = f"{template[1]} comes to {written(value)}, but the problem's expression to {written(asked)}"
    return [Claim(*span, Verdict.FAILS, reason)]


def _followed(text: str, names: Mapping[str, Value]) -> list[Claim]:
    """Equations whose left side holds a name, with its value put in."""
    pieces: list[str] = []
    origin: list[tuple[int, int, int]] = []
    at = length = 0
    for found in _NAME.finditer(text):
        if found[0] not in names:
            continue
        value = f"({_plain(names[found[0]])})"
        pieces += [text[at : found.start()], value]
        length += found.start() - at
        origin.append((length, length + len(value), found.start()))
        length += len(value)
        at = found.end()
    if not origin:
        return []
    return _compare("".join([*pieces, text[at:]]), text, origin)


def _compare(filled: str, text: str, origin: list[tuple[int, int, int]]) -> list[Claim]:
    lexer = Lexer(filled)
    places = lexer.places()
    claims: list[Claim] = []
    for link in links(lexer, bare=True):
        low, high = places[lexer.index[link.left[0]]], places[lexer.index[link.left[1] - 1] + 1]
        held = [start for begin, end, start in origin if low <= begin and end <= high]
        if not held:
            continue
        end = text.find("=", held[-1])
        said = f"{text[held[0] : end].strip()} = {filled[slice(*_span(lexer, places, link.right))].strip()}"
        if link.match in (Match.EQUAL, Match.ROUNDED):
            claims.append(Claim(held[0], end, Verdict.HOLDS, f"{said} is right"))
        elif link.match is Match.DIFFERENT:
            reason = f"{said} is wrong: {text[held[0] : end].strip()} comes to {written(link.left_value)}"
            claims.append(Claim(held[0], end, Verdict.FAILS, reason))
    return claims


def _span(lexer: Lexer, places: list[int], span: tuple[int, int]) -> tuple[int, int]:
    return places[lexer.index[span[0]]], places[lexer.index[span[1] - 1] + 1]


def _update(text: str, names: dict[str, Value]) -> None:
    """A worked-out part has from now on the value that the step states."""
    for found in re.finditer(r"(?<![A-Za-z\"“])([A-Z])\s*=([^,;:a-zA-Z]*)", text):
        value = value_of(found[2].rsplit("=", 1)[-1].strip(" ."))
        if value is not None:
            names[found[1]] = value


def _plain(value: Value) -> str:
    return str(value) if not isinstance(value, float) else f"{value:.12f}"
