"""Public checkpoints: a body that transformers knows, and a head made of the checkpoint's own tensors.

Every head becomes a small module on hidden states that gives two logits, one output, or k classes. A
decision between two tokens is two rows of the vocabulary matrix; a mean over the vocabulary is one row,
the mean of the matrix. Code that stands in a checkpoint is never run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoModel, AutoModelForTokenClassification

from prmkit.cards import PRMSpec
from prmkit.errors import CheckpointError
from prmkit.model.folder import PICKLED, load_config, load_weights
from prmkit.model.halves import Headed
from prmkit.model.spec import FIELDS, families, family, likely, loadable
from prmkit.model.tensors import Tensors

VOCABULARY = "lm_head"
"""Name of the vocabulary matrix; a checkpoint without it ties it to the embeddings."""
WRAPPER = "pretrained_model."
"""What TRL's value-head models put before the names of their body."""
HEADS = {1: "scalar", 2: "binary"}
"""Name of a head by its outputs; more are ``classes``."""


def named(spec: PRMSpec | str | None, folder: Path, tokenizer: Any) -> PRMSpec:
    """The spec that a folder without a card is read by.

    Raises:
        CheckpointError: None is given, or the family's checkpoints cannot be opened here.
        UnknownNameError: No family has this name.
    """
    if isinstance(spec, PRMSpec):
        return spec
    if spec is not None:
        return loadable(family(spec))
    known = ", ".join(families())
    hint = likely(load_config(folder).architectures or (), tokenizer.get_vocab(), list(Tensors(folder).files))
    raise CheckpointError(
        "the folder has no prmkit.json, so nothing says how this checkpoint is read",
        do=(f"its parts look like {' or '.join(hint)}: pass that as spec; " if hint else "")
        + f"name a family ({known}), or pass a PRMSpec with {', '.join(FIELDS)}",
        file=folder,
        field="spec",
    )


def open_network(folder: Path, tokenizer: Any, spec: PRMSpec, dtype: str) -> tuple[Any, str]:
    """The network of a public checkpoint and the name of its head.

    Raises:
        CheckpointError: A tensor is missing, has another width, or holds NaN; or the tokenizer does not
            know the spec's tokens.
    """
    if spec.head in ("classes", "scalar") and not spec.tensors:
        network = load_weights(AutoModelForTokenClassification, folder, dtype=dtype, whole=True)
        outputs = network.config.num_labels
    else:
        body = open_body(folder, dtype)
        head = _head(folder, tokenizer, spec, body)
        network, outputs = Headed(body, head.to(body.dtype)).eval(), _width(head)
    single = spec.head in ("scalar", "mean_vocab") or spec.link not in ("softmax", "difference")
    wanted = 1 if single else 2 if spec.head == "token_pair" else spec.classes
    if outputs != wanted:
        raise CheckpointError(
            f"the head has {outputs} outputs per token, the spec reads {wanted}",
            do="name the spec that belongs to this checkpoint",
            file=folder,
            field=spec.tensors or "num_labels",
        )
    return network, HEADS.get(outputs, "classes")


def open_body(folder: Path, dtype: str) -> Any:
    """The base model of a checkpoint, by its config alone.

    Raises:
        CheckpointError: transformers does not know this architecture, or a tensor of it is missing.
    """
    wrapped = any(name.startswith(WRAPPER) for name in Tensors(folder).files)
    options = {"key_mapping": {f"^{re.escape(WRAPPER)}": ""}} if wrapped else {}
    return load_weights(AutoModel, folder, dtype=dtype, whole=True, **options)


def token_ids(tokenizer: Any, texts: Sequence[str], *, whole: bool = True) -> list[int]:
    """The token that each text begins with, by the tokenizer.

    Raises:
        CheckpointError: A text is unknown, is several tokens where one is wanted, or two texts share one.
    """
    found = []
    for text in texts:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        if not ids or tokenizer.unk_token_id in ids or (whole and len(ids) != 1):
            raise CheckpointError(
                f"{text!r} is {len(ids)} tokens of this tokenizer, and one is read",
                do="name the spec that belongs to this checkpoint, or its own tokens",
                field="tokens",
            )
        found.append(int(ids[0]))
    if len(set(found)) != len(found):
        raise CheckpointError(
            f"{' and '.join(map(repr, texts))} begin with the same token",
            do="name tokens that this tokenizer tells apart",
            field="tokens",
        )
    return found


