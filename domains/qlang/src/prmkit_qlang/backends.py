"""Engines that run q behind one interface: embedded, pykx with one's own licence, a ``q`` on the path.

Only the embedded engine is ever needed, and only it may run what a model wrote: the other two are whole q
processes with files, sockets and the system at hand, so they want ``trusted=True``. They serve to compare.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from prmkit.errors import ConfigError
from prmkit_qlang.engine.session import Session

SECONDS = 10.0
"""What one call of an outer engine may take."""


class Backend(Protocol):
    """Runs q text and gives what a console prints."""

    name: str

    def console(self, text: str) -> str:
        """What the console prints for a script; ``'text`` for an error."""
        ...


class Embedded:
    """The interpreter of this package; it keeps its variables from call to call."""

    name = "embedded"

    def __init__(self) -> None:
        self._session = Session()

    def console(self, text: str) -> str:
        """What the console prints for a script."""
        return self._session.console(text)


class PyKX:
    """q inside this process through pykx, where its user has a licence."""

    name = "pykx"

    def __init__(self) -> None:
        self._q: Any = import_module("pykx").q

    def console(self, text: str) -> str:
        """What the console prints for a script."""
        try:
            return str(self._q(".Q.s value@", text.encode())).rstrip("\n")
        except Exception as error:  # pykx raises classes of its own for q errors
            return "'" + str(error)


class Binary:
    """A ``q`` program on the path: one process a call, nothing kept between calls."""

    name = "q"

    def __init__(self, program: str) -> None:
        self._program = program

    def console(self, text: str) -> str:
        """What the console prints for a script.

        Raises:
            ConfigError: where the program does not end in time.
        """
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "script.q"
            script.write_text(text + "\nexit 0;\n", encoding="utf-8")
            try:
                done = subprocess.run(
                    [self._program, str(script), "-q"],
                    capture_output=True,
                    text=True,
                    timeout=SECONDS,
                    check=False,
                    cwd=folder,
                )
            except subprocess.TimeoutExpired as error:
                raise ConfigError(
                    f"q did not end within {SECONDS:g} s", do="shorten the script, or use the embedded engine"
                ) from error
        return done.stdout.rstrip("\n")


def missing() -> dict[str, str]:
    """Engines that cannot run here, each with the reason; the embedded one always can.

    Examples:
        >>> "embedded" in missing()
        False
    """
    found = {}
    if importlib.util.find_spec("pykx") is None:
        found["pykx"] = "pykx is not installed (pip install pykx; it runs q with a licence of yours only)"
    else:
        reason = _unlicensed()
        if reason:
            found["pykx"] = reason
    if shutil.which("q") is None:
        found["q"] = "no program q on the path"
    return found


def _unlicensed() -> str:
    try:
        return "" if getattr(import_module("pykx"), "licensed", False) else "pykx finds no licence"
    except Exception as error:  # an import of pykx fails in ways of its own
        return f"pykx cannot be loaded: {error}"


def backend(name: str = "embedded", *, trusted: bool = False) -> Backend:
    """An engine by name.

    Args:
        name: ``embedded``, ``pykx`` or ``q``.
        trusted: Says that all text is one's own: the outer engines can do anything to this machine.

    Raises:
        ConfigError: for an unknown name, an engine that cannot run here, or an outer one without ``trusted``.

    Examples:
        >>> backend().console("sum til 5")
        '10'
    """
    if name == "embedded":
        return Embedded()
    if name not in ("pykx", "q"):
        raise ConfigError(f"no engine is called {name!r}", do="take embedded, pykx or q")
    reason = missing().get(name)
    if reason:
        raise ConfigError(f"engine {name!r} cannot run: {reason}", do="use the embedded engine")
    if not trusted:
        raise ConfigError(
            f"engine {name!r} runs text with full access to this machine",
            do="pass trusted=True for text of your own",
        )
    return PyKX() if name == "pykx" else Binary(shutil.which("q") or "q")
