"""Pieces of parse trees, and what can be read from them: names, constants, columns of queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.functions import NIL, Prim
from prmkit_qlang.engine.special import ASSIGN, ASSIGN_GLOBAL, ITERATE, LISTED, SEQUENCE
from prmkit_qlang.engine.types import SYM
from prmkit_qlang.engine.values import Atom, Dict, List, Value, Vec, enlist, longs, syms

Tree = Value


def composed(left: Tree, right: Tree) -> Tree:
    """The composition of two functions as a tree."""
    return List([ITERATE["'"], left, right])


def assignable(left: Tree) -> bool:
    """Whether a tree can stand on the left of a compound assignment: a name, or a name with indices."""
    return (isinstance(left, Atom) and left.t == -SYM) or (isinstance(left, List) and len(left.v) > 1)


def constant(value: Value) -> Tree:
    """A constant as a tree: symbols are enlisted, so that they are not names."""
    if isinstance(value, Atom) and value.t == -SYM:
        return enlist(value)
    if isinstance(value, Vec) and value.t == SYM:
        return List([value])
    return value


def sequence(parts: list[Tree | None]) -> Tree:
    """Statements in brackets as a tree."""
    return List([SEQUENCE, *(one if one is not None else NIL for one in parts)])


def implicit(used: Collection[str]) -> tuple[str, ...]:
    """x, y and z as far as a body uses them; x always."""
    return ("x", "y", "z") if "z" in used else ("x", "y") if "y" in used else ("x",)


def local_names(params: Iterable[Any], body: Iterable[Tree | None]) -> frozenset[str]:
    """The parameters of a function, and the names that its body assigns with one colon.

    Raises:
        QError: the name, where one is assigned as a global before a later statement makes it local.
    """
    local = {one for one in params if isinstance(one, str)}
    outside: set[str] = set()
    for statement in body:
        if statement is not None and type(statement) is List:
            inside, beyond = _assigned(statement)
            clash = outside & inside
            if clash:
                raise QError(min(clash))
            local |= inside
            outside |= beyond - local
    return frozenset(local)


def _assigned(statement: List) -> tuple[set[str], set[str]]:
    """Names that a statement assigns with one colon, and with two."""
    names: set[str] = set()
    beyond: set[str] = set()
    waiting: list[Tree] = [statement]
    while waiting:
        v = waiting.pop().v  # type: ignore[attr-defined]
        if len(v) == 3:
            if v[0] is ASSIGN:
                _targets(v[1], names)
            elif v[0] is ASSIGN_GLOBAL:
                _targets(v[1], beyond)
        waiting.extend([one for one in v if type(one) is List])
    return names, beyond


def _targets(left: Tree, names: set[str]) -> None:
    if isinstance(left, Atom) and left.t == -SYM and not left.v.startswith("."):
        names.add(left.v)
    elif isinstance(left, List) and left.v and left.v[0] is LISTED:
        for one in left.v[1:]:
            _targets(one, names)


def names_in(tree: Tree) -> list[str]:
    """The names that a tree reads, in order; of a query, those of its source only."""
    if isinstance(tree, Atom):
        return [tree.v] if tree.t == -SYM else []
    if not isinstance(tree, List) or len(tree.v) < 2:
        return []
    head = tree.v[0]
    query = isinstance(head, Prim) and head.name in ("?", "!") and len(tree.v) > 4
    found = [name for one in (tree.v[1:2] if query else tree.v) for name in names_in(one)]
    return list(dict.fromkeys(found))


def named_by(tree: Tree) -> str:
    """Name of a column that has none: its leftmost term where that is a name, else ``x``."""
    while isinstance(tree, List) and len(tree.v) > 1:
        tree = tree.v[1]
    if isinstance(tree, Atom) and tree.t == -SYM and tree.v != "i":
        return str(tree.v).split(".")[-1]
    return "x"


def phrase_dict(pairs: list[tuple[str, Tree]], taken: set[str]) -> Tree:
    """Named phrases as a dictionary of trees; a name that is taken gets a number."""
    names: list[str] = []
    used = set(taken)
    for name, _ in pairs:
        fresh, number = name, 0
        while fresh in used:
            number += 1
            fresh = f"{name}{number}"
        used.add(fresh)
        names.append(fresh)
    if not pairs:
        return longs([])
    return Dict(syms(names), trees([tree for _, tree in pairs]))


def trees(parts: list[Tree]) -> Value:
    """Trees as a list: a symbol vector where all are names."""
    if parts and all(isinstance(one, Atom) and one.t == -SYM for one in parts):
        return syms([one.v for one in parts])  # type: ignore[attr-defined]
    return List(parts)


class Given(str):
    """The name of a column that the text gives, not one taken from its expression."""

    __slots__ = ()


def lone(pairs: list[tuple[str, Tree]], otherwise: Tree) -> Tree:
    """The tree of a single phrase without a name of its own, as exec wants it."""
    if len(pairs) == 1 and not isinstance(pairs[0][0], Given):
        tree = pairs[0][1]
        return enlist(tree) if isinstance(tree, Atom) and tree.t == -SYM else List([tree])
    return otherwise


def name_in(tree: Tree) -> str:
    """The name that a tree is.

    Raises:
        QError: ``type`` where it is none.
    """
    if isinstance(tree, Atom) and tree.t == -SYM:
        return str(tree.v)
    raise QError("type")
