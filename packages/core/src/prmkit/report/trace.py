"""One trajectory on a terminal: steps with evidence in its place, scores and gold beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from prmkit.report.page import SIGN, stretches
from prmkit.types import Evidence, Sample, Step, StepScores, Verdict
from prmkit.verify.merge import merge

STYLE = {Verdict.HOLDS: "blue", Verdict.FAILS: "bold red", Verdict.UNKNOWN: "dim"}
VISIBLE = {
    code: "\N{SYMBOL FOR ESCAPE}" if code == 27 else "\N{REPLACEMENT CHARACTER}"
    for code in [*range(9), *range(11, 32), *range(127, 160)]
}
"""Control characters of untrusted text could steer the terminal; one sign each keeps spans valid."""
UNDERLINE = {
    Verdict.HOLDS: "underline",
    Verdict.FAILS: "bold red underline",
    Verdict.UNKNOWN: "dim underline",
}


def terminal(
    sample: Sample,
    evidence: Sequence[Evidence] = (),
    scores: Mapping[str, StepScores] | None = None,
    *,
    only: Sequence[int] | None = None,
) -> RenderableType:
    """A trajectory for a rich console.

    Args:
        sample: Problem, trajectory, and gold labels if there are any.
        evidence: Evidence of any verifiers; UNKNOWN is shown by its sign only.
        scores: Scorer name → scores.
        only: Steps to show; others are counted in a line of dots. None shows all.
    """
    problem, trajectory, labels = sample
    merged = merge(trajectory, evidence)
    table = Table(box=None, show_header=bool(scores or labels), padding=(0, 1), header_style="dim")
    table.add_column("", justify="right", style="dim", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("step", ratio=1)
    if labels is not None:
        table.add_column("gold", justify="right", no_wrap=True)
    for name in scores or {}:
        table.add_column(name, justify="right", no_wrap=True)
    skipped = 0
    for step in trajectory.steps:
        if only is not None and step.index not in only:
            skipped += 1
            continue
        if skipped:
            table.add_row("", "", Text(f"⋯ {skipped} step{'s' if skipped > 1 else ''}", style="dim"))
            skipped = 0
        said = [e for e in evidence if e.step == step.index]
        chosen = merged[step.index]
        verdict = chosen.verdict if chosen else Verdict.UNKNOWN
        sign = Text(" " if step.role == "observe" else SIGN[verdict], style=STYLE[verdict])
        cells: list[RenderableType] = [str(step.index + 1), sign, _step(step, said)]
        if labels is not None:
            cells.append(_value(labels.values[step.index]))
        cells += [_value(s.values[step.index]) for s in (scores or {}).values()]
        table.add_row(*cells)
    if skipped:
        table.add_row("", "", Text(f"⋯ {skipped} step{'s' if skipped > 1 else ''}", style="dim"))
    head = Text(trajectory.id.translate(VISIBLE), style="bold")
    if trajectory.outcome is not None:
        head.append(f"  outcome {'right' if trajectory.outcome >= 0.5 else 'wrong'}", style="dim")
    question = [Padding(Text(_short(problem.text), style="dim"), (0, 2))] if problem.text else []
    return Group(head, *question, table, Text(""))


def _step(step: Step, said: Sequence[Evidence]) -> RenderableType:
    telling = [e for e in said if e.verdict is not Verdict.UNKNOWN]
    text = Text()
    for piece in stretches(step.text, [c for e in telling for c in e.claims]):
        text.append(
            piece.text.translate(VISIBLE), style=UNDERLINE[piece.claim.verdict] if piece.claim else None
        )
    if step.role == "observe":
        text.stylize("dim italic")
    reasons = [
        Text(f"↳ {e.reason} ({e.verifier})".translate(VISIBLE), style="red")
        for e in telling
        if e.verdict is Verdict.FAILS and e.reason
    ]
    return Group(text, *reasons) if reasons else text


def _value(value: float | None) -> Text:
    return Text("·", style="dim") if value is None else Text(f"{value:.2f}")


def _short(text: str, limit: int = 400) -> str:
    shown = text.translate(VISIBLE)
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"
