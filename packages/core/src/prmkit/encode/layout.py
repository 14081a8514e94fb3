"""How solutions are laid out for the model: which are read together, and in what shape.

A plan is a list of groups; whoever runs it looks at ``kind``. ``rows`` is one padded batch. ``forest`` is one
packed row in which whatever several solutions begin with stands once; it is read in pieces of the token
budget, each of which sees the keys of those before it. Which one a problem gets is a matter of cost, and the
costs are in the plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from prmkit.encode.blocks import Plan
from prmkit.encode.blocks import plan as blocks
from prmkit.encode.forest import Forest, grow
from prmkit.encode.tokenise import Encoded

CALL = 3e6
"""What one more call of attention costs, in operations of a matrix product."""
MERGE = 30.0
"""What joining two parts of a softmax costs, in such operations per number."""


class Shape(NamedTuple):
    """What a backbone spends, in operations."""

    linear: float
    """Per token, outside attention, all layers."""
    pair: float
    """Per pair of a query and a key, all layers and heads."""
    layers: int
    width: int
    """Numbers per token that come out of the attention of a layer."""


class Group(NamedTuple):
    """Solutions that go through the model together."""

    kind: Literal["rows", "forest"]
    members: tuple[int, ...]
    """Positions in the list that was planned."""
    tokens: int
    """Tokens the model computes, pads included."""
    cost: float = 0.0
    """Operations, as estimated; 0 where nothing was weighed."""
    instead: float = 0.0
    """Operations of the other layout."""
    problem: tuple[int, ...] = ()
    """Per member, in a forest: solutions of unlike problem share nothing."""


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


def rows_cost(rows: int, longest: int, shape: Shape) -> float:
    """Operations of a padded batch.

    Examples:
        >>> rows_cost(2, 10, Shape(linear=100.0, pair=2.0, layers=0, width=8))
        2220.0
    """
    return rows * (longest * shape.linear + longest * (longest + 1) / 2 * shape.pair) + shape.layers * CALL


def forest_cost(forest: Forest, made: Plan, shape: Shape) -> float:
    """Operations of a packed forest: its tokens, the pairs of its blocks, and the blocks by themselves."""
    joined = sum(one.end - one.start for one in made.above)
    calls = len(made.own) + len(made.above)
    each = calls * CALL + joined * shape.width * MERGE
    return len(forest) * shape.linear + made.pairs * shape.pair + shape.layers * each


def least_cost(forest: Forest, shape: Shape) -> float:
    """Operations that no layout can do without: every token once, and its attention over its own path.

    Examples:
        >>> least_cost(grow([(5, 6), (5, 7)]), Shape(linear=100.0, pair=2.0, layers=1, width=8))
        310.0
    """
    return len(forest) * shape.linear + float((forest.depth + 1).sum()) * shape.pair


def choose(encoded: Sequence[Encoded], *, budget: int, shape: Shape | None) -> list[Group]:
    """The cheaper layout for each problem's solutions; problems of the same layout are read together.

    Args:
        encoded: Solutions of any problems; those whose tokens before the first step are the same belong
            together.
        budget: Tokens that are computed at once.
        shape: What the backbone spends; None where it cannot read forests.
    """
    if shape is None:
        return plan([len(one.ids) for one in encoded], budget=budget)
    problems: dict[tuple[int, ...], list[int]] = {}
    for i, one in enumerate(encoded):
        problems.setdefault((one.solution, *one.ids[: one.solution]), []).append(i)
    flat: list[int] = []
    woods: list[Group] = []
    for members in problems.values():
        found = _weigh([encoded[i].ids for i in members], budget, shape)
        if found is None:
            flat += members
        else:
            woods.append(found._replace(members=tuple(members)))
    groups = _together(woods, budget)
    for group in plan([len(encoded[i].ids) for i in flat], budget=budget):
        picked = tuple(flat[i] for i in group.members)
        longest = group.tokens // len(picked)
        groups.append(group._replace(members=picked, cost=rows_cost(len(picked), longest, shape)))
    return groups


def _weigh(rows: Sequence[tuple[int, ...]], budget: int, shape: Shape) -> Group | None:
    """The forest of one problem's rows, where that is the cheaper way."""
    longest = max(map(len, rows))
    if len(rows) == 1 and longest <= budget:
        return None
    forest = grow(rows)
    cost = forest_cost(forest, blocks(forest), shape)
    groups = plan([len(row) for row in rows], budget=budget)
    batch = sum(rows_cost(len(one.members), one.tokens // len(one.members), shape) for one in groups)
    return Group("forest", (), len(forest), cost, batch) if cost < batch or longest > budget else None


def _together(woods: Sequence[Group], budget: int) -> list[Group]:
    """Forests of several problems in one packed row, as far as the budget goes."""
    packs: list[list[Group]] = []
    for one in woods:
        if packs and sum(other.tokens for other in packs[-1]) + one.tokens <= budget:
            packs[-1].append(one)
        else:
            packs.append([one])
    return [
        Group(
            "forest",
            tuple(i for one in pack for i in one.members),
            sum(one.tokens for one in pack),
            sum(one.cost for one in pack),
            sum(one.instead for one in pack),
            tuple(place for place, one in enumerate(pack) for _ in one.members),
        )
        for pack in packs
    ]
