"""A tiny causal model and an encoder with random weights, and rows that can be learned."""

import random
from pathlib import Path

import pytest
import torch
from transformers import (
    BertConfig,
    BertModel,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    TrainingArguments,
    set_seed,
)

from prmkit.testkit.words import word_tokenizer
from prmkit.types import Problem, Sample, StepLabels, Trajectory

torch.set_num_threads(1)
WORDS = [str(i) for i in range(10)] + list("+=?") + [" ", "\n"]
SHAPE = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": 128,
    "pad_token_id": 0,
}


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    return word_tokenizer(WORDS, split=r"\d|\w+|\s|.")


@pytest.fixture(scope="session")
def causal_folder(tmp_path_factory, tokenizer) -> Path:
    folder = tmp_path_factory.mktemp("causal")
    set_seed(0)
    config = Qwen2Config(vocab_size=len(tokenizer), num_key_value_heads=1, eos_token_id=1, **SHAPE)
    Qwen2ForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def encoder_folder(tmp_path_factory, tokenizer) -> Path:
    folder = tmp_path_factory.mktemp("encoder")
    set_seed(0)
    BertModel(BertConfig(vocab_size=len(tokenizer), **SHAPE)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def arguments():
    """Settings of a short training; anything may be given anew."""

    def build(folder, **given):
        settings = {
            "num_train_epochs": 3,
            "learning_rate": 1e-2,
            "save_strategy": "no",
            "logging_steps": 1000,
            "report_to": [],
            "use_cpu": True,
            "disable_tqdm": True,
            "seed": 7,
        }
        return TrainingArguments(str(folder), **{**settings, **given})

    return build


@pytest.fixture(scope="session")
def rows():
    """Solutions of ``d`` and ``a = b``: ``told(bs)`` gives labels from the second digits, and an outcome."""

    def build(count, seed, told, *, each=1, domain=""):
        draw = random.Random(seed)
        made = []
        for i in range(count):
            problem = Problem(id=f"{seed}-{i // each}", text=f"{i // each % 10}?", domain=domain)
            digits = [draw.randrange(4) for _ in range(draw.randrange(2, 4))]
            steps = [f"{draw.randrange(4)} = {b}" for b in digits]
            given = told(digits)
            outcome = given.pop("outcome", None)
            trajectory = Trajectory.of_steps(f"{seed}-{i}", problem.id, steps, outcome=outcome)
            labels = None
            if given:
                labels = StepLabels(trajectory.id, trajectory.digest, labeler="test@1", **given)
            made.append(Sample(problem, trajectory, labels))
        return made

    return build
