"""The tokenizer: lossless on any text, whole tokens where the domain has words and numbers."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from prmkit_tiny.tokenizer import SPECIAL, build_tokenizer

TEXTS = ["Add 7 3 12 .\n7 + 12 = 19 .\n", "Buy 3 pens at 4 . Total ?\n"]


@pytest.fixture(scope="module")
def tokenizer():
    return build_tokenizer(TEXTS)


@settings(max_examples=400, deadline=None)
@given(st.text().filter(lambda text: not any(name in text for name in SPECIAL)))
@example("  two  blanks \t\r\n\x00 Ġ Ċ ▁ 1234 007 ½ ٣ 😀é́")
def test_any_text_comes_back(text):
    tokenizer = build_tokenizer(TEXTS)
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_words_and_small_numbers_are_single_tokens(tokenizer):
    ids = tokenizer("7 + 12 = 19 .\n")["input_ids"]
    assert tokenizer.convert_ids_to_tokens(ids) == ["7Ġ", "+Ġ", "12Ġ", "=Ġ", "19Ġ", ".", "Ċ"]
    assert tokenizer.convert_ids_to_tokens(tokenizer("199 ")["input_ids"]) == ["1", "9", "9Ġ"]


def test_unknown_words_fall_back_to_bytes(tokenizer):
    assert tokenizer.convert_ids_to_tokens(tokenizer("né")["input_ids"]) == ["n", "Ã", "©"]


@given(
    st.lists(st.sampled_from(["7 + 12 = 19 .", "pens at 4 .", "ünknown 123 text"]), min_size=1, max_size=4)
)
def test_a_text_may_be_continued_after_any_line_break(steps):
    tokenizer = build_tokenizer(TEXTS)
    whole = tokenizer("".join(f"{step}\n" for step in steps))["input_ids"]
    assert whole == [token for step in steps for token in tokenizer(f"{step}\n")["input_ids"]]


def test_special_tokens_are_single_and_survive_saving(tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    for name in SPECIAL:
        (one,) = again(name)["input_ids"]
        assert one == tokenizer.convert_tokens_to_ids(name)
    text = "a<step>\nAdd 7 12 ."
    assert again(text)["input_ids"] == tokenizer(text)["input_ids"]
    assert again.decode(again(text)["input_ids"]) == text
    assert (again.pad_token, again.bos_token, again.eos_token) == SPECIAL[:3]
