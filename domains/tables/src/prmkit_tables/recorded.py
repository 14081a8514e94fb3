"""The tools on recorded answers, queries and formulas: ``python -m prmkit_tables.recorded --out README.md``.

Programs that a model wrote for TabMWP, with known outcomes: wrong answers caught, right answers doubted. Sets
whose answers are right: every FAILS is a false alarm, or an error of the set. And the calculators
themselves: queries parsed and resolved, formulas recomputed, programs run again.
"""

from __future__ import annotations

import json
import logging
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import click

from prmkit.errors import PrmkitError
from prmkit.records import write_text
from prmkit.stats import Interval
from prmkit.types import Evidence, Json, Sample, Verdict
from prmkit.verify.answers import Answers, measure_answers
from prmkit.verify.quality_table import put
from prmkit.verify.run import verify
from prmkit_tables import plugin
from prmkit_tables.sql.gate import GateError
from prmkit_tables.sql.resolve import resolve
from prmkit_tables.verifiers.stems import reads_leaves

START, END = "<!-- recorded:start -->", "<!-- recorded:end -->"
SETS: Mapping[str, int] = {
    "fetaqa_dev": 1001,
    "wtq_train": 2000,
    "hitab_dev": 1671,
    "sql_create_context_sample": 1000,
}
"""Sets of right answers, and how many of their first rows are judged."""
TOOLS = ("retrieval", "schema", "sql", "computation", "sentence", "formula", "literals", "question")
"""What reads no reference, but for the tools of generated tasks and the sandbox."""
TABMWP = "tabmwp_pot_outputs"
Pair = tuple[Sample, list[Evidence]]
log = logging.getLogger(__name__)

_NOTES = """Figures of `python -m prmkit_tables.recorded`; tools that read no reference. *Caught*: wrong
answers with a step that FAILS. *Doubted*: right answers with one. *Precision*: wrong answers among those
with a step that FAILS. *Open*: answers on which every tool is silent. Intervals resample tables. Rules were
written while reading problems of the *dev* half of TabMWP (and some forty rows of all of it); the *test*
half was only measured. The two halves share the set's question templates, so the test half shows that
nothing was fitted to single rows, not that other questions would be read. {lucky} of the {doubted} right
answers that `tables/literals` doubts, in both halves, stand on a stem-and-leaf plot that the program read
wrongly: the step is wrong, and the answer came out right all the same (mostly a count of zero either way)."""


class Calculators(NamedTuple):
    """How far the calculators go on gold."""

    queries: int
    parsed: int
    resolved: int
    resolved_as_names: int
    formulas: int
    computed: int
    agreeing: int
    programs: int
    rerun: int
    rerun_agreeing: int


def judged(name: str, limit: int | None, tools: Sequence[str], cache: Path | None) -> list[Pair]:
    """The first samples of a set with the evidence of some tools."""
    log.info("%s: %s", name, ", ".join(tools))
    samples = islice(plugin.load(name), limit)
    verifiers = plugin.verifier_objects(tools)
    return list(verify(verifiers, samples, seconds=None, cache=cache, tools=plugin.missing_tools()))


def calculators(queries: Sequence[Sample], formulas: Sequence[Pair], programs: Sequence[Pair]) -> Calculators:
    """Count what parses, resolves, computes and agrees."""
    faults = Counter(_fault(sample, "text") for sample in queries)
    naive = Counter(_fault(sample, "name") for sample in queries)
    said = Counter(
        e.verdict for _, found in formulas for e in found if e.verifier.startswith("tables/formula@")
    )
    runs = [
        (s, e)
        for s, found in programs
        for e in found
        if e.verifier.startswith("tables/program@") and "backend" in e.detail
    ]
    agreeing = sum(
        e.verdict is Verdict.HOLDS or (e.detail["status"] == "error" and s.trajectory.final_answer is None)
        for s, e in runs
    )
    return Calculators(
        queries=len(queries),
        parsed=len(queries) - faults["syntax"],
        resolved=faults[""],
        resolved_as_names=naive[""],
        formulas=sum(said.values()),
        computed=said[Verdict.HOLDS] + said[Verdict.FAILS],
        agreeing=said[Verdict.HOLDS],
        programs=len(programs),
        rerun=len(runs),
        rerun_agreeing=agreeing,
    )


def _fault(sample: Sample, quotes: str) -> str:
    """What is wrong with a query; empty when it resolves. ``name`` reads double quotes as names."""
    sql = sample.trajectory.text
    if quotes == "name":
        sql, quotes = sql.replace("`", "").replace('"', "`"), ""
    try:
        resolve(sql, sample.problem.context["schema"], quotes=quotes)
    except GateError as error:
        return str(error.fault)
    return ""


def lines_of(pairs: Sequence[Pair], draws: int) -> Iterator[tuple[str, str, Answers]]:
    """(half, verifier, figures) on the programs, all tools merged first."""
    names = sorted({e.verifier for _, found in pairs for e in found if e.verdict is not Verdict.UNKNOWN})
    for half in ("dev", "test"):
        part = [pair for pair in pairs if pair[0].problem.provenance.detail["half"] == half]
        yield half, "all, merged", measure_answers(part, draws=draws)
        for name in names:
            yield half, name, measure_answers(part, verifier=name, draws=draws)


