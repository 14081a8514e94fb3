"""Are these the files they are said to be, and do two sets share what they must not share?"""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from prmkit.cards import DatasetCard
from prmkit.dataset import Quarantined, read_rows
from prmkit.errors import DataError, StorageError
from prmkit.records import storage_error
from prmkit.types import Problem, Sample

# ---------------------------------------------------------------- files


@dataclass(frozen=True, slots=True)
class FileMark:
    """What a file was when it was written: enough to see that it is still the same."""

    size: int
    """Bytes."""
    mtime_ns: int
    """Time of the last change."""
    sha256: str

    @classmethod
    def of(cls, path: str | Path) -> FileMark:
        """The mark of a file as it is now.

        Raises:
            StorageError: The file cannot be read.
        """
        path = Path(path)
        try:
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            facts = path.stat()
        except OSError as error:
            raise storage_error(error, path) from error
        return cls(facts.st_size, facts.st_mtime_ns, digest)

    def check(self, path: str | Path) -> None:
        """Refuse a file that is not what it was. A new time with equal contents passes.

        Raises:
            StorageError: The file is gone, or its contents changed.
        """
        if not Path(path).is_file():
            raise StorageError("the file is gone", do="run the stage that writes it again", file=path)
        now = FileMark.of(path)
        if now.sha256 != self.sha256:
            raise StorageError(
                f"the file changed since it was written ({self.size} bytes, sha256 {self.sha256[:12]};"
                f" now {now.size} bytes, sha256 {now.sha256[:12]})",
                do="run the stage that writes it again, or start a new run folder",
                file=path,
            )


@dataclass(frozen=True, slots=True)
class FileState:
    """A data file against its card."""

    name: str
    found: bool
    rows: int = 0
    """Rows found, unreadable ones included."""
    unreadable: int = 0
    """Rows that cannot even be parsed."""
    sha256: str = ""
    faults: tuple[str, ...] = ()
    """How it differs from its card; empty when it does not."""


def inspect(card: DatasetCard, folder: str | Path) -> list[FileState]:
    """Each file of the card as it is found in ``folder``: rows and digest against the card's."""
    states = []
    for promised in card.files:
        path = Path(folder) / promised.name
        if not path.is_file():
            states.append(FileState(promised.name, False, faults=("the file is missing",)))
            continue
        bad: list[Quarantined] = []
        try:
            rows = sum(1 for _ in read_rows(path, bad)) + len(bad)
        except DataError as error:
            states.append(FileState(promised.name, True, faults=(error.message,)))
            continue
        digest = FileMark.of(path).sha256
        faults = []
        if rows != promised.rows:
            faults.append(f"{rows} rows, the card says {promised.rows}")
        if promised.sha256 and digest != promised.sha256:
            faults.append(f"sha256 {digest[:12]}, the card says {promised.sha256[:12]}")
        states.append(FileState(promised.name, True, rows, len(bad), digest, tuple(faults)))
    return states


def require(card: DatasetCard, folder: str | Path) -> None:
    """Refuse a folder that differs from the card.

    Raises:
        DataError: A file is missing, or has other rows or another digest.
    """
    for state in inspect(card, folder):
        if state.faults:
            raise DataError(
                f"data set {card.name!r} is not what its card says: {'; '.join(state.faults)}",
                do="copy the set again, or correct the card",
                file=Path(folder) / state.name,
            )


# ---------------------------------------------------------------- leakage

GRAM = 13
"""Words of a shared passage that make two problems near-duplicates."""
LONG_STEP = 60
"""Characters, after normalisation, from which a shared step text counts."""
BOILERPLATE = 10
"""Passages and steps that stand in so many unlike training problems are everybody's, not a leak."""

_WORD = re.compile(r"[^\W_]+|[+\-*/^=<>%!]")
_SIGNS = str.maketrans({"−": "-", "×": "*", "·": "*", "÷": "/", "≤": "<", "≥": ">"})


@dataclass(frozen=True, slots=True)
class Leak:
    """An evaluation sample that training data gives away."""

    trajectory_id: str
    problem_id: str
    why: str
    """``problem``: the same problem; ``passage``: 13 words of it; ``step``: the text of a long step."""
    step: int | None
    """The shared step, for ``step``."""
    training_id: str
    """A training trajectory that shares it."""


