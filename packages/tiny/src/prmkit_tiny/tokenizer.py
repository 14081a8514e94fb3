"""A tokenizer of whole words and small numbers over a full byte alphabet.

Every text encodes and decodes without loss: what is no known word falls back to bytes.
A blank belongs to the token in front of it, so a line break always ends a token and a
text may be continued after it as if it had been written in one go.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

SPECIAL = ("<pad>", "<bos>", "<eos>", "<step>")
PIECES = r"\n|(?<![0-9])[0-9]{1,2}(?![0-9]) ?|[0-9] ?|[A-Za-z]+ ?|[^\sA-Za-z0-9] ?|\s"
"""Line break, number below 100, digit of a longer number, word, sign, other blank."""
NUMBERS = 100


def build_tokenizer(
    texts: Iterable[str], *, max_words: int = 512, max_length: int = 512
) -> PreTrainedTokenizerFast:
    r"""A tokenizer whose words are the most frequent ones of ``texts``.

    Args:
        texts: A sample of what the model will read and write.
        max_words: Words and signs kept, each with and without a blank behind it.
        max_length: Longest sequence the model is meant for, in tokens.

    Examples:
        >>> t = build_tokenizer(["Add 7 12 ."])
        >>> t.convert_ids_to_tokens(t("Add 7 12 .")["input_ids"]), t.decode(t("éa\n")["input_ids"])
        (['AddĠ', '7Ġ', '12Ġ', '.'], 'éa\n')
    """
    words = Counter(piece.rstrip(" ") for text in texts for piece in re.findall(PIECES, text))
    words.pop("", None)
    frequent = sorted(words, key=lambda word: (-words[word], word))[:max_words]
    entries = [*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    for word in [*map(str, range(NUMBERS)), *frequent]:
        entries += [_bytes(word), _bytes(word + " ")]
    vocabulary = {entry: place for place, entry in enumerate(dict.fromkeys(entries))}
    inner = Tokenizer(models.BPE(vocabulary, [], ignore_merges=True))
    inner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    inner.decoder = decoders.ByteLevel()
    inner.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in SPECIAL])
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token="<pad>",
        bos_token="<bos>",
        eos_token="<eos>",
        extra_special_tokens=["<step>"],
        clean_up_tokenization_spaces=False,
        model_max_length=max_length,
    )


def _bytes(text: str) -> str:
    """``text`` in the byte alphabet, in which a blank is Ġ."""
    return "".join(
        piece for piece, _ in pre_tokenizers.ByteLevel(False, use_regex=False).pre_tokenize_str(text)
    )
