"""Backbones: any transformers architecture that reads tokens, causal or bidirectional."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Literal

import torch
from tokenizers import AddedToken
from transformers import AutoModelForTokenClassification, PretrainedConfig

from prmkit.errors import CheckpointError
from prmkit.model.folder import floating, load_config, load_weights, open_folder

Init = Literal["pretrained", "random"]


def build(
    source: str | Path | PretrainedConfig,
    *,
    classes: int,
    init: Init = "pretrained",
    dtype: str = "float32",
    seed: int = 0,
    dropout: float = 0.0,
) -> Any:
    """A token classifier on a backbone, as transformers itself defines it for that architecture.

    Args:
        source: Folder of any model (language model, encoder, classifier), or a config.
        classes: Outputs per token.
        init: ``random`` takes the shape only and draws fresh weights.
        dtype: Floating type of the weights.
        seed: Decides fresh weights; the caller's random state is left as it was.
        dropout: Dropout before the head and inside the backbone, where the architecture has such a setting.

    Raises:
        CheckpointError: The folder cannot be read, or the architecture has no token classifier.
    """
    if not isinstance(source, PretrainedConfig) and init == "pretrained":
        open_folder(source)
    config = copy.deepcopy(source) if isinstance(source, PretrainedConfig) else load_config(source)
    config.num_labels = classes
    config.classifier_dropout = dropout
    for name in ("hidden_dropout", "hidden_dropout_prob", "attention_dropout"):
        if hasattr(config, name):
            setattr(config, name, dropout)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        if init == "pretrained" and not isinstance(source, PretrainedConfig):
            return load_weights(AutoModelForTokenClassification, source, dtype=dtype, config=config)
        try:
            network = AutoModelForTokenClassification.from_config(config)
        except ValueError as error:
            raise CheckpointError(
                f"model type {config.model_type!r} has no token classifier in transformers",
                do="use an architecture with a ForTokenClassification class, such as Llama, Qwen or BERT",
                field="model_type",
            ) from error
        return network.to(floating(dtype)).eval()


def reshaped(config: PretrainedConfig, *, width: int, layers: int) -> PretrainedConfig:
    """A decoder's config with another width and depth; heads keep their size, the inner width its share.

    Raises:
        CheckpointError: The width is no multiple of the size of a head, or the architecture names its
            sizes otherwise.
    """
    names = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")
    if any(not hasattr(config, name) for name in names):
        raise CheckpointError(
            f"model type {config.model_type!r} names its sizes otherwise",
            do="leave width and layers at 0 for this backbone",
            field="width",
        )
    made = copy.deepcopy(config)
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    if width % head:
        raise CheckpointError(
            f"a width of {width} is no multiple of the heads' size, {head}",
            do=f"take a multiple of {head}",
            field="width",
        )
    if width:
        made.hidden_size = width
        made.intermediate_size = config.intermediate_size * width // config.hidden_size
        made.num_attention_heads = width // head
        made.num_key_value_heads = width // head
    if layers:
        made.num_hidden_layers = layers
        if getattr(made, "layer_types", None):
            made.layer_types = (list(made.layer_types) * layers)[:layers]
    return made


def freeze(network: Any, layers: int) -> None:
    """Keep the embeddings and the lowest ``layers`` layers as they are in training.

    Raises:
        CheckpointError: The architecture has fewer layers, or keeps them otherwise.
    """
    body = getattr(network, network.base_model_prefix)
    stacks = [one for one in body.modules() if isinstance(one, torch.nn.ModuleList)]
    stack = max(stacks, key=len, default=[])
    if layers > len(stack):
        raise CheckpointError(
            f"{layers} layers cannot be frozen: {len(stack)} were found",
            do="lower 'frozen', or train adapters (lora_rank)",
            field="frozen",
        )
    trained = {id(one) for layer in list(stack)[layers:] for one in layer.parameters()}
    for one in body.parameters():  # in the order of computation: embeddings, layers, what closes them
        if id(one) in trained:
            return
        one.requires_grad_(False)


@torch.no_grad()
def is_causal(network: Any) -> bool:
    """True when a token's output does not depend on later tokens; found out by trying."""
    training = network.training
    network.eval()
    device = next(network.parameters()).device
    ids = torch.tensor([[5, 6, 7, 8], [5, 6, 7, 9]], device=device) % network.config.vocab_size
    first, second = network(input_ids=ids).logits[:, :3].float()
    network.train(training)
    return bool(torch.allclose(first, second, atol=1e-5))


def add_marker(tokenizer: Any, network: Any, marker: str) -> bool:
    """Give tokenizer and network a token for ``marker`` where they have none; True when one was added.

    The new embedding is the mean of the old ones, so that a pretrained backbone meets nothing strange.
    """
    if not marker or marker in tokenizer.get_vocab():
        return False
    ids = tokenizer(marker, add_special_tokens=False)["input_ids"]
    plain = not (marker[0] in "<[" and marker[-1] in ">]")
    if plain and ids and tokenizer.unk_token_id not in ids:
        return False  # ordinary text that the tokenizer can already write
    tokenizer.add_tokens([AddedToken(marker, special=True, normalized=False)], special_tokens=True)
    if len(tokenizer) > network.get_input_embeddings().weight.shape[0]:
        with torch.random.fork_rng():  # new rows are drawn at random, and replaced below
            network.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    weight = network.get_input_embeddings().weight
    place = tokenizer.convert_tokens_to_ids(marker)
    with torch.no_grad():
        weight[place] = weight[:place].float().mean(0).to(weight.dtype)
    return True
