"""The verifiers on whole sessions and all documented lines: ``python -m prmkit_qlang.session_quality``.

Of a change that shows later no verifier speaks on the changed line; whether the session is found to be
wrong at all, and at which line, is measured here. And ``kx_docs_planted`` holds only sessions in which the
embedded q prints what is documented: no verifier that uses this q can raise a false alarm there. So every
documented line that can be replayed is taken for right (*published*), agreed with or not. In the
*corrected* figures, lines that no session could print from the data set alone have no label: a wrong print,
one of another release, a name that nothing makes (:mod:`prmkit_qlang.adjudicated`).

Examples:
    python -m prmkit_qlang.session_quality --out domains/qlang/README.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from prmkit.contracts import StepVerifier
from prmkit.dataset import Row, open_dataset
from prmkit.errors import PrmkitError
from prmkit.types import Sample, StepLabels, Verdict
from prmkit.verify.judge import title
from prmkit.verify.noise import rate
from prmkit.verify.quality import ALL, Figures, Judged, figures
from prmkit.verify.quality_table import put, table
from prmkit.verify.run import verify
from prmkit_qlang import plugin
from prmkit_qlang.adjudicated import PLAYABLE, rulings
from prmkit_qlang.data.docs_examples import CARD, SOURCE
from prmkit_qlang.data.docs_planted import Pages
from prmkit_qlang.data.rows import Origin

VERIFIERS = ("value", "error")
"""Those that read sessions."""
START, END = "<!-- sessions:start -->", "<!-- sessions:end -->"
_SESSIONS = """Figures of `python -m prmkit_qlang.session_quality`. Sessions of `kx_docs_planted`: in how many
does a line FAIL, and in how many is the first such line the first whose print does not fit. Intervals
resample pages.

| sessions | n | pages | some line FAILS | the first misfit FAILS first |
| --- | ---: | ---: | ---: | ---: |"""
_LINES = """Every documented line that can be replayed, taken for right, whether the embedded q agrees or not.
FAILS are false alarms, or finds. *Corrected*: without the lines that no session could print from the data set
alone, such as wrong prints and those of other releases (`adjudicated.yaml`)."""
_KINDS = {"nowhere": "as documented", "here": "the change shows at once", "later": "the change shows later"}


def documented(rows: Iterable[Row]) -> Iterator[Sample]:
    """Every block with a line that can be replayed; such lines are labelled right."""
    pages = Pages()
    for row in rows:
        block = pages.enter(row)
        tested = [bool(line["auto_testable"]) for line in block.lines]
        if any(tested):
            problem, trajectory = block.run(Origin(CARD, row), 0, len(tested))
            values = tuple(1.0 if one else None for one in tested)
            labels = StepLabels(trajectory.id, trajectory.digest, values, labeler="documentation/kx@1")
            yield Sample(problem, trajectory, labels)


def corrected(sample: Sample, excused: frozenset[str]) -> Sample:
    """The sample without the labels of excused lines (``page#block/number``)."""
    problem, trajectory, labels = sample
    if labels is None:
        return sample
    block = trajectory.id.removeprefix(f"{CARD.name}/").rsplit("/", 2)[0]
    kept = (None if f"{block}/{i}" in excused else value for i, value in enumerate(labels.values))
    return Sample(problem, trajectory, replace(labels, values=tuple(kept)))


def of_lines(
    rows: Iterable[Row], verifiers: Sequence[StepVerifier], *, draws: int = 1000
) -> dict[str, Figures]:
    """Figures by verifier on all documented lines."""
    pairs = list(verify(verifiers, documented(rows), seconds=None))
    excused = frozenset(one.id for one in rulings().values() if one.reason not in PLAYABLE)
    judged = Judged("", pairs, [(corrected(sample, excused), found) for sample, found in pairs])
    return {name: figures([judged], name, draws=draws)[ALL] for name in map(title, verifiers)}


def of_sessions(
    samples: Iterable[Sample], verifiers: Sequence[StepVerifier], *, draws: int = 1000
) -> Iterator[str]:
    """Lines of the table of sessions, by where their change shows."""
    found: dict[str, list[tuple[str, bool, bool]]] = {kind: [] for kind in _KINDS}
    for sample, evidence in verify(verifiers, samples, seconds=None):
        detail = sample.trajectory.provenance.detail
        fails = [e.step for e in evidence if e.verdict is Verdict.FAILS]
        first = bool(fails) and min(fails) == detail.get("shows_at")
        found[str(detail["shows"])].append((sample.problem.cluster, bool(fails), first))
    for kind, told in found.items():
        pages = [page for page, _, _ in told]
        some, first_fails = ([one[i] for one in told] for i in (1, 2))
        last = "–" if kind == "nowhere" else _share(first_fails, pages, draws)
        some_fails = _share(some, pages, draws)
        yield f"| {_KINDS[kind]} | {len(told)} | {len(set(pages))} | {some_fails} | {last} |"


def _share(hits: Sequence[Any], pages: Sequence[str], draws: int) -> str:
    found = rate(hits, pages, draws=draws)
    return f"{sum(hits)}: {found.value:.3f} [{found.low:.3f}, {found.high:.3f}]" if hits else "0"


@click.command(help="Measure the verifiers that read sessions on all documented lines and write the tables.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Markdown file of the tables.")
@click.option("--draws", default=1000, show_default=True, help="Resamples behind each interval.")
def main(out: Path, draws: int) -> None:
    """Measure and write the tables."""
    tools = plugin.verifier_objects(VERIFIERS)
    try:
        sessions = "\n".join(of_sessions(plugin.load("kx_docs_planted"), tools, draws=draws))
        lines = table(of_lines(open_dataset(SOURCE).rows(), tools, draws=draws))
        put(out, f"{_SESSIONS}\n{sessions}\n\n{_LINES}\n\n{lines}", start=START, end=END)
    except PrmkitError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    click.echo(f"{sessions}\n{lines}")


if __name__ == "__main__":
    main()
