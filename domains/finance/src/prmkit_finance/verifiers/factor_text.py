"""Factor expressions in a step, and what the step says about looking ahead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from prmkit.types import Step
from prmkit_finance.market.expression import Call, ExpressionError, Field, Node, fields_of, parse

_TICKS = re.compile(r"`{1,3}([^`\n]{3,2000})`{1,3}")
_LABELLED = re.compile(
    r"\b(?:factors?|alphas?\d*|signals?|expressions?|formulas?|formulae)\b[^:=`\n]{0,40}?\s?(?::|=|:=)\s?"
    r"(?P<body>[^`\n]{3,2000})",
    re.IGNORECASE,
)
_ASSIGNED = re.compile(
    r"^[ \t]{0,40}[A-Za-z_]\w{0,40}[ \t]{0,9}=[ \t]{0,9}(?P<body>[^=`\s][^`\n]{2,2000})$", re.MULTILINE
)
_TARGET = re.compile(
    r"\b(?:labels?|targets?|y|forward|fwd|futures?|next|tomorrow\w*|later|ahead|outcomes?|predict\w*"
    r"|(?:forward|fwd|future|next|label|target|y)_\w+|\w+_(?:fwd|forward|target|label))\b",
    re.IGNORECASE,
)
_CALL_KEYS = ("expression", "factor", "formula", "alpha", "signal")
_CAUSAL = re.compile(
    r"\b(?:no|without(?: any)?|free (?:of|from)|avoids?(?: any)?)\s+(?:look[- ]?ahead|peek\w*|leak\w*|future)"
    r"|\b(?:does|do|did) not (?:look ahead|peek|leak|use (?:any )?(?:future|later))"
    r"|\b(?:doesn't|don't) (?:look ahead|peek|leak|use (?:any )?(?:future|later))"
    r"|\buses? only (?:past|historical|known|earlier|current and past|past and current)"
    r"|\bonly uses? (?:past|historical|known|earlier)"
    r"|\b(?:is|are) (?:strictly )?(?:causal|point[- ]in[- ]time)\b",
    re.IGNORECASE,
)
_LEAKS = re.compile(
    r"\b(?:it|this|that|factor|expression|signal|which|alpha|version)\s+(?:clearly |actually |still )?"
    r"(?:looks? ahead|peeks|leaks|uses? (?:the )?(?:future|tomorrow|later))",
    re.IGNORECASE,
)
_ADMITS = re.compile(
    r"look[- ]?ahead|looks? into|leak|peek|hindsight|oracle|cheat|illegal|not allowed|wrong|mistake|invalid"
    r"|instead of|rather than|replac|rejected|discard|must not|bug|avoid",
    re.IGNORECASE,
)
_UNSURE = re.compile(
    r"\b(?:if|would|whether|should|must|need|check|make sure|ensure|could|may|might|assum\w*)\b|\?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Written:
    """An expression as it stands in a step."""

    text: str
    start: int
    end: int
    node: Node | None
    """None when it cannot be read."""
    fault: str = ""
    """Why not."""
    target: bool = False
    """A label or a forward return: it is meant to look ahead."""


def expressions(step: Step) -> list[Written]:
    """Factor expressions of a step: of its tool call, in backticks, behind a label, or assigned.

    Prose that merely resembles one is left alone: outside tool calls and backticks only what parses counts.

    Examples:
        >>> step = Step(0, "Factor: rank(delta(close, 5)).", 0, 30)
        >>> [w.text for w in expressions(step)]
        ['rank(delta(close, 5))']
    """
    found = list(_called(step))
    taken = [(w.start, w.end) for w in found if w.end]
    for written in _in_text(step.text):
        if not any(written.start < end and start < written.end for start, end in taken):
            found.append(written)
            taken.append((written.start, written.end))
    return found


def _called(step: Step) -> Iterator[Written]:
    arguments = (step.call or {}).get("arguments")
    if isinstance(arguments, dict):
        for key in _CALL_KEYS:
            if isinstance(arguments.get(key), str):
                at = step.text.find(arguments[key])
                span = (at, at + len(arguments[key])) if at >= 0 else (0, 0)
                yield _written(arguments[key], *span, target=False)


def _in_text(text: str) -> Iterator[Written]:
    for match in _TICKS.finditer(text):
        body, start = _assigned_body(match[1], match.start(1))
        target = bool(_TARGET.search(_before(text, match.start()) + match[1][: start - match.start(1)]))
        written = _written(body, start, start + len(body), target=target)
        if _is_formula(written):
            yield written
    for pattern in (_LABELLED, _ASSIGNED):
        for match in pattern.finditer(text):
            head = _before(text, match.start("body"))
            body = _cut(match["body"])
            written = _written(
                body, match.start("body"), match.start("body") + len(body), bool(_TARGET.search(head))
            )
            if written.node is not None and _is_formula(written):
                yield written


def _before(text: str, at: int) -> str:
    """The words of the same sentence before ``at``."""
    return re.split(r"[\n;]|\.\s", text[max(0, at - 200) : at])[-1]


def _assigned_body(text: str, at: int) -> tuple[str, int]:
    match = re.match(r"\s*[A-Za-z_]\w{0,40}\s*=(?!=)\s*", text)
    return (text[match.end() :], at + match.end()) if match else (text, at)


_TAIL = re.compile(r"(?:[.;]?\s*$)|(?:\.\s+[A-Z].*$)")


def _cut(body: str) -> str:
    """The expression without the end of the sentence and what follows it."""
    return _TAIL.sub("", body.strip()) if body.strip() else body


def _written(text: str, start: int, end: int, target: bool) -> Written:
    try:
        return Written(text, start, end, parse(text.strip()), target=target)
    except ExpressionError as error:
        return Written(text, start, end, None, error.message, target)


def _is_formula(written: Written) -> bool:
    """Whether it computes something of a field, or was clearly meant to."""
    if written.node is None:
        return (
            "(" in written.text
            and re.search(r"\b(?:ts_\w+|rank|delay|Ref|\$?close|volume)\b", written.text) is not None
        )
    return bool(fields_of(written.node)) and isinstance(written.node, Call | Field)


def says_causal(text: str) -> re.Match[str] | None:
    """Where the text asserts that nothing looks ahead."""
    match = _CAUSAL.search(text)
    return None if match and _UNSURE.search(_around(text, match)) else match


def says_leaks(text: str) -> re.Match[str] | None:
    """Where the text asserts that its factor looks ahead."""
    match = _LEAKS.search(text)
    return None if match and _UNSURE.search(_around(text, match)) else match


def admits(text: str) -> bool:
    """Whether the text speaks of leaks or rejects an expression: it may quote what it does not use."""
    return bool(_ADMITS.search(text))


def _around(text: str, match: re.Match[str]) -> str:
    begin = max(text.rfind(".", 0, match.start()), text.rfind("\n", 0, match.start())) + 1
    ends = [at for at in (text.find(".", match.end()), text.find("\n", match.end())) if at >= 0]
    return text[begin : min(ends, default=len(text))]
