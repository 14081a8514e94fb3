"""Financial programs a second on one core, in both readings, and the verifiers on recorded answers.

Programs of ConvFinQA where ``PRMKIT_DATA`` has them, invented ones otherwise. Parsing is part of the
work; nothing is cached between programs. Medians of repeated passes; processor time.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Sequence

from prmkit.dataset import open_dataset
from prmkit.errors import DataError
from prmkit.registry import resolve
from prmkit_finance import plugin
from prmkit_finance.program import Op, equivalent, execute, parse

REPEATS = 7
SAMPLES = 1000


def programs() -> tuple[str, list[str]]:
    """Program texts and where they come from."""
    try:
        samples = open_dataset(resolve(plugin.datasets["convfinqa_dev"]))
        return "convfinqa_dev", [step.text for s in samples for step in s.trajectory.steps]
    except DataError:
        made = [f"x0 = {n} - {n + 7}; ans = x0 / {n + 7}" for n in range(1, 1001)]
        return "invented", made


def rate(work: Callable[[str], object], texts: Sequence[str]) -> float:
    """Median texts a second over the repeats."""
    rates = []
    for _ in range(REPEATS):
        begun = time.process_time()
        for _ in range(5):
            for text in texts:
                work(text)
        rates.append(5 * len(texts) / (time.process_time() - begun))
    return round(statistics.median(rates))


def as_calls(text: str) -> str:
    """The same program in the spelling of FinQA."""

    def operand(given: str | int | None) -> str:
        return f"#{given}" if isinstance(given, int) else str(given)

    ops = [Op("add", op.a, "const_0") if op.name == "value" else op for op in parse(text)]
    return ", ".join(f"{op.name}({operand(op.a)}, {operand(op.b)})" for op in ops)


def verifiers() -> dict[str, object]:
    """Recorded answers a second, all verifiers that read no reference together."""
    try:
        samples = list(
            itertools.islice(open_dataset(resolve(plugin.datasets["tatqa_model_outputs"])), SAMPLES)
        )
    except DataError:
        return {}
    tools = [v for v in plugin.verifier_objects() if not v.needs_reference]
    for sample in samples[:50]:
        for tool in tools:
            tool.check(sample.problem, sample.trajectory)
    figures: dict[str, object] = {"answers": len(samples)}
    total = 0.0
    for tool in tools:
        begun = time.process_time()
        for sample in samples:
            tool.check(sample.problem, sample.trajectory)
        took = time.process_time() - begun
        total += took
        figures[tool.name] = round(len(samples) / took)
    figures["all"] = round(len(samples) / total)
    return figures


def main() -> dict[str, object]:
    source, texts = programs()
    calls = [as_calls(text) for text in texts]
    return {
        "unit": "programs (answers) per second of processor time, one core",
        "repeats": REPEATS,
        "programs": {
            "source": source,
            "n": len(texts),
            "official": rate(execute, texts),
            "strict": rate(lambda text: execute(text, None, "strict"), texts),
            "official_calls": rate(execute, calls),
            "equivalence": rate(lambda text: equivalent(text, text), texts[:200]),
        },
        "answers": verifiers(),
    }
