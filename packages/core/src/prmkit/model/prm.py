"""The process reward model: spec, tokenizer, backbone, head and calibration in one object."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import PretrainedConfig

from prmkit.budget import Budget
from prmkit.cards import PRMSpec
from prmkit.encode.tokenise import Encoder
from prmkit.errors import CheckpointError, ConfigError
from prmkit.model import reading, store
from prmkit.model.backbone import Init, add_marker, build, is_causal
from prmkit.model.calibration import Calibration
from prmkit.model.classifier import StepClassifier
from prmkit.model.extra import fresh, stages
from prmkit.model.folder import load_tokenizer
from prmkit.model.frozen import FrozenPolicy
from prmkit.model.heads import Head, HeadOptions, check_head, columns, usual_spec
from prmkit.model.incremental import Incremental
from prmkit.types import Json, Problem, StepScores, Threshold, Trajectory


@dataclass(eq=False)
class PRM:
    """A model that scores steps. Also a ``Scorer``."""

    spec: PRMSpec
    tokenizer: Any
    module: StepClassifier
    head: Head = "binary"
    options: HeadOptions = field(default_factory=HeadOptions)
    policy: FrozenPolicy | None = None
    """The frozen policy of a surprisal head."""
    calibration: Calibration = field(default_factory=Calibration)
    target: Literal["steps", "outcome"] = "steps"
    """``outcome``: an outcome model; only the last step's mark is trained and read."""
    labels: Mapping[str, Json] = field(default_factory=dict)
    """What it was trained on: kind and convention of the labels, labelers, counts."""
    digest: str = ""
    """Digest of the weights as last saved or loaded."""
    max_tokens: int | None = None
    """Longest text; None takes the spec's. The backbone's own limit holds in any case."""
    batch_tokens: int = 1 << 12
    """Tokens that are computed at once in scoring, pads included."""
    layout: Literal["auto", "rows"] = "auto"
    """``auto``: what solutions of a problem begin with is read once, where that is cheaper; ``rows``: every
    solution by itself, in padded batches. The scores are the same."""
    spent: Budget = field(default_factory=Budget)
    """Counts the tokens read in scoring."""

    def __post_init__(self) -> None:
        check_head(self.head, self.spec, self.options)
        if (self.head == "surprisal") != (self.policy is not None):
            raise ConfigError(
                "a surprisal head needs a policy, and no other head takes one",
                do="pass policy= together with head='surprisal'",
                field="policy",
            )
        if self.module.exits is not None:
            self.module.exits.share = self.options.halt_at
        self.encoder  # noqa: B018 - refuses a tokenizer without the marker now, not at the first score

    @classmethod
    def create(
        cls,
        backbone: str | Path | PretrainedConfig,
        tokenizer: Any = None,
        spec: PRMSpec | None = None,
        head: Head = "binary",
        *,
        options: HeadOptions | None = None,
        init: Init = "pretrained",
        policy: str | Path | FrozenPolicy | None = None,
        separator: str | None = None,
        target: Literal["steps", "outcome"] = "steps",
        dtype: str = "float32",
        device: str = "cpu",
        dropout: float = 0.0,
        seed: int = 0,
    ) -> PRM:
        """An untrained PRM on a backbone; the marker is added to the tokenizer where it is missing.

        Args:
            backbone: Folder of any transformers model, causal or bidirectional, or a config.
            tokenizer: Its tokenizer; read from the folder when not given. Never changed: a copy is kept.
            spec: How text is fed and the output read.
            head: See ``prmkit.model.heads``.
            options: Names, levels and shares of heads that have such.
            init: ``random`` takes the backbone's shape only.
            policy: Folder of the frozen policy of a surprisal head.
            separator: Text (one token) that the policy sees in place of the marker, which it never met in
                training. None takes the line end if that is one token; the empty text shows the marker.
            target: ``outcome`` makes an outcome reward model.
            dtype: Floating type of the weights.
            device: Where the model runs.
            dropout: Dropout in training.
            seed: Decides fresh weights.

        Raises:
            CheckpointError: Backbone, tokenizer or policy cannot be read or do not fit together.
            ConfigError: The head does not fit the spec, or the separator is not one token.
        """
        if tokenizer is None:
            if isinstance(backbone, PretrainedConfig):
                raise CheckpointError("a config has no tokenizer", do="pass tokenizer=", field="tokenizer")
            tokenizer = load_tokenizer(backbone)
        tokenizer = copy.deepcopy(tokenizer)
        options = options or HeadOptions()
        if spec is None:
            spec = usual_spec(head, options, "value" if head == "value" else "correct")
        check_head(head, spec, options)
        classes = columns(head, spec, options)
        network = build(backbone, classes=classes, init=init, dtype=dtype, seed=seed, dropout=dropout)
        if network.config.pad_token_id is None:
            network.config.pad_token_id = tokenizer.pad_token_id
        add_marker(tokenizer, network, spec.marker)
        if head == "exit":
            options = replace(options, stages=stages(network))
        parts: dict[str, Any] = fresh(head, options, network, seed=seed)
        if policy is not None and not isinstance(policy, FrozenPolicy):
            policy = FrozenPolicy.open(policy, separator=_one_token(tokenizer, separator))
        module = StepClassifier(network, causal=is_causal(network), **parts)
        return cls(spec, tokenizer, module.eval(), head, options, policy, target=target).to(device)

    @classmethod
    def load(
        cls,
        path: str | Path,
        spec: PRMSpec | str | None = None,
        *,
        dtype: str = "float32",
        device: str = "cpu",
        max_tokens: int | None = None,
    ) -> PRM:
        """Read a PRM folder; see ``prmkit.load_prm``.

        Raises:
            CheckpointError: The folder is not a PRM, is damaged, or misses a part.
            RendererMismatchError: Text would reach the model otherwise than in training.
        """
        return cls(**store.load(path, spec, dtype=dtype), max_tokens=max_tokens).to(device)

    def save(self, folder: str | Path, *, policy: Literal["copy", "link"] = "copy") -> Path:
        """Write one folder that plain ``AutoModelForTokenClassification.from_pretrained`` opens too.

        Adapters are merged into the backbone. ``prmkit.json`` is written last: a folder without it is
        not whole.

        Args:
            folder: Where to write; made if missing.
            policy: ``copy`` puts a surprisal head's policy into the folder; ``link`` notes the relative
                path and digest of the folder it was read from.

        Raises:
            StorageError: The folder cannot be written.
            ConfigError: A link to a policy that was never read from a folder.
        """
        self.digest = store.save(self, Path(folder), policy=policy)
        return Path(folder)

    def to(self, device: str | torch.device) -> PRM:
        """Move the model, and the policy of a surprisal head; returns self."""
        self.module.to(device)
        if self.policy is not None:
            self.policy.model.to(device)
        return self

    @property
    def encoder(self) -> Encoder:
        """What turns solutions into tokens, in training and in use; never more than the backbone reads."""
        asked = self.max_tokens or self.spec.max_tokens
        positions = getattr(self.module.config, "max_position_embeddings", None) or asked
        # Some backbones number positions from 2 on; their tokenizer knows how many are left.
        limit = min(asked, positions, self.tokenizer.model_max_length)
        return Encoder(self.tokenizer, self.spec, limit)

    def weigh(self, **weights: float) -> PRM:
        """Set the weights of the objectives in the score, by name; returns self.

        Args:
            **weights: Weight of each objective; those that are not named get 0.

        Raises:
            ConfigError: No such objective, or no weight above 0.
        """
        unknown = sorted(set(weights) - set(self.options.names))
        if self.head != "objectives" or unknown:
            raise ConfigError(
                f"head {self.head!r} has no objective called {', '.join(unknown or weights)!r}",
                do=f"name some of: {', '.join(self.options.names) or 'none'}",
                field="weights",
            )
        order = tuple(float(weights.get(name, 0.0)) for name in self.options.names)
        self.options = replace(self.options, weights=order)
        return self

    def exit_at(self, share: float) -> PRM:
        """Let each step leave at the first layer by which it stops with a probability above ``share``.

        Args:
            share: 0 leaves behind the first layer that may stop at all, 1 reads them all.

        Raises:
            ConfigError: The head has no exits, or the share is no probability.
        """
        if self.module.exits is None:
            raise ConfigError(
                f"head {self.head!r} has no exits", do="train one with head 'exit'", field="head"
            )
        self.options = replace(self.options, halt_at=float(share))
        self.module.exits.share = self.options.halt_at
        return self

    @property
    def threshold(self) -> Threshold:
        """Score at or above which a step counts as right."""
        return self.calibration.threshold or self.spec.threshold

    @property
    def parameters(self) -> int:
        """Parameters that every token passes: the model's, and those of a surprisal head's policy."""
        parts = [self.module] if self.policy is None else [self.module, self.policy.model]
        return sum(one.numel() for part in parts for one in part.parameters())

    @property
    def pad(self) -> int:
        """Token that fills short rows."""
        return self.tokenizer.pad_token_id or 0

    def score(self, problem: Problem, trajectories: Sequence[Trajectory]) -> list[StepScores]:
        """One record per trajectory, in the order given.

        Raises:
            CheckpointError: The model gives NaN, or cannot read such a solution.
            AlignmentError: A trajectory solves another problem.
        """
        return list(self.score_many((problem, trajectory) for trajectory in trajectories))

    def incremental(self, *, keep: int = 1 << 15) -> Incremental:
        """A scorer for searches: the same numbers, and what it read in earlier calls costs nothing.

        Args:
            keep: Tokens that are kept.

        Raises:
            ConfigError: The backbone is bidirectional, or cannot read packed forests.
        """
        return Incremental(self, keep=keep)

    def score_many(
        self, solutions: Iterable[tuple[Problem, Trajectory] | Any], *, window: int = 1024
    ) -> Iterator[StepScores]:
        """Score a stream of samples or (problem, trajectory) pairs, in the caller's order.

        Args:
            solutions: Read ``window`` at a time, so that memory does not grow with the stream.
            window: Solutions that are sorted by length together.
        """
        return reading.score_many(self, solutions, window=window)

    def explain(self, solutions: Iterable[tuple[Problem, Trajectory] | Any]) -> list[dict[str, Json]]:
        """How these solutions would be laid out, and what that is estimated to cost; nothing is scored.

        Returns:
            Per layout that occurs: ``layout`` (rows, forest), ``passes``, ``solutions``, ``tokens`` (of all
            solutions), ``computed`` (pads included, shared beginnings once), ``cost`` in operations, and
            ``instead``, the cost of the other layout where it was weighed (0 otherwise).
        """
        encoded = self.encoder([(item[0], item[1]) for item in solutions])
        return reading.explain(self, encoded)

    def score_steps(self, problem: str, solutions: Sequence[Sequence[str]]) -> list[list[float]]:
        """Plain lists in, plain lists out: one float per step, NaN for a step that was cut off.

        Raises:
            RecordError: A step is not a string.
            CheckpointError: The model gives NaN.
        """
        asked = Problem(id="problem", text=problem)
        rows = [Trajectory.of_steps(str(i), asked.id, steps) for i, steps in enumerate(solutions)]
        return [
            [float("nan") if value is None else value for value in scores.values]
            for scores in self.score(asked, rows)
        ]


def _one_token(tokenizer: Any, text: str | None) -> int | None:
    ids = tokenizer("\n" if text is None else text, add_special_tokens=False)["input_ids"]
    whole = len(ids) == 1 and ids[0] != tokenizer.unk_token_id
    if not text and not whole:
        return None
    if not whole:
        raise ConfigError(
            f"the separator {text!r} is {len(ids)} tokens of this tokenizer",
            do="name a text that is exactly one token, such as a line end",
            field="separator",
        )
    return int(ids[0])
