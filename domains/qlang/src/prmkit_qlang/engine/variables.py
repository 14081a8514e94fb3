"""Variables: global ones under full names, local ones in frames; views, namespaces, parts of values."""

from __future__ import annotations

from abc import ABC, abstractmethod

from prmkit_qlang.engine.amend import amend, replace
from prmkit_qlang.engine.apply import index
from prmkit_qlang.engine.cast import by_name
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.functions import NIL, View
from prmkit_qlang.engine.parser import Words
from prmkit_qlang.engine.types import SYM, TEMPORAL
from prmkit_qlang.engine.values import (
    Dict,
    Domain,
    Enum,
    EnumAtom,
    List,
    Table,
    Value,
    Vec,
    at,
    column,
    count,
    items,
    pack,
    pick,
    sym,
    syms,
)

Frame = dict[str, Value]
_RESERVED = frozenset(["select", "exec", "update", "delete", "if", "do", "while"])
_PARTS = frozenset(
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


class Variables(ABC):
    """The variables of a session, and the frame of the function that runs."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.globals: dict[str, Value] = {}
        self.context = ""
        self.domains: dict[str, Domain] = {}
        self.frame: Frame | None = None

    @abstractmethod
    def run(self, tree: Value, env: Frame | None) -> Value:
        """Value of a tree; the evaluator says how."""

    def get(self, name: str) -> Value:
        """Value of a name: local, in the namespace at work, or global.

        Raises:
            QError: the name, where nothing has it.
        """
        env = self.frame
        if env is not None and name in env:
            return env[name]
        full = self.full(name) if self.context else name
        found = self.globals.get(full)
        if found is None and self.context:
            found = self.globals.get(name)
        if found is not None:
            return self.seen(found) if type(found) is View else found
        return self.part_of(name, full, env)

    def seen(self, view: View) -> Value:
        """The value of a view; where it needs itself, the one that it had before.

        Raises:
            QError: ``loop`` where it needs itself and had none.
        """
        if view.running:
            if view.last is None:
                raise QError("loop")
            return view.last
        view.running = True
        try:
            view.last = self.run(view.tree, None)
        finally:
            view.running = False
        view.basis = [self.globals.get(name) for name in view.needs]
        return view.last

    def pending(self, view: View) -> bool:
        """Whether a view was not read since it, or something that it needs, was assigned."""
        now = [self.globals.get(name) for name in view.needs]
        return view.last is None or any(a is not b for a, b in zip(now, view.basis, strict=True))

    def renew(self, old: Value, new: Value) -> None:
        """Put a value in the place of another one in every variable that holds it."""
        for held in (self.globals, self.frame or {}):
            for name in [name for name, value in held.items() if value is old]:
                held[name] = new

    def full(self, name: str) -> str:
        """A name with its namespace."""
        return name if not self.context or name.startswith(".") else f"{self.context}.{name}"

    def part_of(self, name: str, full: str, env: Frame | None) -> Value:
        """``a.b``: a part of a value, a field of a dictionary, or a namespace as a dictionary.

        Raises:
            QError: the name, where there is no such part.
        """
        if name.startswith(".q.") and name[3:] in self.words.keywords:
            return self.words.keywords[name[3:]]
        if name == ".q":
            return Dict(syms(["", *self.words.keywords]), List([NIL, *self.words.keywords.values()]))
        if name == ".":  # views as such
            return Dict(syms(self.names()), pack([self.globals[self.full(one)] for one in self.names()]))
        if name.startswith(".."):
            return self.at_root(name[2:])
        inside = self.inside(full + ".") if name.startswith(".") else None
        if inside:
            own = list(dict.fromkeys(sorted(key.split(".")[0] for key in inside)))
            return Dict(syms(["", *own]), List([NIL, *(self.get(f"{full}.{one}") for one in own)]))
        root, dot, last = name.rpartition(".")
        if dot and root.startswith(".") and self.full(root) not in self.globals:
            raise QError(name)
        if dot and root and root not in ("", "."):
            owner = env[root] if env is not None and root in env else self.get(root)
            return field(owner, last)
        if name in self.words.keywords:
            return self.words.keywords[name]
        raise QError("access" if name.startswith(":") else name)

    def inside(self, space: str) -> set[str]:
        """Names of a namespace, without it."""
        return {key[len(space) :] for key in self.globals if key.startswith(space)}

    def at_root(self, name: str) -> Value:
        """``..a``: the value of a name outside all namespaces."""
        kept = self.context, self.frame
        self.context, self.frame = "", None
        try:
            return self.get(name)
        finally:
            self.context, self.frame = kept

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
        return [*own, *(one for one in found if one not in own and one != "z")]

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


def is_namespace(value: Dict) -> bool:
    """Whether a dictionary can be the content of a namespace."""
    return isinstance(value.k, Vec) and value.k.t == SYM and count(value.k) > 0


def field(owner: Value, name: str) -> Value:
    """``a.b`` for a value a: a part of a time, a row of the table an enumeration points into, or a field.

    Raises:
        QError: the name where there is no such part, ``type`` where the value has none.
    """
    if isinstance(owner, Enum | EnumAtom):
        target = owner.target
        if isinstance(target, Dict) and isinstance(target.k, Table) and isinstance(target.w, Table):
            whole = column(target.w if name in target.w.cols else target.k, name)
            return pick(whole, owner.v) if isinstance(owner, Enum) else at(whole, owner.v)
    if abs(owner.t) in TEMPORAL or (isinstance(owner, List) and owner.v):
        if name not in _PARTS:
            raise QError(name)
        return by_name(name, owner)
    if isinstance(owner, Dict | Table):
        return index(owner, sym(name))
    raise QError("type")
