"""The figures of a domain's main job, of one seed or several, as a section of its README."""

from __future__ import annotations

from pathlib import Path

START, END = "<!-- main-job:start -->", "<!-- main-job:end -->"
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


def write(record: dict, page: Path, *, made_by: str) -> None:
    """Put the section in the place of the one that stands there."""
    text = page.read_text(encoding="utf-8")
    head, rest = text.split(START)
    _, tail = rest.split(END)
    page.write_text(f"{head}{START}\n{section(record, made_by)}\n{END}{tail}", encoding="utf-8")


def section(record: dict, made_by: str) -> str:
    """Table and sentences."""
    seeds = record["scorers"]["prm"]["metrics"]["step_auroc"].get("seeds", 1)
    trained = f"{seeds} seeds of training the PRM on the same rows" if seeds > 1 else "one seed of training"
    lines = [
        f"{record['n']:,} solutions of held-out problems in {record['clusters']} clusters; {trained}.",
        made_by,
        "",
        "| scorer | " + " | ".join(COLUMNS.values()) + " |",
        "| --- |" + " --- |" * len(COLUMNS),
    ]
    for scorer in (one for one in SCORERS if one in record["scorers"]):
        metrics = record["scorers"][scorer]["metrics"]
        cells = [span(metrics[name]) if name in metrics else "–" for name in COLUMNS]
        lines.append(f"| {scorer} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", *sentences(record)])


def sentences(record: dict) -> list[str]:
    """What the table does not show."""
    error, tools = record["slices"]["error"], record["slices"]["tools"]
    told = [
        "Best of 8 by the PRM, in points, against "
        + "; ".join(
            f"{other} {points(paired(record, 'best_of_8', other))}"
            for other in ("majority", "orm", "verifier", "surprisal")
        )
        + ".",
        "A vote weighted by the PRM against one weighted by the tools:"
        f" {points(paired(record, 'weighted_vote_8', 'verifier'))} points.",
    ]
    if "withheld" in error:
        known = (
            f"on errors that labelling tools know: {both(error['not withheld'])}; "
            if "not withheld" in error
            else ""
        )
        told.append(
            f"Step AUROC {known}on the withheld class"
            f" ({error['withheld']['wrong']:,} wrong steps): {both(error['withheld'])}."
        )
    several = record["slices"].get("several", {})
    told += [f"Where every tool is silent: {both(tools['silent'])}."] if "silent" in tools else []
    told += [f"Problems with several derivations: {both(several['True'])}."] if "True" in several else []
    told.append(
        "By family: "
        + ", ".join(f"{name} {span(auc(part))}" for name, part in record["slices"]["family"].items())
        + "."
    )
    metrics = record["scorers"]["prm"]["metrics"]
    if "seed_values" in metrics["step_auroc"]:
        auroc, best = (metrics[name]["seed_values"] for name in ("step_auroc", "best_of_8"))
        told.append(
            f"Step AUROC of the single seeds: {min(auroc):.3f} to {max(auroc):.3f};"
            f" best of 8: {min(best):.3f} to {max(best):.3f}."
        )
    return [f"* {line}" for line in told]


def auc(part: dict, scorer: str = "prm") -> dict:
    return part["scorers"][scorer]["metrics"]["step_auroc"]


def both(part: dict) -> str:
    return f"{span(auc(part))} (surprisal {span(auc(part, 'surprisal'))})"


def paired(record: dict, metric: str, other: str) -> dict:
    return next(p for p in record["paired"] if (p["b"], p["metric"]) == (other, metric))


def span(figure: dict) -> str:
    if figure["value"] is None:  # only right steps, or only wrong ones
        return "–"
    if figure.get("low") is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"


def points(row: dict) -> str:
    return f"{100 * row['diff']:+.1f} [{100 * row['low']:+.1f}, {100 * row['high']:+.1f}]"
