"""The part of the namespace ``.Q`` that needs nothing outside: formats, names, tables, traps.

Source: the page on the namespace ``.Q`` of the kdb+ documentation.
"""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Iterable

from prmkit_qlang.engine import atomic, cast, dotcodes, sets
from prmkit_qlang.engine.apply import apply, index
from prmkit_qlang.engine.context import CONTEXT
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.format import console
from prmkit_qlang.engine.functions import Prim, is_nil
from prmkit_qlang.engine.inline import floating, s1
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.operators import question
from prmkit_qlang.engine.search import find
from prmkit_qlang.engine.tables import flip_table, foreign, on_table, table_of, widened
from prmkit_qlang.engine.types import CHAR, DATE, INF_LONG, INT, LAMBDA, LETTERS, NUMERIC, SYM
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    List,
    Table,
    Value,
    Vec,
    at,
    chars,
    count,
    flag,
    is_keyed,
    is_list,
    items,
    long,
    pack,
    real,
    sym,
    syms,
    text_of,
    unenum,
)

RESERVED = (
    "abs", "acos", "asin", "atan", "avg", "bin", "binr", "cor", "cos", "cov", "delete", "dev", "div",
    "do", "enlist", "exec", "exit", "exp", "getenv", "hopen", "if", "in", "insert", "last", "like",
    "log", "lsq", "max", "min", "prd", "select", "setenv", "sin", "sqrt", "ss", "sum", "tan", "update",
    "var", "wavg", "while", "within", "wsum", "xexp",
)  # fmt: skip
"""``.Q.res``: words that are none of ``.q``."""
WIDEST = 1000
"""Characters of the longest formatted number."""
MOST_PLACES = 30


def function(name: str, run: Callable[..., Value], rank: int = 1) -> Prim:
    """A function of so many arguments under a name."""
    return Prim(name, {rank: run}, t=LAMBDA)


# ---------------------------------------------------------------- numbers as texts


def places(n: Value, x: Value) -> Value:
    """``.Q.f``: a number with n digits behind the point, halves rounded away from zero.

    Raises:
        QError: ``type`` for what is no number.
    """
    if is_list(x):
        METER.take(8 * count(x))
        return pack([places(n, one) for one in items(x)])
    return chars(_placed(_size(n), _number(x)))


def padded(width: Value, n: Value, x: Value) -> Value:
    """``.Q.fmt``: a number with n digits behind the point, in so many characters; stars where it is wider.

    Raises:
        QError: ``type`` for what is no number.
    """
    if is_list(x):
        METER.take(8 * count(x))
        return pack([padded(width, n, one) for one in items(x)])
    size, text = min(abs(_size(width)), WIDEST), _placed(_size(n), _number(x))
    return chars(text.rjust(size) if len(text) <= size else "*" * size)


def _size(x: Value) -> int:
    if isinstance(x, Atom) and -x.t in NUMERIC and abs(x.v) <= WIDEST:
        return int(x.v)
    raise QError("type")


def _number(x: Value) -> float:
    found = cast.dollar(sym("float"), x) if isinstance(x, Atom) and -x.t in NUMERIC else None
    if isinstance(found, Atom):
        return float(found.v)
    raise QError("type")


def _placed(n: int, x: float) -> str:
    n = max(0, min(n, MOST_PLACES))
    if not math.isfinite(x) or abs(x) >= 1e13 or abs(x) * 10.0**n >= 1e17:
        return floating(x, CONTEXT.precision)
    digits = f"{math.floor(abs(x) * 10.0**n + 0.5):0{n + 1}}"
    sign = "-" if x < 0 else ""
    return f"{sign}{digits[:-n]}.{digits[-n:]}" if n else sign + digits


def shown(x: Value) -> Value:
    """``.Q.s``: what the console prints, in its size."""
    text = console(x, precision=CONTEXT.precision, width=CONTEXT.now.width, height=CONTEXT.now.height)
    return chars(text + "\n")


def one_line(x: Value) -> Value:
    """``.Q.s1``: a value on one line."""
    return chars(s1(x, precision=CONTEXT.precision))


# ---------------------------------------------------------------- types, dates, addresses


def type_letter(x: Value) -> Value:
    """``.Q.ty``: the letter of a type, a capital for a list of vectors of one type, else a blank."""
    source = unenum(x)
    letter = LETTERS.get(abs(source.t), " ")
    if isinstance(x, List) and x.v and all(isinstance(one, Vec) and one.t == x.v[0].t for one in x.v):
        letter = LETTERS.get(x.v[0].t, " ").upper()
    return Atom(-CHAR, ord(letter))


def add_months(x: Value, n: Value) -> Value:
    """``.Q.addmonths``: the day as far into the month n months later; it may spill into the next one."""
    month = cast.dollar(sym("month"), x)
    since = atomic.subtract(x, cast.dollar(sym("date"), month))
    return atomic.add(cast.dollar(sym("date"), atomic.add(month, n)), since)


