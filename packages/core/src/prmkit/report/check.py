"""The reasoning linter: any log in, evidence in place out; no model and no settings."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prmkit import plugins
from prmkit.errors import PluginError
from prmkit.logs import read_log
from prmkit.records.files import Quarantined
from prmkit.report.page import render
from prmkit.types import Evidence, Sample, Verdict
from prmkit.verify.merge import merge
from prmkit.verify.run import verify
from prmkit.verify.sandbox import UNSAFE_WORDS, unsafe_used

Item = tuple[Sample, list[Evidence]]

PAGE_LIMIT = 500
"""Traces without a finding that the page shows; those with a finding are always shown."""


@dataclass(frozen=True)
class CheckResult:
    """What the verifiers found in one file."""

    path: str
    items: list[Item]
    """Every trace in the order of the file, with its evidence in the order of steps."""
    counts: Mapping[Verdict, int]
    """Scored steps by their verdict after merging the verifiers."""
    quarantine: list[Quarantined] = field(default_factory=list)
    """Rows that could not be read."""
    domains: tuple[str, ...] = ()
    """Domains whose verifiers ran."""
    notes: tuple[str, ...] = ()
    """What the reader should know: absent tools, unknown domains."""

    @property
    def traces(self) -> int:
        """Number of traces read."""
        return len(self.items)

    def failing(self) -> list[Item]:
        """Traces with at least one step that FAILS."""
        return [item for item in self.items if failed_steps(item)]


def failed_steps(item: Item) -> list[int]:
    """Indices of the steps of a trace that some verifier refutes, rising."""
    return sorted({e.step for e in item[1] if e.verdict is Verdict.FAILS})


def check_file(path: str, *, domain: str | None = None, seconds: float = 5.0) -> CheckResult:
    """Read a log, cut it into steps and verify every step with tools.

    Args:
        path: A chat log (JSON, JSONL), harness log, trajectory JSONL, CSV or plain text; ``-`` is
            standard input.
        domain: Domain whose verifiers run. Without it a row's own domain is used, and for rows that
            name none all installed domains.
        seconds: Time limit for each trace and verifier.

    Raises:
        DataError: The file is missing, empty, or no text.
        PluginError: No domain is installed.
        UnknownNameError: ``domain`` is not installed.
    """
    installed = [domain] if domain else plugins.domains()
    if not installed:
        raise PluginError(
            "no domain is installed, so nothing can be verified",
            do="pip install prmkit-math, or another domain; 'prmkit domains' lists what is found",
        )
    quarantine: list[Quarantined] = []
    samples = list(read_log(path, quarantine=quarantine))
    groups: dict[tuple[str, ...], list[int]] = {}
    strangers: Counter[str] = Counter()
    for position, sample in enumerate(samples):
        own = "" if domain else sample.problem.domain
        if own and own not in installed:
            strangers[own] += 1
        groups.setdefault((own,) if own in installed else tuple(installed), []).append(position)
    found: dict[int, Item] = {}
    for names, positions in groups.items():
        for position, item in zip(
            positions, _run(names, [samples[p] for p in positions], seconds), strict=True
        ):
            found[position] = item
    items = [found[p] for p in range(len(samples))]
    used = tuple(sorted({name for names in groups for name in names}))
    notes = [f"{n} traces name the domain {name!r}, which is not installed" for name, n in strangers.items()]
    notes += [
        f"{name}: tool {tool!r} is absent ({install})"
        for name in used
        for tool, install in plugins.domain(name).missing_tools().items()
    ]
    if unsafe_used():
        notes.insert(0, UNSAFE_WORDS)
    return CheckResult(str(path), items, count(items), quarantine, used, tuple(notes))


def _run(names: Sequence[str], samples: list[Sample], seconds: float) -> list[Item]:
    """Evidence of all verifiers of the domains ``names``; an UNKNOWN that only says so is kept."""
    verifiers = [v for name in names for v in plugins.domain(name).verifier_objects()]
    absent = {tool: how for name in names for tool, how in plugins.domain(name).missing_tools().items()}
    return list(verify(verifiers, samples, seconds=seconds, tools=absent))


def count(items: Sequence[Item]) -> dict[Verdict, int]:
    """Scored steps by merged verdict."""
    tally: Counter[Verdict] = Counter()
    for sample, evidence in items:
        merged = merge(sample.trajectory, evidence)
        for step in sample.trajectory.scored:
            said = merged[step]
            tally[said.verdict if said else Verdict.UNKNOWN] += 1
    return {verdict: tally[verdict] for verdict in Verdict}


def page(result: CheckResult, title: str) -> str:
    """A self-contained page: findings first, each in its place, then the other traces."""
    failing = result.failing()
    clean = [item for item in result.items if not failed_steps(item)]
    return render(
        "check.html",
        title=title,
        result=result,
        counts={v.value: n for v, n in result.counts.items()},
        failing=[_traced(item) for item in failing],
        clean=[_traced(item) for item in clean[:PAGE_LIMIT]],
        hidden=max(0, len(clean) - PAGE_LIMIT),
    )


def _traced(item: Item) -> dict[str, Any]:
    """A trace as the template reads it: steps with their merged verdict and telling evidence.

    In a trace with a finding, steps away from any finding stand in runs that are folded.
    """
    sample, evidence = item
    merged = merge(sample.trajectory, evidence)
    steps: list[dict[str, Any]] = []
    for step in sample.trajectory.steps:
        said = [e for e in evidence if e.step == step.index and e.verdict is not Verdict.UNKNOWN]
        chosen = merged[step.index]
        steps.append(
            {
                "step": step,
                "verdict": "" if step.role == "observe" else (chosen.verdict if chosen else Verdict.UNKNOWN),
                "claims": [c for e in said for c in e.claims],
                "evidence": sorted(said, key=lambda e: e.verdict is not Verdict.FAILS),
            }
        )
    failed = failed_steps(item)
    near = {step + d for step in failed for d in (-1, 0, 1)} if failed else set(range(len(steps)))
    runs = [(here, list(run)) for here, run in itertools.groupby(steps, lambda s: s["step"].index in near)]
    return {"sample": sample, "steps": steps, "runs": runs, "failed": failed}
