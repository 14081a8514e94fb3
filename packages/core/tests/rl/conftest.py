"""A tiny model of random weights and a tokenizer of words: no download."""

import pytest

torch = pytest.importorskip("torch")

from transformers import Qwen2Config, Qwen2ForCausalLM, set_seed  # noqa: E402

from prmkit.model.prm import PRM  # noqa: E402
from prmkit.testkit.words import word_tokenizer  # noqa: E402

torch.set_num_threads(1)
CHAT = (
    "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


@pytest.fixture(scope="session")
def tokenizer():
    words = [*map(str, range(20)), *"+-=?., \n", "so", "is"]
    roles = ["<user>", "<assistant>", "<system>"]
    return word_tokenizer(
        [*roles, *words], split=r"<\w+>|\d+|\w+|\s|.", chat_template=CHAT, padding_side="left"
    )


@pytest.fixture(scope="session")
def config(tokenizer):
    return Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        eos_token_id=1,
        pad_token_id=0,
        bos_token_id=None,
        tie_word_embeddings=True,
    )


@pytest.fixture(scope="session")
def policy(config):
    """Builder of equal random policies."""

    def build():
        set_seed(0)
        return Qwen2ForCausalLM(config)

    return build


@pytest.fixture(scope="session")
def prm(config, tokenizer):
    return PRM.create(config, tokenizer, init="random", seed=1)
