"""Training speed beside TRL's PRM trainer: the same weights, data, batches and optimizer, by turns.

* ``tree``: solutions of one problem share its prompt, and each shares steps with others, as rollouts do. A
  batch is one problem's solutions. Here the packed forest computes what is shared once.
* ``flat``: every solution has a prompt of its own; lengths are uniform. Both trainers pad the same batches.
* ``soft``: labels of 0.9 and 0.1. TRL's trainer casts labels to integers: 0.9 trains as 0. Ours keeps them.

Unit: labelled steps a second, over updates of ``Trainer.train()``; the loss curves of the arms stand beside.
TRL has no PRM trainer after 1.13.0; put that release into a folder of its own and name it:

    pip install --no-deps --target DIR trl==1.13.0
    TRL_1_13=DIR python -m bench training
"""

from __future__ import annotations

import importlib
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch.utils.data import DataLoader
from transformers import (
    AutoModelForTokenClassification,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForTokenClassification,
    TrainingArguments,
)
from transformers.trainer_callback import PrinterCallback

from prmkit import PRM, PRMTrainer
from prmkit.cards import PRMSpec
from prmkit.encode.forest import grow
from prmkit.train.trainer import problems

WORDS, THREADS, REPEATS, UPDATES = 5000, 2, 5, 6
SPEC = PRMSpec(name="trl", after_problem="", marker="\n", joint=False)
Row = dict[str, Any]


def main() -> dict[str, Any]:
    where = os.environ.get("TRL_1_13")
    if not where:
        return {"skipped": "name the folder of trl==1.13.0 in TRL_1_13"}
    sys.path.insert(0, where)  # before a newer release that stands here
    trl = importlib.import_module("trl.experimental.prm")
    torch.set_num_threads(THREADS)
    draw = random.Random(0)
    sets = {"tree": tree(draw), "flat": flat(draw), "soft": soft(flat(draw))}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        backbone(folder / "model")
        found = {name: compare(name, batches, trl, folder) for name, batches in sets.items()}
    return {
        "command": "TRL_1_13=DIR python -m bench training",
        "model": "Qwen2 token classifier, random weights, hidden 256, 4 layers, float32",
        "threads": THREADS,
        "repeats": REPEATS,
        "updates": UPDATES,
        "sets": found,
    }


def backbone(folder: Path) -> None:
    """A random token classifier and its tokenizer."""
    known = ["<pad>", "<unk>", "\n", *(f"w{i}" for i in range(WORDS))]
    core = Tokenizer(models.WordLevel({word: i for i, word in enumerate(known)}, unk_token="<unk>"))
    core.pre_tokenizer = pre_tokenizers.Split(" ", "removed")
    reader = PreTrainedTokenizerFast(tokenizer_object=core, pad_token="<pad>", unk_token="<unk>")
    reader.save_pretrained(folder)
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=len(known),
        hidden_size=256,
        intermediate_size=704,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=4,
        pad_token_id=0,
        num_labels=2,
        classifier_dropout=0.0,  # TRL's trainer turns dropout off, and so do we
    )
    Qwen2ForTokenClassification(config).save_pretrained(folder)


def words(draw: random.Random, count: int) -> str:
    return " ".join(f"w{draw.randrange(WORDS)}" for _ in range(count))


def tree(draw: random.Random) -> list[list[Row]]:
    """Per batch 16 solutions of one problem: a prompt of 200 tokens, two branches at each of 4 steps."""
    made = []
    for _ in range(UPDATES):
        prompt, paths = words(draw, 200), [[]]
        for _ in range(4):
            paths = [[*path, words(draw, 15)] for path in paths for _ in range(2)]
        rows = [[*path, *(words(draw, 15) for _ in range(4))] for path in paths]
        made.append([row(draw, prompt, steps) for steps in rows])
    return made


def flat(draw: random.Random) -> list[list[Row]]:
    """Per batch 16 solutions of different problems: prompts of 32 to 128 tokens, 3 to 12 steps of 15."""
    return [
        [
            row(
                draw,
                words(draw, draw.randint(32, 128)),
                [words(draw, 15) for _ in range(draw.randint(3, 12))],
            )
            for _ in range(16)
        ]
        for _ in range(UPDATES)
    ]


def row(draw: random.Random, prompt: str, steps: list[str]) -> Row:
    return {"prompt": prompt, "completions": steps, "labels": [float(draw.random() < 0.6) for _ in steps]}


def soft(batches: list[list[Row]]) -> list[list[Row]]:
    """The same rows with labels of 0.9 and 0.1."""
    return [[{**one, "labels": [0.1 + 0.8 * y for y in one["labels"]]} for one in rows] for rows in batches]


