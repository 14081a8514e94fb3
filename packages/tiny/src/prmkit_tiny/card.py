"""The card of a policy: what it was trained on, how the loss fell, and what it solves."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from prmkit.errors import ConfigError
from prmkit.plugins import domain
from prmkit.policy.hf import HFPolicy
from prmkit.registry import resolve
from prmkit.types import Problem, Sample

SAMPLES = 8
CURVE = 40
"""Points kept of the loss curve."""


def judge(
    policy: Any,
    name: str,
    *,
    per_cell: int,
    rungs: Sequence[int] | None = None,
    families: Sequence[str] | None = None,
    split: str = "test",
    seed: int = 0,
) -> dict[str, Any]:
    """Solve rate and kinds of first errors by family and rung, from samples at temperature 1.

    The domain's ``tasks`` module gives ``generate``, ``read_solution`` and ``error_kinds``.

    Args:
        policy: What writes the solutions.
        name: Domain.
        per_cell: Problems per family and rung; all where there are fewer.
        rungs: Rungs to judge, all when None.
        families: Families to judge, all when None.
        split: Split the problems come from.
        seed: Seed of problems and samples.
    """
    module = domain(name).tasks.split(":")[0]
    generate, read, kinds = (
        resolve(f"{module}:{part}") for part in ("generate", "read_solution", "error_kinds")
    )
    cells: dict[str, list[list[float]]] = defaultdict(list)
    errors: dict[str, Counter[str]] = defaultdict(Counter)
    for rung in rungs if rungs is not None else resolve(f"{module}:RUNGS"):
        for family in families or resolve(f"{module}:FAMILIES"):
            problems = _problems(generate(seed, per_cell, rungs=(rung,), families=(family,), split=split))
            drawn = policy.complete([(problem, "") for problem in problems], n=SAMPLES, seed=seed)
            for problem, completions in zip(problems, drawn, strict=True):
                read_all = [read(problem, c.text, id=f"{problem.id}/{i}") for i, c in enumerate(completions)]
                cells[f"{family}/{rung}"].append([t.outcome for t in read_all])
                errors[family].update(k for t in read_all for k in kinds(problem, t) if k)
    return {
        "temperature": 1.0,
        "split": split,
        "problems_per_cell": per_cell,
        "samples_per_problem": SAMPLES,
        "solved": {cell: _rates(rows) for cell, rows in cells.items()},
        "first_errors": {family: dict(count.most_common()) for family, count in errors.items()},
    }


def _problems(samples: Iterator[Sample]) -> list[Problem]:
    """The problems of a cell, as many as it has."""
    found: list[Problem] = []
    try:
        found.extend(sample.problem for sample in samples)
    except ConfigError:
        if not found:
            raise
    return found


def _rates(rows: list[list[float]]) -> dict[str, float]:
    outcomes = torch.tensor(rows)
    return {
        "mean": round(float(outcomes.mean()), 3),
        f"pass@{SAMPLES}": round(float(outcomes.amax(1).mean()), 3),
    }


def write_card(
    out: Path,
    settings: dict[str, Any],
    *,
    per_cell: int,
    rungs: Sequence[int] | None = None,
    families: Sequence[str] | None = None,
) -> None:
    """Judge ``out/policy`` and write ``out/policy/card.json``.

    Args:
        out: Folder of the run.
        settings: What was trained, as plain data.
        per_cell: Test problems per family and rung.
        rungs: Rungs to judge, all when None.
        families: Families to judge, all when None.
    """
    curve = [json.loads(line) for line in (out / "losses.jsonl").read_text(encoding="utf-8").splitlines()]
    stride = max(1, len(curve) // CURVE)
    policy = HFPolicy(out / "policy")
    card = {
        "command": command(settings),
        "data": f"tasks of the domain {settings['domain']!r}, split 'train', generated on the fly",
        "settings": settings,
        "parameters": sum(p.numel() for p in policy.model.parameters()),
        "tokens": curve[-1]["tokens"],
        "seconds": round(curve[-1]["seconds"]),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "loss": [[row["step"], row["loss"]] for row in [*curve[::stride], curve[-1]]],
        **judge(policy, settings["domain"], per_cell=per_cell, rungs=rungs, families=families),
    }
    (out / "policy" / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def command(settings: dict[str, Any]) -> str:
    """The command that makes the same weights again.

    Examples:
        >>> command({"domain": "math", "steps": 100, "rungs": (0, 1), "families": (), "size": {"width": 160}})
        'python -m prmkit_tiny.train --domain math --out RUN --steps 100 --rungs 0,1'
    """
    parts = [f"python -m prmkit_tiny.train --domain {settings['domain']} --out RUN"]
    for name, value in settings.items():
        if name in ("domain", "size") or value in ((), []):
            continue
        text = ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
        parts.append(f"--{name} {text}")
    return " ".join(parts)
