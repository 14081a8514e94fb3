"""Training of log-ratio PRMs: a language model learns from outcomes alone, and its steps can be scored.

The reward of a solution is ``beta`` times the log-ratio of the model to the model that training began with,
summed over the solution's tokens. The reference's log-probabilities are computed once.

Source:
    Free Process Rewards without Process Labels (arXiv 2412.01981).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from torch import nn

from prmkit.cards import PRMSpec
from prmkit.encode.blocks import Plan
from prmkit.encode.collate import Example
from prmkit.encode.tokenise import Encoded, Encoder
from prmkit.errors import ConfigError, RecordError
from prmkit.model.classifier import StepClassifier
from prmkit.model.heads import HeadOptions
from prmkit.model.implicit import ImplicitPRM
from prmkit.model.pair import save_pair
from prmkit.model.surprisal import token_surprisal
from prmkit.tensors import expect
from prmkit.train.losses import sequence_reward
from prmkit.types import Json, Problem, Threshold, Trajectory

Ratio = Literal["ce", "dpo", "kto", "nca"]
"""What a log-ratio PRM can minimise: ``ce`` and ``kto`` learn outcomes, ``dpo`` and ``nca`` pairs."""
USUAL = PRMSpec(
    separator="\n",
    marker="",
    head="log_ratio",
    scale=0.05,
    link="cumsum",
    kind="logratio",
    threshold=Threshold(0.0, "fixed"),
)
"""How text reaches a log-ratio PRM that is trained here: problem and steps, joined by line ends."""


class RatioModule(StepClassifier):
    """A causal model whose output is the reward of each row, padded or packed.

    Args:
        network: The language model.
        beta: Scale of the reward.
    """

    def __init__(self, network: Any, beta: float) -> None:
        super().__init__(network, causal=True)
        self.beta = beta

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
        """Reward of each row, at all its marks; rows end with the last token that counts.

        Args:
            input_ids: Tokens; with ``forest`` a packed one.
            marks: Token of each step.
            attention_mask: Not read: pads stand on the right, where a causal model does not see them.
            solution: True from the first token of the solution.
            features: The reference's log-probabilities.
            position_ids: Read with ``forest`` only.
            forest: Blocks of the packed forest that the one row is.
            marked: Not read.
            before: With ``forest``: the token before each, -1 where there is none.
            paths: With ``forest``: the tokens of each solution, -1 behind its last.
            owners: With ``forest``: the solution of each mark.

        Shapes:
            input_ids, solution, attention_mask, position_ids, before: (B, S). marks, marked: (B, K).
            features: (B, S, 1). paths: (N, T). owners: (1, K). result: (B, K, 1).
        """
        expect(features, "B S 1", expect(marks, "B K", expect(input_ids, "B S")))
        assert solution is not None
        assert features is not None
        hidden = self.states(input_ids, position_ids, forest)
        if before is None:
            before = torch.arange(-1, input_ids.shape[1] - 1, device=input_ids.device).expand_as(input_ids)
        counted = solution & (before >= 0)
        rows, places = counted.nonzero(as_tuple=True)
        logits = self.head(hidden[rows, before[rows, places]]).float()
        chosen = -nn.functional.cross_entropy(logits, input_ids[rows, places], reduction="none")
        told = torch.zeros(input_ids.shape, device=logits.device).index_put((rows, places), chosen)
        known = features[..., 0].to(told)
        if paths is None or owners is None:
            reward = sequence_reward(told, known, counted, beta=self.beta)
            return reward[:, None, None].expand(-1, marks.shape[1], 1)
        there = paths >= 0
        along = [one[0][paths.clamp(min=0)] for one in (told, known, counted)]
        reward = sequence_reward(along[0], along[1], along[2] & there, beta=self.beta)
        return reward[owners][..., None]


class _Encoder(Encoder):
    """Refuses solutions with tokens that nobody chose."""

    def __call__(self, solutions: Sequence[tuple[Problem, Trajectory]]) -> list[Encoded]:
        for _, one in solutions:
            if len(one.scored) != len(one.steps):
                raise RecordError(
                    f"{one.id!r} has observations, which no log-ratio can leave out",
                    do="train on solutions without a tool's replies, or train another kind of PRM",
                    field="steps",
                )
        return super().__call__(solutions)


@dataclass(frozen=True, slots=True)
class _Reference:
    """The frozen model behind the ratio."""

    model: Any

    def features(self, encoded: Sequence[Encoded], *, batch_tokens: int) -> list[torch.Tensor]:
        """Log-probability of every token.

        Shapes:
            each result: (S, 1).
        """
        rows = token_surprisal(self.model, [one.ids for one in encoded], batch_tokens=batch_tokens)
        return [one[:, :1] for one in rows]


@dataclass(eq=False)
class Implicit:
    """A log-ratio PRM in training: what ``PRMTrainer`` takes in place of a ``PRM``.

    Examples:
        >>> implicit = Implicit.create("models/policy", beta=0.05)            # doctest: +SKIP
        >>> PRMTrainer(implicit, args, samples, objective="ce").train()       # doctest: +SKIP
    """

    prm: ImplicitPRM
    """Scores with the model as it is by now."""
    module: RatioModule
    origin: Path
    """Folder that both models were read from."""
    labels: dict[str, Json] = field(default_factory=dict)
    target: Literal["steps", "outcome"] = "outcome"
    head = "scalar"
    options = HeadOptions()

    @classmethod
    def create(
        cls, folder: str | Path, spec: PRMSpec | None = None, *, beta: float = 0.05, **given: Any
    ) -> Implicit:
        """A model that begins as its own reference.

        Args:
            folder: A causal language model.
            spec: How text is fed; None joins problem and steps by line ends.
            beta: Scale of the reward, in training and in scoring.
            **given: As for ``ImplicitPRM.open``: dtype, device, max_tokens.

        Raises:
            CheckpointError: The folder cannot be read.
            ConfigError: The spec is not one of log-ratios, or beta is not above 0.
        """
        if not beta > 0:
            raise ConfigError(f"beta {beta}", do="give a scale above 0, such as 0.05", field="beta")
        if spec is not None and spec.head != "log_ratio":
            raise ConfigError(
                f"a spec with head {spec.head!r} for a log-ratio PRM",
                do="leave spec out, or name one such as implicit-prm",
                field="head",
            )
        own = replace(spec or USUAL, scale=beta)
        prm = ImplicitPRM.open(Path(folder), own, reference=folder, **given)
        prm.reference.requires_grad_(False)
        return cls(prm, RatioModule(prm.model, beta), Path(folder))

    @property
    def spec(self) -> PRMSpec:
        """How the trainer reads a reward: as the log-odds of a right solution."""
        return replace(self.prm.spec, link="sigmoid", kind="correct")

    @property
    def policy(self) -> _Reference:
        """What gives each token's feature."""
        return _Reference(self.prm.reference)

    @property
    def encoder(self) -> Encoder:
        """What turns solutions into tokens; never more than the model reads."""
        asked = self.max_tokens or self.prm.spec.max_tokens
        limit = min(asked, self.module.config.max_position_embeddings, self.prm.tokenizer.model_max_length)
        return _Encoder(self.prm.tokenizer, self.prm.spec, limit)

    @property
    def max_tokens(self) -> int | None:
        """Longest text; None takes the spec's."""
        return self.prm.max_tokens

    @max_tokens.setter
    def max_tokens(self, limit: int | None) -> None:
        self.prm.max_tokens = limit

    @property
    def batch_tokens(self) -> int:
        """Tokens that are computed at once outside training."""
        return self.prm.batch_tokens

    @property
    def pad(self) -> int:
        """Token that fills short rows."""
        return self.prm.tokenizer.pad_token_id or 0

    def save(self, folder: str | Path, *, reference: Literal["copy", "link"] = "copy") -> Path:
        """Write a folder that ``load_prm`` and ``AutoModelForCausalLM`` open.

        Args:
            folder: Where to write.
            reference: Put the reference into the folder, or note the path that it was read from.

        Raises:
            StorageError: The folder cannot be written.
        """
        self.prm.model = self.module.network
        linked = self.origin if reference == "link" else None
        self.prm.digest = save_pair(self.prm, Path(folder), self.labels, reference=linked)
        return Path(folder)


def check_ratio(objective: str) -> Ratio:
    """The objective, if a log-ratio PRM has it.

    Raises:
        ConfigError: It has not.
    """
    if objective not in get_args(Ratio):
        raise ConfigError(
            f"a log-ratio PRM has no objective {objective!r}",
            do=f"use {', '.join(get_args(Ratio))}",
            field="objective",
        )
    return objective  # type: ignore[return-value]


def mismatched(examples: Sequence[Example], groups: Sequence[int]) -> list[Example]:
    """Each problem with the solution of another one: what the baseline of ``kto`` is measured on.

    Args:
        examples: Solutions.
        groups: Number of each one's problem.

    Raises:
        RecordError: All solutions are of one problem.
    """
    count = len(examples)
    found = []
    for i, one in enumerate(examples):
        j = next((k % count for k in range(i + 1, i + count) if groups[k % count] != groups[i]), None)
        if j is None:
            raise RecordError(
                "all solutions are of one problem", do="train kto on several problems", field="problem_id"
            )
        start, other = one.encoded.solution, examples[j].encoded
        ids = one.encoded.ids[:start] + other.ids[other.solution :]
        encoded = Encoded(ids, (len(ids) - 1,), start)
        found.append(Example(encoded, (0.0,)))
    return found
