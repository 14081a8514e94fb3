"""Double quotes in SQL: a name by the standard, a text in MySQL, and in SQLite whichever fits.

SQLite takes a misspelt name in double quotes for a text: ``"prise" > 3`` runs and is always true. Here
every pair of double quotes is decided before the query is parsed, and none reaches an engine undecided.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from prmkit_tables.cells import plain

_TOKEN = re.compile(
    r"(?P<text>'(?:[^']|'')*')|(?P<double>\"(?:[^\"]|\"\")*\")|(?P<name>`[^`]*`|\[[^\]]*\])"
    r"|(?P<note>--[^\n]*|/\*.*?\*/)|(?P<word>[^\W\d]\w*)|(?P<sign><>|!=|<=|>=|==|\|\||[=<>(),])|(?P<other>\S)",
    re.DOTALL,
)
_BEFORE_TEXT = frozenset({"=", "==", "<>", "!=", "<", ">", "<=", ">=", "LIKE", "ILIKE", "BETWEEN", "GLOB"})


def settle(sql: str, *, names: Collection[str] = (), texts_only: bool = False) -> str:
    """The query with every double-quoted piece made a text or a name in backquotes.

    A piece is a name when it is one of ``names``; otherwise it is a text where a text is expected (to
    the right of a comparison, in the list of an ``IN``), and a name elsewhere.

    Args:
        sql: A query.
        names: Known columns and tables.
        texts_only: Every piece is a text, as in MySQL.

    Examples:
        >>> settle('SELECT "prise" FROM t WHERE name = "ann"', names=("price", "name"))
        "SELECT `prise` FROM t WHERE name = 'ann'"
    """
    if '"' not in sql:
        return sql
    known = {plain(name) for name in names}
    pieces: list[str] = []
    last, before, listing = 0, "", False
    for token in _TOKEN.finditer(sql):
        if token["double"]:
            inside = token["double"][1:-1].replace('""', '"')
            text = texts_only or (plain(inside) not in known and (before in _BEFORE_TEXT or listing))
            quoted = "'" + inside.replace("'", "''") + "'" if text else f"`{inside.replace('`', '')}`"
            pieces += [sql[last : token.start()], quoted]
            last = token.end()
        if token["note"]:
            continue
        word = token.group().upper()
        if before == "IN" and word == "(":
            listing = True
        elif word == ")" or token["word"]:
            listing = False
        # After BETWEEN x, AND is followed by another bound.
        before = "BETWEEN" if word == "AND" and token["word"] and _between(sql, token.start()) else word
    return "".join([*pieces, sql[last:]])


def _between(sql: str, at: int) -> bool:
    head = sql[max(0, at - 200) : at].upper()
    return head.rfind("BETWEEN") > head.rfind(" AND ")
