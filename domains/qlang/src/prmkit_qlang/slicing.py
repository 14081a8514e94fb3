"""What lines of a session need of the lines before them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence

from prmkit_qlang.features import KEYWORDS

_SETTINGS = ("\\d", "\\P", "\\c", "\\z", "\\l", "\\S")
_WORD = re.compile(r"(?<!\w)[A-Za-z]\w*")
_CHANGES = re.compile(r":|\b(?:insert|upsert|set|delete|update)\b")


def needed(before: Sequence[str], lines: Iterable[str]) -> list[str]:
    r"""The statements that change something and share a name with what stands later, and settings, in order.

    Parts of names, symbols and words within strings count as names: a variable may be reached by its name.
    More may be kept than is needed; what is reached by a name put together while running is lost.

    Examples:
        >>> needed(["a:2", "b:3", "c:a+1", r"\P 3", "`.n.d set 4", "count d"], ["c*d"])
        ['a:2', 'c:a+1', '\\P 3', '`.n.d set 4']
    """
    wanted = set[str]().union(*map(_words, lines))
    kept: set[int] = set()
    grown = True
    while grown:  # a line between may change what an earlier one has linked to a wanted name
        more = {i for i, one in enumerate(before) if i not in kept and _kept(one, wanted)}
        grown = bool(more)
        kept |= more
        wanted = wanted.union(*(_words(before[i]) for i in more))
    return [before[i] for i in sorted(kept)]


def _kept(statement: str, wanted: set[str]) -> bool:
    changes = _CHANGES.search(statement) is not None and not wanted.isdisjoint(_words(statement))
    return changes or statement.startswith(_SETTINGS)


@functools.lru_cache(maxsize=20_000)
def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text)) - KEYWORDS
