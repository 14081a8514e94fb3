"""Early exits: behind every layer a score and a chance of stopping there.

In training all layers run and the exit is a distribution over them. In use a step leaves at the first layer
by which it would have stopped with a probability above a set share, and layers that no step of a batch
reaches are not computed.

Source: PALBERT (arXiv 2204.03276), Lambda layers and Q-exit. Departures: each stage normalises its states
first, since backbones of today do so behind their last layer only; the score of the last stage is the
backbone's own head, so that the folder is an ordinary token classifier; padded rows only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from prmkit.errors import ConfigError
from prmkit.tensors import expect


def halting(lambdas: torch.Tensor, present: torch.Tensor | None = None, *, rest: bool = True) -> torch.Tensor:
    """Probability of stopping at each stage: ``lambda`` there, times not having stopped before.

    Args:
        lambdas: Probability of stopping at a stage once it is reached.
        present: Stages that exist; the others get 0. None for all.
        rest: The last stage takes all that is left, so that the row sums to 1.

    Shapes:
        lambdas, present: (B, L). result: (B, L).

    Source:
        PonderNet (arXiv 2107.05407) and PALBERT (arXiv 2204.03276); ``rest`` in training.

    Examples:
        >>> lambdas = torch.tensor([[0.1, 0.3, 0.5, 0.9]])
        >>> halting(lambdas)
        tensor([[0.1000, 0.2700, 0.3150, 0.3150]])
        >>> halting(lambdas, rest=False)
        tensor([[0.1000, 0.2700, 0.3150, 0.2835]])
    """
    sizes = expect(lambdas, "B L")
    present = torch.ones_like(lambdas, dtype=torch.bool) if present is None else present.bool()
    expect(present, "B L", sizes, name="present")
    stop = torch.where(present, lambdas, torch.zeros_like(lambdas))
    on = torch.cat([torch.ones_like(stop[:, :1]), (1 - stop[:, :-1])], 1).cumprod(1)
    if rest:
        stop = torch.where(last_stage(present), torch.ones_like(stop), stop)
    return stop * on


def quantile_exit(
    exits: torch.Tensor, present: torch.Tensor | None = None, *, q: float = 0.5
) -> torch.Tensor:
    """First stage, 0-based, by which the model stops with a probability above ``q``; else the last one.

    Shapes:
        exits, present: (B, L). result: (B,) long.

    Source:
        Q-exit of PALBERT (arXiv 2204.03276): the median stage instead of a drawn one.

    Examples:
        >>> quantile_exit(torch.tensor([[0.1, 0.27, 0.315, 0.2835]])).tolist()
        [2]
    """
    sizes = expect(exits, "B L")
    present = torch.ones_like(exits, dtype=torch.bool) if present is None else present.bool()
    expect(present, "B L", sizes, name="present")
    reached = torch.where(present, exits, torch.zeros_like(exits)).cumsum(1) > q
    return ((reached & present) | last_stage(present)).int().argmax(1)


def last_stage(present: torch.Tensor) -> torch.Tensor:
    """Marks the last stage that exists in each row.

    Shapes:
        present: (B, L) bool. result: (B, L) bool.
    """
    place = present.cumsum(1)
    return present & (place == place[:, -1:])


def staged(outputs: torch.Tensor, stages: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Outputs of a head to the score of each stage, and the probability of stopping at each one reached.

    The last stage stops always.

    Shapes:
        outputs: (M, 2L - 1), L = ``stages``. results: (M, L) log-odds, (M, L), both float32.

    Examples:
        >>> scores, lambdas = staged(torch.tensor([[1.0, 2.0, 0.0]]), 2)
        >>> scores.tolist(), lambdas.tolist()
        ([[1.0, 2.0]], [[0.5, 1.0]])
    """
    expect(outputs, "M C")
    scores, stops = outputs.float().split([stages, stages - 1], -1)
    return scores, torch.cat([stops.sigmoid(), torch.ones_like(scores[:, :1])], -1)


