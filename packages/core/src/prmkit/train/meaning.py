"""What labels mean for a training: their kind and counts for the card, class weights, domains, figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import product
from typing import Any

import numpy as np

from prmkit.encode.collate import Example
from prmkit.errors import ConfigError
from prmkit.model.heads import LEARNS
from prmkit.model.prm import PRM
from prmkit.records import digest_of
from prmkit.stats import auroc
from prmkit.train.examples import LabelCounts
from prmkit.train.implicit import Implicit
from prmkit.train.next_token import NextToken
from prmkit.train.preference import GroupCounts, grouped
from prmkit.train.targets import Told
from prmkit.types import Json, Sample

COMPARING = ("scalar", "binary", "surprisal")
"""Heads whose output can be the reward of a solution."""


def meaning(
    samples: Sequence[Sample],
    counts: LabelCounts,
    prm: PRM | Implicit | NextToken,
    teach: Callable[[Sample], Told],
) -> dict[str, Json]:
    """What the labels are, for the PRM's card.

    Args:
        samples: What is learned from.
        counts: Of their labels.
        prm: What learns.
        teach: How a sample becomes targets.

    Raises:
        ConfigError: Several kinds at once, or a kind that the head does not learn.
    """
    steps = prm.target == "steps"
    found = [sample.labels for sample in samples if sample.labels is not None and steps]
    kinds = sorted({labels.kind for labels in found}) or ["correct"]
    learns = LEARNS[prm.spec.link]
    if len(kinds) > 1 or kinds[0] not in learns:
        raise ConfigError(
            f"labels of kind {' and '.join(kinds)} for a head read by {prm.spec.link!r}",
            do="train 'correct' labels with a softmax or sigmoid link; values with head 'value', or with "
            "'scalar', 'quantile' or 'joint' and link 'raw'",
            field="kind",
        )
    if len(learns) > 1 and prm.spec.kind != kinds[0]:
        raise ConfigError(
            f"labels of kind {kinds[0]} for a PRM whose scores say {prm.spec.kind}",
            do=f"set kind: {kinds[0]} in the spec",
            field="kind",
        )
    told = ((sample.trajectory.digest, teach(sample)) for sample in samples)
    rows = ({"steps": cut, "targets": one[: 2 + bool(one.columns)]} for cut, one in told)
    return {
        "kind": kinds[0],
        "target": prm.target,
        "conventions": sorted({labels.convention for labels in found}),
        "labelers": sorted({labels.labeler for labels in found}),
        "counts": asdict(counts),
        "digest": digest_of(rows)[:16],
    }


def compared(
    examples: Sequence[Example], counts: GroupCounts, prm: PRM | Implicit | NextToken, how: str
) -> dict[str, Json]:
    """What was compared, for the PRM's card.

    Raises:
        ConfigError: The head gives no reward.
    """
    if prm.head not in COMPARING:
        raise ConfigError(
            f"head {prm.head!r} gives no reward of a whole solution",
            do="train comparisons with head 'scalar'",
            field="head",
        )
    rows = ({"ids": one.encoded.ids, "labels": one.labels, "group": one.group} for one in examples)
    return {
        "kind": prm.spec.kind,
        "target": "outcome",
        "objective": how,
        "counts": asdict(counts),
        "digest": digest_of(rows)[:16],
    }


def class_weight(counts: LabelCounts, kind: str, given: float | str) -> float:
    """Loss weight of a wrong step against a right one.

    Raises:
        ConfigError: There are no classes, or none of one of them.
    """
    if kind != "correct" and given != 1:
        raise ConfigError(
            f"labels of kind {kind} have no classes to weigh",
            do="leave wrong_weight out",
            field="wrong_weight",
        )
    if given != "balanced":
        return float(given)
    if not counts.wrong or not counts.right:
        raise ConfigError(
            f"{counts.right} right and {counts.wrong} wrong labels cannot be balanced",
            do="give wrong_weight as a number",
            field="wrong_weight",
        )
    return counts.right / counts.wrong


def drawn(
    examples: Sequence[Example], domains: Sequence[str], shares: Mapping[str, float], *, seed: int
) -> tuple[list[Example], dict[str, Json]]:
    """As many examples (or groups) as before, in these shares of each domain; too few are repeated.

    Args:
        examples: Examples; those of a group stay together.
        domains: Domain of each.
        shares: Share of each domain, in any unit.
        seed: Decides which are left out or repeated once more.

    Returns:
        The examples, and for each domain how many there are, its share, and how many are trained on.

    Raises:
        ConfigError: A domain without examples, examples of a domain without a share, or shares that are
            no positive numbers.
    """
    units = grouped(examples) if examples[0].group is not None else [[i] for i in range(len(examples))]
    found: dict[str, list[list[int]]] = {}
    for unit in units:
        found.setdefault(domains[unit[0]], []).append(unit)
    wrong = sorted(set(shares) ^ set(found)) or [
        one for one, share in shares.items() if not 0 < share < np.inf
    ]
    if wrong:
        here = ", ".join(f"{name or '(none)'}: {len(mine)}" for name, mine in sorted(found.items()))
        raise ConfigError(
            f"the mixture and the rows disagree on domain {wrong[0]!r}",
            do=f"give each domain of the rows a share above 0; the rows have {here}",
            field="mixture",
        )
    draw = np.random.default_rng(seed)
    made: list[Example] = []
    told: dict[str, Json] = {}
    count = 0
    for name in sorted(found):
        mine, share = found[name], shares[name] / sum(shares.values())
        wanted = max(1, round(share * len(units)))
        whole, rest = divmod(wanted, len(mine))
        picked = sorted(
            [*list(range(len(mine))) * whole, *draw.choice(len(mine), rest, replace=False).tolist()]
        )
        told[name] = {"there": len(mine), "share": share, "drawn": wanted}
        for place in picked:
            number = None if examples[0].group is None else count
            made += [replace(examples[i], group=number) for i in mine[place]]
            count += 1
    return made, told


def told_apart(
    values: Sequence[float], labels: Sequence[float], bounds: tuple[float, float], meant: Mapping[str, Any]
) -> dict[str, float]:
    """How well values tell right steps from wrong ones."""
    middle = sum(bounds) / 2 if bounds[1] < np.inf else 0.0
    right = [label > (0.5 if meant["kind"] == "correct" else 0.0) for label in labels]
    figures = {"steps": float(len(right))}
    if right:
        hits = sum((value > middle) == one for value, one in zip(values, right, strict=True))
        figures["accuracy"] = hits / len(right)
    if 0 < sum(right) < len(right):
        figures["auroc"] = auroc(values, [float(one) for one in right])
    return figures


def ordered(
    values: Sequence[float], labels: Sequence[float], groups: Sequence[int | None]
) -> dict[str, float]:
    """Share of pairs of a right and a wrong solution in which the right one has the higher value."""
    found: dict[int | None, tuple[list[float], list[float]]] = {}
    for value, label, group in zip(values, labels, groups, strict=True):
        found.setdefault(group, ([], []))[int(label > 0)].append(value)
    wins = [
        1.0 if right > wrong else 0.5 if right == wrong else 0.0
        for low, high in found.values()
        for wrong, right in product(low, high)
    ]
    return {"accuracy": sum(wins) / len(wins), "pairs": float(len(wins)), "groups": float(len(found))}
