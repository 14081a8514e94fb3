"""A tokenizer of whole words for tests: no download, and decoding gives back the text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast


def word_tokenizer(
    words: Sequence[str],
    *,
    split: str = r"\d+|\w+|\s|.",
    special: Sequence[str] = ("<pad>", "<eos>", "<unk>", "<step>"),
    **given: Any,
) -> PreTrainedTokenizerFast:
    """Words, blanks and line ends are tokens of their own; what is not known becomes ``<unk>``.

    Args:
        words: What is known besides the special tokens; a word that is given twice counts once.
        split: Pattern of one token.
        special: Tokens that no text is cut into, in the order of their ids.
        given: Further settings of the tokenizer; ``pad_token`` and ``eos_token`` are ``<pad>`` and ``<eos>``
            where they are not named.

    Examples:
        >>> made = word_tokenizer(["1", "+", " "])
        >>> made("1 + 1<step>")["input_ids"], made.decode([4, 5, 6])
        ([4, 6, 5, 6, 4, 3], '1+ ')
    """
    known = dict.fromkeys([*special, *([] if "<unk>" in special else ["<unk>"]), *words])
    core = Tokenizer(WordLevel({word: i for i, word in enumerate(known)}, unk_token="<unk>"))
    core.pre_tokenizer = pre_tokenizers.Split(Regex(split), behavior="isolated")
    core.decoder = decoders.Fuse()
    core.add_special_tokens([AddedToken(one, special=True, normalized=False) for one in special])
    told = {"pad_token": "<pad>", "eos_token": "<eos>", "unk_token": "<unk>", **given}
    return PreTrainedTokenizerFast(tokenizer_object=core, **told)
