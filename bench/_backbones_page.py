"""The figures of the path of a user's own backbone as a section of the domain's README."""

from __future__ import annotations

from pathlib import Path

START, END = "<!-- backbones:start -->", "<!-- backbones:end -->"
COLUMNS = {
    "step_auroc": "step AUROC",
    "within_auroc": "AUROC inside a solution",
    "processbench_f1_chosen": "first-error F1, threshold from the other set",
    "processbench_f1_fixed": "first-error F1 at 0.5",
    "prmbench_score_fixed": "PRMBench score at 0.5",
    "ece": "ECE",
}
BASELINES = ("verifier", "position", "random")


def figure(metrics: dict, name: str) -> str:
    """One cell: value and interval."""
    found = metrics.get(name, {})
    if found.get("value") is None:
        return "–"
    if found.get("low") is None:
        return f"{found['value']:.3f}"
    return f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"


def rows(figures: dict) -> list[tuple[str, str, dict]]:
    """Suite, scorer and its metrics: each backbone, then the baselines that all share."""
    found = []
    names = {suite: None for one in figures.values() for suite in one["suites"]}
    for suite in names:
        judged = {kind: one["suites"][suite] for kind, one in figures.items() if suite in one["suites"]}
        for kind, record in judged.items():
            found.append((suite, f"PRM, {kind}", record["scorers"]["prm-human"]["metrics"]))
        first = next(iter(judged.values()))
        for name in BASELINES:
            if name in first["scorers"]:
                found.append((suite, name, first["scorers"][name]["metrics"]))
    return found


def table(figures: dict) -> list[str]:
    """One row a suite and scorer."""
    head = ["suite", "scorer", *COLUMNS.values()]
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for suite, scorer, metrics in rows(figures):
        cells = [suite, scorer, *(figure(metrics, name) for name in COLUMNS)]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def trials(kind: str, one: dict) -> list[str]:
    """How the settings were chosen, and what was trained on."""
    tried = "; ".join(
        f"rate {t['learning_rate']:g}, {t['frozen']} layers frozen, {t['max_steps']} updates: "
        f"{t['dev_auroc']:.3f} [{t['low']:.3f}, {t['high']:.3f}]"
        for t in one["trials"]
    )
    counts, chosen = one["labels"], one["chosen"]
    return [
        f"* **{kind}**: {chosen['max_steps']} updates of {one['settings']['batch_tokens']:,} tokens at rate "
        f"{chosen['learning_rate']:g}, {chosen['frozen']} layers frozen. Labels at hand: {counts['right']:,} "
        f"right, {counts['wrong']:,} wrong, {counts['cut']:,} cut off. Trials (AUROC on "
        f"{one['trials'][0]['n']} steps of {one['trials'][0]['clusters']} problems left out): {tried}.",
    ]


def write(figures: dict, readme: Path) -> None:
    """Replace the section between the markers."""
    text = readme.read_text(encoding="utf-8")
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    lines = [line for kind, one in figures.items() for line in trials(kind, one)]
    dropped = {
        suite: note
        for one in figures.values()
        for suite, record in one["suites"].items()
        for note in record["notes"]
        if note.endswith("left out") and "share a problem" in note
    }
    lines += [f"* {suite}: {note}." for suite, note in dropped.items()]
    body = "\n".join([START, *table(figures), "", *lines, END])
    readme.write_text(before + body + after, encoding="utf-8")
