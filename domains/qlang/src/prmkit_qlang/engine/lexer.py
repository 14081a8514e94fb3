"""Text to tokens.

A token is a tuple ``(kind, value, start, end, spaced)``; kinds are ``n`` (a constant), ``v`` (a name), ``o``
(an operator), ``a`` (an iterator), and each bracket or semicolon is its own kind. A run of numbers is one
constant. A minus is part of a number where no noun stands directly before it.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.literals import number
from prmkit_qlang.engine.types import CHAR, LONG
from prmkit_qlang.engine.values import Atom, Value, Vec, array, chars, sym

Token = tuple[str, Any, int, int, bool]

_NUM = r"-?(?:0x[0-9a-fA-F]*|(?:\d+(?:\.\d*)?|\.\d+)[eE][-+]?\d+[a-z]?|\.?\d(?:[0-9A-Za-z.]|:(?=\d))*)"
_RUN = re.compile(rf"{_NUM}(?:[ \t]+{_NUM}(?![0-9A-Za-z.]))*")
_SPLIT = re.compile(r"[ \t]+")
_TOKEN = re.compile(
    r"""[ \t\r\n]*(?:(?P<int>[0-9]{1,18}(?![\w.:]|[ \t]+-?[.0-9]))
    |(?P<bracket>[()\[\]{};])
    |(?P<ints>[0-9]{1,18}(?:[ \t]+-?[0-9]{1,18})+(?![\w.:]|[ \t]+-?[.0-9]))
    |(?P<file>[012]:(?![0-9:]))
    |(?P<digit>\.?[0-9])
    |(?P<name>\.?[A-Za-z]\w*(?:\.[A-Za-z_]\w*)*)
    |(?P<symbol>`(?:[A-Za-z0-9.][\w.]*)?(?::[\w.:/\-]*)?)
    |(?P<string>"(?:[^"\\]|\\.)*")
    |(?P<iterator>/:|\\:|':|'|/|\\)
    |(?P<operator>::|<=:?|>=:?|<>:?|[-+*%&|^<>=~!@.$?\#_,]:(?!:)|[-+*%&|^<>=~!@.$?\#_,:])
    |(?P<end>\Z))""",
    re.VERBOSE,
)
_SYMBOL = re.compile(r"`((?:[A-Za-z0-9.][\w.]*)?(?::[\w.:/\-]*)?)")
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b'"': b'"', b"\\": b"\\"}
_BLANKS = {0xA0: " ", 0x200B: " ", 0xFEFF: " "}
_NOUN_END = frozenset(["n", "v", ")", "]", "}"])


def tokens(text: str) -> list[Token]:
    """The tokens of a text, comments left out.

    Raises:
        QError: the character or literal that cannot be read.
    """
    if not text.isascii():
        text = text.translate(_BLANKS)
    out: list[Token] = []
    add = out.append
    begin, n = 0, len(text)
    match = _TOKEN.match
    while begin < n:
        found = match(text, begin)
        if found is None:
            raise _unreadable(text, begin)
        kind = found.lastgroup
        if kind == "end":
            break
        end = found.end()
        mark = found.group(kind)  # type: ignore[arg-type]
        at = end - len(mark)
        spaced = at > begin or not begin
        if kind == "int":
            add(("n", Atom(-LONG, int(mark)), at, end, spaced))
        elif kind == "bracket":
            add((mark, None, at, end, spaced))
        elif kind == "name":
            if mark[0] == "." and _applies(text, at, mark):
                add(("o", ".", at, at + 1, spaced))
                end = at + 1
            else:
                add(("v", mark, at, end, spaced))
        elif kind == "operator":
            end = _operator(text, at, end, out, spaced)
        elif kind == "iterator":
            if mark[0] == "/" and spaced:  # a comment
                end = text.find("\n", at)
                if end < 0:
                    break
            else:
                add(("a", mark, at, end, spaced))
        elif kind == "symbol":
            end = _symbols(text, at, out, spaced)
        elif kind == "ints":
            add(("n", Vec(LONG, np.array([int(one) for one in mark.split()], np.int64)), at, end, spaced))
        elif kind == "digit":
            end = _number(text, at, out, spaced)
        elif kind == "string":
            add(("n", _string(mark), at, end, spaced))
        else:
            add(("o", mark, at, end, spaced))
        begin = end
    return out


def _unreadable(text: str, at: int) -> QError:
    """The error of a text that goes on with no token."""
    while text[at] in " \t\r\n":
        at += 1
    return QError("char" if text[at] < " " else text[at])


def _applies(text: str, at: int, name: str) -> bool:
    """Whether the dot of a name applies what is bracketed before it: in ``(f).g x``, not in ``(f).a.g``."""
    return name.rfind(".") == 0 and text[at - 1 : at] in (")", "]", "}")


def _number(text: str, at: int, out: list[Token], spaced: bool) -> int:
    found = _RUN.match(text, at)
    if found is None:
        raise QError(text[at])
    out.append(("n", number(_SPLIT.split(found.group())), at, found.end(), spaced))
    return found.end()


def _operator(text: str, at: int, end: int, out: list[Token], spaced: bool) -> int:
    if text[at] == "-" and end == at + 1 and text[end : end + 1].isdigit() | (text[end : end + 1] == "."):
        glued = not spaced and out and out[-1][0] in _NOUN_END
        if not glued and (text[end].isdigit() or text[end + 1 : end + 2].isdigit()):
            return _number(text, at, out, spaced)
    out.append(("o", text[at:end], at, end, spaced))
    return end


def _symbols(text: str, at: int, out: list[Token], spaced: bool) -> int:
    names: list[str] = []
    end = at
    while text[end : end + 1] == "`":
        found = _SYMBOL.match(text, end)
        assert found is not None  # a backquote alone is a symbol
        names.append(found[1])
        end = found.end()
    made: Value = sym(names[0]) if len(names) == 1 else array(11, names)
    out.append(("n", made, at, end, spaced))
    return end


def _string(quoted: str) -> Value:
    raw = quoted[1:-1].encode("utf-8", "surrogateescape")
    if b"\\" in raw:
        raw = _ESCAPE.sub(_unescape, raw)
    return Atom(-CHAR, raw[0]) if len(raw) == 1 else chars(raw)


def _unescape(found: re.Match[bytes]) -> bytes:
    body = found.group(1)
    if len(body) == 3:
        return bytes([int(body, 8) & 255])
    if body not in _ESCAPES:
        raise QError(body.decode("latin-1"))
    return _ESCAPES[body]
