"""Tiny random checkpoints in the shape of public ones, and the tokenizers they need."""

from types import SimpleNamespace

import pytest
import torch
from transformers import PreTrainedTokenizerFast

from prmkit.testkit import checkpoints
from prmkit.testkit.checkpoints import MERGES, byte_tokenizer, sentencepiece_tokenizer

torch.set_num_threads(1)


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
    return sentencepiece_tokenizer()


@pytest.fixture(scope="session")
def lines() -> PreTrainedTokenizerFast:
    """Line ends never merge, as in Llama's first vocabulary."""
    return byte_tokenizer("llama", MERGES[:2])


def causal(folder, kind, tokenizer, extra=None, **told):
    """Folders with names of different lengths hold different weights."""
    return checkpoints.causal(folder, kind, tokenizer, extra, seed=len(folder.name), **told)


@pytest.fixture(scope="session")
def tiny():
    """Builders of tiny checkpoints."""
    return SimpleNamespace(
        checkpoint=causal, classifier=checkpoints.classifier, add=checkpoints.add, draw=checkpoints.draw
    )
