"""Where a step holds SQL: fenced blocks, or a step that is a query."""

from __future__ import annotations

import re
from typing import NamedTuple

from prmkit.segment import fences

_LANGUAGES = frozenset({"sql", "sqlite", "duckdb", "postgresql", "postgres", "mysql", ""})
_FENCE = re.compile(r"[ \t]*(?P<mark>`{3,}|~{3,})[ \t]*(?P<language>[\w+-]*)[^\n]*\n?")
_BEGINS = re.compile(r"\s*(?:select|with\s+[`\"\[]?\w+[`\"\]]?(?:\s*\([^)]*\))?\s+as)\b", re.IGNORECASE)
_LEAD = re.compile(r"\s*(?:sql|query)\s*:\s*", re.IGNORECASE)
_INLINE = re.compile(r"`(?P<sql>\s*select\b[^`]{5,2000})`", re.IGNORECASE)
_STATEMENT = re.compile(
    r"\s*(?:select|with|insert|update|delete|drop|create|alter|attach|copy|pragma|install|load|set|call)\b",
    re.IGNORECASE,
)
_SHAPE = re.compile(r"\bfrom\b|\bselect\s+[\w(*]", re.IGNORECASE)


class Found(NamedTuple):
    """A query in a step."""

    start: int
    end: int
    sql: str


def queries(text: str) -> list[Found]:
    r"""The queries of a step; SQL of any sort in a block that is marked as such, and queries elsewhere.

    Examples:
        >>> [found.sql for found in queries("We run:\n```sql\nSELECT 1 FROM t\n```")]
        ['SELECT 1 FROM t']
        >>> [found.sql for found in queries("SELECT a FROM t;")], queries("Select the rows from 2001.")
        (['SELECT a FROM t;'], [])
    """
    found: list[Found] = []
    spans = fences(text)
    for start, end in spans:
        head = _FENCE.match(text, start)
        if not head or head["language"].lower() not in _LANGUAGES:
            continue
        body = text[head.end() : end]
        tail = body.rstrip()
        if tail.endswith(head["mark"]):
            body = tail[: -len(head["mark"])]
        known = head["language"] != ""
        if (_STATEMENT if known else _BEGINS).match(body):
            at = head.end() + len(body) - len(body.lstrip())
            found.append(Found(at, head.end() + len(body.rstrip()), body.strip()))
    if found or spans:
        return found
    lead = _LEAD.match(text)
    at = lead.end() if lead else 0
    if _BEGINS.match(text, at) and _looks_like_sql(text[at:]):
        begin = at + len(text[at:]) - len(text[at:].lstrip())
        return [Found(begin, len(text), text[at:].strip())]
    return [
        Found(*m.span("sql"), m["sql"].strip()) for m in _INLINE.finditer(text) if _looks_like_sql(m["sql"])
    ]


def _looks_like_sql(text: str) -> bool:
    """Whether a text that begins with SELECT is SQL and not English."""
    if not _SHAPE.search(text) or re.search(r"\bselect\s+(?:the|all|only|every|each|rows?)\s", text, re.I):
        return False
    return bool(
        re.search(
            r"[=*();,]|\bfrom\s+[`\"\[\w]+\s*;?\s*$|\bwhere\b|\bjoin\b|\border by\b|\bgroup by\b", text, re.I
        )
    )
