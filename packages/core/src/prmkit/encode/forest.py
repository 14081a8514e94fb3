"""Many token rows as one packed row: what several of them begin with stands there once.

Tokens lie in depth-first order, so that everything behind a token is a stretch: token ``j`` is seen by
exactly the tokens ``i`` with ``j <= i < stop[j]``.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
NOTHING: Ints = np.zeros(0, dtype=np.int64)


class Root(NamedTuple):
    """A stretch of new tokens that hangs on tokens which are known already."""

    start: int
    stop: int
    path: Ints
    """Slots of the known tokens before it, from the first on."""


class Segment(NamedTuple):
    """Tokens that follow each other and are seen by the same ones."""

    start: int
    end: int
    """One past its own tokens."""
    stop: int
    """One past the last token behind it."""


@dataclass(slots=True)
class Known:
    """Tokens whose keys and values are kept, by the slot where they are kept."""

    next: dict[tuple[int, int], int] = field(default_factory=dict)
    """(slot, token that follows) to the slot of that token; below 0: before any text of a group."""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Forest:
    """Rows of tokens, packed. Slots number the known tokens first, the new ones after them."""

    ids: Ints
    """The new tokens."""
    depth: Ints
    """Position of each new token in its row."""
    stop: Ints
    """One past the last new token behind each, counted among the new ones."""
    where: tuple[Ints, ...]
    """Per row: the slot of each of its tokens."""
    roots: tuple[Root, ...]
    """Stretches that hang on known tokens."""
    known: int = 0
    """Tokens that were known before."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def before(self) -> Ints:
        """Slot of the token before each new token; -1 where there is none."""
        found = np.full(len(self), -1, dtype=np.int64)
        for slots in self.where:
            fresh = slots[1:] >= self.known
            found[slots[1:][fresh] - self.known] = slots[:-1][fresh]
        return found

    @property
    def segments(self) -> list[Segment]:
        """The new tokens cut wherever another set of tokens begins to see them, in order."""
        if not len(self.stop):
            return []
        starts = np.flatnonzero(np.r_[True, self.stop[1:] != self.stop[:-1]])
        ends = np.r_[starts[1:], len(self.stop)]
        columns = starts.tolist(), ends.tolist(), self.stop[starts].tolist()
        return [Segment(*one) for one in zip(*columns, strict=True)]

    def pieces(self, size: int) -> list[Forest]:
        """The same tokens in stretches of at most ``size``; to each, the stretches before it are known.

        ``where`` stays with the whole forest.

        Examples:
            >>> [(part.ids.tolist(), part.known) for part in grow([(5, 6, 7), (5, 8)]).pieces(3)]
            [([5, 6, 7], 0), ([8], 3)]
        """
        if len(self) <= size:
            return [self]
        return [self._piece(start, min(start + size, len(self))) for start in range(0, len(self), size)]

    def _piece(self, start: int, end: int) -> Forest:
        stop = np.minimum(self.stop[start:end], end) - start
        # Tokens before the piece that something in it still hangs on, from the first on.
        above = np.flatnonzero(self.stop[:start] > start)
        ends = np.minimum(self.stop[above], end)
        cuts = {start, end, *ends.tolist()}
        cuts |= {min(max(edge, start), end) for root in self.roots for edge in (root.start, root.stop)}
        roots = []
        for first, last in itertools.pairwise(sorted(cuts)):
            hung = [root.path for root in self.roots if root.start <= first < root.stop]
            path = np.concatenate([*hung, self.known + above[ends > first]])
            if len(path):
                roots.append(Root(first - start, last - start, path))
        known = self.known + start
        return Forest(self.ids[start:end], self.depth[start:end], stop, (), tuple(roots), known)


def grow(
    rows: Sequence[Sequence[int]], known: Known | None = None, groups: Sequence[int] | None = None
) -> Forest:
    """Pack ``rows``; what ``known`` holds is not computed again, and what is new is added to it.

    Args:
        rows: Token ids; the same row may stand there several times.
        known: Tokens that were packed before, by the calls that were given the same object.
        groups: Rows of unlike group share nothing; None makes one group of all.

    Examples:
        >>> forest = grow([(5, 6, 7), (5, 6, 8, 9), (4,)])
        >>> forest.ids.tolist(), forest.depth.tolist(), forest.stop.tolist()
        ([4, 5, 6, 7, 8, 9], [0, 0, 1, 2, 2, 3], [1, 6, 6, 4, 6, 6])
        >>> [slots.tolist() for slots in forest.where]
        [[1, 2, 3], [1, 2, 4, 5], [0]]
    """
    kin = groups if groups is not None else [0] * len(rows)
    order = sorted(range(len(rows)), key=lambda i: (kin[i], rows[i]))
    base = known.size if known else 0
    packed = _Packed(base)
    where: list[Ints] = [NOTHING] * len(rows)
    before: tuple[int, Ints, Ints] | None = None
    for i in order:
        row = np.asarray(rows[i], dtype=np.int64)
        shared = _common(before[1], row) if before and before[0] == kin[i] else 0
        slots = before[2][:shared] if before else NOTHING
        packed.close(shared)
        if known and (not shared or slots[-1] < base):
            slots = _walk(known, slots, rows[i], kin[i])
        if len(slots) < len(row):
            slots = np.r_[slots, packed.add(row[len(slots) :], slots)]
        where[i], before = slots, (kin[i], row, slots)
    packed.close(0)
    forest = packed.forest(tuple(where))
    if known:
        _remember(known, rows, kin, forest)
    return forest


