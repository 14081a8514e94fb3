"""The figures over several seeds as a section of the domain's README."""

from __future__ import annotations

from pathlib import Path

START, END = "<!-- seeds:start -->", "<!-- seeds:end -->"
SCORERS = (
    "prm",
    "prm-plain",
    "orm",
    "surprisal",
    "verifier",
    "majority",
    "single sample",
    "random",
    "oracle",
)
COLUMNS = {
    "step_auroc": "step AUROC",
    "first_error_f1_chosen": "first-error F1 (threshold from dev)",
    "best_of_8": "best of 8",
    "weighted_vote_8": "weighted vote of 8",
}


def write(record: dict, page: Path) -> None:
    """Put the section in the place of the one that stands there."""
    text = page.read_text(encoding="utf-8")
    head, rest = text.split(START)
    _, tail = rest.split(END)
    page.write_text(f"{head}{START}\n{section(record)}\n{END}{tail}", encoding="utf-8")


def section(record: dict) -> str:
    """Table and sentences."""
    seeds = record["scorers"]["prm"]["metrics"]["step_auroc"]["seeds"]
    lines = [
        f"{record['n']:,} solutions of held-out problems in {record['clusters']} clusters; {seeds} seeds of"
        " training the PRM on the same rows.",
        "Made by `python -m bench math_seeds`; all figures are in `src/prmkit_math/seeds.json`.",
        "",
        "| scorer | " + " | ".join(COLUMNS.values()) + " |",
        "| --- |" + " --- |" * len(COLUMNS),
    ]
    for scorer in SCORERS:
        metrics = record["scorers"][scorer]["metrics"]
        cells = [span(metrics[name]) if name in metrics else "–" for name in COLUMNS]
        lines.append(f"| {scorer} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", *sentences(record)])


def sentences(record: dict) -> list[str]:
    """What the table does not show."""
    auroc = record["scorers"]["prm"]["metrics"]["step_auroc"]["seed_values"]
    best = record["scorers"]["prm"]["metrics"]["best_of_8"]["seed_values"]
    error, tools = record["slices"]["error"], record["slices"]["tools"]
    told = [
        f"Step AUROC of the single seeds: {min(auroc):.3f} to {max(auroc):.3f}; best of 8: {min(best):.3f} to"
        f" {max(best):.3f}.",
        "Best of 8 by the PRM, in points, against "
        + "; ".join(
            f"{other} {points(paired(record, 'best_of_8', other))}"
            for other in ("majority", "orm", "verifier", "surprisal")
        )
        + ".",
        "A vote weighted by the PRM against one weighted by the tools:"
        f" {points(paired(record, 'weighted_vote_8', 'verifier'))} points.",
        f"Step AUROC on errors that labelling tools know: {both(error['not withheld'])}; on the withheld"
        f" class ({error['withheld']['wrong']:,} wrong steps): {both(error['withheld'])}.",
        f"Where every tool is silent: {both(tools['silent'])}; problems with several derivations:"
        f" {both(record['slices']['several']['True'])}.",
        "By family: "
        + ", ".join(f"{name} {span(auc(part))}" for name, part in record["slices"]["family"].items())
        + ".",
    ]
    return [f"* {line}" for line in told]


def auc(part: dict, scorer: str = "prm") -> dict:
    return part["scorers"][scorer]["metrics"]["step_auroc"]


def both(part: dict) -> str:
    return f"{span(auc(part))} (surprisal {span(auc(part, 'surprisal'))})"


def paired(record: dict, metric: str, other: str) -> dict:
    return next(p for p in record["paired"] if (p["b"], p["metric"]) == (other, metric))


def span(figure: dict) -> str:
    if figure.get("low") is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"


def points(row: dict) -> str:
    return f"{100 * row['diff']:+.1f} [{100 * row['low']:+.1f}, {100 * row['high']:+.1f}]"
