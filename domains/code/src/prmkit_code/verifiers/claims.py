"""What a text claims about a program: values of calls or after a line, lines that a test reaches."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from prmkit_code.program import parsed

MAX_STEP = 8_000
"""Longer steps are not read."""
MAX_CLAIMS = 12
"""Claims read of one step."""

_RELATION = re.compile(
    r"`?\s*(?:==|=(?!=)|→|⇒|[-=]>|(?:returns?|outputs?|gives?|yields?|produces?|evaluates? to|prints?|is)\b"
    r"|(?P<doubt>should (?:return|output|give|be|print)|must (?:return|be)|would (?:return|be))\b)\s*:?\s*`?",
    re.IGNORECASE,
)
_REMARK = re.compile(
    r"\s*\)*\s*#\s*"
    r"(?:(?:expected )?(?:output|result|returns?|prints?)(?: should be| is)?\s*:?|[-=]>|→)"
    r"\s*(?P<text>.*)",
    re.IGNORECASE,
)
_ENDS = re.compile(r"[`'\")*]*\s*(?:$|\n|[.;,](?=\s|$)|(?:because|since|as expected|which|and)\b)")
_AFTER_LINE = re.compile(
    r"\bafter (?:executing |running )?line (?P<line>\d{1,4})\b(?P<between>[^.\n=]{0,60}?)[,:]?\s*"
    r"`?(?P<show>[A-Za-z_][\w.\[\]'\"()-]*?)`?\s*(?:==|=|is|equals|has the value)\s*`?",
    re.IGNORECASE,
)
_COVERS = re.compile(
    r"`(?P<what>[^`\n]{3,300})`\s*(?:(?P<no>does not|doesn't|never)\s+)?"
    r"(?:covers?|reach(?:es)?|executes?|exercises?|hits?|runs?)\s+lines?\s+(?P<line>\d{1,4})\b",
    re.IGNORECASE,
)


class ValueClaim(NamedTuple):
    """A claim about the value of an expression."""

    start: int
    end: int
    """Span in the step's text."""
    show: str
    """Expression whose value is claimed."""
    wanted: str
    """Literal that it is claimed to have."""
    doubtful: bool = False
    """Said of what should be, not of what is."""
    line: int | None = None
    """Line of the program after which it is claimed; None for the value of a call."""


class CoverClaim(NamedTuple):
    """A claim that a call or an assert reaches a line."""

    start: int
    end: int
    what: str
    line: int
    reaches: bool


def literal(text: str, *, open_end: bool = False) -> tuple[str, int] | None:
    """The Python value that a text begins with, as source, and its length; None without one.

    Args:
        text: The text.
        open_end: Take the whole text up to a line's end, or nothing.

    Examples:
        >>> literal("[1, 2], because it sorts"), literal("3 items")
        (('[1, 2]', 6), None)
    """
    head = text.split("\n", 1)[0][:400]
    ends = {len(head.rstrip())} | (
        {m.start() for m in re.finditer(r"[\s.,;`)*]", head)} if not open_end else set()
    )
    for end in sorted(ends, reverse=True):
        piece = head[:end].rstrip("`*.,; ")
        if not piece or not (_ENDS.match(head[len(piece) :]) or len(piece) == len(head)):
            continue
        source = {"true": "True", "false": "False", "none": "None", "null": "None"}.get(piece.lower(), piece)
        try:
            ast.literal_eval(source)
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            continue
        return source, len(piece)
    return None


def digits(wanted: str) -> int | None:
    """Decimals of a number as written; None for what is no decimal number."""
    found = re.fullmatch(r"-?\d+\.(\d+)", wanted)
    return len(found.group(1)) if found else None


