"""Names with a dot: the part of ``.Q``, ``.h``, ``.j`` and ``.z`` that needs nothing outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prmkit_qlang.engine import doth, dotq, json
from prmkit_qlang.engine.context import CONTEXT
from prmkit_qlang.engine.dotq import function
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.types import DATE
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    Fn,
    List,
    Table,
    Value,
    chars,
    count,
    is_keyed,
    items,
    real,
    sym,
    syms,
    text_of,
)

if TYPE_CHECKING:
    from prmkit_qlang.engine.session import Session

SPACES = ("Q", "h", "j", "m", "o", "z")
"""Namespaces of the language itself: what is missing there is refused, not unknown."""
_SILENT = frozenset(["f", "i", "k", "K", "o", "q", "s", "x", "X"])
"""Names of ``.z`` that tell of the release and the command line; the rest tell of the world outside."""


def missing(name: str) -> QError:
    """The error for a name of the language's own namespaces that is not there.

    Examples:
        >>> missing(".z.p").text, missing(".Q.gz").text
        ('access', 'nyi')
    """
    outside = name.startswith(".z.") and name.split(".")[2] not in _SILENT
    return QError("access" if outside else "nyi")


def symbol(text: str) -> Value:
    """A symbol."""
    return sym(text)


def listing(session: Session, kind: str) -> Value:
    r"""``\a``, ``\v``, ``\f``, ``\b``: names of tables, variables, functions, views, pending views."""
    names = session.names()
    if kind in "bB":
        return syms(session.view_names(pending=kind == "B"))
    values = {name: session.get(name) for name in names}
    if kind == "a":
        return syms([n for n, v in values.items() if isinstance(v, Table) or is_keyed(v)])
    if kind == "f":
        return syms([n for n, v in values.items() if isinstance(v, Fn)])
    return syms([n for n, v in values.items() if not isinstance(v, Fn)])


def to_json(x: Value) -> Value:
    """``.j.j``: the JSON text of a value."""
    return chars(json.write(x, precision=CONTEXT.precision))


def to_json_with(x: Value) -> Value:
    """``.j.jd``: the same of a pair of a value and options; ``null0w`` writes infinite numbers as null.

    Raises:
        QError: ``type`` for anything else.
    """
    pair = items(x)
    if not isinstance(x, List) or count(x) != 2 or not isinstance(pair[1], Dict):
        raise QError("type")
    chosen = {text_of(k): w for k, w in zip(items(pair[1].k), items(pair[1].w), strict=True)}
    null = chosen.get("null0w")
    infinite = isinstance(null, Atom) and bool(null.v)
    return chars(json.write(pair[0], precision=CONTEXT.precision, null_infinity=infinite))


def from_json(x: Value) -> Value:
    """``.j.k``: the value of a JSON text."""
    return json.read(text_of(x))


NAMES: dict[str, Value] = {
    **dotq.NAMES,
    **doth.NAMES,
    ".j.j": function(".j.j", to_json),
    ".j.jd": function(".j.jd", to_json_with),
    ".j.k": function(".j.k", from_json),
    ".z.K": real(4.0),
    ".z.k": Atom(-DATE, 7580),
    ".z.x": List([]),
}
"""Name → value."""
