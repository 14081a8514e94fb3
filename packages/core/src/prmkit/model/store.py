"""One folder per PRM: backbone and head as transformers writes them, and ``prmkit.json`` beside them."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Collection, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from transformers import AutoModelForTokenClassification

from prmkit.cards import PRMSpec
from prmkit.encode.tokenise import check_marker, fingerprint
from prmkit.errors import CheckpointError, ConfigError, PrmkitError, RendererMismatchError
from prmkit.model.backbone import is_causal
from prmkit.model.calibration import Calibration
from prmkit.model.classifier import StepClassifier
from prmkit.model.extra import load_parts, save_parts
from prmkit.model.folder import (
    load_tokenizer,
    load_weights,
    open_folder,
    quiet,
    weights_digest,
    writing,
)
from prmkit.model.frozen import FrozenPolicy
from prmkit.model.heads import HEADS, HeadOptions, columns
from prmkit.model.public import named, open_network
from prmkit.types import Json, Threshold

if TYPE_CHECKING:
    from prmkit.model.prm import PRM

CARD = "prmkit.json"
POLICY = "policy"
FORMAT = 1
"""Version of the card's layout."""


def save(prm: PRM, folder: Path, *, policy: Literal["copy", "link"]) -> str:
    """Write ``prm`` and return the digest of its weights.

    Raises:
        StorageError: The folder cannot be written.
        ConfigError: A link to a policy that was never read from a folder, or a public checkpoint whose
            head transformers has no class for.
    """
    network = merged(prm.module.network)
    if not hasattr(network, "save_pretrained"):
        raise ConfigError(
            "transformers has no class for this public checkpoint's head, so it cannot be saved again",
            do="keep the folder it was read from, and read it with the same spec",
            field="head",
        )
    with writing(folder, CARD) as card:
        network.save_pretrained(folder)
        prm.tokenizer.save_pretrained(folder)
        save_parts(prm.module, folder)
        card |= entries(prm, prm.head, prm.target, prm.labels, prm.calibration)
        card["options"] = asdict(prm.options)
        card["policy"] = None if prm.policy is None else _save_policy(prm, folder, policy)
    return str(card["weights"])


def load(path: str | Path, spec: PRMSpec | str | None, *, dtype: str) -> dict[str, Any]:
    """The fields of the PRM in a folder.

    Args:
        path: Folder that ``save`` wrote, or a public checkpoint's if ``spec`` says how it is read.
        spec: The reading that the caller expects; None takes the folder's own.
        dtype: Floating type of the weights.

    Raises:
        CheckpointError: The folder is not a PRM, is damaged, or misses a part.
        RendererMismatchError: Text would reach the model otherwise than in training.
    """
    folder = open_folder(path)
    tokenizer = load_tokenizer(folder)
    if not (folder / CARD).is_file():
        return _foreign(folder, tokenizer, spec, dtype)
    card = read_card(folder, HEADS)
    own = read_spec(card["spec"], folder)
    same_rendering(card, own, spec, tokenizer, folder)
    check_digest(folder, card["weights"])
    head = card["head"]
    options = _options(card.get("options", {}), folder)
    network = _classifier(folder, columns(head, own, options), dtype)
    parts = load_parts(head, options, network, folder)
    policy = _policy(folder, card["policy"], dtype) if head == "surprisal" else None
    return {
        "spec": own,
        "tokenizer": tokenizer,
        "module": StepClassifier(network, causal=is_causal(network), **parts).eval(),
        "head": head,
        "options": options,
        "policy": policy,
        "calibration": _calibration(card["calibration"], folder),
        "target": card["target"],
        "labels": card["labels"],
        "digest": card["weights"],
    }


def merged(network: Any) -> Any:
    """The network with its adapters folded into the weights; itself when it has none."""
    if not hasattr(network, "merge_and_unload"):
        return network
    return copy.deepcopy(network).merge_and_unload()


def entries(
    prm: Any, head: str, target: str, labels: Mapping[str, Json], calibration: Calibration
) -> dict[str, Any]:
    """What the card of every kind of PRM says."""
    return {
        "format": FORMAT,
        "head": head,
        "target": target,
        "spec": asdict(prm.spec),
        "renderer": prm.spec.renderer,
        "fingerprint": fingerprint(prm.tokenizer, prm.spec),
        "calibration": asdict(calibration),
        "labels": dict(labels),
    }


def check_digest(folder: Path, said: object, *, part: str = "weights") -> None:
    """Compare the weights in a folder with what a card says of them.

    Raises:
        CheckpointError: They are others.
    """
    found = weights_digest(folder)
    if found != said:
        raise CheckpointError(
            f"the {part} have digest {found}, {CARD} says {said}",
            do="copy the folder again as a whole, or give the one that belongs to it; weights and card "
            "were changed apart",
            file=folder,
            field=part,
        )


def _save_policy(prm: PRM, folder: Path, how: Literal["copy", "link"]) -> dict[str, Any]:
    policy = prm.policy
    assert policy is not None
    if how == "link":
        if policy.origin is None:
            raise ConfigError(
                "the policy was never read from a folder",
                do="save with policy='copy', or create the PRM with the path of the policy",
                field="policy",
            )
        path = os.path.relpath(policy.origin.resolve(), folder.resolve())
        return {"path": Path(path).as_posix(), "digest": policy.digest, "separator": policy.separator}
    with quiet():
        policy.model.save_pretrained(folder / POLICY)
    digest = weights_digest(folder / POLICY)
    return {"path": POLICY, "digest": digest, "separator": policy.separator}


