"""Evidence: what tools and judges found out about steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from prmkit.errors import RecordError
from prmkit.types.checks import number, one_of
from prmkit.types.solution import Json

Scope = Literal["claim", "step"]


class Verdict(StrEnum):
    """What a verifier says of one step. UNKNOWN is an answer, not a failure."""

    HOLDS = "HOLDS"
    FAILS = "FAILS"
    UNKNOWN = "UNKNOWN"


class Code(StrEnum):
    """Why a verdict is UNKNOWN; ``none`` for HOLDS and FAILS."""

    NONE = "none"
    NOT_APPLICABLE = "not_applicable"
    TIMEOUT = "timeout"
    CRASH = "crash"
    MISSING_TOOL = "missing_tool"
    UNSUPPORTED = "unsupported"
    NO_REFERENCE = "no_reference"


@dataclass(frozen=True, slots=True)
class Claim:
    """One checkable statement inside a step."""

    start: int
    """First character, counted in the step's text."""
    end: int
    """One past its last character."""
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one verifier found out about one step. Exactly one per scored step and verifier.

    A HOLDS of scope ``claim`` says that what the tool could read is right; it does
    not say that the step is right.
    """

    trajectory_id: str
    steps_digest: str
    step: int
    verdict: Verdict
    verifier: str
    """Name and version, such as ``math/arithmetic@1``."""
    code: Code = Code.NONE
    scope: Scope = "claim"
    claims: tuple[Claim, ...] = ()
    needs_reference: bool = False
    """True when the reference was read: such evidence labels training data or stands as oracle,
    never as a baseline."""
    reason: str = ""
    """One sentence for a person."""
    detail: Mapping[str, Json] = field(default_factory=dict)
    confidence: float = 1.0
    """In [0, 1]."""
    seconds: float = field(default=0.0, compare=False)
    """Time the verifier took; outside equality and digests."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "verdict", Verdict(self.verdict))
        object.__setattr__(self, "code", Code(self.code))
        one_of(self.scope, Scope, "scope")
        number(self.confidence, "confidence", 0.0, 1.0)
        if (self.verdict is Verdict.UNKNOWN) == (self.code is Code.NONE):
            raise RecordError(
                f"verdict {self.verdict} cannot carry code {self.code}",
                do="give UNKNOWN a code that says why, and HOLDS or FAILS the code 'none'",
                field="code",
            )


@dataclass(frozen=True, slots=True)
class Critique:
    """A written verification of one trajectory, with the verdicts parsed from it."""

    trajectory_id: str
    steps_digest: str
    text: str
    verdicts: tuple[Verdict, ...]
    """One per step; UNKNOWN where the text does not say."""
    trajectory_verdict: Verdict = Verdict.UNKNOWN
    sample: int = 0
    """Which of several critiques of the same trajectory, 0-based."""
    judge: str = ""
    """Model or person that wrote it."""
