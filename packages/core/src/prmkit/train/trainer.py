"""The trainer: ``transformers.Trainer`` fed with records, saving PRM folders."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal

import torch
from peft import PeftConfig, get_peft_model
from safetensors.torch import load_file, save_file
from torch.utils.data import DataLoader
from transformers import AutoModelForTokenClassification, Trainer, TrainingArguments

from prmkit.encode.blocks import plan as plan_blocks
from prmkit.encode.collate import Batch, Example, collate, collate_forest
from prmkit.encode.forest import grow
from prmkit.encode.layout import choose, plan
from prmkit.encode.sample import TokenBatches, TreeBatches, balanced
from prmkit.errors import CheckpointError, ConfigError
from prmkit.model.folder import check_finite, load_weights
from prmkit.model.heads import link
from prmkit.model.prm import PRM
from prmkit.model.reading import INPUTS
from prmkit.model.store import SURPRISAL
from prmkit.records import digest_of
from prmkit.stats import auroc
from prmkit.train.examples import LabelCounts, Target, prepare, report, targets
from prmkit.train.losses import cross_entropy, effective_weights, squared_error, step_logit
from prmkit.types import Sample

log = logging.getLogger(__name__)
WEIGHTS, ADAPTER = "model.safetensors", "adapter"


class PRMTrainer(Trainer):
    """Trains a PRM, or with ``target="outcome"`` an outcome model, on labelled solutions.

    Every checkpoint is a PRM folder that ``load_prm`` opens. The loss is divided by the weight of the
    labelled steps of a whole update, so gradient accumulation changes nothing.

    Args:
        model: The PRM, or the folder of a backbone to put a binary head on.
        args: Arguments of transformers; batches follow ``batch_tokens`` unless that is None.
        train_dataset: Samples with labels, or rows ``{"prompt", "completions", "labels"}``.
        eval_dataset: The same, for ``evaluate``.
        target: What is learned: the label of each step, or the outcome at the last one.
        wrong_weight: Loss weight of a wrong step against a right one; ``"balanced"`` gives both
            classes the same total weight.
        balance: Train on as many solutions with a wrong step as without one.
        layout: ``auto`` reads what solutions of a problem begin with once, where the backbone can and it
            saves work: the loss and its gradient are those of the rows. Such a batch holds the solutions
            of few problems; ``rows`` mixes solutions of similar length.
        batch_tokens: Tokens of a batch, pads included; None takes ``per_device_train_batch_size`` rows.
        peft_config: Trains adapters instead of the backbone; saved folders have them merged.
        **given: Passed on to ``transformers.Trainer`` (callbacks, optimizers, ...).

    Raises:
        RecordError: A row is malformed, or no label reaches the model.
        ConfigError: Labels of a kind that the PRM's head does not learn, or of several kinds.
    """

    def __init__(
        self,
        model: PRM | str | Path,
        args: TrainingArguments,
        train_dataset: Iterable[Any],
        eval_dataset: Iterable[Any] | None = None,
        *,
        target: Target = "steps",
        wrong_weight: float | Literal["balanced"] = 1.0,
        balance: bool = False,
        layout: Literal["auto", "rows"] = "rows",
        batch_tokens: int | None = 1 << 12,
        peft_config: PeftConfig | None = None,
        **given: Any,
    ) -> None:
        self.prm = model if isinstance(model, PRM) else PRM.create(model, seed=args.seed)
        self.prm.target = target
        reads = _reads(self.prm)
        examples, counts, samples = prepare(train_dataset, self.prm.encoder, **reads)
        report(counts, "training labels")
        self.prm.labels = _meaning(samples, counts, self.prm, target)
        if balance:
            examples = [examples[i] for i in balanced([_has_wrong(one) for one in examples], seed=args.seed)]
        held = None
        if eval_dataset is not None:
            held, held_counts, _ = prepare(eval_dataset, self.prm.encoder, **reads)
            report(held_counts, "evaluation labels")
        self.batch_tokens = batch_tokens
        self.wrong_weight = _class_weight(counts) if wrong_weight == "balanced" else float(wrong_weight)
        if peft_config is not None:
            wrapped = replace(peft_config, task_type="TOKEN_CLS")
            with torch.random.fork_rng():
                torch.manual_seed(args.seed)
                self.prm.module.network = get_peft_model(self.prm.module.network, wrapped)
        self.packed = layout == "auto" and _pays(self.prm, examples)
        super().__init__(
            model=self.prm.module,
            args=args,
            train_dataset=_with_features(self.prm, examples),
            eval_dataset=None if held is None else _with_features(self.prm, held),
            data_collator=self._collate,
            **given,
        )

    def _collate(self, examples: list[Example]) -> Batch:
        return collate(examples, pad=self.prm.pad)

    def _pack(self, examples: list[Example]) -> dict[str, Any]:
        forest = grow([one.encoded.ids for one in examples], groups=problems(examples))
        return {**collate_forest(examples, forest), "forest": forest}

    def get_train_dataloader(self) -> DataLoader:
        """Batches by token budget, in a new order in every epoch; each process takes its own."""
        examples: list[Example] = self.train_dataset
        dealt = {
            "seed": self.args.data_seed if self.args.data_seed is not None else self.args.seed,
            "processes": self.args.world_size,
            "rank": self.args.process_index,
        }
        if self.packed:
            rows = [one.encoded.ids for one in examples]
            budget = self.batch_tokens or self.args.train_batch_size * max(map(len, rows))
            sampler = TreeBatches(rows, problems(examples), budget, **dealt)
        else:
            lengths = [len(one) for one in examples]
            sampler = TokenBatches(lengths, self.batch_tokens, rows=self.args.train_batch_size, **dealt)
        return _Loader(
            examples,
            batch_sampler=sampler,
            collate_fn=self._pack if self.packed else self._collate,
            num_workers=self.args.dataloader_num_workers,
            pin_memory=self.args.dataloader_pin_memory and torch.cuda.is_available(),
        )

    def compute_loss(
        self,
        model: Any,
        inputs: Batch,
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | None = None,
    ) -> Any:
        """Loss of one micro-batch, divided by the weight of all labelled steps of the update.

        Raises:
            CheckpointError: The loss is NaN or infinite.
        """
        logits = model(**_given(inputs))
        weights = self._weights(inputs)
        loss = self._loss(logits, inputs["labels"], weights)
        loss = loss / (weights.sum() if num_items_in_batch is None else num_items_in_batch).clamp(min=1e-8)
        if not torch.isfinite(loss):
            raise CheckpointError(
                f"the loss is {loss.item()} at update {self.state.global_step}",
                do="lower the learning rate, or train in float32; resume from the last checkpoint",
                field="loss",
            )
        return (loss, logits) if return_outputs else loss

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: Any = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """Loss, AUROC of wrong against right steps, and accuracy at 0.5, over labelled steps.

        Raises:
            ConfigError: There is nothing to evaluate on.
        """
        examples = self.eval_dataset
        if eval_dataset is not None:
            held, _, _ = prepare(eval_dataset, self.prm.encoder, **_reads(self.prm))
            examples = _with_features(self.prm, held)
        if examples is None:
            raise ConfigError("nothing to evaluate on", do="pass eval_dataset=", field="eval_dataset")
        figures = {f"{metric_key_prefix}_{name}": value for name, value in self._judge(examples).items()}
        self.log(figures)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, figures)
        return figures

    @torch.inference_mode()
    def _judge(self, examples: list[Example]) -> dict[str, float]:
        module = self.prm.module.eval()
        total, weight, values, labels = 0.0, 0.0, [], []
        for group in plan([len(example) for example in examples], budget=self.prm.batch_tokens):
            batch = self._prepare_inputs(self._collate([examples[i] for i in group.members]))
            logits = module(**_given(batch)).float()
            weights = self._weights(batch)
            total += float(self._loss(logits, batch["labels"], weights))
            weight += float(weights.sum())
            read = link(logits, self.prm.spec.link, positive=self.prm.spec.positive)
            values += read[batch["labelled"]].tolist()
            labels += batch["labels"][batch["labelled"]].tolist()
        middle = 0.5 if self.prm.spec.kind == "correct" else 0.0
        right = [label > middle for label in labels]
        figures = {
            "loss": total / max(weight, 1e-8),
            "accuracy": sum((v > middle) == r for v, r in zip(values, right, strict=True)) / len(right),
            "steps": float(len(right)),
        }
        if 0 < sum(right) < len(right):
            figures["auroc"] = auroc(values, [float(r) for r in right])
        return figures

    def _weights(self, batch: Batch) -> torch.Tensor:
        return effective_weights(batch["labels"], batch["weights"], batch["labelled"], self.wrong_weight)

    def _loss(self, logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        logit = step_logit(logits, self.prm.spec.positive)
        kind = self.prm.labels["kind"]
        return (cross_entropy if kind == "correct" else squared_error)(logit, labels, weights)

    def _get_num_items_in_batch(self, batch_samples: list[Batch], device: Any) -> torch.Tensor | None:
        if not batch_samples:
            return None
        weight = torch.stack([self._weights(batch).sum() for batch in batch_samples]).sum().to(device)
        if self.args.average_tokens_across_devices and self.args.world_size > 1:
            # Gradients are averaged over processes, so each divides by the mean weight.
            weight = self.accelerator.gather(weight).sum() / self.args.world_size
        return weight

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        folder = Path(output_dir or self.args.output_dir)
        self.prm.save(folder)
        if hasattr(self.prm.module.network, "merge_and_unload"):
            (folder / ADAPTER).mkdir(exist_ok=True)
            save_file(_trainable(self.prm), folder / ADAPTER / WEIGHTS)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        folder = Path(resume_from_checkpoint)
        module = self.prm.module
        try:
            if (folder / ADAPTER).is_dir():
                module.load_state_dict(load_file(folder / ADAPTER / WEIGHTS), strict=False)
            else:
                stored = load_weights(
                    AutoModelForTokenClassification, folder, dtype=module.network.dtype, whole=True
                )
                module.network.load_state_dict(stored.state_dict())
                if module.surprisal is not None:
                    module.surprisal.load_state_dict(load_file(folder / SURPRISAL))
        except (OSError, RuntimeError, ValueError) as error:
            raise CheckpointError(
                f"training cannot go on from here: {str(error)[:300]}",
                do="give a checkpoint folder of this very model, or start anew",
                file=folder,
            ) from error
        check_finite(module, folder)

    def _load_best_model(self) -> None:
        self._load_from_checkpoint(self.state.best_model_checkpoint)


class _Loader(DataLoader):
    """Batches whose sampler follows the epoch."""

    def set_epoch(self, epoch: int) -> None:
        self.batch_sampler.set_epoch(epoch)


def _given(batch: dict[str, Any]) -> dict[str, Any]:
    """What the module takes of a batch, padded or packed."""
    if "forest" not in batch:
        return {name: batch[name] for name in INPUTS if name in batch}
    made = plan_blocks(batch["forest"], device=batch["input_ids"].device)
    taken = (*INPUTS, "position_ids")
    return {**{name: batch[name] for name in taken if name in batch}, "forest": made}


def problems(examples: Sequence[Example]) -> list[int]:
    """Number of the problem of each example: what stands before the first step is the same."""
    known: dict[tuple[int, ...], int] = {}
    heads = [(one.encoded.solution, *one.encoded.ids[: one.encoded.solution]) for one in examples]
    return [known.setdefault(head, len(known)) for head in heads]


def _pays(prm: PRM, examples: Sequence[Example]) -> bool:
    """Whether packing saves work on these examples."""
    if prm.module.shape is None:
        log.info("this backbone reads solutions one by one")
        return False
    groups = choose([one.encoded for one in examples], budget=prm.batch_tokens, shape=prm.module.shape)
    packed = sum(group.cost for group in groups)
    flat = sum(group.instead or group.cost for group in groups)
    tokens, computed = sum(map(len, examples)), sum(group.tokens for group in groups)
    log.info("%d tokens, %d with shared beginnings once: %.2f of the work", tokens, computed, packed / flat)
    return packed < flat


def _trainable(prm: PRM) -> dict[str, torch.Tensor]:
    return {
        name: one.detach().cpu().contiguous()
        for name, one in prm.module.named_parameters()
        if one.requires_grad
    }


def _with_features(prm: PRM, examples: list[Example]) -> list[Example]:
    """The same examples with the frozen policy's features, computed once for the whole training."""
    if prm.policy is None:
        return examples
    features = prm.policy.features([one.encoded for one in examples], batch_tokens=prm.batch_tokens)
    return [replace(one, features=found) for one, found in zip(examples, features, strict=True)]


