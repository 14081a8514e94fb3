"""Words of the report: what metrics are called, which way is better, what status words mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Metric(NamedTuple):
    """How a metric is spoken of."""

    label: str
    how: str
    """What it is, one sentence."""
    higher: bool = True
    chance: float | None = None
    share: bool = False
    """True when a difference reads naturally in percentage points."""


METRICS: Mapping[str, Metric] = {
    "step_auroc": Metric(
        "step AUROC", "Probability that a right step scores above a wrong one; 0.5 is chance.", chance=0.5
    ),
    "within_auroc": Metric(
        "AUROC within a solution",
        "The same among steps of one solution, averaged over solutions.",
        chance=0.5,
    ),
    "step_ap": Metric(
        "average precision of wrong steps",
        "Area under precision and recall with wrong steps as the find; chance is the share of wrong steps.",
    ),
    "first_error_f1": Metric(
        "first-error F1",
        "Harmonic mean of two accuracies: the first wrong step found in wrong solutions, and right"
        " solutions left unblamed.",
    ),
    "first_error_f1_standing": Metric(
        "first-error F1 of steps that stand",
        "The same without the steps that a later step takes back.",
    ),
    "processbench_f1": Metric(
        "ProcessBench F1",
        "Harmonic mean of two accuracies: the first wrong step found in wrong solutions, and right"
        " solutions left unblamed.",
    ),
    "first_error_accuracy": Metric(
        "first-error accuracy", "Share of solutions whose first wrong step is named exactly.", share=True
    ),
    "prmbench_score": Metric("PRMBench score", "Mean of the F1 of right steps and the F1 of wrong steps."),
    "best_of_n": Metric("best of n", "Share of problems solved by the answer chosen among n.", share=True),
    "length_controlled": Metric(
        "best of n, length-controlled",
        "The same choice by what is left of the scores once the solutions' length has explained what it can"
        " (one slope, fitted without gold): a scorer that only prefers short or long solutions falls to the"
        " single sample.",
        share=True,
    ),
    "accuracy": Metric("accuracy", "Share of right decisions.", share=True),
    "ece": Metric("ECE", "Mean gap between score and share of right steps; 0 is calibrated.", higher=False),
    "brier": Metric("Brier score", "Mean squared distance between score and truth; 0 is best.", higher=False),
    "coverage": Metric("coverage", "Share of steps on which a tool says HOLDS or FAILS.", share=True),
    "fails_precision": Metric("precision of FAILS", "Share of refuted steps that gold calls wrong."),
    "fails_recall": Metric("recall of FAILS", "Share of wrong steps that a tool refutes."),
    "holds_precision": Metric("precision of HOLDS", "Share of held steps that gold calls right."),
    "holds_recall": Metric("recall of HOLDS", "Share of right steps that a tool holds."),
    "false_alarm_rate": Metric(
        "false alarms",
        "Share of right steps before the first error that a tool refutes, with its one-sided 95 % bound.",
        higher=False,
    ),
    "first_error_recall": Metric("recall of first errors", "Share of first wrong steps that a tool refutes."),
    "located": Metric(
        "first errors located",
        "The same, with no step refuted before: the first refuted step is the first error.",
    ),
    "selection": Metric(
        "system selection",
        "Share of problems solved by the answer chosen among those of several systems; the best single"
        " system is the rival.",
        share=True,
    ),
    "selection_vote": Metric(
        "weighted vote over systems", "Share of problems solved by a vote that scores weigh.", share=True
    ),
    "weighted_vote": Metric(
        "weighted vote", "Share of problems solved when scores weigh the votes for answers.", share=True
    ),
    "fdp": Metric(
        "false discoveries",
        "Share of wrong answers among those selected, 0 where none is; its mean must not exceed the level.",
        higher=False,
        share=True,
    ),
    "power": Metric("power", "Share of the right answers that are selected.", share=True),
    "wis": Metric(
        "weighted interval score", "Twice the mean pinball loss over the quantiles; 0 is best.", higher=False
    ),
    "crossing": Metric("crossing", "Share of forecasts whose quantiles cross.", higher=False, share=True),
    "interval_coverage": Metric(
        "coverage of the interval", "Share of outcomes between the outer two quantiles.", share=True
    ),
    "conformal_coverage": Metric(
        "coverage of the conformal interval", "The same once a margin from held-out problems is added."
    ),
    "interval_width": Metric("width of the conformal interval", "Inside 0 to 1.", higher=False),
    "samples": Metric("samples", "Samples drawn per problem.", higher=False),
    "solved": Metric("solved", "Share of problems with one right sample or more.", share=True),
    "budget": Metric(
        "budget",
        "Samples drawn over the fixed number per problem that solves as large a share; below 1 saves.",
        higher=False,
    ),
    "accuracy at equal compute": Metric(
        "accuracy at equal compute",
        "A scorer costs compute that could buy more samples for a majority: both sides spend the same.",
        share=True,
    ),
}

LENGTH_CONTROLLED = "_length_controlled"
"""Ending of the metrics of a choice with the solutions' length taken out."""
_SUFFIX: Mapping[str, str] = {
    "fixed": "fixed threshold",
    "chosen": "threshold chosen elsewhere",
    "oracle": "oracle threshold",
}

