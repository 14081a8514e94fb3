"""Names with a dot: the part of ``.Q``, ``.j``, ``.h`` and ``.z`` that needs nothing outside."""

from __future__ import annotations

import string as letters
from typing import TYPE_CHECKING

from prmkit_qlang.engine import json
from prmkit_qlang.engine.apply import apply
from prmkit_qlang.engine.context import CONTEXT
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.format import console
from prmkit_qlang.engine.functions import Fn, Prim
from prmkit_qlang.engine.inline import s1
from prmkit_qlang.engine.tables import enkey, key_count, unkey, widened
from prmkit_qlang.engine.types import CHAR, LAMBDA, LETTERS, SYM
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    List,
    Table,
    Value,
    Vec,
    chars,
    count,
    flag,
    is_keyed,
    is_list,
    items,
    pack,
    sym,
    syms,
    text_of,
    unenum,
)  # fmt: skip

if TYPE_CHECKING:
    from prmkit_qlang.engine.session import Session


def symbol(text: str) -> Value:
    """A symbol."""
    return sym(text)


def listing(session: Session, kind: str) -> Value:
    """``\\a``, ``\\v``, ``\\f``, ``\\b``: names of tables, variables, functions, views."""
    names = session.names()
    if kind in "bB":
        return syms(session.view_names())
    values = {name: session.get(name) for name in names}
    if kind == "a":
        return syms([n for n, v in values.items() if isinstance(v, Table) or is_keyed(v)])
    if kind == "f":
        return syms([n for n, v in values.items() if isinstance(v, Fn)])
    return syms([n for n, v in values.items() if not isinstance(v, Fn)])


def _console_text(x: Value) -> Value:
    return chars(console(x, width=2000, height=2000) + "\n")


def _one_line(x: Value) -> Value:
    return chars(s1(x))


def _type_letter(x: Value) -> Value:
    t = x.t
    if abs(t) in LETTERS:
        letter = LETTERS[abs(t)]
        return chars(letter)  if False else Atom(-CHAR, ord(letter if t > 0 else letter))
    if isinstance(x, List) and x.v and all(isinstance(one, Vec) and one.t == x.v[0].t for one in x.v):
        return Atom(-CHAR, ord(LETTERS.get(x.v[0].t, " ").upper()))
    return Atom(-CHAR, 32)


def _format(width: Value, places: Value, x: Value) -> Value:
    if isinstance(x, Vec | List):
        return pack([_format(width, places, one) for one in items(x)])
    if not isinstance(x, Atom) or not isinstance(width, Atom) or not isinstance(places, Atom):
        raise QError("type")
    if x.v != x.v:
        return chars("".rjust(min(int(width.v), 1000)))
    text = f"{x.v:.{min(max(0, int(places.v)), 30)}f}"
    size = min(abs(int(width.v)), 1000)
    return chars(text.rjust(size) if len(text) <= size else "*" * size)


def _fixed(places: Value, x: Value) -> Value:
    if isinstance(x, Vec | List):
        return pack([_fixed(places, one) for one in items(x)])
    if not isinstance(x, Atom) or not isinstance(places, Atom):
        raise QError("type")
    if x.v != x.v:
        return chars("0n")
    return chars(f"{x.v:.{min(max(0, int(places.v)), 30)}f}")


def _dotted(x: Value, y: Value) -> Value:
    if is_list(x) or is_list(y):
        n = max(count(x) if is_list(x) else 1, count(y) if is_list(y) else 1)
        xs, ys = items(x) if is_list(x) else [x] * n, items(y) if is_list(y) else [y] * n
        return pack([_dotted(a, b) for a, b in zip(xs, ys, strict=True)])
    second = text_of(y) if abs(y.t) in (SYM, CHAR) else s1(y)
    return sym(f"{text_of(x)}.{second}")


def _identifiers(x: Value) -> Value:
    if isinstance(x, Table):
        return Table(_unique([_identifier(c) for c in x.cols]), x.data)
    if isinstance(x, Dict):
        if isinstance(x.k, Table):
            return Dict(_identifiers(x.k), _identifiers(x.w))
        return Dict(_identifiers(x.k), x.w)
    if isinstance(x, Atom):
        return sym(_identifier(text_of(x)))
    if isinstance(x, Vec) and x.t == SYM:
        return syms(_unique([_identifier(one) for one in x.v.tolist()]))
    raise QError("type")


def _identifier(text: str) -> str:
    kept = "".join(c for c in text if c in letters.ascii_letters + letters.digits + "_")
    if not kept:
        return "a"
    if kept[0] in letters.digits + "_":
        kept = "a" + kept
    words = CONTEXT.now.words.keywords  # type: ignore[attr-defined]
    return kept + "1" if kept in words or kept in ("select", "exec", "update", "delete", "i") else kept


