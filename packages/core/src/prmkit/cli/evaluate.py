"""``prmkit evaluate``: scores and gold labels to figures with intervals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from prmkit.cli import show
from prmkit.cli.search import read_scores
from prmkit.dataset import Quarantined
from prmkit.errors import DataError
from prmkit.judging.baselines import baselines
from prmkit.judging.figures import Resampling
from prmkit.judging.run import METRICS, STANDARD, Questions, evaluate_suite
from prmkit.judging.verifiers import verifier_records
from prmkit.records import read_jsonl, read_parquet, read_samples, write_text
from prmkit.records.files import finite
from prmkit.types import Evidence, Sample, StepScores


@click.command(
    "evaluate",
    epilog=show.example("prmkit evaluate --in gold.jsonl --scores prm=scores.jsonl --out eval.json"),
)
@click.option(
    "--in", "source", required=True, metavar="FILE", help="Trajectory JSONL with labels or outcomes."
)
@click.option(
    "--scores", "given", multiple=True, metavar="NAME=FILE", help="Scores of one scorer (repeatable)."
)
@click.option("--evidence", type=click.Path(path_type=Path), help="Evidence, for the verifier baseline.")
@click.option("--name", default="", help="Name of the suite [the file's].")
@click.option(
    "--metric", "metrics", multiple=True, type=click.Choice(sorted(METRICS)), help="[the standard ones]"
)
@click.option("--out", type=click.Path(path_type=Path), help="Where eval.json goes [the terminal].")
@click.option("--draws", default=2000, show_default=True, help="Resamples behind each interval.")
@click.option("--seed", default=0, show_default=True)
@show.json_option
def command(
    source: str,
    given: tuple[str, ...],
    evidence: Path | None,
    name: str,
    metrics: tuple[str, ...],
    out: Path | None,
    draws: int,
    seed: int,
    as_json: bool,
) -> int:
    """Scores and gold labels to figures with intervals.

    Baselines (random, position, tools where evidence is given, oracle) stand beside every scorer;
    intervals resample problems, not steps.
    """
    bad: list[Quarantined] = []
    samples = _some(source, bad)
    scores = dict(_scores(text, samples) for text in given)
    found = None if evidence is None else _evidence(evidence, samples)
    record = evaluate_suite(
        name or Path(source).stem,
        samples,
        {**scores, **baselines(samples, found, seed=seed)},
        evidence=found,
        questions=Questions(
            metrics=metrics or STANDARD,
            subjects=list(scores) or None,
            resampling=Resampling(draws=draws, seed=seed),
        ),
    )
    if found is not None and (tools := verifier_records(list(zip(samples, found, strict=True)), draws=draws)):
        record["verifiers"] = tools
    result = finite({"suites": {record["name"]: record}})
    if out:
        write_text(out, json.dumps(result, ensure_ascii=False, indent=1) + "\n")
    if as_json:
        show.emit({**result, "quarantine": show.quarantine_json(bad)})
    else:
        _print(record)
        if out:
            show.note(f"wrote {out}")
        show.show_quarantine(bad)
    return 0


def _some(source: str, bad: list[Quarantined]) -> list[Sample]:
    samples = list(read_samples(source, quarantine=bad))
    if not samples:
        first = f"; the first: row {bad[0].row}: {bad[0].reason}" if bad else ""
        raise DataError(f"no sample could be read{first}", do="correct the rows", file=source)
    return samples


def _scores(text: str, samples: list[Sample]) -> tuple[str, list[StepScores]]:
    scorer, equals, file = text.partition("=")
    if not equals or not scorer or not file:
        raise click.UsageError(f"--scores {text!r}: write NAME=FILE")
    table = read_scores(Path(file))
    return scorer, [table[s.trajectory.id] for s in samples if s.trajectory.id in table]


def _evidence(path: Path, samples: list[Sample]) -> list[list[Evidence]]:
    read = read_parquet(Evidence, path) if path.is_dir() else read_jsonl(Evidence, path)
    table: dict[str, list[Evidence]] = {}
    for one in read:
        table.setdefault(one.trajectory_id, []).append(one)
    return [table.get(sample.trajectory.id, []) for sample in samples]


def _print(record: dict[str, Any]) -> None:
    rows = [
        (metric, scorer, *_cells(figure))
        for metric in dict.fromkeys(m for s in record["scorers"].values() for m in s["metrics"])
        for scorer, figures in record["scorers"].items()
        if (figure := figures["metrics"].get(metric))
    ]
    title = f"{record['name']}: {record['n']} solutions of {record['clusters']} clusters"
    show.table(("metric", "scorer", "value", "95 % interval", "n"), rows, title=title)
    tools = [
        (metric, name, *_cells(figure))
        for metric in ("coverage", "fails_precision", "fails_recall", "holds_precision", "holds_recall")
        for name, tool in record.get("verifiers", {}).items()
        if (figure := tool["metrics"].get(metric)) and figure["value"] is not None
    ]
    if tools:
        show.table(("figure", "tool", "value", "95 % interval", "n"), tools, title="tools against gold")
    for line in record["notes"]:
        show.note(f"note: {line}")


def _cells(figure: dict[str, Any]) -> tuple[str, str, object]:
    known = [None if figure[name] is None else f"{figure[name]:.3f}" for name in ("value", "low", "high")]
    return known[0] or "", f"{known[1]} to {known[2]}" if known[1] and known[2] else "", figure["n"]
