"""``prmkit prm``: public checkpoint families, what was shown of each, and pickled heads to safetensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from prmkit.cli import show
from prmkit.dataset import Quarantined
from prmkit.model.spec import Family, families, family
from prmkit.records import read_samples
from prmkit.registry import resolve

SHOWN = ("template", "joint", "marker", "read_offset", "head", "tensors", "tokens", "link", "aggregate")
"""Fields of a spec that its page shows first."""


@click.group("prm", invoke_without_command=True, epilog=show.example("prmkit prm specs qwen2.5-math-prm"))
@show.json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Public checkpoints: families, expected figures, pickled heads."""
    if ctx.invoked_subcommand is None:
        _list(as_json)


def _list(as_json: bool) -> None:
    if as_json:
        show.emit([_facts(one) for one in families().values()])
        return
    rows = [(one.name, _status(one), *one.levels.values(), one.summary) for one in families().values()]
    show.table(
        ("family", "convention", "formula", "beside code", "card's example", "figures", "reading"), rows
    )


@command.command("specs", epilog=show.example("prmkit prm specs skywork"))
@click.argument("name", required=False)
@show.json_option
def specs(name: str | None, as_json: bool) -> int:
    """List the families that --spec takes, and what was shown of each reading.

    Four levels: the formula on random weights; published code on the same random weights; the model card's
    example; published figures. The last two need the published weights: prmkit prm selfcheck settles them.
    """
    if not name:
        _list(as_json)
    elif as_json:
        show.emit(_facts(family(name)))
    else:
        show.table(("", ""), _page(family(name)))
    return 0


@command.command(
    "selfcheck", epilog=show.example("prmkit prm selfcheck qwen2.5-math-prm --prm Qwen2.5-Math-PRM-7B")
)
@click.argument("name")
@click.option("--prm", "path", required=True, metavar="PATH", help="Folder of the checkpoint.")
@click.option(
    "--in",
    "sources",
    multiple=True,
    metavar="FILE",
    help="Labelled trajectory JSONL; once per part of a benchmark.",
)
@click.option("--reference", metavar="PATH", help="Folder of the reference model, for log-ratio families.")
@click.option("--device", default="cpu", show_default=True)
@click.option("--dtype", default="float32", show_default=True)
@show.json_option
def selfcheck(
    name: str,
    path: str,
    sources: tuple[str, ...],
    reference: str | None,
    device: str,
    dtype: str,
    as_json: bool,
) -> int:
    """Check a downloaded checkpoint against its family NAME: tokens, published figures, other readings.

    Exit code 1 when a published figure does not come out.
    """
    family(name)
    bad: list[Quarantined] = []
    parts = {Path(one).stem: list(read_samples(one, quarantine=bad)) for one in sources}
    found = resolve("prmkit.score.selfcheck:selfcheck")(
        name, path, parts, reference=reference, device=device, dtype=dtype
    )
    if as_json:
        show.emit([one._asdict() for one in found])
    else:
        show.table(("check", "", "says"), found)
        show.show_quarantine(bad)
    return 1 if any(one.status == "failed" for one in found) else 0


@command.command("convert", epilog=show.example("prmkit prm convert ReasonFlux-PRM-1.5B"))
@click.argument("path")
@show.json_option
def convert(path: str, as_json: bool) -> int:
    """Write pickled heads and masks of the folder PATH as safetensors beside them.

    They are opened inside the sandbox only, weights only; this process never unpickles.
    """
    done = [(str(old), str(new)) for old, new in resolve("prmkit.model.convert:convert")(path)]
    if as_json:
        show.emit([{"from": old, "to": new} for old, new in done])
    else:
        show.table(("pickled", "written"), done)
    return 0


def _status(one: Family) -> str:
    return "layout only" if one.missing else one.spec.status


def _facts(one: Family) -> dict[str, Any]:
    told = asdict(one)
    return {"name": one.name, "convention": _status(one), "levels": one.levels, **told}


def _page(one: Family) -> list[tuple[str, str]]:
    spec = asdict(one.spec)
    rows: Mapping[str, object] = {
        "family": one.name,
        "reading": one.summary,
        "checkpoints": ", ".join(one.checkpoints),
        "source": one.source,
        "convention": f"{_status(one)} (read in {one.read_in})",
        **one.levels,
        **({"cannot be opened": one.missing} if one.missing else {}),
        **{
            name: spec[name] if name == "read_offset" else _text(spec[name])
            for name in SHOWN
            if spec[name] not in ("", None)
        },
        "threshold": f"{one.spec.threshold.value:g} ({one.spec.threshold.chosen_on})",
        **{f"published F1 of {name}": f"{value:g}" for name, value in one.processbench.items()},
        **({"published in": one.figures} if one.figures else {}),
    }
    return [(name, str(value)) for name, value in rows.items()] + [("note", note) for note in one.notes]


def _text(value: object) -> str:
    return repr(value) if isinstance(value, str) and value != value.strip() else str(value)
