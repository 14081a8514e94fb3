"""Reading a PRM: encoded solutions to logits of steps, logits to scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import torch

from prmkit.encode.collate import Batch, Example, collate, collate_forest
from prmkit.encode.forest import grow
from prmkit.encode.layout import Group, choose
from prmkit.encode.tokenise import Encoded
from prmkit.errors import CheckpointError
from prmkit.model.heads import RANGES, outputs, read
from prmkit.types import Json, Problem, StepScores, Trajectory

if TYPE_CHECKING:
    from prmkit.model.prm import PRM

INPUTS = ("input_ids", "marks", "marked", "attention_mask", "solution", "features")
"""What the module takes of a padded batch."""


def score_many(prm: PRM, solutions: Iterable[Any], *, window: int) -> Iterator[StepScores]:
    """Scores in the caller's order; at most ``window`` solutions are held at a time."""
    stream = iter(solutions)
    while block := [(item[0], item[1]) for item in islice(stream, window)]:
        apart = prm.spec.view == "prefix" and not prm.module.causal
        found = _prefix_logits(prm, block) if apart else step_logits(prm, prm.encoder(block))
        for (_, trajectory), logits in zip(block, found, strict=True):
            yield scores(prm, trajectory, logits)


def _prefix_logits(prm: PRM, block: Sequence[tuple[Problem, Trajectory]]) -> list[list[torch.Tensor | None]]:
    """Logits of every step from a pass that ends there; solutions that begin alike share these passes."""
    read = prm.encoder.prefixes(block)
    distinct = list(dict.fromkeys(one for solution in read for one in solution))
    told = dict(zip(distinct, step_logits(prm, distinct), strict=True))
    found: list[list[torch.Tensor | None]] = [[None] * len(trajectory.steps) for _, trajectory in block]
    for row, (solution, (_, trajectory)) in enumerate(zip(read, block, strict=True)):
        for step, one in zip(trajectory.scored, solution, strict=True):
            found[row][step] = told[one][step]
    return found


@torch.inference_mode()
def step_logits(prm: PRM, encoded: Sequence[Encoded]) -> list[list[torch.Tensor | None]]:
    """Logits of every step, None where a step has no mark; each solution by itself.

    Shapes:
        each tensor: (C).

    Raises:
        CheckpointError: The model gives NaN or infinity.
    """
    found: list[list[torch.Tensor | None]] = [[None] * len(one.marks) for one in encoded]
    wanted = [i for i, one in enumerate(encoded) if any(place is not None for place in one.marks)]
    with prm.module.at_rest():
        for group in layout(prm, [encoded[i] for i in wanted]):
            members = [wanted[i] for i in group.members]
            mine = examples(prm, [encoded[i] for i in members])
            read = _forest(prm, mine, group.problem) if group.kind == "forest" else _rows(prm, mine)
            for i, told in zip(members, read, strict=True):
                found[i] = told
    return found


def layout(prm: PRM, encoded: Sequence[Encoded]) -> list[Group]:
    """Which of these solutions are read together, and in what shape."""
    shape = prm.module.shape if prm.layout == "auto" else None
    return choose(encoded, budget=prm.batch_tokens, shape=shape)


def explain(prm: PRM, encoded: Sequence[Encoded]) -> list[dict[str, Json]]:
    """The layouts of these solutions, summed by kind."""
    groups = layout(prm, encoded)
    told: list[dict[str, Json]] = []
    for kind in dict.fromkeys(group.kind for group in groups):
        mine = [group for group in groups if group.kind == kind]
        told.append(
            {
                "layout": kind,
                "passes": len(mine),
                "solutions": sum(len(group.members) for group in mine),
                "tokens": sum(len(encoded[i].ids) for group in mine for i in group.members),
                "computed": sum(group.tokens for group in mine),
                "cost": sum(group.cost for group in mine),
                "instead": sum(group.instead for group in mine),
            }
        )
    return told


def _rows(prm: PRM, rows: Sequence[Example]) -> list[list[torch.Tensor | None]]:
    prm.spent.spend(tokens=sum(map(len, rows)))
    batch = moved(prm, collate(rows, pad=prm.pad))
    logits = prm.module(**{name: batch[name] for name in INPUTS if name in batch})
    return by_step(logits[batch["marked"]], rows)


def _forest(prm: PRM, rows: Sequence[Example], problem: Sequence[int]) -> list[list[torch.Tensor | None]]:
    forest = grow([one.encoded.ids for one in rows], groups=problem)
    prm.spent.spend(tokens=len(forest))
    batch = moved(prm, collate_forest(rows, forest))
    hidden = prm.module.vectors(batch, forest, piece=prm.batch_tokens)
    return by_step(prm.module.head(hidden[0, batch["marks"][0]]), rows)


def by_step(logits: torch.Tensor, rows: Sequence[Example]) -> list[list[torch.Tensor | None]]:
    """Logits of all marked steps, row after row, to their steps.

    Shapes:
        logits: (M, C). each result: (C), float32, on the CPU.

    Raises:
        CheckpointError: NaN or infinity.
    """
    told = logits.cpu().float()
    if not told.isfinite().all():
        raise CheckpointError(
            "the model gives NaN or infinity",
            do="load it with dtype='float32', or use an earlier checkpoint",
        )
    each = iter(told)
    return [[None if place is None else next(each) for place in one.encoded.marks] for one in rows]


def moved(prm: PRM, batch: Batch) -> Batch:
    """The batch where the model is."""
    device = next(prm.module.parameters()).device
    return {name: one.to(device) for name, one in batch.items()}


def examples(prm: PRM, encoded: Sequence[Encoded]) -> list[Example]:
    """Encoded solutions with the features that the PRM's head needs."""
    if prm.policy is None:
        return [Example(one) for one in encoded]
    features = prm.policy.features(encoded, batch_tokens=prm.batch_tokens)
    return [Example(one, features=feature) for one, feature in zip(encoded, features, strict=True)]


def scores(prm: PRM, trajectory: Trajectory, logits: list[torch.Tensor | None]) -> StepScores:
    """The record of one solution.

    Shapes:
        each of logits: (C).
    """
    spec, width = prm.spec, outputs(prm.head, prm.spec, prm.options)
    told = [i for i, one in enumerate(logits) if one is not None]
    stacked = torch.stack([logits[i] for i in told]) if told else torch.zeros(0, width)
    found = read(stacked, prm.head, spec, prm.options, prm.calibration.temperature)
    values = _spread(prm.calibration.apply(found.values.tolist()), told, len(logits))
    last = trajectory.scored[-1] if trajectory.scored else None
    outcome = None
    if prm.target == "outcome" and last is not None:
        outcome = values[last]
    elif found.whole is not None and last is not None:
        outcome = _spread(found.whole.tolist(), told, len(logits))[last]
    if prm.target == "outcome":
        values = tuple(value if i == last else None for i, value in enumerate(values))
    return StepScores(
        trajectory_id=trajectory.id,
        steps_digest=trajectory.digest,
        values=values,
        kind=spec.kind,
        range=RANGES[spec.link],
        channels={name: _spread(one.tolist(), told, len(logits)) for name, one in found.channels.items()},
        trajectory_value=outcome,
        threshold=prm.threshold,
        calibrated_on=prm.calibration.fitted_on,
        model=prm.digest,
        renderer=spec.renderer,
    )


def _spread(each: Sequence[float], steps: Sequence[int], count: int) -> tuple[float | None, ...]:
    """Numbers of some steps to one entry per step."""
    told = dict(zip(steps, each, strict=True))
    return tuple(told.get(i) for i in range(count))
