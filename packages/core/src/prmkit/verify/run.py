"""Verifiers over trajectories: in order, under a time limit, in a pool, kept on disk."""

from __future__ import annotations

import contextlib
import functools
import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from prmkit.contracts import StepVerifier
from prmkit.errors import ConfigError
from prmkit.types import Evidence, Problem, Sample, Trajectory
from prmkit.verify.cache import EvidenceCache, judge_key, subject
from prmkit.verify.journal import Journal
from prmkit.verify.judge import Outcome, call, check_verifiers, tie, without_running
from prmkit.verify.limit import SoftLimit
from prmkit.verify.pool import Pool
from prmkit.verify.worker import Job

Found = dict[int, Outcome]
"""Outcomes by verifier index."""


def verify_one(
    verifiers: Sequence[StepVerifier],
    problem: Problem,
    trajectory: Trajectory,
    *,
    tools: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> list[Evidence]:
    """Evidence of all verifiers on one trajectory, in this process.

    Args:
        verifiers: Verifiers.
        problem: The problem; verifiers that need a reference are silent where it has none.
        trajectory: The solution.
        tools: Absent tools: name → how to install.
        seconds: Limit of one verifier; Python code is stopped there, a long C call is not
            (:func:`verify` with workers stops both). None sets no limit.

    Returns:
        One piece of evidence per verifier and scored step: verifiers in the order given, steps rising.

    Raises:
        ConfigError: An object is no verifier, or two share a name and version.
    """
    check_verifiers(verifiers)
    evidence: list[Evidence] = []
    with SoftLimit(seconds) as limit:
        for verifier in verifiers:
            outcome = without_running(verifier, problem, trajectory, tools or {})
            if outcome is None:
                outcome = call(verifier, problem, trajectory, limit)
            evidence.extend(tie(verifier, trajectory, outcome))
    return evidence


def verify(
    verifiers: Sequence[StepVerifier],
    samples: Iterable[Sample],
    *,
    workers: int = 0,
    seconds: float | None = 5.0,
    cache: str | Path | None = None,
    journal: str | Path | None = None,
    tools: Mapping[str, str] | None = None,
) -> Iterator[tuple[Sample, list[Evidence]]]:
    """Evidence for a stream of samples, in order, with flat memory.

    A crash, a time-out, a worker that dies, an absent tool and an absent reference are UNKNOWN with
    their reason; they stop nobody. With a journal, a run that was killed gives the rows that it had
    given before without any check, and goes on from there.

    Args:
        verifiers: Verifiers.
        samples: Samples, read no further ahead than the workers need.
        workers: Processes; 0 runs in this one, where only Python code can be stopped.
        seconds: Limit of one verifier on one trajectory; None sets none.
        cache: Folder that keeps outcomes between runs; time-outs, crashes and missing tools are not kept.
        journal: File that keeps the finished rows of this run; remove it when the result is written.
        tools: Absent tools: name → how to install.

    Yields:
        Each sample with one piece of evidence per verifier and scored step.

    Raises:
        ConfigError: An object is no verifier, two share a name and version, or a setting is out of range.
        StorageError: The cache or the journal cannot be used.
        PluginError: Worker processes die before their first check.
    """
    check_verifiers(verifiers)
    if workers < 0 or (seconds is not None and seconds <= 0):
        raise ConfigError(
            f"workers={workers}, seconds={seconds}", do="give workers >= 0 and seconds > 0 (or None)"
        )
    stream = _Stream(verifiers, tools or {})
    with contextlib.ExitStack() as stack:
        if cache is not None:
            stream.cache = stack.enter_context(EvidenceCache(cache))
        if journal is not None:
            head = json.dumps([stream.judges, seconds, sorted((tools or {}).items())])
            stream.journal = stack.enter_context(Journal(journal, head))
        yield from stream.run(samples, workers, seconds)


class _Row(NamedTuple):
    """A sample on its way."""

    sample: Sample
    about: str
    """What its outcomes depend on besides the verifiers; empty where nothing is kept on disk."""
    known: Found
    """Outcomes that need no run."""
    keys: list[bytes]
    """Cache keys of all verifiers; empty without a cache."""
    kept: bool = False
    """Whether the journal has the row already."""


class _Stream:
    """One run over a stream: what is known beforehand or on disk is filled in around the pool."""

    def __init__(self, verifiers: Sequence[StepVerifier], tools: Mapping[str, str]) -> None:
        self.verifiers, self.tools = verifiers, tools
        self.cache: EvidenceCache | None = None
        self.journal: Journal | None = None
        self._waiting: deque[_Row] = deque()

    @functools.cached_property
    def judges(self) -> list[str]:
        # Asking for tool versions scans all installed distributions: only a cache or journal needs them.
        return [judge_key(verifier) for verifier in self.verifiers]

    def run(
        self, samples: Iterable[Sample], workers: int, seconds: float | None
    ) -> Iterator[tuple[Sample, list[Evidence]]]:
        jobs = self._jobs(samples)
        if workers == 0:
            with SoftLimit(seconds) as limit:
                for job in jobs:
                    found = {
                        index: call(self.verifiers[index], job.problem, job.trajectory, limit)
                        for index in job.todo
                    }
                    yield self._complete(found)
            return
        with Pool(self.verifiers, workers, seconds) as pool:
            for done in pool.run(jobs):
                yield self._complete(done.outcomes)

    def _jobs(self, samples: Iterable[Sample]) -> Iterator[Job]:
        for position, sample in enumerate(samples):
            row = self._row(sample)
            self._waiting.append(row)
            todo = tuple(index for index in range(len(self.verifiers)) if index not in row.known)
            yield Job(position, sample.problem, sample.trajectory, todo)

    def _row(self, sample: Sample) -> _Row:
        about = subject(sample.problem, sample.trajectory) if self.cache or self.journal else ""
        kept = self.journal.replay(about) if self.journal else None
        if kept is not None:
            return _Row(sample, about, kept, [], kept=True)
        known: Found = {}
        keys = [EvidenceCache.key(judge, about) for judge in self.judges] if self.cache else []
        for index, verifier in enumerate(self.verifiers):
            outcome = without_running(verifier, sample.problem, sample.trajectory, self.tools)
            if outcome is None and self.cache:
                outcome = self.cache.get(keys[index])
            if outcome is not None:
                known[index] = outcome
        return _Row(sample, about, known, keys)

    def _complete(self, fresh: Found) -> tuple[Sample, list[Evidence]]:
        """The next sample of the stream with all its evidence."""
        row = self._waiting.popleft()
        if self.cache:
            for index, outcome in fresh.items():
                self.cache.put(row.keys[index], outcome)
        outcomes = row.known | fresh
        if self.journal and not row.kept:
            self.journal.add(row.about, outcomes)
        evidence: list[Evidence] = []
        for index, verifier in enumerate(self.verifiers):
            evidence.extend(tie(verifier, row.sample.trajectory, outcomes[index]))
        return row.sample, evidence
