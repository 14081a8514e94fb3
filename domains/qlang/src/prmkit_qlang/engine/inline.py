r"""Texts of values on one line: atoms, vectors, and anything nested, as ``-3!`` gives them.

Texts are bytes in disguise: each character is one byte (Latin-1), so that widths count bytes as q does.
``readable`` turns a finished text into UTF-8 text.

Source: the documentation's pages on datatypes, syntax and ``.Q.s1``, and the prints shown on all pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from prmkit_qlang.engine import temporal
from prmkit_qlang.engine.context import CONTEXT
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.functions import HOLE, Composition, Derived, Lambda, Prim, Projection, View
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.types import (
    BOOL,
    BYTE,
    CHAR,
    FLOAT,
    GUID,
    INFINITIES,
    INT,
    LONG,
    MONTH,
    NAMES,
    NULLS,
    REAL,
    SHORT,
    SYM,
)
from prmkit_qlang.engine.values import Atom, Dict, Enum, EnumAtom, List, Table, Value, Vec, syms, unenum

EXACT = 17
r"""Digits that ``\P 0`` shows."""
MOST = 1 << 20
"""Characters of the longest text of a value."""
DEEP = 200_000
"""What an evaluation pays, in elements, for a text that could not be made."""
_ESCAPES = {chr(i): f"\\{i:03o}" for i in (*range(32), *range(127, 256))} | {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\t": "\\t",
    "\r": "\\r",
}
_QUOTED = str.maketrans(_ESCAPES)
_INTEGERS = {SHORT: "h", INT: "i", LONG: ""}


def narrow(text: str) -> str:
    """A text with one character a byte."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


def readable(text: str) -> str:
    """A text of one character a byte as it reads in UTF-8."""
    return text if text.isascii() else text.encode("latin-1", "replace").decode("utf-8", "surrogateescape")


# ---------------------------------------------------------------- scalars


def floating(v: float, precision: int = 7) -> str:
    """A float in the shortest form of so many digits, without a suffix.

    Examples:
        >>> floating(1 / 3), floating(1e10), floating(float("nan")), floating(-float("inf"))
        ('0.3333333', '1e+10', '0n', '-0w')
    """
    if v != v:
        return "0n"
    text = f"{v:.{precision or EXACT}g}"
    return text if "f" not in text else "0w" if v > 0 else "-0w"


def integer(t: int, v: int) -> str:
    """A short, int or long without a suffix; shorts have no sign for infinity.

    Examples:
        >>> integer(LONG, -(2**63)), integer(INT, 2**31 - 1), integer(SHORT, 32767)
        ('0N', '0W', '32767')
    """
    most = INFINITIES[t]
    if -most < v < most:
        return str(v)
    if v < -most:
        return "0N"
    return str(v) if t == SHORT else "0W" if v > 0 else "-0W"


def integers(t: int, values: list[int]) -> list[str]:
    """The same of many."""
    if values and -INFINITIES[t] < min(values) and max(values) < INFINITIES[t]:
        return list(map(str, values))
    return [integer(t, v) for v in values]


def guid(v: int) -> str:
    """A guid in its five groups."""
    text = f"{v:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def plain(t: int, v: Any, precision: int = 7) -> str:
    """A stored scalar of positive type t without any sign of its type; nothing for a null.

    It is what a column of a table shows, and the text that ``string`` gives.

    Examples:
        >>> plain(LONG, 3), plain(FLOAT, 3.0), plain(LONG, -(2**63)), plain(SYM, "ab"), plain(BYTE, 10)
        ('3', '3', '', 'ab', '0a')
    """
    if t == SYM:
        return narrow(v)
    if t in _INTEGERS:
        return "" if v == NULLS[t] else integer(t, v)
    if t in (FLOAT, REAL):
        return "" if v != v else floating(v, precision)
    if t == CHAR:
        return chr(v)
    if t == BOOL:
        return "1" if v else "0"
    if t == BYTE:
        return f"{v:02x}"
    if t == GUID:
        return guid(v)
    if v != v or v == NULLS[t]:
        return ""
    text = temporal.show(t, v)
    return text.removesuffix("m") if t == MONTH else text


