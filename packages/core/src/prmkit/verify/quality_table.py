"""Quality figures as Markdown, between two marks of a README."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from prmkit.records import write_text
from prmkit.stats import Interval
from prmkit.types import Verdict
from prmkit.verify.noise import Noise
from prmkit.verify.quality import ALL, TOGETHER, Quality, Rows

START, END = "<!-- quality:start -->", "<!-- quality:end -->"

NOTES = """*Coverage*: share of labelled steps with a verdict other than UNKNOWN. *False alarms*: FAILS on
steps labelled good that stand before the first error, with a one-sided 95 % upper bound. Intervals
resample clusters. *Right among HOLDS* is on corrected labels; HOLDS of a claim says that what could be
read is right, not that the step is. Rows without any verdict are left out."""

_HEAD = (
    "| set | clusters | labelled steps | coverage | wrong / FAILS, published (95 % bound) | corrected |"
    " false alarms, published (95 % bound) | corrected |"
    " first errors found, published [95 %], corrected |"
    " right among HOLDS |"
)


def table(rows: Rows) -> str:
    """One verifier: a line per part."""
    lines = [_HEAD, "| --- " + "| ---: " * 9 + "|"]
    for title, (raw, fixed) in rows.items():
        if title != ALL and not raw.coverage.value:
            continue
        first = f"{_share(raw.first_error_recall, digits=3)}, {_number(fixed.first_error_recall, 3)}"
        lines.append(
            f"| {title} | {raw.clusters:,} | {raw.steps:,} | {_share(raw.coverage)} | {_fails(raw)} |"
            f" {_fails(fixed)} | {_alarms(raw)} | {_alarms(fixed)} | {first} |"
            f" {_share(fixed.holds_precision)} |"
        )
    return "\n".join(lines)


def places(noise: Noise) -> str:
    """One verifier on one part: a line per step position, counted from 1; the last holds all later ones.

    Intervals are Wilson's over clusters.
    """
    lines = [
        "| step | labelled | wrong | coverage | wrong / FAILS | FAILS / wrong | right / HOLDS |",
        "| ---: " * 7 + "|",
    ]
    lines += [
        f"| {p.position + 1} | {p.steps:,} | {p.wrong:,} | {_share(p.coverage)} |"
        f" {_of(p.fails_right, p.fails_precision)} | {_of(p.fails_right, p.fails_recall)} |"
        f" {_of(p.holds_right, p.holds_precision)} |"
        for p in noise.places
    ]
    return "\n".join(lines)


def section(found: Quality, notes: str = NOTES) -> str:
    """All tables under their headings, the notes first."""
    return "\n".join(_section(found, notes))


def _section(found: Quality, notes: str) -> Iterator[str]:
    yield notes
    for name, rows in found.verifiers.items():
        oracle = " (reads the reference: an oracle, no baseline)" if name in found.oracles else ""
        if oracle and not rows[ALL].raw.coverage.value:
            continue  # no set brings the references it reads
        yield from ("", f"#### {name}{oracle}", "", table(rows))
        if name == TOGETHER:
            yield from ("", "By step, all sets, corrected labels:", "", places(rows[ALL].corrected))


def put(path: Path, text: str, *, start: str = START, end: str = END) -> None:
    """Replace what stands between the marks of a file, or add it at the end."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    block = f"{start}\n{text}\n{end}"
    if start in before and end in before:
        head, tail = before.split(start, 1)[0], before.split(end, 1)[1]
        after = f"{head}{block}{tail}"
    else:
        after = f"{before.rstrip()}\n\n{block}\n".lstrip()
    write_text(path, after)


def _share(interval: Interval, *, digits: int = 2) -> str:
    if interval.n == 0:
        return "–"
    return f"{interval.value:.{digits}f} [{interval.low:.{digits}f}, {interval.high:.{digits}f}]"


def _number(interval: Interval, digits: int) -> str:
    return f"{interval.value:.{digits}f}" if interval.n else "–"


def _of(hits: int, share: Interval) -> str:
    return f"{hits:,} / {share.n:,} [{share.low:.2f}, {share.high:.2f}]" if share.n else "–"


def _fails(noise: Noise) -> str:
    wrong, right = (noise.confusion[gold][str(Verdict.FAILS)] for gold in ("wrong", "right"))
    if wrong + right == 0:
        return "0"
    return f"{wrong} / {wrong + right} (≥ {noise.fails_precision_lower:.2f})"


def _alarms(noise: Noise) -> str:
    alarms = noise.false_alarms
    return f"{alarms.alarms} / {alarms.steps:,} (≤ {100 * alarms.upper:.2f} %)" if alarms.steps else "–"
