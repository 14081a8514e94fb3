"""A small training, run by torchrun on two processes or on one that accumulates two batches."""

import os
import sys
from pathlib import Path

import torch
from transformers import TrainingArguments

from prmkit import PRM, PRMTrainer

torch.set_num_threads(1)


def rows(count: int) -> list[dict[str, object]]:
    """Rows with shared prompts, of unlike length."""
    return [
        {
            "prompt": f"{i // 3} + 4 = ?",
            "completions": [f"{i // 3} + 4", f"= {(i * 7) % 40}", *["so 7"] * (i % 3)],
            "labels": [1.0, float(i % 2), *[float(i % 5 > 0)] * (i % 3)],
        }
        for i in range(count)
    ]


def train(backbone: str, out: str, layout: str, accumulate: int) -> None:
    """Four updates; as many processes as torchrun started."""
    args = TrainingArguments(
        output_dir=out,
        max_steps=4,
        learning_rate=1e-2,
        gradient_accumulation_steps=accumulate,
        lr_scheduler_type="constant",
        use_cpu=True,
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        seed=3,
    )
    prm = PRM.create(backbone, seed=3)
    trainer = PRMTrainer(prm, args, rows(24), layout=layout, batch_tokens=80)
    trainer.train()
    if args.process_index == 0:
        prm.save(Path(out) / "prm")


if __name__ == "__main__":
    train(sys.argv[1], sys.argv[2], sys.argv[3], 1 if "WORLD_SIZE" in os.environ else 2)
