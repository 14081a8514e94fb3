"""The judge on recorded model outputs: ``python -m prmkit_finance.recorded --out domains/finance/README.md``.

Five systems' answers to TAT-QA questions (``tatqa_model_outputs``), judged by all verifiers that read no
reference. Two golds stand side by side: the *recorded* verdict (half a percent of tolerance, unlike scales
wrong, missing scales allowed) and the *stated* one (:func:`prmkit_finance.grade.grade`: equal at the coarser
stated precision). Rules were written while looking at the answers to one half of the tables; the other half
is reported beside it.
"""

from __future__ import annotations

import json
import logging
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import click

from prmkit.contracts import Finding
from prmkit.dataset import open_dataset
from prmkit.records import write_text
from prmkit.stats import Interval
from prmkit.types import Code, Evidence, Problem, Sample, Scope, Trajectory, Verdict
from prmkit.verify.answers import Answers, by_class, measure_answers
from prmkit.verify.quality_table import put
from prmkit.verify.run import verify
from prmkit_finance import plugin
from prmkit_finance.data.tatqa_outputs import SOURCE, SYSTEMS
from prmkit_finance.grade import grade, the_amount
from prmkit_finance.slips import slip_of

START, END = "<!-- recorded:start -->", "<!-- recorded:end -->"
MARKET = ("factor", "backtest")
"""Verifiers that have nothing to say on statements."""
log = logging.getLogger(__name__)

Pair = tuple[Sample, list[Evidence]]

NOTES = """Figures of `python -m prmkit_finance.recorded`: {answers:,} answers of five systems to
{questions:,} TAT-QA questions, tools that read no reference. *Caught*: wrong answers with a step that
FAILS. *Doubted*: right answers with one, with a one-sided 95 % bound. *Open*: answers on which every tool
is silent. Intervals resample tables. A judge that cries wolf at random catches as many wrong answers as it
doubts right ones. *Recorded* gold is the set's own verdict, with half a percent of tolerance; *stated* gold
asks for the value at the stated precision; *both* counts answers only where the two agree. `vote` is the
baseline that doubts an answer other than the one that at least two of the other four systems give; it needs
these systems. Answers that cannot be graded count nowhere."""


class CrudePattern:
    """The baseline: a pattern for ``a op b = c`` and float arithmetic, without any further thought."""

    name = "finance/crude_pattern"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()
    _pattern = re.compile(r"\$?(-?[0-9.,]+)\s*([-+*/])\s*\$?(-?[0-9.,]+)\s*=\s*\$?(-?[0-9.,]+)")

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        return [self._judge(trajectory.steps[index].text) for index in trajectory.scored]

    def _judge(self, text: str) -> Finding:
        verdict = Verdict.UNKNOWN
        for a, sign, b, c in self._pattern.findall(text):
            try:
                x, y, z = (float(number.replace(",", "").rstrip(".")) for number in (a, b, c))
                value = {"+": x + y, "-": x - y}.get(sign, x * y if sign == "*" else x / y)
            except (ValueError, ZeroDivisionError):
                continue
            if abs(value - z) > 0.01:
                return Finding(Verdict.FAILS, "the pattern disagrees")
            verdict = Verdict.HOLDS
        return Finding(verdict, code=Code.NONE if verdict is Verdict.HOLDS else Code.NOT_APPLICABLE)


class Row(NamedTuple):
    """One line of the table."""

    title: str
    answers: Answers


