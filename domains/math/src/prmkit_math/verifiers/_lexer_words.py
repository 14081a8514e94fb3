"""Handlers of numbers and words: operands, units, operators in words, prose."""

from __future__ import annotations

import math
import re

from prmkit_math.verifiers._lexer_state import LexerState
from prmkit_math.verifiers._measures import GLUED, MEASURES, SCALES
from prmkit_math.verifiers._numbers import Literal, read
from prmkit_math.verifiers._tokens import (
    APPROXIMATELY,
    FILLERS,
    NAMED,
    SINGLE_UNITS,
    STOPS,
    WORD_OPERATORS,
    opens,
)

MAX_UNIT_WORDS = 4


class WordHandlers(LexerState):
    """What a number or a word does to the state."""

    __slots__ = ()

    def _number(self, token: str, i: int) -> None:
        literal = read(token)
        if literal is None or (token[0] == "0" and len(token) > 2 and token.isdigit()):
            return self._poison(token, i)
        if self.have:
            self._join_number(token, i)
            if self.have:
                return None
        elif i and self.tokens[i - 1][-1].isalpha() and self.tokens[i - 1][0] != "\\":
            return self._poison(token, i)
        self._push("n", literal, i, True)
        # Amounts of money are exact; in formulas a bare dollar sign is no money.
        sign = self.tokens[i - 1] if i else ""
        if literal.decimals and (sign == "\\$" or (sign == "$" and "\\" not in self.text)):
            self.money.add(len(self.kinds) - 1)
        return None

    def _join_number(self, token: str, i: int) -> None:
        """A number right after an operand: mixed number, product, or a new expression."""
        if self.last == "!" and self.gap < 2:
            self._poison(token, i)
        elif not self.gap and self.last == ")":
            self._push("&", "", i, False)
        elif not self.gap:
            self._poison(token, i)
        elif self.gap == 1 and self.last == "n" and "." not in token and self._fraction_follows(i):
            self._push("m", "", i, False)
        else:
            self._push("B", "beside", i, False)
            self.prose = False

    def _fraction_follows(self, i: int) -> bool:
        tokens = self.tokens
        return i + 2 < len(tokens) and tokens[i + 1] == "/" and tokens[i + 2].isdigit()

    def _word(self, token: str, i: int) -> None:
        if token in NAMED and (NAMED[token] == "c" or self.tokens[i + 1 : i + 2] == ["("]):
            self._named(token, i)
        elif self.have:
            self._word_after_operand(token, i)
        elif self.last == "B":
            self.prose = True
            if token in WORD_OPERATORS and self._next(i)[:1].isdigit():
                self._poison(token, i)
        elif self.last in "=aq":
            if token.lower() in APPROXIMATELY:
                self.kinds[-1] = self.last = "a" if self.last != "q" else "q"
            elif token not in FILLERS:
                self._poison(token, i)
        elif self.last == "(":
            self._prose_break(token, i)
        else:
            self._poison(token, i)

    def _named(self, token: str, i: int) -> None:
        """A function or constant written in letters: sqrt(16), pi."""
        if self.have:
            if self.gap > 1:
                return self._poison(token, i)
            self._push("&", "", i, False)
        elif self.last == "B" and self.prose and self._after_word(i):
            return self._poison(token, i)
        self._push(NAMED[token], math.pi if token == "pi" else token, i, token == "pi")
        return None

    def _word_after_operand(self, token: str, i: int) -> None:
        low = token.lower()
        if self.gap == 3 and self.tokens[i - 1] in ("$", "\\("):
            # A name that opens its own formula is no unit of the number before.
            self._break(token, i)
            self._poison(token, i)
        elif not self.gap:
            if token in GLUED or (len(token) > 3 and token in MEASURES):
                self._unit(token, i)
            elif token in ("x", "X") and self.tokens[i + 1 : i + 2] and self.tokens[i + 1].isdigit():
                self._push("*", token, i, False)
            else:
                self._poison(token, i)
        elif low in WORD_OPERATORS:
            if opens(self._next(i)):
                self._push(WORD_OPERATORS[low], token, i, False)
            elif low == "times" and self.kinds[-2] in "=aq":
                self._prose_break(token, i)
            else:
                self._poison(token, i)
        elif low in ("multiplied", "divided") and self._next(i) == "by":
            self.skip = i + 2
            self._push("*" if low[0] == "m" else "/", token, i, False)
        elif low == "of" and self._share():
            if opens(self._next(i)):
                self._push("*", token, i, False)
            else:
                self._poison(token, i)
        elif low in ("equals", "equal") and self.gap < 3:
            self._equal_word(token, i)
        elif low == "percent" and self.gap == 1:
            self._push("%", token, i, True)
        elif low in SCALES and self.gap == 1 and self.last == "n":
            self._push("k", SCALES[low], i, True)
        elif low in STOPS:
            self._prose_break(token, i)
        elif len(token) == 1 and (token not in SINGLE_UNITS or self.symbolic):
            self._poison(token, i)
        else:
            self._unit(token, i)

    def _equal_word(self, token: str, i: int) -> None:
        if token == "equal" and self._next(i) == "to":
            self.skip = i + 2
        self._push("=", token, i, False)

    def _share(self) -> bool:
        """Is the operand just read a percentage or a fraction, so that *of* multiplies?"""
        kinds = self.kinds
        return self.last == "%" or kinds[-3:] == ["n", "/", "n"] or (self.last == ")" and "F" in kinds[-10:])

    def _unit(self, token: str, i: int) -> None:
        measure = MEASURES.get(token) or MEASURES.get(token.lower())
        if measure is not None:
            self.measures.append((len(self.kinds) - 1, measure))
        self.gap = 2
        self.units += 1
        if self.units > MAX_UNIT_WORDS:
            self._prose_break(token, i)

    def _text(self, token: str, i: int) -> None:
        r"""``\text{...}``: a unit after an operand, a number, or prose."""
        inner = token[token.index("{") + 1 : -1].strip()
        if not inner:
            return None
        if inner[0] in "0123456789." and not self.have and re.fullmatch(r"[0-9][0-9,]*(?:\.[0-9]+)?", inner):
            return self._number(inner, i)
        words = inner.split()
        if self.last == "/" and not self.have:
            self.kinds.pop(), self.values.pop(), self.index.pop()
            self.last, self.have = self.kinds[-1], True
        if not self.have:
            return self._prose_break(token, i) if self.last in "B=aq(" else self._poison(token, i)
        if inner == "of" and self._share():
            return self._push("*", token, i, False)
        if any(c in "0123456789=" for c in inner) or words[0].lower() in STOPS:
            return self._prose_break(token, i)
        for word in words:
            self._unit(word, i)
            self.units = 0
        return None

    def _percent(self, token: str, i: int) -> None:
        if self.have:
            self._push("%", token, i, True)
        else:
            self._break(token, i)

    def _point(self, token: str, i: int) -> None:
        """A number that begins with its point, or a row of dots."""
        if token[1] == ".":
            self._ellipsis(token, i)
        else:
            self._number(token, i)

    def _ellipsis(self, token: str, i: int) -> None:
        literal = self.values[-1]
        if self.last == "n" and not self.gap and isinstance(literal, Literal) and literal.decimals:
            return
        if self.last == "B" and not self.have:
            return
        self._poison(token, i)
