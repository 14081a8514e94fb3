"""The operators with many meanings, told apart by rank and type: ``! ? @ . ~ ^``, and value, key, type."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from prmkit_qlang.engine import attributes, cast, compare, lists, sets
from prmkit_qlang.engine.amend import amend, replace
from prmkit_qlang.engine.apply import apply, index_deep
from prmkit_qlang.engine.context import CONTEXT
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.functions import NIL, Composition, Derived, Lambda, Prim, Projection, View, is_nil
from prmkit_qlang.engine.inline import s1
from prmkit_qlang.engine.queries import change_query, query
from prmkit_qlang.engine.rows import fill_tables
from prmkit_qlang.engine.search import find
from prmkit_qlang.engine.sorting import Sorted
from prmkit_qlang.engine.tables import enkey, unkey
from prmkit_qlang.engine.types import BOOL, BYTE, CHAR, DTYPES, INT, LONG, NAMES, NULLS, SHORT, SYM
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    Enum,
    EnumAtom,
    Fn,
    List,
    Table,
    Value,
    Vec,
    array,
    at,
    chars,
    count,
    enlist,
    flag,
    is_keyed,
    is_list,
    items,
    long,
    match,
    pack,
    real,
    repeat,
    sym,
    syms,
    text_of,
    unenum,
)

_WHOLE = frozenset([BOOL, BYTE, SHORT, INT, LONG])


def matched(x: Value, y: Value) -> Value:
    """``x~y``."""
    return flag(same(x, y))


def same(x: Value, y: Value) -> bool:
    """Match, functions by what they are made of."""
    if isinstance(x, Lambda) and isinstance(y, Lambda):
        return x.source == y.source
    if isinstance(x, Projection) and isinstance(y, Projection):
        return (
            same(x.f, y.f)
            and len(x.args) == len(y.args)
            and all(
                (a is None) == (b is None) and (a is None or b is None or same(a, b))
                for a, b in zip(x.args, y.args, strict=True)
            )
        )
    if isinstance(x, Derived) and isinstance(y, Derived):
        return x.adverb == y.adverb and same(x.f, y.f)
    if isinstance(x, Composition) and isinstance(y, Composition):
        return len(x.fs) == len(y.fs) and all(map(same, x.fs, y.fs))
    if isinstance(x, Prim) and isinstance(y, Prim):
        return x is y or (x.show == y.show and x.t == y.t)
    return match(x, y)


def filled(x: Value, y: Value) -> Value:
    """``x^y``: nulls of y replaced; tables by their keys and columns."""
    if (isinstance(x, Table) or is_keyed(x)) and (isinstance(y, Table) or is_keyed(y)):
        return fill_tables(x, y)
    return compare.fill(x, y)


# ---------------------------------------------------------------- !


def bang(x: Value, y: Value) -> Value:
    """``x!y``: a dictionary, keys for a table, or an internal function.

    Raises:
        QError: ``length`` where keys and values differ, ``type`` otherwise.
    """
    if isinstance(x, Atom) and -x.t in (SHORT, INT, LONG):
        if x.v == NULLS[-x.t]:
            CONTEXT.now.show_inline(y)
            return y
        if isinstance(y, Table) or is_keyed(y):
            if x.v < 0:
                return internal(x.v, y)
            return unkey(y) if x.v == 0 else enkey(int(x.v), y if isinstance(y, Table) else unkey(y))
        if x.v == 0 and isinstance(y, Atom) and y.t == -SYM:
            CONTEXT.now.set(y.v, unkey(CONTEXT.now.get(y.v)))
            return y
        if x.v > 0 and isinstance(y, Atom) and y.t == -SYM:
            CONTEXT.now.set(y.v, enkey(int(x.v), unkey(CONTEXT.now.get(y.v))))
            return y
        return internal(x.v, y)
    if isinstance(x, Table) and isinstance(y, Table):
        if count(x) != count(y):
            raise QError("length")
        return Dict(x, y)
    if isinstance(x, Atom) and x.t == -SYM and isinstance(y, Vec | Atom) and abs(y.t) in (LONG, INT):
        target = CONTEXT.now.get(x.v)
        if isinstance(y, Vec):
            return Enum(y.v.astype(np.int64), x.v, target)
        return EnumAtom(y.v, x.v, target)
    if not is_list(x) and not isinstance(x, Table):
        raise QError("type")
    if not (is_list(y) or isinstance(y, Table | Dict)):
        return Dict(x, repeat(y, count(x)))
    if count(x) != count(y):
        raise QError("length")
    return Dict(x, y)


_OUTSIDE = frozenset([-1, -2, -4, -7, -11, -12, -13, -14, -17, -18, -19, -20, -21, -23, -25, -26])
"""Internal functions that reach outside."""


def internal(n: int, y: Value) -> Value:
    """``-n!x``: the few internal functions that need nothing outside.

    Raises:
        QError: ``nyi`` for the rest, ``access`` for what would leave the interpreter.
    """
    if n == -3:
        return chars(s1(y, precision=CONTEXT.precision))
    if n == -5:
        return parsed(y)
    if n == -6:
        return CONTEXT.now.run_tree(y)
    if n == -16:
        return Atom(-INT, 1)
    if n in _OUTSIDE:
        raise QError("access")
    raise QError("nyi" if n < 0 else "type")


def parsed(y: Value) -> Value:
    """``parse``: the tree of a text."""
    trees = CONTEXT.now.trees(text_of(y).strip())
    if len(trees) == 1:
        return trees[0] if trees[0] is not None else NIL
    return List([Atom(-CHAR, ord(";")), *(NIL if one is None else one for one in trees)])


def key(x: Value) -> Value:
    """``key x``: keys of a dictionary, 0..n-1 of a number, names of a namespace, an enumeration's domain.

    Raises:
        QError: ``type`` for what has no keys.
    """
    if isinstance(x, Dict):
        return x.k
    if isinstance(x, Enum | EnumAtom):
        return sym(x.domain)
    if isinstance(x, Atom) and -x.t in _WHOLE:
        return lists.til(x)
    if isinstance(x, Atom) and x.t == -SYM:
        return _key_of_name(x.v)
    if isinstance(x, Vec):
        return sym(NAMES[x.t])
    raise QError("type")


def _key_of_name(name: str) -> Value:
    if name.startswith(":"):
        raise QError("access")
    machine = CONTEXT.now
    if name in ("", "."):
        return syms(machine.names() if name == "." else machine.spaces())
    try:
        found = machine.get(name)
    except QError:
        return List([])
    if isinstance(found, Dict) and not isinstance(found.k, Table):
        return found.k
    return sym(name)


_NUMBERS = ["::", *"+-*%&|^=<>$,#_~!?@."]
"""What ``value`` numbers the operators by."""


def value(x: Value) -> Value:
    """``value x``: what a name or text means, values of a dictionary, a list applied, parts of a function."""
    machine = CONTEXT.now
    if isinstance(x, Dict):
        return x.w
    if isinstance(x, Enum | EnumAtom):
        meant: Value = unenum(x)
        return meant
    if isinstance(x, Atom) and x.t == -SYM:
        return machine.get(x.v)
    if isinstance(x, Atom | Vec) and abs(x.t) == CHAR:
        return machine.run_text(text_of(x))
    if isinstance(x, List) and x.v:
        head = x.v[0]
        f = machine.run_text(text_of(head)) if abs(head.t) == CHAR else head
        if isinstance(f, Atom) and f.t == -SYM:
            f = machine.get(f.v)
        return apply(f, x.v[1:] or [NIL])
    if isinstance(x, Vec) and x.t == SYM and len(x.v):
        names = x.v.tolist()
        return apply(machine.get(names[0]), [sym(one) for one in names[1:]])
    if isinstance(x, View):
        return List([x.last or NIL, x.tree, syms(x.needs), chars(x.source)])
    if isinstance(x, Lambda):
        names = syms(x.params), syms(sorted(x.locals - set(x.params))), syms([""])
        return List([List([]), *names, chars(x.source)])
    if isinstance(x, Projection):
        filled = list(x.args)
        while filled and filled[-1] is None:
            filled.pop()
        return List([x.f, *(NIL if one is None else one for one in filled)])
    if isinstance(x, Composition):
        return List(list(x.fs))
    if isinstance(x, Derived):
        return x.f
    if isinstance(x, Prim):
        return long(_NUMBERS.index(x.show) if x.show in _NUMBERS else 0)
    if is_list(x):
        return index_deep(at(x, 0), items(x)[1:]) if count(x) > 1 else x
    return x


# ---------------------------------------------------------------- ?


def question(x: Value, y: Value) -> Value:
    """``x?y``: find, roll, deal.

    Raises:
        QError: ``type`` for an atom that is neither a number nor a name.
    """
    if isinstance(x, Atom) and -x.t in (SHORT, INT, LONG):
        return CONTEXT.now.draw(int(x.v), y)
    if isinstance(x, Atom) and x.t == -SYM:
        return _extend_enum(x, y)
    if isinstance(x, Atom | Fn):
        raise QError("type")
    return find(x, y)


def _extend_enum(x: Atom, y: Value) -> Value:
    machine = CONTEXT.now
    if x.v.startswith(":"):
        raise QError("access")
    try:
        domain = machine.get(x.v)
    except QError:
        domain = array(SYM, [])
    fresh = sets.except_(sets.distinct(y if is_list(y) else enlist(y)), domain)
    if count(fresh):
        kept = domain.attr if isinstance(domain, Vec) else ""
        domain = attributes.marked(lists.join(domain, fresh), kept if kept in ("u", "g") else "")
    machine.set(x.v, domain)
    return cast.enumerate_over(x.v, y)


def vector_cond(x: Value, y: Value, z: Value) -> Value:
    """``?[c;a;b]``: items of a where c, else of b.

    Raises:
        QError: ``type`` or ``length`` where they do not fit.
    """
    if isinstance(x, Atom) and x.t == -BOOL:
        return y if x.v else z
    if not isinstance(x, Vec) or x.t != BOOL:
        raise QError("type")
    n = count(x)
    for one in (y, z):
        if is_list(one) and count(one) != n:
            raise QError("length")
    if isinstance(y, Atom | Vec) and isinstance(z, Atom | Vec) and abs(y.t) == abs(z.t) and abs(y.t) < 20:
        made = np.where(x.v, y.v, z.v)
        return Vec(abs(y.t), made.astype(DTYPES[abs(y.t)]))
    ys = items(y) if is_list(y) else [y] * n
    zs = items(z) if is_list(z) else [z] * n
    return pack([a if c else b for c, a, b in zip(x.v.tolist(), ys, zs, strict=True)])


def question_three(x: Value, y: Value, z: Value) -> Value:
    """``?[c;a;b]``, or a tree on rows of a table."""
    if isinstance(x, Table | Dict) and isinstance(y, Vec):
        return query([x, y, z])
    return vector_cond(x, y, z)


def question_many(*args: Value) -> Value:
    """``?[t;c;b;a]`` and its longer forms."""
    return query(list(args))


def bang_many(*args: Value) -> Value:
    """``![t;c;b;a]``."""
    return change_query(list(args))


# ---------------------------------------------------------------- @ and .


def at_two(x: Value, y: Value) -> Value:
    """``x@y``: apply or index with one argument."""
    return apply(_named(x), (y,))


def _named(x: Value) -> Value:
    return CONTEXT.now.get(x.v) if isinstance(x, Atom) and x.t == -SYM else x


def dot_two(x: Value, y: Value) -> Value:
    """``x . y``: apply to a list of arguments, index along a path.

    Raises:
        QError: ``type`` where y is no list.
    """
    x = _named(x)
    if is_nil(y):
        return apply(x, (NIL,)) if isinstance(x, Fn) else x
    if not is_list(y):
        if isinstance(y, Dict | Table) and isinstance(x, Fn):
            return apply(x, items(y))
        raise QError("type")
    args = items(y)
    if not args:
        return apply(x, (NIL,)) if isinstance(x, Fn) else x
    if isinstance(x, Fn):
        return apply(x, args)
    return index_deep(x, args)


def at_three(x: Value, y: Value, z: Value) -> Value:
    """``@[d;i;u]``: amend by a function; ``@[f;x;e]``: trap."""
    if isinstance(x, Fn):
        return trap(lambda: apply(x, (y,)), z)
    return _amended(x, [y], z, None)


def at_four(x: Value, y: Value, f: Value, z: Value) -> Value:
    """``@[d;i;v;y]``."""
    return _amended(x, [y], f, z)


def dot_three(x: Value, y: Value, z: Value) -> Value:
    """``.[d;i;u]`` or ``.[f;args;e]``."""
    if isinstance(x, Fn):
        return trap(lambda: dot_two(x, y), z)
    return _amended(x, items(y), z, None, whole=True)


def dot_four(x: Value, y: Value, f: Value, z: Value) -> Value:
    """``.[d;i;v;y]``."""
    return _amended(x, items(y) if is_list(y) else [y], f, z, whole=True)


def trap(run: Callable[[], Value], handler: Value) -> Value:
    """The value, or what the handler makes of the error text."""

    def handled(text: str) -> Value:
        return apply(handler, (chars(text),)) if isinstance(handler, Fn) else handler

    return CONTEXT.now.guarded(run, handled)


def _amended(x: Value, path: Sequence[Value], f: Value, y: Value | None, *, whole: bool = False) -> Value:
    assign = isinstance(f, Prim) and f.name == ":"

    def change(old: Value, new: Value | None) -> Value:
        if new is None:
            return apply(f, (old,))
        return new if assign else apply(f, (old, new))

    chosen = replace if assign else change
    if isinstance(x, Atom) and x.t == -SYM:
        if x.v.startswith(":"):
            raise QError("access")
        machine = CONTEXT.now
        try:
            old = machine.get(x.v)
        except QError:
            if not assign:
                raise
            old = List([])
        machine.set(x.v, amend(old, list(path), chosen, y, strict=True))
        return x
    if isinstance(x, Atom) and path and not is_nil(path[0]):
        raise QError("type")
    return amend(x, list(path), chosen, y, strict=True)


# ---------------------------------------------------------------- one argument


def type_of(x: Value) -> Value:
    """The type code as a short."""
    return Atom(-SHORT, x.t)


def roll(x: Value) -> Value:
    """``?`` of one argument: distinct; of a number, that many random floats."""
    if isinstance(x, Atom) and -x.t in _WHOLE:
        return CONTEXT.now.draw(int(x.v), real(1.0))
    return sets.distinct(x)


def attribute(x: Value) -> Value:
    """``attr x``: the attribute a value carries."""
    return sym(x.attr if isinstance(x, Vec | Dict | Table | Sorted) else "")