def calls(text: str, names: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Spans of calls ``name(...)`` of known functions with literal arguments."""
    for found in re.finditer(r"(?<![\w.])([A-Za-z_]\w*)\(", text):
        if found.group(1) not in names:
            continue
        end = _closing(text, found.end() - 1)
        if end is not None and _literal_call(text[found.start() : end]):
            yield found.start(), end


def _closing(text: str, start: int) -> int | None:
    depth, quote = 0, ""
    for at in range(start, min(len(text), start + 600)):
        sign = text[at]
        if quote:
            quote = "" if sign == quote and text[at - 1] != "\\" else quote
        elif sign in "'\"":
            quote = sign
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
            if depth == 0:
                return at + 1
    return None


def _literal_call(source: str) -> bool:
    tree = parsed(source)
    node = tree.body[0] if tree and len(tree.body) == 1 else None
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return False
    try:
        for argument in [*node.value.args, *(k.value for k in node.value.keywords)]:
            ast.literal_eval(argument)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return False
    return True


def value_claims(text: str, names: frozenset[str]) -> list[ValueClaim]:
    """Claims about the value of calls of the functions ``names``.

    Examples:
        >>> [c[2:4] for c in value_claims("So `twice(4)` returns 8.", frozenset({"twice"}))]
        [('twice(4)', '8')]
    """
    found: list[ValueClaim] = []
    if len(text) > MAX_STEP:
        return found
    for start, end in calls(text, names):
        rest = text[end:]
        remark = _REMARK.match(rest) if _in_print(text, start) else None
        relation = None if remark else _RELATION.match(rest)
        if remark:
            value = literal(remark["text"], open_end=True)
            if value:
                found.append(
                    ValueClaim(start, end + remark.start("text") + value[1], text[start:end], value[0])
                )
        elif relation and not _in_code(text, start):
            value = literal(rest[relation.end() :])
            if value:
                stop = end + relation.end() + value[1]
                doubt = relation["doubt"] is not None or _hedged(text[:start])
                found.append(ValueClaim(start, stop, text[start:end], value[0], doubt))
    return found[:MAX_CLAIMS]


def _in_print(text: str, start: int) -> bool:
    row = text[text.rfind("\n", 0, start) + 1 : start]
    return re.fullmatch(r"\s*(?:print\()?\s*", row) is not None


def _in_code(text: str, start: int) -> bool:
    """Whether the row is a statement: an assignment, a condition, an assert."""
    row = text[text.rfind("\n", 0, start) + 1 : start]
    return re.search(r"^\s*(?:assert|if|while|elif|return|for|>>>|\w+ *=)\b|^\s*\w+ *= *$", row) is not None


def _hedged(before: str) -> bool:
    clause = re.split(r"[.;\n]", before)[-1]
    return (
        re.search(
            r"\b(?:if|suppose|assum\w+|expect\w*|should|instead|not|unless|when|example)\b", clause, re.I
        )
        is not None
    )


def line_claims(text: str) -> list[ValueClaim]:
    """Claims about a variable after a line.

    Examples:
        >>> [c[2:4] + c[5:] for c in line_claims("After line 5, s == 12.")]
        [('s', '12', 5)]
    """
    found: list[ValueClaim] = []
    if len(text) > MAX_STEP:
        return found
    for claim in _AFTER_LINE.finditer(text):
        value = literal(text[claim.end() :])
        if value and _is_read(claim["show"]):
            stop = claim.end() + value[1]
            found.append(ValueClaim(claim.start(), stop, claim["show"], value[0], line=int(claim["line"])))
    return found[:MAX_CLAIMS]


def _is_read(source: str) -> bool:
    """Whether an expression only reads variables: names, attributes, items, ``len(x)``."""
    tree = parsed(source)
    if tree is None or len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        return False
    allowed = (ast.Name, ast.Load, ast.Subscript, ast.Constant, ast.UnaryOp, ast.USub)
    return all(
        isinstance(node, allowed)
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len")
        for node in ast.walk(tree.body[0].value)
    )


def cover_claims(text: str) -> list[CoverClaim]:
    """Claims that a call or an assert reaches a line.

    Examples:
        >>> [c[2:] for c in cover_claims("`f(0)` never reaches line 3.")]
        [('f(0)', 3, False)]
    """
    if len(text) > MAX_STEP:
        return []
    return [
        CoverClaim(m.start(), m.end(), m["what"].strip(), int(m["line"]), m["no"] is None)
        for m in _COVERS.finditer(text)
    ][:MAX_CLAIMS]


def functions(source: str) -> frozenset[str]:
    """Names of the functions that a program defines at its top."""
    tree = parsed(source)
    return (
        frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))
        if tree
        else frozenset()
    )


def rows_of(source: str, line: int) -> tuple[int, int] | None:
    """First and last row of the innermost statement or header that holds a line; None without one."""
    tree = parsed(source)
    best: tuple[int, int] | None = None
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.stmt) and not _is_note(node):
            body = getattr(node, "body", None)
            last = body[0].lineno - 1 if body else node.end_lineno or node.lineno
            last = max(last, node.lineno)
            if node.lineno <= line <= last and (best is None or node.lineno >= best[0]):
                best = (node.lineno, last)
    return best


def _is_note(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
