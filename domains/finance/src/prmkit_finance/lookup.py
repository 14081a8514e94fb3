"""Cells that a phrase and a year name: strict, so that nothing is refuted on a guess."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

from prmkit_finance.tables import YEAR, Cell, Table

_WORD = re.compile(r"[a-z0-9&%]+(?:['\u2019][a-z]+)?|\([^()]*\)")
_IDLE_WORDS = """
a an and the of in for to at on by from as its their company companies company's group group's our
was were is are during year years fiscal ended ending end respective amount amounts value values
number per be been annual level balance balances january february march april may june july august
september october november december fy s all
"""
_IDLE = frozenset(_IDLE_WORDS.split())
_CHANGES = frozenset({"change", "%", "percent", "percentage", "variance", "increase", "decrease", "growth"})
_DERIVED = re.compile(r"change|%|percent|variance|increase|decrease|growth|\bvs\b", re.IGNORECASE)
_OTHER_QUANTITY = frozenset({"share", "basic", "diluted", "margin", "rate", "ratio", "average", "net", "per"})
MAX_MORE = 3
"""Words that a question may say beyond a label."""
_MARK = re.compile(r"\((?:\d{1,2}|[a-z]|in [^()]*|\$[^()]*)\)|[*\u2020#]")


@functools.lru_cache(maxsize=8192)
def words(text: str) -> frozenset[str]:
    """The words of a phrase or label that tell it from another, in one spelling.

    Examples:
        >>> words("The company's Total Net Sales (1) in 2019") == words("total net sale")
        True
    """
    plain = text.lower().replace("_", " ").replace("-", " ").replace("\u2019", "'")
    plain = YEAR.sub(" ", _MARK.sub(" ", plain))
    plain = plain.replace("(", " ").replace(")", " ").replace("/", " ")
    found = (word.removesuffix("'s").removesuffix("'") for word in _WORD.findall(plain))
    return frozenset(_single(word) for word in found if word not in _IDLE and not word.isdigit())


@functools.lru_cache(maxsize=8192)
def _repeats(text: str) -> bool:
    """Whether a word that tells phrases apart occurs twice, as in *non-vested shares vested*."""
    plain = _MARK.sub(" ", text.lower().replace("_", " ").replace("-", " "))
    found = [_single(word) for word in _WORD.findall(plain) if word not in _IDLE and not word.isdigit()]
    return len(found) != len(set(found))


def _bare(label: str) -> frozenset[str]:
    """Words of a label outside its brackets."""
    return words(re.sub(r"\([^()]*\)", " ", label))


def _single(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _names(cell: Cell) -> tuple[frozenset[str], ...]:
    label = words(cell.label)
    heading = words(cell.heading)
    section = words(cell.section)
    return label, label | section, label | heading, label | section | heading


@functools.lru_cache(maxsize=4096)
def find(table: Table, phrase: str, year: int | None) -> tuple[Cell, ...]:
    """Cells of the row that ``phrase`` names, in columns of ``year``.

    The words of the phrase must be exactly those of the row's label, alone or with its section or its
    column heading. Columns that state changes or name several years are left out. Without a year,
    cells of all years.
    """
    wanted = words(phrase)
    if not wanted:
        return ()
    cells = [c for c in table.cells if year is None or c.years == {year}]
    if not wanted & _CHANGES:
        cells = [c for c in cells if not _DERIVED.search(c.heading)]
    places = range(1) if _repeats(phrase) else range(4)
    for place in places:
        found = tuple(cell for cell in cells if _names(cell)[place] == wanted)
        if found:
            # A row that differs in its brackets only, or a section, may be what is meant.
            rivals = {cell.row for cell in cells if _bare(cell.label) == wanted} - {
                cell.row for cell in found
            }
            rivals |= {cell.row for cell in cells if _bare(cell.section) == wanted}
            return () if rivals and not place else found
    return ()


def _names_more(phrase: str, label: frozenset[str]) -> bool:
    """Whether a word beyond the label is a name or makes another quantity of it: the row is too much then."""
    more = words(phrase) - label
    names = any(word[:1].isupper() and words(word) and words(word) <= more for word in phrase.split())
    return names or bool(more & _OTHER_QUANTITY)


def _about_another(cell: Cell, more: frozenset[str], label: frozenset[str]) -> bool:
    """Whether what a question says beyond a label belongs to another row, or the label is a section too."""
    return bool(more & words(cell.label)) or _bare(cell.section) == label


@functools.lru_cache(maxsize=4096)
def find_within(table: Table, phrase: str, year: int | None) -> tuple[Cell, ...]:
    """Cells of the one row whose label is the longest that lies within ``phrase``, where no row is named.

    For questions that say more than the label does, as in *net sales in Germany* for a row *Germany*.
    """
    found = find(table, phrase, year)
    wanted = words(phrase)
    if found or not wanted or _repeats(phrase):
        return found
    if YEAR.search(phrase):
        return ()
    labels = {cell.row: words(cell.label) for cell in table.cells}
    inside = {row: label for row, label in labels.items() if label and label < wanted}
    longest = max(map(len, inside.values()), default=0)
    rows = {row for row, label in inside.items() if len(label) == longest}
    if len(rows) != 1 or len(wanted) - longest > MAX_MORE or _names_more(phrase, labels[min(rows)]):
        return ()
    label = labels[min(rows)]
    if any(_about_another(cell, wanted - label, label) for cell in table.cells if cell.row not in rows):
        return ()
    cells = [c for c in table.cells if c.row in rows and (year is None or c.years == {year})]
    return tuple(cell for cell in cells if not _DERIVED.search(cell.heading))


def only(cells: Iterable[Cell]) -> Cell | None:
    """The one cell, or one of several with the same amount; None where they differ."""
    found = list(cells)
    same = len({(cell.amount.value, cell.amount.unit) for cell in found}) == 1
    return found[0] if found and same else None
