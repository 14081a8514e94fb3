"""What a text claims about q: values, types, errors, and expressions that are the same.

Expressions stand in backticks (two, where they hold symbols); ``after line 2 , b is 7`` names a variable of
the program that the problem shows; a remark such as ``/ -> 6`` behind a statement claims its value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from prmkit_qlang.source import read

Kind = Literal["value", "type", "error", "same"]
MAX_STEP = 8_000
"""Longer steps are not read, characters."""
MAX_CLAIMS = 12
"""Claims read of one step."""
ERRORS = ("type", "length", "rank", "domain", "nyi", "cast", "mismatch", "limit", "stack", "wsfull", "match",
          "assign", "dup", "insert", "from", "loop", "par", "value", "index", "noupdate")  # fmt: skip
"""Names of error classes."""

_SPAN = re.compile(r"(?<!`)(?P<two>``)(?P<long> ?[^\n]+? ?)``(?!`)|(?<!`)`(?P<short>[^`\n]{1,400})`(?!`)")
_GIVES = re.compile(
    r"\s*(?P<doubt>(?:should|must|would|might|may|could)\s+)?"
    r"(?:=(?![=>])|==|→|⇒|[-=]>|(?:returns?|gives?|yields?|produces?|evaluates? to|equals?|prints?|shows?"
    r"|is|be"
    r"|has the value)\b(?! (?:not|of type|equivalent|the same|identical|an? error)\b))\s*:?\s*",
    re.IGNORECASE,
)
_RAISES = re.compile(
    r"\s*(?P<doubt>(?:should|must|would|might|may|could)\s+)?"
    r"(?:raises?|signals?|throws?|fails? with|errors? with|gives?|returns?|results? in|causes?|is)\s+"
    r"(?:an?\s+|the\s+)?(?:error\s+)?(?P<quote>[`'‘’\"]*)(?P<name>[a-z]+)[`'’\"]*(?P<word>[- ]error)?\b",
    re.IGNORECASE,
)
_TYPE = re.compile(
    r"\s*(?:has|is of|is|returns?|gives?)\s+(?:the\s+)?(?:type|datatype)\s+"
    r"`?(?P<code>-?\d{1,3}h?)`?(?!\w|\.\d)",
    re.IGNORECASE,
)
_SAME = re.compile(
    r"\s*(?P<doubt>(?:should|must|would|might|may|could)\s+)?(?:is|are|be)?\s*"
    r"(?:≡|equivalent to|the same as|identical to|equals?(?=\s*`))\s*",
    re.IGNORECASE,
)
_BOTH = re.compile(
    r"\s*(?:are|is|give|return)\s+(?:equivalent|the same(?: (?:result|value|thing))?|equal|identical)",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"\bafter line (?P<line>\d{1,3})\s*,?\s*`?(?P<show>[A-Za-z]\w*)`?\s+(?:is|==?|gives|equals)\s+",
    re.IGNORECASE,
)
_REMARK = re.compile(
    r"[ \t]/[ \t]*(?:->|=>|→|returns?|gives?|result:?|output:?)[ \t]*(?P<wanted>\S[^\n]*)$", re.M
)
_HEDGE = re.compile(
    r"\b(?:if|suppose|assum\w+|expect\w*|should|instead|not|unless|when|whether|why|would|wrong\w*)\b",
    re.IGNORECASE,
)
_STOP = re.compile(r"\s*(?:$|\n|[.;,](?=\s|$)|(?:because|since|as|which|and|so|but|for|while)\b|\()")


class QClaim(NamedTuple):
    """One claim of a text."""

    kind: Kind
    start: int
    end: int
    """Span of the whole claim in the step's text."""
    show: str
    """Expression, or name of a variable, that it is about."""
    wanted: str
    """Value as q text, type code, error name, or the other expression."""
    wanted_start: int
    wanted_end: int
    """Span of ``wanted``, quotes around it left out."""
    line: int | None = None
    """Line of the shown program after which it is claimed, counted from 1."""
    doubtful: bool = False
    """Said of what should be, not of what is."""


def read_claims(text: str) -> list[QClaim]:
    r"""The claims of a text, in order.

    Examples:
        >>> [c[3:5] for c in read_claims("So `sum 1 2 3` gives 6, and after line 2 , b is 1 2 .")]
        [('sum 1 2 3', '6'), ('b', '1 2')]
        >>> [(c.kind, c.wanted) for c in read_claims("`1+\"a\"` is fine; `til -1` raises a domain error.")]
        [('error', 'domain')]
    """
    if len(text) > MAX_STEP:
        return []
    found = [*_spans(text), *_after(text), *_remarks(text)]
    return sorted(found, key=lambda claim: claim.start)[:MAX_CLAIMS]


def _code(span: re.Match[str]) -> tuple[str, int]:
    """The code in a span, and where it begins."""
    if span["two"]:
        inner = span["long"]
        return inner.strip(), span.start("long") + len(inner) - len(inner.lstrip())
    return span["short"].strip(), span.start("short") + len(span["short"]) - len(span["short"].lstrip())


