"""Choosing thinking traces by learned marks of their steps and of the whole, and teaching a student by them.

Shapes:
    A models that learn side by side, N traces of T steps, D width of an embedding, F features of a step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from prmkit.label.fuse import alignment, coherence, self_weighted
from prmkit.train.losses import beside, joint_weights, squared_error
from prmkit.train.worlds.networks import Tensors, draw_layers, generator
from prmkit.train.worlds.sizes import TraceArm, TraceSizes

Array = NDArray[Any]
KINDS = 3  # of faults: off the topic, a jump, wrong content
BLIND = 20  # random choices that are averaged


class Traces(NamedTuple):
    """Embeddings of steps (N, T, D) and answers (N, D), good steps (N, T), and chances of success (N,)."""

    steps: Array
    answer: Array
    good: Array
    chance: Array


class Marks(NamedTuple):
    """What is known of the steps (N, T) of traces, and of the whole (N,), NaN where nobody tried."""

    aligned: Array
    judged: Array
    coherent: Array
    whole: Array


def draw_traces(
    random: np.random.Generator, sizes: TraceSizes, direction: Array, problems: int, samples: int
) -> Traces:
    """Traces of several problems: a step is good if it has none of three faults, rarer in some traces.

    Steps off the topic have that of another problem, jumps a state that does not follow on the one before;
    the content of good steps lies on one side of ``direction``, more or less.
    """
    n, t, d = problems * samples, sizes.steps, sizes.width
    usual = np.log(sizes.faults / (1 - sizes.faults))
    odds = usual + sizes.spread * random.normal(size=(n, 1, KINDS))
    fault = random.random((n, t, KINDS)) < 1 / (1 + np.exp(-odds))
    good = ~fault.any(axis=-1)
    off, jump, _ = np.moveaxis(fault, -1, 0)
    topic = np.repeat(_direction(random, (problems, d)), samples, axis=0)
    shown = np.where(off[..., None], _direction(random, (n, t, d)), topic[:, None])
    state = _direction(random, (n, t, d))
    for i in range(1, t):
        state[:, i] = np.where(jump[:, i, None], state[:, i], state[:, i - 1])
    noisy = [part + sizes.noise * random.normal(size=part.shape) / np.sqrt(d) for part in (shown, state)]
    side = np.where(good, 1, -1)[..., None] * sizes.sign / 2
    content = (random.normal(size=(n, t, d)) + side * direction) / np.sqrt(d)
    answer = np.concatenate([topic, state[:, -1], np.zeros((n, d))], axis=-1)
    chance = 1 / (1 + np.exp(-8 * (good.mean(axis=1) - 0.5)))
    return Traces(np.concatenate([*noisy, content], axis=-1), answer, good, chance)


def mark(random: np.random.Generator, traces: Traces, sizes: TraceSizes) -> Marks:
    """Marks of steps by likeness to the answer, by a judge and by what came before, and of some traces."""
    n, t, d = traces.steps.shape
    alone, shared = (random.random(size) < sizes.accuracy for size in ((n, t), (n, 1)))
    right = np.where(random.random((n, 1)) < sizes.together, shared, alone)
    before = np.concatenate([traces.steps[:, :1], traces.steps[:, :-1]], axis=1).reshape(-1, d)
    strangers = traces.steps.reshape(-1, d)[random.integers(n * t, size=32)]
    coherent = coherence(before, traces.steps.reshape(-1, d), strangers, temperature=sizes.temperature)
    whole = random.binomial(sizes.rollouts, traces.chance) / sizes.rollouts
    return Marks(
        alignment(traces.steps, traces.answer),
        np.where(right, traces.good, ~traces.good).astype(np.float64),
        coherent.reshape(n, t),
        np.where(random.random(n) < sizes.templated, whole, np.nan),
    )


def fit(
    random: np.random.Generator, sizes: TraceSizes, arms: Sequence[TraceArm]
) -> tuple[list[dict[str, float]], dict[str, dict[str, float]]]:
    """Figures of what each arm chooses from a pool, and of what needs no training, on the same pool.

    ``no judge`` ranks by alignment and coherence alone, ``oracle`` by the share of good steps.
    """
    direction = _direction(random, (sizes.width,)) * np.sqrt(sizes.width)
    learn = draw_traces(random, sizes, direction, sizes.learned, 1)
    pool = draw_traces(random, sizes, direction, sizes.problems, sizes.samples)
    own = _train(features(learn), _targets(random, mark(random, learn, sizes), arms), sizes, arms, random)
    step, whole = (one.numpy() for one in _read(own, features(pool)))
    share = sizes.whole * np.array([arm.whole for arm in arms])[:, None]
    values = step.mean(axis=2) + share * whole
    lesson = _lesson(random, pool, sizes)
    seen = mark(random, pool, sizes)
    others = {"oracle": pool.good.mean(axis=1), "no judge": (seen.aligned + seen.coherent).mean(axis=1)}
    found = {name: _figures(value, pool, lesson, sizes) for name, value in others.items()}
    blind = [_figures(random.random(len(pool.good)), pool, lesson, sizes) for _ in range(BLIND)]
    found["random"] = {name: float(np.mean([one[name] for one in blind])) for name in blind[0]}
    return [_figures(value, pool, lesson, sizes) for value in values], found


def features(traces: Traces) -> torch.Tensor:
    """What a model sees of steps, (N, T, F): themselves, times the answer, times the step before."""
    before = np.concatenate([traces.steps[:, :1], traces.steps[:, :-1]], axis=1)
    parts = [traces.steps, traces.steps * traces.answer[:, None], traces.steps * before]
    return torch.from_numpy(np.concatenate(parts, axis=-1).astype(np.float32))


def _targets(
    random: np.random.Generator, marks: Marks, arms: Sequence[TraceArm]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Targets of steps (A, N, T) and of trajectories (A, N), NaN where an arm does not learn them."""
    fused = self_weighted(np.stack([marks.aligned, marks.judged, marks.coherent], axis=-1))
    dealt = random.permutation(len(fused))
    places = [dealt if arm.strangers else np.arange(len(fused)) for arm in arms]
    pairs = list(zip(arms, places, strict=True))
    steps = np.stack([(fused if arm.fused else marks.judged)[place] for arm, place in pairs])
    none = np.full(len(fused), np.nan)
    whole = np.stack([marks.whole[place] if arm.whole else none for arm, place in pairs])
    return _tensor(steps), _tensor(whole)


