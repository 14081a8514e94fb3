"""Tiny random checkpoints in the shape of public ones, with tokenizers of their own: nothing is downloaded.

Weights are made of the bits of numpy's PCG64, whose stream stays the same from version to version, so that
scores written down once can be held against later ones.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import BPE
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen2ForTokenClassification,
)

WIDTH = 32
QWEN_CHAT = (
    "{% if messages[0]['role'] != 'system' %}<|im_start|>system\nBe of use.<|im_end|>\n{% endif %}"
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LLAMA_CHAT = (
    "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nToday: 26 Jul 2024\n\n"
    "{% if messages[0]['role'] == 'system' %}{{ messages[0]['content'] | trim }}{% endif %}<|eot_id|>"
    "{% for m in messages if m['role'] != 'system' %}"
    "<|start_header_id|>{{ m['role'] }}<|end_header_id|>\n\n{{ m['content'] | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
SPECIAL = {
    "qwen": ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<extra_0>", "[PRM]"],
    "bare": ["<|endoftext|>"],
    "llama": [
        "<|begin_of_text|>",
        "<|start_header_id|>",
        "<|end_header_id|>",
        "<|eot_id|>",
        "[PRM]",
        "<|reserved_special_token_0|>",
        "<|finetune_right_pad_id|>",
    ],
}
MERGES = [
    ("Ġ", "+"),
    ("Ġ", "-"),
    ("Ċ", "Ċ"),
    ("ĊĊ", "ĊĊ"),
    ("ĊĊĊĊ", "Ċ"),
    ("Ġ", "ĊĊĊĊ"),
    ("Ġ", "ĊĊĊĊĊ"),
    (".", "ĊĊ"),
    ("s", "o"),
    ("c", "o"),
    ("i", "n"),
    ("Y", "e"),
    ("Ye", "s"),
    ("N", "o"),
    ("Ġ", "Yes"),
    ("Ġ", "No"),
    ("a", "s"),
    ("s", "t"),
    ("as", "s"),
    ("ass", "i"),
    ("assi", "st"),
    ("assist", "a"),
    ("assista", "n"),
    ("assistan", "t"),
]
CLASSES = {
    "qwen": (Qwen2Config, Qwen2ForCausalLM),
    "llama": (LlamaConfig, LlamaForCausalLM),
    "mistral": (MistralConfig, MistralForCausalLM),
}


def byte_tokenizer(kind: str, merges: Sequence[tuple[str, str]] = tuple(MERGES)) -> PreTrainedTokenizerFast:
    r"""Every byte is a token; some pairs merge, so that one tokenisation differs from several.

    Args:
        kind: Whose special tokens and chat template: qwen, llama, or bare for one that knows no marker.
        merges: Pairs that merge, first ones first.

    Examples:
        >>> byte_tokenizer("qwen").tokenize("5.\n\n<extra_0>")
        ['5', '.ĊĊ', '<extra_0>']
    """
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {one: i for i, one in enumerate(letters)}
    for left, right in merges:
        vocabulary.setdefault(left + right, len(vocabulary))
    core = Tokenizer(BPE(vocabulary, list(merges)))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    core.decoder = decoders.ByteLevel()
    core.add_special_tokens([AddedToken(one, special=True, normalized=False) for one in SPECIAL[kind]])
    core.add_tokens([AddedToken(" ки", normalized=False)])
    first = SPECIAL[kind][0]
    end, pad = ("<|eot_id|>", SPECIAL[kind][-1]) if kind == "llama" else (first, first)
    made = PreTrainedTokenizerFast(
        tokenizer_object=core, pad_token=pad, eos_token=end, bos_token=first, model_max_length=4096
    )
    made.chat_template = QWEN_CHAT if kind == "qwen" else LLAMA_CHAT
    return made


def sentencepiece_tokenizer() -> PreTrainedTokenizerFast:
    """Laid out as the first vocabularies of Llama and Mistral.

    Blanks become ▁, one is put in front of every text, and unknown characters fall into bytes.

    Examples:
        >>> sentencepiece_tokenizer().tokenize("so +")
        ['▁so', '▁+']
    """
    letters = [chr(i) for i in range(33, 127)] + ["▁"]
    merges = [("▁", "+"), ("▁", "-"), ("к", "и"), ("▁", "ки"), ("S", "t"), ("St", "ep"), ("e", "p")]
    merges += [("▁", "Step"), ("▁", "="), ("s", "o"), ("▁", "so")]
    words = ["<unk>", "<s>", "</s>", *(f"<0x{i:02X}>" for i in range(256)), *letters, "к", "и"]
    vocabulary = {word: i for i, word in enumerate(dict.fromkeys(words))}
    for left, right in merges:
        vocabulary.setdefault(left + right, len(vocabulary))
    core = Tokenizer(BPE(vocabulary, merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    core.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    core.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    core.add_special_tokens([AddedToken(one, special=True, normalized=False) for one in ("<s>", "</s>")])
    core.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", vocabulary["<s>"])]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        unk_token="<unk>",
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<s>",
        model_max_length=4096,
    )


def draw(*shape: int, seed: int | str = 5, scale: float = 0.5) -> torch.Tensor:
    """Numbers of (-scale, scale), the same for the same seed wherever and whenever they are drawn.

    Shapes:
        result: as ``shape``.

    Examples:
        >>> [round(float(one), 6) for one in draw(3, seed="a")]
        [-0.279734, 0.044195, -0.266594]
    """
    bits = np.random.PCG64(int.from_bytes(hashlib.sha256(str(seed).encode()).digest()[:8], "big"))
    even = (bits.random_raw(int(np.prod(shape))) >> 11) * 2.0**-52 - 1
    return torch.from_numpy(scale * even).float().reshape(shape)


def fill(model: torch.nn.Module, seed: int) -> None:
    """Give every parameter values of its own, wide enough for outputs that hang on their texts."""
    with torch.no_grad():
        for name, one in model.named_parameters():
            if one.dim() > 1:
                one.copy_(draw(*one.shape, seed=f"{seed}/{name}"))
            else:
                one.copy_(float(name.endswith("weight")) + draw(*one.shape, seed=f"{seed}/{name}", scale=0.2))


def _settings(tokenizer: Any, **told: Any) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": WIDTH,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 4096,
        "pad_token_id": 0,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        **told,
    }


def causal(
    folder: Path,
    kind: str,
    tokenizer: Any,
    extra: Mapping[str, torch.Tensor] | None = None,
    *,
    seed: int = 0,
    tied: bool = False,
    **config: Any,
) -> Path:
    """Write a causal model; ``extra`` tensors stand beside its own, as in released checkpoints.

    Args:
        folder: Where it goes.
        kind: qwen, llama or mistral.
        tokenizer: Stored with it.
        extra: Tensors of a head, by name.
        seed: Of the weights.
        tied: Whether the embeddings serve as vocabulary matrix.
        config: Further entries of config.json.
    """
    settings, network = CLASSES[kind]
    model = network(settings(**_settings(tokenizer, tie_word_embeddings=tied)))
    fill(model, seed)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    if extra:
        add(folder, extra)
    if config:
        path = folder / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **config}))
    return folder


def classifier(folder: Path, tokenizer: Any, labels: int, *, seed: int = 0) -> Path:
    """Write a token classifier on Qwen2."""
    model = Qwen2ForTokenClassification(Qwen2Config(**_settings(tokenizer, num_labels=labels)))
    fill(model, seed)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def add(folder: Path, extra: Mapping[str, torch.Tensor]) -> None:
    """Put tensors into the folder's weights file."""
    file = folder / "model.safetensors"
    save_file({**load_file(file), **extra}, file, metadata={"format": "pt"})