STATUS: Mapping[str, str] = {
    "formula exact": "sums agree with hand-worked and published values",
    "public artefact reproduced": "published data or weights give the published figure",
    "holds in planted world": "the effect appears where the truth is known exactly",
    "tiny scale, positive control passed": "shown with the embedded models, and the experiment can"
    " find an effect",
    "not yet measured": "the parts stand; nobody has run it",
    "not testable here": "names what is missing",
}

GOLD: Mapping[str, str] = {
    "human": "people labelled the steps",
    "generator": "the generator knows the truth",
    "program": "the generator or an executed test knows the truth",
    "planted": "mistakes were planted at known steps",
    "outcome": "only the final answer was compared",
    "automatic": "a model or rollouts labelled the steps",
}


def metric(name: str) -> Metric:
    """Words for a metric; unknown names are shown as they are, with the underscores opened.

    Examples:
        >>> metric("best_of_8").label, metric("first_error_f1_oracle").label, metric("my_score").label
        ('best of 8', 'first-error F1, oracle threshold', 'my score')
    """
    if name in METRICS:
        return METRICS[name]
    if found := re.fullmatch(r"(?:best_of_|bon@?|best_of_n@)(\d+)", name):
        return METRICS["best_of_n"]._replace(
            label=f"best of {found[1]}",
            how=f"Share of problems solved by the answer chosen among {found[1]} samples.",
        )
    if found := re.fullmatch(r"weighted_vote_(\d+)", name):
        return METRICS["weighted_vote"]._replace(label=f"weighted vote of {found[1]}")
    if name.endswith(LENGTH_CONTROLLED):
        return METRICS["length_controlled"]._replace(
            label=f"{metric(name.removesuffix(LENGTH_CONTROLLED)).label}, length-controlled"
        )
    base, _, suffix = name.rpartition("_")
    if suffix in _SUFFIX and base:
        known = metric(base)
        return known._replace(label=f"{known.label}, {_SUFFIX[suffix]}")
    return Metric(name.replace("_", " "), "")


def in_order(names: Iterable[str]) -> list[str]:
    """Metrics in the order of :data:`METRICS`; unknown ones follow as they came.

    Examples:
        >>> in_order(["mine", "best_of_8", "step_auroc"])
        ['step_auroc', 'best_of_8', 'mine']
    """
    known = list(METRICS)

    def place(name: str) -> int:
        found = threshold_of(name)
        base = re.sub(r"^(best_of|weighted_vote)_\d+$", r"\1", found[0] if found else name)
        base = "best_of_n" if base == "best_of" else base
        base = "length_controlled" if base.endswith(LENGTH_CONTROLLED) else base
        return known.index(base) if base in known else len(known)

    return sorted(dict.fromkeys(names), key=place)


def threshold_of(name: str) -> tuple[str, str] | None:
    """Base metric and the column (fixed, chosen, oracle) that a metric's name ends in, if it does."""
    base, _, suffix = name.rpartition("_")
    return (base, suffix) if base and suffix in _SUFFIX else None


def is_oracle(scorer: str) -> bool:
    """Whether a scorer sees the gold: a ceiling, never a result."""
    return "oracle" in scorer.lower()


def is_backdrop(scorer: str) -> bool:
    """Whether a scorer stands in figures as ceiling or floor only."""
    return is_oracle(scorer) or scorer.lower() in ("random", "position", "length", "single", "single sample")


def is_prm(scorer: str) -> bool:
    """Whether a scorer is a process reward model by its name."""
    return bool(re.match(r"prm\b|prm[-_/ ]", scorer.lower()))
