"""From settings, solutions and critiques to the folder of a generative PRM, resumable."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from transformers import AutoModelForCausalLM
from transformers.trainer_callback import PrinterCallback

from prmkit.cards import PRMSpec
from prmkit.errors import AlignmentError, ConfigError, RecordError
from prmkit.label.critiques import GENPRM, MULTI_GORM, MULTI_GPRM, THINKPRM, Judged, Rules, shortened, sift
from prmkit.model.backbone import freeze
from prmkit.model.critic import save_critic
from prmkit.model.folder import load_tokenizer, load_weights
from prmkit.model.spec import family
from prmkit.model.store import merged
from prmkit.train.critique_rows import read_critique, variant_of
from prmkit.train.generative import CriticTrainer
from prmkit.train.optimizer import muon
from prmkit.train.session import Told, arguments, check_optimizer, latest, lora
from prmkit.train.settings import FitSettings
from prmkit.types import Critique, Sample, Verdict

log = logging.getLogger(__name__)
THOUGHT = "<think>"
"""What a spec's opening says where verifications are thoughts that must be closed."""


def fit_critic(
    settings: FitSettings,
    judged: Iterable[Judged],
    out: Path,
    *,
    scratch: Path,
    seed: int,
    on_step: Callable[[int, int], None] = lambda done, total: None,
    on_log: Callable[[dict[str, Any]], None] = lambda line: None,
) -> dict[str, Any]:
    """Train a model that writes its verdicts, and save it to ``out``; a killed one goes on from ``scratch``.

    Args:
        settings: With variant ``gprm`` or ``gorm``.
        judged: Critiques with their solutions, see ``judged_of``.
        out: Folder of the finished PRM.
        scratch: Folder of checkpoints, removed at the end.
        seed: Decides surplus rows, order of batches and fresh adapters.
        on_step: Called with updates done and in all.
        on_log: Called with each line of the loss curve.

    Returns:
        Critiques given, dropped by each rule, and learned (``trajectories``); updates and the final loss.

    Raises:
        ConfigError: Rows that are no critiques, or settings that do not go together.
        RecordError: The rules keep nothing.
    """
    spec = asked(settings)
    kept, counts = learnable(judged, spec, settings, seed)
    network = load_weights(AutoModelForCausalLM, settings.backbone)
    if settings.frozen:
        freeze(network, settings.frozen)
    optimizer = None
    if check_optimizer(settings):
        optimizer = muon(network, settings.learning_rate, weight_decay=settings.weight_decay)
    trainer = CriticTrainer(
        network,
        arguments(settings, scratch, seed),
        kept,
        tokenizer=load_tokenizer(settings.backbone),
        spec=spec,
        variant="gorm" if settings.variant == "gorm" else "gprm",
        layout="packed" if settings.layout == "packed" else "rows",
        batch_tokens=settings.batch_tokens,
        peft_config=lora(settings),
        callbacks=[Told(on_step, on_log)],
        optimizers=(optimizer, None),
    )
    trainer.remove_callback(PrinterCallback)  # it prints; figures go to ``on_log``
    done = trainer.train(resume_from_checkpoint=latest(scratch))
    network = merged(trainer.accelerator.unwrap_model(trainer.model))
    save_critic(network, trainer.tokenizer, trainer.spec, out, trainer.counts)
    shutil.rmtree(scratch, ignore_errors=True)
    told = {**trainer.counts, **counts, "trajectories": trainer.counts["rows"]}
    return {"updates": done.global_step, "loss": done.training_loss, **told}


def asked(settings: FitSettings) -> PRMSpec:
    """How the model is asked to judge steps; the trainer makes of it what judges the whole.

    Raises:
        ConfigError: The family's models write nothing.
        UnknownNameError: No family has this name.
    """
    spec = variant_of(family(settings.spec or "thinkprm").spec, "gprm")
    return replace(spec, max_tokens=settings.max_tokens or spec.max_tokens)


def learnable(
    judged: Iterable[Judged], spec: PRMSpec, settings: FitSettings, seed: int
) -> tuple[list[Judged], dict[str, int]]:
    """What is learned from, read in the words of ``spec``, and what became of the rest.

    For ``gprm`` a solution ends at the first step that is wrong: what stands behind it is scored later, and
    never learned.

    Raises:
        ConfigError: A row is no critique.
        RecordError: The rules keep nothing.
    """
    rows = []
    for one in judged:
        if not isinstance(one, Judged):
            raise ConfigError(
                f"variant {settings.variant!r} learns to write its verdict, from written verifications",
                do="give critiques, or train dprm or dorm",
                field="variant",
            )
        rows.append(_read(one, spec, settings.variant))
    found = sift(rows, replace(_rules(settings, spec), balance=settings.balance, seed=seed))
    counts = found.counts
    log.info("critiques: %s", ", ".join(f"{name} {value}" for name, value in counts.items()))
    if not found.kept:
        raise RecordError(
            f"no critique is learned from: {counts}",
            do="see prmkit.label.critiques for what is asked of them, or set rules: all",
            field="rules",
        )
    if settings.variant == "gorm":
        return found.kept, counts
    return [shortened(one) for one in found.kept], counts


def judged_of(critiques: Iterable[Critique], samples: Iterable[Sample]) -> Iterator[Judged]:
    """Critiques with the solutions that they name.

    Raises:
        AlignmentError: A critique names a solution that is not there, or another cut of it.
    """
    table = {sample.trajectory.id: sample for sample in samples}
    for number, one in enumerate(critiques, 1):
        sample = table.get(one.trajectory_id)
        if sample is None or sample.trajectory.digest != one.steps_digest:
            what = "is not there" if sample is None else "is cut otherwise"
            raise AlignmentError(
                f"{one.trajectory_id!r} {what}, and a critique is about it",
                do="give the samples that the critiques were written for",
                row=number,
                field="trajectory_id",
            )
        yield Judged(sample, one)


def _read(one: Judged, spec: PRMSpec, variant: str) -> Judged:
    """The row with the verdicts that its text states.

    Where the text says nothing of the whole the record's own verdict counts, for ``gorm`` that of its steps
    too; ``gprm`` is to write its steps' verdicts, so they must stand in the text.
    """
    own = one.critique
    read = read_critique(one.sample.trajectory, own.text, spec, sample=own.sample, judge=own.judge)
    silent = all(verdict is Verdict.UNKNOWN for verdict in read.verdicts)
    whole = read.trajectory_verdict
    made = replace(
        own,
        verdicts=own.verdicts if silent and variant == "gorm" else read.verdicts,
        trajectory_verdict=own.trajectory_verdict if whole is Verdict.UNKNOWN else whole,
    )
    return Judged(one.sample, made)


def _rules(settings: FitSettings, spec: PRMSpec) -> Rules:
    if settings.rules == "all":
        return Rules(agree="nothing")
    if settings.rules in ("thinkprm", "genprm"):
        return THINKPRM if settings.rules == "thinkprm" else GENPRM
    rules = MULTI_GORM if settings.variant == "gorm" else MULTI_GPRM
    return rules if THOUGHT in spec.opening else replace(rules, needs=())
