"""One training as transformers runs it: its arguments, what it tells, and the checkpoint it goes on from."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from peft import LoraConfig
from transformers import TrainerCallback, TrainingArguments

from prmkit.errors import ConfigError
from prmkit.train.settings import FitSettings

STATE = "trainer_state.json"
"""Written last into a checkpoint: a checkpoint without it is not whole."""


class Told(TrainerCallback):
    """Tells the progress and the loss curve.

    Args:
        on_step: Called with updates done and in all.
        on_log: Called with step, loss and learning rate.
    """

    def __init__(self, on_step: Callable[[int, int], None], on_log: Callable[[dict[str, Any]], None]) -> None:
        self._on_step, self._on_log = on_step, on_log

    def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """One update is done."""
        self._on_step(state.global_step, state.max_steps)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **given: Any) -> None:
        """A line of the curve."""
        if logs and "loss" in logs:
            self._on_log({"step": state.global_step, "loss": logs["loss"], "rate": logs["learning_rate"]})


def arguments(settings: FitSettings, scratch: Path, seed: int) -> TrainingArguments:
    """Settings in the words of transformers; nothing is reported to anyone."""
    return TrainingArguments(
        output_dir=str(scratch),
        num_train_epochs=settings.epochs,
        max_steps=settings.max_steps or -1,
        learning_rate=settings.learning_rate,
        warmup_steps=settings.warmup,
        weight_decay=settings.weight_decay,
        lr_scheduler_type="linear",
        save_strategy="steps" if settings.save_steps else "no",
        save_steps=settings.save_steps or 500,
        save_total_limit=2,
        logging_steps=20,
        seed=seed,
        data_seed=seed,
        report_to="none",
        disable_tqdm=True,
        use_cpu=settings.device == "cpu",
        bf16=settings.precision == "bfloat16",
        dataloader_pin_memory=settings.device != "cpu",
        remove_unused_columns=False,
    )


def latest(scratch: Path) -> str | None:
    """The newest whole checkpoint in ``scratch``; halves that a kill left are removed."""
    whole: list[Path] = []
    for folder in scratch.glob("checkpoint-*"):
        if (folder / STATE).is_file():
            whole.append(folder)
        else:
            shutil.rmtree(folder)
    return str(max(whole, key=lambda f: int(f.name.rpartition("-")[2]))) if whole else None


def lora(settings: FitSettings) -> LoraConfig | None:
    """Adapters of the rank that the settings name; None for none."""
    rank = settings.lora_rank
    return LoraConfig(r=rank, lora_alpha=2 * rank) if rank else None


def check_optimizer(settings: FitSettings) -> bool:
    """Whether an optimizer of our own is asked for.

    Raises:
        ConfigError: It does not go with adapters.
    """
    if settings.optimizer == "adamw":
        return False
    if settings.lora_rank:
        raise ConfigError(
            "adapters are added after the optimizer is built",
            do="train adapters with optimizer: adamw",
            field="optimizer",
        )
    return True
