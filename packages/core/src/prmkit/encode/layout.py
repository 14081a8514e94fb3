"""How solutions are laid out for the model: which are read together, and in what shape.

A plan is a list of groups; whoever runs it looks at ``kind``. ``rows`` is one padded batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple


class Group(NamedTuple):
    """Solutions that go through the model together."""

    kind: Literal["rows"]
    members: tuple[int, ...]
    """Positions in the list that was planned."""
    tokens: int
    """Tokens the model computes, pads included."""


def plan(lengths: Sequence[int], *, budget: int) -> list[Group]:
    """Groups of similar length; rows times the longest row stays within ``budget`` tokens.

    Every position appears in exactly one group. A row longer than the budget is a group by itself.

    Examples:
        >>> [group.members for group in plan([3, 9, 2, 3], budget=9)]
        [(2, 0, 3), (1,)]
    """
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    groups: list[Group] = []
    start = 0
    for stop in range(1, len(order) + 1):
        full = stop < len(order) and (stop + 1 - start) * lengths[order[stop]] > budget
        if stop == len(order) or full:
            members = tuple(order[start:stop])
            groups.append(Group("rows", members, len(members) * lengths[members[-1]]))
            start = stop
    return groups
