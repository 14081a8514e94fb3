"""``prmkit score``: trajectories to step scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from prmkit.aggregators import AGGREGATORS, aggregate
from prmkit.cli import show
from prmkit.dataset import Quarantined
from prmkit.plugins import domain as find_domain
from prmkit.records import read_samples, write_jsonl, write_parquet
from prmkit.registry import resolve
from prmkit.types import Sample, StepScores


@click.command(
    "score", epilog=show.example("prmkit score --prm runs/math/prm/prm --in traces.jsonl --out scores.jsonl")
)
@click.option("--prm", metavar="PATH", help="PRM folder.")
@click.option("--domain", metavar="NAME", help="Use the tiny PRM that this domain ships.")
@click.option(
    "--in", "source", required=True, metavar="FILE", help="Trajectory JSONL, or - for standard input."
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Scores JSONL, or a folder for Parquet [the terminal]."
)
@click.option("--aggregate", "how", type=click.Choice(list(AGGREGATORS)), default="min", show_default=True)
@click.option("--device", default="cpu", show_default=True)
@click.option("--max-tokens", type=int, help="Longest text; later steps go unscored.")
@show.json_option
def command(
    prm: str | None,
    domain: str | None,
    source: str,
    out: Path | None,
    how: str,
    device: str,
    max_tokens: int | None,
    as_json: bool,
) -> int:
    """Trajectories to step scores.

    Needs the models' libraries: pip install 'prmkit[train]'.
    """
    if (prm is None) == (domain is None):
        show.wrong_usage("give either --prm PATH or --domain NAME")
    folder = prm or str(_shipped(domain or ""))
    model = resolve("prmkit.score.scorer:load_prm")(folder, device=device, max_tokens=max_tokens)
    bad: list[Quarantined] = []
    with show.progress("score") as tick:
        scores = model.score_many(_ticked(read_samples(source, quarantine=bad), tick))
        if out is None:
            _print(list(scores), how, as_json, bad)
            return 0
        count = write_parquet(out, scores, cls=StepScores) if out.suffix == "" else write_jsonl(out, scores)
    if as_json:
        show.emit({"scores": count, "quarantine": show.quarantine_json(bad)})
    else:
        click.echo(f"{out}: scores of {count} trajectories")
        show.show_quarantine(bad)
    return 0 if count or not bad else 1


def _shipped(name: str) -> Path:
    plugin = find_domain(name)
    return plugin.resource(plugin.prm)


def _ticked(samples: Iterable[Sample], tick: show.Tick) -> Iterator[Sample]:
    for done, sample in enumerate(samples, 1):
        tick(done, 0)
        yield sample


def _print(scores: list[StepScores], how: str, as_json: bool, bad: list[Quarantined]) -> None:
    rows = [
        {"trajectory_id": s.trajectory_id, "values": list(s.values), how: aggregate(s, how)} for s in scores
    ]
    if as_json:
        show.emit(rows)
    else:
        shown = [" ".join("·" if v is None else f"{v:.2f}" for v in s.values) for s in scores]
        table = [(r["trajectory_id"], f"{r[how]:.3f}", steps) for r, steps in zip(rows, shown, strict=True)]
        show.table(("trajectory", how, "steps"), table)
    show.show_quarantine(bad)
