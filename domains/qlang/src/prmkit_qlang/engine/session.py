"""A q session: what users, verifiers and tests call."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

from prmkit_qlang.engine import dotnames
from prmkit_qlang.engine.chance import Chance
from prmkit_qlang.engine.context import CONTEXT
from prmkit_qlang.engine.errors import QError, ReturnSignal
from prmkit_qlang.engine.evaluate import Evaluator
from prmkit_qlang.engine.format import console
from prmkit_qlang.engine.functions import NIL, View, is_nil
from prmkit_qlang.engine.inline import s1
from prmkit_qlang.engine.keywords import WORDS
from prmkit_qlang.engine.meter import METER, Allowance
from prmkit_qlang.engine.sp import SCRIPT
from prmkit_qlang.engine.special import ASSIGN, ASSIGN_GLOBAL, CONTROL, Special
from prmkit_qlang.engine.types import CHAR, INT
from prmkit_qlang.engine.values import Fn, List, Value, array, items, long, text_of
from prmkit_qlang.engine.variables import Frame

_FAULTS = (TypeError, ValueError, IndexError, KeyError, AttributeError, AssertionError, ZeroDivisionError)
_RECURSION = 12_000
_EXIT = re.compile(r"exit\s+\d+\s*;?\s*")
_COMMAND = re.compile(r"\\(\w*|\\)\s*(.*)", re.DOTALL)


class Session(Evaluator):
    """An interpreter with its own variables.

    Args:
        allowance: What one evaluation may cost.

    Examples:
        >>> s = Session()
        >>> s.console("a:3 1 2"), s.console("asc a"), s.console("a+`x")
        ('', '`s#1 2 3', "'type")
    """

    def __init__(self, allowance: Allowance | None = None) -> None:
        super().__init__(WORDS)
        self.allowance = allowance or Allowance()
        self.precision, self.width, self.height = 7, 80, 25
        self.day_first = False
        self.printed: list[str] = []
        self.line_open = False
        self.fault: Exception | None = None
        """The last fault of the interpreter itself; ``nyi`` was signalled for it."""
        self.chance = Chance()
        self.globals.update(dotnames.NAMES)

    # ------------------------------------------------------------ what users call

    def eval(self, text: str) -> Value:
        """The value of a text: one statement, or a script of several lines.

        Raises:
            QError: whatever goes wrong in q; ``access`` for files, sockets, clocks, the system, ``nyi`` for
                what this interpreter lacks, ``limit``, ``wsfull`` and ``stack`` where a budget ends.
        """
        return self._within_budget(text)

    def console(self, text: str) -> str:
        """What a q console prints for a text: values, ``'text`` for an error, nothing for an assignment."""
        self.printed, self.line_open = [], False
        try:
            self._within_budget(text, shows=True)
        except QError as error:
            self.say("'" + error.text)
        printed = self.printed
        return printed[0] if len(printed) == 1 else "\n".join(printed)

    def split(self, text: str) -> list[str]:
        """The statements of a script."""
        return statements(text)

    def load_sp(self) -> None:
        """Define the tables of suppliers and parts that the documentation uses."""
        for line in SCRIPT:
            self.eval(line)

    # ------------------------------------------------------------ scripts

    def _within_budget(self, text: str, *, shows: bool = False) -> Value:
        outer, kept = CONTEXT.machine, (METER.steps, METER.elements, METER.largest, METER.depth)
        frame, context = self.frame, self.context
        limit = sys.getrecursionlimit()
        CONTEXT.machine = self
        METER.reset(self.allowance)
        if limit < _RECURSION:
            sys.setrecursionlimit(_RECURSION)
        try:
            return self._script(text, shows)
        except RecursionError:
            raise QError("stack") from None
        except (MemoryError, OverflowError):
            raise QError("wsfull") from None
        except _FAULTS as fault:
            # A case that nobody thought of: said as what it is, never taken for an error of the program.
            self.fault = fault
            raise QError("nyi") from fault
        finally:
            sys.setrecursionlimit(limit)
            CONTEXT.machine = outer
            METER.steps, METER.elements, METER.largest, METER.depth = kept
            self.frame = frame
            if outer is not None and outer is not self:
                self.context = context

    def _script(self, text: str, shows: bool) -> Value:
        """The value of the last statement; those before it are shown, the last where that is wanted."""
        if len(text) > self.allowance.source:
            raise QError("limit")
        value: Value = NIL
        quiet = True
        one_line = text and text[0] not in "/ \t" and "\n" not in text
        for statement in (text,) if one_line else statements(text):
            if not quiet and not is_nil(value):
                self.show(value)
            first = statement[0]
            if first == "\\":
                value, quiet = self.command(statement), False
                continue
            if first == "e" and _EXIT.fullmatch(statement):
                return NIL
            value, quiet = self._statement(statement)
        if shows and not quiet and not is_nil(value):
            self.show(value)
        return value

    def _statement(self, text: str) -> tuple[Value, bool]:
        value: Value = NIL
        tree: Value | None = None
        for tree in self.trees(text):
            self.frame = None
            try:
                value = NIL if tree is None else self.run(tree, None)
            except ReturnSignal as signal:
                value = signal.value
        if "::" in text:
            for made in self.globals.values():
                if isinstance(made, View) and not made.source:
                    made.source = text.split("::", 1)[-1].strip()
        return value, tree is None or (type(tree) is List and _silent(tree))

    def command(self, line: str) -> Value:
        """A line that begins with a backslash: namespaces and display settings; everything else is refused.

        Raises:
            QError: ``access`` for what would leave the interpreter, ``nyi`` for the rest.
        """
        found = _COMMAND.fullmatch(line.strip())
        name, rest = (found.group(1), found.group(2).strip()) if found else ("", "")
        if name == "d":
            if rest:
                self.context = "" if rest == "." else rest
                return NIL
            return self.word(self.context or ".")
        if name in ("P", "c", "C", "z"):
            return self.setting(name, rest)
        if line.strip() == "\\":
            return NIL
        if name == "l" and rest.rstrip("/").endswith("sp.q"):
            self.load_sp()
            return NIL
        if name == "S":
            self.chance = Chance(abs(int(rest))) if rest.lstrip("-").isdigit() else self.chance
            return NIL
        if name in ("W", "e", "g"):
            return NIL
        if name in ("a", "v", "f", "b", "B"):
            return self.listing(name, rest)
        raise QError("access" if name in ("l", "cd", "x", "t", "ts", "w", "p", "1", "2") else "nyi")

    def setting(self, name: str, rest: str) -> Value:
        r"""``\P``, ``\c``, ``\z``: digits, size of the console, order of dates; what holds, without one."""
        numbers = [int(one) for one in rest.split() if one.removeprefix("-").isdecimal() and len(one) < 10]
        if name == "P" and numbers:
            self.precision = max(0, min(17, numbers[0]))
        elif name == "z" and numbers:
            self.day_first = numbers[0] == 1
        elif name == "c" and len(numbers) == 2:
            self.height, self.width = (max(10, min(2000, one)) for one in numbers)
        elif not rest and name in "Pcz":
            now = {"P": [self.precision], "c": [self.height, self.width], "z": [int(self.day_first)]}[name]
            made = array(INT, now)
            return made if len(now) > 1 else items(made)[0]
        return NIL

    def run_text(self, text: str) -> Value:
        """Value of a text, which may be a system command."""
        return self.command(text) if text.startswith("\\") else super().run_text(text)

    # ------------------------------------------------------------ what functions of the language ask

    def show(self, value: Value) -> None:
        """Print a value as the console does."""
        self.say(console(value, precision=self.precision, width=self.width, height=self.height))

    def say(self, text: str, *, ends: bool = True) -> None:
        """Print a text, behind what stands on a line that has not ended."""
        if self.line_open:
            self.printed[-1] += text
        else:
            self.printed.append(text)
        self.line_open = not ends

    def show_inline(self, value: Value) -> None:
        """Print a value on one line."""
        self.say(s1(value, precision=self.precision))

    def write(self, handle: int, value: Value) -> Value:
        """``1 "text"``: text to the console; ``0 "text"``: evaluate.

        Raises:
            QError: ``access`` for any other handle.
        """
        if handle == 0:
            if abs(value.t) == CHAR:
                return self.run_text(text_of(value))
            return self.run_tree(value)
        if abs(handle) not in (1, 2):
            raise QError("type" if isinstance(value, Fn) else "access")
        if abs(value.t) != CHAR and not (isinstance(value, List) and handle < 0):
            raise QError("type")
        for one in items(value) if isinstance(value, List) else [value]:
            text = text_of(one)
            self.say(text.removesuffix("\n"), ends=handle < 0 or text.endswith("\n"))
        return long(handle)

    def draw(self, n: int, source: Value) -> Value:
        """``n?source``."""
        return self.chance.draw(n, source)

    def guarded(self, run: Callable[[], Value], handler: Callable[[str], Value]) -> Value:
        """A value, or what a handler makes of the error; running out of a budget ends everything."""
        kept, depth = (self.frame, self.context), METER.depth
        try:
            return run()
        except QError as error:
            if METER.steps < 0 or METER.elements < 0:
                raise
            text = error.text
        except RecursionError:
            text = "stack"
        (self.frame, self.context), METER.depth = kept, depth
        return handler(text)

    def view_names(self, *, pending: bool = False) -> list[str]:
        """Names of views; with ``pending``, of those that were not read since something they need changed."""
        found = {name: value for name, value in self.globals.items() if isinstance(value, View)}
        return sorted(name for name, one in found.items() if not pending or self.pending(one))

    def view_text(self, name: str) -> str:
        """How a view was written.

        Raises:
            QError: the name, where it is no view.
        """
        found = self.globals.get(self.full(name))
        if not isinstance(found, View):
            raise QError(name)
        return found.source

    def listing(self, kind: str, space: str = "") -> Value:
        """Names of tables, variables, functions or views, in the namespace at work or a named one."""
        kept = self.context
        try:
            self.context = kept if not space else "" if space == "." else space
            return dotnames.listing(self, kind)
        finally:
            self.context = kept

    def is_word(self, name: str) -> bool:
        """Whether a name is a keyword."""
        return name in self.words.keywords

    def part_of(self, name: str, full: str, env: Frame | None) -> Value:
        """A part of a value or a namespace; what the language's own namespaces lack is refused.

        Raises:
            QError: ``access`` or ``nyi`` for such a name, else the name.
        """
        space, _, rest = name[1:].partition(".") if name.startswith(".") else ("", "", "")
        if rest and space in dotnames.SPACES and name not in dotnames.NAMES and not self.has_space(name):
            raise dotnames.missing(name)
        return super().part_of(name, full, env)

    def has_space(self, name: str) -> bool:
        """Whether a value, or a namespace within, is there of which a name may be a part."""
        root = ".".join(name.split(".")[:3])
        return any(key == root or key.startswith(root + ".") for key in self.globals)

    def word(self, text: str) -> Value:
        """A symbol."""
        return dotnames.symbol(text)


