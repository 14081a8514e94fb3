"""One verifier over one trajectory: called under a limit, held to its contract, tied to the steps."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from prmkit.contracts import Finding, StepVerifier
from prmkit.errors import ConfigError
from prmkit.types import Claim, Code, Evidence, Problem, Trajectory, Verdict
from prmkit.verify.each import crashed
from prmkit.verify.limit import ExpiredError, SoftLimit

LASTING = frozenset(Code) - {Code.TIMEOUT, Code.CRASH, Code.MISSING_TOOL}
"""Codes of verdicts that a second run would give again."""


_VERDICTS, _CODES = frozenset(Verdict), frozenset(Code)


class BreachError(Exception):
    """A verifier breaks its contract."""


class Outcome(NamedTuple):
    """What came of one verifier on one trajectory."""

    findings: tuple[Finding, ...]
    """One per scored step."""
    seconds: float = 0.0


def title(verifier: StepVerifier) -> str:
    """Name and version, as evidence carries them."""
    return f"{verifier.name}@{verifier.version}"


def check_verifiers(verifiers: Sequence[StepVerifier]) -> None:
    """Refuse objects that are no verifiers, and two of one name.

    Raises:
        ConfigError: A verifier lacks a part of its contract, or two share name and version.
    """
    for verifier in verifiers:
        if not isinstance(verifier, StepVerifier):
            lacking = [name for name in ("name", "version", "scope", "needs_reference", "tools", "check")
                       if not hasattr(verifier, name)]  # fmt: skip
            raise ConfigError(
                f"{type(verifier).__name__} is not a verifier: it lacks {', '.join(lacking)}",
                do="give it the attributes of prmkit.contracts.StepVerifier",
            )
    names = [title(verifier) for verifier in verifiers]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"two verifiers are called {name!r}", do="rename one of them")


def warm(verifiers: Sequence[StepVerifier]) -> None:
    """Bring in what verifiers use: called where many checks will follow, outside every limit.

    A verifier whose tools are slow to import has a method ``warm()``. What it raises is left to the
    first check, which has a word for it.
    """
    for verifier in verifiers:
        with contextlib.suppress(Exception):
            getattr(verifier, "warm", lambda: None)()


def without_running(
    verifier: StepVerifier, problem: Problem, trajectory: Trajectory, tools: Mapping[str, str]
) -> Outcome | None:
    """The outcome that is known beforehand: an absent tool, an absent reference, nothing to judge."""
    absent = [name for name in verifier.tools if name in tools]
    if absent:
        hints = "; ".join(f"{name}: {tools[name]}" if tools[name] else name for name in absent)
        return silent(trajectory, Code.MISSING_TOOL, f"needs {', '.join(absent)} (install {hints})")
    if verifier.needs_reference and problem.reference is None:
        return silent(trajectory, Code.NO_REFERENCE, "the problem has no reference to judge by")
    return None if trajectory.scored else Outcome(())


def call(verifier: StepVerifier, problem: Problem, trajectory: Trajectory, limit: SoftLimit) -> Outcome:
    """Run the verifier; whatever it does, there is one finding per scored step."""
    began = time.perf_counter()
    try:
        given = limit.run(lambda: verifier.check(problem, trajectory))
        outcome = Outcome(tuple(held(given, trajectory)))
    except ExpiredError:
        outcome = late(trajectory, limit.seconds or 0.0)
    except BreachError as error:
        outcome = silent(trajectory, Code.CRASH, f"the verifier breaks its contract: {error}")
    except (Exception, SystemExit) as error:  # a tool may raise anything; the stream goes on
        finding = crashed(error)
        outcome = silent(trajectory, finding.code, finding.reason)
    return outcome._replace(seconds=time.perf_counter() - began)


def held(given: Any, trajectory: Trajectory) -> Iterator[Finding]:
    """The findings of a verifier, if they keep its contract; details as JSON gives them back.

    Raises:
        BreachError: Not one finding per scored step, or a finding that is none.
    """
    scored = trajectory.scored
    if not isinstance(given, Sequence):
        raise BreachError(f"check returned a {type(given).__name__}, not a list")
    if len(given) != len(scored):
        raise BreachError(f"{len(given)} findings for {len(scored)} scored steps")
    for index, finding in zip(scored, given, strict=True):
        if not isinstance(finding, Finding):
            raise BreachError(f"step {index}: a {type(finding).__name__}, not a Finding")
        if finding.verdict not in _VERDICTS or finding.code not in _CODES:
            raise BreachError(f"step {index}: verdict {finding.verdict!r}, code {finding.code!r}")
        if (finding.verdict == Verdict.UNKNOWN) == (finding.code == Code.NONE):
            raise BreachError(f"step {index}: verdict {finding.verdict} with code {finding.code}")
        if not 0.0 <= finding.confidence <= 1.0:
            raise BreachError(f"step {index}: confidence {finding.confidence}")
        length = len(trajectory.steps[index].text)
        if not all(0 <= claim.start <= claim.end <= length for claim in finding.claims):
            raise BreachError(f"step {index}: a claim lies outside the step")
        if finding.detail:
            try:
                detail = json.loads(json.dumps(finding.detail, allow_nan=False))
            except (TypeError, ValueError) as error:
                raise BreachError(f"step {index}: detail is not JSON: {error}") from error
            yield replace(finding, detail=detail)
        else:
            yield finding


def silent(trajectory: Trajectory, code: Code, reason: str) -> Outcome:
    """UNKNOWN for every scored step, for one reason."""
    return Outcome((Finding(Verdict.UNKNOWN, reason, code),) * len(trajectory.scored))


def late(trajectory: Trajectory, seconds: float) -> Outcome:
    """UNKNOWN for every scored step: out of time."""
    return silent(trajectory, Code.TIMEOUT, f"no answer within {seconds:g} s")


def tie(verifier: StepVerifier, trajectory: Trajectory, outcome: Outcome) -> list[Evidence]:
    """The findings as evidence on the scored steps."""
    name, digest, scored = title(verifier), trajectory.digest, trajectory.scored
    share = outcome.seconds / len(scored) if scored else 0.0
    return [
        Evidence(
            trajectory_id=trajectory.id,
            steps_digest=digest,
            step=index,
            verdict=finding.verdict,
            verifier=name,
            code=finding.code,
            scope=verifier.scope,
            claims=finding.claims,
            needs_reference=verifier.needs_reference,
            reason=finding.reason,
            detail=finding.detail,
            confidence=finding.confidence,
            seconds=share,
        )
        for index, finding in zip(scored, outcome.findings, strict=True)
    ]


def lasting(outcome: Outcome) -> bool:
    """Whether the outcome may be cached: no time-out, crash or missing tool in it."""
    return all(finding.code in LASTING for finding in outcome.findings)


def pack(outcome: Outcome) -> list[Any]:
    """The findings as JSON values; the time is left out."""
    return [
        [
            str(f.verdict),
            f.reason,
            str(f.code),
            [[c.start, c.end, str(c.verdict), c.reason] for c in f.claims],
            dict(f.detail),
            f.confidence,
        ]
        for f in outcome.findings
    ]


def unpack(packed: Sequence[Any], seconds: float = 0.0) -> Outcome:
    """Findings from :func:`pack`."""
    return Outcome(
        tuple(
            Finding(
                Verdict(verdict),
                reason,
                Code(code),
                tuple(Claim(start, end, Verdict(said), why) for start, end, said, why in claims),
                detail,
                confidence,
            )
            for verdict, reason, code, claims, detail, confidence in packed
        ),
        seconds,
    )
