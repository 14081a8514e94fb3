"""Domain plug-ins: what a domain brings, how it is found, and what is wrong with it.

A plug-in is a :class:`DomainPlugin` object under the entry-point group
``prmkit.domains``. It holds names and specs only: listing it imports nothing heavy.
A broken plug-in is listed with its reason and disturbs nobody.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.resources
import importlib.util
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prmkit.cards import DatasetCard, EvalSuite
from prmkit.errors import PluginError, UnknownNameError
from prmkit.registry import Registry, nearest, resolve
from prmkit.types import Evidence, Problem, Trajectory

GROUP = "prmkit.domains"
API = 1
"""Version of this contract; a plug-in of another version is listed as broken."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A library or program that some verifiers need."""

    name: str
    module: str = ""
    """Importable module, or empty."""
    program: str = ""
    """Program on PATH, or empty."""
    install: str = ""
    """Command that brings it."""

    @property
    def present(self) -> bool:
        """Whether it can be used here, without importing or running it."""
        if self.module and importlib.util.find_spec(self.module) is None:
            return False
        return not (self.program and shutil.which(self.program) is None)


@dataclass(frozen=True, slots=True)
class DomainPlugin:
    """Everything a domain brings, as names and ``module:attribute`` specs."""

    name: str
    summary: str
    package: str
    """Import name of the plug-in's package, for its package data."""
    api: int = API
    datasets: Mapping[str, str] = field(default_factory=dict)
    """Data set name → spec of its ``prmkit.dataset.Source`` (a card and a reader)."""
    segmenters: Mapping[str, str] = field(default_factory=dict)
    """Name → spec of a Segmenter; the first is the default."""
    verifiers: Mapping[str, str] = field(default_factory=dict)
    """Name → spec of a zero-argument StepVerifier factory (usually its class)."""
    mutators: Mapping[str, str] = field(default_factory=dict)
    tasks: str = ""
    """Spec of ``generate(seed, n, rung) -> Iterator[Sample]`` with exact truth."""
    grader: str = ""
    """Spec of a Grader."""
    suites: tuple[EvalSuite, ...] = ()
    """Evaluation suites (cards, so light enough to stand here)."""
    examples: str = ""
    """Spec of a function that returns a list of Sample, with at least one step of each verdict."""
    parts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Further registry entries by kind: kind → name → spec."""
    tools: tuple[Tool, ...] = ()
    workflow: str = "run.yaml"
    """Package-data file of the domain's workflow, empty when it ships none."""
    policy: str = "weights/policy"
    """Package-data folder of the domain's tiny policy, empty when it ships none."""
    prm: str = "weights/prm"
    """Package-data folder of the domain's tiny PRM, empty when it ships none."""

    def resource(self, name: str) -> Path:
        """Path of a file or folder that the domain's wheel ships, such as ``self.prm``.

        Raises:
            PluginError: The package has no such file, or ``name`` is that of a model it does not ship.
        """
        if not name:
            raise PluginError(
                f"domain {self.name!r} ships no model of this kind",
                do="give a folder of your own (--prm or --backbone PATH); 'prmkit run' makes one",
            )
        path = Path(str(importlib.resources.files(self.package) / name))
        if not path.exists():
            raise PluginError(
                f"domain {self.name!r} ships no {name!r}",
                do=f"reinstall it: pip install --force-reinstall prmkit-{self.name}",
            )
        return path

    def load(self, name: str, **options: Any) -> Any:
        """The data set ``name`` as a ``prmkit.dataset.Dataset``.

        Raises:
            UnknownNameError: The domain has no such set.
            DataError: The set is not found in the folders of ``PRMKIT_DATA``.
        """
        return resolve("prmkit.dataset:open_dataset")(self._source(name), **options)

    def _source(self, name: str) -> Any:
        if name not in self.datasets:
            raise UnknownNameError(
                f"domain {self.name!r} has no data set {name!r}", do=nearest(name, dict(self.datasets))
            )
        return resolve(self.datasets[name])

    def card(self, name: str) -> DatasetCard:
        """Card of the data set ``name``.

        Raises:
            UnknownNameError: The domain has no such set.
        """
        card: DatasetCard = self._source(name).card
        return card

    def verifier_objects(self, names: Sequence[str] = ()) -> list[Any]:
        """Fresh verifiers: the named ones, or all.

        Raises:
            UnknownNameError: The domain has no such verifier.
        """
        for name in names:
            if name not in self.verifiers:
                raise UnknownNameError(
                    f"domain {self.name!r} has no verifier {name!r}",
                    do=nearest(name, dict(self.verifiers)),
                )
        return [resolve(self.verifiers[name])() for name in (names or self.verifiers)]

    def segmenter(self, name: str = "") -> Any:
        """The segmenter ``name``, or the default one.

        Raises:
            UnknownNameError: The domain has no such segmenter.
        """
        if not name:
            name = next(iter(self.segmenters))
        if name not in self.segmenters:
            raise UnknownNameError(
                f"domain {self.name!r} has no segmenter {name!r}",
                do=nearest(name, dict(self.segmenters)),
            )
        return resolve(self.segmenters[name])

    def verify(self, problem: Problem, trajectory: Trajectory) -> list[Evidence]:
        """Run all verifiers of the domain over one trajectory, in this process."""
        evidence: list[Evidence] = resolve("prmkit.verify.run:verify_one")(
            self.verifier_objects(), problem, trajectory, tools=self.missing_tools()
        )
        return evidence

    def missing_tools(self) -> dict[str, str]:
        """Absent tools: name → how to install it."""
        return {tool.name: tool.install for tool in self.tools if not tool.present}

    def registry(self, kind: str) -> Registry:
        """The domain's own parts of one kind."""
        return Registry(kind, self.parts.get(kind, {}), provider=self.name)


