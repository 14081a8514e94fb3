"""Pairs of better and worse reasoning before a program: a policy rewrites it along three dimensions.

From one base reasoning, an optimised and a degraded version are asked for in each dimension. The pairs are
optimised over base, base over degraded, optimised over degraded: nine from one base. Versions much
longer or shorter than the base are dropped, so that length does not give the better one away. The
policy is the user's own, such as ``prmkit.policy.endpoint``; nothing here says that it did as it was told.

Source: P-GRPO, arXiv 2508.05170 (optimised/degraded preference data). Departure: length is held by dropping.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Sequence
from typing import NamedTuple

from prmkit.contracts import Policy
from prmkit.segment import by_blank_line
from prmkit.types import Preference, Problem, Provenance, Trajectory

DIMENSIONS = ("factual accuracy", "logical rigour", "logical coherence")
"""What is made better or worse."""
LENGTH = 1.5
"""Largest ratio of lengths between a version and the base."""


class Contrast(NamedTuple):
    """Versions of one reasoning, and which is better than which."""

    trajectories: tuple[Trajectory, ...]
    """The base first."""
    pairs: tuple[Preference, ...]


def contrast(
    problem: Problem,
    reasoning: str,
    policy: Policy,
    *,
    seed: int,
    dimensions: Sequence[str] = DIMENSIONS,
    length: float = LENGTH,
) -> Contrast:
    """Ask a policy for better and worse versions of a reasoning.

    Args:
        problem: The programming problem.
        reasoning: What was written before the program.
        policy: Writes the versions; two requests for each dimension.
        seed: Seed of the draws.
        dimensions: What is made better or worse.
        length: Largest ratio of lengths between a version and the base.

    Returns:
        The versions that were kept, and their pairs.
    """
    base = _cut(f"{problem.id}/base", problem, reasoning, "base", seed)
    if base is None:
        return Contrast((), ())
    kept = [base]
    pairs: list[Preference] = []
    for dimension in dimensions:
        asked = [
            Problem(id=f"{problem.id}/{how}/{dimension}", text=_prompt(how, dimension, problem, reasoning))
            for how in ("optimised", "degraded")
        ]
        replies = policy.complete([(one, "") for one in asked], n=1, seed=seed)
        better, worse = (
            _cut(one.id, problem, reply[0].text.strip(), dimension, seed) if reply else None
            for one, reply in zip(asked, replies, strict=True)
        )
        versions = [
            version if version and _alike(version.text, reasoning, length) else None
            for version in (better, worse)
        ]
        better, worse = versions
        kept += [version for version in versions if version]
        for chosen, rejected in ((better, base), (base, worse), (better, worse)):
            if chosen and rejected:
                origin = f"contrast/{dimension}"
                pairs.append(Preference(problem.id, chosen.id, rejected.id, origin=origin))
    return Contrast(tuple(kept), tuple(pairs))


def _prompt(how: str, dimension: str, problem: Problem, reasoning: str) -> str:
    text = (importlib.resources.files("prmkit_code") / "prompts" / f"{how}.txt").read_text(encoding="utf-8")
    return text.format(dimension=dimension, problem=problem.text, reasoning=reasoning)


def _cut(id: str, problem: Problem, text: str, kind: str, seed: int) -> Trajectory | None:
    steps = by_blank_line(text)
    if not steps:
        return None
    provenance = Provenance(source="prmkit_code.contrast", seed=seed, detail={"dimension": kind})
    return Trajectory(id, problem.id, text, steps, provenance=provenance)


def _alike(text: str, base: str, most: float) -> bool:
    """Whether two texts are about as long, and not the same."""
    ratio = len(text) / max(1, len(base))
    return text != base.strip() and 1 / most <= ratio <= most
