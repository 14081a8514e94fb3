"""Examples to one padded batch. Labels carry a mask of their own; no number stands for 'none'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from prmkit.encode.forest import Forest
from prmkit.encode.tokenise import Encoded

Batch = dict[str, torch.Tensor]
Cell = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """One solution ready for the model."""

    encoded: Encoded
    labels: tuple[float | None, ...] = ()
    """Per step; None where there is no label or the step was cut off. Empty when only scored."""
    weights: tuple[float, ...] = ()
    """Loss weight per step; empty means 1."""
    features: torch.Tensor | None = None
    """Per token, shape (S, F)."""
    columns: tuple[tuple[float | None, ...], ...] = ()
    """Further targets (classes, objectives, the trajectory): each has one entry per step."""
    group: int | None = None
    """Number of the group that the example is compared in; examples of a group stand together."""
    margin: float = 0.0
    """How much better the better one of a pair is; on either of the two."""
    other: Example | None = None
    """The same problem with a solution of another one."""

    def __len__(self) -> int:
        return len(self.encoded.ids)


def collate(examples: Sequence[Example], *, pad: int = 0) -> Batch:
    """Pad to the longest row, on the right.

    Shapes:
        input_ids (B, S) long · attention_mask (B, S) long · position_ids (B, S) long, by depth ·
        solution (B, S) bool, true from the first token of the solution · marks (B, K) long, 0 where
        there is none · marked (B, K) bool · labels (B, K), 0 where there is none · labelled (B, K) bool ·
        weights (B, K), 0 where there is no label · features (B, S, F), columns and columned (B, K, T),
        groups and margins (N,) if the examples have them.

    Examples:
        >>> read, lost = Encoded((5, 6, 7), (2,), 1), Encoded((5,), (None,), 1)
        >>> batch = collate([Example(read, (0.5,)), Example(lost)])
        >>> batch["labels"].tolist(), batch["labelled"].tolist()
        ([[0.5], [0.0]], [[True], [False]])
    """
    rows, width = len(examples), max((len(example) for example in examples), default=0)
    steps = max((len(example.encoded.marks) for example in examples), default=0)
    ids = torch.full((rows, width), pad, dtype=torch.long)
    lengths = torch.tensor([len(example) for example in examples])
    starts = torch.tensor([example.encoded.solution for example in examples])
    marks = torch.zeros(rows, steps, dtype=torch.long)
    marked = torch.zeros(rows, steps, dtype=torch.bool)
    labels, weights = torch.zeros(rows, steps), torch.zeros(rows, steps)
    labelled = torch.zeros(rows, steps, dtype=torch.bool)
    further: list[tuple[int, int, Cell]] = []
    for row, example in enumerate(examples):
        ids[row, : len(example)] = torch.tensor(example.encoded.ids, dtype=torch.long)
        for step, place in enumerate(example.encoded.marks):
            if place is None:
                continue
            marks[row, step], marked[row, step] = place, True
            further.append((row, step, tuple(column[step] for column in example.columns)))
            label = example.labels[step] if example.labels else None
            if label is not None:
                labels[row, step], labelled[row, step] = label, True
                weights[row, step] = example.weights[step] if example.weights else 1.0
    columns = torch.arange(width)
    batch = {
        "input_ids": ids,
        "attention_mask": (columns < lengths[:, None]).long(),
        "position_ids": columns.expand(rows, width),
        "solution": (columns >= starts[:, None]) & (columns < lengths[:, None]),
        "marks": marks,
        "marked": marked,
        "labels": labels,
        "labelled": labelled,
        "weights": weights,
    }
    if examples and all(example.features is not None for example in examples):
        batch["features"] = torch.nn.utils.rnn.pad_sequence(
            [example.features for example in examples], batch_first=True
        )
    return {**batch, **_columns(further, rows, steps), **_groups(examples)}


def _columns(cells: Sequence[tuple[int, int, Cell]], rows: int, steps: int) -> Batch:
    """Further targets of each (row, step); nothing where the examples have none."""
    width = max((len(cell) for _, _, cell in cells), default=0)
    if not width:
        return {}
    columns, columned = torch.zeros(rows, steps, width), torch.zeros(rows, steps, width, dtype=torch.bool)
    for row, step, cell in cells:
        for column, value in enumerate(cell):
            if value is not None:
                columns[row, step, column], columned[row, step, column] = value, True
    return {"columns": columns, "columned": columned}


def _groups(examples: Sequence[Example]) -> Batch:
    """Groups numbered from 0 in the order of the examples, and margins; nothing where there are none."""
    if not examples or examples[0].group is None:
        return {}
    number: dict[int | None, int] = {}
    groups = [number.setdefault(example.group, len(number)) for example in examples]
    return {"groups": torch.tensor(groups), "margins": torch.tensor([example.margin for example in examples])}


def collate_forest(examples: Sequence[Example], forest: Forest) -> Batch:
    """Examples that ``forest`` packed, as one row; every marked step of every example keeps its own mark.

    Steps that several examples share stand there once for each, so the loss is the sum that the examples
    would give one by one.

    Shapes:
        input_ids, position_ids (1, U) long · solution (1, U) bool · marks (1, M) long · labels, weights
        (1, M) · marked, labelled (1, M) bool, M the marked steps in the examples' order · features
        (1, U, F), columns and columned (1, M, T), groups and margins (N,) if the examples have them.

    Examples:
        >>> from prmkit.encode.forest import grow
        >>> long, short = Encoded((5, 6, 7), (1, 2), 1), Encoded((5, 6), (1,), 1)
        >>> pair = [Example(long, (1.0, 0.5)), Example(short, (0.0,))]
        >>> batch = collate_forest(pair, grow([one.encoded.ids for one in pair]))
        >>> batch["marks"].tolist(), batch["labels"].tolist()
        ([[1, 2, 1]], [[1.0, 0.5, 0.0]])
    """
    size = len(forest)
    solution = torch.zeros(size, dtype=torch.bool)
    featured = bool(examples) and all(example.features is not None for example in examples)
    features = torch.zeros(size, examples[0].features.shape[-1]) if featured else None
    marks: list[int] = []
    labels: list[float | None] = []
    weights: list[float] = []
    further: list[tuple[int, int, Cell]] = []
    for example, slots in zip(examples, forest.where, strict=True):
        fresh = slots >= forest.known
        places = torch.from_numpy(slots[fresh] - forest.known)
        solution[places] = torch.from_numpy(fresh.nonzero()[0] >= example.encoded.solution)
        if features is not None:
            features[places] = example.features[torch.from_numpy(fresh)].to(features)
        for step, place in enumerate(example.encoded.marks):
            if place is not None:
                further.append((0, len(marks), tuple(column[step] for column in example.columns)))
                marks.append(int(slots[place]))
                labels.append(example.labels[step] if example.labels else None)
                weights.append(example.weights[step] if example.weights else 1.0)
    labelled = [label is not None for label in labels]
    batch = {
        "input_ids": torch.from_numpy(forest.ids)[None],
        "position_ids": torch.from_numpy(forest.depth)[None],
        "solution": solution[None],
        "marks": torch.tensor([marks], dtype=torch.long),
        "marked": torch.ones(1, len(marks), dtype=torch.bool),
        "labels": torch.tensor([[label or 0.0 for label in labels]]),
        "labelled": torch.tensor([labelled], dtype=torch.bool),
        "weights": torch.tensor([[w if has else 0.0 for w, has in zip(weights, labelled, strict=True)]]),
    }
    if features is not None:
        batch["features"] = features[None]
    return {**batch, **_columns(further, 1, len(marks)), **_groups(examples)}


def token_paths(examples: Sequence[Example], forest: Forest) -> Batch:
    """Where the tokens of packed examples lie, for models that are read token by token.

    Shapes:
        before (1, U) long, the token before each, -1 where there is none · paths (N, T) long, the tokens of
        each example, -1 behind its last · owners (1, M) long, the example of each marked step.

    Examples:
        >>> from prmkit.encode.forest import grow
        >>> pair = [Example(Encoded((5, 6, 7), (1, 2), 1)), Example(Encoded((5, 8), (1,), 1))]
        >>> told = token_paths(pair, grow([one.encoded.ids for one in pair]))
        >>> told["before"].tolist(), told["paths"].tolist(), told["owners"].tolist()
        ([[-1, 0, 1, 0]], [[0, 1, 2], [0, 3, -1]], [[0, 0, 1]])
    """
    paths = [torch.from_numpy(slots) for slots in forest.where]
    each = [sum(place is not None for place in example.encoded.marks) for example in examples]
    return {
        "before": torch.from_numpy(forest.before)[None],
        "paths": torch.nn.utils.rnn.pad_sequence(paths, batch_first=True, padding_value=-1),
        "owners": torch.arange(len(examples)).repeat_interleave(torch.tensor(each))[None],
    }
