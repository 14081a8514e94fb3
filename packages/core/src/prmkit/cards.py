"""Cards: what is known about a data set, an evaluation suite and a checkpoint's reading."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from prmkit.errors import ConfigError
from prmkit.types import Convention, ScoreKind, Threshold

Gold = Literal["human", "program", "planted", "outcome", "automatic", "none"]
"""Who decided the labels: people, a generator's truth or executed test, a planted mistake,
the final answer only, a model or rollouts, nobody."""

Neutral = Literal["none", "as_correct", "as_wrong", "unlabelled"]
"""What a neutral rating becomes; ``none`` when the set has no neutral ratings."""


@dataclass(frozen=True, slots=True)
class FileCard:
    """One file of a data set."""

    name: str
    rows: int
    """Rows of the file as published in the folder the card describes."""
    sha256: str = ""
    """Digest of the file as stored (compressed), empty when not pinned."""


@dataclass(frozen=True, slots=True)
class DatasetCard:
    """What a reader promises about a data set."""

    name: str
    """Name in ``domain.load(name)``."""
    path: str
    """Folder below a folder of ``PRMKIT_DATA``, such as ``math/gsm8k``."""
    files: tuple[FileCard, ...]
    summary: str
    licence: str
    gold: Gold
    cluster: str
    """What a cluster is in this set (problem, filing, page, ...)."""
    index_base: Literal[0, 1] | None = None
    """Base of step numbers in the raw file; None when it has none. Records are always 0-based."""
    neutral: Neutral = "none"
    after_error: Convention = "own_merit"
    """What labels after the first error mean."""
    hub: str = ""
    """Name of the original on a public hub, for users with a network."""
    use: tuple[Literal["train", "calibrate", "evaluate"], ...] = ("train", "evaluate")


@dataclass(frozen=True, slots=True)
class EvalSuite:
    """A fixed list of rows and the figures to report on them.

    The name carries part and size (``processbench-gsm8k-195``): a partial suite never
    bears the benchmark's own name.
    """

    name: str
    dataset: str
    """Name of a data set of the same domain."""
    n: int
    """Number of rows."""
    metrics: tuple[str, ...]
    """Names of metric modules under ``judging/metrics``."""
    select: Mapping[str, str] = field(default_factory=dict)
    """Keeps rows whose ``provenance.detail`` has these values."""
    exchangeable: bool = False
    """True when the samples of a problem come from one system: only then best-of-n curves are exact."""
    digest: str = ""
    """sha256 over the rows' trajectory ids and step digests, in order; empty when not pinned."""
    weight: float = 1.0
    """Weight in a cross-suite mean, printed beside n."""
    source: str = ""
    """Paper or page that defines the protocol."""


AROUND = (
    "system",
    "default_system",
    "before_problem",
    "after_problem",
    "before_step",
    "after_step",
    "heading",
    "separator",
    "after_solution",
    "bos",
)
"""Fields of a spec that say which text every rendering shows."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A second reading of the same output, told beside the score."""

    name: str
    classes: tuple[int, ...]
    """Classes whose probabilities are summed."""

    @classmethod
    def of(cls, given: Channel | Mapping[str, Any]) -> Channel:
        """The channel that a card describes; itself when it is one."""
        return given if isinstance(given, Channel) else cls(given["name"], tuple(given["classes"]))