def _share(interval: Interval) -> str:
    return f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]" if interval.n else "–"


def _alarms(found: Answers) -> str:
    alarms = found.false_alarms
    return f"{alarms.alarms} / {alarms.steps:,} (≤ {100 * alarms.upper:.2f} %)" if alarms.steps else "–"


def program_table(rows: Sequence[tuple[str, str, Answers]]) -> str:
    """The programs: a line per half and verifier."""
    out = [
        "| half | verifier | answers (wrong) | caught | doubted (95 % bound) | precision | confirmed |"
        " open |",
        "| --- | --- | " + "---: | " * 6,
    ]
    for half, name, found in rows:
        out.append(
            f"| {half} | {name} | {found.answers:,} ({found.wrong:,}) | {_share(found.caught)} |"
            f" {_alarms(found)} | {_share(found.precision)} |"
            f" {_share(found.confirmed)} | {_share(found.open)} |"
        )
    return "\n".join(line.rstrip() for line in out)


def alarm_table(found: Mapping[str, Answers]) -> str:
    """Sets of right answers: a line per set."""
    out = [
        "| set | answers | clusters | FAILS (95 % bound) | confirmed | open |",
        "| --- | " + "---: | " * 5,
    ]
    for name, figures in found.items():
        out.append(
            f"| {name} | {figures.right:,} | {figures.clusters:,} | {_alarms(figures)} |"
            f" {_share(figures.confirmed)} | {_share(figures.open)} |"
        )
    return "\n".join(line.rstrip() for line in out)


def calculator_table(found: Calculators) -> str:
    """The calculators: what they can read, and whether they agree with gold."""
    rows = [
        ("queries of sql-create-context parsed", found.parsed, found.queries),
        ("… every name resolved against the schema", found.resolved, found.queries),
        ("… with double quotes read as names instead", found.resolved_as_names, found.queries),
        ("HiTab formulas computed", found.computed, found.formulas),
        ("… and equal to the recorded answer", found.agreeing, found.computed),
        ("TabMWP programs run again", found.rerun, found.programs),
        ("… with the recorded value, or raising as recorded", found.rerun_agreeing, found.rerun),
    ]
    out = ["| | of | share |", "| --- | ---: | ---: |"]
    out += [f"| {name} | {hits:,} / {of:,} | {hits / of:.4f} |" for name, hits, of in rows if of]
    return "\n".join(out)


def lucky(pairs: Sequence[Pair]) -> tuple[int, int]:
    """Right answers that ``tables/literals`` doubts: those with a plot read wrongly, and all."""
    doubted = [
        sample
        for sample, found in pairs
        if sample.trajectory.outcome == 1.0
        and any(e.verifier.startswith("tables/literals@") and e.verdict is Verdict.FAILS for e in found)
    ]
    return sum(reads_leaves(sample.problem) for sample in doubted), len(doubted)


@click.command(help="Measure the tools on recorded answers, queries and formulas, and write the tables.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Markdown file with the marks.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Write all figures here too.")
@click.option("--cache", type=click.Path(path_type=Path), help="Folder that keeps verdicts between runs.")
@click.option("--rerun", default=5812, show_default=True, help="Programs to run again, from the first on.")
@click.option("--draws", default=1000, show_default=True, help="Resamples behind each interval.")
def main(out: Path, file: Path | None, cache: Path | None, rerun: int, draws: int) -> None:
    """Measure and write."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        right = {name: judged(name, limit, TOOLS, cache) for name, limit in SETS.items()}
        programs = judged(TABMWP, None, TOOLS, cache)
        again = judged(TABMWP, rerun, ("program",), cache)
    except PrmkitError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    rows = list(lines_of(programs, draws))
    alarms = {name: measure_answers(pairs, draws=draws) for name, pairs in right.items()}
    queries = [sample for sample, _ in right["sql_create_context_sample"]]
    found = calculators(queries, right["hitab_dev"], again)
    plots, doubted = lucky(programs)
    text = [
        _NOTES.format(lucky=plots, doubted=doubted),
        program_table(rows),
        "Sets of right answers (all tools merged):",
        alarm_table(alarms),
        "Calculators against gold:",
        calculator_table(found),
    ]
    put(out, "\n\n".join(text), start=START, end=END)
    for name, figures in alarms.items():
        log.info("%s fails: %s", name, ", ".join(figures.alarms[:40]))
    if file is not None:
        plain: dict[str, Json] = {
            "programs": [[half, name, figures.as_dict()] for half, name, figures in rows],
            "right_answers": {name: figures.as_dict() for name, figures in alarms.items()},
            "calculators": found._asdict(),
        }
        write_text(file, json.dumps(plain, indent=1) + "\n")


if __name__ == "__main__":
    main()
