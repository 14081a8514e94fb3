"""Tokens to parse trees.

A tree is a value, as in q itself: a symbol atom is a name, a list of one item a constant, a longer list
the application of its first item to the rest, anything else a constant. ``parse`` shows these trees,
``eval`` runs them, and queries carry their phrases as such trees.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.functions import HOLE, NIL, Lambda, Prim
from prmkit_qlang.engine.lexer import Token, tokens
from prmkit_qlang.engine.special import (
    ASSIGN,
    ASSIGN_GLOBAL,
    COND,
    CONTROL,
    ITERATE,
    LISTED,
    MATCHED,
    RETURN,
    SEQUENCE,
    SIGNAL,
    amend_assign,
    make_table,
    nothing,
)
from prmkit_qlang.engine.trees import (
    Given,
    Tree,
    assignable,
    composed,
    constant,
    implicit,
    local_names,
    lone,
    name_in,
    named_by,
    phrase_dict,
    sequence,
)
from prmkit_qlang.engine.types import INF_LONG, LONG, SYM
from prmkit_qlang.engine.values import Atom, List, Value, enlist, flag, syms

_CLOSE = frozenset([")", "]", "}", ";", ""])  # nothing behind the last token
_QUERIES = frozenset(["select", "exec", "update", "delete"])
_END: Token = ("", None, 0, 0, False)
_COMMA, _CLAUSES = ("o", ","), (("v", "by"), ("v", "from"), ("v", "where"))
_MAX_PARAMS = 8


class Words:
    """What the parser knows: operators, keywords, and which keywords stand between arguments."""

    def __init__(
        self, dyads: Mapping[str, Prim], monads: Mapping[str, Prim], keywords: Mapping[str, Value]
    ) -> None:
        self.dyads = dyads
        self.monads = monads
        self.keywords = keywords
        self.infix = frozenset(k for k, v in keywords.items() if isinstance(v, Prim) and v.infix)
        self.operators: dict[str, tuple[Value, bool]] = {
            **{mark: (nothing(mark), True) for mark in ("0:", "1:", "2:")},
            **{mark + ":": (prim, True) for mark, prim in monads.items()},
            **{mark: (prim, True) for mark, prim in dyads.items()},
            "::": (NIL, False),
        }
        """What an operator stands for, and whether it is a verb."""


def parse(text: str, words: Words, runner: Any, context: str = "") -> list[Tree | None]:
    """The statements of a text, None for empty ones.

    Args:
        text: q source, newlines inside brackets allowed.
        words: Operators and keywords.
        runner: What runs a lambda.
        context: Namespace that lambdas belong to.

    Raises:
        QError: the token that cannot stand where it stands.
    """
    reader = _Parser(text, words, runner, context)
    made = reader.statements()
    if reader.i < reader.n:
        raise QError(reader.toks[reader.i][0])
    return made


class _Parser:
    i = 0  # the next token
    asked = False  # inside the phrases of a query, which know no conditional
    bare_end = -1  # where an operator ended that stands alone
    stops: tuple[tuple[str, str], ...] = ()  # what else ends an expression inside a query

    def __init__(self, text: str, words: Words, runner: Any, context: str) -> None:
        self.text = text
        self.words = words
        self.runner = runner
        self.context = context
        self.toks: list[Token] = tokens(text)
        self.n = len(self.toks)
        self.toks.append(_END)
        self.open: dict[int, Tree] = {}  # trees that wait for an argument on their right, by identity
        self.used: set[str] = set()  # x, y and z in the function, but for the phrases of queries

    # ------------------------------------------------------------ sequences

    def statements(self) -> list[Tree | None]:
        """Expressions between semicolons, to the next closing bracket."""
        kept, self.stops = self.stops, ()
        out = [self.expression()]
        while self.toks[self.i][0] == ";":
            self.i += 1
            out.append(self.expression())
        self.stops = kept
        return out

    def expect(self, kind: str) -> Token:
        """The next token, which must be of a kind."""
        if self.i >= self.n or self.toks[self.i][0] != kind:
            raise QError(kind)
        self.i += 1
        return self.toks[self.i - 1]

    # ------------------------------------------------------------ expressions

    def ended(self) -> bool:
        """Whether the expression ends here."""
        token = self.toks[self.i]
        return token[0] in _CLOSE or token[:2] in self.stops

    def expression(self) -> Tree | None:
        """One expression, right to left."""
        token = self.toks[self.i]
        kind = token[0]
        if kind in _CLOSE or (self.stops and token[:2] in self.stops):
            return None
        if kind == "o":
            if token[1] == ":" and not self.followed_by("[", "a"):
                self.i += 1
                returned = self.expression()
                return ASSIGN if returned is None else List([RETURN, returned])
        elif kind == "a" and token[1] == "'" and not self.followed_by("["):
            self.i += 1
            return List([SIGNAL, self.expression() or NIL])
        tree, verb = self.term()
        if verb and self.ended():
            return self.opened(tree) if not isinstance(tree, Prim) else self.bare(tree)
        return self.rest(tree, verb)

    def bare(self, tree: Prim) -> Tree:
        """An operator alone on the right of another one."""
        self.bare_end = self.i
        return tree

    def followed_by(self, *kinds: str) -> bool:
        """Whether the next token but one is of one of these kinds."""
        return self.i < self.n and self.toks[self.i + 1][0] in kinds

    def rest(self, left: Tree, verb: bool) -> Tree:
        """What follows a term, applied to it."""
        token = self.toks[self.i]
        kind = token[0]
        if kind in _CLOSE or (self.stops and token[:2] in self.stops):
            return left
        if verb:
            right = self.expression()
            return left if right is None else self.prefixed(left, right)
        if kind == "o":
            value = token[1]
            assigns = value[-1] == ":" and value[0] not in "012" and not self.followed_by("a")
            if assigns and (value in (":", "::") or assignable(left)):
                self.i += 1
                return self.assignment(left, value)
        middle, verb = self.term()
        if not verb:
            right_tree = self.rest(middle, False)
            left = self.monadic(left)
            return composed(left, right_tree) if id(right_tree) in self.open else List([left, right_tree])
        right = self.expression()
        if right is None:
            derived = isinstance(middle, List)  # takes one argument or two: two are wanted here
            return self.opened(List([middle, left, HOLE] if derived else [middle, left]))
        if id(right) in self.open or (self.bare_end == self.i and isinstance(right, Prim)):
            return self.opened(composed(List([middle, left]), right))
        return List([middle, left, right])

    def prefixed(self, left: Tree, right: Tree) -> Tree:
        """A verb with nothing on its left: a derived function or keyword applied to one argument."""
        if isinstance(left, Prim) and left is self.words.dyads.get(left.name):
            raise QError(left.name)
        if id(right) in self.open:
            return self.opened(composed(left, right))
        return List([left, right])

    def monadic(self, tree: Tree) -> Tree:
        """An operator in parentheses that is applied to one argument: its form of one argument."""
        if (
            isinstance(tree, Prim)
            and tree.name in self.words.monads
            and tree is self.words.dyads.get(tree.name)
        ):
            return self.words.monads[tree.name]
        return tree

    def opened(self, tree: Tree) -> Tree:
        """Remember that a tree waits for an argument on its right."""
        self.open[id(tree)] = tree
        return tree

    def assignment(self, left: Tree, mark: str) -> Tree:
        right = self.expression()
        if right is None:
            return List([ASSIGN, left]) if mark == ":" else List([ASSIGN_GLOBAL, left])
        if mark == ":":
            return List([ASSIGN, left, right])
        if mark == "::":
            return List([ASSIGN_GLOBAL, left, right])
        return List([amend_assign(self.words.dyads[mark[:-1]]), left, right])

    # ------------------------------------------------------------ terms

    def term(self) -> tuple[Tree, bool]:
        """A noun or verb with the brackets and iterators behind it; whether it is a verb."""
        toks = self.toks
        kind, value, start, _, _ = toks[self.i]
        self.i += 1
        if kind == "n":
            tree, verb = (constant(value) if value.t in (SYM, -SYM) else value), False
        elif kind == "v":
            tree, verb = self.name(value)
        elif kind == "o":
            found = self.words.operators.get(value)
            if found is None:
                raise QError(value)
            tree, verb = found
        else:
            tree, verb = self.bracketed(kind, value, start)
        while True:
            kind, value, _, _, spaced = toks[self.i]
            if kind == "[":
                self.i += 1
                tree, verb = self.bracket(tree), False
            elif kind == "a" and not (spaced and value == "'" and not verb):
                self.i += 1
                tree, verb = List([ITERATE[value], tree]), True
            else:
                return tree, verb

    def bracket(self, head: Tree) -> Tree:
        if isinstance(head, _Word):
            return self.control(head.word)
        args = [one if one is not None else HOLE for one in self.statements()]
        self.expect("]")
        if head is self.words.dyads.get("$") and len(args) > 2 and not self.asked:
            return List([COND, *args])
        if head is ASSIGN and len(args) > 2:
            return List([MATCHED, *args])
        if args == [HOLE]:
            args = [NIL]
        return List([head, *args])

    def control(self, word: str) -> Tree:
        parts = self.statements()
        self.expect("]")
        return List([CONTROL[word], *(one if one is not None else NIL for one in parts)])

    def bracketed(self, kind: str, value: str, start: int) -> tuple[Tree, bool]:
        """Something in brackets, or an iterator without a function."""
        if kind == "(":
            return self.parens(), False
        if kind == "{":
            return self.braces(start), False
        if kind == "a":
            if self.i < self.n and self.toks[self.i][0] == "[":
                self.i += 1
                args = [one if one is not None else HOLE for one in self.statements()]
                self.expect("]")
                return List([ITERATE[value], *args]), False
            return ITERATE[value], True
        if kind == "[":
            parts = self.statements()
            self.expect("]")
            return sequence(parts), False
        raise QError(kind)

    def name(self, name: str) -> tuple[Tree, bool]:
        found = self.words.keywords.get(name)
        if found is not None:
            return found, name in self.words.infix
        if name in _QUERIES:
            return self.query(name), False
        if name in CONTROL and self.i < self.n and self.toks[self.i][0] == "[":
            return _Word(name), False
        if name[0] in "xyz" and not self.asked and (len(name) == 1 or name[1] == "."):
            self.used.add(name[0])
        return Atom(-SYM, name), False

    def parens(self) -> Tree:
        if self.i < self.n and self.toks[self.i][0] == "[":
            return self.table()
        if self.i < self.n and self.toks[self.i][0] == ")":
            self.i += 1
            return List([])
        parts = self.statements()
        self.expect(")")
        if len(parts) == 1:
            return self.closed(parts[0]) if parts[0] is not None else List([])
        return List([LISTED, *(one if one is not None else HOLE for one in parts)])

    def closed(self, tree: Tree) -> Tree:
        """A tree in parentheses waits for nothing; an assignment in them that ends the text is shown."""
        self.open.pop(id(tree), None)
        assigns = isinstance(tree, List) and tree.v and tree.v[0] in (ASSIGN, ASSIGN_GLOBAL)
        return List([SEQUENCE, tree]) if assigns and self.i >= self.n else tree

    def table(self) -> Tree:
        self.i += 1
        keys = self.named("]")
        self.expect("]")
        columns = self.named(")")
        self.expect(")")
        return make_table(keys, columns, self.words.monads["+"], self.words.dyads["!"])

    def named(self, end: str) -> list[tuple[str, Tree]]:
        """Named expressions between semicolons."""
        kept, self.stops = self.stops, ()
        out: list[tuple[str, Tree]] = []
        while self.i < self.n and self.toks[self.i][0] != end:
            if self.toks[self.i][0] == ";":
                self.i += 1
                continue
            begun = self.i
            name, tree = self.column()
            if self.i == begun:  # a bracket that closes something else
                raise QError(self.toks[begun][0])
            out.append((name, HOLE if tree is None else tree))
        self.stops = kept
        return out

    def column(self) -> tuple[str, Tree | None]:
        """An expression with or without a name before a colon."""
        toks = self.toks
        if self.i + 1 < self.n and toks[self.i][0] == "v" and toks[self.i + 1][:2] == ("o", ":"):
            self.i += 2
            return Given(toks[self.i - 2][1]), self.expression()
        tree = self.expression()
        return ("", None) if tree is None else (named_by(tree), tree)

    def braces(self, start: int) -> Tree:
        kept = self.stops, self.asked, self.used
        self.stops, self.asked, self.used = (), False, set()
        params: tuple[Any, ...] | None = None
        if self.i < self.n and self.toks[self.i][0] == "[":
            self.i += 1
            params = self.parameters()
        body = self.statements()
        end = self.expect("}")
        if params is None:
            params = implicit(self.used)
        self.stops, self.asked, self.used = kept
        names = local_names(params, body)
        source = self.text[start : end[3]]
        return Lambda(source, params, names, tuple(body), self.context, self.runner)

    def parameters(self) -> tuple[Any, ...]:
        """Names, or patterns as trees."""
        parts = self.statements()
        self.expect("]")
        if parts == [None]:
            return ()
        if len(parts) > _MAX_PARAMS:
            raise QError("params")
        return tuple(
            one.v if isinstance(one, Atom) and one.t == -SYM else HOLE if one is None else one
            for one in parts
        )

    # ------------------------------------------------------------ queries

    def query(self, word: str) -> Tree:
        """``select``, ``exec``, ``update`` or ``delete`` as a functional query."""
        kept, asked = self.stops, self.asked
        extra = self.limits() if self.i < self.n and self.toks[self.i][0] == "[" else []
        distinct = False
        if self.i < self.n and self.toks[self.i][:2] == ("v", "distinct") and word == "select":
            self.i += 1
            distinct = True
        self.stops, self.asked = (_COMMA, *_CLAUSES), True
        columns = self.phrases()
        groups: list[tuple[str, Tree]] | None = None
        if self.at_name("by"):
            self.i += 1
            groups = self.phrases()
        if not self.at_name("from"):
            raise QError("from")
        self.i += 1
        self.stops, self.asked = (*kept, ("v", "where")), asked
        source = self.expression()
        if source is None:
            raise QError("from")
        conditions: list[Tree] = []
        if self.at_name("where"):
            self.i += 1
            self.stops, self.asked = (_COMMA, *kept), True
            conditions = [tree for _, tree in self.phrases()]
        self.stops, self.asked = kept, asked
        return self.functional(word, source, conditions, groups, columns, distinct, extra)

    def at_name(self, word: str) -> bool:
        return self.i < self.n and self.toks[self.i][:2] == ("v", word)

    def limits(self) -> list[Tree]:
        """``[n;>column]`` behind select."""
        self.i += 1
        out: list[Tree] = []
        for position in range(2):
            if self.toks[self.i][:2] in (("o", "<"), ("o", ">")):
                mark = self.toks[self.i][1]
                self.i += 1
                if not out:
                    out.append(Atom(-LONG, INF_LONG))
                out.append(List([List([self.words.monads[mark], self.expression() or NIL])]))
            elif position == 0:
                limit = self.expression()
                out.append(Atom(-7, 2**63 - 1) if limit is None else limit)
            if self.toks[self.i][0] == ";":
                self.i += 1
        self.expect("]")
        return out

    def phrases(self) -> list[tuple[str, Tree]]:
        """Column expressions between commas."""
        out: list[tuple[str, Tree]] = []
        while True:
            name, tree = self.column()
            if tree is not None:
                out.append((name, tree))
            if self.i < self.n and self.toks[self.i][:2] == ("o", ","):
                self.i += 1
                continue
            return out

    def functional(
        self,
        word: str,
        source: Tree,
        conditions: list[Tree],
        groups: list[tuple[str, Tree]] | None,
        columns: list[tuple[str, Tree]],
        distinct: bool,
        extra: list[Tree],
    ) -> Tree:
        where: Tree = enlist(List(conditions)) if conditions else List([])
        by: Tree = flag(distinct)
        what: Tree
        if groups is not None:
            by = phrase_dict(groups, set())
        if word == "delete":
            names = [name_in(tree) for _, tree in columns]
            what = enlist(syms(names))
            return List([self.words.dyads["!"], source, where, flag(False), what])
        if word == "exec":
            by = List([]) if groups is None else lone(groups, by)
            what = lone(columns, phrase_dict(columns, set())) if columns else List([])
        else:
            taken = {name for name, _ in groups} if groups else set()
            if {name for name, _ in columns} & (taken - {"x"}) and groups:
                clash = next(name for name, _ in columns if name in taken)
                raise QError(f"dup names for cols/groups {clash}")
            what = phrase_dict(columns, taken) if columns else List([])
        return List([self.words.dyads["!" if word == "update" else "?"], source, where, by, what, *extra])


class _Word(Value):
    """A control word that waits for its brackets."""

    __slots__ = ("word",)

    def __init__(self, word: str) -> None:
        self.t = 0
        self.word = word