def _reads(prm: PRM) -> dict[str, Any]:
    """How solutions become examples. A causal model sees nothing behind a step in any view."""
    causal = prm.module.causal
    return {"target": prm.target, "causal": causal, "view": "solution" if causal else prm.spec.view}


def _has_wrong(example: Example) -> bool:
    return any(label is not None and label < 0.5 for label in example.labels)


def _class_weight(counts: LabelCounts) -> float:
    if not counts.wrong or not counts.right:
        raise ConfigError(
            f"{counts.right} right and {counts.wrong} wrong labels cannot be balanced",
            do="give wrong_weight as a number",
            field="wrong_weight",
        )
    return counts.right / counts.wrong


def _meaning(samples: list[Sample], counts: LabelCounts, prm: PRM, target: Target) -> dict[str, Any]:
    """What the labels are, for the PRM's card.

    Raises:
        ConfigError: Several kinds at once, or a kind that the head does not learn.
    """
    found = [sample.labels for sample in samples if sample.labels is not None and target == "steps"]
    kinds = sorted({labels.kind for labels in found}) or ["correct"]
    probability = prm.spec.link != "raw"
    if len(kinds) > 1 or (kinds == ["correct"]) != probability:
        raise ConfigError(
            f"labels of kind {' and '.join(kinds)} for a head read by {prm.spec.link!r}",
            do="train 'correct' labels with a softmax or sigmoid link, others with head 'scalar' and 'raw'",
            field="kind",
        )
    return {
        "kind": kinds[0],
        "target": target,
        "conventions": sorted({labels.convention for labels in found}),
        "labelers": sorted({labels.labeler for labels in found}),
        "counts": asdict(counts),
        "digest": digest_of(
            {"steps": sample.trajectory.digest, "targets": targets(sample, target)} for sample in samples
        )[:16],
    }
