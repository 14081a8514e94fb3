"""Solutions of which one continues the other, as one row: what they share is computed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from prmkit.encode.collate import Example


def merged(examples: Sequence[Example]) -> list[Example]:
    """Fewer, longer examples with the same labels; for causal models only.

    An example whose tokens begin another one is laid onto it: to a causal model its steps look the same
    there. Where both label a step alike, the weights add up; where they differ, both examples stay. The
    examples that are left keep the order of the given ones.

    Examples:
        >>> from prmkit.encode.tokenise import Encoded
        >>> short = Example(Encoded((5, 1), (1,), 0), (1.0,))
        >>> long = Example(Encoded((5, 1, 6, 1), (1, 3), 0), (None, 0.0))
        >>> [one.labels for one in merged([short, long])]
        [(1.0, 0.0)]
    """
    order = sorted(range(len(examples)), key=lambda i: examples[i].encoded.ids)
    kept: dict[int, Example] = {}
    for place, last in enumerate(order):
        one = examples[last]
        if place and (joined := _laid(kept[order[place - 1]], one)) is not None:
            del kept[order[place - 1]]
            one = joined
        kept[last] = one
    return [kept[i] for i in sorted(kept)]


def _laid(short: Example, long: Example) -> Example | None:
    """``long`` with the labels of ``short``; None where it does not begin with it or labels differ."""
    width = len(short.encoded.ids)
    if long.encoded.ids[:width] != short.encoded.ids or (short.features is None) != (long.features is None):
        return None
    places = {place: step for step, place in enumerate(long.encoded.marks) if place is not None}
    labels, weights = list(long.labels), list(long.weights or (1.0,) * len(long.labels))
    for step, (place, label) in enumerate(zip(short.encoded.marks, short.labels, strict=True)):
        if label is None or place is None:
            continue
        at, weight = places.get(place), short.weights[step] if short.weights else 1.0
        if at is None or labels[at] not in (None, label):
            return None
        weights[at] = weight + (0.0 if labels[at] is None else weights[at])
        labels[at] = label
    return replace(long, labels=tuple(labels), weights=tuple(weights))
