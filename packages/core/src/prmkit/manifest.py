"""Are these the files they are said to be, and do two sets share what they must not share?"""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

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
_LATEX = re.compile(
    r"\\(?:(?P<frac>[dtc]?frac\s*(?:(?P<top>[0-9])\s*(?P<bottom>[0-9]))?)"
    r"|(?P<times>cdot|times)|(?P<over>div)|(?P<less>le|leq|leqslant)|(?P<more>ge|geq|geqslant)"
    # How a formula is set, not what it says.
    r"|left|right|[bB]igg?[lrm]?|displaystyle|textstyle|limits|q?quad|text|textbf|mathrm|mathbf|mathit"
    r"|operatorname)(?![a-zA-Z])|\\(?:begin|end)\s*\{[a-zA-Z]+\*?\}|\\[,;:! ]"
)
_PLAIN = {"times": "*", "over": "/", "less": "<", "more": ">", None: " "}
_SIGNS = str.maketrans({"−": "-", "×": "*", "·": "*", "÷": "/", "≤": "<", "≥": ">"})


@dataclass(frozen=True, slots=True)
class Leak:
    """An evaluation sample that training data gives away."""

    trajectory_id: str
    problem_id: str
    why: str
    """``problem``: the same problem; ``cluster``: another spelling or variant of it, by the sets' own word;
    ``passage``: 13 words of it; ``step``: the text of a long step."""
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
    r"""Words, numbers and signs of a text in lower case; spacing, LaTeX's layout and punctuation are dropped.

    Examples:
        >>> words(r"What is $\frac{3}{4}$ − x?")
        ['what', 'is', 'frac', '3', '4', '-', 'x']
        >>> words(r"\left(\dfrac34 \times x\right)") == words(r"(\frac{3}{4} \cdot x)")
        True
    """
    if "\\" in text:
        text = _LATEX.sub(_unset, text)
    return _WORD.findall(unicodedata.normalize("NFKC", text).translate(_SIGNS).lower())


def _unset(found: re.Match[str]) -> str:
    """A LaTeX command without its looks."""
    kind = found.lastgroup
    return f"frac {found['top'] or ''} {found['bottom'] or ''} " if kind == "frac" else _PLAIN[kind]


def passages(text: list[str]) -> Iterator[int]:
    """Hashes of all runs of ``GRAM`` words."""
    for start in range(len(text) - GRAM + 1):
        yield hash(tuple(text[start : start + GRAM]))


def find_leaks(evaluation: Iterable[Sample], training: Iterable[Sample]) -> list[Leak]:
    """Evaluation samples whose problem, a 13-word passage of it, or a long step occurs in training data.

    Problems of one cluster are one problem, whatever their words, unless both clusters are mere ids.
    The evaluation set is indexed by hashes, the training data streams past it once; what is found for a
    sample does not depend on the others.

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


class _Row(NamedTuple):
    """An evaluation sample, as far as it can leak."""

    id: str
    problem_id: str
    cluster: str
    named: bool
    """Whether the cluster is more than the problem's id."""
    problem: int
    steps: list[tuple[int, int]]
    """(index, key) of its long steps."""


class _Index:
    """Hashes of what must not be shared, and where training data has it."""

    def __init__(self) -> None:
        self._hits: dict[int, _Hit] = {}
        self._rows: list[_Row] = []
        self._problems: dict[int, list[int]] = {}
        self._clusters: dict[str, str] = {}
        """Cluster → first training trajectory of it; only of clusters that were given."""
        self._ids: dict[str, str] = {}
        """The same, of clusters that are no more than the problem's id."""

    def add(self, sample: Sample) -> None:
        problem = _problem_key(sample.problem)
        if problem not in self._problems:
            self._problems[problem] = list(passages(words(sample.problem.text)))
            for key in (problem, *self._problems[problem]):
                self._hits.setdefault(key, _Hit())
        steps = list(_step_keys(sample))
        for _, key in steps:
            self._hits.setdefault(key, _Hit())
        asked = sample.problem
        self._rows.append(
            _Row(sample.trajectory.id, asked.id, asked.cluster, asked.cluster != asked.id, problem, steps)
        )

    def look_up(self, sample: Sample, seen: set[int]) -> None:
        asked, name = sample.problem, sample.trajectory.id
        problem = _problem_key(asked)
        (self._clusters if asked.cluster != asked.id else self._ids).setdefault(asked.cluster, name)
        if problem not in seen:
            seen.add(problem)
            for key in (problem, *passages(words(sample.problem.text))):
                if key in self._hits:
                    self._hits[key].add(name, problem)
        for _, key in _step_keys(sample):
            if key in self._hits:
                self._hits[key].add(name, problem)

    def leaks(self) -> Iterator[Leak]:
        for row in self._rows:
            if self._hits[row.problem].problems:
                yield Leak(row.id, row.problem_id, "problem", None, self._hits[row.problem].first)
                continue
            kin = self._clusters.get(row.cluster) or (row.named and self._ids.get(row.cluster))
            if kin:
                yield Leak(row.id, row.problem_id, "cluster", None, kin)
                continue
            shared = next((self._hits[k] for k in self._problems[row.problem] if self._hits[k].telling), None)
            if shared is not None:
                yield Leak(row.id, row.problem_id, "passage", None, shared.first)
                continue
            for step, key in row.steps:
                if self._hits[key].telling:
                    yield Leak(row.id, row.problem_id, "step", step, self._hits[key].first)
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
