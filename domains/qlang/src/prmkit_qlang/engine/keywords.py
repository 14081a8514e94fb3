"""The names of the language: operators, their k forms, and keywords, each with what runs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prmkit_qlang.engine import (
    adverbs,
    aggregates,
    atomic,
    cast,
    compare,
    groups,
    joins,
    linear,
    lists,
    named,
    operators,
    rounding,
    running,
    sets,
    sorting,
    tables,
    text,
    windows,
)
from prmkit_qlang.engine.functions import Prim
from prmkit_qlang.engine.parser import Words
from prmkit_qlang.engine.special import ASSIGN, LISTED
from prmkit_qlang.engine.types import BINARY, LAMBDA, UNARY
from prmkit_qlang.engine.values import Value, count, enlist, long

Form = Callable[..., Value]


def _each(f: Value, x: Value) -> Value:
    return adverbs.each(f, [x])


def _over(f: Value, x: Value) -> Value:
    return adverbs.over(f, [x])


def _scan(f: Value, x: Value) -> Value:
    return adverbs.scan(f, [x])


def _prior(f: Value, x: Value) -> Value:
    return adverbs.each_prior(f, [x])


def _count(x: Value) -> Value:
    return long(count(x))


def _same(x: Value) -> Value:
    return x


# ---------------------------------------------------------------- operators

_ATOMIC_DYADS: dict[str, Form] = {
    "+": atomic.add, "-": atomic.subtract, "*": atomic.multiply, "%": atomic.divide, "&": compare.lesser,
    "|": compare.larger, "^": operators.filled, "=": compare.equal, "<": compare.less, ">": compare.greater,
    "<=": compare.at_most, ">=": compare.at_least, "<>": compare.unequal,
}  # fmt: skip
_OTHER_DYADS: dict[str, Mapping[int, Form]] = {
    "~": {2: operators.matched}, ",": {2: lists.join}, "#": {2: lists.take}, "_": {2: lists.drop},
    "$": {2: cast.dollar}, "!": {2: operators.bang, 4: operators.bang_many},
    "?": {
        2: operators.question, 3: operators.question_three, 4: operators.question_many,
        5: operators.question_many, 6: operators.question_many,
    },
    "@": {2: operators.at_two, 3: operators.at_three, 4: operators.at_four},
    ".": {2: operators.dot_two, 3: operators.dot_three, 4: operators.dot_four},
}  # fmt: skip
_SHOWN = {
    ">=": "~<", "<=": "~>", "<>": "~=", "raze": ",/", "sums": "+\\", "prds": "*\\", "maxs": "|\\",
    "mins": "&\\", "fills": "^\\", "deltas": "-':", "ratios": "%':", "prev": ":':", "differ": "~~':",
    "parse": "-5!", "eval": "-6!", "reval": "-24!", "get": ".:", "and": "&", "or": "|", "mmu": "$",
}  # fmt: skip
"""How the console shows functions that are not shown by their names."""


def _function(
    name: str, forms: Mapping[int, Form], *, infix: bool = False, atomic: bool = False, t: int = 0
) -> Prim:
    return Prim(name, forms, show=_SHOWN.get(name, ""), infix=infix, atomic=atomic, t=t)


DYADS: dict[str, Prim] = {
    **{k: _function(k, {2: two}, infix=True, atomic=True, t=BINARY) for k, two in _ATOMIC_DYADS.items()},
    **{k: _function(k, forms, infix=True, t=BINARY) for k, forms in _OTHER_DYADS.items()},
    ":": ASSIGN,
}

_MONADS: dict[str, tuple[str, Form]] = {
    "+": ("flip", lists.flip), "-": ("neg", atomic.negate), "*": ("first", lists.first),
    "%": ("reciprocal", atomic.reciprocal), "&": ("where", lists.where), "|": ("reverse", lists.reverse),
    "^": ("null", compare.is_null), "=": ("group", sets.group), "<": ("iasc", sorting.iasc),
    ">": ("idesc", sorting.idesc), "~": ("not", compare.not_), ",": ("enlist", enlist),
    "#": ("count", _count), "_": ("floor", rounding.floor), "$": ("string", named.string),
    "!": ("key", operators.key), "?": ("distinct", operators.roll), "@": ("type", operators.type_of),
    ".": ("value", operators.value),
}  # fmt: skip
MONADS: dict[str, Prim] = {
    mark: Prim(name, {1: one}, show=mark + ":", t=UNARY, atomic=mark in "-%^~_")
    for mark, (name, one) in _MONADS.items()
}

# ---------------------------------------------------------------- keywords

_ATOMIC: dict[str, Form] = {
    "abs": atomic.absolute, "signum": atomic.signum, "ceiling": rounding.ceiling,
    **{name: atomic.real_function(name, op) for name, op in atomic.REAL_FUNCTIONS.items()},
}  # fmt: skip
_ONE: dict[str, Form] = {
    "all": aggregates.all_, "any": aggregates.any_, "asc": named.asc, "attr": operators.attribute,
    "avg": aggregates.avg, "avgs": running.avgs, "cols": named.cols, "desc": sorting.desc,
    "dev": aggregates.dev, "differ": sets.differ, "eval": named.evaluate, "fills": running.fills,
    "fkeys": named.fkeys, "get": named.get, "gtime": _same, "hsym": named.hsym, "inv": linear.inverse,
    "keys": named.keys, "last": lists.last, "lower": text.lower, "ltime": _same, "ltrim": text.ltrim,
    "max": aggregates.max_, "maxs": running.maxs, "md5": text.md5, "med": aggregates.med,
    "meta": named.meta, "min": aggregates.min_, "mins": running.mins, "next": running.following,
    "parse": operators.parsed, "prd": aggregates.prd, "prds": running.prds, "prev": running.preceding,
    "rand": named.rand, "rank": sorting.rank, "raze": lists.raze, "reval": named.evaluate,
    "rtrim": text.rtrim, "sdev": aggregates.sdev, "show": named.show, "sum": aggregates.sum_,
    "sums": running.sums, "svar": aggregates.svar, "system": named.system, "tables": named.named_tables,
    "til": lists.til, "trim": text.trim, "ungroup": groups.ungroup, "upper": text.upper,
    "var": aggregates.var, "view": named.view, "views": named.views,
}  # fmt: skip
_ONE_OR_TWO: dict[str, tuple[Form, Form]] = {
    "deltas": (running.deltas, lambda seed, x: running.deltas(x, seed)),
    "ratios": (running.ratios, lambda seed, x: running.ratios(x, seed)),
}
_ATOMIC_INFIX: dict[str, Form] = {
    "and": compare.lesser, "div": rounding.div, "mod": rounding.mod, "or": compare.larger,
    "xbar": rounding.xbar, "xexp": atomic.xexp, "xlog": atomic.xlog,
}  # fmt: skip
_INFIX: dict[str, Form] = {
    "asof": joins.asof, "bin": sorting.bin_, "binr": sorting.binr, "cor": aggregates.correlation,
    "cov": aggregates.covariance(sample=False), "cross": sets.cross, "cut": lists.cut, "each": _each,
    "ema": windows.ema, "except": sets.except_, "fby": groups.fby, "ij": joins.ij, "ijf": joins.ijf,
    "in": sets.in_, "insert": named.insert, "inter": sets.inter, "like": text.like, "lj": joins.lj,
    "ljf": joins.ljf, "lsq": linear.least_squares, "mmu": linear.matrix_product, "over": _over,
    "peach": _each, "pj": joins.pj, "prior": _prior, "rotate": lists.rotate, "scan": _scan,
    "scov": aggregates.covariance(sample=True), "set": named.assign, "ss": text.ss,
    "sublist": lists.sublist, "sv": text.sv, "uj": joins.uj, "ujf": joins.ujf, "union": sets.union,
    "upsert": named.upsert, "vs": text.vs, "wavg": aggregates.wavg, "within": sets.within,
    "wsum": aggregates.wsum, "xasc": named.on_name(groups.xasc), "xcol": tables.xcol, "xcols": tables.xcols,
    "xdesc": named.on_name(groups.xdesc), "xgroup": named.xgroup, "xkey": named.on_name(tables.xkey),
    "xprev": running.xprev, "xrank": sorting.xrank,
    **{name: windows.windowed(name) for name in windows.NAMES},
}  # fmt: skip
_MANY: dict[str, tuple[int, Form]] = {
    "aj": (3, joins.aj), "aj0": (3, joins.aj0), "ajf": (3, joins.ajf), "ajf0": (3, joins.ajf0),
    "ej": (3, joins.ej), "ssr": (3, text.ssr), "wj": (4, joins.wj), "wj1": (4, joins.wj1),
}  # fmt: skip
_OUTSIDE_ONE = (
    "exit", "getenv", "hclose", "hcount", "hdel", "hopen", "load", "read0", "read1", "rload", "rsave",
    "save",
)  # fmt: skip
_OUTSIDE_TWO = ("dsave", "setenv")

KEYWORDS: dict[str, Value] = {
    **{prim.name: prim for prim in MONADS.values()},
    "enlist": LISTED,
    **{k: _function(k, {1: one}, atomic=True) for k, one in _ATOMIC.items()},
    **{k: _function(k, {1: one}) for k, one in _ONE.items()},
    **{k: _function(k, {1: one, 2: two}, t=UNARY) for k, (one, two) in _ONE_OR_TWO.items()},
    **{k: _function(k, {2: two}, infix=True, atomic=True) for k, two in _ATOMIC_INFIX.items()},
    **{k: _function(k, {2: two}, infix=True) for k, two in _INFIX.items()},
    **{k: _function(k, {n: form}, t=LAMBDA) for k, (n, form) in _MANY.items()},
    **{k: _function(k, {1: named.refuse}) for k in _OUTSIDE_ONE},
    **{k: _function(k, {2: named.refuse}, infix=True) for k in _OUTSIDE_TWO},
}

WORDS = Words(DYADS, MONADS, KEYWORDS)
"""What the parser of a session knows."""
