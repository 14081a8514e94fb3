"""From settings and labelled samples to a PRM folder, resumable: one call for workflows and commands."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from transformers import PretrainedConfig
from transformers.trainer_callback import PrinterCallback

from prmkit.cards import PRMSpec
from prmkit.errors import ConfigError
from prmkit.model.backbone import freeze, reshaped
from prmkit.model.folder import load_config, load_tokenizer
from prmkit.model.heads import HeadOptions, usual_spec
from prmkit.model.prm import PRM
from prmkit.train.critic import fit_critic
from prmkit.train.implicit import USUAL, Implicit
from prmkit.train.next_token import NextToken, next_token_spec
from prmkit.train.optimizer import muon
from prmkit.train.session import Told, arguments, check_optimizer, latest, lora
from prmkit.train.settings import FitSettings
from prmkit.train.trainer import PRMTrainer


def fit(
    settings: FitSettings,
    samples: Iterable[Any],
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
        samples: Labelled samples; pairs, where solutions are compared; critiques with their samples
            (``Judged``), for variants ``gprm`` and ``gorm``.
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
    if settings.generative:
        given = {"scratch": scratch, "seed": seed, "on_step": on_step, "on_log": on_log}
        return fit_critic(settings, samples, out, **given)
    prm = _untrained(settings, seed)
    prm.max_tokens = settings.max_tokens or None
    if settings.frozen:
        freeze(prm.module.network, settings.frozen)
    trainer = PRMTrainer(
        prm,
        arguments(settings, scratch, seed),
        samples,
        target=settings.learns,
        until_first_error=settings.variant == "dprm",
        objective=settings.implicit or settings.objective,
        wrong_weight=settings.wrong_weight or "balanced",
        balance=settings.balance,
        mixture=settings.mixture,
        layout=settings.layout,
        batch_tokens=settings.batch_tokens,
        peft_config=lora(settings),
        callbacks=[Told(on_step, on_log)],
        optimizers=(_optimizer(settings, prm), None),
    )
    trainer.remove_callback(PrinterCallback)  # it prints; figures go to ``on_log``
    done = trainer.train(resume_from_checkpoint=latest(scratch))
    prm.save(out)
    shutil.rmtree(scratch, ignore_errors=True)
    return {"updates": done.global_step, "loss": done.training_loss, **prm.labels["counts"]}


def _untrained(settings: FitSettings, seed: int) -> PRM | Implicit | NextToken:
    learns = settings.learns
    if settings.implicit or settings.head == "next_token":
        return _of_tokens(settings)
    head = settings.head or ("scalar" if settings.objective else "binary")
    options = HeadOptions(
        settings.names,
        settings.levels,
        step=settings.step_share,
        whole=settings.whole_share,
        two_layers=settings.two_layers,
        halt_prior=settings.halt_prior,
        halt_weight=settings.halt_weight,
        halt_at=settings.halt_at,
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


def _of_tokens(settings: FitSettings) -> Implicit | NextToken:
    """A language model whose rewards are of tokens."""
    if settings.width or settings.layers:
        _start(settings)  # refuses a shape: the language model comes trained
    usual = USUAL if settings.implicit else next_token_spec(settings.kind or "correct")
    spec = replace(usual, truncate=settings.truncate, max_tokens=settings.max_tokens or usual.max_tokens)
    if settings.implicit:
        return Implicit.create(settings.backbone, spec, beta=settings.beta, device=settings.device)
    return NextToken.create(settings.backbone, spec, device=settings.device)


def _spec(settings: FitSettings, head: str, options: HeadOptions) -> PRMSpec:
    usual = "value" if head == "value" or (settings.objective and head == "scalar") else "correct"
    spec = replace(
        usual_spec(head, options, settings.kind or usual),
        truncate=settings.truncate,
        view=settings.view,
        target=settings.learns,
        aggregate=settings.aggregate,
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


def _optimizer(settings: FitSettings, prm: PRM | Implicit | NextToken) -> torch.optim.Optimizer | None:
    """The optimizer that the settings name; None for the Trainer's own AdamW."""
    if not check_optimizer(settings):
        return None
    return muon(prm.module, settings.learning_rate, weight_decay=settings.weight_decay)
