"""Tiny random checkpoints in the shape of public ones, and the tokenizers they need."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
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
    set_seed,
)

torch.set_num_threads(1)
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
    "llama": ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "[PRM]"],
}
MERGES = [
    ("Ġ", "+"),
    ("Ġ", "-"),
    ("Ċ", "Ċ"),
    ("ĊĊ", "ĊĊ"),
    ("ĊĊĊĊ", "Ċ"),
    ("Ġ", "ĊĊĊĊ"),
    (".", "ĊĊ"),
    ("s", "o"),
    ("c", "o"),
    ("i", "n"),
    ("Y", "e"),
    ("Ye", "s"),
    ("N", "o"),
    ("Ġ", "Yes"),
    ("Ġ", "No"),
]


def byte_tokenizer(kind: str, merges=MERGES) -> PreTrainedTokenizerFast:
    """Every byte is a token; some pairs merge, so that one tokenisation differs from several."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {one: i for i, one in enumerate(letters)}
    for left, right in merges:
        vocabulary.setdefault(left + right, len(vocabulary))
    core = Tokenizer(BPE(vocabulary, merges))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    core.decoder = decoders.ByteLevel()
    core.add_special_tokens([AddedToken(one, special=True, normalized=False) for one in SPECIAL[kind]])
    core.add_tokens([AddedToken(" ки", normalized=False)])
    first = SPECIAL[kind][0]
    made = PreTrainedTokenizerFast(
        tokenizer_object=core, pad_token=first, eos_token=first, bos_token=first, model_max_length=4096
    )
    made.chat_template = QWEN_CHAT if kind == "qwen" else LLAMA_CHAT
    return made


@pytest.fixture(scope="session")
def qwen() -> PreTrainedTokenizerFast:
    return byte_tokenizer("qwen")


@pytest.fixture(scope="session")
def llama() -> PreTrainedTokenizerFast:
    return byte_tokenizer("llama")


@pytest.fixture(scope="session")
def bare() -> PreTrainedTokenizerFast:
    """Knows no marker."""
    return byte_tokenizer("bare")


@pytest.fixture(scope="session")
def sentencepiece() -> PreTrainedTokenizerFast:
    """Laid out as Llama's and Mistral's first vocabularies: blanks become ▁, one is put in front of every
    text, unknown characters fall into bytes.
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


@pytest.fixture(scope="session")
def lines() -> PreTrainedTokenizerFast:
    """Line ends never merge, as in Llama's first vocabulary."""
    return byte_tokenizer("llama", MERGES[:2])


CLASSES = {
    "qwen": (Qwen2Config, Qwen2ForCausalLM),
    "llama": (LlamaConfig, LlamaForCausalLM),
    "mistral": (MistralConfig, MistralForCausalLM),
}


def checkpoint(folder: Path, kind: str, tokenizer, extra=None, *, tied: bool = False, **config) -> Path:
    """A random causal model; ``extra`` tensors stand beside its own, as in released checkpoints."""
    settings, network = CLASSES[kind]
    made = settings(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=4096,
        tie_word_embeddings=tied,
        pad_token_id=0,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    set_seed(len(folder.name))
    model = network(made)
    with torch.no_grad():  # larger weights make the outputs uneven, as trained ones are
        for one in model.parameters():
            if one.dim() > 1:
                one.mul_(4)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    if extra:
        add(folder, extra)
    if config:
        path = folder / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **config}))
    return folder


def classifier(folder: Path, tokenizer, labels: int) -> Path:
    """A random token classifier on Qwen2."""
    set_seed(labels)
    made = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=4096,
        num_labels=labels,
        pad_token_id=0,
    )
    model = Qwen2ForTokenClassification(made)
    with torch.no_grad():
        model.score.weight.mul_(10)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def add(folder: Path, extra) -> None:
    """Put tensors into the folder's weights file."""
    file = folder / "model.safetensors"
    save_file({**load_file(file), **extra}, file, metadata={"format": "pt"})


def draw(*shape: int, seed: int = 5) -> torch.Tensor:
    """Random tensor of a head."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)) * 0.3


@pytest.fixture(scope="session")
def tiny():
    """Builders of tiny checkpoints."""
    return SimpleNamespace(checkpoint=checkpoint, classifier=classifier, add=add, draw=draw)
