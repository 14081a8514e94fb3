"""``prmkit data``: data sets that the installed domains know, and where they are found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from prmkit import plugins
from prmkit.cards import DatasetCard
from prmkit.cli import show
from prmkit.dataset import data_folders
from prmkit.errors import UnknownNameError
from prmkit.registry import nearest


@click.command("data", epilog=show.example("PRMKIT_DATA=~/data prmkit data math/gsm8k"))
@click.argument("name", required=False)
@show.json_option
def command(name: str | None, as_json: bool) -> int:
    """List known data sets and where they are found.

    NAME is DOMAIN/SET or SET and shows one card. Sets are looked for in the folders of the
    environment variable PRMKIT_DATA, in order.
    """
    cards = {
        f"{owner}/{key}": plugins.domain(owner).card(key)
        for owner in plugins.domains()
        for key in plugins.domain(owner).datasets
    }
    if name:
        return _one(name, cards, as_json)
    rows = [_facts(key, card) for key, card in cards.items()]
    if as_json:
        show.emit(rows)
        return 0
    show.table(
        ("set", "rows", "found", "gold", "licence", "summary"),
        [
            (r["name"], r["rows"], "yes" if r["found"] else "no", r["gold"], r["licence"], r["summary"])
            for r in rows
        ],
    )
    if not data_folders():
        show.note("PRMKIT_DATA is not set: set it to the folder that holds the data sets")
    return 0


def _one(name: str, cards: dict[str, DatasetCard], as_json: bool) -> int:
    matches = [key for key in cards if name in (key, key.partition("/")[2])]
    if not matches:
        raise UnknownNameError(f"no installed domain knows the data set {name!r}", do=nearest(name, [*cards]))
    facts = _facts(matches[0], cards[matches[0]])
    if as_json:
        show.emit(facts)
    else:
        show.table(("", ""), [(key, value) for key, value in facts.items()])
    return 0


def _facts(key: str, card: DatasetCard) -> dict[str, Any]:
    folder = _folder(card)
    return {
        "name": key,
        "summary": card.summary,
        "rows": sum(file.rows for file in card.files),
        "files": [file.name for file in card.files],
        "found": None if folder is None else str(folder),
        "licence": card.licence,
        "gold": card.gold,
        "cluster": card.cluster,
        "index base": card.index_base,
        "neutral": card.neutral,
        "after the first error": card.after_error,
        "hub": card.hub,
        "use": list(card.use),
    }


def _folder(card: DatasetCard) -> Path | None:
    return next((root / card.path for root in data_folders() if (root / card.path).is_dir()), None)
