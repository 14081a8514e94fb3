"""Trees to values: names, assignments, control words, lambdas, and queries.

Arguments are evaluated from the right, functions last. Local names live in the frame of a function call;
everything else in the session's variables, under full names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from prmkit_qlang.engine import temporal
from prmkit_qlang.engine.amend import amend, replace
from prmkit_qlang.engine.apply import apply, index
from prmkit_qlang.engine.cast import by_name, enumerate_over
from prmkit_qlang.engine.errors import QError, ReturnSignal
from prmkit_qlang.engine.functions import HOLE, NIL, Lambda, Prim, is_nil
from prmkit_qlang.engine.lists import join
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.parser import Words, parse
from prmkit_qlang.engine.patterns import bind
from prmkit_qlang.engine.rows import upsert
from prmkit_qlang.engine.special import LISTED, Special
from prmkit_qlang.engine.types import CHAR, SYM, TEMPORAL
from prmkit_qlang.engine.values import (
    EMPTY,
    Atom,
    Dict,
    Domain,
    Enum,
    EnumAtom,
    List,
    Table,
    Value,
    Vec,
    column,
    count,
    enum_domain,
    flag,
    is_keyed,
    items,
    pack,
    pick,
    sym,
    syms,
    text_of,
    unenum,
)

Frame = dict[str, Value]


class View:
    """A definition that is evaluated when it is read."""

    __slots__ = ("running", "source", "tree")

    def __init__(self, tree: Value, source: str) -> None:
        self.tree = tree
        self.source = source
        self.running = False


class Evaluator:
    """Variables, and what runs trees over them."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.globals: dict[str, Value | View] = {}
        self.context = ""
        self.domains: dict[str, Domain] = {}
        self.frame: Frame | None = None
        self.forms: dict[str, Callable[[list[Value], Frame | None], Value]] = {
            "assign": self.assign, "global": self.assign_global, "amend": self.amend_assign, "return": self.leave,
            "signal": self.signal, "cond": self.cond, "sequence": self.sequence, "if": self.if_, "while": self.while_,
            "do": self.do, "matched": self.matched,
        }  # fmt: skip

    # ------------------------------------------------------------ text and trees

    def trees(self, text: str) -> list[Value | None]:
        """The trees of a text."""
        return parse(text, self.words, self.call, self.context)

    def run_text(self, text: str) -> Value:
        """Value of the last statement of a text."""
        kept, self.frame = self.frame, None
        try:
            result: Value = NIL
            for tree in self.trees(text):
                result = NIL if tree is None else self.run(tree, None)
            return result
        finally:
            self.frame = kept

    def run_tree(self, tree: Value) -> Value:
        """Value of a tree; names are global."""
        kept, self.frame = self.frame, None
        try:
            return self.run(tree, None)
        finally:
            self.frame = kept

    def run(self, tree: Value, env: Frame | None) -> Value:
        """Value of a tree.

        Raises:
            QError: whatever goes wrong in q.
        """
        t = tree.t
        if t == -11 and type(tree) is Atom:
            name = tree.v
            if env is not None and name in env:
                return env[name]
            return self.get(name)
        if t != 0 or type(tree) is not List:
            return tree.one_name() if False else self.constant(tree)
        v = tree.v
        n = len(v)
        if n < 2:
            return v[0] if n else tree
        head = v[0]
        if type(head) is Special:
            return self.forms[head.what](v, env)
        if isinstance(head, Prim):
            if n == 3:
                right = self.run(v[2], env)
                left = self.run(v[1], env)
                two = head.two
                if two is not None and right is not HOLE and left is not HOLE:
                    METER.step()
                    return two(left, right)
                return apply(head, (left, right))
            if n == 2:
                arg = self.run(v[1], env)
                one = head.one
                if one is not None and arg is not HOLE:
                    METER.step()
                    self.frame = env
                    return one(arg)
                return apply(head, (arg,))
        args = [self.run(one, env) for one in reversed(v[1:])]
        args.reverse()
        self.frame = env
        return apply(self.run(head, env), args)

    def constant(self, tree: Value) -> Value:
        """A constant as it is; a symbol list of one item is a symbol."""
        if tree.t == SYM and type(tree) is Vec and len(tree.v) == 1:
            return sym(tree.v[0])
        return tree

    # ------------------------------------------------------------ names

    def get(self, name: str) -> Value:
        """Value of a name: local, in the namespace at work, or global.

        Raises:
            QError: the name, where nothing has it.
        """
        env = self.frame
        if env is not None and name in env:
            return env[name]
        full = self.full(name)
        found = self.globals.get(full)
        if found is None:
            found = self.globals.get(name) if self.context else None
        if found is not None:
            return self.seen(found) if isinstance(found, View) else found
        return self.part_of(name, full, env)

    def seen(self, view: View) -> Value:
        """The value of a view.

        Raises:
            QError: ``loop`` where it needs itself.
        """
        if view.running:
            raise QError("loop")
        view.running = True
        try:
            return self.run(view.tree, None)
        finally:
            view.running = False

    def full(self, name: str) -> str:
        """A name with its namespace."""
        return name if not self.context or name.startswith(".") else f"{self.context}.{name}"

    def part_of(self, name: str, full: str, env: Frame | None) -> Value:
        """``a.b``: a part of a value, a field of a dictionary, or a namespace as a dictionary."""
        if name.startswith(".q.") and name[3:] in self.words.keywords:
            return self.words.keywords[name[3:]]
        if name == ".q":
            return Dict(syms(["", *self.words.keywords]), List([NIL, *self.words.keywords.values()]))
        if name == ".":
            return Dict(syms(self.names()), pack([self.get(one) for one in self.names()]))
        inside = {key[len(full) + 1 :] for key in self.globals if key.startswith(full + ".")}
        if name.startswith(".") and inside:
            own = list(dict.fromkeys(sorted(key.split(".")[0] for key in inside)))
            return Dict(syms(["", *own]), List([NIL, *(self.get(f"{full}.{one}") for one in own)]))
        root, dot, last = name.rpartition(".")
        if dot and root and root not in ("", "."):
            owner = env[root] if env is not None and root in env else self.get(root)
            return field(owner, last)
        if name in self.words.keywords:
            return self.words.keywords[name]
        raise QError(name)

    def set(self, name: str, value: Value) -> None:
        """Assign a global name.

        Raises:
            QError: ``assign`` for a word of the language.
        """
        if name in self.words.keywords or name in ("select", "exec", "update", "delete", "if", "do", "while"):
            raise QError("assign")
        if name.startswith(".q.") or name.startswith(".z."):
            raise QError("access")
        full = self.full(name)
        root, dot, last = full.rpartition(".")
        if dot and root and not root.startswith(".") and root in self.globals:
            self.globals[root] = amend(self.get(root), [sym(last)], replace, value)
            return
        if isinstance(value, Dict) and full.startswith(".") and full.count(".") == 1 and is_namespace(value):
            for key, one in zip(items(value.k), items(value.w), strict=True):
                if key.v:  # type: ignore[attr-defined]
                    self.globals[f"{full}.{key.v}"] = one  # type: ignore[attr-defined]
            return
        self.globals[full] = value
        if full in self.domains:
            self.domains[full].value = value

    def holder(self, name: str, value: Value) -> Domain:
        """What enumerations over a variable share."""
        return self.domains.setdefault(self.full(name), Domain(value))

    def names(self) -> list[str]:
        """Variables of the namespace at work."""
        prefix = self.context + "." if self.context else ""
        own = [key[len(prefix) :] for key in self.globals if key.startswith(prefix)]
        return sorted(key for key in own if "." not in key)

    def spaces(self) -> list[str]:
        """The namespaces: those of the language first."""
        own = ["q", "Q", "h", "j", "o"]
        found = dict.fromkeys(key.split(".")[1] for key in self.globals if key.startswith("."))
        return [*own, *(one for one in found if one not in own)]

    def remove(self, names: list[str]) -> None:
        """Forget global names."""
        for name in names:
            self.globals.pop(self.full(name), None)

    def store(self, name: str, value: Value, env: Frame | None) -> None:
        """Assign with one colon: local inside a function."""
        if env is not None and not name.startswith("."):
            if "." in name:
                root, _, last = name.rpartition(".")
                if root in env:
                    env[root] = amend(env[root], [sym(last)], replace, value)
                    return
                self.set(name, value)
                return
            env[name] = value
        else:
            self.set(name, value)

    # ------------------------------------------------------------ assignment

    def assign(self, v: list[Value], env: Frame | None) -> Value:
        """``a:x``, ``a[i]:x``, ``(a;b):x``."""
        if len(v) == 2:
            return self.run(v[1], env)
        value = self.run(v[2], env)
        target = v[1]
        if isinstance(target, Atom) and target.t == -SYM:
            self.store(target.v, value, env)
            return value
        if isinstance(target, List) and len(target.v) > 1 and _is_path(target):
            self.amend_at(target, replace, value, env, local=True)
            return value
        return bind(target, value, lambda name, one: self.store(name, one, env), lambda tree: self.run(tree, env),
                    lambda path, one: self.amend_at(path, replace, one, env, local=True))  # fmt: skip

    def assign_global(self, v: list[Value], env: Frame | None) -> Value:
        """``a::x``: global from inside a function; at the top a view."""
        if len(v) == 2:
            return self.run(v[1], env)
        target = v[1]
        if isinstance(target, Atom) and target.t == -SYM:
            if env is None:
                if _constant_tree(v[2]):
                    self.set(target.v, self.run(v[2], env))
                else:
                    self.set(target.v, NIL)
                    self.globals[self.full(target.v)] = View(v[2], "")
                return self.run(v[2], env) if _constant_tree(v[2]) else NIL
            value = self.run(v[2], env)
            if target.v in env:
                env[target.v] = value
            else:
                self.set(target.v, value)
            return value
        value = self.run(v[2], env)
        if isinstance(target, List) and _is_path(target):
            self.amend_at(target, replace, value, env, local=False)
            return value
        raise QError("assign")

    def amend_assign(self, v: list[Value], env: Frame | None) -> Value:
        """``a+:x`` and ``a[i]+:x``."""
        head = v[0]
        assert isinstance(head, Special) and head.inner is not None
        inner = head.inner
        value = self.run(v[2], env)
        made: list[Value] = []

        def change(old: Value, new: Value | None) -> Value:
            assert new is not None
            made.append(appended(old, new) if inner.name == "," else apply(inner, (old, new)))
            return made[-1]

        self.amend_at(v[1] if isinstance(v[1], List) else List([v[1]]), change, value, env, local=True)
        return made[0] if len(made) == 1 else pack(made)

    def amend_at(
        self,
        target: List,
        change: Callable[[Value, Value | None], Value],
        value: Value,
        env: Frame | None,
        *,
        local: bool,
    ) -> None:
        """Change the variable at the root of a path."""
        path: list[Value] = []
        root: Value = target
        while isinstance(root, List):
            path = [self.run(one, env) for one in root.v[1:]] + path
            root = root.v[0]
        if not isinstance(root, Atom) or root.t != -SYM:
            raise QError("assign")
        name = root.v
        path = [NIL if one is HOLE else one for one in path]
        if env is not None and name in env:
            env[name] = amend(env[name], path, change, value, strict=True)
            return
        try:
            old = self.get(name)
        except QError:
            if path:
                raise
            old = List([])
        strict = bool(path)
        made = amend(old, path, change, value, strict=strict)
        if env is not None and local and not path and not name.startswith(".") and False:
            env[name] = made
        else:
            self.set(name, made)

    # ------------------------------------------------------------ control

    def matched(self, v: list[Value], env: Frame | None) -> Value:
        """``:[value;pattern;result;...;otherwise]``."""
        value = self.run(v[1], env)
        for i in range(2, len(v) - 1, 2):
            try:
                bind(
                    v[i],
                    value,
                    lambda name, one: self.store(name, one, env),
                    lambda tree: self.run(tree, env),
                    None,
                )
            except QError:
                continue
            return self.run(v[i + 1], env)
        return self.run(v[-1], env) if len(v) % 2 else NIL

    def sequence(self, v: list[Value], env: Frame | None) -> Value:
        """Statements in brackets: the value of the last."""
        result: Value = NIL
        for one in v[1:]:
            result = self.run(one, env)
        return result

    def leave(self, v: list[Value], env: Frame | None) -> Value:
        """``:x``: leave the function."""
        raise ReturnSignal(self.run(v[1], env))

    def signal(self, v: list[Value], env: Frame | None) -> Value:
        """``'x``: raise an error of one's own."""
        value = self.run(v[1], env)
        raise QError(text_of(value) if abs(value.t) in (SYM, CHAR) else "stype")

    def truth(self, tree: Value, env: Frame | None) -> bool:
        """Whether a condition holds.

        Raises:
            QError: ``type`` where it is no atom.
        """
        value = self.run(tree, env)
        if not isinstance(value, Atom) or value.t in (-SYM, -2):
            raise QError("type")
        return bool(value.v != 0)

    def cond(self, v: list[Value], env: Frame | None) -> Value:
        """``$[c;a;...;b]``."""
        i, n = 1, len(v)
        while i + 1 < n:
            if self.truth(v[i], env):
                return self.run(v[i + 1], env)
            i += 2
        return self.run(v[i], env) if i < n else NIL

    def if_(self, v: list[Value], env: Frame | None) -> Value:
        """``if[c;...]``."""
        if self.truth(v[1], env):
            for one in v[2:]:
                self.run(one, env)
        return NIL

    def while_(self, v: list[Value], env: Frame | None) -> Value:
        """``while[c;...]``."""
        while self.truth(v[1], env):
            METER.step()
            for one in v[2:]:
                self.run(one, env)
        return NIL

    def do(self, v: list[Value], env: Frame | None) -> Value:
        """``do[n;...]``."""
        times = self.run(v[1], env)
        if not isinstance(times, Atom) or not isinstance(times.v, int):
            raise QError("type")
        for _ in range(times.v):
            METER.step()
            for one in v[2:]:
                self.run(one, env)
        return NIL

    # ------------------------------------------------------------ functions and queries

    def call(self, f: Lambda, args: Sequence[Value]) -> Value:
        """Run a function with its own frame and namespace.

        Raises:
            QError: ``stack`` where calls nest too deep, or what the body signals.
        """
        env: Frame = dict.fromkeys(f.locals, EMPTY)
        env[".z.s"] = f
        store = lambda name, one: env.__setitem__(name, one)  # noqa: E731
        for name, value in zip(f.params, args, strict=False):
            if isinstance(name, str):
                env[name] = value
            else:
                bind(name, value, store, lambda tree: self.run(tree, env), None)
        kept, context = self.frame, self.context
        self.frame, self.context = env, f.context
        METER.depth -= 1
        if METER.depth < 0:
            METER.depth += 1
            self.frame, self.context = kept, context
            raise QError("stack")
        try:
            result: Value = NIL
            for tree in f.body:
                result = NIL if tree is None else self.run(tree, env)
            return result
        except ReturnSignal as signal:
            assert isinstance(signal.value, Value)
            return signal.value
        finally:
            METER.depth += 1
            self.frame, self.context = kept, context

    def with_columns(self, tree: Value, columns: Mapping[str, Value]) -> Value:
        """Value of a phrase of a query: names are columns first."""
        kept = self.frame
        env: Frame = {**kept, **columns} if kept else dict(columns)
        self.frame = env
        try:
            if isinstance(tree, Atom) and tree.t == -SYM and tree.v not in env and "." in tree.v:
                return self.linked(tree.v, env)
            return self.run(tree, env)
        finally:
            self.frame = kept

    def linked(self, name: str, env: Frame) -> Value:
        """``a.b.c`` in a query: through foreign keys."""
        root, *rest = name.split(".")
        if root not in env:
            return self.get(name)
        value = env[root]
        for one in rest:
            value = field(value, one)
        return value