class Exits(nn.Module):
    """Scores and chances of stopping behind every layer but the last.

    Args:
        width: Entries of a state.
        stages: Layers.
    """

    def __init__(self, width: int, stages: int) -> None:
        super().__init__()
        early = range(stages - 1)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in early)
        self.scores = nn.ModuleList(nn.Linear(width, 1) for _ in early)
        self.stops = nn.ModuleList(_lambda_layer(width) for _ in early)
        self.share = 0.5
        """A step leaves at the first stage by which it stops with a probability above this."""
        self.early = False
        """Whether layers behind the last exit of a batch are left out."""

    def forward(self, stage: int, state: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
        """Score and chance of stopping (as log-odds) at a stage.

        Shapes:
            state, before: (..., D), normalised. result: (..., 2).
        """
        told = self.stops[stage](torch.cat([state, before], -1))
        return torch.cat([self.scores[stage](state), told], -1)


def _lambda_layer(width: int) -> nn.Sequential:
    inner = [nn.Linear(2 * width, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh()]
    return nn.Sequential(*inner, nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1))


class Reached(Exception):
    """No step needs a further layer."""


class Watch:
    """What the layers of a network give at the marks, collected while it runs.

    Args:
        exits: Reads the states.
        marks: Token of each step, (B, K).
        marked: Which of them are there, (B, K); None for all.
    """

    def __init__(self, exits: Exits, marks: torch.Tensor, marked: torch.Tensor | None) -> None:
        self.exits, self.marks = exits, marks
        self.marked = torch.ones_like(marks, dtype=torch.bool) if marked is None else marked
        self.found: list[torch.Tensor] = []
        self._before: torch.Tensor | None = None

    @contextmanager
    def over(self, layers: Sequence[nn.Module]) -> Iterator[None]:
        """Listen to the layers.

        Raises:
            Reached: Every step has left, and layers behind that are to be left out.
        """
        hooks = [one.register_forward_hook(self._listen) for one in layers[: len(self.exits.scores)]]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _listen(self, layer: nn.Module, given: Any, output: Any) -> None:
        states = output[0] if isinstance(output, tuple) else output
        stage = len(self.found)
        mine = states.gather(1, self.marks[..., None].expand(-1, -1, states.shape[-1]))
        mine = self.exits.norms[stage](mine)
        before = torch.zeros_like(mine) if self._before is None else self._before
        self.found.append(self.exits(stage, mine, before))
        self._before = mine
        if self.exits.early and self._all_left():
            raise Reached

    def _all_left(self) -> bool:
        stops = torch.stack([one[..., 1] for one in self.found], -1)[self.marked].float()
        left = halting(stops.sigmoid(), rest=False).cumsum(1)[:, -1] > self.exits.share
        return bool(left.all())

    def outputs(self, last: torch.Tensor | None = None) -> torch.Tensor:
        """Scores of all stages, then log-odds of stopping at all but the last.

        Args:
            last: Score of the last stage; None where no step came so far: what is missing repeats the score
                of the last stage that was computed, and stops there.

        Shapes:
            last: (B, K, 1). result: (B, K, 2L - 1).
        """
        missing = len(self.exits.scores) - len(self.found)
        scores = [one[..., :1] for one in self.found] + [self.found[-1][..., :1]] * missing
        stops = [one[..., 1:] for one in self.found] + [torch.full_like(scores[0], 50.0)] * missing
        return torch.cat([*scores, scores[-1] if last is None else last, *stops], -1)


def stack(body: Any) -> Sequence[nn.Module]:
    """The layers of a base model, in order.

    Raises:
        ConfigError: Fewer than two are found.
    """
    stacks = [one for one in body.modules() if isinstance(one, nn.ModuleList)]
    found: Sequence[nn.Module] = max(stacks, key=len, default=[])  # type: ignore[arg-type]
    if len(found) < 2:
        raise ConfigError(
            f"{len(found)} layers are found in this backbone, and an exit needs one before the last",
            do="take a backbone of two layers or more, each with its own weights",
            field="head",
        )
    return found
