"""``prmkit audit``: one page on any PRM."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from prmkit.cli import show
from prmkit.dataset import Quarantined
from prmkit.errors import DataError
from prmkit.judging.audit.probes import Probe, by_family, generated, recorded, suite, truth_of
from prmkit.judging.audit.run import CHECKS, Audit, Question, audit
from prmkit.judging.figures import Resampling
from prmkit.plugins import DomainPlugin, domains
from prmkit.plugins import domain as find_domain
from prmkit.records import read_samples
from prmkit.registry import resolve
from prmkit.report.audit import write_audit
from prmkit.types import Sample


@click.command("audit", epilog=show.example("prmkit audit --prm my-prm --out audit"))
@click.option("--prm", metavar="PATH", help="PRM folder [the tiny PRM that the domain ships].")
@click.option("--spec", metavar="NAME", help="Family of a public checkpoint.")
@click.option("--domain", default="math", show_default=True, metavar="NAME", help="Whose tasks are asked.")
@click.option("--size", default=80, show_default=True, type=click.IntRange(1), help="Generated problems.")
@click.option("--cell", "cells", multiple=True, metavar="CELL", help="Family and rung, such as sum/2 [all].")
@click.option("--in", "files", multiple=True, metavar="FILE", help="Labelled trajectory JSONL (repeatable).")
@click.option("--suite", "suites", multiple=True, metavar="NAME", help="Suite of a domain (repeatable).")
@click.option("--training", multiple=True, metavar="FILE", help="Training data of the PRM (repeatable).")
@click.option("--check", "checks", multiple=True, type=click.Choice(list(CHECKS)), help="[all]")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for index.html, audit.json, audit.md.")
@click.option("--fail-on", type=click.Choice(["warning"]), help="Exit with code 1 when there is a warning.")
@click.option("--draws", default=2000, show_default=True, type=click.IntRange(100), help="Resamples.")
@click.option("--seed", default=0, show_default=True)
@click.option("--device", default="cpu", show_default=True)
@click.option("--max-tokens", type=int, help="Longest text; later steps go unscored.")
@show.json_option
def command(
    prm: str | None,
    spec: str | None,
    domain: str,
    size: int,
    cells: tuple[str, ...],
    files: tuple[str, ...],
    suites: tuple[str, ...],
    training: tuple[str, ...],
    checks: tuple[str, ...],
    out: Path | None,
    fail_on: str | None,
    draws: int,
    seed: int,
    device: str,
    max_tokens: int | None,
    as_json: bool,
) -> int:
    """One page on any PRM: what it scores, and what misleads it.

    Value or correctness, reading convention, threshold, biases, invariance, calibration and training data,
    each with a verdict (fine, warning, cannot tell), one sentence and figures with intervals. Needs no data
    set: mistakes are planted in tasks that the domain generates. Needs the models' libraries: pip install
    'prmkit[train]'.
    """
    plugin = find_domain(domain)
    folder = prm or str(plugin.resource(plugin.prm))
    load: Callable[..., Any] = resolve("prmkit.score.scorer:load_prm")
    resolve("prmkit.model.folder:open_folder")(folder)  # a wrong path is told before tasks are made

    def opened(dtype: str = "float32") -> Any:
        return load(folder, spec, dtype=dtype, device=device, max_tokens=max_tokens)

    bad: list[Quarantined] = []
    rows = {Path(file).stem: _read(file, bad) for file in files}
    rows |= {name: suite({one: find_domain(one) for one in domains()}, name) for name in suites}
    probes, labelled = _probes(plugin, rows, size, cells, seed)
    ask = Question(
        probes,
        labelled,
        recorded=[sample for samples in rows.values() for sample in samples],
        training=[sample for file in training for sample in read_samples(file, quarantine=bad)],
        checks=checks or tuple(CHECKS),
        resampling=Resampling(draws=draws, seed=seed),
        truth=truth_of(plugin) if plugin.tasks else None,
        halved=lambda: opened("bfloat16"),
    )
    model = opened()
    with show.progress("audit") as tick:
        found = audit(model, ask, tick=tick)
    if out:
        page = write_audit(found, out, title=f"Audit of {prm or f'the PRM of {domain}'}")
    if as_json:
        show.emit({**found.as_json(), "quarantine": show.quarantine_json(bad)})
    else:
        _print(found)
        if out:
            show.note(f"wrote {page}")
        show.show_quarantine(bad)
    return 1 if fail_on and found.counts["warning"] else 0


def _probes(
    plugin: DomainPlugin, rows: dict[str, list[Sample]], size: int, cells: Sequence[str], seed: int
) -> tuple[list[Probe], dict[str, list[Sample]]]:
    """Probes, and labelled solutions by suite."""
    if plugin.tasks:
        made = generated(plugin, size, seed=seed, cells=cells)
        return made, {**by_family(made, plugin.name), **rows}
    return recorded(
        plugin, [sample for samples in rows.values() for sample in samples], size, seed=seed
    ), rows


def _read(file: str, bad: list[Quarantined]) -> list[Sample]:
    samples = [sample for sample in read_samples(file, quarantine=bad) if sample.labels is not None]
    if not samples:
        raise DataError("no labelled solution could be read", do="give rows with labels", file=file)
    return samples


def _print(found: Audit) -> None:
    rows = [(one.verdict, one.check, one.name, one.sentence) for one in found.findings]
    show.table(("verdict", "check", "what", "said"), rows)
    counts = found.counts
    show.console().print(
        f"{counts['warning']} warning(s), {counts['fine']} fine, {counts['cannot tell']} cannot tell;"
        f" {found.data['scored']} solutions scored"
    )
