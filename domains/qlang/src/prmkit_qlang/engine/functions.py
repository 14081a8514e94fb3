"""Functions as values: primitives, lambdas, projections, compositions and what iterators make of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.types import BINARY, COMPOSITION, LAMBDA, PROJECTION, UNARY
from prmkit_qlang.engine.values import Fn, Value


class Prim(Fn):
    """A function of the language itself.

    ``forms`` maps a number of arguments to what runs; ``show`` is how the console prints it; an ``infix``
    one stands between its arguments; ``atomic`` ones go down to atoms on their own.
    """

    __slots__ = ("atomic", "forms", "infix", "name", "one", "show", "two")

    def __init__(
        self,
        name: str,
        forms: Mapping[int, Callable[..., Value]],
        *,
        show: str = "",
        infix: bool = False,
        atomic: bool = False,
        t: int = 0,
    ) -> None:
        self.name = name
        self.forms = forms
        self.show = show or name
        self.infix = infix
        self.atomic = atomic
        self.rank = 2 if 2 in forms else min(forms, default=1)
        self.t = t or (UNARY if self.rank == 1 else BINARY)
        self.one = forms.get(1)
        self.two = forms.get(2)

    def call(self, args: Sequence[Value]) -> Value:
        """Run the form for this number of arguments.

        Raises:
            QError: ``rank`` where there is no such form.
        """
        form = self.forms.get(len(args))
        if form is None:
            raise QError("rank")
        return form(*args)


class Lambda(Fn):
    """A function in braces: parameters, names that are local, body, and its text as it was written."""

    __slots__ = ("body", "context", "locals", "named", "params", "runner", "source")

    def __init__(
        self,
        source: str,
        params: tuple[str, ...],
        names: frozenset[str],
        body: tuple[Any, ...],
        context: str,
        runner: Callable[[Lambda, Sequence[Value]], Value],
    ) -> None:
        self.t = LAMBDA
        self.source = source
        self.params = params
        self.locals = names
        self.body = body
        self.context = context
        self.rank = max(1, len(params))
        self.runner = runner
        self.named = all(type(one) is str for one in params)  # else there are patterns among them

    def call(self, args: Sequence[Value]) -> Value:
        """Run the body.

        Raises:
            QError: ``rank`` where there are too many arguments, or what the body signals.
        """
        return self.runner(self, args)


class Projection(Fn):
    """A function with some arguments filled; ``args`` holds None where one is missing.

    ``given`` is how many places were written, which is how many the console shows.
    """

    __slots__ = ("args", "f", "given")

    def __init__(self, f: Value, args: Sequence[Value | None], given: int | None = None) -> None:
        self.given = len(args) if given is None else given
        self.t = PROJECTION
        self.f = f
        self.args = list(args)
        self.rank = sum(one is None for one in self.args)


class Composition(Fn):
    """Functions one after another: the last runs on the arguments, each other on the result."""

    __slots__ = ("fs",)

    def __init__(self, fs: Sequence[Value]) -> None:
        self.t = COMPOSITION
        self.fs = list(fs)
        last = self.fs[-1]
        self.rank = last.rank if isinstance(last, Fn) else 1


ITERATORS = ("'", "/", "\\", "':", "/:", "\\:")
"""The six iterators; a derived function has type 106 plus the place in this list."""


class Derived(Fn):
    """A function or list with an iterator."""

    __slots__ = ("adverb", "f")

    def __init__(self, f: Value, adverb: str) -> None:
        self.t = 106 + ITERATORS.index(adverb)
        self.f = f
        self.adverb = adverb
        # A derived function runs with one argument or more.
        self.rank = 1


class View(Fn):
    """A definition that is evaluated when it is read: tree, text, and the names that it needs.

    ``last`` is the value it had when it was read last, ``basis`` what its names were then.
    """

    __slots__ = ("basis", "last", "needs", "running", "source", "tree")

    def __init__(self, tree: Value, needs: Sequence[str]) -> None:
        self.t = LAMBDA
        self.rank = 1
        self.tree = tree
        self.needs = needs
        self.source = ""
        self.running = False
        self.last: Value | None = None
        self.basis: list[Value | None] = []


NIL = Prim("::", {1: lambda x: x}, t=UNARY)
"""The generic null, which is also the identity function."""
HOLE = Prim("", {}, t=UNARY)
"""An argument left out."""


def is_nil(x: Value) -> bool:
    """Whether x is the generic null or an argument left out."""
    return x is NIL or x is HOLE
