"""Workflows: named stages that read and write one run folder, resumable at every stage."""

from prmkit.workflow.parts import PARTS, Context, Part, Place, records
from prmkit.workflow.run import RunSummary, find, prepare, run_workflow, system_names
from prmkit.workflow.work import Event, StageResult

__all__ = [
    "PARTS",
    "Context",
    "Event",
    "Part",
    "Place",
    "RunSummary",
    "StageResult",
    "find",
    "prepare",
    "records",
    "run_workflow",
    "system_names",
]
