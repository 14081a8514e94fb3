"""``prmkit calibrate``: a PRM folder and labelled trajectories to a calibrated PRM folder."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from prmkit.cli import show
from prmkit.dataset import Quarantined
from prmkit.errors import DataError
from prmkit.records import read_samples
from prmkit.registry import resolve
from prmkit.score.calibrate import METHODS
from prmkit.score.calibrate import calibrate as fit
from prmkit.types import Sample


@click.command(
    "calibrate",
    epilog=show.example(
        "prmkit calibrate --prm my-prm --in held-out.jsonl --judged test.jsonl --method isotonic --out calm"
    ),
)
@click.option("--prm", required=True, metavar="PATH", help="PRM folder.")
@click.option(
    "--in", "source", required=True, metavar="FILE", help="Labelled trajectory JSONL, not trained on."
)
@click.option(
    "--judged", metavar="FILE", help="Trajectory JSONL that will be judged: shared problems are refused."
)
@click.option("--method", type=click.Choice(METHODS), default="temperature", show_default=True)
@click.option("--name", default="", help="What the data is called in scores [the file's name].")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="PRM folder to write.")
@click.option("--device", default="cpu", show_default=True)
@show.json_option
def command(
    prm: str, source: str, judged: str | None, method: str, name: str, out: Path, device: str, as_json: bool
) -> int:
    """Fit a map from scores to probabilities, and a threshold.

    Both go into the PRM's card. What is fitted on must share no problem with what is judged. Needs the
    models' libraries: pip install 'prmkit[train]'.
    """
    bad: list[Quarantined] = []
    samples = _labelled(source, bad)
    model = resolve("prmkit.score.scorer:load_prm")(prm, device=device)
    model.calibration = fit(
        model,
        samples,
        on=name or Path(source).stem,
        method=method,
        judged=read_samples(judged, quarantine=bad) if judged else (),
    )
    folder = model.save(out)
    told = asdict(model.calibration)
    if as_json:
        show.emit({"prm": str(folder), **told, "quarantine": show.quarantine_json(bad)})
    else:
        limit = model.calibration.threshold
        click.echo(
            f"{folder}: {method} fitted on {len(samples)} trajectories"
            + (f", threshold {limit.value:.3f}" if limit else "")
        )
        show.show_quarantine(bad)
    return 0


def _labelled(source: str, bad: list[Quarantined]) -> list[Sample]:
    samples = [sample for sample in read_samples(source, quarantine=bad) if sample.labels is not None]
    if not samples:
        raise DataError("no labelled trajectory", do="give rows with 'labels'", file=source)
    return samples
