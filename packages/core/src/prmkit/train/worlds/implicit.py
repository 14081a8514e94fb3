"""Learning which steps are right from outcomes, by log-ratios, or from labels that rollouts gave.

Shapes:
    A arms that learn side by side, N solutions, T steps, V values.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from prmkit.stats import auroc, best_threshold, threshold_curve
from prmkit.train.losses import bradley_terry, cross_entropy, kto, kto_baseline, nca, sequence_reward
from prmkit.train.worlds.implicit_sizes import ImplicitArm, ImplicitSizes
from prmkit.train.worlds.networks import Tensors, draw_layers, generator, linear, recur, stacked

Array = NDArray[Any]
RATIOS = ("ce", "dpo", "kto", "nca")


class Policy(NamedTuple):
    """The right result (operations, V) of each look-up, and the chance (operations, V, V) of each result."""

    right: Array
    chance: Array


class Solutions(NamedTuple):
    """Results (N, T + 1), the start first; operations (N, T); which steps (N, T) and ends (N,) are right."""

    results: Array
    operations: Array
    steps: Array
    outcome: Array

    @property
    def first(self) -> Array:
        """First wrong step, T where there is none."""
        return np.where(self.steps.all(1), self.steps.shape[1], (~self.steps).argmax(1))


class Labels(NamedTuple):
    """What an arm learns from: results and operations, labels (N, T), their weights; weight 0 is no label."""

    results: torch.Tensor
    operations: torch.Tensor
    labels: torch.Tensor
    weights: torch.Tensor
    pairs: torch.Tensor
    """Places (P, 2) of a right and a wrong solution of one problem."""


def draw_policy(random: np.random.Generator, sizes: ImplicitSizes) -> Policy:
    """Every operation permutes the values, so that a chain with one wrong result rarely ends right."""
    shape = (sizes.operations, sizes.values)
    right = np.stack([random.permutation(sizes.values) for _ in range(sizes.operations)])
    other = (right + random.integers(1, sizes.values, size=shape)) % sizes.values
    turned = np.zeros(right.size, dtype=bool)
    turned[random.permutation(right.size)[: round(sizes.misled * right.size)]] = True
    sure = np.where(turned.reshape(shape), other, right)
    rest = random.dirichlet(np.ones(sizes.values), size=shape) * sizes.slip
    np.put_along_axis(rest, sure[..., None], 0.0, axis=2)
    np.put_along_axis(rest, sure[..., None], 1 - rest.sum(2, keepdims=True), axis=2)
    return Policy(right, rest)


def write(random: np.random.Generator, policy: Policy, given: Array, operations: Array) -> Array:
    """Results (N, steps) that the policy writes after the values ``given`` (N,)."""
    written = [given]
    edges = policy.chance.cumsum(axis=2)
    for column in operations.T:
        drawn = random.random((len(given), 1))
        written.append((drawn > edges[column, written[-1]]).sum(1).clip(max=edges.shape[2] - 1))
    return np.stack(written[1:], axis=1) if len(written) > 1 else np.empty((len(given), 0), dtype=np.int64)


def answers(policy: Policy, given: Array, operations: Array) -> Array:
    """Right answers (N,) of the chains that begin with the values ``given``."""
    for column in operations.T:
        given = policy.right[column, given]
    return given


def solve(
    random: np.random.Generator, policy: Policy, sizes: ImplicitSizes, n: int, samples: int
) -> Solutions:
    """``samples`` solutions of each of ``n`` problems, those of a problem behind each other."""
    start = random.integers(sizes.values, size=n).repeat(samples)
    operations = random.integers(sizes.operations, size=(n, sizes.length)).repeat(samples, axis=0)
    written = write(random, policy, start, operations)
    results = np.concatenate([start[:, None], written], axis=1)
    steps = policy.right[operations, results[:, :-1]] == written
    return Solutions(results, operations, steps, written[:, -1] == answers(policy, start, operations))


def rollout_labels(
    random: np.random.Generator, policy: Policy, sizes: ImplicitSizes, found: Solutions, rollouts: int
) -> Array:
    """Share (N, T) of rollouts after each step that end right; the last step needs none."""
    gold = answers(policy, found.results[:, 0], found.operations).repeat(rollouts)
    labels = found.outcome[:, None].repeat(sizes.length, axis=1).astype(np.float64)
    for t in range(sizes.length - 1):
        rest = found.operations[:, t + 1 :].repeat(rollouts, axis=0)
        ends = write(random, policy, found.results[:, t + 1].repeat(rollouts), rest)[:, -1]
        labels[:, t] = (ends == gold).reshape(-1, rollouts).mean(1)
    return labels


def cost(sizes: ImplicitSizes, rollouts: int) -> int:
    """Steps that a policy writes to make one labelled solution: its own, and those of the rollouts."""
    return sizes.length + rollouts * sizes.length * (sizes.length - 1) // 2


def fit(
    random: np.random.Generator, sizes: ImplicitSizes, arms: tuple[ImplicitArm, ...]
) -> list[dict[str, float]]:
    """Figures of each arm, then those of the reference's surprisal and of the place in the solution."""
    policy = draw_policy(random, sizes)
    learn = solve(random, policy, sizes, sizes.problems, sizes.samples)
    held, test = (solve(random, policy, sizes, sizes.test, 1) for _ in range(2))
    labels = [_labels(random, policy, sizes, learn, arm) for arm in arms]
    draws = generator(int(random.integers(2**31)))
    reference = _reader(random, policy, sizes, draws)
    own = _train(reference, labels, held, sizes, arms, draws)
    seen = [_scores(own, reference, one, sizes, arms) for one in (held, test)]
    budget = cost(sizes, 0) * len(learn.outcome)
    found = []
    for number, arm in enumerate(arms):
        fixed = 0.0 if arm.objective in RATIOS else 0.5
        before, scores = (one[number] for one in seen)
        spent = cost(sizes, arm.rollouts) * len(labels[number].results) / budget
        # The other way to read a step: log-ratios up to it, or how much a chance rises over the step before.
        other = [
            one.cumsum(1) if arm.objective in RATIOS else np.diff(one, prepend=before[:, :1].mean())
            for one in (before, scores)
        ]
        turned = _figures(held, test, *other, 0.0)
        found.append(_figures(held, test, before, scores, fixed))
        found[-1] |= {f"other_{name}": turned[name] for name in ("step_auroc", "first_error_f1")}
        found[-1]["cost"] = spent
    words = [one[len(arms)] for one in seen]
    place = [-np.indices(one.steps.shape)[1].astype(np.float64) for one in (held, test)]
    found.append(_figures(held, test, *words, np.log(0.5)) | {"cost": 0.0})
    return [*found, _figures(held, test, *place, -sizes.length / 2) | {"cost": 0.0}]