def families(rows: Sequence[Sequence[int]], groups: Sequence[int], budget: int) -> list[list[int]]:
    """Positions of rows that are packed together: neighbours of one group, of ``budget`` tokens at most.

    A row longer than the budget is a family by itself.

    Examples:
        >>> families([(5, 6, 7), (4,), (5, 6, 8), (5, 9)], [0, 0, 0, 0], 5)
        [[1, 0, 2], [3]]
    """
    found: list[list[int]] = []
    spent, before = 0, -1
    for i in sorted(range(len(rows)), key=lambda i: (groups[i], rows[i])):
        row = np.asarray(rows[i], dtype=np.int64)
        kin = before >= 0 and groups[before] == groups[i]
        new = len(row) - (_common(np.asarray(rows[before], dtype=np.int64), row) if kin else 0)
        if kin and spent + new <= budget:
            found[-1].append(i)
            spent += new
        else:
            found.append([i])
            spent = len(row)
        before = i
    return found


def _common(one: Ints, other: Ints) -> int:
    """Length of the longest common beginning."""
    width = min(len(one), len(other))
    unlike = np.flatnonzero(one[:width] != other[:width])
    return int(unlike[0]) if len(unlike) else width


def _first(group: int) -> int:
    """The slot before every text of a group."""
    return -1 - group


def _walk(known: Known, slots: Ints, row: Sequence[int], group: int) -> Ints:
    """``slots`` and those of the known tokens of ``row`` that follow."""
    found = slots.tolist()
    at = found[-1] if found else _first(group)
    for token in row[len(found) :]:
        slot = known.next.get((at, token))
        if slot is None:
            break
        found.append(slot)
        at = slot
    return np.asarray(found, dtype=np.int64)


def _remember(known: Known, rows: Sequence[Sequence[int]], kin: Sequence[int], forest: Forest) -> None:
    for row, group, slots in zip(rows, kin, forest.where, strict=True):
        fresh = int(np.searchsorted(slots >= forest.known, True))
        path = slots.tolist()
        for place in range(fresh, len(path)):
            known.next[path[place - 1] if place else _first(group), row[place]] = path[place]
    known.size = forest.known + len(forest)


class _Packed:
    """The packed row while it grows."""

    def __init__(self, base: int) -> None:
        self.base, self.size = base, 0
        self.ids: list[Ints] = []
        self.depth: list[Ints] = []
        self.stop: list[Ints] = []
        self.open: list[tuple[int, int, int]] = []  # (first token, one past the last, depth of the first)
        self.roots: list[tuple[int, Ints]] = []
        self.closed: list[tuple[int, int, int]] = []  # (first token, one past the last, where they end)

    def close(self, depth: int) -> None:
        """Nothing more comes behind the open tokens at ``depth`` and deeper."""
        while self.open:
            start, end, top = self.open.pop()
            if top + end - start <= depth:
                self.open.append((start, end, top))
                return
            kept = max(depth - top, 0)
            self.closed.append((start + kept, end, self.size))
            if kept:
                self.open.append((start, start + kept, top))
                return

    def add(self, tokens: Ints, before: Ints) -> Ints:
        """Lay ``tokens`` behind the tokens of the slots ``before``; returns their slots."""
        start, top = self.size, len(before)
        self.size += len(tokens)
        self.ids.append(tokens)
        self.depth.append(np.arange(top, top + len(tokens)))
        self.open.append((start, self.size, top))
        if top == 0 or before[-1] < self.base:
            self.roots.append((start, before))
        return np.arange(self.base + start, self.base + self.size)

    def forest(self, where: tuple[Ints, ...]) -> Forest:
        stop = np.zeros(self.size, dtype=np.int64)
        for start, end, ends in self.closed:
            stop[start:end] = ends
        ids, depth = (np.concatenate(some) if some else NOTHING for some in (self.ids, self.depth))
        roots = tuple(Root(start, int(stop[start]), path) for start, path in self.roots if len(path))
        return Forest(ids, depth, stop, where, roots, self.base)
