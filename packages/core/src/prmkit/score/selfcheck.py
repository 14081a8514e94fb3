"""Does a checkpoint on disk behave as its family's spec promises? What can be settled here, is.

Parity on random weights shows that a formula is right, not that the table it came from is. With the
published weights three things can be seen: whether tokenizer and tensors are the released ones, whether
published figures come out again, and whether a neighbouring reading would do better.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from prmkit.errors import DataError
from prmkit.model.prm import PRM
from prmkit.model.spec import Family, family
from prmkit.score.calibrate import first_wrong
from prmkit.score.neighbours import neighbours
from prmkit.score.scorer import load_prm
from prmkit.stats import first_below, processbench_f1
from prmkit.types import Sample

WITHIN = 1.0
"""Points of F1 between a published figure and ours that count as the same: dtypes and versions differ."""
MARGIN = 0.02
"""AUROC that a neighbouring reading must gain, beyond its interval, before it is worth a warning."""
PARTS = 4
"""Parts of ProcessBench behind a published average."""


class Finding(NamedTuple):
    """What one check says."""

    check: str
    status: Literal["ok", "warning", "failed", "not known"]
    text: str


def selfcheck(
    name: str, path: str | Path, parts: Mapping[str, Sequence[Sample]] | None = None, **options: Any
) -> list[Finding]:
    """Check a checkpoint against its family.

    Args:
        name: Family.
        path: Folder of the checkpoint.
        parts: Labelled solutions by part, such as the four files of ProcessBench.
        **options: As for ``load_prm``: device, dtype, reference.

    Raises:
        CheckpointError: The folder cannot be read as this family.
        DataError: A part has no labels, or only one class.
        UnknownNameError: No such family.
    """
    one = family(name)
    prm = load_prm(path, name, **options)
    found = [
        Finding("opens", "ok", f"{len(list(Path(path).glob('*.safetensors')))} weights files"),
        _ids(one, prm),
    ]
    found.append(Finding("card's example", "not known", "no published example is held"))
    given = {part: list(rows) for part, rows in (parts or {}).items()}
    for part, rows in given.items():
        _labelled(part, rows)
    found += _figures(one, prm, given, Path(path).name)
    found += _probe(prm, [row for rows in given.values() for row in rows])
    return found


def _ids(one: Family, prm: Any) -> Finding:
    if not one.ids:
        return Finding("token ids", "not known", "no published ids are held")
    ids = {text: prm.tokenizer(text, add_special_tokens=False)["input_ids"] for text in one.ids}
    wrong = [
        f"{text!r} is {ids[text]}, released as {wanted}"
        for text, wanted in one.ids.items()
        if ids[text] != [wanted]
    ]
    if wrong:
        return Finding("token ids", "warning", "; ".join(wrong) + ": another tokenizer than the released one")
    return Finding("token ids", "ok", f"{len(ids)} as released")


def _labelled(part: str, rows: Sequence[Sample]) -> None:
    labels = {label >= 0.5 for row in rows if row.labels for label in row.labels.values if label is not None}
    if labels != {True, False}:
        raise DataError(
            "right and wrong steps are needed, and labels for them",
            do='give trajectories with "labels", such as ProcessBench\'s',
            file=part,
        )


def _figures(one: Family, prm: Any, parts: Mapping[str, Sequence[Sample]], checkpoint: str) -> list[Finding]:
    if not parts:
        held = (
            f"held for {', '.join(one.processbench)}: give --in FILE" if one.processbench else "none are held"
        )
        return [Finding("published figures", "not known", held)]
    found, reached = [], []
    for part, rows in parts.items():
        gold = [first_wrong(row.labels.values) for row in rows if row.labels]
        scores = prm.score_many([row for row in rows if row.labels])
        level = prm.threshold.value
        f1 = processbench_f1(gold, [first_below(each.values, level) for each in scores])
        reached.append(100 * f1.f1)
        where = f"threshold {level:g} ({prm.threshold.chosen_on})"
        text = f"F1 {reached[-1]:.1f} on {len(gold)} solutions at {where}"
        found.append(Finding(f"F1 on {part}", "ok", text))
    published = one.processbench.get(checkpoint)
    mean = math.fsum(reached) / len(reached)
    if published is None:
        text = f"mean F1 {mean:.1f}; no figure is held for {checkpoint!r}"
        return [*found, Finding("published figures", "not known", text)]
    if len(parts) != PARTS:
        text = f"the published {published:.1f} is an average over {PARTS} parts; {len(parts)} given"
        return [*found, Finding("published figures", "not known", text)]
    same = abs(mean - published) <= WITHIN
    text = f"mean F1 {mean:.1f}, published {published:.1f} ({one.figures})"
    return [*found, Finding("published figures", "ok" if same else "failed", text)]


def _probe(prm: Any, samples: Sequence[Sample]) -> list[Finding]:
    if not samples or not isinstance(prm, PRM):
        reason = (
            "give labelled trajectories with --in"
            if not samples
            else "only heads on hidden states are probed"
        )
        return [Finding("neighbouring readings", "not known", reason)]
    own, *others = neighbours(prm, samples)
    base = own.auroc
    assert base is not None
    found = []
    for other in others:
        if other.auroc is None or other.gain is None:
            continue
        told = (
            f"step AUROC {other.auroc.value:.3f}, the spec's own {base.value:.3f} ({base.clusters} clusters)"
        )
        if other.gain.low > 0 and other.gain.value > MARGIN:
            found.append(Finding(f"reading: {other.name}", "warning", f"{told}: it ranks better"))
    rows = f"{base.n} steps, {base.clusters} clusters"
    text = f"none of {len(others)} ranks better than {base.value:.3f} ({rows})"
    return found or [Finding("neighbouring readings", "ok", text)]
