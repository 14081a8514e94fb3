"""Public checkpoint families: how each is read, as data.

A family is one YAML file under ``specs``. Nothing here opens a checkpoint, and nothing needs torch.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from prmkit.cards import PRMSpec
from prmkit.config import parse
from prmkit.errors import CheckpointError, ConfigError, PrmkitError, UnknownNameError
from prmkit.registry import nearest
from prmkit.types import Threshold

FOLDER = "specs"
FIELDS = ("template", "marker", "joint", "read_offset", "head", "link", "tokens or tensors")
"""What nobody can guess of a checkpoint."""
LEVELS = ("formula parity", "beside code", "card's example", "published figures")
"""What can be shown of a reading, from the least to the most."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What a folder of a family looks like; all that is given must be there."""

    architecture: str = ""
    """Part of an entry of ``architectures`` in config.json."""
    token: str = ""
    """Entry of the vocabulary."""
    tensor: str = ""
    """End of a tensor's name."""


@dataclass(frozen=True, slots=True)
class Family:
    """One family of public checkpoints."""

    spec: PRMSpec
    summary: str
    checkpoints: tuple[str, ...]
    """Names of the originals on a public hub."""
    source: str
    """Paper, or the code that shows the reading."""
    read_in: str
    """Whose code the convention was read in."""
    missing: str = ""
    """What keeps such a checkpoint from being loaded here; empty when it can be."""
    notes: tuple[str, ...] = ()
    signs: Signs | None = None
    ids: Mapping[str, int] = field(default_factory=dict)
    """Token ids of the released tokenizer: text to id. Another id means another tokenizer."""
    processbench: Mapping[str, float] = field(default_factory=dict)
    """Published ProcessBench F1 (percent), by checkpoint."""
    figures: str = ""
    """Where these figures were published."""
    parity: str = "yes"
    """What of it equals a reference computation on random weights."""
    compared: str = "none"
    """Whose code was run beside it on random weights, and what came out (``bench.public_parity``)."""

    @property
    def name(self) -> str:
        """Name of the family, as ``load_prm(spec=...)`` takes it."""
        return self.spec.name

    @property
    def levels(self) -> dict[str, str]:
        """What was shown of this reading: formula, others' code, the card's example, published figures.

        Random weights show the formula, not the truth of the table behind it.
        """
        if self.missing:
            return dict.fromkeys(
                ("formula parity", "beside code", "card's example", "published figures"), "no"
            )
        held = "not yet: prm selfcheck" if self.processbench else "none held"
        return dict(zip(LEVELS, (self.parity, self.compared, "none held", held), strict=True))


@lru_cache(maxsize=1)
def families() -> Mapping[str, Family]:
    """All families by name.

    Raises:
        ConfigError: A file is malformed.

    Examples:
        >>> families()["pure"].spec.link
        'difference'
    """
    folder = importlib.resources.files(__package__ or "prmkit.model") / FOLDER
    found = {}
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".yaml"):
            try:
                one = read_family(parse(file.read_text(encoding="utf-8")))
            except PrmkitError as error:
                raise error.at(file=file.name) from error
            found[one.name] = one
    return found


def family(name: str) -> Family:
    """The family called ``name``.

    Raises:
        UnknownNameError: No such family.

    Examples:
        >>> family("qwen2.5-math-prm").spec.marker
        '<extra_0>'
    """
    if name not in families():
        raise UnknownNameError(
            f"no spec is called {name!r}", do=nearest(name, dict(families())), field="spec"
        )
    return families()[name]


def read_family(data: Mapping[str, Any]) -> Family:
    """A family from the mapping of its file.

    Raises:
        ConfigError: An entry is unknown or missing, or has a wrong value.
    """
    try:
        values = dict(data)
        told = dict(values.pop("spec"))
        told["name"] = values.pop("name")
        told["threshold"] = Threshold(**told.get("threshold", {"value": 0.5, "chosen_on": "fixed"}))
        told["status"] = "verified" if values.pop("verified") else "unverified"
        signs = values.pop("signs", None)
        lists = {name: tuple(values.pop(name, ())) for name in ("checkpoints", "notes")}
        return Family(spec=PRMSpec(**told), signs=signs and Signs(**signs), **lists, **values)
    except (TypeError, ValueError, KeyError) as error:
        raise ConfigError(
            f"the family cannot be read: {error}", do="use the fields of Family and PRMSpec"
        ) from error


def loadable(one: Family) -> PRMSpec:
    """The spec of a family whose checkpoints can be opened here.

    Raises:
        CheckpointError: They need code of their own, or a part that is not here.
    """
    if one.missing:
        raise CheckpointError(
            f"checkpoints of {one.name!r} cannot be opened: {one.missing}",
            do="score them with their authors' code and bring the scores; remote code is never run here",
            field="spec",
        )
    return one.spec


def likely(architectures: Sequence[str], vocabulary: Mapping[str, int], tensors: Sequence[str]) -> list[str]:
    """Families whose signs a folder shows; a hint for a person, never a choice."""
    return [
        one.name
        for one in families().values()
        if one.signs and _shows(one.signs, architectures, vocabulary, tensors)
    ]


def _shows(
    signs: Signs, architectures: Sequence[str], vocabulary: Mapping[str, int], tensors: Sequence[str]
) -> bool:
    return (
        (not signs.architecture or any(signs.architecture in one for one in architectures))
        and (not signs.token or signs.token in vocabulary)
        and (not signs.tensor or any(one.endswith(signs.tensor) for one in tensors))
    )
