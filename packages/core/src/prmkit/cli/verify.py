"""``prmkit verify``: trajectories to evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

from prmkit.cli import show
from prmkit.dataset import Quarantined
from prmkit.plugins import domain as find_domain
from prmkit.records import read_samples, write_jsonl, write_parquet
from prmkit.records.files import sweep
from prmkit.types import Evidence
from prmkit.verify.run import verify


@click.command(
    "verify", epilog=show.example("prmkit verify --domain math --in traces.jsonl --out evidence.jsonl")
)
@click.option("--domain", required=True, metavar="NAME", help="Domain whose tools run.")
@click.option(
    "--in", "source", required=True, metavar="FILE", help="Trajectory JSONL, or - for standard input."
)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Evidence JSONL, or a folder for Parquet."
)
@click.option(
    "--verifier", "names", multiple=True, metavar="NAME", help="Run this verifier only (repeatable)."
)
@click.option("--workers", default=0, show_default=True, help="Worker processes; 0 runs in this one.")
@click.option("--seconds", default=5.0, show_default=True, help="Limit of one verifier on one trajectory.")
@click.option("--cache", type=click.Path(file_okay=False), help="Folder that keeps verdicts between runs.")
@show.json_option
def command(
    domain: str,
    source: str,
    out: Path,
    names: tuple[str, ...],
    workers: int,
    seconds: float,
    cache: str | None,
    as_json: bool,
) -> int:
    """Trajectories to evidence.

    Writes one record per scored step and verifier. Rows that cannot be read are set aside, counted,
    and listed beside the result. The same command goes on where a killed one stopped.
    """
    plugin = find_domain(domain)
    verifiers = plugin.verifier_objects(names)
    bad: list[Quarantined] = []
    verdicts: Counter[str] = Counter()
    journal = out.with_name(f".{out.name}.journal")
    sweep(out)
    with show.progress("verify") as tick:

        def found() -> Iterator[Evidence]:
            stream = verify(
                verifiers,
                read_samples(source, quarantine=bad),
                workers=workers,
                seconds=seconds,
                cache=cache,
                journal=journal,
                tools=plugin.missing_tools(),
            )
            for done, (_, evidence) in enumerate(stream, 1):
                tick(done, 0)
                verdicts.update(e.verdict.value for e in evidence)
                yield from evidence

        whole = out.suffix == ""
        count = write_parquet(out, found(), cls=Evidence) if whole else write_jsonl(out, found())
    journal.unlink(missing_ok=True)
    if as_json:
        show.emit({"evidence": count, "verdicts": dict(verdicts), "quarantine": show.quarantine_json(bad)})
    else:
        click.echo(f"{out}: {count} verdicts, {', '.join(f'{n} {v}' for v, n in sorted(verdicts.items()))}")
        show.show_quarantine(bad)
    return 0 if count or not bad else 1
