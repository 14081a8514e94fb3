"""Examples to one padded batch. Labels carry a mask of their own; no number stands for 'none'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

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
