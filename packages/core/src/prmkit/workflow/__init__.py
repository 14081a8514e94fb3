"""Workflows: named stages that read and write one run folder, resumable at every stage."""

from prmkit.workflow.engine import Event, StageResult
from prmkit.workflow.parts import PARTS, Context, Part, Place, records
from prmkit.workflow.run import RunSummary, find, prepare, run_workflow, system_names

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
