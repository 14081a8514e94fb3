"""A small training, run by torchrun on two processes or on one that accumulates two batches.

On CPUs accelerate shares out the work and not the weights, also where FSDP is asked for. ``sharded`` tells it
that these processes are of a kind that it does shard on: what follows is FSDP2 as on GPUs.
"""

import os
import sys
from pathlib import Path

import torch
from accelerate.state import PartialState
from accelerate.utils import DistributedType
from transformers import TrainingArguments

import prmkit.train
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


FSDP = {"fsdp": True, "fsdp_config": str(Path(prmkit.train.__file__).with_name("fsdp.json"))}


def train(backbone: str, out: str, layout: str, how: str, accumulate: int) -> None:
    """Four updates; as many processes as torchrun started."""
    sharded = how == "sharded"
    args = TrainingArguments(
        output_dir=out,
        max_steps=4,
        learning_rate=1e-2,
        gradient_accumulation_steps=accumulate,
        lr_scheduler_type="constant",
        use_cpu=True,
        save_strategy="steps" if sharded else "no",
        save_steps=2,
        report_to=[],
        disable_tqdm=True,
        seed=3,
        **(FSDP if sharded else {}),
    )
    if sharded:
        assert args.world_size == 2
        PartialState._shared_state["distributed_type"] = DistributedType.MULTI_GPU
    prm = PRM.create(backbone, seed=3)
    trainer = PRMTrainer(prm, args, rows(24), layout=layout, batch_tokens=80)
    trainer.train()
    assert trainer.is_fsdp_enabled == sharded
    trainer.save_model(f"{out}/prm")
    if sharded:
        again = PRMTrainer(PRM.create(backbone, seed=4), args, rows(24), layout=layout, batch_tokens=80)
        again.train(resume_from_checkpoint=f"{out}/checkpoint-2")
        again.save_model(f"{out}/resumed")


if __name__ == "__main__":
    train(*sys.argv[1:5], 1 if "WORLD_SIZE" in os.environ else 2)
