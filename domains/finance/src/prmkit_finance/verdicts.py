"""From claims to findings: what every verifier of the domain shares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prmkit.contracts import Finding
from prmkit.types import Claim, Code, Verdict

MAX_TEXT = 20_000
"""Longer steps are not read, characters."""


def silent(reason: str, code: Code = Code.NOT_APPLICABLE) -> Finding:
    """UNKNOWN with a reason."""
    return Finding(Verdict.UNKNOWN, reason, code)


def conclude(claims: Iterable[Claim], nothing: str) -> Finding:
    """The verdict on a step from its claims: any refuted, else any that holds, else unknown.

    Args:
        claims: What was found in the step.
        nothing: What to say where nothing was found.
    """
    found: Sequence[Claim] = tuple(claims)
    if not found:
        return silent(nothing)
    for wanted in (Verdict.FAILS, Verdict.HOLDS):
        hits = [claim for claim in found if claim.verdict is wanted]
        if hits:
            more = f" (and {len(hits) - 1} more)" if len(hits) > 1 else ""
            return Finding(wanted, hits[0].reason + more, claims=tuple(found))
    return Finding(Verdict.UNKNOWN, found[0].reason, Code.UNSUPPORTED, claims=tuple(found))
