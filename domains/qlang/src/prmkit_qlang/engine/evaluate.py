"""Trees to values: names, assignments, control words, lambdas, and queries.

Arguments are evaluated from the right, functions last. Local names live in the frame of a function call;
everything else in the session's variables, under full names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from prmkit_qlang.engine.amend import amend, appended, replace
from prmkit_qlang.engine.apply import apply
from prmkit_qlang.engine.errors import QError, ReturnSignal
from prmkit_qlang.engine.functions import HOLE, NIL, Lambda, Prim, View, is_nil
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.parser import Words, parse
from prmkit_qlang.engine.patterns import bind
from prmkit_qlang.engine.special import ASSIGN_GLOBAL, Special
from prmkit_qlang.engine.trees import names_in
from prmkit_qlang.engine.types import CHAR, SYM
from prmkit_qlang.engine.values import EMPTY, Atom, Fn, List, Value, Vec, pack, sym, text_of
from prmkit_qlang.engine.variables import Frame, Variables, field

SEMICOLON = 59
"""Head of the tree of several statements, as ``parse`` gives it."""


UNSET: Value = List([])
"""Stands for a variable that has no value yet, where it is amended through an operator."""


def neutral(name: str) -> Value:
    """What an operator begins with on a variable without a value."""
    return Atom(-7, 1) if name in "*%" else Atom(-7, 0) if name in "+-" else UNSET


class Evaluator(Variables):
    """What runs trees over variables."""

    def __init__(self, words: Words) -> None:
        super().__init__(words)
        self.forms: dict[str, Callable[[list[Value], Frame | None], Value]] = {
            "assign": self.assign, "global": self.assign_global, "amend": self.amend_assign,
            "return": self.leave, "signal": self.signal, "cond": self.cond, "sequence": self.sequence,
            "if": self.if_, "while": self.while_, "do": self.do, "matched": self.matched,
        }  # fmt: skip

    # ------------------------------------------------------------ text and trees

    def trees(self, text: str) -> list[Value | None]:
        """The trees of a text; all that stands behind the name of a view belongs to it."""
        made = parse(text, self.words, self.call, self.context)
        first = made[0]
        if len(made) > 1 and type(first) is List and first.v and first.v[0] is ASSIGN_GLOBAL:
            target, body = first.v[1], first.v[-1]
            if isinstance(target, Atom) and not _constant_tree(body):
                rest = [NIL if one is None else one for one in made[1:]]
                return [List([ASSIGN_GLOBAL, target, List([Atom(-CHAR, SEMICOLON), body, *rest])])]
        return made

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
        if type(tree) is not List:
            t = tree.t
            if t == -SYM and type(tree) is Atom:
                name = tree.v
                return env[name] if env is not None and name in env else self.get(name)
            return self.constant(tree) if t == SYM else tree
        v = tree.v
        n = len(v)
        if n < 2:
            return v[0] if n else tree
        head = v[0]
        kind = type(head)
        if kind is Special:
            return self.forms[head.what](v, env)  # type: ignore[attr-defined]
        if kind is Prim:
            last = v[-1]
            t = last.t
            if t == 0 or t == -SYM or t == SYM:  # else a constant
                last = self.run(last, env)
            if n == 3:
                first = v[1]
                t = first.t
                if t == 0 or t == -SYM or t == SYM:
                    first = self.run(first, env)
                two = head.two  # type: ignore[attr-defined]
                if two is not None and last is not HOLE and first is not HOLE:
                    METER.steps -= 1
                    if METER.steps < 0:
                        raise QError("limit")
                    return two(first, last)  # type: ignore[no-any-return]
                return apply(head, (first, last))
            if n == 2:
                one = head.one  # type: ignore[attr-defined]
                if one is not None and last is not HOLE:
                    METER.steps -= 1
                    if METER.steps < 0:
                        raise QError("limit")
                    self.frame = env
                    return one(last)  # type: ignore[no-any-return]
                return apply(head, (last,))
            args = self.arguments(v, n - 2, env)
            args.append(last)
            self.frame = env
            return apply(head, args)
        if head.t == -CHAR and isinstance(head, Atom) and head.v == SEMICOLON:
            return self.sequence(v, env)
        args = self.arguments(v, n - 1, env)
        self.frame = env
        return apply(self.run(head, env), args)

    def arguments(self, v: list[Value], last: int, env: Frame | None) -> list[Value]:
        """Values of the trees 1 to ``last`` of an application, evaluated from the right."""
        made = []
        for i in range(last, 0, -1):
            one = v[i]
            t = one.t
            made.append(self.run(one, env) if t == 0 or t == -SYM or t == SYM else one)
        made.reverse()
        return made

    def constant(self, tree: Value) -> Value:
        """A constant as it is; a symbol list of one item is a symbol."""
        if tree.t == SYM and type(tree) is Vec and len(tree.v) == 1:
            return sym(tree.v[0])
        return tree

    # ------------------------------------------------------------ assignment

    def assign(self, v: list[Value], env: Frame | None) -> Value:
        """``a:x``, ``a[i]:x``, ``(a;b):x``.

        Raises:
            QError: ``assign`` for a word of the language, or what a pattern raises.
        """
        if len(v) == 2:
            return self.run(v[1], env)
        value = self.run(v[2], env)
        target = v[1]
        if isinstance(target, Atom) and target.t == -SYM:
            self.store(target.v, value, env)
            return value
        if isinstance(target, Fn) and not is_nil(target):
            raise QError("assign")
        if isinstance(target, List) and len(target.v) > 1 and _is_path(target):
            self.amend_at(target, replace, value, env, local=True)
            return value
        return bind(
            target,
            value,
            lambda name, one: self.store(name, one, env),
            lambda tree: self.run(tree, env),
            lambda path, one: self.amend_at(path, replace, one, env, local=True),
        )

    def assign_global(self, v: list[Value], env: Frame | None) -> Value:
        """``a::x``: global from inside a function; at the top a view.

        Raises:
            QError: ``assign`` where that cannot be assigned.
        """
        if len(v) == 2:
            return self.run(v[1], env)
        target = v[1]
        if isinstance(target, Atom) and target.t == -SYM:
            if env is None:
                if _constant_tree(v[2]):
                    self.set(target.v, self.run(v[2], env))
                else:
                    self.set(target.v, NIL)
                    self.globals[self.full(target.v)] = View(v[2], names_in(v[2]))
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
        assert isinstance(head, Special)
        inner = head.inner
        assert inner is not None
        value = self.run(v[2], env)
        made: list[Value] = []

        def change(old: Value, new: Value | None) -> Value:
            assert new is not None
            if inner.name == ",":
                made.append(appended(old, new))
            else:
                made.append(apply(inner, (neutral(inner.name) if old is UNSET else old, new)))
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
        """Change the variable at the root of a path.

        Raises:
            QError: ``assign`` where the root is no name, the name where it is not there.
        """
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
            old = UNSET
        strict = bool(path)
        made = amend(old, path, change, value, strict=strict)
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
        """``:x``: leave the function.

        Raises:
            ReturnSignal: always, with the value.
        """
        raise ReturnSignal(self.run(v[1], env))

    def signal(self, v: list[Value], env: Frame | None) -> Value:
        """``'x``: raise an error of one's own.

        Raises:
            QError: with that text; ``stype`` where it is no symbol or text.
        """
        value = self.run(v[1], env)
        raise QError(text_of(value) if value.t in (-SYM, CHAR) else "stype")

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
        """``do[n;...]``.

        Raises:
            QError: ``type`` where n is no number.
        """
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
        if f.named:
            env.update(zip(f.params, args, strict=False))
        else:
            for name, value in zip(f.params, args, strict=False):
                if isinstance(name, str):
                    env[name] = value
                else:
                    bind(name, value, env.__setitem__, lambda tree: self.run(tree, env), None)
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
            left: Value = signal.value
            return left
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


def _constant_tree(tree: Value) -> bool:
    return not (isinstance(tree, Atom) and tree.t == -SYM) and not (
        isinstance(tree, List) and len(tree.v) > 1
    )


def _is_path(target: List) -> bool:
    head = target.v[0]
    while isinstance(head, List) and len(head.v) > 1:
        head = head.v[0]
    return isinstance(head, Atom) and head.t == -SYM
