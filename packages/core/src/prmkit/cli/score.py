"""``prmkit score``: trajectories to step scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from prmkit.aggregators import AGGREGATORS, aggregate
from prmkit.cli import show
from prmkit.dataset import Quarantined
from prmkit.plugins import domain as find_domain
from prmkit.records import read_samples, write_parquet
from prmkit.registry import resolve
from prmkit.types import Sample, StepScores


@click.command(
    "score", epilog=show.example("prmkit score --prm runs/math/prm/prm --in traces.jsonl --out scores.jsonl")
)
@click.option("--prm", metavar="PATH", help="PRM folder, or a public checkpoint's with --spec.")
@click.option("--spec", metavar="NAME", help="Family of a public checkpoint; prmkit prm specs lists them.")
@click.option("--reference", metavar="PATH", help="Reference model of a log-ratio family.")
@click.option("--domain", metavar="NAME", help="Use the tiny PRM that this domain ships.")
@click.option(
    "--in", "source", required=True, metavar="FILE", help="Trajectory JSONL, or - for standard input."
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Scores JSONL, or a folder for Parquet [the terminal]."
)
@click.option(
    "--aggregate", "how", type=click.Choice(list(AGGREGATORS)), help="Shown beside the steps [the spec's]."
)
@click.option("--device", default="cpu", show_default=True)
@click.option(
    "--dtype", type=click.Choice(["float32", "bfloat16", "float16"]), default="float32", show_default=True
)
@click.option("--max-tokens", type=int, help="Longest text; later steps go unscored.")
@click.option("--exit-at", type=float, help="Of a head of early exits: 1 reads every layer.")
@click.option("--samples", type=int, help="Verifications of each solution by a generative PRM.")
@click.option("--rounds", type=int, help="Rounds of each verification.")
@click.option("--temperature", type=float, help="Of verifications; several samples need one above 0.")
@click.option("--explain", is_flag=True, help="Show how the solutions would be laid out; score nothing.")
@show.json_option
def command(
    prm: str | None,
    spec: str | None,
    reference: str | None,
    domain: str | None,
    source: str,
    out: Path | None,
    how: str | None,
    device: str,
    dtype: str,
    max_tokens: int | None,
    exit_at: float | None,
    samples: int | None,
    rounds: int | None,
    temperature: float | None,
    explain: bool,
    as_json: bool,
) -> int:
    """Trajectories to step scores.

    A run that was killed goes on from OUT.part when it is started again.

    Needs the models' libraries: pip install 'prmkit[train]'.
    """
    if (prm is None) == (domain is None):
        show.wrong_usage("give either --prm PATH or --domain NAME")
    folder = prm or str(_shipped(domain or ""))
    options = {"dtype": dtype, "device": device, "max_tokens": max_tokens, "reference": reference}
    model = resolve("prmkit.score.scorer:load_prm")(folder, spec, **options)
    use = {"exit_at": exit_at, "samples": samples, "rounds": rounds, "temperature": temperature}
    model = resolve("prmkit.score.scorer:used")(model, **use)
    bad: list[Quarantined] = []
    if explain and not hasattr(model, "encoder"):
        show.wrong_usage(f"--explain: a {type(model).__name__} has no layouts")
    if explain:
        _explain(model, read_samples(source, quarantine=bad), as_json)
        return 0
    kept = 0
    with show.progress("score") as tick:
        stream = _ticked(read_samples(source, quarantine=bad), tick)
        if out is None:
            _print(list(model.score_many(stream)), how or model.spec.aggregate, as_json, bad)
            return 0
        if out.suffix == "":
            count = write_parquet(out, model.score_many(stream), cls=StepScores)
        else:
            count, kept = resolve("prmkit.score.stream:score_file")(model, stream, out)
    if as_json:
        show.emit({"scores": count, "resumed": kept, "quarantine": show.quarantine_json(bad)})
    else:
        told = f", {kept} of them from an earlier run" if kept else ""
        click.echo(f"{out}: scores of {count} trajectories{told}")
        show.show_quarantine(bad)
    return 0 if count or not bad else 1


def _explain(model: Any, samples: Iterable[Sample], as_json: bool) -> None:
    rows = model.explain(samples)
    if as_json:
        show.emit(rows)
        return
    columns = ("layout", "passes", "solutions", "tokens", "computed", "cost", "other layout")
    table = [
        (
            row["layout"],
            *(f"{row[name]:,}" for name in ("passes", "solutions", "tokens", "computed")),
            f"{row['cost']:.2e}",
            f"{row['instead']:.2e}" if row["instead"] else "not weighed",
        )
        for row in rows
    ]
    show.table(columns, table)
    click.echo("cost: estimated operations; a forest is one packed row with shared beginnings once")


def _shipped(name: str) -> Path:
    plugin = find_domain(name)
    return plugin.resource(plugin.prm)


def _ticked(samples: Iterable[Sample], tick: show.Tick) -> Iterator[Sample]:
    for done, sample in enumerate(samples, 1):
        tick(done, 0)
        yield sample


def _print(scores: list[StepScores], how: str, as_json: bool, bad: list[Quarantined]) -> None:
    rows = [{"trajectory_id": s.trajectory_id, "values": list(s.values), how: _total(s, how)} for s in scores]
    if as_json:
        show.emit(rows)
    else:
        shown = [" ".join("·" if v is None else f"{v:.2f}" for v in s.values) for s in scores]
        table = [(r["trajectory_id"], f"{r[how]:.3f}", steps) for r, steps in zip(rows, shown, strict=True)]
        show.table(("trajectory", how, "steps"), table)
    show.show_quarantine(bad)


def _total(scores: StepScores, how: str) -> float:
    """One number; where no step has a score, that of the whole solution."""
    whole = scores.trajectory_value
    silent = all(value is None for value in scores.values)
    return whole if silent and whole is not None else aggregate(scores, how)
