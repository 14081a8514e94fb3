"""Heads of trees that the evaluator runs itself, since their arguments are not all evaluated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.functions import HOLE, ITERATORS, Composition, Derived, Prim
from prmkit_qlang.engine.types import BINARY, TERNARY
from prmkit_qlang.engine.values import Fn, List, Value, enlist, pack, syms


class Special(Prim):
    """A form whose arguments the evaluator handles; ``what`` names it."""

    __slots__ = ("inner", "what")

    def __init__(
        self,
        what: str,
        show: str,
        inner: Prim | None = None,
        forms: Mapping[int, Callable[..., Value]] | None = None,
    ) -> None:
        super().__init__(show, forms or {}, show=show, t=BINARY)
        self.rank = 2
        self.what = what
        self.inner = inner


ASSIGN = Special("assign", ":", forms={2: lambda x, y: y})
ASSIGN_GLOBAL = Special("global", "::")
RETURN = Special("return", ":")
SIGNAL = Special("signal", "'")
COND = Special("cond", "$")
SEQUENCE = Special("sequence", ";")
MATCHED = Special("matched", ":")
"""``:[value;pattern;result;...]``."""
CONTROL = {word: Special(word, word) for word in ("if", "while", "do")}

_AMENDS: dict[str, Special] = {}


def amend_assign(dyad: Prim) -> Special:
    """The head of ``x+:y`` for a dyad."""
    if dyad.name not in _AMENDS:
        _AMENDS[dyad.name] = Special("amend", f"{dyad.name}:", dyad)
    return _AMENDS[dyad.name]


def _refuse(mark: str) -> Value:
    raise QError("access")


def nothing(mark: str) -> Prim:
    """An operator on files, which is refused."""
    return Prim(mark, {1: lambda x: _refuse(mark), 2: lambda x, y: _refuse(mark)}, t=BINARY)


class _Enlist(Prim):
    """Makes a list of any number of arguments."""

    __slots__ = ()

    def call(self, args: Sequence[Value]) -> Value:
        """The arguments as a list."""
        return enlist(args[0]) if len(args) == 1 else pack(list(args))


LISTED = _Enlist("enlist", {1: enlist})
"""The head of ``(a;b)``, and the keyword ``enlist``."""


def make_table(
    keys: list[tuple[str, Value]], columns: list[tuple[str, Value]], flip: Prim, bang: Prim
) -> Value:
    """The tree of a table literal; of a dictionary literal where there are keys only."""
    if keys and not columns:
        return _dictionary(keys, bang)
    table = List([flip, _dictionary(columns, bang)])
    return List([bang, List([flip, _dictionary(keys, bang)]), table]) if keys else table


def _dictionary(pairs: list[tuple[str, Value]], bang: Prim) -> Value:
    names: list[str] = []
    for name, _ in pairs:
        fresh, number = name, 0
        while fresh in names:
            number += 1
            fresh = f"{name}{number}"
        names.append(fresh)
    values = List([LISTED, *(tree for _, tree in pairs)])
    if any(tree is HOLE for _, tree in pairs):  # waits for the values that are left out
        return List([ITERATE["'"], List([bang, List([syms(names)])]), values])
    return List([bang, List([syms(names)]), values])


class _Iterate(Prim):
    """An iterator as a function of a function."""

    __slots__ = ()

    def call(self, args: Sequence[Value]) -> Value:
        """The derived function; with several arguments a composition."""
        if len(args) == 1:
            return Derived(args[0], self.name)
        if self.name == "'" and all(isinstance(one, Fn) for one in args):
            return Composition(args)
        return Derived(args[0], self.name).call(args[1:])


ITERATE = {mark: _Iterate(mark, {}, t=TERNARY) for mark in ITERATORS}
