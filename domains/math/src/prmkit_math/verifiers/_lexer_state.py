"""What the lexer knows at each token, and the moves that all its handlers share."""

from __future__ import annotations

from itertools import accumulate

from prmkit_math.verifiers._measures import Measure
from prmkit_math.verifiers._tokens import BREAKS, RELATIONS, TOKENS, WORDS


class LexerState:
    """Lexemes so far, as parallel lists, and the state between two tokens."""

    __slots__ = (
        "depth", "gap", "have", "index", "kinds", "last", "measures", "money", "pending", "prose", "skip",
        "symbolic", "text", "tokens", "units", "values",
    )  # fmt: skip

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[str] = TOKENS.findall(text)
        self.symbolic = "\\" in text or "$" in text  # single letters are variables there
        self.kinds: list[str] = ["B"]
        self.values: list[object] = [""]
        self.index: list[int] = [-1]
        self.measures: list[tuple[int, Measure]] = []
        self.money: set[int] = set()
        self.last = "B"
        self.have = False
        self.gap = 0  # since the last lexeme: 0 nothing, 1 space, 2 unit, 3 math border
        self.pending = ""  # a line break that a relation may undo
        self.prose = False
        self.units = 0
        self.depth = 0
        self.skip = -1

    def places(self) -> list[int]:
        """First character of every token, and the length of the text at the end."""
        return [0, *accumulate(map(len, self.tokens))]

    def _push(self, kind: str, value: object, i: int, have: bool) -> None:
        self.kinds.append(kind)
        self.values.append(value)
        self.index.append(i)
        self.last = kind
        self.have = have
        self.gap = 0
        self.units = 0

    def _break(self, token: str, i: int) -> None:
        if self.last != "B":
            self._push("B", token, i, False)
        self.prose = False
        self.pending = ""

    def _prose_break(self, token: str, i: int) -> None:
        self._break(token, i)
        self.prose = True

    def _poison(self, token: str, i: int) -> None:
        self._push("!", token, i, True)

    def _settle(self, token: str, i: int) -> None:
        """Decide whether a line break ended the expression."""
        if token[0] == "\n" or token in BREAKS:
            return
        kind = RELATIONS.get(token)
        if kind is None and token not in ("+", "\\times", "\\cdot", "×"):
            if self.pending != "\n" and token in ("-", "*"):
                self._break(token, i)
                self._poison(token, i)
                return
            self._break("\n", i)
        self.pending = ""

    def _expand(self, i: int) -> str:
        """Cut a run of words into words, in place."""
        self.tokens[i : i + 1] = WORDS.findall(self.tokens[i])
        return self.tokens[i]

    def _next(self, i: int) -> str:
        """The token after ``i`` that is not a space."""
        tokens = self.tokens
        for k in range(i + 1, min(i + 3, len(tokens))):
            token = tokens[k]
            if token[0] not in " \t~&\r":
                return self._expand(k) if token[-1] == " " and token[0].isalpha() else token
        return ""

    def _after_word(self, i: int) -> bool:
        """Does the token touch a word, as in f(2) or A-5?"""
        before = self.tokens[i - 1] if i else ""
        return before[-1:].isalpha() and before[0] != "\\"

    def _glued(self, i: int) -> bool:
        return i > 0 and not self.tokens[i - 1].isspace()

    def _line_start(self, i: int) -> bool:
        return i == 0 or self.tokens[i - 1][0] == "\n" or (i == 1 and self.tokens[0].isspace())

    def _letter_before(self, i: int) -> bool:
        """In a formula: is the token before a letter, a factor of what follows?"""
        before = self.tokens[i - 1 - self.tokens[i - 1].isspace()] if i else ""
        return self.symbolic and len(before) == 1 and before.isalpha() and before not in "aAI"

    def _symbol_before(self, i: int) -> bool:
        """Is the word before a variable, so that the dash after it subtracts?"""
        for k in range(i - 1, max(i - 3, -1), -1):
            token = self.tokens[k]
            if not token.isspace():
                return len(token) == 1 or token[0] == "\\"
        return False