def appended(old: Value, new: Value) -> Value:
    """``x,:y``: like join, but a list of one type stays one, an enumeration too; rows go into a table.

    Raises:
        QError: ``type`` for a value of another type, ``cast`` for a symbol that is not in the enumeration.
    """
    if isinstance(old, Table | Dict):
        return upsert(old, new)
    if isinstance(old, Enum):
        added = new if isinstance(new, Enum | EnumAtom) else enumerate_over(old.domain, new)
        return join(old, added)
    if isinstance(old, Table) or is_keyed(old):
        return upsert(old, new)
    if isinstance(old, Dict) and isinstance(new, Dict) and isinstance(old.w, Vec) and len(old.w.v):
        if isinstance(new.w, Vec) and new.w.t != old.w.t:
            raise QError("type")
    if isinstance(old, List) and old.v and isinstance(old.v[0], Vec | List) and isinstance(new, Vec):
        return List([*old.v, new])
    if isinstance(old, Vec) and len(old.v) and isinstance(new, Atom | Vec):
        if abs(new.t) != old.t and not (abs(new.t) == 20 and old.t == SYM):
            raise QError("type")
        made = join(old, unenum(new))
        if old.attr in ("u", "g") and isinstance(made, Vec):
            fresh = old.attr == "g" or len({*made.v.tolist()}) == len(made.v)
            return Vec(made.t, made.v, old.attr if fresh else "")
        if old.attr == "s" and isinstance(made, Vec) and bool(np.all(made.v[:-1] <= made.v[1:])):
            return Vec(made.t, made.v, "s")
        return made
    return join(old, new)


