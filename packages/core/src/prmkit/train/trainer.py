"""The trainer: ``transformers.Trainer`` fed with records, saving PRM folders."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch
from peft import PeftConfig, get_peft_model
from safetensors.torch import load_file, save_file
from torch.utils.data import DataLoader
from transformers import (
    AutoModelForCausalLM,
    AutoModelForTokenClassification,
    Trainer,
    TrainingArguments,
)
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from prmkit.encode.blocks import plan as plan_blocks
from prmkit.encode.collate import Batch, Example, collate, collate_forest, token_paths
from prmkit.encode.forest import grow
from prmkit.encode.layout import choose, plan
from prmkit.encode.sample import TokenBatches, TreeBatches, balanced
from prmkit.errors import CheckpointError, ConfigError
from prmkit.model.extra import FILES, put
from prmkit.model.folder import check_finite, load_weights
from prmkit.model.heads import RANGES, read
from prmkit.model.prm import PRM
from prmkit.model.reading import INPUTS
from prmkit.train.examples import prepare, report
from prmkit.train.implicit import Implicit, Ratio, check_ratio, mismatched
from prmkit.train.losses import kto_baseline
from prmkit.train.meaning import class_weight, compared, drawn, meaning, ordered, told_apart
from prmkit.train.next_token import NextToken
from prmkit.train.objectives import COMPARED, RATIO, How, own, rewards
from prmkit.train.preference import Comparison, GroupBatches, compare, report_groups
from prmkit.train.shards import whole
from prmkit.train.targets import Target, lesson

log = logging.getLogger(__name__)
WEIGHTS, ADAPTER, OTHER = "model.safetensors", "adapter", "other_"


class PRMTrainer(Trainer):
    """Trains a PRM, an outcome model (``target="outcome"``) or a reward model of compared solutions.

    Every checkpoint is a PRM folder that ``load_prm`` opens. The loss is divided by the weight of the
    labelled steps of a whole update, so gradient accumulation changes nothing.

    Args:
        model: The PRM, a log-ratio PRM, rewards of next tokens, or the folder of a backbone to put a
            binary head on.
        args: Arguments of transformers; batches follow ``batch_tokens`` unless that is None.
        train_dataset: Samples with labels, or rows ``{"prompt", "completions", "labels"}``; with an
            objective that compares, see ``preference.compare``.
        eval_dataset: The same, for ``evaluate``.
        target: What is learned: the label of each step, or the outcome at the last one.
        until_first_error: Learn the labels of the steps up to and including the first wrong one (its label
            is below one half), and none behind it.
        objective: ``pairwise`` (Bradley-Terry) or ``listwise`` compares whole solutions by the output at
            their last step; empty learns labels as the head does. A log-ratio PRM has ``ce`` and ``kto``
            (outcomes), ``dpo`` and ``nca`` (pairs) in place of these.
        wrong_weight: Loss weight of a wrong step against a right one; ``"balanced"`` gives both
            classes the same total weight.
        balance: Train on as many solutions with a wrong step as without one.
        mixture: Share of each domain in the examples (groups, where solutions are compared) that are trained
            on; their number stays, those of a domain that has too few are repeated. None takes them as
            they are.
        layout: ``auto`` reads what solutions of a problem begin with once, where the backbone can and it
            saves work: the loss and its gradient are those of the rows. Such a batch holds the solutions
            of few problems; ``rows`` mixes solutions of similar length.
        batch_tokens: Tokens of a batch, pads included; None takes ``per_device_train_batch_size`` rows.
        peft_config: Trains adapters instead of the backbone; saved folders have them merged.
        **given: Passed on to ``transformers.Trainer`` (callbacks, optimizers, ...).

    Raises:
        RecordError: A row is malformed, or no label reaches the model.
        ConfigError: Labels of a kind that the PRM's head does not learn, or of several kinds, or settings
            that do not go together.
    """

    def __init__(
        self,
        model: PRM | Implicit | NextToken | str | Path,
        args: TrainingArguments,
        train_dataset: Iterable[Any],
        eval_dataset: Iterable[Any] | None = None,
        *,
        target: Target = "steps",
        until_first_error: bool = False,
        objective: Literal["", Comparison, Ratio] = "",
        wrong_weight: float | Literal["balanced"] = 1.0,
        balance: bool = False,
        mixture: Mapping[str, float] | None = None,
        layout: Literal["auto", "rows"] = "rows",
        batch_tokens: int | None = 1 << 12,
        peft_config: PeftConfig | None = None,
        **given: Any,
    ) -> None:
        self.prm = PRM.create(model, seed=args.seed) if isinstance(model, str | Path) else model
        self.prm.target = "outcome" if objective else target
        self.goal, self.compares, self.baseline = objective, _comparison(self.prm, objective), None
        self.until_first_error = until_first_error
        examples, domains = self._taught(train_dataset, wrong_weight)
        if balance:
            if self.compares:
                raise ConfigError(
                    "compared solutions are balanced as they are", do="leave balance out", field="balance"
                )
            kept = balanced([_has_wrong(one) for one in examples], seed=args.seed)
            examples, domains = [examples[i] for i in kept], [domains[i] for i in kept]
        if mixture:
            examples, told = drawn(examples, domains, mixture, seed=args.seed)
            log.info("domains: %s", told)
            self.prm.labels = {**self.prm.labels, "domains": told}
        held = None if eval_dataset is None else self._held(eval_dataset)
        self.batch_tokens = batch_tokens
        if peft_config is not None:
            kind = "TOKEN_CLS" if isinstance(self.prm, PRM) else "CAUSAL_LM"
            wrapped = replace(peft_config, task_type=kind)
            with torch.random.fork_rng():
                torch.manual_seed(args.seed)
                self.prm.module.network = get_peft_model(self.prm.module.network, wrapped)
        self.packed = layout == "auto" and _pays(self.prm, examples)
        super().__init__(
            model=self.prm.module,
            args=args,
            train_dataset=_with_features(self.prm, examples),
            eval_dataset=held,
            data_collator=self._collate,
            **given,
        )

    def _taught(self, rows: Iterable[Any], wrong_weight: float | str) -> tuple[list[Example], list[str]]:
        """Examples and the domain of each; sets the objective and what the PRM's card says of labels."""
        prm = self.prm
        if self.compares:
            examples, domains = self._compared(rows)
            self.objective, self.wrong_weight = {**COMPARED, **RATIO}[self.goal], 1.0
            if wrong_weight != 1:
                raise ConfigError(
                    "compared solutions have no classes to weigh",
                    do="leave wrong_weight out",
                    field="wrong_weight",
                )
            return examples, domains
        how = self._reads()
        examples, counts, samples = prepare(rows, prm.encoder, **how)
        report(counts, "training labels")
        prm.labels = meaning(samples, counts, prm, how["teach"])
        if self.until_first_error:
            prm.labels = {**prm.labels, "conventions": ["until_first_error"]}
        kind = str(prm.labels["kind"])
        self.objective = RATIO[self.goal] if self.goal else own(prm.head, kind)
        self.wrong_weight = class_weight(counts, kind, wrong_weight)
        if self.goal:
            prm.labels = {**prm.labels, "objective": self.goal}
        if isinstance(prm, NextToken):
            examples = prm.spread(examples)
            prm.saw(examples)
        return self._opposed(examples), [sample.problem.domain for sample in samples]

    def _compared(self, rows: Iterable[Any]) -> tuple[list[Example], list[str]]:
        prm = self.prm
        examples, counts, found = compare(rows, prm.encoder, self.compares, causal=prm.module.causal)
        report_groups(counts, "training comparisons")
        prm.labels = compared(examples, counts, prm, self.goal)
        return examples, [problem.domain for problem in found]

    def _held(self, rows: Iterable[Any]) -> list[Example]:
        """Examples to evaluate on."""
        prm = self.prm
        if self.compares:
            examples, counts, _ = compare(rows, prm.encoder, self.compares, causal=prm.module.causal)
            report_groups(counts, "evaluation comparisons")
        else:
            examples, told, _ = prepare(rows, prm.encoder, **self._reads())
            report(told, "evaluation labels")
            examples = self._opposed(prm.spread(examples) if isinstance(prm, NextToken) else examples)
        return _with_features(prm, examples)

    def _reads(self) -> dict[str, Any]:
        """How solutions become examples. A causal model sees nothing behind a step in any view."""
        prm = self.prm
        stop = self.until_first_error
        teach = lesson(prm.head, prm.spec, prm.options, prm.target, until_first_error=stop)
        causal = prm.module.causal
        return {"teach": teach, "causal": causal, "view": "solution" if causal else prm.spec.view}

    def _opposed(self, examples: list[Example]) -> list[Example]:
        """The examples; for ``kto`` each with its problem's mismatched solution."""
        if self.goal != "kto":
            return examples
        others = _with_features(self.prm, mismatched(examples, problems(examples)))
        return [replace(one, other=other) for one, other in zip(examples, others, strict=True)]

    def _collate(self, examples: list[Example]) -> Batch:
        return {**collate(examples, pad=self.prm.pad), **self._others(examples)}

    def _pack(self, examples: list[Example]) -> dict[str, Any]:
        forest = grow([one.encoded.ids for one in examples], groups=problems(examples))
        batch = {**collate_forest(examples, forest), **self._others(examples), "forest": forest}
        return batch if isinstance(self.prm, PRM) else {**batch, **token_paths(examples, forest)}

    def _others(self, examples: list[Example]) -> Batch:
        """The examples' mismatched solutions, where they have such."""
        others = [one.other for one in examples if one.other is not None]
        told = collate(others, pad=self.prm.pad) if others else {}
        return {OTHER + name: one for name, one in told.items()}

    def get_train_dataloader(self) -> DataLoader:
        """Batches by token budget, in a new order in every epoch; each process takes its own."""
        examples: list[Example] = self.train_dataset
        dealt = {
            "seed": self.args.data_seed if self.args.data_seed is not None else self.args.seed,
            "processes": self.args.world_size,
            "rank": self.args.process_index,
        }
        if self.compares:
            budget = self.batch_tokens or self.args.train_batch_size * max(map(len, examples))
            sampler: TokenBatches = GroupBatches(examples, budget, packed=self.packed, **dealt)
        elif self.packed:
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
        """Loss of one micro-batch, its sums divided by the weights of the whole update.

        Raises:
            CheckpointError: The loss is NaN or infinite.
        """
        logits = model(**_given(inputs))
        weights = (
            self.objective.weights(inputs, self.how) if num_items_in_batch is None else num_items_in_batch
        )
        loss = self.objective.total(self.objective.sums(logits, inputs, self.how), weights, self.how)
        check_loss(loss, self.state.global_step)
        return (loss, logits) if return_outputs else loss

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: Any = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """Loss, AUROC of wrong against right steps, and accuracy in the middle, over labelled steps.

        Where solutions are compared: loss, and the share of right order among pairs of right and wrong.

        Raises:
            ConfigError: There is nothing to evaluate on.
        """
        examples = self.eval_dataset
        if eval_dataset is not None:
            examples = self._held(eval_dataset)
        if examples is None:
            raise ConfigError("nothing to evaluate on", do="pass eval_dataset=", field="eval_dataset")
        figures = {f"{metric_key_prefix}_{name}": value for name, value in self._judge(examples).items()}
        self.log(figures)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, figures)
        return figures

    @torch.inference_mode()
    def _judge(self, examples: list[Example]) -> dict[str, float]:
        module = self.prm.module.eval()
        sums: list[torch.Tensor] = []
        weights: list[torch.Tensor] = []
        values: list[float] = []
        labels: list[float] = []
        members: list[int | None] = []
        portions = [[examples[i] for i in group] for group in self._portions(examples)]
        if self.goal == "kto":
            self.baseline = self._measured([self._collate(mine) for mine in portions])
        for mine in portions:
            batch = self._prepare_inputs(self._collate(mine))
            logits = module(**_given(batch)).float()
            sums.append(self.objective.sums(logits, batch, self.how))
            weights.append(self.objective.weights(batch, self.how))
            values += self._values(logits, batch).tolist()
            labels += batch["labels"][batch["labelled"]].tolist()
            members += [one.group for one in mine]
        total = self.objective.total(torch.stack(sums).sum(0), torch.stack(weights).sum(0), self.how)
        if self.compares:
            return {"loss": float(total), **ordered(values, labels, members)}
        return {
            "loss": float(total),
            **told_apart(values, labels, RANGES[self.prm.spec.link], self.prm.labels),
        }

    def _values(self, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        if self.compares:
            return rewards(logits, batch, self.how)
        return read(logits[batch["labelled"]], self.prm.head, self.prm.spec, self.prm.options).values

    def _portions(self, examples: list[Example]) -> Iterator[Sequence[int]]:
        """Positions of examples that are evaluated together."""
        if self.compares:
            return iter(GroupBatches(examples, self.prm.batch_tokens))
        return (one.members for one in plan([len(one) for one in examples], budget=self.prm.batch_tokens))

    @property
    def how(self) -> How:
        """Settings that the objective reads."""
        return How(self.prm.spec, self.prm.options, self.wrong_weight, self.baseline)

    @torch.no_grad()
    def _measured(self, batches: Sequence[Batch]) -> torch.Tensor:
        """The baseline of ``kto`` over the batches of an update, of all processes together."""
        module, sums, weights = self.prm.module, [], []
        training = module.training
        module.eval()
        for batch in map(self._prepare_inputs, batches):
            other = {name.removeprefix(OTHER): one for name, one in batch.items() if name.startswith(OTHER)}
            told, weight = module(**_given(other))[:, 0, 0], batch["weights"].sum(1)
            if "owners" in batch:
                weight = torch.zeros_like(told).index_add(0, batch["owners"][0], batch["weights"][0])
            sums.append((told * weight).sum())
            weights.append(weight.sum())
        module.train(training)
        total, weight = torch.stack(sums).sum()[None], torch.stack(weights).sum()[None]
        if self.args.world_size > 1:
            total, weight = self.accelerator.gather(total), self.accelerator.gather(weight)
        return kto_baseline(total / weight.clamp(min=1e-8), weight)

    def _get_num_items_in_batch(self, batch_samples: list[Batch], device: Any) -> torch.Tensor | None:
        if not batch_samples:
            return None
        if self.goal == "kto":
            self.baseline = self._measured(batch_samples)
        each = [self.objective.weights(batch, self.how) for batch in batch_samples]
        weight = torch.stack(each).sum(0).to(device)
        if self.args.average_tokens_across_devices and self.args.world_size > 1:
            # Gradients are averaged over processes, so each divides by the mean weight.
            weight = self.accelerator.gather(weight[None]).sum(0) / self.args.world_size
        return weight

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        if not self.args.should_save:
            return  # of sharded weights every process is asked, since all had to give theirs
        folder = Path(output_dir or self.args.output_dir)
        with whole(self.prm.module, state_dict) if self.is_fsdp_enabled else nullcontext():
            self._write(folder)

    def _write(self, folder: Path) -> None:
        if isinstance(self.prm, Implicit) and folder.name.startswith(PREFIX_CHECKPOINT_DIR):
            self.prm.save(folder, reference="link")
        else:
            self.prm.save(folder)
        if hasattr(self.prm.module.network, "merge_and_unload"):
            (folder / ADAPTER).mkdir(exist_ok=True)
            save_file(_trainable(self.prm), folder / ADAPTER / WEIGHTS)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        if self.is_fsdp_enabled:
            super()._load_from_checkpoint(resume_from_checkpoint, model)
            return
        folder = Path(resume_from_checkpoint)
        module = self.prm.module
        try:
            if (folder / ADAPTER).is_dir():
                module.load_state_dict(load_file(folder / ADAPTER / WEIGHTS), strict=False)
            else:
                own = isinstance(self.prm, PRM)
                auto = AutoModelForTokenClassification if own else AutoModelForCausalLM
                stored = load_weights(auto, folder, dtype=module.network.dtype, whole=True)
                module.network.load_state_dict(stored.state_dict())
                for name, file in FILES.items():
                    if getattr(module, name) is not None:
                        put(getattr(module, name), folder / file)
                if isinstance(self.prm, NextToken):
                    self.prm.restore(folder)
        except (OSError, RuntimeError, ValueError) as error:
            raise CheckpointError(
                f"training cannot go on from here: {str(error)[:300]}",
                do="give a checkpoint folder of this very model, or start anew",
                file=folder,
            ) from error
        check_finite(module, folder)

    def _load_best_model(self) -> None:
        self._load_from_checkpoint(self.state.best_model_checkpoint)


def check_loss(loss: torch.Tensor, update: int) -> None:
    """Stop a training that diverged.

    Shapes:
        loss: ().

    Raises:
        CheckpointError: The loss is NaN or infinite.
    """
    if not torch.isfinite(loss):
        raise CheckpointError(
            f"the loss is {loss.item()} at update {update}",
            do="lower the learning rate, or train in float32; resume from the last checkpoint",
            field="loss",
        )


class _Loader(DataLoader):
    """Batches whose sampler follows the epoch."""

    def set_epoch(self, epoch: int) -> None:
        self.batch_sampler.set_epoch(epoch)


def _given(batch: dict[str, Any]) -> dict[str, Any]:
    """What the module takes of a batch, padded or packed."""
    if "forest" not in batch:
        return {name: batch[name] for name in INPUTS if name in batch}
    made = plan_blocks(batch["forest"], device=batch["input_ids"].device)
    taken = (*INPUTS, "position_ids", "before", "paths", "owners")
    return {**{name: batch[name] for name in taken if name in batch}, "forest": made}


def problems(examples: Sequence[Example]) -> list[int]:
    """Number of the problem of each example: what stands before the first step is the same."""
    known: dict[tuple[int, ...], int] = {}
    heads = [(one.encoded.solution, *one.encoded.ids[: one.encoded.solution]) for one in examples]
    return [known.setdefault(head, len(known)) for head in heads]


def _pays(prm: PRM | Implicit | NextToken, examples: Sequence[Example]) -> bool:
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


def _trainable(prm: PRM | Implicit | NextToken) -> dict[str, torch.Tensor]:
    return {
        name: one.detach().cpu().contiguous()
        for name, one in prm.module.named_parameters()
        if one.requires_grad
    }


def _with_features(prm: PRM | Implicit | NextToken, examples: list[Example]) -> list[Example]:
    """The same examples with the frozen policy's features, computed once for the whole training."""
    if prm.policy is None:
        return examples
    features = prm.policy.features([one.encoded for one in examples], batch_tokens=prm.batch_tokens)
    return [replace(one, features=found) for one, found in zip(examples, features, strict=True)]


def _comparison(prm: PRM | Implicit | NextToken, objective: str) -> Any:
    """How solutions are compared; empty where each is learned by itself."""
    if not isinstance(prm, Implicit):
        return objective
    return "pairwise" if check_ratio(objective) in ("dpo", "nca") else ""


def _has_wrong(example: Example) -> bool:
    return any(label is not None and label < 0.5 for label in example.labels)
