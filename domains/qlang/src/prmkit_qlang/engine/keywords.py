"""The names of the language: operators, their k forms, and keywords, each with what runs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from prmkit_qlang.engine import (
    adverbs,
    aggregates,
    atomic,
    cast,
    groups,
    joins,
    lists,
    operators,
    rows,
    sets,
    sorting,
    tables,
    text,
)
from prmkit_qlang.engine.apply import apply
from prmkit_qlang.engine.context import CONTEXT
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.functions import NIL, Prim, is_nil
from prmkit_qlang.engine.parser import Words
from prmkit_qlang.engine.special import ASSIGN, LISTED
from prmkit_qlang.engine.string import string
from prmkit_qlang.engine.types import BINARY, CHAR, LAMBDA, SYM, UNARY
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    Fn,
    List,
    Table,
    Value,
    Vec,
    at,
    chars,
    count,
    empty_like,
    enlist,
    is_keyed,
    is_list,
    items,
    long,
    pick,
    sym,
    syms,
    text_of,
)

_SYNONYM = {">=": "~<", "<=": "~>", "<>": "~="}


def _operator(
    name: str, two: Callable[..., Value], *, atomic_: bool = False, **more: Callable[..., Value]
) -> Prim:
    forms: dict[int, Callable[..., Value]] = {2: two}
    for word, form in more.items():
        forms[{"three": 3, "four": 4, "five": 5, "six": 6}[word]] = form
    return Prim(name, forms, show=_SYNONYM.get(name, name), infix=True, atomic=atomic_, t=BINARY)


DYADS: dict[str, Prim] = {
    "+": _operator("+", atomic.add, atomic_=True),
    "-": _operator("-", atomic.subtract, atomic_=True),
    "*": _operator("*", atomic.multiply, atomic_=True),
    "%": _operator("%", atomic.divide, atomic_=True),
    "&": _operator("&", atomic.lesser, atomic_=True),
    "|": _operator("|", atomic.larger, atomic_=True),
    "^": _operator("^", operators.filled, atomic_=True),
    "=": _operator("=", atomic.equal, atomic_=True),
    "<": _operator("<", atomic.less, atomic_=True),
    ">": _operator(">", atomic.greater, atomic_=True),
    "<=": _operator("<=", atomic.at_most, atomic_=True),
    ">=": _operator(">=", atomic.at_least, atomic_=True),
    "<>": _operator("<>", atomic.unequal, atomic_=True),
    "~": _operator("~", operators.matched),
    ",": _operator(",", lists.join),
    "#": _operator("#", lists.take),
    "_": _operator("_", lists.drop),
    "$": _operator("$", cast.dollar),
    "!": _operator("!", operators.bang, four=operators.bang_many),
    "?": _operator(
        "?", operators.question, three=operators.question_three, four=operators.question_many,
        five=operators.question_many, six=operators.question_many,
    ),
    "@": _operator("@", operators.at_two, three=operators.at_three, four=operators.at_four),
    ".": _operator(".", operators.dot_two, three=operators.dot_three, four=operators.dot_four),
}  # fmt: skip
DYADS[":"] = ASSIGN


def _word(
    name: str, one: Callable[[Value], Value], show: str = "", *, atomic_: bool = False, t: int = UNARY
) -> Prim:
    return Prim(name, {1: one}, show=show or name, t=t, atomic=atomic_)


def _infix(
    name: str, two: Callable[[Value, Value], Value], show: str = "", *, atomic_: bool = False, **more: Any
) -> Prim:
    forms: dict[int, Callable[..., Value]] = {2: two}
    if "one" in more:
        forms[1] = more["one"]
    return Prim(name, forms, show=show or name, infix=True, atomic=atomic_, t=more.get("t", BINARY))


def _many(name: str, rank: int, form: Callable[..., Value]) -> Prim:
    made = Prim(name, {rank: form}, t=LAMBDA)
    made.rank = rank
    return made


# ---------------------------------------------------------------- small keywords of their own


def _count(x: Value) -> Value:
    return Atom(-7, count(x))


def _next(x: Value) -> Value:
    return _shift(x, 1)


def _prev(x: Value) -> Value:
    return _shift(x, -1)


def _shift(x: Value, by: int) -> Value:
    if isinstance(x, Dict):
        return Dict(x.k, _shift(x.w, by))
    if isinstance(x, Table):
        return Table(x.cols, [_shift(c, by) for c in x.data])
    if not is_list(x):
        raise QError("type" if isinstance(x, Atom) else "rank")
    n = count(x)
    if isinstance(x, List):
        hole = empty_like(x.v[0]) if x.v and is_list(x.v[0]) else at(x, -1)
        values = x.v[by:] + [hole] * min(by, n) if by > 0 else [hole] * min(-by, n) + x.v[: n + by]
        return List(values[:n] if by > 0 else values[-n:] if n else [])
    return pick(x, np.arange(n) + by)


def _xprev(x: Value, y: Value) -> Value:
    n = lists.whole(x)
    if isinstance(y, Dict):
        return Dict(y.k, _xprev(x, y.w))
    return pick(y, np.arange(count(y)) - n) if not isinstance(y, List) else _shift(y, -n)


def _within_name(x: Value) -> tuple[Value, str]:
    if isinstance(x, Atom) and x.t == -SYM:
        return CONTEXT.now.get(x.v), x.v
    return x, ""


def on_name(two: Callable[[Value, Value], Value]) -> Callable[[Value, Value], Value]:
    """A function whose second argument may be a table by name: the variable is changed, its name the result."""

    def run(x: Value, y: Value) -> Value:
        table, name = _within_name(y)
        made = two(x, table)
        if name:
            CONTEXT.now.set(name, made)
            return y
        return made

    return run


def _insert(x: Value, y: Value) -> Value:
    if not isinstance(x, Atom) or x.t != -SYM:
        raise QError("type")
    try:
        old = CONTEXT.now.get(x.v)
    except QError:
        old = Table([], [])
        if isinstance(y, Table) or is_keyed(y):
            CONTEXT.now.set(x.v, y)
            return Vec(7, np.arange(count(y)))
        raise
    if is_list(old):
        n = count(old)
        made = lists.join(old, y)
        CONTEXT.now.set(x.v, made)
        return Vec(7, np.arange(n, count(made)))
    made, places = rows.insert(old, y)
    CONTEXT.now.set(x.v, made)
    return places


def _upsert(x: Value, y: Value) -> Value:
    if isinstance(x, Atom) and x.t == -SYM:
        try:
            old = CONTEXT.now.get(x.v)
        except QError:
            CONTEXT.now.set(x.v, y)
            return x
        CONTEXT.now.set(x.v, _upsert(old, y))
        return x
    if is_list(x):
        return lists.join(x, y)
    return rows.upsert(x, y)


def _set(x: Value, y: Value) -> Value:
    if isinstance(x, Atom) and x.t == -SYM:
        if x.v.startswith(":"):
            raise QError("access")
        CONTEXT.now.set(x.v, y)
        return x
    raise QError("type" if not is_list(x) else "access")


def _get(x: Value) -> Value:
    if isinstance(x, Atom) and x.t == -SYM:
        if x.v.startswith(":"):
            raise QError("access")
        return CONTEXT.now.get(x.v)
    return operators.value(x)


def _tables(x: Value) -> Value:
    machine = CONTEXT.now
    if isinstance(x, Atom) and x.t == -SYM and x.v not in ("", "."):
        space = machine.get(x.v)
        if isinstance(space, Dict):
            return pick(
                space.k,
                np.array(
                    [i for i, one in enumerate(items(space.w)) if isinstance(one, Table) or is_keyed(one)],
                    dtype=np.int64,
                ),
            )
    return syms(
        [
            name
            for name in machine.names()
            if isinstance(machine.get(name), Table) or is_keyed(machine.get(name))
        ]
    )


def _views(x: Value) -> Value:
    made = syms(CONTEXT.now.view_names())  # type: ignore[attr-defined]
    return Vec(SYM, made.v, "s" if len(made.v) else "")


def _view(x: Value) -> Value:
    return chars(CONTEXT.now.view_text(lists_name(x)))  # type: ignore[attr-defined]


def lists_name(x: Value) -> str:
    """The name in a symbol.

    Raises:
        QError: ``type`` for anything else.
    """
    if isinstance(x, Atom) and x.t == -SYM:
        return str(x.v)
    raise QError("type")


def _system(x: Value) -> Value:
    return CONTEXT.now.command("\\" + text_of(x))


def _refuse(*_: Value) -> Value:
    raise QError("access")


def _rand(x: Value) -> Value:
    return lists.first(CONTEXT.now.draw(1, x))


def _show(x: Value) -> Value:
    CONTEXT.now.show(x)  # type: ignore[attr-defined]
    return NIL


def _eval(x: Value) -> Value:
    return CONTEXT.now.run_tree(x)


def _each(f: Value, x: Value) -> Value:
    return adverbs.each(f, [x])


def _over(f: Value, x: Value) -> Value:
    return adverbs.over(f, [x])


def _scan(f: Value, x: Value) -> Value:
    return adverbs.scan(f, [x])


def _prior(f: Value, x: Value) -> Value:
    return adverbs.each_prior(f, [x])


def _ungroup(x: Value) -> Value:
    return groups.ungroup(x)


def _meta(x: Value) -> Value:
    return tables.meta(_within_name(x)[0])


def _cols(x: Value) -> Value:
    return tables.cols(_within_name(x)[0])


def _keys(x: Value) -> Value:
    return tables.keys(_within_name(x)[0])


def _fkeys(x: Value) -> Value:
    return tables.fkeys(_within_name(x)[0])


def _mcount(name: str) -> Callable[[Value, Value], Value]:
    return aggregates.windowed(name)


def _inverse(x: Value) -> Value:
    matrix = cast.matrix(x)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise QError("length")
    try:
        return cast.from_matrix(np.linalg.inv(matrix))
    except np.linalg.LinAlgError:
        return cast.from_matrix(np.full(matrix.shape, np.nan))


def _solve(x: Value, y: Value) -> Value:
    a, b = cast.matrix(x), cast.matrix(y)
    try:
        return cast.from_matrix(np.linalg.lstsq(b.T, a.T, rcond=None)[0].T)
    except np.linalg.LinAlgError as error:
        raise QError("domain") from error


def _apply_each_sum(x: Value) -> Value:
    return aggregates.sum_(x)


def _differ(x: Value) -> Value:
    return sets.differ(x)


def _string(x: Value) -> Value:
    return string(x, CONTEXT.precision)


def _asof(x: Value, y: Value) -> Value:
    return joins.asof(x, y)


def _sample(name: str, two: Callable[[Value, Value], Value]) -> Prim:
    return _infix(name, two)


def _gtime(x: Value) -> Value:
    return x


MONADS: dict[str, Prim] = {
    "+": _word("flip", lists.flip, "+:"), "-": _word("neg", atomic.negate, "-:", atomic_=True),
    "*": _word("first", lists.first, "*:"), "%": _word("reciprocal", atomic.reciprocal, "%:", atomic_=True),
    "&": _word("where", lists.where, "&:"), "|": _word("reverse", lists.reverse, "|:"),
    "^": _word("null", atomic.is_null, "^:", atomic_=True), "=": _word("group", sets.group, "=:"),
    "<": _word("iasc", sorting.iasc, "<:"), ">": _word("idesc", sorting.idesc, ">:"),
    "~": _word("not", atomic.not_, "~:", atomic_=True), ",": _word("enlist", enlist, ",:"),
    "#": _word("count", _count, "#:"), "_": _word("floor", atomic.floor, "_:", atomic_=True),
    "$": _word("string", _string, "$:"), "!": _word("key", operators.key, "!:"),
    "?": _word("distinct", operators.roll, "?:"), "@": _word("type", operators.type_of, "@:"),
    ".": _word("value", operators.value, ".:"),
}  # fmt: skip

KEYWORDS: dict[str, Value] = {prim.name: prim for prim in MONADS.values()}
KEYWORDS |= {
    "enlist": LISTED, "get": _word("get", _get, ".:"), "til": _word("til", lists.til), "last": _word("last", lists.last),
    "raze": _word("raze", lists.raze, ",/"), "sum": _word("sum", aggregates.sum_), "prd": _word("prd", aggregates.prd),
    "max": _word("max", aggregates.max_), "min": _word("min", aggregates.min_), "avg": _word("avg", aggregates.avg),
    "sums": _word("sums", aggregates.sums, "+\\"), "prds": _word("prds", aggregates.prds, "*\\"),
    "maxs": _word("maxs", aggregates.maxs, "|\\"), "mins": _word("mins", aggregates.mins, "&\\"),
    "avgs": _word("avgs", aggregates.avgs), "var": _word("var", aggregates.var), "dev": _word("dev", aggregates.dev),
    "svar": _word("svar", aggregates.svar), "sdev": _word("sdev", aggregates.sdev), "med": _word("med", aggregates.med),
    "all": _word("all", aggregates.all_), "any": _word("any", aggregates.any_),
    "fills": _word("fills", aggregates.fills, "^\\"),
    "deltas": Prim("deltas", {1: aggregates.deltas, 2: lambda s, x: aggregates.deltas(x, s)}, show="-':", t=UNARY),
    "ratios": Prim("ratios", {1: aggregates.ratios, 2: lambda s, x: aggregates.ratios(x, s)}, show="%':", t=UNARY),
    "next": _word("next", _next), "prev": _word("prev", _prev, ":':"), "differ": _word("differ", _differ, "~~':"),
    "asc": _word("asc", sorting.asc), "desc": _word("desc", sorting.desc), "rank": _word("rank", sorting.rank),
    "abs": _word("abs", atomic.absolute, atomic_=True), "signum": _word("signum", atomic.signum, atomic_=True),
    "ceiling": _word("ceiling", atomic.ceiling, atomic_=True), "lower": _word("lower", text.lower),
    "upper": _word("upper", text.upper), "trim": _word("trim", text.trim), "ltrim": _word("ltrim", text.ltrim),
    "rtrim": _word("rtrim", text.rtrim), "md5": _word("md5", text.md5), "string": MONADS["$"],
    "cols": _word("cols", _cols), "keys": _word("keys", _keys), "meta": _word("meta", _meta),
    "fkeys": _word("fkeys", _fkeys), "ungroup": _word("ungroup", _ungroup), "attr": _word("attr", operators.attribute),
    "tables": _word("tables", _tables), "views": _word("views", _views), "view": _word("view", _view),
    "show": _word("show", _show), "parse": _word("parse", operators.parsed, "-5!"),
    "eval": _word("eval", _eval, "-6!"), "reval": _word("reval", _eval, "-24!"), "rand": _word("rand", _rand),
    "inv": _word("inv", _inverse), "gtime": _word("gtime", _gtime), "ltime": _word("ltime", _gtime),
    "value": MONADS["."],
}  # fmt: skip
KEYWORDS |= {
    name: _word(name, atomic.real_function(name, op), atomic_=True)
    for name, op in atomic.REAL_FUNCTIONS.items()
}
KEYWORDS |= {
    "in": _infix("in", sets.in_), "within": _infix("within", sets.within), "like": _infix("like", text.like),
    "bin": _infix("bin", sorting.bin_), "binr": _infix("binr", sorting.binr), "mod": _infix("mod", atomic.mod, atomic_=True),
    "div": _infix("div", atomic.div, atomic_=True), "xbar": _infix("xbar", atomic.xbar, atomic_=True),
    "xexp": _infix("xexp", atomic.xexp, atomic_=True), "xlog": _infix("xlog", atomic.xlog, atomic_=True),
    "and": _infix("and", atomic.lesser, "&", atomic_=True), "or": _infix("or", atomic.larger, "|", atomic_=True),
    "except": _infix("except", sets.except_), "inter": _infix("inter", sets.inter), "union": _infix("union", sets.union),
    "cross": _infix("cross", sets.cross), "cut": _infix("cut", lists.cut), "sublist": _infix("sublist", lists.sublist),
    "rotate": _infix("rotate", lists.rotate), "xprev": _infix("xprev", _xprev), "xrank": _infix("xrank", sorting.xrank),
    "vs": _infix("vs", text.vs), "sv": _infix("sv", text.sv), "ss": _infix("ss", text.ss),
    "wavg": _infix("wavg", aggregates.wavg), "wsum": _infix("wsum", aggregates.wsum),
    "cov": _infix("cov", aggregates.covariance(False)), "scov": _infix("scov", aggregates.covariance(True)),
    "cor": _infix("cor", aggregates.correlation), "ema": _infix("ema", aggregates.ema),
    "mmu": _infix("mmu", cast.matrix_product, "$"), "lsq": _infix("lsq", _solve),
    "each": _infix("each", _each), "peach": _infix("peach", _each), "over": _infix("over", _over),
    "scan": _infix("scan", _scan), "prior": _infix("prior", _prior),
    "xasc": _infix("xasc", on_name(groups.xasc)), "xdesc": _infix("xdesc", on_name(groups.xdesc)),
    "xcol": _infix("xcol", tables.xcol), "xcols": _infix("xcols", tables.xcols), "xkey": _infix("xkey", on_name(tables.xkey)),
    "xgroup": _infix("xgroup", lambda x, y: groups.xgroup(x, _within_name(y)[0])), "fby": _infix("fby", groups.fby),
    "insert": _infix("insert", _insert), "upsert": _infix("upsert", _upsert), "set": _infix("set", _set),
    "lj": _infix("lj", joins.lj), "ljf": _infix("ljf", joins.ljf), "ij": _infix("ij", joins.ij), "ijf": _infix("ijf", joins.ijf),
    "uj": _infix("uj", joins.uj), "ujf": _infix("ujf", joins.ujf), "pj": _infix("pj", joins.pj),
    "asof": _infix("asof", _asof),
    "ssr": _many("ssr", 3, text.ssr), "ej": _many("ej", 3, joins.ej), "aj": _many("aj", 3, joins.aj),
    "aj0": _many("aj0", 3, joins.aj0), "ajf": _many("ajf", 3, joins.ajf), "ajf0": _many("ajf0", 3, joins.ajf0),
    "wj": _many("wj", 4, joins.wj), "wj1": _many("wj1", 4, joins.wj1),
}  # fmt: skip
KEYWORDS |= {name: _infix(name, _mcount(name)) for name in ("mavg", "msum", "mmax", "mmin", "mcount", "mdev")}
KEYWORDS |= {
    name: _word(name, _refuse)
    for name in ("hopen", "hclose", "hcount", "hdel", "hsym", "read0", "read1", "save", "load", "rload", "rsave",
                 "getenv", "exit")
}  # fmt: skip
KEYWORDS |= {name: _infix(name, _refuse) for name in ("setenv", "dsave")}


def _hsym(x: Value) -> Value:
    if isinstance(x, Atom) and x.t == -SYM:
        return sym(x.v if x.v.startswith(":") else ":" + x.v)
    if isinstance(x, Vec) and x.t == SYM:
        return syms([one if one.startswith(":") else ":" + one for one in x.v.tolist()])
    raise QError("type")


KEYWORDS["system"] = _word("system", _system)
KEYWORDS["hsym"] = _word("hsym", _hsym)

WORDS = Words(DYADS, MONADS, KEYWORDS)
"""What the parser of a session knows."""

__all__ = ["CHAR", "WORDS", "Fn", "apply", "chars", "is_nil", "items", "long"]
