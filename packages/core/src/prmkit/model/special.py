"""Checkpoints that are no body with a head: log-ratios, verifications, rewards of next tokens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from prmkit.cards import PRMSpec
from prmkit.errors import ConfigError, RendererMismatchError
from prmkit.model.critic import critic_spec
from prmkit.model.folder import open_folder
from prmkit.model.generative import GenerativePRM
from prmkit.model.implicit import ImplicitPRM
from prmkit.model.next_token import HEAD as NEXT_TOKEN
from prmkit.model.next_token import NextTokenPRM, load_next_token
from prmkit.model.pair import is_pair, load_pair
from prmkit.model.prm import PRM
from prmkit.model.spec import family, loadable
from prmkit.model.store import CARD, card_head

Loaded = PRM | ImplicitPRM | GenerativePRM | NextTokenPRM
"""What a checkpoint can be; all answer to ``score``, ``score_many`` and ``score_steps``."""


def open_any(
    path: str | Path,
    spec: PRMSpec | str | None,
    *,
    reference: str | Path | None = None,
    dtype: str = "float32",
    device: str = "cpu",
    max_tokens: int | None = None,
) -> Loaded:
    """The PRM in a folder, of the kind that its spec's head names.

    Raises:
        CheckpointError: The folder cannot be read as this kind.
        ConfigError: A reference for a kind that has none.
        UnknownNameError: No family has this name.
        RendererMismatchError: A trained generative PRM is asked otherwise than in training.
    """
    if is_pair(path):
        given = {"dtype": dtype, "device": device, "max_tokens": max_tokens}
        return load_pair(path, spec, reference=reference, **given)
    if card_head(path) == NEXT_TOKEN and reference is None:
        return load_next_token(path, spec, dtype=dtype, device=device, max_tokens=max_tokens)
    asked = spec
    if isinstance(spec, str) and not (Path(path) / CARD).is_file():
        asked = loadable(family(spec))
    own = critic_spec(path)
    if own is not None:
        if isinstance(asked, PRMSpec) and replace(asked, **_learned(own)) != own:
            raise RendererMismatchError(
                f"the model was trained to be asked as {own.name!r} is, in other words than these",
                do="leave the spec out",
                file=path,
                field="spec",
            )
        asked = own
    head = asked.head if isinstance(asked, PRMSpec) else ""
    if reference is not None and head != "log_ratio":
        raise ConfigError(
            "'reference' goes with log-ratio families only",
            do="leave it out, or name a spec such as 'eurus'",
            field="reference",
        )
    where = {"dtype": dtype, "device": device}
    if isinstance(asked, PRMSpec) and head == "log_ratio":
        folder = open_folder(path)
        return ImplicitPRM.open(folder, asked, reference=reference, max_tokens=max_tokens, **where)
    if isinstance(asked, PRMSpec) and head == "generated":
        return GenerativePRM.open(open_folder(path), asked, **where)
    if isinstance(asked, PRMSpec) and head == "next_token":
        return NextTokenPRM.open(open_folder(path), asked, **where)
    return PRM.load(path, spec, max_tokens=max_tokens, **where)


def _learned(own: PRMSpec) -> dict[str, Any]:
    """What training settles beside the words: they are not what the caller asks by."""
    return {"aggregate": own.aggregate, "max_tokens": own.max_tokens}
