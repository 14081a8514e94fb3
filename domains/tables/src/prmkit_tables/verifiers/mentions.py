"""Sentences made of nothing but cells, names of columns and small words: do the cells stand in one row?

``hawks be the home team at park street`` mentions two cells and one column; no word is left over that
could mean more. It holds when some row has all the cells (each in the column it is tied to), and fails
when every cell is in the table and no row has them all.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import NamedTuple

from prmkit.types import Verdict
from prmkit_tables.cells import folded, number, plain, written
from prmkit_tables.table import Table

MAX_ROWS = 200
"""Larger tables are not searched for mentions."""
_LONGEST = 12
_LISTED = (
    "the a an of be is was are were have has had in on at for with when where by to from as that which it its"
    " this , . \" ' '' `` 's ( ) : ; there play game match team player hold take place event episode name"
    " call locate location find give go come year season date day result list title record score show"
    " use by film win winner end finish during into against over while finally held played located named"
    " listed"
)
_SMALL = frozenset(f"{_LISTED}".split())
_TIES = frozenset(["of", "be", "is", "was", "are", "were", "=", ":", "the", "a", "an", "at"])
_WORD = re.compile(r"\S+")


class _Mention(NamedTuple):
    start: int
    end: int
    columns: frozenset[int]
    """Columns in which the words are a cell; for a name of a column, that column."""
    header: bool
    words: str


class _Index(NamedTuple):
    cells: dict[str, dict[tuple[str, ...], frozenset[int]]]
    headers: dict[str, dict[tuple[str, ...], int]]
    rows: Sequence[Sequence[str]]


@functools.lru_cache(maxsize=16)
def _index(table: Table) -> _Index:
    cells: dict[str, dict[tuple[str, ...], frozenset[int]]] = {}
    headers: dict[str, dict[tuple[str, ...], int]] = {}
    rows = [[folded(written(cell)) for cell in row] for row in table.rows]
    for row in rows:
        for at, cell in enumerate(row):
            words = tuple(cell.split())
            if words and len(words) <= _LONGEST and plain(cell):
                known = cells.setdefault(words[0], {})
                known[words] = known.get(words, frozenset()) | {at}
    names = [folded(name) for name in table.columns]
    for at, name in enumerate(names):
        words = tuple(name.split())
        if words and plain(name) and names.count(name) == 1:
            headers.setdefault(words[0], {})[words] = at
    return _Index(cells, headers, rows)


def judge(table: Table, sentence: str) -> tuple[Verdict, str] | None:
    """What one sentence, folded and without its stop, says of the table; None where it is of another make.

    Examples:
        >>> games = Table(("home team", "venue"), (("hawks", "park street"), ("owls", "bay road")))
        >>> judge(games, "the hawks be the home team at bay road")[0].value
        'FAILS'
    """
    if len(table.rows) > MAX_ROWS:
        return None
    words = _WORD.findall(sentence)
    index = _index(table)
    mentions = _mentions(index, words)
    if mentions is None:
        return None
    cells = _tied(words, mentions)
    if cells is None or len(cells) < 2:
        return None
    if len({next(iter(m.columns)) for m in cells if len(m.columns) == 1}) < sum(
        len(m.columns) == 1 for m in cells
    ):
        return None
    if any(_together(row, cells) for row in index.rows):
        return Verdict.HOLDS, f"one row has {', '.join(m.words for m in cells)}"[:200]
    if not _sure(index, cells):
        return None
    return Verdict.FAILS, f"no row has {', '.join(m.words for m in cells)} together"[:200]


def _mentions(index: _Index, words: Sequence[str]) -> list[_Mention] | None:
    """All mentions, longest first at each place; None when a word is left over that is not small."""
    found: list[_Mention] = []
    at = 0
    while at < len(words):
        best: _Mention | None = None
        for cell, columns in index.cells.get(words[at], {}).items():
            if tuple(words[at : at + len(cell)]) == cell and (best is None or at + len(cell) > best.end):
                best = _Mention(at, at + len(cell), columns, False, " ".join(cell))
        for name, column in index.headers.get(words[at], {}).items():
            if tuple(words[at : at + len(name)]) == name and (best is None or at + len(name) >= best.end):
                best = _Mention(at, at + len(name), frozenset([column]), True, " ".join(name))
        if best is not None and not (words[at] in _SMALL and best.end == at + 1):
            found.append(best)
            at = best.end
        elif words[at] in _SMALL:
            at += 1
        elif number(words[at]) is not None:
            found.append(_Mention(at, at + 1, frozenset(), False, words[at]))
            at += 1
        else:
            return None
    return found


def _tied(words: Sequence[str], mentions: Sequence[_Mention]) -> list[_Mention] | None:
    """Cells, each with the columns it may stand in: that of the name beside it, if there is one."""
    cells: list[_Mention] = []
    used: set[int] = set()
    for at, mention in enumerate(mentions):
        if mention.header:
            continue
        beside = []
        for other in (at - 1, at + 1):
            if 0 <= other < len(mentions) and mentions[other].header and other not in used:
                first, last = sorted((mention, mentions[other]))
                gap = words[first.end : last.start]
                if len(gap) <= 2 and all(word in _TIES for word in gap):
                    beside.append(other)
        fits = [other for other in beside if mentions[other].columns <= mention.columns]
        chosen = (fits or beside)[:1]
        if chosen and (fits or number(mention.words) is not None):
            used.add(chosen[0])
            cells.append(mention._replace(columns=mentions[chosen[0]].columns))
        elif number(mention.words) is not None:
            return None
        else:
            cells.append(mention)
    # A name of a column that no cell is tied to may mean anything.
    return cells if len(used) == sum(m.header for m in mentions) else None


def _together(row: Sequence[str], cells: Sequence[_Mention]) -> bool:
    return all(any(_same(row[column], cell.words) for column in cell.columns) for cell in cells)


def _same(cell: str, words: str) -> bool:
    if cell == words:
        return True
    one = number(words)
    return one is not None and number(cell) == one


def _sure(index: _Index, cells: Sequence[_Mention]) -> bool:
    """Whether every cell is there and stands as a plain number where a number is meant."""
    for cell in cells:
        if not cell.columns:
            return False
        if number(cell.words) is not None:
            (column,) = cell.columns if len(cell.columns) == 1 else (None,)
            if column is None or any(number(row[column]) is None for row in index.rows):
                return False
    return any(number(cell.words) is None for cell in cells)
