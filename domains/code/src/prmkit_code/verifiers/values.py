r"""The verifiers ``code/values`` and ``code/covers``: claims about a program, decided by running it.

``f(2) returns 5``, ``print(f(2))  # Output: 5`` and ``after line 5, s == 12`` (for the call named beside it)
are looked up by running the program of the same solution; "`f(0)` covers line 8" by the lines it executes.
A claim in a loop FAILS only when it is true after no pass. What only should be so is never refuted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from prmkit.contracts import Finding
from prmkit.types import Claim, Code, Json, Problem, Scope, Trajectory, Verdict
from prmkit_code import runner
from prmkit_code.program import Program, parsed, program, programs
from prmkit_code.verifiers import claims

_NOTHING = Finding(Verdict.UNKNOWN, "no claim about a program", Code.NOT_APPLICABLE)
_SECONDS = 2.0


class _Found(NamedTuple):
    step: int
    claim: Claim


class Values:
    """Run the program and look up each value that a step claims."""

    name = "code/values"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        judged: list[_Found | Finding] = []
        taken: set[tuple[int, int]] = set()
        for found in _candidates(problem, trajectory):
            names = claims.functions(found.source)
            read = [
                (i, c)
                for i in trajectory.scored
                for c in _read(trajectory, i, names)
                if (i, c.start) not in taken
                and (c.line is None or not names or _call_near(trajectory, i, c, names))
            ]
            taken.update((i, c.start) for i, c in read)
            judged += _calls(found, [(i, c) for i, c in read if c.line is None])
            judged += _lines(found, trajectory, [(i, c) for i, c in read if c.line is not None], names)
        return gathered(trajectory, judged)


def _candidates(problem: Problem, trajectory: Trajectory) -> list[Program]:
    """Programs that claims may be about, the likeliest first: the answer, then the others from the end."""
    best = program(problem, trajectory)
    if best is None:
        return []
    others = [one for one in reversed(programs(problem, trajectory)) if one != best]
    return [one for one in (best, *others) if parsed(one.source) is not None]


def _read(trajectory: Trajectory, step: int, names: frozenset[str]) -> list[claims.ValueClaim]:
    text = trajectory.steps[step].text
    return [*claims.value_claims(text, names), *claims.line_claims(text)]


def _calls(found: Program, read: Sequence[tuple[int, claims.ValueClaim]]) -> Iterator[_Found | Finding]:
    if not read:
        return
    job: dict[str, Json] = {
        "mode": "claims",
        "program": found.source,
        "seconds": _SECONDS,
        "claims": [{"show": c.show, "wanted": c.wanted, "digits": claims.digits(c.wanted)} for _, c in read],
    }
    ran = runner.run(job)
    if ran.failure:
        yield ran.failure
        return
    for (step, c), (said, shown, error, _) in zip(read, ran.found, strict=True):
        yield _Found(step, Claim(c.start, c.end, *_verdict(c, said, shown, error)))


def _verdict(
    claim: claims.ValueClaim, said: str | None, shown: str, error: str | None
) -> tuple[Verdict, str]:
    if error:
        # A missing import or an unfinished program says nothing of what is claimed.
        known = error.startswith(("NameError", "ModuleNotFoundError", "Over", "MemoryError", "SyntaxError"))
        if known or claim.doubtful:
            return Verdict.UNKNOWN, f"{claim.show} cannot be looked up: {error}"
        return Verdict.FAILS, f"{claim.show} is not {claim.wanted}: it raises {error}"
    if said == "equal":
        return Verdict.HOLDS, f"{claim.show} is {shown}"
    if said == "differ" and not claim.doubtful:
        return Verdict.FAILS, f"{claim.show} is {shown}, not {claim.wanted}"
    return Verdict.UNKNOWN, f"{claim.show} is {shown}, beside {claim.wanted}"


def _lines(
    found: Program,
    trajectory: Trajectory,
    read: Sequence[tuple[int, claims.ValueClaim]],
    names: frozenset[str],
) -> Iterator[_Found | Finding]:
    jobs, kept = [], []
    for step, claim in read:
        rows = claims.rows_of(found.source, (claim.line or 0) + found.given)
        call = _call_near(trajectory, step, claim, names)
        if rows is None or (call is None and names):
            reason = "no statement in that line" if rows is None else "no call is named"
            yield _Found(step, Claim(claim.start, claim.end, Verdict.UNKNOWN, reason))
            continue
        watch = {
            "rows": list(rows),
            "show": claim.show,
            "wanted": claim.wanted,
            "digits": claims.digits(claim.wanted),
        }
        jobs.append(
            {"mode": "trace", "program": found.source, "call": call, "watches": [watch], "seconds": _SECONDS}
        )
        kept.append((step, claim))
    for (step, claim), ran in zip(kept, runner.run_all(jobs), strict=True):
        if ran.failure:
            yield ran.failure
            return
        seen = ran.found["watched"][0]
        yield _Found(step, Claim(claim.start, claim.end, *_passes(claim, seen, ran.found["error"])))


def _passes(
    claim: claims.ValueClaim, seen: Sequence[Sequence[str]], error: str | None
) -> tuple[Verdict, str]:
    what = f"after line {claim.line}, {claim.show}"
    said = [word for word, _ in seen]
    if not seen or "absent" in said or "kind" in said:
        return Verdict.UNKNOWN, f"{what} is not seen" + (f": {error}" if error else "")
    if said[-1] == "equal":
        return Verdict.HOLDS, f"{what} is {seen[-1][1]}"
    if "equal" in said or (error or "").startswith("Over"):
        return Verdict.UNKNOWN, f"{what} is {claim.wanted} after some passes"
    return Verdict.FAILS, f"{what} is {seen[-1][1]}, not {claim.wanted}"


def _call_near(
    trajectory: Trajectory, step: int, claim: claims.ValueClaim, names: frozenset[str]
) -> str | None:
    """The call that a claim is about: the last one named before it, or the next one in its step."""
    text, at = trajectory.steps[step].text, claim.start
    spans = list(claims.calls(text, names))
    for start, end in [*(s for s in reversed(spans) if s[0] < at), *(s for s in spans if s[0] >= at)]:
        return text[start:end]
    for earlier in reversed(trajectory.steps[:step]):
        if earlier.kind != "code":
            for start, end in reversed(list(claims.calls(earlier.text, names))):
                return earlier.text[start:end]
    return None


class Covers:
    """Run a call or an assert that a step names, and look whether it executes the line."""

    name = "code/covers"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        found = program(problem, trajectory)
        read = [(i, c) for i in trajectory.scored for c in claims.cover_claims(trajectory.steps[i].text)]
        if found is None or not read:
            return [_NOTHING] * len(trajectory.scored)
        return gathered(trajectory, list(self._judged(found, read)))

    def _judged(
        self, found: Program, read: Sequence[tuple[int, claims.CoverClaim]]
    ) -> Iterator[_Found | Finding]:
        jobs = [
            {"mode": "trace", "program": found.source, "call": c.what, "as": "exec", "seconds": _SECONDS}
            for _, c in read
        ]
        for (step, claim), ran in zip(read, runner.run_all(jobs), strict=True):
            if ran.failure:
                yield ran.failure
                return
            rows = claims.rows_of(found.source, claim.line + found.given)
            stopped = str(ran.found["error"] or "")
            unread = rows is None or parsed(claim.what) is None or stopped.startswith(("NameError", "Over"))
            if unread or rows is None:
                said, reason = Verdict.UNKNOWN, "that line or test cannot be read"
            else:
                covered = any(rows[0] <= line <= rows[1] for line in ran.found["covered"])
                said = Verdict.HOLDS if covered is claim.reaches else Verdict.FAILS
                reason = f"{claim.what} {'executes' if covered else 'does not execute'} line {claim.line}"
            yield _Found(step, Claim(claim.start, claim.end, said, reason))


def gathered(trajectory: Trajectory, judged: Sequence[_Found | Finding]) -> list[Finding]:
    """Claims by step as findings: any that FAILS tells, else any that HOLDS; a failed job tells of all."""
    failure = next((one for one in judged if isinstance(one, Finding)), None)
    by_step: dict[int, list[Claim]] = {}
    for one in judged:
        if isinstance(one, _Found):
            by_step.setdefault(one.step, []).append(one.claim)
    return [_concluded(by_step.get(step, []), failure) for step in trajectory.scored]


def _concluded(found: Sequence[Claim], failure: Finding | None) -> Finding:
    for wanted in (Verdict.FAILS, Verdict.HOLDS):
        hits = [claim for claim in found if claim.verdict is wanted]
        if hits:
            return Finding(wanted, hits[0].reason, claims=tuple(found))
    if found:
        return Finding(Verdict.UNKNOWN, found[0].reason, Code.UNSUPPORTED, claims=tuple(found))
    return failure or _NOTHING