def _labels(
    random: np.random.Generator, policy: Policy, sizes: ImplicitSizes, learn: Solutions, arm: ImplicitArm
) -> Labels:
    n = len(learn.outcome)
    if arm.rollouts and arm.matched:
        n = cost(sizes, 0) * n // cost(sizes, arm.rollouts)
    learn = Solutions(*(one[:n] for one in learn))
    outcome = random.permutation(learn.outcome) if arm.shuffled else learn.outcome
    labels = outcome[:, None].repeat(sizes.length, axis=1).astype(np.float64)
    weights = np.ones_like(labels)
    if arm.objective == "rollouts":
        labels = rollout_labels(random, policy, sizes, learn, arm.rollouts)
    elif arm.objective == "steps":
        labels = learn.steps.astype(np.float64)
        weights = (np.arange(sizes.length) <= learn.first[:, None]).astype(np.float64)
    elif arm.objective == "last":
        weights[:, :-1] = 0
    group = np.arange(n) // sizes.samples
    good, bad = np.flatnonzero(outcome), np.flatnonzero(~outcome)
    pairs = [
        np.stack(np.meshgrid(good[group[good] == g], bad[group[bad] == g]), -1).reshape(-1, 2)
        for g in set(group)
    ]
    told = (torch.from_numpy(one).float() for one in (labels, weights))
    return Labels(*_tokens(learn), *told, torch.from_numpy(np.concatenate(pairs)))


