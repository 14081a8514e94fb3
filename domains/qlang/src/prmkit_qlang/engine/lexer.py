"""Text to tokens.

A token is a tuple ``(kind, value, start, end, spaced)``; kinds are ``n`` (a constant), ``v`` (a name), ``o``
(an operator), ``a`` (an iterator), and each bracket or semicolon is its own kind. A run of numbers is one
constant. A minus is part of a number where no noun stands directly before it.

One expression cuts a text into marks; what a mark is, its first character tells.
"""

from __future__ import annotations

import re
from string import ascii_letters, digits
from typing import Any

import numpy as np

from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.literals import number
from prmkit_qlang.engine.types import CHAR, LONG, SYM
from prmkit_qlang.engine.values import Atom, Value, Vec, array

Token = tuple[str, Any, int, int, bool]

_NUM = r"-?(?:0x[0-9a-fA-F]*|(?:\d+(?:\.\d*)?|\.\d+)[eE][-+]?\d+[a-z]?|\.?\d(?:[0-9A-Za-z.]|:(?=\d))*)"
_STRING = r'"(?:[^"\\]|\\.)*"'
_MARKS = re.compile(
    rf"""[A-Za-z]\w*(?:\.[A-Za-z_]\w*)*
    |[()\[\]{{}};]
    |[ \t\r\n]+(?:/[^\n]*)?
    |[012]:(?![0-9:])
    |(?=-?\.?[0-9]){_NUM}(?:[ \t]+{_NUM}(?![0-9A-Za-z.]))*
    |(?:`(?:[A-Za-z0-9.][\w.]*)?(?::[\w.:/\-]*)?)+
    |{_STRING}|"[\s\S]*
    |::|<=:?|>=:?|<>:?|[-+*%&|^<>=~!@.$?\#_,]:(?!:)|/:|\\:|':
    |\.[A-Za-z]\w*(?:\.[A-Za-z_]\w*)*
    |[\s\S]""",
    re.VERBOSE,
)
_WHOLE_STRING = re.compile(_STRING)
_OPERATORS = ["+", "-", "*", "%", "&", "|", "^", "<", ">", "=", "~", "!", "@", ".", "$", "?", "#", "_", ","]
_KINDS = {
    **{mark: mark for mark in "()[]{};"},
    **dict.fromkeys([*_OPERATORS, ":", "::", "<=", ">=", "<>", "<=:", ">=:", "<>:", "0:", "1:", "2:"], "o"),
    **{mark + ":": "o" for mark in _OPERATORS},
    **dict.fromkeys(["/:", "\\:", "':", "'", "/", "\\"], "a"),
}
"""Marks that mean themselves, and of what kind each is."""
_BEGINS = {
    **dict.fromkeys(ascii_letters, "name"),
    **dict.fromkeys(digits, "number"),
    **dict.fromkeys(" \t\r\n", "blank"),
    "`": "symbol", '"': "string", "-": "minus", ".": "dot",
}  # fmt: skip
"""What any other mark is, by its first character; comments stand behind blanks."""
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b'"': b'"', b"\\": b"\\"}
_BLANKS = {0xA0: " ", 0x200B: " ", 0xFEFF: " "}
_NOUN_END = frozenset(["n", "v", ")", "]", "}"])
_BYTES = np.dtype(np.uint8)


def tokens(text: str) -> list[Token]:
    """The tokens of a text, comments left out.

    Raises:
        QError: the character or literal that cannot be read.
    """
    if not text.isascii():
        text = text.translate(_BLANKS)
    out: list[Token] = []
    add = out.append
    end, spaced = 0, True
    if text.startswith("/"):  # a comment
        end = text.find("\n")
        if end < 0:
            return out
    for mark in _MARKS.findall(text, end):
        at = end
        end += len(mark)
        kind = _KINDS.get(mark)
        if kind is not None:
            add((kind, mark, at, end, spaced))
            spaced = False
            continue
        begins = _BEGINS.get(mark[0])
        if begins == "name":
            add(("v", mark, at, end, spaced))
        elif begins == "blank":
            spaced = True
            continue
        elif begins == "number":
            add(("n", _number(mark), at, end, spaced))
        elif begins == "symbol":
            add(("n", _symbols(mark), at, end, spaced))
        elif begins == "string" and (end < len(text) or _WHOLE_STRING.fullmatch(mark)):
            add(("n", _string(mark), at, end, spaced))
        elif begins == "minus":
            if not spaced and out and out[-1][0] in _NOUN_END:
                add(("o", "-", at, at + 1, False))
                mark, at = mark[1:], at + 1
            add(("n", _number(mark), at, end, spaced))
        elif begins == "dot":
            if mark[1] in digits:
                add(("n", _number(mark), at, end, spaced))
            elif _applies(text, at, mark):
                add(("o", ".", at, at + 1, spaced))
                add(("v", mark[1:], at + 1, end, False))
            else:
                add(("v", mark, at, end, spaced))
        else:
            raise QError("char" if mark < " " else mark[0])
        spaced = False
    return out


def _applies(text: str, at: int, name: str) -> bool:
    """Whether the dot of a name applies what is bracketed before it: in ``(f).g x``, not in ``(f).a.g``."""
    return name.rfind(".") == 0 and text[at - 1 : at] in (")", "]", "}")


def _number(mark: str) -> Value:
    if len(mark) < 19 and mark.isdecimal():
        return Atom(-LONG, int(mark))
    return number(mark.split())


def _symbols(mark: str) -> Value:
    names = mark[1:].split("`")
    return Atom(-SYM, names[0]) if len(names) == 1 else array(SYM, names)


def _string(quoted: str) -> Value:
    raw = quoted[1:-1].encode("utf-8", "surrogateescape")
    if b"\\" in raw:
        raw = _ESCAPE.sub(_unescape, raw)
    return Atom(-CHAR, raw[0]) if len(raw) == 1 else Vec(CHAR, np.frombuffer(raw, _BYTES))


def _unescape(found: re.Match[bytes]) -> bytes:
    body = found.group(1)
    if len(body) == 3:
        return bytes([int(body, 8) & 255])
    if body not in _ESCAPES:
        raise QError(body.decode("latin-1"))
    return _ESCAPES[body]