def plains(x: Vec, precision: int = 7) -> list[str]:
    """The items of a vector, each as ``plain`` gives it."""
    source = unenum(x) if isinstance(x, Enum) else x
    t, values = source.t, source.v.tolist()
    if t in _INTEGERS:
        return ["" if text == "0N" else text for text in integers(t, values)]
    if t == CHAR:
        return list(map(chr, values))
    if t == SYM:
        return list(map(narrow, values))
    return [plain(t, v, precision) for v in values]


def atom(t: int, v: Any, precision: int = 7) -> str:
    """One value of positive type t as an atom.

    Examples:
        >>> atom(LONG, 3), atom(FLOAT, 3.0), atom(INT, -(2**31)), atom(CHAR, 97), atom(REAL, 0.5)
        ('3', '3f', '0Ni', '"a"', '0.5e')
    """
    if t == LONG:
        return integer(t, v)
    if t == FLOAT:
        return _suffixed(floating(v, precision))
    if t == SYM:
        return "`" + narrow(v)
    if t in _INTEGERS:
        return integer(t, v) + _INTEGERS[t]
    if t == CHAR:
        return f'"{_ESCAPES.get(chr(v), chr(v))}"'
    if t == BOOL:
        return "1b" if v else "0b"
    if t == BYTE:
        return f"0x{v:02x}"
    if t == REAL:
        return "0Ne" if v != v else floating(v, precision) + "e"
    if t == GUID:
        return guid(v)
    return temporal.show(t, v)


def _suffixed(text: str) -> str:
    """Texts of floats with the letter that they need where all of them look whole."""
    return text if "." in text or "e" in text or "n" in text or "w" in text else text + "f"


# ---------------------------------------------------------------- vectors


def vector(x: Vec, precision: int = 7, limit: int = MOST) -> str:
    """A vector on one line; at least ``limit`` characters of it where it is longer.

    Examples:
        >>> import numpy as np
        >>> vector(Vec(LONG, np.array([1, 2]))), vector(Vec(FLOAT, np.array([1.0])))
        ('1 2', ',1f')
    """
    limit = max(limit, 0)
    if type(x) is Enum:
        return _enumerated(x, limit)
    shown = x.v[: limit + 1] if len(x.v) > limit else x.v
    before = _mark(x.attr) if x.attr else ""
    if len(shown) == 1:
        before += ","
    if x.t == CHAR:
        return f'{before}"{shown.tobytes().decode("latin-1").translate(_QUOTED)}"'
    if not len(shown):
        return f"{before}`{NAMES[x.t]}$()"
    return before + _joined(x.t, shown.tolist(), precision)


def _enumerated(x: Enum, limit: int) -> str:
    """The name of the domain and the symbols, or the positions where the domain holds no symbols."""
    head = Enum(x.v[: limit + 1], x.domain, x.held)
    mark, source = _mark(x.attr), unenum(head)
    if not len(head.v):
        return f"{mark}`{x.domain}$()"
    sign = "$" if source.t == SYM else "!"
    shown = source if source.t == SYM else Vec(LONG, head.v)
    return f"{mark}`{x.domain}{sign}{vector(Vec(shown.t, shown.v, x.attr), limit=limit)}"


def _joined(t: int, values: list[Any], precision: int) -> str:
    """The values of a vector, one after another, and the suffix of all."""
    if t in _INTEGERS:
        return " ".join(integers(t, values)) + _INTEGERS[t]
    if t == FLOAT:
        return _suffixed(" ".join([floating(v, precision) for v in values]))
    if t == SYM:
        return "`" + narrow("`".join(values))
    if t == BOOL:
        return "".join(["1" if v else "0" for v in values]) + "b"
    if t == BYTE:
        return "0x" + bytes(values).hex()
    if t == REAL:
        return " ".join(["0N" if v != v else floating(v, precision) for v in values]) + "e"
    if t == GUID:
        return " ".join(map(guid, values))
    texts = [temporal.show(t, v) for v in values]
    return " ".join([text.removesuffix("m") for text in texts]) + "m" if t == MONTH else " ".join(texts)


# ---------------------------------------------------------------- anything


