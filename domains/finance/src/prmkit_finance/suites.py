"""Evaluation suites: fixed rows of the data sets, pinned by number and digest.

The answers of five unlike systems are not exchangeable, so their suite measures system selection and
the tools on recorded outcomes; no exact best-of-n curve is drawn from it.
"""

from __future__ import annotations

from prmkit.cards import EvalSuite

SUITES: tuple[EvalSuite, ...] = (
    EvalSuite(
        "tatqa-five-systems-8261",
        dataset="tatqa_model_outputs",
        n=8261,
        metrics=("best_of_n",),
        digest="6a8035f08f2a3ba935808cdcde7f835beeaec73759009ad4aa266892c28ba75e",
        source="arXiv 2105.07624 (questions), arXiv 2211.12588 (systems)",
    ),
    EvalSuite(
        "tatqa-arithmetic-five-systems-3533",
        dataset="tatqa_model_outputs",
        n=3533,
        metrics=("best_of_n",),
        select={"type": "arithmetic"},
        digest="7e6564f62295429946fa8c5a6f3a4bf01661b7e38443fdf811a7a3c3b40b9645",
        source="arXiv 2105.07624 (questions), arXiv 2211.12588 (systems)",
    ),
    EvalSuite(
        "convfinqa-gold-281",
        dataset="convfinqa_dev",
        n=281,
        metrics=("calibration",),
        digest="2a7743ef81c1ceb5f0f711dcf10edbc0e57d852ab69e419e56ed124451357b9e",
        source="arXiv 2210.03849",
    ),
    EvalSuite(
        "tatqa-gold-1668",
        dataset="tatqa_dev",
        n=1668,
        metrics=("calibration",),
        digest="dd88e8227f87bdd4b253170fe8d7bba162bc8f2f67f5d3e393c8f4915f793c70",
        source="arXiv 2105.07624",
    ),
)
