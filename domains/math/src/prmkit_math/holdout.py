"""False alarms on data that the rules of the verifiers were not made from: ``python -m prmkit_math.holdout``.

The sets of :mod:`prmkit_math.quality` were read while the rules were written. Here stand the others:
worked solutions of people (calculator annotations taken out), solutions judged right as a whole, and
steps labelled by people on other problems. Every FAILS on a step that its set calls good is either a
slip of the source, shown by an erratum whose proof runs, or a false alarm.

Examples:
    python -m prmkit_math.holdout --errata shared/errata --out domains/math/README.md
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from prmkit.dataset import Source, open_dataset
from prmkit.errors import DataError
from prmkit.registry import resolve
from prmkit.types import Sample, Trajectory, Verdict
from prmkit.verify import errata
from prmkit.verify.noise import Noise
from prmkit.verify.quality import Figures, Judged, figures, judge
from prmkit.verify.quality_table import put
from prmkit_math import plugin
from prmkit_math.data.rows import until_first_error
from prmkit_math.quality import GENERATED_ONLY

START, END = "<!-- holdout:start -->", "<!-- holdout:end -->"
NOTES = """Figures of `python -m prmkit_math.holdout`. *Good steps*: steps before the first error that people
call good, or all steps of a worked solution or of one judged right as a whole. A FAILS on one of them is a
*slip of the source* where an erratum with a proof that runs covers it, or a step before it in the same
solution; else a *false alarm*, with its one-sided 95 % bound. The rules were made on the sets of the tables
above, which share problems with PRM800K and MR-MATH; all alarms here were read since, and the rules behind
false ones changed."""
_ANNOTATION = re.compile(r"<<[^<>]*>>")
log = logging.getLogger(__name__)


class HoldOut(NamedTuple):
    """One row of the table."""

    title: str
    dataset: str
    take: Callable[[Sample], Sample | None]
    """The sample with labels, or None where the set says nothing good of its steps."""


def labelled(sample: Sample) -> Sample | None:
    """A sample with step labels of people, as it is."""
    return sample if sample.labels is not None else None


def one_in_eight(sample: Sample) -> Sample | None:
    """The same, of one problem in eight, so that a big set ends in minutes."""
    return labelled(sample) if int(sample.problem.cluster, 16) % 8 == 0 else None


def judged_right(sample: Sample) -> Sample | None:
    """A solution that was judged right as a whole, every step taken for good."""
    if (sample.trajectory.outcome or 0.0) < 0.5:
        return None
    return sample._replace(labels=until_first_error(sample.trajectory, None, "outcome/right@1"))


def worked(sample: Sample) -> Sample | None:
    """A worked solution without its calculator annotations, every step taken for good.

    Examples:
        >>> from prmkit.types import Problem
        >>> t = Trajectory.of_steps("t", "p", ["2 * 3 = <<2*3=6>>6 pens"], outcome=1.0)
        >>> worked(Sample(Problem("p", "?"), t)).trajectory.text
        '2 * 3 = 6 pens'
    """
    t = sample.trajectory
    texts = [_ANNOTATION.sub("", step.text) for step in t.steps]
    bare = Trajectory.of_steps(t.id, t.problem_id, texts, outcome=t.outcome, provenance=t.provenance)
    return judged_right(sample._replace(trajectory=bare))


def reachable(sample: Sample) -> Sample | None:
    """Monte-Carlo values as labels: good as long as some completion succeeds from there."""
    if sample.labels is None:
        return None
    dead = (at for at, value in enumerate(sample.labels.values) if value == 0.0)
    return sample._replace(labels=until_first_error(sample.trajectory, next(dead, None), "rollout/some@1"))


PARTS: Sequence[HoldOut] = (
    HoldOut("GSM8K training solutions, annotations out", "gsm8k", worked),
    HoldOut("GSM8K test solutions (visible half), annotations out", "gsm8k_test", worked),
    HoldOut("MATH-500 and AIME reference solutions", "math500_aime", judged_right),
    HoldOut("MR-Ben math, physics, chemistry", "mr_ben", labelled),
    HoldOut("PRM800K phase 1, training part, one problem in eight", "prm800k_phase1", one_in_eight),
    HoldOut("MR-MATH, redundant steps", "mr_math_redundant", labelled),
    HoldOut("MR-MATH, planted edits", "mr_math_perturbed", labelled),
    HoldOut("DeltaBench examples", "deltabench_examples", labelled),
    HoldOut("ProntoQA gold proofs", "prontoqa", labelled),
    HoldOut("SCAN-Base sample, before the first dead step", "scan_base_sample", reachable),
    HoldOut("four systems on GSM8K, right answers", "gsm8k_model_solutions", judged_right),
    HoldOut("MATH best-of-8, right answers", "math_bo8_rm_scored", judged_right),
    HoldOut("Game of 24, right answers", "game24_gpt4", judged_right),
    HoldOut("ROSCOE chains judged right", "roscoe_chain_labels", judged_right),
    HoldOut("ThoughtSource chains with a right answer", "thoughtsource_general", judged_right),
)


def found(parts: Sequence[HoldOut]) -> Iterator[tuple[HoldOut, list[Sample]]]:
    """The parts whose data set is at hand, with their samples."""
    for part in parts:
        source = resolve(plugin.datasets[part.dataset])
        if not isinstance(source, Source):
            continue
        try:
            taken = [part.take(sample) for sample in open_dataset(source)]
        except DataError as error:
            log.warning("%s is left out: %s", part.title, error)
            continue
        yield part, [sample for sample in taken if sample is not None]


def run(parts: Sequence[HoldOut], folder: Path | None, *, workers: int = 0) -> list[Judged]:
    """Evidence on every part found, before and after the errata.

    Raises:
        DataError: None of the sets is found.
    """
    names = [name for name in plugin.verifiers if name not in GENERATED_ONLY]
    tools = [tool for tool in plugin.verifier_objects(names) if not tool.needs_reference]
    known = errata.read(folder) if folder else {}
    done = []
    for part, samples in found(parts):
        log.info("%s: %d solutions", part.title, len(samples))
        wrong = known.get(part.dataset, [])
        done.append(judge(part.title, samples, tools, wrong, workers=workers, seconds=None))
    if not done:
        raise DataError("no data set found", do="set PRMKIT_DATA to the folder that holds math/")
    return done


def table(rows: dict[str, Figures]) -> str:
    """A row per part: alarms on steps called good, how many of them are slips, what is left."""
    head = (
        "| set | problems | good steps | FAILS on them | slips of the source, proven |"
        " false alarms (95 % bound) | FAILS on wrong steps |"
    )
    lines = [head, "| --- " + "| ---: " * 6 + "|"]
    for title, (raw, corrected) in rows.items():
        alarms, left = raw.false_alarms, corrected.false_alarms
        slips = alarms.alarms - left.alarms
        lines.append(
            f"| {title} | {raw.clusters:,} | {alarms.steps:,} | {alarms.alarms} | {slips} |"
            f" {left.alarms} (≤ {100 * left.upper:.2f} %) | {_on_wrong(raw)} |"
        )
    return "\n".join(lines)


def _on_wrong(noise: Noise) -> str:
    wrong = noise.confusion["wrong"]
    return f"{wrong[str(Verdict.FAILS)]:,} of {sum(wrong.values()):,}" if sum(wrong.values()) else "–"


def unread(done: Sequence[Judged]) -> Iterator[str]:
    """Every FAILS on a step called good that no erratum covers, with its text."""
    for part in done:
        texts = {sample.trajectory.id: sample.trajectory.steps for sample, _ in part.corrected}
        noise = figures([part], draws=1)[part.title].corrected
        for one in noise.disagreements:
            if one.verdict is Verdict.FAILS and one.before_first_error:
                text = texts[one.trajectory_id][one.step].text
                yield f"{one.trajectory_id} step {one.step} {one.verifier}: {one.reason}\n    {text}"


@click.command(help="Count false alarms on sets that the rules of the verifiers were not made from.")
@click.option("--errata", "folder", type=click.Path(path_type=Path, exists=True), help="Folder of errata.")
@click.option("--out", type=click.Path(path_type=Path), help="Markdown file; the table goes between marks.")
@click.option("--part", "titles", multiple=True, help="Row (a piece of its title); default: all.")
@click.option("--unread", "show", is_flag=True, help="Print each alarm that no erratum covers, to be read.")
@click.option("--workers", default=0, show_default=True, help="Processes.")
def main(folder: Path | None, out: Path | None, titles: Sequence[str], show: bool, workers: int) -> None:
    """Run the verifiers and print the table."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parts = [part for part in PARTS if not titles or any(piece in part.title for piece in titles)]
    try:
        done = run(parts, folder, workers=workers)
    except DataError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    rows = figures(done, draws=1)
    if show:
        for line in unread(done):
            click.echo(line)
    text = table(rows)
    if out is not None:
        put(out, f"{NOTES}\n\n{text}", start=START, end=END)
    click.echo(text)


if __name__ == "__main__":
    main()
