"""Recorded completions: draw once from a costly policy, use them again without it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from prmkit.contracts import Completion, Policy
from prmkit.errors import ConfigError, RecordError
from prmkit.policy.prompt import first_samples
from prmkit.types import Problem

Key = tuple[str, str]
"""(problem id, text written before the completion)."""


class ReplayPolicy:
    """Gives back recorded completions in their recorded order; seed and temperature change nothing.

    Args:
        records: (problem id, text written so far, completion).

    Examples:
        >>> policy = ReplayPolicy([("p", "", Completion("4", 1)), ("p", "", Completion("5", 1))])
        >>> [c.text for c in policy.complete([(Problem(id="p", text="2 + 2?"), "")], n=2, seed=0)[0]]
        ['4', '5']
    """

    def __init__(self, records: Iterable[tuple[str, str, Completion]]) -> None:
        self._known: dict[Key, list[Completion]] = defaultdict(list)
        for problem_id, written, completion in records:
            self._known[problem_id, written].append(completion)

    @classmethod
    def read(cls, path: str | Path) -> ReplayPolicy:
        """Read a file that ``Recorder`` wrote.

        Raises:
            RecordError: A line is not such a record; names file and row.
        """
        records = []
        with Path(path).open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    row = json.loads(line)
                    completion = Completion(row["text"], row["tokens"], row["logprob"], row["finished"])
                    records.append((row["problem_id"], row["written"], completion))
                except (ValueError, KeyError, TypeError) as error:
                    raise RecordError(
                        f"not a recorded completion: {error!r}",
                        do="record again with prmkit.policy.replay.Recorder",
                        file=path,
                        row=number,
                    ) from error
        return cls(records)

    def complete(
        self, requests: Sequence[tuple[Problem, str]], *, n: int, seed: int, temperature: float = 1.0
    ) -> list[list[Completion]]:
        """The first ``n`` recorded completions of each request; asked again in one call, the next ``n``.

        Raises:
            ConfigError: Fewer than ``n`` are recorded.
        """
        drawn = []
        for position, first in enumerate(first_samples(requests, n)):
            problem, written = requests[position]
            known = self._known.get((problem.id, written), [])
            if len(known) < first + n:
                raise ConfigError(
                    f"{len(known)} of {first + n} completions are recorded for problem {problem.id!r} after"
                    f" {len(written)} characters",
                    do="ask for fewer, or record more",
                    field=f"requests[{position}]",
                )
            drawn.append(known[first : first + n])
        return drawn


class Recorder:
    """Passes requests on to a policy and appends what it gives to a file."""

    def __init__(self, policy: Policy, path: str | Path) -> None:
        self.policy = policy
        self.path = Path(path)

    def complete(
        self, requests: Sequence[tuple[Problem, str]], *, n: int, seed: int, temperature: float = 1.0
    ) -> list[list[Completion]]:
        """What the policy gives; every completion is one line of the file."""
        drawn = self.policy.complete(requests, n=n, seed=seed, temperature=temperature)
        with self.path.open("a", encoding="utf-8") as out:
            for (problem, written), row in zip(requests, drawn, strict=True):
                for one in row:
                    told = {"problem_id": problem.id, "written": written, **one._asdict()}
                    out.write(json.dumps(told, ensure_ascii=False) + "\n")
        return drawn