def _head(folder: Path, tokenizer: Any, spec: PRMSpec, body: Any) -> nn.Module:
    tensors = Tensors(folder)
    if spec.head == "token_pair":
        positive, negative = token_ids(tokenizer, spec.tokens or (), whole=spec.whole_tokens)
        rows = [positive, negative] if spec.positive == 0 else [negative, positive]
        return _vocabulary(tensors, body, rows)
    if spec.head == "mean_vocab":
        return _mean(tensors, body)
    if spec.head not in ("classes", "scalar"):
        raise CheckpointError(
            f"a head of kind {spec.head!r} is no module on hidden states",
            do="open it with prmkit.load_prm, which knows such models",
            field="head",
        )
    try:
        return _layers(tensors, spec.tensors, _hidden(body))
    except CheckpointError as error:
        pickled = sorted(one.name for one in folder.iterdir() if one.suffix in PICKLED)
        if error.field and tensors.name(error.field) is None and pickled:
            raise CheckpointError(
                f"{error.message}; {pickled[0]} is pickled, and opening a pickle can run any code",
                do=f"run: prmkit prm convert {folder}",
                file=folder / pickled[0],
                field=error.field,
            ) from error
        raise


def _hidden(body: Any) -> int:
    return int(body.config.hidden_size)


def linear(weight: torch.Tensor, bias: torch.Tensor | None) -> nn.Linear:
    """A linear layer with these weights.

    Shapes:
        weight: (C, D). bias: (C).
    """
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, dtype=weight.dtype)
    with torch.no_grad():
        layer.weight.copy_(weight)
        if bias is not None:
            layer.bias.copy_(bias)
    return layer


def _vocabulary(tensors: Tensors, body: Any, rows: Sequence[int]) -> nn.Linear:
    bias = tensors.get(f"{VOCABULARY}.bias", rows) if tensors.name(f"{VOCABULARY}.bias") else None
    if tensors.name(f"{VOCABULARY}.weight"):
        weight = tensors.get(f"{VOCABULARY}.weight", rows)
    else:
        weight = _tied(tensors, body)[list(rows)].detach()
    return linear(_fitting(weight, _hidden(body), tensors, VOCABULARY), bias)


def _mean(tensors: Tensors, body: Any) -> nn.Linear:
    bias = None
    if tensors.name(f"{VOCABULARY}.bias"):
        bias = tensors.mean_row(f"{VOCABULARY}.bias").reshape(1)
    if tensors.name(f"{VOCABULARY}.weight"):
        weight = tensors.mean_row(f"{VOCABULARY}.weight")[None]
    else:
        weight = _tied(tensors, body).detach().double().mean(0, keepdim=True)
    return linear(_fitting(weight, _hidden(body), tensors, VOCABULARY), bias)


def _tied(tensors: Tensors, body: Any) -> torch.Tensor:
    if not body.config.tie_word_embeddings:
        tensors.get(f"{VOCABULARY}.weight")  # says what is missing
    matrix: torch.Tensor = body.get_input_embeddings().weight
    return matrix


def _layers(tensors: Tensors, prefix: str, hidden: int) -> nn.Module:
    """One linear layer called ``prefix``, or those numbered below it with a ReLU between them."""
    if tensors.name(f"{prefix}.weight"):
        return _layer(tensors, prefix, hidden)
    numbered = [place for place in range(16) if tensors.name(f"{prefix}.{place}.weight")]
    if not numbered:
        return _layer(tensors, prefix, hidden)
    parts: list[nn.Module] = []
    for place in numbered:
        layer = _layer(tensors, f"{prefix}.{place}", hidden)
        parts += [nn.ReLU(), layer] if parts else [layer]
        hidden = layer.out_features
    return nn.Sequential(*parts)


def _layer(tensors: Tensors, name: str, hidden: int) -> nn.Linear:
    weight = _fitting(tensors.get(f"{name}.weight"), hidden, tensors, name)
    return linear(weight, tensors.get(f"{name}.bias") if tensors.name(f"{name}.bias") else None)


def _fitting(weight: torch.Tensor, hidden: int, tensors: Tensors, name: str) -> torch.Tensor:
    if weight.dim() != 2 or weight.shape[1] != hidden:
        full = tensors.name(f"{name}.weight")
        raise CheckpointError(
            f"{full or name!r} has shape {tuple(weight.shape)}; the model's vectors have {hidden} entries",
            do="give a head and a body of one checkpoint",
            file=tensors.files[full] if full else tensors.folder,
            field=full or name,
        )
    return weight


def _width(head: nn.Module) -> int:
    return [one.out_features for one in head.modules() if isinstance(one, nn.Linear)][-1]
