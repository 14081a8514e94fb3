"""Which of two answers a written comparison prefers, and whether it was right.

Source: RM-R1 (arXiv 2505.02387), its rule reward: the tags ``[[A]]`` and ``[[B]]`` near the end.
"""

from __future__ import annotations

from typing import Literal

Choice = Literal["A", "B"]
TAIL = 80
"""Characters at the end of a comparison in which its verdict must stand."""


def preferred(comparison: str) -> Choice | None:
    """The answer whose tag stands in the last characters; None where neither or both do.

    Source:
        RM-R1 (arXiv 2505.02387).

    Examples:
        >>> preferred("The first one checks its sum. <answer>[[A]]</answer>")
        'A'
        >>> preferred("Between [[A]] and [[B]] nothing is to choose.") is None
        True
    """
    tail = comparison[-TAIL:]
    first, second = "[[A]]" in tail, "[[B]]" in tail
    if first == second:
        return None
    return "A" if first else "B"


def verdict_reward(comparison: str, better: Choice) -> float:
    """1 for the right verdict, -1 for the other one, none or both.

    Source:
        RM-R1 (arXiv 2505.02387): no term for the form of the text.

    Examples:
        >>> verdict_reward("<answer>[[A]]</answer>", "A"), verdict_reward("<answer>[[A]]</answer>", "B")
        (1.0, -1.0)
    """
    return 1.0 if preferred(comparison) == better else -1.0


def settled(forward: str, swapped: str) -> Choice | None:
    """The answer that is preferred in both orders; None where the verdict moves with the place.

    Args:
        forward: The comparison of A with B.
        swapped: The comparison with the two answers in the other order, so that its A is this one's B.

    Source:
        RM-R1 (arXiv 2505.02387) shuffles the order in training; that both orders must agree is ours.

    Examples:
        >>> settled("[[A]]", "[[B]]"), settled("[[A]]", "[[A]]")
        ('A', None)
    """
    first, second = preferred(forward), preferred(swapped)
    return first if {first, second} == {"A", "B"} else None