@functools.lru_cache(maxsize=1)
def _scan() -> tuple[dict[str, DomainPlugin], dict[str, str]]:
    found: dict[str, DomainPlugin] = {}
    broken: dict[str, str] = {}
    for entry in sorted(importlib.metadata.entry_points(group=GROUP), key=lambda e: e.name):
        try:
            plugin = entry.load()
            if not isinstance(plugin, DomainPlugin):
                raise TypeError(f"{entry.value} is a {type(plugin).__name__}, not a DomainPlugin")
            if plugin.api != API:
                raise ValueError(f"speaks plug-in api {plugin.api}, this prmkit speaks {API}")
            if plugin.name in found:
                raise ValueError(f"a second plug-in calls itself {plugin.name!r}")
        except Exception as error:  # a stranger's import may raise anything; it must not stop the rest
            broken[entry.name] = f"{type(error).__name__}: {error}"
        else:
            found[plugin.name] = plugin
    return found, broken


def refresh() -> None:
    """Forget what was found, so that newly installed plug-ins are seen."""
    _scan.cache_clear()


def domains() -> list[str]:
    """Names of the installed domains that load."""
    return list(_scan()[0])


def broken_domains() -> dict[str, str]:
    """Plug-ins that do not load: entry-point name → reason."""
    return dict(_scan()[1])


def domain(name: str) -> DomainPlugin:
    """The plug-in called ``name``.

    Raises:
        PluginError: It is installed but broken.
        UnknownNameError: It is not installed.
    """
    found, broken = _scan()
    if name in found:
        return found[name]
    if name in broken:
        raise PluginError(
            f"domain {name!r} is installed but broken: {broken[name]}",
            do=f"repair or reinstall it: pip install --force-reinstall prmkit-{name}",
        )
    raise UnknownNameError(
        f"no domain {name!r} is installed",
        do=f"pip install prmkit-{name}; {nearest(name, dict(found))}",
    )