@dataclass(frozen=True, slots=True)
class PRMSpec:
    """How the text of a problem and its steps reaches a checkpoint, and how its output is read."""

    name: str = "prmkit"
    template: Literal["raw", "chat", "chat_turns", "generative"] = "raw"
    system: str | None = None
    """System turn of chat templates."""
    default_system: bool = False
    """True keeps what a chat template says by itself where there is no system turn; False leaves it out."""
    before_problem: str = ""
    after_problem: str = "\n"
    before_step: str = ""
    after_step: str = ""
    """Text between a step and its marker."""
    heading: str = ""
    """Stands before each step that does not begin like it, such as ``Step {number}: ``."""
    separator: str = ""
    """Text between two steps, behind the marker of the first; not where a turn begins."""
    after_solution: str = ""
    """What a generative template asks for behind the last step."""
    marker: str = "<step>"
    """Text of the marker that closes each step; empty when the step's last token is read."""
    joint: bool = True
    """True: one tokenisation of the whole text; False: piece by piece."""
    bos: Literal["tokenizer", "always", "never"] = "tokenizer"
    """Begin token of raw texts: as the tokenizer does it, always (where it has one), or never."""
    read_offset: int = 0
    """0 reads the output at the marker's last token, -1 the token before the marker."""
    head: Literal["classes", "scalar", "token_pair", "mean_vocab", "next_token", "log_ratio", "generated"] = (
        "classes"
    )
    """``classes`` and ``scalar``: a classifier on hidden states; ``token_pair``: the rows of ``tokens`` in
    the vocabulary matrix; ``mean_vocab``: the mean of its rows; ``next_token``: all of them, each the
    reward of that token; ``log_ratio``: the model against a reference; ``generated``: what it writes."""
    tensors: str = ""
    """Name of the head's tensors in a public checkpoint, such as ``v_head.summary``; empty for a token
    classifier of transformers."""
    classes: int = 2
    positive: int = 1
    """Index of the class that means 'right'."""
    also: tuple[int, ...] = ()
    """Further classes that mean 'right'; their probabilities are added."""
    channels: tuple[Channel, ...] = ()
    tokens: tuple[str, str] | None = None
    """(positive, negative) texts of the decision; they are looked up in the tokenizer."""
    whole_tokens: bool = True
    """Whether each of ``tokens`` must be one token; False takes the first of several."""
    opening: str = ""
    """What a generated verification begins with."""
    decision: str = ""
    """Text behind a generated verification, at whose end ``tokens`` are weighed against each other."""
    closing: str = ""
    """Text behind the decision, before the next step's turn."""
    verdicts: tuple[str, str] | None = None
    r"""Words that a verification puts into ``\boxed{}`` for a right and for a wrong step."""
    runs_code: bool = False
    """Whether verifications hold Python code whose output is put in before they go on."""
    link: Literal["softmax", "sigmoid", "difference", "tanh", "raw", "cumsum"] = "softmax"
    scale: float = 1.0
    """Factor of log-ratios (the beta of their training, or the coefficient of their evaluation)."""
    kind: ScoreKind = "correct"
    target: Literal["steps", "outcome"] = "steps"
    """``outcome``: one score for the solution, read at its last step."""
    max_tokens: int = 4096
    truncate: Literal["right", "left", "refuse"] = "right"
    """Which end loses whole steps when the text is too long; lost steps score None and are counted."""
    view: Literal["solution", "prefix"] = "solution"
    """What a bidirectional model sees of a solution when it judges a step: all of it, in one pass for all
    steps, or nothing behind the step, in a pass for each. A causal model sees the same either way."""
    threshold: Threshold = field(default_factory=lambda: Threshold(0.5, "fixed"))
    aggregate: str = "min"
    """Default aggregation of step scores."""
    status: Literal["own", "verified", "unverified"] = "own"

    def __post_init__(self) -> None:
        # A card or a YAML file has lists and mappings where a spec has tuples and records.
        for name in ("tokens", "verdicts"):
            value = getattr(self, name)
            object.__setattr__(self, name, None if value is None else tuple(value))
        lists = {"also": tuple(self.also), "channels": tuple(map(Channel.of, self.channels))}
        for name, value in lists.items():
            object.__setattr__(self, name, value)
        if self.head in ("token_pair", "generated") and self.tokens is None:
            raise ConfigError(
                f"spec {self.name!r} reads two tokens but names none",
                do="set tokens to [positive, negative], for example ['+', '-']",
                field="tokens",
            )
        for name in ("positive", "also"):
            wanted = getattr(self, name) if name == "also" else (self.positive,)
            if not all(0 <= one < self.classes for one in wanted):
                raise ConfigError(
                    f"{name} class {', '.join(map(str, wanted))} of {self.classes}",
                    do=f"set {name} to an index below classes",
                    field=name,
                )

    @property
    def renderer(self) -> str:
        """Name of the rendering: equal names mean equal token streams for equal input.

        Texts around problem and steps that are not the usual ones stand at the end, as a digest.

        Examples:
            >>> PRMSpec().renderer, PRMSpec(before_problem="Question: ").renderer
            ('prmkit/raw/joint/<step>', 'prmkit/raw/joint/<step>/afc7e06a')
        """
        shape = "joint" if self.joint else "pieces"
        name = f"{self.name}/{self.template}/{shape}/{self.marker or 'last-token'}"
        usual = {f.name: f.default for f in fields(self)}
        own = {text: getattr(self, text) for text in AROUND if getattr(self, text) != usual[text]}
        told = json.dumps(own, sort_keys=True).encode()
        return f"{name}/{hashlib.sha256(told).hexdigest()[:8]}" if own else name
