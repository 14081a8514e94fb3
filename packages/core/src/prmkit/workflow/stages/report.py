"""The run on one page."""

from __future__ import annotations

from dataclasses import dataclass

from prmkit.report.html import build_report
from prmkit.workflow.parts import Context, Part


@dataclass(frozen=True, slots=True)
class ReportConfig:
    """Nothing to set."""


def report(context: Context) -> None:
    """Write the report folder: figures, settings, metrics, quarantine of this run and the runs inside it."""
    inner = [path for _, path in context.sources.get("runs", ())]
    build_report([context.run, *inner], context.output())


REPORT = Part(
    ReportConfig,
    lambda place: {"report": "report"},
    report,
    needs=("eval",),
    takes=("runs",),
    whole_run=True,
    timed=True,
)
