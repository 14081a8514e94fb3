"""Solutions that are compared: pairs, or all answers to one problem, and batches that keep them together."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from prmkit.encode.collate import Example
from prmkit.encode.forest import grow
from prmkit.encode.sample import TokenBatches
from prmkit.encode.tokenise import Encoded, Encoder
from prmkit.errors import AlignmentError, ConfigError, RecordError
from prmkit.train.examples import up_to_last_label
from prmkit.types import Preference, Problem, Sample, Trajectory

log = logging.getLogger(__name__)
Comparison = Literal["pairwise", "listwise"]


class Pair(NamedTuple):
    """Two solutions of one problem, the better one first."""

    problem: Problem
    chosen: Trajectory
    rejected: Trajectory
    margin: float = 0.0
    """By how much the better one's reward should lie above the other's, at least."""
    weight: float = 1.0


class _Group(NamedTuple):
    """Solutions of one problem that are compared, and whether each is right."""

    problem: Problem
    members: tuple[Trajectory, ...]
    right: tuple[bool, ...]
    margin: float = 0.0
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class GroupCounts:
    """What a set of comparisons holds."""

    groups: int = 0
    """Pairs, or problems, that reach the model."""
    trajectories: int = 0
    """Solutions in them; one that stands in several pairs counts in each."""
    right: int = 0
    wrong: int = 0
    alike: int = 0
    """Problems left out because all their solutions are right, or all wrong."""
    unlabelled: int = 0
    """Solutions left out because their outcome is not known."""
    refused: int = 0
    """Groups left out because too few of their solutions fit into the longest text."""


def pairs_of(preferences: Iterable[Preference], samples: Iterable[Sample]) -> Iterator[Pair]:
    """Preferences with the solutions that they name.

    Raises:
        AlignmentError: A preference names a solution that is not there, or one of another problem.
    """
    table = {sample.trajectory.id: sample for sample in samples}
    for number, one in enumerate(preferences, 1):
        found = []
        for role in ("chosen", "rejected"):
            sample = table.get(getattr(one, role))
            if sample is None or sample.problem.id != one.problem_id:
                what = "is not there" if sample is None else f"solves {sample.problem.id!r}"
                raise AlignmentError(
                    f"{getattr(one, role)!r} {what}; the preference is about {one.problem_id!r}",
                    do="give the samples that the preferences were made for",
                    row=number,
                    field=role,
                )
            found.append(sample)
        better, worse = found
        yield Pair(better.problem, better.trajectory, worse.trajectory, one.margin or 0.0, one.weight)


def compare(
    rows: Iterable[Any], encoder: Encoder, how: Comparison, *, causal: bool = False
) -> tuple[list[Example], GroupCounts, list[Problem]]:
    """Examples whose last step is read, those of a group behind each other.

    Args:
        rows: ``Pair`` records or ``{"prompt", "chosen", "rejected"}`` mappings with lists of steps; or
            ``Sample`` records with outcomes, which are grouped by problem. An outcome of 0.5 or more is
            right. Of samples, pairs are each right solution with a wrong one in turn.
        encoder: The PRM's encoder.
        how: ``pairwise``, or ``listwise``: every right one against every wrong one of its problem.
        causal: The model reads left to right, so tokens behind the last mark are left out.

    Returns:
        Examples, counts, and the problem of each example (same order).

    Raises:
        ConfigError: No such comparison.
        RecordError: A row is malformed, pairs are to be ranked as lists, or nothing is left to compare.
    """
    if how not in get_args(Comparison):
        raise ConfigError(
            f"no objective is called {how!r}",
            do=f"use {' or '.join(get_args(Comparison))}",
            field="objective",
        )
    counts = GroupCounts()
    pairs: list[_Group] = []
    samples: dict[str, list[Sample]] = {}
    for number, row in enumerate(rows, 1):
        if isinstance(row, Sample):
            known = row.trajectory.outcome is not None
            counts = replace(counts, unlabelled=counts.unlabelled + (not known))
            if known:
                samples.setdefault(row.problem.id, []).append(row)
            continue
        pair = as_pair(row, number)
        if how == "listwise":
            raise RecordError(
                "a pair is no list of answers",
                do="give samples with outcomes, several of each problem, or train pairwise",
                row=number,
            )
        members = (pair.chosen, pair.rejected)
        pairs.append(_Group(pair.problem, members, (True, False), pair.margin, pair.weight))
    lists = [_listed(found) for found in samples.values()]
    mixed = [one for one in lists if len(set(one.right)) == 2]
    counts = replace(counts, alike=len(lists) - len(mixed))
    groups = pairs + (mixed if how == "listwise" else [pair for one in mixed for pair in _paired(one)])
    made, counts = _encoded(groups, encoder, counts, causal=causal)
    if not made:
        raise RecordError(
            f"nothing to compare: {counts.alike} problems have right or wrong solutions only, "
            f"{counts.unlabelled} solutions have no outcome, {counts.refused} groups were cut off",
            do="give each problem a right and a wrong solution, or raise max_tokens",
            field="outcome",
        )
    return made, counts, [groups[one.group or 0].problem for one in made]


def as_pair(row: Any, number: int) -> Pair:
    """A pair as it is, or a row ``{"prompt", "chosen", "rejected"}`` made into one.

    Raises:
        RecordError: Neither, a field is missing, a weight is below 0, or both solve different problems.

    Examples:
        >>> as_pair({"prompt": "1+1?", "chosen": ["2"], "rejected": ["3"]}, 1).chosen.text
        '2'
    """
    if isinstance(row, Mapping):
        for name, kind in (("prompt", str), ("chosen", Sequence), ("rejected", Sequence)):
            if not isinstance(row.get(name), kind) or (kind is Sequence and isinstance(row[name], str)):
                raise RecordError(
                    f"{row.get(name)!r:.60} is not a {'string' if kind is str else 'list'}",
                    do="write prompt as a string, chosen and rejected as lists of steps",
                    row=number,
                    field=name,
                )
        problem = Problem(id=f"row-{number}", text=row["prompt"])
        try:
            made = [
                Trajectory.of_steps(f"row-{number}-{name}", problem.id, row[name])
                for name in ("chosen", "rejected")
            ]
        except RecordError as error:
            raise error.at(row=number) from error
        row = Pair(problem, *made, float(row.get("margin") or 0.0), float(row.get("weight", 1.0)))
    if not isinstance(row, Pair):
        raise RecordError(
            f"a row to compare is a {type(row).__name__}",
            do="give Pairs, Samples with outcomes, or objects with prompt, chosen, rejected",
            row=number,
        )
    if not 0 <= row.weight < float("inf") or abs(row.margin) == float("inf") or row.margin != row.margin:
        raise RecordError(
            f"weight {row.weight} and margin {row.margin}",
            do="give a weight of 0 or more and a finite margin",
            row=number,
            field="weight",
        )
    return row


def _listed(found: Sequence[Sample]) -> _Group:
    right = tuple((sample.trajectory.outcome or 0.0) >= 0.5 for sample in found)
    return _Group(found[0].problem, tuple(sample.trajectory for sample in found), right)


def _paired(group: _Group) -> list[_Group]:
    """Right and wrong solutions side by side; the fewer ones stand in several pairs."""
    sides = [
        [one for one, right in zip(group.members, group.right, strict=True) if right is side]
        for side in (True, False)
    ]
    return [
        _Group(group.problem, tuple(side[i % len(side)] for side in sides), (True, False))
        for i in range(max(map(len, sides)))
    ]


def _encoded(
    groups: Sequence[_Group], encoder: Encoder, counts: GroupCounts, *, causal: bool
) -> tuple[list[Example], GroupCounts]:
    flat = encoder([(group.problem, one) for group in groups for one in group.members])
    each = iter(flat)
    made: list[Example] = []
    for number, group in enumerate(groups):
        read = [(next(each), one, right) for one, right in zip(group.members, group.right, strict=True)]
        kept = [
            _example(encoded, one, group, right, number, causal)
            for encoded, one, right in read
            if one.scored and encoded.marks[one.scored[-1]] is not None
        ]
        rights = sum(1.0 in one.labels for one in kept)
        if not 0 < rights < len(kept):
            counts = replace(counts, refused=counts.refused + 1)
            continue
        made += kept
        counts = replace(
            counts,
            groups=counts.groups + 1,
            trajectories=counts.trajectories + len(kept),
            right=counts.right + rights,
            wrong=counts.wrong + len(kept) - rights,
        )
    return made, counts


def _example(
    encoded: Encoded, trajectory: Trajectory, group: _Group, right: bool, number: int, causal: bool
) -> Example:
    last = trajectory.scored[-1]
    steps = range(len(encoded.marks))
    example = Example(
        replace(encoded, marks=tuple(encoded.marks[i] if i == last else None for i in steps)),
        tuple(float(right) if i == last else None for i in steps),
        (group.weight,) * len(encoded.marks),
        group=number,
        margin=group.margin if right else 0.0,
    )
    return up_to_last_label(example) if causal else example


def report_groups(counts: GroupCounts, what: str) -> None:
    """Log the counts."""
    log.info("%s: %s", what, ", ".join(f"{name} {value}" for name, value in asdict(counts).items()))


def grouped(examples: Sequence[Example]) -> list[list[int]]:
    """Positions of the examples of each group, in order."""
    found: dict[int | None, list[int]] = {}
    for place, one in enumerate(examples):
        found.setdefault(one.group, []).append(place)
    return list(found.values())


class GroupBatches(TokenBatches):
    """Batches of whole groups of similar length; the order is new in every epoch.

    Args:
        examples: Examples, those of a group behind each other.
        budget: Tokens of a batch: rows times the longest, or with ``packed`` those of the forest. A group
            that is larger is a batch by itself.
        packed: Count what examples begin with once.
        seed: Decides which groups of a length meet, and with the epoch the order of the batches.
        processes: Processes that train together.
        rank: Which of them this is.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        budget: int,
        *,
        packed: bool = False,
        seed: int = 0,
        processes: int = 1,
        rank: int = 0,
    ) -> None:
        super().__init__([], None, seed=seed, processes=processes, rank=rank)
        groups = grouped(examples)
        dealt = [groups[i] for i in np.random.default_rng(seed).permutation(len(groups))]
        longest = [max(len(examples[i]) for i in group) for group in dealt]
        rows = widest = spent = 0
        for place in np.argsort(longest, kind="stable"):
            group = dealt[place]
            size = len(grow([examples[i].encoded.ids for i in group])) if packed else 0
            rows, widest, spent = rows + len(group), max(widest, longest[place]), spent + size
            if not self._places or (spent if packed else rows * widest) > budget:
                self._places.append(np.zeros(0, dtype=np.int64))
                rows, widest, spent = len(group), longest[place], size
            self._places[-1] = np.r_[self._places[-1], group]

    def __iter__(self) -> Iterator[list[int]]:
        for position in self._mine(np.random.default_rng([self.seed, self.epoch])):
            yield self._places[position].tolist()
