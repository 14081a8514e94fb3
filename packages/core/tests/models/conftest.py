"""Tiny models with random weights, built once: no download, no domain."""

from pathlib import Path

import pytest
import torch
from transformers import (
    BertConfig,
    BertModel,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    set_seed,
)

from prmkit.testkit.words import word_tokenizer
from prmkit.types import Problem, Sample, StepLabels, Trajectory

torch.set_num_threads(1)
WORDS = [str(i) for i in range(40)] + list("+-*=?.,") + [" ", "\n", "so", "sum", "is", "Ω"]


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    """Words, blanks and line ends are tokens of their own: decoding gives back the text."""
    return word_tokenizer(WORDS)


@pytest.fixture(scope="session")
def causal_config(tokenizer) -> Qwen2Config:
    return Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        eos_token_id=1,
        pad_token_id=0,
        tie_word_embeddings=True,
    )


@pytest.fixture(scope="session")
def causal_folder(tmp_path_factory, tokenizer, causal_config) -> Path:
    folder = tmp_path_factory.mktemp("causal")
    set_seed(0)
    model = Qwen2ForCausalLM(causal_config)
    with torch.no_grad():  # large weights make the distribution uneven, as a trained one is
        model.model.embed_tokens.weight.mul_(6)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def encoder_folder(tmp_path_factory, tokenizer) -> Path:
    folder = tmp_path_factory.mktemp("encoder")
    set_seed(0)
    BertModel(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=128,
            pad_token_id=0,
        )
    ).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_sample(name: str, steps, labels=None, *, text: str = "3 + 4 = ?", **given) -> Sample:
    problem = Problem(id=f"p-{name}", text=text, reference="never shown")
    trajectory = Trajectory.of_steps(f"t-{name}", problem.id, steps, outcome=given.pop("outcome", None))
    values = None if labels is None else tuple(labels)
    return Sample(
        problem,
        trajectory,
        None
        if values is None
        else StepLabels(trajectory.id, trajectory.digest, values, labeler="test@1", **given),
    )


@pytest.fixture(scope="session")
def sample():
    """Builder of one sample: ``sample("a", ["step", ...], [1.0, None, ...])``."""
    return make_sample
