"""``prmkit run``: a workflow into a run folder."""

from __future__ import annotations

import time
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from prmkit.cli import show
from prmkit.workflow import Event, RunSummary, prepare, run_workflow


@click.command("run", epilog=show.example("prmkit run math --preset smoke --out runs/math --set sample.n=4"))
@click.argument("workflow")
@click.option("--out", type=click.Path(file_okay=True, path_type=Path), help="Run folder [runs/NAME].")
@click.option("--preset", metavar="NAME", help="smoke, demo, full, … [demo where there is one; '' for none].")
@click.option("--set", "sets", multiple=True, metavar="STAGE.SETTING=VALUE", help="Change one setting.")
@click.option(
    "--from", "start", default="", metavar="STAGE", help="Run this stage and what follows it again."
)
@click.option(
    "--jobs", type=click.IntRange(1), default=1, show_default=True, help="Stages that may run at once."
)
@click.option("--plan", is_flag=True, help="List the stages and stop.")
@show.json_option
def command(
    workflow: str,
    out: Path | None,
    preset: str | None,
    sets: tuple[str, ...],
    start: str,
    jobs: int,
    plan: bool,
    as_json: bool,
) -> int:
    """Run a workflow into a run folder, or go on where it stopped.

    WORKFLOW is a domain's name, systems/NAME, or a YAML file. Finished stages whose settings and
    inputs are unchanged are used again, so the same command goes on after a stop of any kind.
    """
    if plan:
        return _plan(workflow, preset, sets, as_json)
    out = out or Path("runs") / Path(workflow).stem
    begun = time.perf_counter()
    with Drawn(Console(stderr=True)) as drawn:
        summary = run_workflow(
            workflow, out, preset=preset, sets=sets, start=start, jobs=jobs, on_event=drawn
        )
    seconds = time.perf_counter() - begun
    if as_json:
        show.emit(_value(summary, seconds))
    else:
        _print(summary, seconds)
    return 0


def _plan(workflow: str, preset: str | None, sets: tuple[str, ...], as_json: bool) -> int:
    script, stages = prepare(workflow, preset=preset, sets=sets)
    rows = [
        {
            "stage": stage.name,
            "uses": stage.uses,
            "reads": sorted(stage.after),
            "writes": list(stage.outputs.values()),
            "skipped": stage.skipped,
        }
        for stage in stages
    ]
    if as_json:
        show.emit({"workflow": script.name, "preset": script.preset, "seed": script.seed, "stages": rows})
        return 0
    show.table(
        ("stage", "uses", "reads", "writes", ""),
        [(r["stage"], r["uses"], " ".join(r["reads"]), " ".join(r["writes"]), r["skipped"]) for r in rows],
        title=f"{script.name}: {script.summary}",
    )
    return 0


def _value(summary: RunSummary, seconds: float) -> dict[str, object]:
    return {
        "out": str(summary.out),
        "seconds": round(seconds, 2),
        "quarantined": summary.quarantined,
        "stages": {
            s.name: {"status": s.status, "reason": s.reason, "seconds": round(s.seconds, 3)}
            for s in summary.stages
        },
    }


def _print(summary: RunSummary, seconds: float) -> None:
    counts = {word: sum(s.status == word for s in summary.stages) for word in ("ran", "reused", "skipped")}
    click.echo(
        f"{summary.out}: {counts['ran']} stages ran, {counts['reused']} were done already,"
        f" {counts['skipped']} skipped, in {seconds:.1f} s"
    )
    if counts["skipped"]:
        reasons = dict.fromkeys(s.reason for s in summary.stages if s.status == "skipped" and s.root)
        click.echo(f"skipped because: {'; '.join(reasons)}")
    if summary.quarantined:
        click.echo(f"{summary.quarantined} bad rows were set aside: {summary.out / 'quarantine'}")
    report = summary.out / "report" / "index.html"
    if report.exists():
        click.echo(f"report: {report}")


class Drawn:
    """Draws events: a bar for every stage under way on a terminal, one line a finished stage elsewhere."""

    def __init__(self, screen: Console) -> None:
        self._screen = screen
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            console=screen,
            transient=True,
            disable=not screen.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Drawn:
        self._bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bars.stop()

    def __call__(self, event: Event) -> None:
        """Draw one event."""
        place = f"[{event.position}/{event.stages}] {event.stage}"
        if event.kind == "start":
            self._tasks[event.stage] = self._bars.add_task(place.replace("[", r"\["), total=None)
        elif event.kind == "progress":
            self._bars.update(self._tasks[event.stage], completed=event.done, total=event.total or None)
        elif event.kind == "done":
            self._bars.remove_task(self._tasks.pop(event.stage))
            self._screen.print(f"{place} {event.text}", markup=False, highlight=False)
        elif event.kind == "reuse":
            self._screen.print(f"{place} done already", markup=False, highlight=False)