@dataclass(slots=True)
class _Hit:
    """Where something of the evaluation set occurs in training data."""

    first: str = ""
    """First training trajectory that has it."""
    problems: set[int] = field(default_factory=set)
    """Unlike training problems that have it, as far as needed to call it boilerplate."""

    def add(self, trajectory_id: str, problem: int) -> None:
        self.first = self.first or trajectory_id
        if len(self.problems) < BOILERPLATE:
            self.problems.add(problem)

    @property
    def telling(self) -> bool:
        return 0 < len(self.problems) < BOILERPLATE


def words(text: str) -> list[str]:
    r"""Words, numbers and signs of a text in lower case; spacing, LaTeX and punctuation are dropped.

    Examples:
        >>> words(r"What is $\frac{3}{4}$ − x?")
        ['what', 'is', 'frac', '3', '4', '-', 'x']
    """
    return _WORD.findall(unicodedata.normalize("NFKC", text).translate(_SIGNS).lower())


def passages(text: list[str]) -> Iterator[int]:
    """Hashes of all runs of ``GRAM`` words."""
    for start in range(len(text) - GRAM + 1):
        yield hash(tuple(text[start : start + GRAM]))


def find_leaks(evaluation: Iterable[Sample], training: Iterable[Sample]) -> list[Leak]:
    """Evaluation samples whose problem, a 13-word passage of it, or a long step occurs in training data.

    The evaluation set is indexed by hashes, the training data streams past it once.

    Args:
        evaluation: Samples that figures will be reported on.
        training: Samples for training, calibration or choosing thresholds.

    Returns:
        At most one leak per sample, the plainest reason first, in the order of ``evaluation``.
    """
    index = _Index()
    for sample in evaluation:
        index.add(sample)
    seen: set[int] = set()
    for sample in training:
        index.look_up(sample, seen)
    return list(index.leaks())


class _Index:
    """Hashes of what must not be shared, and where training data has it."""

    def __init__(self) -> None:
        self._hits: dict[int, _Hit] = {}
        self._rows: list[tuple[str, str, int, list[tuple[int, int]]]] = []
        self._problems: dict[int, list[int]] = {}

    def add(self, sample: Sample) -> None:
        problem = _problem_key(sample.problem)
        if problem not in self._problems:
            self._problems[problem] = list(passages(words(sample.problem.text)))
            for key in (problem, *self._problems[problem]):
                self._hits.setdefault(key, _Hit())
        steps = list(_step_keys(sample))
        for _, key in steps:
            self._hits.setdefault(key, _Hit())
        self._rows.append((sample.trajectory.id, sample.problem.id, problem, steps))

    def look_up(self, sample: Sample, seen: set[int]) -> None:
        problem, name = _problem_key(sample.problem), sample.trajectory.id
        if problem not in seen:
            seen.add(problem)
            for key in (problem, *passages(words(sample.problem.text))):
                if key in self._hits:
                    self._hits[key].add(name, problem)
        for _, key in _step_keys(sample):
            if key in self._hits:
                self._hits[key].add(name, problem)

    def leaks(self) -> Iterator[Leak]:
        for trajectory_id, problem_id, problem, steps in self._rows:
            if self._hits[problem].problems:
                yield Leak(trajectory_id, problem_id, "problem", None, self._hits[problem].first)
                continue
            shared = next((self._hits[k] for k in self._problems[problem] if self._hits[k].telling), None)
            if shared is not None:
                yield Leak(trajectory_id, problem_id, "passage", None, shared.first)
                continue
            for step, key in steps:
                if self._hits[key].telling:
                    yield Leak(trajectory_id, problem_id, "step", step, self._hits[key].first)
                    break


def _problem_key(problem: Problem) -> int:
    # A question about another table, picture or note is another problem.
    context = repr(sorted(problem.context.items())) if problem.context else ""
    return hash(("problem", _text_key(problem.text), context))


def _step_keys(sample: Sample) -> Iterator[tuple[int, int]]:
    for step in sample.trajectory.steps:
        if len(step.text) >= LONG_STEP and step.role != "observe":
            length, key = _text_key(step.text)
            if length >= LONG_STEP:
                yield step.index, key


@functools.lru_cache(maxsize=1 << 16)
def _text_key(text: str) -> tuple[int, int]:
    """Length and hash of a normalised text. Rows of one problem repeat their texts many times."""
    plain = " ".join(words(text))
    return len(plain), hash(plain)
