"""``prmkit check``: the reasoning linter."""

from __future__ import annotations

import click

from prmkit.cli import show
from prmkit.plugins import domain as find_domain
from prmkit.records import write_text
from prmkit.report.check import CheckResult, check_file, failed_steps, page
from prmkit.report.trace import terminal
from prmkit.types import Verdict

SHOWN = 20
"""Traces with a finding that the terminal shows unless --all is given."""


@click.command("check", epilog=show.example("prmkit check log.jsonl --fail-on FAILS --html check.html"))
@click.argument("file")
@click.option("--domain", metavar="NAME", help="Use the tools of this domain only.")
@click.option("--html", metavar="OUT", type=click.Path(dir_okay=False), help="Also write a page.")
@click.option(
    "--fail-on",
    type=click.Choice(["FAILS"]),
    help="Exit with code 1 when a tool refutes a step.",
)
@click.option("--seconds", default=5.0, show_default=True, help="Time limit for each trace and tool.")
@click.option("--all", "everything", is_flag=True, help="Show all traces, not only those with a finding.")
@show.json_option
def command(
    file: str,
    domain: str | None,
    html: str | None,
    fail_on: str | None,
    seconds: float,
    everything: bool,
    as_json: bool,
) -> int:
    """Lint reasoning: find wrong steps in logs with tools alone.

    FILE is a chat log (JSON or JSONL), a harness log, a trajectory file, CSV or plain text; - is
    standard input. Its replies are cut into steps and every tool that applies is run; no model is
    needed. HOLDS means that what a tool could read is right, FAILS that a tool refutes the step.
    """
    if domain:
        find_domain(domain)
    result = check_file(file, domain=domain, seconds=seconds)
    if html:
        write_text(html, page(result, f"Checked: {file}"))
    if as_json:
        show.emit(as_value(result))
    else:
        _print(result, everything)
        if html:
            show.note(f"wrote {html}")
    refuted = fail_on is not None and result.counts[Verdict.FAILS] > 0
    return 1 if refuted or not result.traces else 0


def as_value(result: CheckResult) -> dict[str, object]:
    """The result for machines: counts, and the telling evidence of every trace that has some."""
    telling = [
        {
            "id": sample.trajectory.id,
            "step": e.step,
            "text": sample.trajectory.steps[e.step].text,
            "verdict": e.verdict.value,
            "scope": e.scope,
            "verifier": e.verifier,
            "reason": e.reason,
        }
        for sample, evidence in result.items
        for e in evidence
        if e.verdict is not Verdict.UNKNOWN
    ]
    return {
        "file": result.path,
        "traces": result.traces,
        "steps": {verdict.value: n for verdict, n in result.counts.items()},
        "domains": list(result.domains),
        "notes": list(result.notes),
        "findings": telling,
        "quarantine": show.quarantine_json(result.quarantine),
    }


def _print(result: CheckResult, everything: bool) -> None:
    screen = show.console()
    chosen = result.items if everything or result.traces == 1 else result.failing()
    for item in chosen if everything else chosen[:SHOWN]:
        failed = failed_steps(item)
        around = {step + d for step in failed for d in (-1, 0, 1)}
        whole = everything or result.traces == 1
        screen.print(terminal(item[0], item[1], only=None if whole else sorted(around)))
    if not everything and len(chosen) > SHOWN:
        screen.print(f"… and {len(chosen) - SHOWN} more traces with a refuted step (--all shows them)")
    counts = result.counts
    screen.print(
        f"{result.traces} trace(s): {counts[Verdict.FAILS]} steps FAIL, {counts[Verdict.HOLDS]} hold,"
        f" {counts[Verdict.UNKNOWN]} were not checked; tools of {', '.join(result.domains) or 'no domain'}"
    )
    for line in result.notes:
        show.note(f"note: {line}")
    show.show_quarantine(result.quarantine)
