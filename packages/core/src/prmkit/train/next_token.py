"""Training of rewards of next tokens: a language model whose output over the vocabulary is a reward of each.

Of every prefix only the token that was taken is learned. Every token of a labelled step has the step's label;
tokens that are never learned from keep a floor in use. Labels of kind ``value`` and ``progress`` are learned
by their squared error, as published. Those of kind ``correct`` are learned as log-odds.

Source:
    Saffron-1 (arXiv 2506.06444): partial supervision, a trained bias of the vocabulary, conservative mask.
    Departures: the labels are those of steps, not a guard model's opinion of every prefix; cross-entropy
    for labels in [0, 1].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn
from transformers import AutoModelForCausalLM

from prmkit.cards import PRMSpec
from prmkit.encode.blocks import Plan
from prmkit.encode.collate import Example
from prmkit.encode.tokenise import Encoder
from prmkit.errors import ConfigError
from prmkit.model.classifier import StepClassifier
from prmkit.model.folder import load_tokenizer, load_weights
from prmkit.model.heads import LEARNS, HeadOptions
from prmkit.model.next_token import NextTokenPRM, save_next_token
from prmkit.model.public import VOCABULARY
from prmkit.model.tensors import Tensors
from prmkit.tensors import expect
from prmkit.train.losses import seen_tokens
from prmkit.types import Json, Threshold


def next_token_spec(kind: str = "correct") -> PRMSpec:
    """How text reaches a model that is trained here, and what its rewards are, for labels of ``kind``.

    Raises:
        ConfigError: Nothing learns such labels.

    Examples:
        >>> next_token_spec("value").link, next_token_spec().link
        ('raw', 'sigmoid')
    """
    links = {"correct": "sigmoid", "value": "raw", "progress": "raw"}
    if kind not in links:
        raise ConfigError(f"no labels of kind {kind!r}", do=f"use {', '.join(links)}", field="kind")
    return PRMSpec(
        separator="\n",
        marker="",
        head="next_token",
        tensors="unseen_mask",
        link=links[kind],  # type: ignore[arg-type]
        kind=kind,  # type: ignore[arg-type]
        threshold=Threshold(0.5 if kind == "correct" else 0.0, "fixed"),
    )


class NextTokenModule(StepClassifier):
    """A causal model and a bias of its vocabulary: the reward of each marked token, given those before it.

    Args:
        network: The language model.
    """

    def __init__(self, network: Any) -> None:
        super().__init__(network, causal=True)
        weight = network.get_output_embeddings().weight
        self.bias = nn.Parameter(torch.zeros(len(weight), dtype=weight.dtype, device=weight.device))

    def forward(
        self,
        input_ids: torch.Tensor,
        marks: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        solution: torch.Tensor | None = None,
        features: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        forest: Plan | None = None,
        marked: torch.Tensor | None = None,
        before: torch.Tensor | None = None,
        paths: torch.Tensor | None = None,
        owners: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Reward of each marked token; no other entry of the vocabulary is computed.

        Args:
            input_ids: Tokens; with ``forest`` a packed one.
            marks: Tokens whose reward is wanted.
            attention_mask: Not read: pads stand on the right, where a causal model does not see them.
            solution: Not read.
            features: Not read.
            position_ids: Read with ``forest`` only.
            forest: Blocks of the packed forest that the one row is.
            marked: Not read.
            before: With ``forest``: the token before each.
            paths: Not read.
            owners: Not read.

        Shapes:
            input_ids, attention_mask, solution, position_ids, before: (B, S). marks, marked: (B, K).
            features: (B, S, F). paths: (N, T). owners: (1, K). result: (B, K, 1).
        """
        expect(marks, "B K", expect(input_ids, "B S"), name="marks")
        hidden = self.states(input_ids, position_ids, forest)
        behind = marks - 1 if before is None else before.gather(1, marks)
        vectors = hidden.gather(1, behind.clamp(min=0)[..., None].expand(-1, -1, hidden.shape[-1]))
        tokens = input_ids.gather(1, marks)
        rows = self.network.get_output_embeddings().weight[tokens]
        return ((vectors * rows).sum(-1) + self.bias[tokens])[..., None]


