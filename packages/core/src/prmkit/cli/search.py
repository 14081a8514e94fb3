"""``prmkit search``: one answer per problem from samples that have been scored."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from prmkit.aggregators import AGGREGATORS
from prmkit.cli import show
from prmkit.dataset import Quarantined
from prmkit.errors import AlignmentError
from prmkit.records import read_jsonl, read_parquet, read_samples, to_dict, write_jsonl
from prmkit.search.best_of_n import pick_best, value_of
from prmkit.search.vote import vote
from prmkit.types import SearchResult, StepScores, Trajectory


@click.command(
    "search", epilog=show.example("prmkit search --in traces.jsonl --scores scores.jsonl --how weighted")
)
@click.option(
    "--in", "source", required=True, metavar="FILE", help="Trajectory JSONL with several a problem."
)
@click.option("--scores", type=click.Path(path_type=Path), help="Scores JSONL or Parquet folder.")
@click.option("--how", type=click.Choice(["best", "weighted", "majority"]), default="best", show_default=True)
@click.option("--aggregate", "rule", type=click.Choice(list(AGGREGATORS)), default="min", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Results JSONL [the terminal].")
@show.json_option
def command(source: str, scores: Path | None, how: str, rule: str, out: Path | None, as_json: bool) -> int:
    """Choose an answer per problem from scored samples.

    best takes the sample that scores highest, weighted lets answers vote with their samples' scores,
    majority counts answers and needs no scores.
    """
    if how != "majority" and scores is None:
        show.wrong_usage(f"--how {how} needs --scores")
    bad: list[Quarantined] = []
    groups: dict[str, list[Trajectory]] = {}
    for sample in read_samples(source, quarantine=bad):
        groups.setdefault(sample.problem.id, []).append(sample.trajectory)
    table = {} if scores is None else read_scores(scores)
    results = [_choose(group, table, how, rule, str(scores)) for group in groups.values()]
    if out:
        write_jsonl(out, results)
    if as_json:
        show.emit([to_dict(result) for result in results])
    elif out:
        click.echo(f"{out}: {len(results)} problems")
    else:
        rows = [(r.problem_id, r.answer, r.candidates[0], f"{r.scores[0]:.3f}") for r in results]
        show.table(("problem", "answer", "from", "score"), rows)
    show.show_quarantine(bad)
    return 0 if results else 1


def read_scores(path: Path) -> dict[str, StepScores]:
    """Scores by trajectory id, from JSONL or a Parquet folder."""
    found = read_parquet(StepScores, path) if path.is_dir() else read_jsonl(StepScores, path)
    return {one.trajectory_id: one for one in found}


def _choose(
    pool: list[Trajectory], table: Mapping[str, StepScores], how: str, rule: str, file: str
) -> SearchResult:
    if how == "majority":
        return vote(pool)
    for trajectory in pool:
        if trajectory.id not in table:
            raise AlignmentError(
                f"no scores for {trajectory.id!r}",
                do="score the same file: prmkit score --in FILE --out SCORES",
                file=file,
            )
    values = [value_of(table[t.id].check(t), rule) for t in pool]
    return pick_best(pool, values) if how == "best" else vote(pool, values)