def stated(pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs with the outcome at stated precision; None where it cannot be told."""
    return [
        (_with(sample, grade(sample.problem, sample.trajectory.final_answer)), found)
        for sample, found in pairs
    ]


def agreed(pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs whose recorded and stated outcomes agree; the others get none."""
    out = []
    for sample, found in pairs:
        own = grade(sample.problem, sample.trajectory.final_answer)
        out.append((_with(sample, own if own == sample.trajectory.outcome else None), found))
    return out


def _with(sample: Sample, outcome: float | None) -> Sample:
    return sample._replace(trajectory=replace(sample.trajectory, outcome=outcome))


def first_half(sample: Sample) -> bool:
    """Whether the sample's table belongs to the half on which rules were written."""
    return zlib.crc32(sample.problem.cluster.encode()) % 2 == 0


def is_arithmetic(sample: Sample) -> bool:
    """Whether the question asks for a computed number."""
    return sample.problem.provenance.detail.get("type") == "arithmetic"


def _written_by(system: str) -> Callable[[Sample], bool]:
    return lambda sample: is_arithmetic(sample) and sample.trajectory.provenance.system == system


def votes(samples: Sequence[Sample]) -> Iterator[Pair]:
    """The baseline of agreement: an answer FAILS when two of the other systems agree on another one."""
    answers: dict[str, dict[str, str]] = {}
    for sample in samples:
        said = the_amount(sample.trajectory.final_answer or "")
        key = (
            f"{round(float(said.number), 2):.2f}"
            if said
            else (sample.trajectory.final_answer or "").strip().lower()
        )
        answers.setdefault(sample.problem.id, {})[sample.trajectory.provenance.system] = key
    for sample in samples:
        mine = answers[sample.problem.id]
        own = mine[sample.trajectory.provenance.system]
        others = Counter(key for system, key in mine.items() if system != sample.trajectory.provenance.system)
        key, count = others.most_common(1)[0] if others else ("", 0)
        verdict = (
            Verdict.FAILS if count > 1 and key != own else Verdict.HOLDS if count > 1 else Verdict.UNKNOWN
        )
        trajectory = sample.trajectory
        code = Code.NOT_APPLICABLE if verdict is Verdict.UNKNOWN else Code.NONE
        step = trajectory.scored[-1]
        yield (
            sample,
            [
                Evidence(
                    trajectory.id, trajectory.digest, step, verdict, "finance/vote@1", code, reason="vote"
                )
            ],
        )


def rows(pairs: Sequence[Pair], draws: int) -> list[Row]:
    """All lines of the table of one gold."""

    def line(title: str, keep: Callable[[Sample], bool], verifier: str = "") -> Row:
        return Row(title, measure_answers([p for p in pairs if keep(p[0])], verifier=verifier, draws=draws))

    out = [
        line("all questions", lambda s: True),
        line("computed answers", is_arithmetic),
        line("computed, first half of the tables", lambda s: is_arithmetic(s) and first_half(s)),
        line("computed, second half of the tables", lambda s: is_arithmetic(s) and not first_half(s)),
    ]
    out += [line(f"computed, {system}", _written_by(system)) for system in SYSTEMS]
    names = sorted({e.verifier for _, found in pairs for e in found if e.verdict is not Verdict.UNKNOWN})
    out += [line(f"computed, `{name}` alone", is_arithmetic, name) for name in names]
    return out


def _share(interval: Interval) -> str:
    if interval.n == 0:
        return "–"
    return f"{100 * interval.value:.1f} % [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def table(lines: Sequence[Row]) -> str:
    """Lines as Markdown."""
    head = (
        "| answers | tables | wrong | caught | right | doubted (95 % bound) | wrong among FAILS |"
        " right confirmed | open |"
    )
    out = [head, "| --- " + "| ---: " * 8 + "|"]
    for title, a in lines:
        alarms = a.false_alarms
        doubted = (
            f"{alarms.alarms} = {_share(a.doubted)} (≤ {100 * alarms.upper:.1f} %)" if alarms.steps else "–"
        )
        out.append(
            f"| {title} | {a.clusters} | {a.wrong:,} | {_share(a.caught)} | {a.right:,} | {doubted} |"
            f" {_share(a.precision)} | {_share(a.confirmed)} | {_share(a.open)} |"
        )
    return "\n".join(out)


def classes(pairs: Sequence[Pair], draws: int) -> str:
    """Wrong computed answers by class of mistake."""
    found = by_class([p for p in stated(pairs) if is_arithmetic(p[0])], slip_of, draws=draws)
    out = ["| mistake | answers | caught | open |", "| --- | ---: | ---: | ---: |"]
    for name, a in sorted(found.items(), key=lambda item: -item[1].answers):
        out.append(f"| {name} | {a.answers} | {_share(a.caught)} | {_share(a.open)} |")
    return "\n".join(out)


def measured(draws: int) -> tuple[str, Mapping[str, object]]:
    """The text between the marks, and the figures.

    Raises:
        DataError: The set is in no folder of ``PRMKIT_DATA``.
    """
    samples = list(open_dataset(SOURCE))
    names = [name for name in plugin.verifiers if name not in MARKET]
    tools = [tool for tool in plugin.verifier_objects(names) if not tool.needs_reference]
    pairs = list(verify(tools, samples, seconds=None))
    crude = list(verify([CrudePattern()], samples, seconds=None))
    vote = list(votes(samples))
    parts: list[str] = [NOTES.format(answers=len(samples), questions=len({s.problem.id for s in samples}))]
    figures: dict[str, object] = {}
    for gold, change in (("recorded", list), ("stated", stated), ("both", agreed)):
        lines = rows(change(pairs), draws)
        for title, baseline in (("`vote` (baseline)", vote), ("crude pattern (baseline)", crude)):
            kept = [p for p in change(baseline) if is_arithmetic(p[0])]
            lines.append(Row(f"computed, {title}", measure_answers(kept, draws=draws)))
        parts += ["", f"#### Gold: {gold}", "", table(lines)]
        figures[gold] = {row.title: row.answers.as_dict() for row in lines}
    parts += ["", "#### Wrong computed answers by mistake (stated gold)", "", classes(pairs, draws)]
    figures["alarms"] = _alarms(agreed(pairs))
    return "\n".join(parts), figures


def _alarms(pairs: Sequence[Pair]) -> list[dict[str, str]]:
    """FAILS on answers that both golds call right, to be read one by one."""
    return [
        {"id": sample.trajectory.id, "step": str(e.step), "verifier": e.verifier, "reason": e.reason}
        for sample, found in pairs
        if sample.trajectory.outcome == 1.0
        for e in found
        if e.verdict is Verdict.FAILS
    ]


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Markdown file with the two marks."
)
@click.option("--json", "file", type=click.Path(path_type=Path), help="Write all figures here too.")
@click.option("--draws", default=1000, show_default=True, help="Resamples behind each interval.")
def main(out: Path, file: Path | None, draws: int) -> None:
    """Measure the verifiers on recorded answers and write the tables."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    text, figures = measured(draws)
    put(out, text, start=START, end=END)
    if file is not None:
        write_text(file, json.dumps(figures, indent=1) + "\n")
    click.echo(text)


if __name__ == "__main__":
    main()