def _train(
    given: torch.Tensor,
    targets: tuple[torch.Tensor, torch.Tensor],
    sizes: TraceSizes,
    arms: Sequence[TraceArm],
    random: np.random.Generator,
) -> Tensors:
    draws = generator(int(random.integers(2**31)))
    drawn = draw_layers((given.shape[-1], sizes.hidden, 2), draws)
    own = {name: torch.stack([one.detach()] * len(arms)).requires_grad_() for name, one in drawn.items()}
    optimizer = torch.optim.Adam(own.values(), lr=sizes.rate, fused=True)
    for _ in range(sizes.updates):
        rows = torch.randint(len(given), (sizes.batch,), generator=draws)
        step, whole = (one[:, rows].flatten(0, 1) for one in targets)
        told = beside(*(one.flatten(0, 1) for one in _read(own, given[rows])))
        weights = joint_weights(torch.ones_like(step), (~whole.isnan()).float())
        loss = squared_error(told, beside(step, whole), weights) / sizes.batch
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return {name: value.detach() for name, value in own.items()}


def _read(own: Tensors, given: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Marks of steps (A, N, T) and of trajectories (A, N), from the mean over their steps."""
    arms, (n, t) = len(own["bias0"]), given.shape[:2]
    flat = given.reshape(1, n * t, -1).expand(arms, -1, -1)
    hidden = torch.baddbmm(own["bias0"][:, None], flat, own["weight0"].mT).relu()
    both = torch.baddbmm(own["bias1"][:, None], hidden, own["weight1"].mT).view(arms, n, t, 2)
    return both[..., 0].sigmoid(), both[..., 1].mean(2).sigmoid()


class _Lesson(NamedTuple):
    """What each step of the pool shows the student (N, T, inputs), (N, T), and the rule to be learned."""

    given: Array
    answer: Array
    rule: Array


def _lesson(random: np.random.Generator, pool: Traces, sizes: TraceSizes) -> _Lesson:
    """Good steps answer by one rule, others by another."""
    rule, other = _direction(random, (2, sizes.student))
    given = random.normal(size=(*pool.good.shape, sizes.student))
    return _Lesson(given, np.sign(np.where(pool.good, given @ rule, given @ other)), rule)


def _figures(value: Array, pool: Traces, lesson: _Lesson, sizes: TraceSizes) -> dict[str, float]:
    """Accuracy of a student of the best traces, their share of good steps, and the best of each problem.

    The student's rule is that of least squares; its accuracy follows from the angle to the true one.
    """
    best = np.argsort(-value)[: sizes.taken]
    x, y = lesson.given[best].reshape(-1, sizes.student), lesson.answer[best].ravel()
    learned = np.linalg.solve(x.T @ x + np.eye(sizes.student), x.T @ y)
    cosine = learned @ lesson.rule / np.linalg.norm(learned)
    first = value.reshape(-1, sizes.samples).argmax(axis=1)
    chance = pool.chance.reshape(-1, sizes.samples)
    return {
        "student": float(1 - np.arccos(np.clip(cosine, -1, 1)) / np.pi),
        "good_steps": float(pool.good[best].mean()),
        "best_of_n": float(chance[np.arange(len(first)), first].mean()),
    }


def _direction(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    drawn = random.normal(size=shape)
    return np.asarray(drawn / np.linalg.norm(drawn, axis=-1, keepdims=True))


def _tensor(array: Array) -> torch.Tensor:
    return torch.from_numpy(array.astype(np.float32))
