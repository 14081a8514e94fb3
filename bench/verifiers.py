"""Steps a second that the arithmetic verifier reads on one core, beside a bare pattern search.

Real steps of ProcessBench and GSM8K where ``PRMKIT_DATA`` has them, generated ones of the same make
otherwise. Medians of repeated passes; processor time, so that other work on the machine counts less.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Sequence

from prmkit.dataset import open_dataset
from prmkit.errors import DataError
from prmkit.registry import resolve
from prmkit_math import plugin
from prmkit_math.verifiers.annotation import judge as annotation
from prmkit_math.verifiers.arithmetic import examine, judge

REPEATS = 7
LIMIT = 12_000
PATTERN = re.compile(r"(-?[0-9.,]+)\s*([-+*/×÷])\s*\$?(-?[0-9.,]+)\s*=\s*\$?(-?[0-9.,]+)")


def steps(name: str) -> list[str]:
    """Step texts of a data set, or none where it is not at hand."""
    try:
        samples = open_dataset(resolve(plugin.datasets[name]))
        return [step.text for sample in samples for step in sample.trajectory.steps][:LIMIT]
    except DataError:
        return []


def invented() -> list[str]:
    """Steps of the same make, for machines without the data."""
    return [
        f"Step {n}: Each of {n} boxes holds {n + 3} pens, so we have {n} * {n + 3} = {n * (n + 3)} pens."
        if n % 3
        else f"Now we look at the pens that Ann and her {n} friends have left."
        for n in range(1, 3001)
    ]


def rate(work: Callable[[str], object], texts: Sequence[str]) -> float:
    """Median texts a second over the repeats."""
    rates = []
    for _ in range(REPEATS):
        begun = time.process_time()
        for text in texts:
            work(text)
        rates.append(len(texts) / (time.process_time() - begun))
    return round(statistics.median(rates))


def main() -> dict[str, object]:
    figures: dict[str, object] = {"repeats": REPEATS, "unit": "steps per second of processor time, one core"}
    sets = {name: texts for name in ("processbench_half", "gsm8k") if (texts := steps(name))}
    for name, texts in (sets or {"invented": invented()}).items():
        claiming = [text for text in texts if examine(text)]
        figures[name] = {
            "steps": len(texts),
            "steps_with_claims": len(claiming),
            "arithmetic_all": rate(judge, texts),
            "arithmetic_with_claims": rate(judge, claiming),
            "annotation_all": rate(annotation, texts),
            "pattern_all": rate(PATTERN.findall, texts),
        }
    every = [text for texts in (sets or {"invented": invented()}).values() for text in texts]
    figures["together_all"] = rate(judge, every)
    figures["together_with_claims"] = rate(judge, [text for text in every if examine(text)])
    return figures
