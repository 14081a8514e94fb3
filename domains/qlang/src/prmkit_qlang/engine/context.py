"""What functions of the language may ask of the session that runs them: names, and evaluation of text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.values import Domain, Value


class Machine(Protocol):
    """The part of an evaluator that functions of the language use."""

    precision: int
    """Digits of floats that are shown; 0 for all."""
    width: int
    """Characters of a line of the console."""
    height: int
    """Lines of the console."""
    day_first: bool
    """Whether 01/02/2020 is read as the first of February."""

    def get(self, name: str) -> Value:
        """Value of a global name."""
        ...

    def set(self, name: str, value: Value) -> None:
        """Assign a global name."""
        ...

    def run_tree(self, tree: Value) -> Value:
        """Evaluate a parse tree."""
        ...

    def run_text(self, text: str) -> Value:
        """Evaluate source text."""
        ...

    def with_columns(self, tree: Value, columns: Mapping[str, Value]) -> Value:
        """Evaluate a tree whose names are columns first."""
        ...

    def trees(self, text: str) -> list[Value | None]:
        """The parse trees of a text."""
        ...

    def names(self) -> list[str]:
        """Variables of the namespace at work."""
        ...

    def write(self, handle: int, value: Value) -> Value:
        """Text to the console by a handle, or evaluation by handle 0.

        Raises:
            QError: ``access`` for any other handle.
        """
        ...

    def show(self, value: Value) -> None:
        """Print a value as the console does."""
        ...

    def view_names(self) -> list[str]:
        """Names of views."""
        ...

    def view_text(self, name: str) -> str:
        """How a view was written."""
        ...

    def show_inline(self, value: Value) -> None:
        """Print a value on one line."""
        ...

    def command(self, line: str) -> Value:
        """A system command that changes nothing outside."""
        ...

    def holder(self, name: str, value: Value) -> Domain:
        """What enumerations over a variable share."""
        ...

    def renew(self, old: Value, new: Value) -> None:
        """Put a value in the place of another one in every variable that holds it."""
        ...

    def is_word(self, name: str) -> bool:
        """Whether a name is a keyword."""
        ...

    def spaces(self) -> list[str]:
        """Names of the namespaces."""
        ...

    def remove(self, names: list[str]) -> None:
        """Forget global names."""
        ...

    def draw(self, n: int, source: Value) -> Value:
        """``n?source``: random items, the same in every session."""
        ...

    def guarded(self, run: Callable[[], Value], handler: Callable[[str], Value]) -> Value:
        """A value, or what a handler makes of the error text; frames are put back."""
        ...


class Context:
    """The machine at work."""

    __slots__ = ("machine",)

    def __init__(self) -> None:
        self.machine: Machine | None = None

    @property
    def precision(self) -> int:
        """Digits of floats that the session at work shows; 7 outside a session."""
        return 7 if self.machine is None else self.machine.precision

    @property
    def day_first(self) -> bool:
        """Whether the session at work reads the day of a date first."""
        return self.machine is not None and self.machine.day_first

    @property
    def now(self) -> Machine:
        """The machine at work.

        Raises:
            QError: ``nyi`` outside a session.
        """
        if self.machine is None:
            raise QError("nyi")
        return self.machine


CONTEXT = Context()