@dataclass(eq=False)
class NextToken:
    """Rewards of next tokens in training: what ``PRMTrainer`` takes in place of a ``PRM``.

    Examples:
        >>> rewards = NextToken.create("models/policy")                       # doctest: +SKIP
        >>> PRMTrainer(rewards, args, samples).train()                        # doctest: +SKIP
    """

    module: NextTokenModule
    tokenizer: Any
    spec: PRMSpec
    unseen: torch.Tensor
    """Tokens of the vocabulary that were never learned from, (V)."""
    labels: dict[str, Json] = field(default_factory=dict)
    target: Literal["steps", "outcome"] = "steps"
    max_tokens: int | None = None
    batch_tokens: int = 1 << 12
    digest: str = ""
    head = "scalar"
    options = HeadOptions()
    policy = None

    @classmethod
    def create(
        cls,
        folder: str | Path,
        spec: PRMSpec | None = None,
        *,
        dtype: str = "float32",
        device: str = "cpu",
    ) -> NextToken:
        """A language model before training: a reward is the logit of the token.

        Args:
            folder: A causal language model.
            spec: How text is fed and what the labels are; None takes ``next_token_spec()``.
            dtype: Floating type of the weights.
            device: Where the model runs.

        Raises:
            CheckpointError: The folder cannot be read.
            ConfigError: The spec is of another head, or the model does more than multiply by its matrix.
        """
        spec = spec or next_token_spec()
        if spec.head != "next_token" or spec.link not in LEARNS:
            raise ConfigError(
                f"a spec with head {spec.head!r} and link {spec.link!r} for rewards of next tokens",
                do="leave spec out, or take next_token_spec()",
                field="head",
            )
        network = load_weights(AutoModelForCausalLM, folder, dtype=dtype, whole=True).to(device)
        _check_plain(network)
        module = NextTokenModule(network).eval()
        return cls(module, load_tokenizer(folder), spec, torch.ones(len(module.bias), dtype=torch.bool))

    @property
    def prm(self) -> NextTokenPRM:
        """Scores with the model as it is by now."""
        module = self.module
        bias, unseen = module.bias.detach().float(), self.unseen.to(module.bias.device)
        known = (self.spec, self.tokenizer, module.network, bias, unseen)
        return NextTokenPRM(*known, self.digest, steps=True, max_tokens=self.max_tokens)

    @property
    def encoder(self) -> Encoder:
        """What turns solutions into tokens; never more than the model reads."""
        return self.prm.encoder

    @property
    def pad(self) -> int:
        """Token that fills short rows."""
        return self.tokenizer.pad_token_id or 0

    def spread(self, examples: Sequence[Example]) -> list[Example]:
        """The same solutions with the label of each step on every token of it."""
        return [_spread(one) for one in examples]

    def saw(self, examples: Sequence[Example]) -> None:
        """Note which tokens are learned from."""
        size = len(self.unseen)
        seen = torch.zeros(size, dtype=torch.bool)
        for one in examples:
            places = [
                place for place, label in zip(one.encoded.marks, one.labels, strict=True) if label is not None
            ]
            tokens = torch.tensor([[one.encoded.ids[place] for place in places if place is not None]])
            seen |= seen_tokens(tokens, torch.ones_like(tokens, dtype=torch.bool), size)
        self.unseen = ~seen
        self.labels = {**self.labels, "tokens": int(seen.sum())}

    def restore(self, folder: Path) -> None:
        """The bias of a checkpoint."""
        with torch.no_grad():
            self.module.bias.copy_(Tensors(folder).get(f"{VOCABULARY}.bias"))

    def save(self, folder: str | Path) -> Path:
        """Write a folder that ``load_prm`` and ``AutoModelForCausalLM`` open.

        Raises:
            StorageError: The folder cannot be written.
        """
        self.digest = save_next_token(self.prm, Path(folder), self.labels)
        return Path(folder)


def _spread(example: Example) -> Example:
    marks: list[int | None] = []
    labels: list[float | None] = []
    weights: list[float] = []
    start = max(example.encoded.solution, 1)  # nothing stands before the first token of all
    for step, place in enumerate(example.encoded.marks):
        if place is None:
            continue
        stretch = range(start, place + 1)
        marks += stretch
        labels += [example.labels[step]] * len(stretch)
        weights += [example.weights[step] if example.weights else 1.0] * len(stretch)
        start = place + 1
    encoded = replace(example.encoded, marks=tuple(marks))
    return replace(example, encoded=encoded, labels=tuple(labels), weights=tuple(weights))


def _check_plain(network: Any) -> None:
    """Refuse a model whose logits are no plain products: their rows alone would not be its rewards."""
    ids = torch.tensor([[1, 2, 3]], device=network.device) % network.config.vocab_size
    with torch.no_grad():
        module = NextTokenModule(network).eval()
        alone = module(ids, ids.new_tensor([[2]]))[0, 0, 0]
        whole = network(input_ids=ids).logits[0, 1, ids[0, 2]]
    if not torch.allclose(alone.float(), whole.float(), rtol=1e-2, atol=1e-3):
        raise ConfigError(
            f"a {network.config.model_type!r} model bends or shifts its logits",
            do="take a language model whose logits are hidden states times the vocabulary matrix",
            field="backbone",
        )
