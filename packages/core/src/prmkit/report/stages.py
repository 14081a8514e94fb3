"""Stages of a run as the report reads them: of which domain they are, and how long their work took."""

from __future__ import annotations

from collections.abc import Mapping

from prmkit.report.load import Run
from prmkit.types import Json

SECONDS = "seconds per step"
"""Column of the cost that differs from run to run."""
TOOLS = "verifier"
"""Row of the tools taken together."""
Cost = Mapping[str, Mapping[str, Json]]


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _stage(run: Run, name: str) -> Mapping[str, Json]:
    return _mapping(_mapping(run.config.get("stages")).get(name))


def _inputs(run: Run, name: str, role: str) -> list[str]:
    """Names of the stages that a stage reads as ``role``."""
    given = _mapping(_stage(run, name).get("inputs")).get(role)
    return [
        str(one).split()[0].split(".")[0] for one in (given if isinstance(given, list) else [given]) if one
    ]


def domain_of(run: Run, stage: str) -> str:
    """Domain of a stage: by its settings, by what it needs installed, or by the stages it reads."""
    seen: set[str] = set()
    waiting = [stage]
    while waiting:
        name = waiting.pop(0)
        body = _stage(run, name)
        needed = _mapping(body.get("when")).get("domain")
        named = _mapping(body.get("with")).get("domain") or needed
        named = named[0] if isinstance(named, list) and named else named
        if isinstance(named, str) and named:
            return named
        seen.add(name)
        roles = _mapping(body.get("inputs"))
        waiting += [one for role in roles for one in _inputs(run, name, role) if one not in seen]
    return ""


def with_seconds(run: Run, stage: str, cost: Cost) -> dict[str, Mapping[str, Json]]:
    """What each scorer and the tools cost, with the seconds that this run's metrics tell.

    Args:
        run: The run.
        stage: The stage that judged.
        cost: What it wrote of each scorer.
    """
    found: dict[str, Mapping[str, Json]] = dict(cost)
    told = {str(line.get("stage")): line for line in run.metrics if "step" not in line}
    for name in _inputs(run, stage, "scores"):
        scorer = _mapping(_stage(run, name).get("with")).get("scorer") or name
        _add(found, str(scorer), *_spent(told.get(name, {}), "steps"))
    for name in _inputs(run, stage, "evidence"):
        line = told.get(name, {})
        tools = _mapping(line.get("seconds"))
        took = [float(s) for s in tools.values() if isinstance(s, (int, float))]
        count = line.get("evidence")
        steps = count / len(tools) if isinstance(count, int) and tools else 0.0
        _add(found, TOOLS, sum(took), steps)
    return found


def _spent(line: Mapping[str, Json], steps: str) -> tuple[float, float]:
    took, count = line.get("seconds"), line.get(steps)
    known = isinstance(took, (int, float)) and isinstance(count, (int, float))
    return (float(took), float(count)) if known else (0.0, 0.0)  # type: ignore[arg-type]


def _add(cost: dict[str, Mapping[str, Json]], name: str, seconds: float, steps: float) -> None:
    if steps > 0:
        cost[name] = {**cost.get(name, {}), SECONDS: seconds / steps}