def _unique(names: list[str]) -> list[str]:
    out: list[str] = []
    for name in names:
        fresh, number = name, 0
        while fresh in out:
            number += 1
            fresh = f"{name}{number}"
        out.append(fresh)
    return out


def _on_table(f: Value, t: Value) -> Value:
    n = key_count(t)
    return enkey(n, apply(f, (unkey(t),))) if n else apply(f, (t,))


def _traced(f: Value, x: Value, handler: Value) -> Value:
    return CONTEXT.now.guarded(lambda: apply(f, (x,)), lambda text: apply(handler, (chars(text), List([]))))


def _traced_many(f: Value, x: Value, handler: Value) -> Value:
    return CONTEXT.now.guarded(lambda: apply(f, items(x)), lambda text: apply(handler, (chars(text), List([]))))


def _to_json(x: Value) -> Value:
    return chars(json.write(x))


def _from_json(x: Value) -> Value:
    return json.read(text_of(x))


def _is_table(x: Value) -> Value:
    return flag(isinstance(x, Table) or is_keyed(x))


def _base64(x: Value) -> Value:
    alphabet = letters.ascii_uppercase + letters.ascii_lowercase + letters.digits + "+/"
    raw = text_of(x).encode("utf-8", "surrogateescape")
    out = ""
    for start in range(0, len(raw), 3):
        part = raw[start : start + 3]
        n = int.from_bytes(part.ljust(3, b"\0"), "big")
        text = "".join(alphabet[(n >> shift) & 63] for shift in (18, 12, 6, 0))
        out += text[: len(part) + 1].ljust(4, "=")
    return chars(out)


def _tag(name: Value, body: Value) -> Value:
    return chars(f"<{text_of(name)}>{text_of(body)}</{text_of(name)}>")


def _escaped(x: Value) -> Value:
    safe = letters.ascii_letters + letters.digits + "-._~$,:/?=&" if False else letters.ascii_letters + letters.digits + "$-.+!*'(),_"
    raw = text_of(x).encode("utf-8", "surrogateescape")
    return chars("".join(chr(b) if chr(b) in safe else f"%{b:02x}" for b in raw))


def _html(x: Value) -> Value:
    table = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
    return chars("".join(table.get(c, c) for c in text_of(x)))


def _one(name: str, run: object) -> Prim:
    return Prim(name, {1: run}, t=LAMBDA)  # type: ignore[dict-item]


def _two(name: str, run: object) -> Prim:
    return Prim(name, {2: run}, t=LAMBDA)  # type: ignore[dict-item]


def _three(name: str, run: object) -> Prim:
    made = Prim(name, {3: run}, t=LAMBDA)  # type: ignore[dict-item]
    made.rank = 3
    return made


NAMES: dict[str, Value] = {
    ".Q.a": chars(letters.ascii_lowercase), ".Q.A": chars(letters.ascii_uppercase), ".Q.n": chars(letters.digits),
    ".Q.an": chars(letters.ascii_lowercase + letters.ascii_uppercase + "_" + letters.digits),
    ".Q.nA": chars(letters.digits + letters.ascii_uppercase),
    ".Q.b6": chars(letters.ascii_uppercase + letters.ascii_lowercase + letters.digits + "+/"),
    ".Q.t": chars(" bg xhijefcspmdznuvts"), ".Q.s": _one(".Q.s", _console_text), ".Q.s1": _one(".Q.s1", _one_line),
    ".Q.ty": _one(".Q.ty", _type_letter), ".Q.fmt": _three(".Q.fmt", _format), ".Q.f": _two(".Q.f", _fixed),
    ".Q.dd": _two(".Q.dd", _dotted), ".Q.id": _one(".Q.id", _identifiers), ".Q.ft": _two(".Q.ft", _on_table),
    ".Q.ff": _two(".Q.ff", widened),
    ".Q.trp": _three(".Q.trp", _traced), ".Q.trpd": _three(".Q.trpd", _traced_many), ".Q.qt": _one(".Q.qt", _is_table),
    ".Q.btoa": _one(".Q.btoa", _base64), ".j.j": _one(".j.j", _to_json), ".j.k": _one(".j.k", _from_json),
    ".h.htc": _two(".h.htc", _tag), ".h.hu": _one(".h.hu", _escaped), ".h.xs": _one(".h.xs", _html),
}  # fmt: skip
"""Name → value."""

__all__ = ["NAMES", "listing", "symbol", "unenum"]