def card_head(folder: str | Path) -> str:
    """The head that a folder's card names; empty where there is no card, or none that can be read."""
    try:
        card = json.loads((Path(folder) / CARD).read_text("utf-8"))
    except (OSError, ValueError):
        return ""
    return str(card.get("head", "")) if isinstance(card, dict) else ""


def read_card(folder: Path, heads: Collection[str]) -> dict[str, Any]:
    """The card of a folder whose head is one of ``heads``.

    Raises:
        CheckpointError: It cannot be read, lacks an entry, or is of another version or head.
    """
    try:
        card = json.loads((folder / CARD).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"the card cannot be read: {error}", do="copy the folder again as a whole", file=folder / CARD
        ) from error
    wanted = (
        "format",
        "head",
        "target",
        "spec",
        "renderer",
        "fingerprint",
        "calibration",
        "labels",
        "weights",
    )
    absent = [name for name in wanted if name not in card] if isinstance(card, dict) else list(wanted)
    if absent:
        raise CheckpointError(
            f"the card lacks {absent[0]!r}", do="save the PRM again", file=folder / CARD, field=absent[0]
        )
    if card["format"] != FORMAT or card["head"] not in heads:
        raise CheckpointError(
            f"card format {card['format']!r} with head {card['head']!r} is unknown here",
            do="use the prmkit version that wrote it",
            file=folder / CARD,
            field="format",
        )
    return card


def read_spec(given: Any, folder: Path) -> PRMSpec:
    """The spec that a card holds.

    Raises:
        CheckpointError: It cannot be read.
    """
    try:
        values = dict(given)
        unknown = sorted(set(values) - {one.name for one in fields(PRMSpec)})
        if unknown:
            raise TypeError(f"unknown entry {unknown[0]!r}")
        if values.get("tokens") is not None:
            values["tokens"] = tuple(values["tokens"])
        return PRMSpec(**{**values, "threshold": Threshold(**values["threshold"])})
    except (TypeError, ValueError, KeyError, PrmkitError) as error:
        raise CheckpointError(
            f"the spec cannot be read: {error}",
            do="use the prmkit version that wrote it",
            file=folder / CARD,
            field="spec",
        ) from error


def _calibration(given: Any, folder: Path) -> Calibration:
    try:
        return Calibration.of(given)
    except (TypeError, ValueError, PrmkitError) as error:
        raise CheckpointError(
            f"the calibration cannot be read: {error}",
            do="use the prmkit version that wrote it",
            file=folder / CARD,
            field="calibration",
        ) from error


def _options(given: Any, folder: Path) -> HeadOptions:
    try:
        return HeadOptions.of(given)
    except (TypeError, ValueError, PrmkitError) as error:
        raise CheckpointError(
            f"the head's options cannot be read: {error}",
            do="use the prmkit version that wrote it",
            file=folder / CARD,
            field="options",
        ) from error


def same_rendering(
    card: dict[str, Any], own: PRMSpec, asked: PRMSpec | str | None, tokenizer: Any, folder: Path
) -> None:
    """Refuse a folder whose text would reach the model otherwise than in training.

    Raises:
        RendererMismatchError: Names what differs.
    """
    if isinstance(asked, str) and asked != own.name:
        raise RendererMismatchError(
            f"this PRM was trained with spec {own.name!r}, and {asked!r} is asked for",
            do=f"leave spec out, or pass {own.name!r}",
            file=folder,
            field="spec",
        )
    for spec in (own, asked) if isinstance(asked, PRMSpec) else (own,):
        if spec.renderer != card["renderer"] or fingerprint(tokenizer, spec) != card["fingerprint"]:
            raise RendererMismatchError(
                f"trained with renderer {card['renderer']!r} (tokens {card['fingerprint']}); renderer"
                f" {spec.renderer!r} now gives other tokens ({fingerprint(tokenizer, spec)})",
                do="leave spec out, use the prmkit version that trained it, or train again",
                file=folder,
                field="renderer",
            )


def _classifier(folder: Path, classes: int | None, dtype: str) -> Any:
    network = load_weights(AutoModelForTokenClassification, folder, dtype=dtype, whole=True)
    if classes is not None and network.config.num_labels != classes:
        raise CheckpointError(
            f"the model has {network.config.num_labels} outputs per token, its head needs {classes}",
            do="give the folder that belongs to this card",
            file=folder,
            field="num_labels",
        )
    return network


def _foreign(folder: Path, tokenizer: Any, spec: PRMSpec | str | None, dtype: str) -> dict[str, Any]:
    """A checkpoint that another trainer wrote, read as ``spec`` says."""
    asked = named(spec, folder, tokenizer)
    check_marker(tokenizer, asked.marker)
    network, head = open_network(folder, tokenizer, asked, dtype)
    return {
        "spec": asked,
        "tokenizer": tokenizer,
        "module": StepClassifier(network, causal=is_causal(network)).eval(),
        "head": head,
        "target": asked.target,
        "digest": weights_digest(folder),
    }


def _policy(folder: Path, card: dict[str, Any] | None, dtype: str) -> FrozenPolicy:
    if not card:
        raise CheckpointError(
            "the head reads a policy and the card names none",
            do="save the PRM again",
            file=folder / CARD,
            field="policy",
        )
    place = folder / card["path"]
    return FrozenPolicy.open(place, dtype=dtype, separator=card["separator"], digest=card["digest"])