def s1(x: Value, *, precision: int = 7) -> str:
    """A value on one line as ``-3!`` and ``.Q.s1`` give it.

    Raises:
        QError: ``stack`` for a value nested too deep, ``wsfull`` for one too large.

    Examples:
        >>> from prmkit_qlang.engine.values import chars, long, syms
        >>> s1(List([long(1), chars("ab")])), s1(Dict(syms("ab"), List([long(1), chars("x")])))
        ('(1;"ab")', '`a`b!(1;,"x")')
    """
    return readable(whole(x, precision))


def whole(x: Value, precision: int = 7) -> str:
    """All of a value on one line, one character a byte; an evaluation pays even where it fails.

    Raises:
        QError: ``stack`` for a value nested too deep, ``wsfull`` for one too large.
    """
    text, cost = "", DEEP
    try:
        text = line(x, precision, MOST)
        cost = 8 * min(len(text), MOST)
    except RecursionError:
        raise QError("stack") from None
    finally:
        if CONTEXT.machine is not None:
            METER.take(cost)
    if len(text) > MOST:
        raise QError("wsfull")
    return text


def line(x: Value, precision: int = 7, limit: int = MOST) -> str:
    """A value on one line, one character a byte.

    Args:
        x: Any value.
        precision: Digits of floats; 0 shows all.
        limit: Characters that are wanted; of a longer text at least so many are made, and rarely more.
    """
    kind = type(x)
    if kind is Vec:
        return vector(x, precision, limit)  # type: ignore[arg-type]
    if kind is Atom:
        return atom(-x.t, x.v, precision)  # type: ignore[attr-defined]
    if isinstance(x, EnumAtom):
        found = unenum(x)
        if found.t != -SYM:
            return f"`{x.domain}!{integer(LONG, x.v)}"
        return f"`{x.domain}${atom(SYM, found.v)}"
    if isinstance(x, Vec):
        return vector(x, precision, limit)
    if isinstance(x, List):
        if not x.v:
            return "()"
        if limit < 1:
            return ".."
        if len(x.v) == 1:
            return "," + line(x.v[0], precision, limit - 1)
        return f"({_pieces(x.v, precision, limit - 1)})"
    if isinstance(x, Table):
        return f"{_mark(x.attr)}+{_pair(syms(x.cols), List(x.data), precision, limit - 1)}"
    if isinstance(x, Dict):
        return _pair(x.k, x.w, precision, limit, x.attr)
    return _function(x, precision, limit)


def _mark(attr: str) -> str:
    return f"`{attr}#" if attr else ""


def _pieces(values: Sequence[Value], precision: int, limit: int, between: str = ";") -> str:
    """Texts one after another, as many as the limit wants."""
    out, left = [], limit
    for one in values:
        text = line(one, precision, left)
        out.append(text)
        left -= len(text) + 1
        if left < 0:
            break
    return between.join(out)


def _pair(k: Value, w: Value, precision: int, limit: int, attr: str = "") -> str:
    """Keys and values with an exclamation mark between; keys in parentheses where they would run together."""
    keys = line(k, precision, limit - 1) if limit > 0 else ".."
    if attr and not keys.startswith(f"`{attr}#"):
        keys = _mark(attr) + keys
    single = isinstance(k, Vec) and (isinstance(k, Enum) or (k.t != CHAR and not len(k.v)) or len(k.v) == 1)
    if single or not isinstance(k, Vec | List) or (isinstance(k, List) and len(k.v) == 1):
        keys = f"({keys})"
    if len(keys) > limit:
        return keys
    return f"{keys}!{line(w, precision, limit - len(keys))}"


def _function(x: Value, precision: int, limit: int) -> str:
    """A function as it was written; projections without the holes behind their last argument."""
    if isinstance(x, Prim):
        return x.show
    if isinstance(x, Lambda | View):
        return narrow(x.source)
    if limit < 1:
        return ".."
    if isinstance(x, Derived):
        return line(x.f, precision, limit - 1) + x.adverb
    if isinstance(x, Composition):
        return _pieces(x.fs, precision, limit - 1, "")
    if isinstance(x, Projection):
        args = x.args[: x.given]
        inside = _pieces([HOLE if one is None else one for one in args], precision, limit - 1)
        return f"{line(x.f, precision, limit - 1)}[{inside}]"
    return ""