def address(x: Value) -> Value:
    """``.Q.addr``: the number of a numeric address.

    Raises:
        QError: ``access`` for a name of a host.
    """
    found = cast.read(INT, text_of(x), x)
    if not isinstance(found, Atom) or not _NUMERIC_ADDRESS.issuperset(text_of(x)):
        raise QError("access")
    return found


_NUMERIC_ADDRESS = frozenset(string.digits + ".")


# ---------------------------------------------------------------- names


def dotted(x: Value, y: Value) -> Value:
    """``.Q.dd``: a symbol and the text of another value with a point between.

    Raises:
        QError: ``length`` for lists of different length, ``type`` where x is no symbol.
    """
    if not is_list(x) and (not is_list(y) or y.t == CHAR):
        second = text_of(y) if abs(y.t) in (SYM, CHAR) else s1(y)
        return sym(f"{text_of(x)}.{second}")
    n = max(count(one) for one in (x, y) if is_list(one))
    xs, ys = items(x) if is_list(x) else [x] * n, items(y) if is_list(y) else [y] * n
    if len(xs) != len(ys):
        raise QError("length")
    METER.take(8 * n)
    return pack([dotted(a, b) for a, b in zip(xs, ys, strict=True)])


def identifiers(x: Value) -> Value:
    """``.Q.id``: a symbol, or the columns or keys of a table or dictionary, as names that a program may use.

    Raises:
        QError: ``type`` for anything else.
    """
    if isinstance(x, Table):
        return Table(_unlike(map(identifier, x.cols)), x.data)
    if isinstance(x, Dict):
        return Dict(identifiers(x.k), identifiers(x.w) if is_keyed(x) else x.w)
    if isinstance(x, Atom):
        return sym(identifier(text_of(x)))
    if isinstance(x, Vec) and x.t == SYM:
        return syms(_unlike(map(identifier, x.v.tolist())))
    raise QError("type")


def identifier(text: str) -> str:
    """A text as a name: letters, digits and underscores, a letter first, and no word of the language."""
    kept = "".join(c for c in text if c.isascii() and (c.isalnum() or c == "_"))
    if not kept[:1].isalpha():
        kept = "a" + kept
    return kept + "1" if kept in RESERVED or CONTEXT.now.is_word(kept) else kept


def _unlike(names: Iterable[str]) -> list[str]:
    """Names, each with a number where an earlier one is the same."""
    out: dict[str, None] = {}
    for name in names:
        fresh, number = name, 0
        while fresh in out:
            number += 1
            fresh = f"{name}{number}"
        out[fresh] = None
    return list(out)


# ---------------------------------------------------------------- functions and tables


def cut_apply(f: Value, x: Value) -> Value:
    """``.Q.fc``: a function of a vector; what q may cut among threads."""
    return apply(f, (x,))


def on_distinct(f: Value, x: Value) -> Value:
    """``.Q.fu``: a function of the distinct items of a list, spread over all of them."""
    if not is_list(x):
        return apply(f, (x,))
    own = sets.distinct(x)
    return index(apply(f, (own,)), find(own, x))


def on_simple(f: Value, t: Value) -> Value:
    """``.Q.ft``: a function of a table without its keys; they are given back."""
    return on_table(lambda simple: apply(f, (simple,)), t)


def traced(f: Value, x: Value, handler: Value) -> Value:
    """``.Q.trp``: the value, or the handler's for the error and an empty backtrace."""
    return CONTEXT.now.guarded(lambda: apply(f, (x,)), lambda text: apply(handler, (chars(text), List([]))))


def traced_many(f: Value, x: Value, handler: Value) -> Value:
    """``.Q.trpd``: the same with a list of arguments."""
    return CONTEXT.now.guarded(
        lambda: apply(f, items(x)), lambda text: apply(handler, (chars(text), List([])))
    )


def is_table(x: Value) -> Value:
    """``.Q.qt``."""
    return flag(isinstance(x, Table) or is_keyed(x))


def columns(x: Value) -> Value:
    """``.Q.V``: a table as the dictionary of its columns."""
    return flip_table(table_of(x))


def foreign_key(x: Value) -> Value:
    """``.Q.fk``: the table that a column points into; an empty symbol where it is no foreign key."""
    return sym(foreign(x))


def global_value(x: Value) -> Value:
    """``.Q.v``: the global of a name; anything else as it is.

    Raises:
        QError: ``access`` for a file.
    """
    if isinstance(x, Atom) and x.t == -SYM:
        if x.v.startswith(":"):
            raise QError("access")
        return CONTEXT.now.get(x.v)
    return x