def _tokens(found: Solutions) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(found.results), torch.from_numpy(found.operations)


def _reader(
    random: np.random.Generator, policy: Policy, sizes: ImplicitSizes, draws: torch.Generator
) -> Tensors:
    """A network that has learned to write like the policy; all arms begin as this one."""
    own = draw_layers((sizes.width, 3 * sizes.width), draws, "gru.")
    own |= draw_layers((sizes.width, sizes.values), draws, "head.")
    own["embed"] = torch.randn(sizes.values * sizes.operations, 3 * sizes.width, generator=draws) * 0.5
    own = stacked([own])
    optimizer = torch.optim.Adam(own.values(), lr=sizes.rate, fused=True)
    slower = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, max(sizes.read, 1))
    for _ in range(sizes.read):
        results, operations = _tokens(solve(random, policy, sizes, 2 * sizes.batch, 1))
        loss = -_read(own, results[None], operations[None], sizes)[0].mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        slower.step()
    return {name: value[0].detach() for name, value in own.items()}


def _read(
    own: Tensors, results: torch.Tensor, operations: torch.Tensor, sizes: ImplicitSizes
) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probability (A, B, T) of each result that was written, and its logit, which is a score of the step.

    Each place is the result before (at first the start) with the operation that comes next.
    """
    arms, rows, length = operations.shape
    table = own["embed"]
    places = results[:, :, :-1] * sizes.operations + operations
    shifted = places + table.shape[1] * torch.arange(arms)[:, None, None]
    states = recur(own, functional.embedding(shifted, table.flatten(0, 1)))
    logits = linear(own, "head.", 0, states.flatten(1, 2)).view(arms, rows, length, -1)
    score = logits.gather(-1, results[:, :, 1:, None])[..., 0]
    return score - logits.logsumexp(-1), score


def _train(
    reference: Tensors,
    labels: list[Labels],
    held: Solutions,
    sizes: ImplicitSizes,
    arms: tuple[ImplicitArm, ...],
    draws: torch.Generator,
) -> Tensors:
    """Every arm as it was when it ranked the steps of held-out solutions best."""
    own, before = stacked([reference] * len(arms)), stacked([reference])
    with torch.no_grad():
        known = [_read(before, one.results[None], one.operations[None], sizes)[0][0] for one in labels]
    optimizer = torch.optim.Adam(own.values(), lr=sizes.rate, fused=True)
    slower = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, max(sizes.updates, 1))
    kept, best = stacked([reference] * len(arms)), np.full(len(arms), -np.inf)
    for update in range(1, sizes.updates + 1):
        rows = [_rows(one, arm, sizes, draws) for one, arm in zip(labels, arms, strict=True)]
        batch = [
            Labels(*(column[row] for column in one[:4]), one.pairs)
            for one, row in zip(labels, rows, strict=True)
        ]
        words, scores = _read(
            own,
            torch.stack([one.results for one in batch]),
            torch.stack([one.operations for one in batch]),
            sizes,
        )
        losses = []
        for i, (arm, one) in enumerate(zip(arms, batch, strict=True)):
            if arm.objective in RATIOS:
                mine = {name: value[i : i + 1].detach() for name, value in own.items()}
                rewards = _reward(words[i], known[i][rows[i]], sizes)
                losses.append(_ratio_loss(rewards, one, arm, (mine, before), sizes))
            else:
                losses.append(cross_entropy(scores[i], one.labels, one.weights) / one.weights.sum())
        optimizer.zero_grad()
        torch.stack(losses).sum().backward()
        optimizer.step()
        slower.step()
        if update % sizes.look == 0:
            seen = _scores(own, reference, held, sizes, arms)[: len(arms)]
            areas = np.array([_area(held, one) for one in seen])
            with torch.no_grad():
                for i in np.flatnonzero(areas > best):
                    for name, value in own.items():
                        kept[name][i] = value[i]
            best = np.maximum(areas, best)
    return kept


def _rows(labels: Labels, arm: ImplicitArm, sizes: ImplicitSizes, draws: torch.Generator) -> torch.Tensor:
    """Solutions of one batch; of pairs, first all right ones, then all wrong ones."""
    if arm.objective in ("dpo", "nca"):
        picked = torch.randint(len(labels.pairs), (sizes.batch // 2,), generator=draws)
        return labels.pairs[picked].T.flatten()
    return torch.randint(len(labels.results), (sizes.batch,), generator=draws)


def _reward(told: torch.Tensor, known: torch.Tensor, sizes: ImplicitSizes) -> torch.Tensor:
    return sequence_reward(told, known, torch.ones_like(told), beta=sizes.beta)


def _ratio_loss(
    rewards: torch.Tensor,
    labels: Labels,
    arm: ImplicitArm,
    networks: tuple[Tensors, Tensors],
    sizes: ImplicitSizes,
) -> torch.Tensor:
    """Mean loss of one batch of log-ratios; ``networks`` are the arm's own and the reference."""
    outcome, ones = labels.labels[:, -1], torch.ones_like(rewards)
    if arm.objective == "ce":
        return cross_entropy(rewards[:, None], outcome[:, None], ones[:, None]) / len(ones)
    if arm.objective == "kto":
        # Each problem with the results of the row before, drawn at random and so of another problem.
        other = torch.cat([labels.results[:, :1], labels.results[:, 1:].roll(1, 0)], 1)
        with torch.no_grad():
            told, known = (_read(one, other[None], labels.operations[None], sizes)[0][0] for one in networks)
        baseline = kto_baseline(_reward(told, known, sizes), ones)
        return kto(rewards, outcome, baseline, ones) / len(ones)
    loss = bradley_terry if arm.objective == "dpo" else nca
    return loss(*rewards.chunk(2), ones.chunk(2)[0]) * 2 / len(ones)


