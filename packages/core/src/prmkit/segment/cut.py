"""From places to cut at to steps: the arithmetic that all segmenters share."""

from __future__ import annotations

from collections.abc import Iterable

from prmkit.types import Role, Step


def steps_at(text: str, cuts: Iterable[int], roles: Iterable[Role] | None = None) -> tuple[Step, ...]:
    """Steps between rising ``cuts``, trimmed, empty ones left out.

    Args:
        text: The whole text.
        cuts: Rising positions at which a step begins; 0 is implied.
        roles: Role of the part that begins at 0 and at each cut; ``think`` where not given.

    Examples:
        >>> [(s.text, s.start) for s in steps_at(" one two", [4])]
        [('one', 1), ('two', 5)]
    """
    edges = [0, *cuts, len(text)]
    kinds = list(roles or ())
    kinds += ["think"] * (len(edges) - 1 - len(kinds))
    steps: list[Step] = []
    for begin, end, role in zip(edges[:-1], edges[1:], kinds, strict=True):
        part = text[begin:end]
        body = part.strip()
        if body:
            start = begin + len(part) - len(part.lstrip())
            steps.append(Step(len(steps), body, start, start + len(body), role=role))
    return tuple(steps)
