"""Trees, pairs and search results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from prmkit.errors import AlignmentError
from prmkit.types.checks import same_length
from prmkit.types.solution import Provenance


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a search or rollout tree."""

    parent: int
    """Index of the parent node; -1 for the root, which stands for the bare problem."""
    step: str
    """Text of the step that leads here; empty for the root."""
    visits: int = 0
    value: float | None = None
    """Estimate of the prefix that ends here, in the tree's own range."""
    terminal: bool = False
    outcome: float | None = None
    """1.0/0.0 of a terminal node, None elsewhere."""
    channels: Mapping[str, float] = field(default_factory=dict)
    """Prior, PRM score, rollout counts, ..."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Rollouts, search trees and sibling steps of one problem, in one shape."""

    problem_id: str
    nodes: tuple[Node, ...]
    """Parents stand before their children; node 0 is the root."""
    provenance: Provenance = field(default_factory=Provenance)

    def __post_init__(self) -> None:
        for position, node in enumerate(self.nodes):
            legal = node.parent == -1 if position == 0 else 0 <= node.parent < position
            if not legal:
                raise AlignmentError(
                    f"node {position} names parent {node.parent}",
                    do="put the root first with parent -1, and every parent before its children",
                    field=f"nodes[{position}].parent",
                )

    def path(self, node: int) -> tuple[int, ...]:
        """Indices from the first step down to ``node``, the root left out."""
        found: list[int] = []
        while node > 0:
            found.append(node)
            node = self.nodes[node].parent
        return tuple(reversed(found))

    def children(self, node: int) -> tuple[int, ...]:
        """Indices of the direct children of ``node``."""
        return tuple(i for i, other in enumerate(self.nodes) if i and other.parent == node)


@dataclass(frozen=True, slots=True)
class Preference:
    """A pair of trajectories of one problem, one better than the other."""

    problem_id: str
    chosen: str
    """Id of the better trajectory."""
    rejected: str
    """Id of the worse trajectory."""
    shared_steps: int = 0
    """Steps that both begin with: the pair differs from this step on (step-wise pairs)."""
    margin: float | None = None
    """How much better, in the unit of ``origin``."""
    origin: str = ""
    """What decided: a tool, a person, a tree, a judge."""
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search strategy returned for one problem."""

    problem_id: str
    candidates: tuple[str, ...]
    """Ids of the finished trajectories, best first."""
    scores: tuple[float, ...]
    """One number per candidate, falling."""
    answer: str | None
    """The answer chosen; None when no candidate states one."""
    strategy: str = ""
    cost: Mapping[str, float] = field(default_factory=dict)
    """What it took: tokens, calls, steps, seconds (see ``prmkit.budget``)."""
    tree: Tree | None = None

    def __post_init__(self) -> None:
        same_length("scores", len(self.scores), len(self.candidates))
