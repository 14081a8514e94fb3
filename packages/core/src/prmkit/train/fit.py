"""From settings and labelled samples to a PRM folder, resumable: one call for workflows and commands."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig
from transformers import PretrainedConfig, TrainerCallback, TrainingArguments
from transformers.trainer_callback import PrinterCallback

from prmkit.cards import PRMSpec
from prmkit.errors import ConfigError
from prmkit.model.backbone import freeze, reshaped
from prmkit.model.folder import load_config, load_tokenizer
from prmkit.model.heads import HeadOptions, usual_spec
from prmkit.model.prm import PRM
from prmkit.train.implicit import USUAL, Implicit
from prmkit.train.optimizer import muon
from prmkit.train.settings import FitSettings
from prmkit.train.trainer import PRMTrainer
from prmkit.types import Sample

STATE = "trainer_state.json"
"""Written last into a checkpoint: a checkpoint without it is not whole."""


class _Told(TrainerCallback):
    def __init__(self, on_step: Callable[[int, int], None], on_log: Callable[[dict[str, Any]], None]) -> None:
        self._on_step, self._on_log = on_step, on_log

    def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        self._on_step(state.global_step, state.max_steps)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **given: Any) -> None:
        if logs and "loss" in logs:
            self._on_log({"step": state.global_step, "loss": logs["loss"], "rate": logs["learning_rate"]})


def fit(
    settings: FitSettings,
    samples: Iterable[Sample],
    out: Path,
    *,
    scratch: Path,
    seed: int,
    on_step: Callable[[int, int], None] = lambda done, total: None,
    on_log: Callable[[dict[str, Any]], None] = lambda line: None,
) -> dict[str, Any]:
    """Train a PRM and save it to ``out``; a training that was killed goes on from ``scratch``.

    Args:
        settings: How to train.
        samples: Labelled samples.
        out: Folder of the finished PRM.
        scratch: Folder of checkpoints, removed at the end.
        seed: Decides fresh weights, order of batches and dropout.
        on_step: Called with updates done and in all.
        on_log: Called with each line of the loss curve.

    Returns:
        Counts of labels, updates and the final loss.

    Raises:
        ConfigError: The optimizer does not go with adapters, a shape with pretrained weights, a head with
            its options or labels, or what is learned with the variant.
    """
    prm = _untrained(settings, seed)
    prm.max_tokens = settings.max_tokens or None
    if settings.frozen:
        freeze(prm.module.network, settings.frozen)
    trainer = PRMTrainer(
        prm,
        arguments(settings, scratch, seed),
        samples,
        target=settings.learns,
        objective=settings.implicit or settings.objective,
        wrong_weight=settings.wrong_weight or "balanced",
        balance=settings.balance,
        mixture=settings.mixture,
        layout=settings.layout,
        batch_tokens=settings.batch_tokens,
        peft_config=LoraConfig(r=settings.lora_rank, lora_alpha=2 * settings.lora_rank)
        if settings.lora_rank
        else None,
        callbacks=[_Told(on_step, on_log)],
        optimizers=(_optimizer(settings, prm), None),
    )
    trainer.remove_callback(PrinterCallback)  # it prints; figures go to ``on_log``
    done = trainer.train(resume_from_checkpoint=latest(scratch))
    prm.save(out)
    shutil.rmtree(scratch, ignore_errors=True)
    return {"updates": done.global_step, "loss": done.training_loss, **prm.labels["counts"]}


def _untrained(settings: FitSettings, seed: int) -> PRM | Implicit:
    learns = settings.learns
    if settings.implicit:
        if settings.width or settings.layers:
            _start(settings)  # refuses a shape: the language model comes trained
        spec = replace(USUAL, truncate=settings.truncate, max_tokens=settings.max_tokens or USUAL.max_tokens)
        return Implicit.create(settings.backbone, spec, beta=settings.beta, device=settings.device)
    head = settings.head or ("scalar" if settings.objective else "binary")
    options = HeadOptions(
        settings.names, settings.levels, step=settings.step_share, whole=settings.whole_share
    )
    return PRM.create(
        *_start(settings),
        spec=_spec(settings, head, options),
        head=head,
        options=options,
        init=settings.init or "pretrained",
        policy=settings.policy or None,
        separator=settings.separator or None,
        target=learns,
        device=settings.device,
        dropout=settings.dropout,
        seed=seed,
    )


def _spec(settings: FitSettings, head: str, options: HeadOptions) -> PRMSpec:
    usual = "value" if head == "value" or (settings.objective and head == "scalar") else "correct"
    spec = replace(
        usual_spec(head, options, settings.kind or usual),
        truncate=settings.truncate,
        view=settings.view,
        target=settings.learns,
    )
    if settings.truncate == "left" and settings.max_tokens:
        spec = replace(spec, max_tokens=settings.max_tokens)
    return spec


def _start(settings: FitSettings) -> tuple[str | PretrainedConfig, Any]:
    """Backbone and tokenizer to begin with; the tokenizer is None where the folder's own is meant."""
    if not settings.width and not settings.layers:
        return settings.backbone, None
    if settings.init != "random":
        raise ConfigError(
            "a pretrained backbone has its own width and depth",
            do="set init: random, or leave width and layers at 0",
            field="width",
        )
    config = reshaped(load_config(settings.backbone), width=settings.width, layers=settings.layers)
    return config, load_tokenizer(settings.backbone)


def _optimizer(settings: FitSettings, prm: PRM | Implicit) -> torch.optim.Optimizer | None:
    """The optimizer that the settings name; None for the Trainer's own AdamW."""
    if settings.optimizer == "adamw":
        return None
    if settings.lora_rank:
        raise ConfigError(
            "adapters are added after the optimizer is built",
            do="train adapters with optimizer: adamw",
            field="optimizer",
        )
    return muon(prm.module, settings.learning_rate, weight_decay=settings.weight_decay)


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
