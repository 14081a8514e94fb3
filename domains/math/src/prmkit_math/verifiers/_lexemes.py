"""From running text and LaTeX to lexemes: numbers, operators, relations, and breaks where prose stands.

Words never reach the evaluator: a unit that hangs on a number is dropped, a variable poisons its
side of the equation, all other prose is a break. One pass, linear in the length of the text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prmkit_math.verifiers._lexer_signs import SignHandlers
from prmkit_math.verifiers._tokens import BREAKS, FUNCTIONS, OPERATORS, RELATIONS, SIZES


class Lexer(SignHandlers):
    """Lexemes of one piece of text, as parallel lists.

    Kinds: ``n`` number, ``c`` constant, ``+ - * / ^ ( )``, ``F`` fraction, ``R`` root, ``C`` binomial,
    ``%``, ``f`` factorial, ``k`` scale word, ``&`` product by touching, ``s`` product by a space before
    a bracket, ``u`` bracket after a unit (a comment), ``m`` mixed number, ``b`` dash at a line's start,
    ``=`` ``a`` (about) ``q`` (other) relations, ``B`` break, ``!`` what cannot be evaluated.
    """

    __slots__ = ()

    def __init__(self, text: str) -> None:
        super().__init__(text)
        for i, token in enumerate(self.tokens):
            first = token[0]
            if first in " \t~&\r":
                if not self.gap:
                    self.gap = 1
                continue
            if i <= self.skip:
                continue
            if token[-1] == " " and first.isalpha():
                if self.last == "B" and not self.have:
                    self.prose = True
                    continue
                token = self._expand(i)
            if self.pending and self.have:
                self._settle(token, i)
            handler = _EXACT.get(token) or _FIRST.get(first)
            if handler is not None:
                handler(self, token, i)
            elif first.isalnum():
                self._poison(token, i)
            else:
                self._break(token, i)
        self._push("B", "", len(self.tokens), False)


Handler = Callable[[Lexer, str, int], None]

_EXACT: Mapping[str, Handler] = {
    **dict.fromkeys(OPERATORS, Lexer._operator),
    **dict.fromkeys(RELATIONS, Lexer._relation),
    **dict.fromkeys(FUNCTIONS, Lexer._function),
    **dict.fromkeys(("-", "−", "–", "‐", "‑"), Lexer._minus),
    **dict.fromkeys(("^", "**"), Lexer._power),
    **dict.fromkeys("⁰¹²³⁴⁵⁶⁷⁸⁹", Lexer._superscript),
    **dict.fromkeys(("(", "[", "{"), Lexer._open),
    **dict.fromkeys((")", "]", "}"), Lexer._close),
    **dict.fromkeys(("$", "\\$", "\\(", "\\)", "€", "£", "`"), Lexer._border),
    **dict.fromkeys(BREAKS, Lexer._newline),
    **dict.fromkeys(("%", "\\%"), Lexer._percent),
    **dict.fromkeys(("\\,", "\\;", "\\:", "\\!", "\\ "), Lexer._space),
    **dict.fromkeys(("°", "\\circ", "\\degree"), Lexer._circle),
    **dict.fromkeys(("...", "…", "\\ldots", "\\cdots", "\\dots"), Lexer._ellipsis),
    **dict.fromkeys(("\\pi", "π"), Lexer._pi),
    **dict.fromkeys(SIZES, Lexer._nothing),
    **dict.fromkeys(
        ("\\displaystyle", "\\textstyle", "\\limits"), Lexer._nothing
    ),
    **dict.fromkeys(("\\boxed", "\\fbox"), Lexer._box),
    **dict.fromkeys(("\\quad", "\\qquad", "\\Rightarrow", "\\implies", "\\to", "\\rightarrow", "\\therefore",
                     "\\hline", "\\item", "→", "⇒", "=>", "->", ":="), Lexer._break),
    "/": Lexer._slash,
    ",": Lexer._comma,
    ".": Lexer._dot,
    "!": Lexer._bang,
    "'": Lexer._poison,
    "′": Lexer._poison,
    "|": Lexer._poison,
    "_": Lexer._poison,
    ":": Lexer._colon,
}  # fmt: skip

_FIRST: Mapping[str, Handler] = {
    **dict.fromkeys("0123456789", Lexer._number),
    **dict.fromkeys("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", Lexer._word),
    ".": Lexer._point,
    "\n": Lexer._newline,
    "\\": Lexer._command,
    "<": Lexer._space,
}
