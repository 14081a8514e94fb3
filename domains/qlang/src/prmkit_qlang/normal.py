"""A statement of q in its normal form: single blanks, operands in order, no brackets without need."""

from __future__ import annotations

import functools

from prmkit_qlang.engine.lexer import Token
from prmkit_qlang.source import read

_EITHER = frozenset("+*&|=")
"""Operators whose operands may change places."""
_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_OPENS = frozenset(["(", "[", "{", ";"])
_CLOSES = frozenset([")", "]", "}", ";"])
_PAIR = 3


@functools.lru_cache(maxsize=50_000)
def canonical(line: str) -> str:
    """A statement in its normal form; text that cannot be read stays as it is.

    Examples:
        >>> canonical("x:3<a"), canonical("c : a - ( b*2 )")
        ('x : a > 3', 'c : a - b * 2')
        >>> canonical("x : +/ n") == canonical("x:+/n"), canonical("( a - b ) * c")
        (True, '( a - b ) * c')
    """
    all_ = read(line)
    if not all_:
        return line.strip()
    words = _without_brackets([(kind, _word(line, token)) for token in all_ for kind in [token[0]]])
    return _joined(_sorted(words))


def _word(line: str, token: Token) -> str:
    return " ".join(line[token[2] : token[3]].split())


Word = tuple[str, str]
"""Kind and text of a token."""


def _without_brackets(words: list[Word]) -> list[Word]:
    """Brackets left out around a right operand, and around a single value."""
    opened: list[int] = []
    for i, (kind, _) in enumerate(words):
        if kind == "(":
            opened.append(i)
        elif kind == ")" and opened:
            start = opened.pop()
            inner = words[start + 1 : i]
            last = i + 1 == len(words) or words[i + 1][0] in _CLOSES
            first = start == 0 or words[start - 1][0] in _OPENS or words[start - 1][0] == "o"
            single = len(inner) == 1 and inner[0][0] in ("n", "v")
            if inner and not any(k == ";" for k, _ in inner) and first and (last or single):
                return _without_brackets([*words[:start], *inner, *words[i + 1 :]])
    return words


def _sorted(words: list[Word]) -> list[Word]:
    """Pairs of single values with a sign between them that stand alone on the right, in order."""
    made = list(words)
    for i in range(len(made) - _PAIR + 1):
        (a, left), (sign_kind, sign), (b, right) = made[i : i + _PAIR]
        if sign_kind != "o" or a not in ("n", "v") or b not in ("n", "v"):
            continue
        before = i == 0 or made[i - 1][0] in _OPENS or made[i - 1][0] == "o" or made[i - 1][1] == "where"
        last = i + _PAIR == len(made) or made[i + _PAIR][0] in _CLOSES
        turned = sign if sign in _EITHER else _TURNED.get(sign)
        if before and last and turned and (a == "n", left) > (b == "n", right):
            made[i : i + _PAIR] = [(b, right), (sign_kind, turned), (a, left)]
    return made


def _joined(words: list[Word]) -> str:
    text = ""
    for kind, word in words:
        text += word if kind == "a" or not text else f" {word}"
    return text
