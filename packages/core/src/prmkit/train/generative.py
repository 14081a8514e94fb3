"""Training of generative PRMs: a causal model learns the words of verifications that were kept.

``transformers.Trainer`` underneath. Which verifications are worth learning is decided before, by
``prmkit.label.critiques``.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch
from peft import PeftConfig, get_peft_model
from safetensors.torch import load_file, save_file
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, Trainer, TrainingArguments

from prmkit.cards import PRMSpec
from prmkit.encode.sample import TokenBatches
from prmkit.errors import CheckpointError, ConfigError, RecordError
from prmkit.label.critiques import Judged
from prmkit.model.critic import save_critic
from prmkit.model.folder import check_finite, load_tokenizer, load_weights
from prmkit.model.spec import family
from prmkit.model.store import merged
from prmkit.train.critique_rows import Row, Rows, Variant, packed, padded, rows_of, variant_of
from prmkit.train.shards import filled
from prmkit.train.trainer import check_loss

log = logging.getLogger(__name__)
ADAPTER = "adapter"
WEIGHTS = "model.safetensors"
EXACT, HALF = 1e-4, 0.05
"""Relative differences of logits that are rounding still, in float32 and in half precision."""


class CriticTrainer(Trainer):
    """Trains a causal model to write verifications and decide; every checkpoint is a folder for ``load_prm``.

    The loss is the mean negative log-probability of the learned tokens of a whole update, so gradient
    accumulation, padding and packing change nothing.

    Args:
        model: Folder of a causal chat model, or a loaded one.
        args: Arguments of transformers; batches follow ``batch_tokens`` unless that is None.
        train_dataset: Verifications with their solutions.
        eval_dataset: The same, for ``evaluate``.
        tokenizer: Needed when ``model`` is a loaded model.
        spec: How the model is asked: a generative spec, or the name of its family.
        variant: ``gprm`` judges steps, ``gorm`` the whole solution only.
        layout: ``packed`` puts the rows of a batch behind each other, without pads.
        batch_tokens: Tokens of a batch, pads included; None takes ``per_device_train_batch_size`` rows.
        peft_config: Trains adapters instead of the model; saved folders have them merged.
        **given: Passed on to ``transformers.Trainer`` (callbacks, optimizers, ...).

    Raises:
        RecordError: No verification makes a row.
        ConfigError: The spec is not generative, or has no such variant; a loaded model without tokenizer;
            packed rows for a model that sees across them.
    """

    def __init__(
        self,
        model: str | Path | torch.nn.Module,
        args: TrainingArguments,
        train_dataset: Iterable[Judged],
        eval_dataset: Iterable[Judged] | None = None,
        *,
        tokenizer: Any = None,
        spec: PRMSpec | str = "thinkprm",
        variant: Variant = "gprm",
        layout: Literal["rows", "packed"] = "rows",
        batch_tokens: int | None = 1 << 13,
        peft_config: PeftConfig | None = None,
        **given: Any,
    ) -> None:
        network, self.tokenizer = _opened(model, tokenizer)
        self.spec = variant_of(family(spec).spec if isinstance(spec, str) else spec, variant)
        self.layout, self.batch_tokens = layout, batch_tokens
        self.longest = min(
            self.spec.max_tokens, getattr(network.config, "max_position_embeddings", None) or 1 << 30
        )
        made = self._rows(train_dataset, "training")
        self.counts = made.counts
        held = None if eval_dataset is None else self._rows(eval_dataset, "evaluation").rows
        if peft_config is not None:
            with torch.random.fork_rng():
                torch.manual_seed(args.seed)
                network = get_peft_model(network, replace(peft_config, task_type="CAUSAL_LM"))
        base = network.get_base_model() if peft_config is not None else network
        self._keeps = "logits_to_keep" in inspect.signature(base.forward).parameters
        super().__init__(
            model=network,
            args=args,
            train_dataset=made.rows,
            eval_dataset=held,
            data_collator=self._collate,
            **given,
        )
        if layout == "packed":
            self._check_packing()
        self.model_accepts_loss_kwargs = True  # the loss is divided by the learned tokens of the update

    def _rows(self, judged: Iterable[Judged], what: str) -> Rows:
        made = rows_of(judged, self.tokenizer, self.spec, longest=self.longest)
        log.info("%s rows: %s", what, ", ".join(f"{name} {value}" for name, value in made.counts.items()))
        if not made.rows:
            raise RecordError(
                f"no verification makes a row: {made.counts}",
                do="see prmkit.label.critiques for what is asked of them, or raise max_tokens",
                field="critique",
            )
        return made

    @torch.inference_mode()
    def _check_packing(self) -> None:
        """Some architectures do not see where a row ends: one is read alone, and behind another."""
        row: Row = min(self.train_dataset, key=lambda one: len(one.ids))
        before = Row(row.ids[::-1], (False,) * len(row.ids))
        self.model.eval()
        alone, behind = (
            token_loss(self.model, self._prepare_inputs(packed(rows)), keep=self._keeps)[2].float()
            for rows in ([row], [before, row])
        )
        exact = self.model.dtype == torch.float32 and not (self.args.bf16 or self.args.fp16)
        off = float((alone - behind).abs().max() / alone.abs().max())
        if off > (EXACT if exact else HALF):
            raise ConfigError(
                f"packed rows see each other in this model: logits differ by {off:.2%}",
                do="set layout to rows",
                field="layout",
            )

    def _collate(self, rows: list[Row]) -> dict[str, torch.Tensor]:
        if self.layout == "packed":
            return packed(rows)
        return padded(rows, pad=self.tokenizer.pad_token_id or 0)

    def get_train_dataloader(self) -> DataLoader:
        """Batches by token budget, in a new order in every epoch; each process takes its own."""
        sampler = TokenBatches(
            [len(row.ids) for row in self.train_dataset],
            self.batch_tokens,
            rows=self.args.train_batch_size,
            seed=self.args.data_seed if self.args.data_seed is not None else self.args.seed,
            processes=self.args.world_size,
            rank=self.args.process_index,
        )
        return _Loader(self.train_dataset, batch_sampler=sampler, collate_fn=self._collate)

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | None = None,
    ) -> Any:
        """Loss of one micro-batch, divided by the learned tokens of the update.

        Raises:
            CheckpointError: The loss is NaN or infinite.
        """
        total, count, logits = token_loss(model, inputs, keep=self._keeps)
        loss = total / (count if num_items_in_batch is None else num_items_in_batch)
        check_loss(loss, self.state.global_step)
        return (loss, logits) if return_outputs else loss

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: Any = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """Mean negative log-probability of the learned tokens, and how many they are.

        Raises:
            ConfigError: There is nothing to evaluate on.
        """
        rows: Sequence[Row] | None = self.eval_dataset
        if eval_dataset is not None:
            rows = self._rows(eval_dataset, "evaluation").rows
        if rows is None:
            raise ConfigError("nothing to evaluate on", do="pass eval_dataset=", field="eval_dataset")
        self.model.eval()
        total, count = 0.0, 0
        with torch.inference_mode():
            for batch in TokenBatches([len(row.ids) for row in rows], self.batch_tokens or 1 << 13):
                inputs = self._prepare_inputs(self._collate([rows[i] for i in batch]))
                loss, learned, _ = token_loss(self.model, inputs, keep=self._keeps)
                total, count = total + float(loss), count + int(learned)
        figures = {f"{metric_key_prefix}_loss": total / count, f"{metric_key_prefix}_tokens": float(count)}
        self.log(figures)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, figures)
        return figures

    def _get_num_items_in_batch(
        self, batch_samples: list[dict[str, torch.Tensor]], device: Any
    ) -> torch.Tensor | None:
        if not batch_samples:
            return None
        count = torch.stack([batch["learned"].sum() for batch in batch_samples]).sum().to(device)
        if self.args.average_tokens_across_devices and self.args.world_size > 1:
            # Gradients are averaged over processes, so each divides by the mean count.
            count = self.accelerator.gather(count).sum() / self.args.world_size
        return count

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        if not self.args.should_save:
            return  # of sharded weights every process is asked, since all had to give theirs
        folder = Path(output_dir or self.args.output_dir)
        network = self.accelerator.unwrap_model(self.model)
        if self.is_fsdp_enabled:
            network = filled(network, state_dict)
        save_critic(merged(network), self.tokenizer, self.spec, folder, self.counts)
        if hasattr(network, "merge_and_unload"):
            (folder / ADAPTER).mkdir(exist_ok=True)
            save_file(_trainable(network), folder / ADAPTER / WEIGHTS)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        if self.is_fsdp_enabled:
            super()._load_from_checkpoint(resume_from_checkpoint, model)
            return
        folder = Path(resume_from_checkpoint)
        try:
            if (folder / ADAPTER).is_dir():
                self.model.load_state_dict(load_file(folder / ADAPTER / WEIGHTS), strict=False)
            else:
                stored = load_weights(AutoModelForCausalLM, folder, dtype=self.model.dtype, whole=True)
                self.model.load_state_dict(stored.state_dict())
        except (OSError, RuntimeError, ValueError) as error:
            raise CheckpointError(
                f"training cannot go on from here: {str(error)[:300]}",
                do="give a checkpoint folder of this very model, or start anew",
                file=folder,
            ) from error
        check_finite(self.model, folder)

    def _load_best_model(self) -> None:
        self._load_from_checkpoint(self.state.best_model_checkpoint)


def token_loss(
    model: Any, inputs: dict[str, torch.Tensor], *, keep: bool = True
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Summed negative log-probability of the learned tokens of a batch, and their number.

    Logits are computed only in columns where a learned token is predicted.

    Args:
        model: Causal model.
        inputs: As ``padded`` or ``packed`` made them.
        keep: Whether the model takes ``logits_to_keep``.

    Shapes:
        result: loss (), number (), logits (B, C, V) of the C columns read.
    """
    ids, learned = inputs["input_ids"], inputs["learned"][:, 1:]
    columns = learned.any(0).nonzero().squeeze(-1)
    read = {name: value for name, value in inputs.items() if name != "learned"}
    if keep:
        logits = model(**read, use_cache=False, logits_to_keep=columns).logits
    else:
        logits = model(**read, use_cache=False).logits[:, columns]
    wanted = learned[:, columns]
    loss = torch.nn.functional.cross_entropy(
        logits[wanted].float(), ids[:, 1:][:, columns][wanted], reduction="sum"
    )
    return loss, wanted.sum(), logits


class _Loader(DataLoader):
    """Batches whose sampler follows the epoch."""

    def set_epoch(self, epoch: int) -> None:
        self.batch_sampler.set_epoch(epoch)


def _opened(model: str | Path | torch.nn.Module, tokenizer: Any) -> tuple[torch.nn.Module, Any]:
    if isinstance(model, torch.nn.Module):
        if tokenizer is None:
            raise ConfigError("a loaded model needs its tokenizer", do="pass tokenizer=", field="tokenizer")
        return model, tokenizer
    return load_weights(AutoModelForCausalLM, model), tokenizer or load_tokenizer(model)


def _trainable(network: Any) -> dict[str, torch.Tensor]:
    return {
        name: one.detach().cpu().contiguous() for name, one in network.named_parameters() if one.requires_grad
    }