def _scores(
    own: Tensors, reference: Tensors, found: Solutions, sizes: ImplicitSizes, arms: tuple[ImplicitArm, ...]
) -> list[Array]:
    """Scores (N, T) of every arm's steps, and the reference's log-probabilities."""
    tokens = _tokens(found)
    with torch.no_grad():
        known = _read(stacked([reference]), tokens[0][None], tokens[1][None], sizes)[0][0]
        words, scores = _read(own, *(one.expand(len(arms), *one.shape) for one in tokens), sizes)
    read = [
        sizes.beta * (words[i] - known) if arm.objective in RATIOS else scores[i].sigmoid()
        for i, arm in enumerate(arms)
    ]
    return [one.double().numpy() for one in (*read, known)]


def _figures(
    held: Solutions, test: Solutions, before: Array, scores: Array, fixed: float
) -> dict[str, float]:
    """Steps up to the first wrong one are ranked; the threshold is fixed, chosen on other rows, or best."""
    gold, known = (np.where(one.steps.all(1), -1, one.first).tolist() for one in (test, held))
    chosen, best = best_threshold(before, known)[0], best_threshold(scores, gold)[1]
    at_fixed, at_chosen = threshold_curve(scores, gold, [fixed, chosen])
    return {
        "step_auroc": _area(test, scores),
        "first_error_f1": float(at_chosen),
        "f1_fixed": float(at_fixed),
        "f1_oracle": best,
    }


def _area(found: Solutions, scores: Array) -> float:
    counted = np.arange(found.steps.shape[1]) <= found.first[:, None]
    return float(auroc(scores[counted], found.steps[counted]))