def enumerated(directory: Value, t: Value) -> Value:
    """``.Q.en``: symbols of a table enumerated over the global ``sym``.

    Raises:
        QError: ``access`` for a directory, ``type`` for what is no table.
    """
    return enumerated_over(directory, t, sym("sym"))


def enumerated_over(directory: Value, t: Value, name: Value) -> Value:
    """``.Q.ens``: symbols of a table enumerated over a named global.

    Raises:
        QError: ``access`` for a directory, ``type`` for what is no table.
    """
    if not is_nil(directory):
        raise QError("access")
    table = table_of(t)
    return Table(table.cols, [question(name, one) if one.t == SYM else one for one in table.data])


# ---------------------------------------------------------------- command line


def options(x: Value) -> Value:
    """``.Q.opt``: arguments by the name with a hyphen that stands before them."""
    found: dict[str, list[Value]] = {}
    name = ""
    for one in items(x):
        text = text_of(one)
        if text.startswith("-") and text[1:2].isalpha():
            name = text[1:]
            found[name] = []
        elif name:
            found[name].append(one)
    return Dict(syms(found), List([List(values) for values in found.values()]))


def defaults(x: Value, y: Value) -> Value:
    """``.Q.def``: defaults, replaced by the arguments of the same names, read as the type of the default.

    Raises:
        QError: ``type`` where one of them is no dictionary.
    """
    if not isinstance(x, Dict) or not isinstance(y, Dict):
        raise QError("type")
    given = {text_of(k): w for k, w in zip(items(y.k), items(y.w), strict=True)}
    names = [text_of(k) for k in items(x.k)]
    return Dict(
        x.k, pack([_given(old, given.get(name)) for name, old in zip(names, items(x.w), strict=True)])
    )


def _given(old: Value, texts: Value | None) -> Value:
    if texts is None or not is_list(texts) or not count(texts):
        return old
    if isinstance(old, Atom):
        return cast.read(-old.t, text_of(at(texts, 0)), old)
    return pack([cast.read(old.t, text_of(one), at(old, -1)) for one in items(texts)])


def refuse(*_: Value) -> Value:
    """What needs files, hosts, memory or time.

    Raises:
        QError: ``access``.
    """
    raise QError("access")


OUTSIDE = {
    1: ["w", "gc", "hg", "host", "fps", "fs", "chk", "l", "li", "cn", "bv", "bvi", "prf0", "view", "MAP"],
    2: ["fpn", "fsn", "ts", "ipc", "Cf", "Xf"],
    3: ["hp", "lo", "dpt", "par"],
    4: ["hdpf", "dpft", "dpts"],
    5: ["dpfts", "dsftg"],
}
"""Number of arguments → functions of ``.Q`` that are refused."""

_ONE: dict[str, Callable[[Value], Value]] = {
    "s": shown, "s1": one_line, "ty": type_letter, "addr": address, "id": identifiers, "qt": is_table,
    "V": columns, "v": global_value, "fk": foreign_key, "opt": options, "sbt": lambda x: chars(""),
    "btoa": dotcodes.btoa, "atob": dotcodes.atob, "sha1": dotcodes.sha1, "x10": dotcodes.x10,
    "j10": dotcodes.j10, "x12": dotcodes.x12, "j12": dotcodes.j12,
}  # fmt: skip
_MORE: dict[str, tuple[int, Callable[..., Value]]] = {
    "f": (2, places), "fmt": (3, padded), "addmonths": (2, add_months), "dd": (2, dotted),
    "fc": (2, cut_apply),
    "fu": (2, on_distinct), "ft": (2, on_simple), "ff": (2, widened), "trp": (3, traced),
    "trpd": (3, traced_many),
    "en": (2, enumerated), "ens": (3, enumerated_over), "def": (2, defaults),
}  # fmt: skip
_CONSTANTS: dict[str, Value] = {
    "a": chars(string.ascii_lowercase), "A": chars(string.ascii_uppercase), "n": chars(string.digits),
    "an": chars(string.ascii_lowercase + string.ascii_uppercase + "_" + string.digits),
    "nA": chars(dotcodes.N36),
    "b6": chars(dotcodes.B6), "t": chars(" bg xhijefcspmdznuvts"), "res": syms(RESERVED),
    "M": long(INF_LONG),
    "K": Atom(-DATE, 7580), "k": real(4.0),
}  # fmt: skip

NAMES: dict[str, Value] = {
    **{f".Q.{name}": value for name, value in _CONSTANTS.items()},
    **{f".Q.{name}": function(f".Q.{name}", run) for name, run in _ONE.items()},
    **{f".Q.{name}": function(f".Q.{name}", run, rank) for name, (rank, run) in _MORE.items()},
    **{
        f".Q.{name}": function(f".Q.{name}", refuse, rank)
        for rank, names in OUTSIDE.items()
        for name in names
    },
}
"""Name → value."""
