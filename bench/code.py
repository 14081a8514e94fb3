"""Mutants of MBPP programs labelled a second in two sandboxes, and programs tested a second in one and two.

Programs and asserts of MBPP where ``PRMKIT_DATA`` has it, generated ones otherwise. Wall-clock time, with
the share of mutants that came to a verdict; the load of the machine stands beside it.
"""

from __future__ import annotations

import itertools
import os
import time
from collections import Counter
from typing import Any

from prmkit.dataset import open_dataset
from prmkit.errors import DataError
from prmkit.label.mutate import label_by_mutation
from prmkit.types import Sample
from prmkit.verify.sandbox import SandboxPool
from prmkit_code import outcome, runner
from prmkit_code.data.mbpp import TRAIN_SOURCE
from prmkit_code.mutators import Attempt, variants
from prmkit_code.program import entry_point, program
from prmkit_code.tasks import generate

PROGRAMS = 150


def samples() -> tuple[str, list[Sample]]:
    try:
        return "mbpp_train", list(itertools.islice(open_dataset(TRAIN_SOURCE), PROGRAMS))
    except DataError:
        return "generated", list(generate(0, PROGRAMS, families=("chain", "order", "branch", "loop")))


def mutation(found: list[Sample]) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    began = time.perf_counter()
    with SandboxPool(workers=2) as pool:
        for labelled in label_by_mutation(found, variants, Attempt(pool)):
            counts.update(labelled.counts)
            for sample in labelled.variants:
                if sample.labels is not None:
                    kinds[str(sample.labels.detail["kind"])] += 1
    seconds = time.perf_counter() - began
    total = sum(counts.values())
    return {
        "programs": len(found),
        "mutants": total,
        "seconds": round(seconds, 2),
        "mutants_per_second": round(total / seconds, 1),
        "came_of_them": dict(sorted(counts.items())),
        "labelled_by_kind": dict(sorted(kinds.items())),
    }


def testing(found: list[Sample], workers: int) -> float:
    def jobs() -> Any:
        for problem, trajectory, _ in found:
            wanted, made = (
                outcome.asked(problem.reference, entry_point(problem)),
                program(problem, trajectory),
            )
            if wanted and made:
                yield {**wanted.job, "program": made.source}

    with SandboxPool(workers=workers) as pool:
        list(runner.run_all(itertools.islice(jobs(), 4), pool=pool))
        began = time.perf_counter()
        n = sum(1 for _ in runner.run_all(jobs(), pool=pool))
        return round(n / (time.perf_counter() - began), 1)


def main() -> dict[str, Any]:
    name, found = samples()
    return {
        "source": name,
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 1),
        "mutation_two_sandboxes": mutation(found),
        "programs_tested_per_second": {"one_sandbox": testing(found, 1), "two_sandboxes": testing(found, 2)},
    }
