"""Measured quality of the verifiers against gold step labels: ``python -m prmkit_math.quality``.

For every step-labelled set that is found in ``PRMKIT_DATA``, and for all of them pooled, the
verdicts are compared with the labels as published and with labels corrected by the errata. The
table goes between two marks of a Markdown file, the figures to a JSON file.

Examples:
    python -m prmkit_math.quality --out domains/math/README.md --errata shared/errata
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from prmkit.contracts import Finding, StepVerifier
from prmkit.dataset import Source, open_dataset
from prmkit.errors import DataError
from prmkit.plugins import DomainPlugin
from prmkit.registry import resolve
from prmkit.stats import Interval
from prmkit.types import Code, Evidence, Problem, Sample, Scope, Trajectory, Verdict
from prmkit.verify.noise import Noise, measure
from prmkit.verify.run import verify
from prmkit_math import errata, plugin

START, END = "<!-- quality:start -->", "<!-- quality:end -->"
ALL = "all sets"
TOGETHER = "all of them, merged"
GENERATED_ONLY = frozenset({"structure", "statements"})
"""Verifiers of generated tasks: they read no other text."""
log = logging.getLogger(__name__)

_NOTES = """Figures of `python -m prmkit_math.quality`. *Coverage*: share of labelled steps with a verdict
other than UNKNOWN. *False alarms*: FAILS on steps labelled good that stand before the first error,
with a one-sided 95 % upper bound. Intervals resample problems. *Right among HOLDS* is on corrected
labels; HOLDS says that what could be read is right, not that the step is. Rows without any verdict
are left out. *Corrected* labels differ from the published ones in {errors} places, each with a proof
that runs (`shared/errata`). `math/crude_pattern` is the baseline: a pattern for `a op b = c`."""

Pair = tuple[Sample, list[Evidence]]


class Part(NamedTuple):
    """One row of the table: a set, or the part of it whose ids begin alike."""

    title: str
    dataset: str
    prefix: str = ""


PARTS: Sequence[Part] = (
    Part("ProcessBench gsm8k, visible half", "processbench_half", "gsm8k"),
    Part("ProcessBench math, visible half", "processbench_half", "math"),
    Part("MR-GSM8K subset", "mr_gsm8k_subset"),
    Part("MR-MATH", "mr_math"),
    Part("BIG-Bench Mistake, multistep arithmetic", "big_bench_mistake", "multistep"),
    Part("BIG-Bench Mistake, four other tasks", "big_bench_mistake", "!multistep"),
    Part("PRMBench pool", "prmbench"),
    Part("PRM800K phase 1 test", "prm800k_phase1_test"),
)


class CrudePattern:
    """The baseline: a pattern for ``a op b = c`` and float arithmetic, without any further thought."""

    name = "math/crude_pattern"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()
    _pattern = re.compile(r"(-?[0-9.,]+)\s*([-+*/×÷])\s*\$?(-?[0-9.,]+)\s*=\s*\$?(-?[0-9.,]+)")

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        return [self._judge(trajectory.steps[index].text) for index in trajectory.scored]

    def _judge(self, text: str) -> Finding:
        verdict = Verdict.UNKNOWN
        for a, sign, b, c in self._pattern.findall(text):
            try:
                x, y, z = (float(number.replace(",", "").rstrip(".")) for number in (a, b, c))
                value = {"+": x + y, "-": x - y}.get(sign, x * y if sign in "*×" else x / y)
            except (ValueError, ZeroDivisionError):
                continue
            if abs(value - z) > 0.01:
                return Finding(Verdict.FAILS, "the pattern disagrees")
            verdict = Verdict.HOLDS
        return Finding(verdict, code=Code.NONE if verdict is Verdict.HOLDS else Code.NOT_APPLICABLE)


class Figures(NamedTuple):
    """One verifier on one part, on published and on corrected labels."""

    raw: Noise
    corrected: Noise


def parts_found(domain: DomainPlugin, parts: Sequence[Part] = PARTS) -> Iterator[tuple[Part, list[Sample]]]:
    """The parts whose data set is at hand, with their labelled samples."""
    for part in parts:
        source = resolve(domain.datasets[part.dataset])
        if not isinstance(source, Source):
            continue
        try:
            samples = [sample for sample in open_dataset(source) if sample.labels is not None]
        except DataError as error:
            log.warning("%s is left out: %s", part.title, error)
            continue
        wanted, prefix = not part.prefix.startswith("!"), part.prefix.lstrip("!")
        kept = [s for s in samples if (prefix in s.trajectory.id) is wanted] if prefix else samples
        yield part, kept


def corrected(pairs: Sequence[Pair], errors: Mapping[str, Sequence[errata.Erratum]]) -> list[Pair]:
    """The pairs with their labels put right."""
    return [(errata.correct(sample, errors), evidence) for sample, evidence in pairs]


def by_row(entries: Sequence[errata.Erratum]) -> dict[str, list[errata.Erratum]]:
    """Errata by trajectory id."""
    found: dict[str, list[errata.Erratum]] = {}
    for entry in entries:
        found.setdefault(entry.row, []).append(entry)
    return found


def figures(
    parts: Sequence[tuple[str, list[Pair], list[Pair]]], verifier: str, *, draws: int
) -> dict[str, Figures]:
    """Figures of one verifier (all, merged, where the name is empty) on each part and on all together."""
    found = {
        title: Figures(
            measure(raw, verifier=verifier, draws=draws), measure(fixed, verifier=verifier, draws=draws)
        )
        for title, raw, fixed in parts
    }
    raw_pool = [pair for _, raw, _ in parts for pair in raw]
    fixed_pool = [pair for _, _, fixed in parts for pair in fixed]
    found[ALL] = Figures(
        measure(raw_pool, verifier=verifier, draws=draws), measure(fixed_pool, verifier=verifier, draws=draws)
    )
    return found


def _share(interval: Interval, *, digits: int = 2) -> str:
    if interval.n == 0:
        return "–"
    return f"{interval.value:.{digits}f} [{interval.low:.{digits}f}, {interval.high:.{digits}f}]"


def _fails(noise: Noise) -> str:
    wrong, right = (noise.confusion[gold][str(Verdict.FAILS)] for gold in ("wrong", "right"))
    if wrong + right == 0:
        return "0"
    return f"{wrong} / {wrong + right} (≥ {noise.fails_precision_lower:.2f})"


def _alarms(noise: Noise) -> str:
    alarms = noise.false_alarms
    return f"{alarms.alarms} / {alarms.steps:,} (≤ {100 * alarms.upper:.2f} %)" if alarms.steps else "–"


def table(found: Mapping[str, Figures]) -> str:
    """One verifier: a row per part."""
    head = (
        "| set | problems | labelled steps | coverage | wrong / FAILS, published (95 % bound) | corrected |"
        " false alarms, published (95 % bound) | corrected |"
        " first errors found, published [95 %], corrected |"
        " right among HOLDS |"
    )
    lines = [head, "| --- " + "| ---: " * 9 + "|"]
    for title, (raw, fixed) in found.items():
        if title != ALL and not raw.coverage.value:
            continue
        found_first = f"{_share(raw.first_error_recall, digits=3)}, {fixed.first_error_recall.value:.3f}"
        lines.append(
            f"| {title} | {raw.clusters:,} | {raw.steps:,} | {_share(raw.coverage)} | {_fails(raw)} |"
            f" {_fails(fixed)} | {_alarms(raw)} | {_alarms(fixed)} | {found_first} |"
            f" {_share(fixed.holds_precision)} |"
        )
    return "\n".join(lines)


def section(found: Mapping[str, Mapping[str, Figures]], errors: int) -> str:
    """The text between the marks."""
    text = [_NOTES.format(errors=errors)]
    for name, rows in found.items():
        text += ["", f"#### {name}", "", table(rows)]
    return "\n".join(text)


def put(path: Path, text: str) -> None:
    """Replace what stands between the marks of a file, or add it at the end."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    block = f"{START}\n{text}\n{END}"
    if START in before and END in before:
        head, tail = before.split(START, 1)[0], before.split(END, 1)[1]
        after = f"{head}{block}{tail}"
    else:
        after = f"{before.rstrip()}\n\n{block}\n".lstrip()
    path.write_text(after, encoding="utf-8")


