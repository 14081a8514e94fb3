"""A small causal language model from the training texts at hand: ``python -m bench small_causal``.

Some 2.5 million parameters and a tokenizer of 4,096 pieces, both learned from worked solutions of GSM8K's
training part and rightly solved paths of PRM800K's phase-1 training part, written as a PRM reads them. No
text of a benchmark and none of the development problems of ``bench.encoder_path`` is read. It knows how such
solutions look, and no mathematics worth the name: it proves that the way works with a causal model.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

import prmkit
from prmkit.cards import PRMSpec
from prmkit.render import render
from prmkit.train.optimizer import muon
from prmkit.types import Sample

OUT = Path("runs/encoder_path/causal")
CONTEXT, ROWS, UPDATES = 512, 8, 240
RATE = 0.02
END = "<end>"
ANNOTATION = re.compile("<<.*?>>")
"""GSM8K's calculator annotations, which hardly any other solution has."""


def is_dev(cluster: str) -> bool:
    """A tenth of the problems, by the digits of their cluster: for choosing settings, never trained on."""
    return int(cluster, 16) % 10 == 0


def written(sample: Sample) -> str:
    """A solution as a PRM reads it, markers included."""
    return "".join(piece.value for piece in render(sample.problem, sample.trajectory, PRMSpec())) + END


def longest(samples: Iterable[Sample]) -> Iterator[Sample]:
    """Per problem the paths of right steps of which at least half the steps are new, longest first."""
    paths: dict[str, dict[tuple[str, ...], Sample]] = {}
    for sample in samples:
        if sample.labels and sample.labels.values[-1] == 1 and not is_dev(sample.problem.cluster):
            steps = tuple(step.text for step in sample.trajectory.steps)
            paths.setdefault(sample.problem.cluster, {})[steps] = sample
    for found in paths.values():
        seen: set[str] = set()
        for steps, sample in sorted(found.items(), key=lambda pair: (-len(pair[0]), pair[0])):
            if sum(step not in seen for step in steps) * 2 > len(steps):
                seen.update(steps)
                yield sample


def texts() -> list[str]:
    """What the model learns from, in a fixed order."""
    math_domain = prmkit.domain("math")
    found = [ANNOTATION.sub("", written(sample)) for sample in math_domain.load("gsm8k")]
    return found + [written(sample) for sample in longest(math_domain.load("prm800k_phase1"))]


def tokenizer(corpus: Sequence[str]) -> PreTrainedTokenizerFast:
    """Byte-level pieces; digits stand alone."""
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    core.decoder = decoders.ByteLevel()
    special = ["<pad>", END, PRMSpec().marker]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    core.train_from_iterator(
        corpus, trainers.BpeTrainer(vocab_size=4096, special_tokens=special, initial_alphabet=alphabet)
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token="<pad>",
        eos_token=END,
        extra_special_tokens=special[2:],
        model_max_length=2048,
    )


def network(size: int) -> LlamaForCausalLM:
    """Four layers of width 192."""
    torch.manual_seed(0)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=size,
            hidden_size=192,
            intermediate_size=512,
            num_hidden_layers=4,
            num_attention_heads=6,
            num_key_value_heads=6,
            max_position_embeddings=2048,
            tie_word_embeddings=True,
            pad_token_id=0,
            bos_token_id=None,
            eos_token_id=1,
        )
    )


def batches(ids: np.ndarray) -> Iterator[torch.Tensor]:
    """Pieces of the corpus from random places, the same in every run."""
    draw = np.random.default_rng(0)
    while True:
        starts = draw.integers(0, len(ids) - CONTEXT - 1, ROWS)
        yield torch.from_numpy(np.stack([ids[start : start + CONTEXT + 1] for start in starts]))


def rate(update: int) -> float:
    """Rises over 30 updates, falls over the last two fifths."""
    return min(1.0, update / 30, (UPDATES - update + 1) / (0.4 * UPDATES))


def main() -> dict:
    corpus = texts()
    reader = tokenizer(corpus)
    np.random.default_rng(0).shuffle(corpus)
    held, learned = corpus[:200], corpus[200:]
    stream = np.concatenate([np.asarray(row) for row in reader(learned)["input_ids"]])
    model = network(len(reader)).train()
    optimizer = muon(model, RATE, weight_decay=0.01)
    rates = [group["lr"] for group in optimizer.param_groups]
    started = time.process_time()
    for update, rows in enumerate(batches(stream), 1):
        for group, full in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = full * rate(update)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(input_ids=rows[:, :-1], use_cache=False).logits
        loss = torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), rows[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if update % 25 == 0:
            print(update, round(loss.item(), 3), round(time.process_time() - started), flush=True)
        if update == UPDATES:
            break
    seconds = time.process_time() - started
    model.eval()
    OUT.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(OUT)
    reader.save_pretrained(OUT)
    return {
        "parameters": model.num_parameters(),
        "texts": len(learned),
        "tokens_of_text": len(stream),
        "tokens_read": UPDATES * ROWS * CONTEXT,
        "cpu_seconds": round(seconds),
        **surprise(model, reader, held),
    }


@torch.inference_mode()
def surprise(model: LlamaForCausalLM, reader: PreTrainedTokenizerFast, held: Sequence[str]) -> dict:
    """How well texts that were not learned from are foreseen: nats a token, bits a character."""
    nats, tokens = 0.0, 0
    for text in held:
        ids = reader(text, return_tensors="pt", truncation=True, max_length=2048)["input_ids"]
        logits = model(input_ids=ids[:, :-1]).logits[0].float()
        nats += float(torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="sum"))
        tokens += ids.shape[1] - 1
    characters = sum(map(len, held))
    return {"nats_per_token": nats / tokens, "bits_per_character": nats / math.log(2) / characters}
