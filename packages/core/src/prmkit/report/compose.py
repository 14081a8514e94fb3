"""From run folders to one report: the order in which a reader meets things."""

from __future__ import annotations

from collections.abc import Sequence

from prmkit.report.content import Finding, Report, Section
from prmkit.report.domains import domains_section
from prmkit.report.evaluation import suites
from prmkit.report.findings import findings
from prmkit.report.load import Run
from prmkit.report.sections import (
    absent_section,
    comparison_section,
    run_notes,
    run_sections,
    settings_section,
    training_section,
    words_section,
)
from prmkit.report.suites import suite_section
from prmkit.verify.sandbox import UNSAFE_WORDS

SMOKE = "**Preset smoke: this run shows that the parts fit; its figures mean nothing.**"


def compose(runs: Sequence[Run]) -> Report:
    """A report on one or several runs.

    Raises:
        ValueError: No run is given.
    """
    if not runs:
        raise ValueError("a report needs at least one run")
    several = len(runs) > 1
    found = [suite for run in runs for suite in suites(run)]
    sections: list[Section | None] = [domains_section(found), comparison_section(found)]
    sections += [suite_section(suite, several_runs=several) for suite in found]
    sections += [section for run in runs for section in run_sections(run, several_runs=several)]
    sections += [training_section(run, several_runs=several) for run in runs]
    sections += [absent_section(runs, found), settings_section(runs), words_section(found)]
    said = findings(found) or (
        Finding("note", "No figures yet: no stage of these runs has evaluated anything."),
    )
    title = f"Report: {runs[0].name}" if not several else f"Report on {len(runs)} runs"
    return Report(title, _lede(runs), _notes(runs), said, tuple(s for s in sections if s is not None))


def _lede(runs: Sequence[Run]) -> str:
    """What ran, with what, in one line."""
    if len(runs) > 1:
        return ", ".join(run.name for run in runs)
    run = runs[0]
    told = {**run.config, **run.manifest}
    said = [
        f"{word} {told[key]}"
        for key, word in (("workflow", "workflow"), ("preset", "preset"), ("seed", "seed"))
        if isinstance(told.get(key), (str, int)) and str(told[key])
    ]
    packages = told.get("packages")
    version = packages.get("prmkit") if isinstance(packages, dict) else None
    return " · ".join([*said, *([f"prmkit {version}"] if version else [])])


def _notes(runs: Sequence[Run]) -> tuple[str, ...]:
    """What is to be known of the runs; what holds for several is said once."""
    said: dict[str, list[str]] = {}
    for run in runs:
        smoke = run.manifest.get("preset") == "smoke"
        machine = run.manifest.get("machine")
        unsafe = isinstance(machine, dict) and machine.get("unsafe_code") is True
        for note in (*([UNSAFE_WORDS] if unsafe else []), *([SMOKE] if smoke else []), *run_notes(run)):
            said.setdefault(note, []).append(run.name)
    if len(runs) == 1:
        return tuple(said)
    return tuple(f"{', '.join(names)}: {note}" for note, names in said.items())
