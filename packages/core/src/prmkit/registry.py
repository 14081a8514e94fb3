"""Names to parts. One explicit table per kind; a part is imported when it is asked for.

A spec is ``"package.module:attribute"``. Docs, CLI choices and tests are computed
from these tables.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterator, Mapping
from typing import Any

from prmkit.errors import DuplicateNameError, MissingToolError, PluginError, UnknownNameError


def resolve(spec: str) -> Any:
    """Import and return what ``"package.module:attribute"`` names.

    Raises:
        PluginError: The spec is malformed, or the module has no such attribute.
        MissingToolError: The module needs a library that is not installed.

    Examples:
        >>> resolve("math:hypot")(3, 4)
        5.0
    """
    module_name, _, attribute = spec.partition(":")
    if not module_name or not attribute:
        raise PluginError(f"{spec!r} is not 'module:attribute'", do="write it as 'package.module:name'")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        own = (error.name or "").split(".")[0] == module_name.split(".")[0]
        kind = PluginError if own else MissingToolError
        raise kind(
            f"{spec!r} cannot be imported: {error}",
            do="check the spec's spelling"
            if own
            else f"install {error.name!r}, for models with: pip install 'prmkit[train]'",
        ) from error
    try:
        return getattr(module, attribute)
    except AttributeError as error:
        raise PluginError(
            f"module {module_name!r} has no {attribute!r}", do="check the spec's spelling"
        ) from error


def nearest(name: str, known: Mapping[str, object] | list[str]) -> str:
    """A hint that names the closest known name and lists all of them."""
    options = sorted(known)
    close = difflib.get_close_matches(name, options, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}known: {', '.join(options) if options else 'none'}"


class Registry(Mapping[str, Any]):
    """A table of lazily imported parts of one kind.

    Examples:
        >>> r = Registry("segmenter", {"line": "prmkit.segment:by_line"}, provider="prmkit")
        >>> list(r)
        ['line']
    """

    def __init__(self, kind: str, entries: Mapping[str, str], *, provider: str) -> None:
        self.kind = kind
        self._specs: dict[str, str] = {}
        self._providers: dict[str, str] = {}
        for name, spec in entries.items():
            self.add(name, spec, provider=provider)

    def add(self, name: str, spec: str, *, provider: str) -> None:
        """Register ``spec`` under ``name``.

        Raises:
            DuplicateNameError: The name is taken; both providers are named.
        """
        if name in self._specs:
            raise DuplicateNameError(
                f"{self.kind} {name!r} is provided by {self._providers[name]!r} and by {provider!r}",
                do="rename one of them, or uninstall one provider",
            )
        self._specs[name] = spec
        self._providers[name] = provider

    def provider(self, name: str) -> str:
        """Distribution that provides ``name``."""
        return self._providers[name]

    def spec(self, name: str) -> str:
        """The ``module:attribute`` behind ``name``, without importing it."""
        return self._specs[name]

    def __getitem__(self, name: str) -> Any:
        if name not in self._specs:
            raise UnknownNameError(f"no {self.kind} is called {name!r}", do=nearest(name, self._specs))
        return resolve(self._specs[name])

    def __contains__(self, name: object) -> bool:
        # Mapping's own test would import the part to answer.
        return name in self._specs

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._specs))

    def __len__(self) -> int:
        return len(self._specs)