def compare(name: str, batches: list[list[Row]], trl: Any, folder: Path) -> dict[str, Any]:
    """Both trainers on one set, run by turns."""
    arms = {"trl": lambda: peer(batches, trl, folder), "rows": lambda: ours(batches, folder, "rows")}
    if name == "tree":
        arms["packed"] = lambda: ours(batches, folder, "auto")
    seconds: dict[str, list[float]] = {arm: [] for arm in arms}
    losses: dict[str, list[float]] = {}
    for turn in range(REPEATS + 1):
        for arm, start in arms.items():
            spent, curve = start()
            if turn:  # the first turn warms up
                seconds[arm].append(spent)
            losses[arm] = curve
    steps = sum(len(one["labels"]) for rows in batches for one in rows)
    padded, unique = sizes(batches, folder)
    told: dict[str, Any] = {
        "labelled steps": steps,
        "tokens padded": padded,
        "tokens unique": unique,
        "padded / unique": round(padded / unique, 3),
        "losses": {arm: [round(one, 6) for one in curve] for arm, curve in losses.items()},
        "steps per second": {arm: round(steps / statistics.median(some), 1) for arm, some in seconds.items()},
    }
    for arm in list(arms)[1:]:
        ratios = [theirs / mine for theirs, mine in zip(seconds["trl"], seconds[arm], strict=True)]
        told[f"{arm} against trl"] = {
            "ratio": round(statistics.median(ratios), 3),
            "interval": [round(one, 3) for one in interval(ratios)],
            "largest difference of losses": max(
                abs(a - b) for a, b in zip(losses["trl"], losses[arm], strict=True)
            ),
        }
    return told


def interval(ratios: list[float], draws: int = 2000) -> tuple[float, float]:
    """Of the median of paired turns, 95 %, by bootstrap."""
    draw = random.Random(0)
    found = sorted(statistics.median(draw.choices(ratios, k=len(ratios))) for _ in range(draws))
    return found[int(0.025 * draws)], found[int(0.975 * draws) - 1]


def sizes(batches: list[list[Row]], folder: Path) -> tuple[int, int]:
    """Tokens of all padded batches, and tokens that are different beginnings."""
    prm = PRM.load(folder / "model", spec=SPEC)
    padded = unique = 0
    for rows in batches:
        trainer = PRMTrainer(prm, arguments(folder), rows)
        ids = [one.encoded.ids for one in trainer.train_dataset]
        padded += len(ids) * max(map(len, ids))
        unique += len(grow(ids, groups=problems(trainer.train_dataset)))
    return padded, unique


def arguments(folder: Path, kind: Any = TrainingArguments, **more: Any) -> Any:
    return kind(
        output_dir=str(folder / "out"),
        max_steps=UPDATES,
        per_device_train_batch_size=16,
        learning_rate=1e-4,
        lr_scheduler_type="constant",
        weight_decay=0.0,
        logging_steps=1,
        save_strategy="no",
        gradient_checkpointing=False,
        use_cpu=True,
        report_to=[],
        disable_tqdm=True,
        dataloader_pin_memory=False,
        seed=0,
        **more,
    )


def timed(trainer: Any) -> tuple[float, list[float]]:
    """Seconds of ``train()`` and the loss of each update."""
    trainer.remove_callback(PrinterCallback)
    start = time.perf_counter()
    trainer.train()
    spent = time.perf_counter() - start
    return spent, [line["loss"] for line in trainer.state.log_history if "loss" in line]


class _Fixed:
    """The same batches in the same order for both trainers."""

    def __init__(self, batches: list[list[Row]]) -> None:
        self.sizes = [len(rows) for rows in batches]

    def __len__(self) -> int:
        return len(self.sizes)

    def __iter__(self) -> Iterator[list[int]]:
        start = 0
        for size in self.sizes:
            yield list(range(start, start + size))
            start += size

    def set_epoch(self, epoch: int) -> None:
        pass


def ours(batches: list[list[Row]], folder: Path, layout: Any) -> tuple[float, list[float]]:
    class Same(PRMTrainer):
        def get_train_dataloader(self) -> DataLoader:
            loader = super().get_train_dataloader()
            return DataLoader(self.train_dataset, batch_sampler=_Fixed(batches), collate_fn=loader.collate_fn)

    prm = PRM.load(folder / "model", spec=SPEC)
    rows = [one for some in batches for one in some]
    return timed(Same(prm, arguments(folder), rows, layout=layout))


def peer(batches: list[list[Row]], trl: Any, folder: Path) -> tuple[float, list[float]]:
    datasets = importlib.import_module("datasets")
    datasets.disable_progress_bars()

    class Same(trl.PRMTrainer):
        def get_train_dataloader(self) -> DataLoader:
            return DataLoader(
                self.train_dataset, batch_sampler=_Fixed(batches), collate_fn=self.data_collator
            )

    network = AutoModelForTokenClassification.from_pretrained(folder / "model")
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder / "model")
    rows = datasets.Dataset.from_list([one for some in batches for one in some])
    args = arguments(folder, trl.PRMConfig, step_separator="\n", max_length=None, bf16=False)
    return timed(Same(model=network, args=args, processing_class=tokenizer, train_dataset=rows))