def run(
    names: Sequence[str], folder: Path | None, *, workers: int = 0, draws: int = 1000
) -> tuple[dict[str, dict[str, Figures]], int]:
    """Figures by verifier and part, and how many labels the errata change.

    Args:
        names: Verifiers by their names in the plug-in.
        folder: Folder of errata; None corrects nothing.
        workers: Processes; 0 runs in this one.
        draws: Resamples behind each interval.

    Raises:
        DataError: None of the data sets is found.
    """
    every: list[StepVerifier] = [resolve(plugin.verifiers[name])() for name in names]
    verifiers = [verifier for verifier in every if not verifier.needs_reference]
    entries = errata.read(folder) if folder else {}
    judged: list[tuple[str, list[Pair], list[Pair]]] = []
    crude: list[tuple[str, list[Pair], list[Pair]]] = []
    for part, samples in parts_found(plugin):
        log.info("%s: %d solutions", part.title, len(samples))
        mine = by_row(entries.get(part.dataset, []))
        for rows, tools in ((judged, verifiers), (crude, [CrudePattern()])):
            pairs = list(verify(tools, samples, workers=workers if tools is verifiers else 0, seconds=None))
            rows.append((part.title, pairs, corrected(pairs, mine)))
    if not judged:
        raise DataError("no data set found", do="set PRMKIT_DATA to the folder that holds math/")
    found = {TOGETHER: figures(judged, "", draws=draws)}
    for verifier in verifiers:
        found[verifier.name] = figures(judged, verifier.name, draws=draws)
    found[CrudePattern.name] = figures(crude, "", draws=draws)
    return found, sum(map(len, entries.values()))


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Markdown file with the two marks."
)
@click.option("--json", "figures_file", type=click.Path(path_type=Path), help="Write all figures here too.")
@click.option("--errata", "folder", type=click.Path(path_type=Path, exists=True), help="Folder of errata.")
@click.option("--verifier", "names", multiple=True, help="Verifier to measure; default: all that fit.")
@click.option("--workers", default=0, show_default=True, help="Processes.")
@click.option("--draws", default=1000, show_default=True, help="Resamples behind each interval.")
def main(
    out: Path, figures_file: Path | None, folder: Path | None, names: Sequence[str], workers: int, draws: int
) -> None:
    """Measure the verifiers and write the table."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    chosen = names or [name for name in plugin.verifiers if name not in GENERATED_ONLY]
    try:
        found, errors = run(chosen, folder, workers=workers, draws=draws)
    except DataError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    put(out, section(found, errors))
    if figures_file is not None:
        plain = {
            name: {
                part: {"raw": both.raw.as_dict(), "corrected": both.corrected.as_dict()}
                for part, both in rows.items()
            }
            for name, rows in found.items()
        }
        figures_file.write_text(json.dumps(plain, indent=1), encoding="utf-8")
    click.echo(table(found[next(iter(found))]))


if __name__ == "__main__":
    main()
