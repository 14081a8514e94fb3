"""The run on one page."""

from __future__ import annotations

from dataclasses import dataclass

from prmkit.report.html import build_report
from prmkit.workflow.parts import Context, Part


@dataclass(frozen=True, slots=True)
class ReportConfig:
    """Nothing to set."""


def report(context: Context) -> None:
    """Write the report folder from the run's figures, settings, metrics and quarantine."""
    build_report([context.run], context.output())


REPORT = Part(ReportConfig, lambda place: {"report": "report"}, report, needs=("eval",), whole_run=True)
