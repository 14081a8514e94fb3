"""Cards: what is known about a data set, an evaluation suite and a checkpoint's reading."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

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


AROUND = ("system", "before_problem", "after_problem", "before_step", "after_step")
"""Fields of a spec that hold text which every rendering shows."""


@dataclass(frozen=True, slots=True)
class PRMSpec:
    """How the text of a problem and its steps reaches a checkpoint, and how its output is read."""

    name: str = "prmkit"
    template: Literal["raw", "chat", "chat_turns", "generative"] = "raw"
    system: str | None = None
    """System turn of chat templates; None keeps the template's own default out."""
    before_problem: str = ""
    after_problem: str = "\n"
    before_step: str = ""
    after_step: str = ""
    """Text between a step and its marker."""
    marker: str = "<step>"
    """Text of the marker that closes each step; empty when the step's last token is read."""
    joint: bool = True
    """True: one tokenisation of the whole text; False: piece by piece."""
    read_offset: int = 0
    """0 reads the output at the marker's last token, -1 the token before the marker."""
    head: Literal["classes", "scalar", "token_pair", "mean_vocab", "log_ratio", "generated"] = "classes"
    classes: int = 2
    positive: int = 1
    """Index of the class that means 'right'."""
    tokens: tuple[str, str] | None = None
    """(positive, negative) token texts of a ``token_pair`` head."""
    link: Literal["softmax", "sigmoid", "difference", "raw", "cumsum"] = "softmax"
    kind: ScoreKind = "correct"
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
        if self.head == "token_pair" and self.tokens is None:
            raise ConfigError(
                f"spec {self.name!r} reads two tokens but names none",
                do="set tokens to [positive, negative], for example ['+', '-']",
                field="tokens",
            )
        if not 0 <= self.positive < self.classes:
            raise ConfigError(
                f"positive class {self.positive} of {self.classes}",
                do="set positive to an index below classes",
                field="positive",
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