@dataclass(frozen=True)
class Shape:
    """What a checkpoint of a family is made of."""

    kind: str
    """Architecture of its body."""
    tokenizer: str = ""
    """Of ``byte_tokenizer``, or ``sentencepiece``; empty: as the body."""
    head: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Tensors that stand beside the body."""
    labels: int = 0
    """Of a token classifier; 0 is a causal model."""
    next_token: bool = False
    """Whether the vocabulary has a bias, and a mask of tokens that were never seen."""
    config: Mapping[str, Any] = field(default_factory=dict)


TWO_LAYERS = {
    "score.0.weight": (WIDTH, WIDTH),
    "score.0.bias": (WIDTH,),
    "score.2.weight": (2, WIDTH),
    "score.2.bias": (2,),
}
VALUE = {"v_head.summary.weight": (1, WIDTH), "v_head.summary.bias": (1,)}
REWARD = {"architectures": ["Qwen2ForProcessRewardModel"]}
SHAPES = {
    "trl": Shape("qwen", labels=2),
    "pure": Shape("qwen", labels=2),
    "qwen2.5-math-prm": Shape("qwen", head=TWO_LAYERS, config=REWARD),
    "reasonflux": Shape("qwen", head=TWO_LAYERS, config=REWARD),
    "reasonflux-1.5b": Shape("qwen", head={"reward_head.weight": (1, WIDTH), "reward_head.bias": (1,)}),
    "skywork": Shape("qwen", head=VALUE),
    "pqm": Shape("llama", head=VALUE),
    "math-shepherd": Shape("mistral", "sentencepiece"),
    "er-prm": Shape("llama"),
    "rlhflow": Shape("llama"),
    "fover": Shape("llama"),
    "openr": Shape("qwen"),
    "multi-rm": Shape("qwen"),
    "llemma-prm800k": Shape("llama", "sentencepiece"),
    "reasoneval": Shape(
        "mistral",
        "sentencepiece",
        {"score_head.weight": (3, WIDTH), "score_head.bias": (3,)},
        config={"score_dimension": 3, "use_bias": True},
    ),
    "implicit-prm": Shape("llama"),
    "eurus": Shape("qwen"),
    "prime": Shape("qwen"),
    "saffron": Shape("llama", next_token=True),
}


def checkpoint(family: str, folder: Path, *, seed: int = 0) -> PreTrainedTokenizerFast:
    """Write a checkpoint as a family's are: architecture, tokenizer, names of tensors; random values.

    Args:
        family: One of ``SHAPES``.
        folder: Where it goes.
        seed: Of the weights.
    """
    shape = SHAPES[family]
    kind = shape.tokenizer or shape.kind
    tokenizer = sentencepiece_tokenizer() if kind == "sentencepiece" else byte_tokenizer(kind)
    if shape.labels:
        classifier(folder, tokenizer, shape.labels, seed=seed)
    else:
        sizes = dict(shape.head)
        if shape.next_token:
            sizes |= {"lm_head.bias": (len(tokenizer),), "unseen_mask": (len(tokenizer),)}
        head = {name: draw(*size, seed=f"{seed}/{name}") for name, size in sizes.items()}
        if shape.next_token:
            head["unseen_mask"] = head["unseen_mask"] > 0.3
        causal(folder, shape.kind, tokenizer, head, seed=seed, **shape.config)
    return tokenizer