def _silent(tree: List) -> bool:
    """Whether a statement prints nothing: an assignment or a control word."""
    if len(tree.v) < 2:
        return False
    head = tree.v[0]
    if type(head) is not Special:
        return False
    if head is ASSIGN or head is ASSIGN_GLOBAL:
        return len(tree.v) == 3
    return head.what == "amend" or head.what in CONTROL


def statements(text: str) -> list[str]:
    """The statements of a script: a line that begins with a blank or a closing brace goes on with the last.

    Comments of their own lines and blocks between lone slashes are left out.
    """
    out: list[str] = []
    inside = False
    for line in text.replace("\r", "").split("\n"):
        bare = line.rstrip()
        if inside:
            inside = bare != "\\"
            continue
        if bare == "/":
            inside = True
            continue
        if bare == "\\" and out:
            break
        if not bare or bare.startswith("/"):
            continue
        if out and (line[0] in " \t" or bare in ("}", "};", "]", ")") or open_brackets(out[-1])):
            out[-1] += "\n" + line
        else:
            out.append(line)
    return out


def open_brackets(text: str) -> bool:
    """Whether brackets are open at the end of a text; strings are skipped."""
    if not any(c in text for c in "([{"):
        return False
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    return sum(map(bare.count, "([{")) > sum(map(bare.count, ")]}"))