def _spans(text: str) -> Iterator[QClaim]:
    spans = list(_SPAN.finditer(text))
    for i, span in enumerate(spans):
        show, _ = _code(span)
        following = spans[i + 1] if i + 1 < len(spans) else None
        made = _about(text, span, following)
        if made is not None and show:
            yield made._replace(doubtful=made.doubtful or _hedged(text, span.start()))


def _about(text: str, span: re.Match[str], following: re.Match[str] | None) -> QClaim | None:
    """What is said of the code in a span, by the first reading that fits."""
    show, at = _code(span)[0], span.end()
    kind = _TYPE.match(text, at)
    if kind:
        return QClaim(
            "type", span.start(), kind.end(), show, kind["code"], kind.start("code"), kind.end("code")
        )
    same = _same(text, span, following)
    if same is not None:
        return same
    raises = _RAISES.match(text, at)
    if raises and raises["name"].lower() in ERRORS and (raises["word"] or "'" in raises["quote"]):
        return QClaim("error", span.start(), raises.end(), show, raises["name"].lower(), raises.start("name"),
                      raises.end("name"), doubtful=bool(raises["doubt"]))  # fmt: skip
    gives = _GIVES.match(text, at)
    value = _value(text, gives.end(), following) if gives else None
    if gives is None or value is None:
        return None
    wanted, start, end, stop = value
    return QClaim("value", span.start(), stop, show, wanted, start, end, doubtful=bool(gives["doubt"]))


def _same(text: str, span: re.Match[str], following: re.Match[str] | None) -> QClaim | None:
    if following is None:
        return None
    between = text[span.end() : following.start()]
    tied = _SAME.fullmatch(between)
    both = between.strip().lower() in ("and", "&") and _BOTH.match(text, following.end())
    if not tied and not both:
        return None
    other, at = _code(following)
    end = both.end() if both else following.end()
    doubt = bool(tied and tied["doubt"])
    return QClaim("same", span.start(), end, _code(span)[0], other, at, at + len(other), doubtful=doubt)


def _value(text: str, at: int, following: re.Match[str] | None) -> tuple[str, int, int, int] | None:
    """The value that begins at a place: text, its span, and where the claim ends."""
    if following is not None and following.start() == at:
        inner, start = _code(following)
        return (inner, start, start + len(inner), following.end()) if is_constant(inner) else None
    found = constant(text[at:])
    return (found, at, at + len(found), at + len(found)) if found else None


def constant(text: str) -> str:
    """The q constant that a text begins with, as it stands there; empty without one.

    Examples:
        >>> constant("1 2 3, as it should"), constant("3 items"), constant('"ab".')
        ('1 2 3', '', '"ab"')
    """
    head = text.split("\n", 1)[0][:400]
    ends = {len(head.rstrip())} | {m.start() for m in re.finditer(r"[\s.,;]", head)}
    for end in sorted(ends, reverse=True):
        piece = head[:end].rstrip(" .,;:!?") if end == len(head.rstrip()) else head[:end].rstrip()
        if piece and _STOP.match(head[len(piece) :]) and is_constant(piece):
            return piece
    return ""


def is_constant(text: str) -> bool:
    """Whether a q text is a value written out: constants, lists, dictionaries and empty lists of them.

    Examples:
        >>> is_constant("(1 2;3f)"), is_constant("`a`b!1 2"), is_constant("til 3"), is_constant("f")
        (True, True, False, False)
    """
    all_ = read(text)
    if not all_ or len(text) > 400:
        return False
    allowed = {"n", "(", ")", ";"}
    return (
        all_[-1][0] in ("n", ")")
        and all_[0][0] != "o"
        and all(
            token[0] in allowed
            or (token[0] == "v" and token[1] == "enlist")
            or (token[0] == "o" and token[1] in ("!", "$", ",", "#"))
            for token in all_
        )
    )


def _after(text: str) -> Iterator[QClaim]:
    for found in _AFTER.finditer(text):
        wanted = constant(text[found.end() :])
        if wanted:
            start = found.end()
            yield QClaim("value", found.start(), start + len(wanted), found["show"], wanted, start,
                         start + len(wanted), line=int(found["line"]))  # fmt: skip


def _remarks(text: str) -> Iterator[QClaim]:
    """Remarks behind a statement that state its value."""
    for found in _REMARK.finditer(text):
        begin = text.rfind("\n", 0, found.start()) + 1
        show, wanted = text[begin : found.start()].strip(), found["wanted"].rstrip()
        if show and is_constant(wanted) and read(show):
            start = found.start("wanted")
            yield QClaim("value", begin, start + len(wanted), show, wanted, start, start + len(wanted))


def _hedged(text: str, start: int) -> bool:
    clause = re.split(r"[.;\n:]\s", text[max(0, start - 200) : start])[-1]
    return _HEDGE.search(clause) is not None
