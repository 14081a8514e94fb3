"""Examples to one padded batch. Labels carry a mask of their own; no number stands for 'none'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from prmkit.encode.forest import Forest
from prmkit.encode.tokenise import Encoded

Batch = dict[str, torch.Tensor]


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

    def __len__(self) -> int:
        return len(self.encoded.ids)


def collate(examples: Sequence[Example], *, pad: int = 0) -> Batch:
    """Pad to the longest row, on the right.

    Shapes:
        input_ids (B, S) long · attention_mask (B, S) long · position_ids (B, S) long, by depth ·
        solution (B, S) bool, true from the first token of the solution · marks (B, K) long, 0 where
        there is none · marked (B, K) bool · labels (B, K), 0 where there is none · labelled (B, K) bool ·
        weights (B, K), 0 where there is no label · features (B, S, F) if the examples have them.

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
    for row, example in enumerate(examples):
        ids[row, : len(example)] = torch.tensor(example.encoded.ids, dtype=torch.long)
        for step, place in enumerate(example.encoded.marks):
            if place is None:
                continue
            marks[row, step], marked[row, step] = place, True
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
    return batch


def collate_forest(examples: Sequence[Example], forest: Forest) -> Batch:
    """Examples that ``forest`` packed, as one row; every marked step of every example keeps its own mark.

    Steps that several examples share stand there once for each, so the loss is the sum that the examples
    would give one by one.

    Shapes:
        input_ids, position_ids (1, U) long · solution (1, U) bool · marks (1, M) long · labels, weights
        (1, M) · marked, labelled (1, M) bool, M the marked steps in the examples' order · features
        (1, U, F) if the examples have them.

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
    for example, slots in zip(examples, forest.where, strict=True):
        fresh = slots >= forest.known
        places = torch.from_numpy(slots[fresh] - forest.known)
        solution[places] = torch.from_numpy(fresh.nonzero()[0] >= example.encoded.solution)
        if features is not None:
            features[places] = example.features[torch.from_numpy(fresh)].to(features)
        for step, place in enumerate(example.encoded.marks):
            if place is not None:
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
    return batch