def _constant_tree(tree: Value) -> bool:
    return not (isinstance(tree, Atom) and tree.t == -SYM) and not (
        isinstance(tree, List) and len(tree.v) > 1
    )


def _is_path(target: List) -> bool:
    head = target.v[0]
    while isinstance(head, List) and len(head.v) > 1:
        head = head.v[0]
    return isinstance(head, Atom) and head.t == -SYM and head is not LISTED


def is_namespace(value: Dict) -> bool:
    """Whether a dictionary can be the content of a namespace."""
    return isinstance(value.k, Vec) and value.k.t == SYM and count(value.k) > 0


def field(owner: Value, name: str) -> Value:
    """``a.b`` for a value a: a part of a time, a row of the table that an enumeration points into, or a field."""
    if isinstance(owner, EnumAtom | Vec) and abs(owner.t) == 20:
        target = owner.target  # type: ignore[union-attr]
        if isinstance(target, Dict) and isinstance(target.w, Table):
            whole = target.w if name in target.w.cols else target.k
            assert isinstance(whole, Table)
            from_rows = column(whole, name)
            return (
                pick(from_rows, owner.v)
                if isinstance(owner, Vec)
                else items(pick(from_rows, _single(owner.v)))[0]
            )
    if abs(owner.t) in TEMPORAL or (owner.t == 0 and isinstance(owner, List) and owner.v):
        return by_name(name, owner) if name in temporal_parts else _wrong(name)
    if isinstance(owner, Dict | Table):
        return index(owner, sym(name))
    raise QError("type")


temporal_parts = frozenset(
    [
        "year",
        "month",
        "mm",
        "week",
        "dd",
        "hh",
        "uu",
        "ss",
        "date",
        "minute",
        "second",
        "time",
        "timespan",
        "timestamp",
        "datetime",
    ]
)


def _single(i: int) -> object:
    import_free = longs_of([i])
    return import_free


def longs_of(values: list[int]) -> object:
    """Positions as an array."""
    made = pack([Atom(-7, one) for one in values])
    return made.v  # type: ignore[attr-defined]


def _wrong(name: str) -> Value:
    raise QError(name)


__all__ = ["Evaluator", "View", "enum_domain", "field", "flag", "is_nil", "temporal"]
