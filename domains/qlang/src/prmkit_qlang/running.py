"""Running q for verifiers, tests and graders: outcomes instead of exceptions, budgets on everything.

A statement that the interpreter refuses, or that runs out of its budget, tells nothing of the program
(:func:`refusal`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from prmkit.types import Code
from prmkit_qlang.engine.chance import Chance
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.inline import s1
from prmkit_qlang.engine.meter import Allowance
from prmkit_qlang.engine.session import Session
from prmkit_qlang.engine.values import Fn, Value
from prmkit_qlang.source import MAX_SOURCE, statements

SMALL = Allowance(steps=60_000, elements=3_000_000, largest=1_000_000)
"""What one statement, or one call, may cost."""
_ARGUMENT = "zargument"
_REFUSED = {"nyi": Code.UNSUPPORTED, "access": Code.UNSUPPORTED, "noamend": Code.UNSUPPORTED,
            "limit": Code.TIMEOUT, "wsfull": Code.TIMEOUT, "stack": Code.TIMEOUT,
            "crash": Code.CRASH}  # fmt: skip


class Ran(NamedTuple):
    """What came of a statement or a call."""

    value: Value | None
    error: str = ""
    """Text of the q error; empty where there was none."""

    @property
    def code(self) -> Code:
        """Why nothing can be concluded: NONE for a value or an error of the program itself."""
        return refusal(self.error)


def refusal(error: str) -> Code:
    """Whether an error tells of the interpreter's limits rather than of the program; NONE where it does not.

    Examples:
        >>> refusal("type"), refusal("nyi"), refusal("wsfull")
        (<Code.NONE: 'none'>, <Code.UNSUPPORTED: 'unsupported'>, <Code.TIMEOUT: 'timeout'>)
    """
    return _REFUSED.get(error.split(" ")[0].split(":")[0], Code.NONE)


class _Watched(Chance):
    """Random numbers that tell whether any were drawn."""

    drawn = False

    def draw(self, n: int, source: Value) -> Value:
        self.drawn = True
        return super().draw(n, source)


class Room:
    """A session with names of its own.

    Args:
        variables: Values of names.
        setup: Scripts run before; what goes wrong in them is left to show later.
    """

    def __init__(self, variables: Mapping[str, Value] | None = None, setup: Sequence[str] = ()) -> None:
        self._session = Session(allowance=SMALL)
        self._session.chance = _Watched()
        for name, value in (variables or {}).items():
            self._session.set(name, value)
        for script in setup:
            self.script(script)

    @property
    def random(self) -> bool:
        """Whether random numbers were drawn: another session may hold other values."""
        chance = self._session.chance
        return not isinstance(chance, _Watched) or chance.drawn

    def run(self, text: str) -> Ran:
        """Evaluate one statement."""
        if len(text) > MAX_SOURCE:
            return Ran(None, "limit")
        try:
            return Ran(self._session.eval(text))
        except QError as error:
            return Ran(None, error.text)
        except Exception as error:  # a defect of the interpreter's: it must not speak against the program
            return Ran(None, f"crash: {type(error).__name__}")

    def console(self, text: str) -> str:
        """What a console prints for a statement."""
        try:
            return self._session.console(text) if len(text) <= MAX_SOURCE else "'limit"
        except Exception as error:  # as above
            return f"'crash: {type(error).__name__}"

    def script(self, text: str) -> Ran:
        """Evaluate the statements of a script up to the first error: the value of the last one."""
        ran = Ran(None, "")
        for start, end in statements(text):
            ran = self.run(text[start:end])
            if ran.error:
                break
        return ran

    def call(self, function: str, args: Sequence[Value]) -> Ran:
        """Apply the function of this name to arguments."""
        names = [f"{_ARGUMENT}{i}" for i in range(len(args))]
        for name, value in zip(names, args, strict=True):
            self._session.set(name, value)
        return self.run(f"{function}[{';'.join(names)}]")

    def get(self, name: str) -> Value | None:
        """The value of a name; None where it has none."""
        return self.run(name).value

    def functions(self) -> dict[str, Fn]:
        """The functions that statements have defined."""
        held = self._session.globals.items()
        return {name: value for name, value in held if name[0] != "." and isinstance(value, Fn)}

    def set(self, name: str, value: Value) -> None:
        """Give a name a value."""
        self._session.set(name, value)


def shown(ran: Ran, limit: int = 160) -> str:
    """What came of a statement, for a person.

    Examples:
        >>> shown(Ran(None, "type")), shown(Room().run("1+til 2"))
        ("'type", '1 2')
    """
    if ran.error:
        return f"'{ran.error}"
    text = s1(ran.value) if ran.value is not None else ""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
