"""What one evaluation may cost: steps, elements, depth.

Budgets, not clocks, so that the same text ends the same way.
"""

from __future__ import annotations

from dataclasses import dataclass

from prmkit_qlang.engine.errors import QError


@dataclass(slots=True)
class Allowance:
    """Limits of one evaluation.

    ``steps`` counts applications of functions and turns of loops; ``elements`` all elements ever made (a
    list of values counts eight a place), so that it bounds memory and time together; ``largest`` is the
    longest single list; ``depth`` nested calls; ``source`` characters of text.
    """

    steps: int = 250_000
    elements: int = 30_000_000
    largest: int = 12_000_000
    depth: int = 180
    source: int = 65_536


class Meter:
    """What is left of an allowance. One evaluation at a time uses it."""

    __slots__ = ("depth", "elements", "largest", "steps")

    def __init__(self) -> None:
        self.reset(Allowance())

    def reset(self, allowance: Allowance) -> None:
        """Start anew."""
        self.steps = allowance.steps
        self.elements = allowance.elements
        self.largest = allowance.largest
        self.depth = allowance.depth

    def step(self, n: int = 1) -> None:
        """One application, or work like that of several.

        Raises:
            QError: ``limit`` where the steps are used up.
        """
        self.steps -= n
        if self.steps < 0:
            raise QError("limit")

    def take(self, n: int) -> None:
        """Announce n new elements, before they are made.

        Raises:
            QError: ``wsfull`` where they are too many.
        """
        self.elements -= n
        if n > self.largest or self.elements < 0:
            raise QError("wsfull")


METER = Meter()
"""The meter of the evaluation that runs now; nested sessions restore it. Not for threads."""
