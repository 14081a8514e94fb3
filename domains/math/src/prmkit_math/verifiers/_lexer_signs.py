"""Handlers of signs: operators, brackets, relations, powers, punctuation."""

from __future__ import annotations

import math

from prmkit_math.verifiers._lexer_words import WordHandlers
from prmkit_math.verifiers._numbers import read
from prmkit_math.verifiers._tokens import FUNCTIONS, OPERATORS, RELATIONS, SINGLE_UNITS, SIZES, TABLE, opens

BRACKET_COMMENT = 14
"""Tokens within which a bracket that holds words only must close."""


class SignHandlers(WordHandlers):
    """What a sign does to the state."""

    __slots__ = ()

    def _operator(self, token: str, i: int) -> None:
        kind = OPERATORS[token]
        if self.have:
            self._push(kind, token, i, False)
        elif self.last == "B":
            if self.prose or kind != "*" or not self._line_start(i):
                self._poison(token, i)
                self._push(kind, token, i, False)
        elif kind == "+" and self.last not in "*/":
            self._push(kind, token, i, False)
        else:
            self._poison(token, i)

    def _minus(self, token: str, i: int) -> None:
        tokens = self.tokens
        after = tokens[i + 1] if i + 1 < len(tokens) else " "
        if after[-1] == " " and after[0].isalpha():
            after = self._expand(i + 1)
        if self.have:
            hangs = (self.last == "n" and not self.gap) or (self.gap == 2 and self._after_word(i))
            if hangs and after.isalpha() and after.islower() and len(after) > 2:
                self.skip = i + 1
                self.gap = 2
            else:
                self._push("-", token, i, False)
        elif self.last != "B":
            self._push("-", token, i, False)
        elif self.prose and (after.isspace() or self._after_word(i) or self._symbol_before(i)):
            self._poison(token, i)
            self._push("-", token, i, False)
        elif after.isspace():
            if not self._line_start(i):
                self._poison(token, i)
            self._push("-" if self.have else "b", token, i, False)
        else:
            self._push("-", token, i, False)

    def _slash(self, token: str, i: int) -> None:
        after = self._next(i)
        if self.have:
            if after[:1].isalpha() and (len(after) > 1 or after in SINGLE_UNITS):
                self.skip = self.tokens.index(after, i)
                self._unit(after, self.skip)
            else:
                self._push("/", token, i, False)
        elif self.last != "B" or not self.prose:
            self._poison(token, i)

    def _power(self, token: str, i: int) -> None:
        if token == "**" and not self._power_stars(i):
            if self.have:
                self.gap = 3
        elif not self.have:
            self._poison(token, i)
        elif self.gap == 2:
            self._skip_exponent(i)
        else:
            self._push("^", token, i, False)

    def _power_stars(self, i: int) -> bool:
        after = self.tokens[i + 1] if i + 1 < len(self.tokens) else " "
        spaced = after.isspace()
        return self.have and (self.gap == 1) == spaced and opens(self._next(i))

    def _skip_exponent(self, i: int) -> None:
        """A power of a unit, as in m^2 or cm^{3}."""
        tokens = self.tokens
        if tokens[i + 1 : i + 2] == ["{"] and tokens[i + 3 : i + 4] == ["}"]:
            self.skip = i + 3
        elif i + 1 < len(tokens) and tokens[i + 1].isdigit():
            self.skip = i + 1
        else:
            self._poison("^", i)

    def _superscript(self, token: str, i: int) -> None:
        if self.gap == 2:
            return None
        if not self.have or self.gap:
            return self._poison(token, i)
        if self.last == "n" and self.kinds[-2] == "^" and self.values[-2] == "²":
            return self._poison(token, i)
        self._push("^", "²", i, False)
        self._push("n", read(str("⁰¹²³⁴⁵⁶⁷⁸⁹".index(token))), i, True)
        return None

    def _circle(self, token: str, i: int) -> None:
        """A degree sign, also written as a power."""
        if self.last == "(" and self.kinds[-2] == "^":
            del self.kinds[-2:], self.values[-2:], self.index[-2:]
            self.depth -= 1
            self.skip = i + 1
        elif self.last == "^":
            del self.kinds[-1:], self.values[-1:], self.index[-1:]
        elif not self.have or token == "\\circ":
            return self._poison(token, i)
        self.last = self.kinds[-1]
        self.have = True
        self._unit("°", i)
        return None

    def _open(self, token: str, i: int) -> None:
        if self.have:
            if self.gap and self._comment(i):
                return
            if self.gap != 1:
                self._push("&" if not self.gap else "u" if self.gap == 2 else "s", "", i, False)
            else:
                self._push("s", "", i, False)
        elif self.prose and self.last == "B" and token != "{" and self._called(i):
            self._poison(token, i)
            self._push("&", "", i, False)
        self._push("(", token, i, False)
        self.depth += 1

    def _called(self, i: int) -> bool:
        """Is the bracket an argument, as in f(2) or f (2)?"""
        if self._after_word(i):
            return True
        for k in range(i - 1, max(i - 4, -1), -1):
            token = self.tokens[k]
            if not token.isspace() and token not in SIZES:
                return len(token) == 1 and token.isalpha() and token not in "aAI"
        return False

    def _comment(self, i: int) -> bool:
        """Skip a bracket that holds words only."""
        tokens = self.tokens
        for k in range(i + 1, min(i + BRACKET_COMMENT, len(tokens))):
            token = tokens[k]
            if token == ")":
                self.skip = k
                self.gap = 2
                return True
            if token[0] in "0123456789.=\n(+*/^-" or (token[0] == "\\" and token[1:5] != "text"):
                return False
        return False

    def _close(self, token: str, i: int) -> None:
        if self.depth == 0:
            return self._break(token, i)
        if not self.have:
            self._poison(token, i)
        self.depth -= 1
        self._push(")", token, i, True)
        return None

    def _relation(self, token: str, i: int) -> None:
        self._push(RELATIONS[token], token, i, False)
        self.prose = False
        self.pending = ""

    def _newline(self, token: str, i: int) -> None:
        if self.have:
            self.pending = "\n" if token[0] == "\n" and not self.pending else self.pending or token
        elif self.last == "B":
            self.prose = False

    def _border(self, token: str, i: int) -> None:
        """A math delimiter or a dollar sign."""
        if self.have:
            self.gap = 3

    def _comma(self, token: str, i: int) -> None:
        after = self.tokens[i + 1] if i + 1 < len(self.tokens) else " "
        if self.have and self._glued(i) and after[0].isdigit():
            self._poison(token, i)
        else:
            self._break(token, i)

    def _dot(self, token: str, i: int) -> None:
        after = self.tokens[i + 1] if i + 1 < len(self.tokens) else " "
        if self.have and self._glued(i) and after[0] == "\\" and after[1:2].isalpha():
            self._poison(token, i)
        else:
            self._break(token, i)

    def _colon(self, token: str, i: int) -> None:
        """A ratio or a time of day has digits on both sides."""
        after = self.tokens[i + 1] if i + 1 < len(self.tokens) else " "
        if self.have and self._glued(i) and after[0].isdigit():
            self._poison(token, i)
        else:
            self._break(token, i)

    def _bang(self, token: str, i: int) -> None:
        if self.have and not self.gap and self.last in "n)":
            self._push("f", token, i, True)
        elif self.last != "f":
            self._break(token, i)

    def _function(self, token: str, i: int) -> None:
        if self.have:
            if self.gap == 2:
                return self._poison(token, i)
            self._push("&", "", i, False)
        elif self.last == "B" and self.prose and (self._after_word(i) or self._letter_before(i)):
            return self._poison(token, i)
        self._push(FUNCTIONS[token], token, i, False)
        return None

    def _pi(self, token: str, i: int) -> None:
        if self.have:
            if self.gap == 2:
                return self._poison(token, i)
            self._push("&", "", i, False)
        elif self.last == "B" and self.prose and self._letter_before(i):
            return self._poison(token, i)
        self._push("c", math.pi, i, True)
        return None

    def _space(self, token: str, i: int) -> None:
        if not self.gap:
            self.gap = 1

    def _nothing(self, token: str, i: int) -> None:
        """Sizes and boxes say nothing about the value."""

    def _box(self, token: str, i: int) -> None:
        r"""A box says nothing, unless it holds the last digits of a number, as in ``8\boxed{321}``."""
        if self.last == "n" and not self.gap:
            self._poison(token, i)

    def _command(self, token: str, i: int) -> None:
        if token[-1] != "}" or len(token) == 2:
            self._poison(token, i)
        elif TABLE.match(token):
            rest = self.tokens[i:]
            self.skip = i + next((k for k, t in enumerate(rest) if t.startswith("\\end")), len(rest))
            self._poison(token, i)
        elif token.startswith(("\\begin", "\\end")):
            self._newline(token, i)
        else:
            self._text(token, i)
