"""Evaluation suites: fixed rows of the data sets, pinned by number and digest.

A suite of a part never bears the benchmark's own name; part and number of rows stand in the name. Rules
of the verifiers were made on the other half of TabFact: what they say here they were not made to say.
"""

from __future__ import annotations

from prmkit.cards import EvalSuite

SUITES: tuple[EvalSuite, ...] = (
    EvalSuite(
        "tabfact-val-sample-5172",
        dataset="tabfact_val",
        n=5172,
        metrics=("step_auroc", "calibration"),
        digest="3452d639a042c0ac725e432cb1596a809593d1e7430df746e7d53b586f548b41",
        source="arXiv 1909.02164",
    ),
    EvalSuite(
        "tabfact-val-test-half-2491",
        dataset="tabfact_val",
        n=2491,
        metrics=("step_auroc", "calibration"),
        select={"half": "test"},
        digest="82ff439531631919dcbaf324cc17043ddba8e79c43474fa68fac16425a1de32e",
        source="arXiv 1909.02164",
    ),
)
