"""Evaluation suites: fixed rows of the data sets, pinned by number and digest.

Samples of Q-HumanEval with recorded verdicts, a suite per model; the two tasks that no program can pass are
left out. The programs were not published: these suites hold outcomes for curves of pass@k and best-of-n only.
Sessions of the documentation, as documented and with a line changed: which line is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping

from prmkit.cards import EvalSuite

_DIGESTS: Mapping[str, str] = {
    "qqWen-1.5B-SFT": "76eed59ccd6a207eb8fdef1c7de1c81b5e682f5a4cf40c6b6b371d3005007ab4",
    "qqWen-3B-RL": "8f7a3962efe1f03e8068f355e47eb204814838263989988301f43d58fa3054cd",
    "qqWen-7B-RL": "7f5caad1b3bbe16b0c89a2c468e36ea2e35e6a7f51385c597e357c25afb7a1de",
    "qqWen-14B-RL-Reasoning": "4ec997eb8b9df46ce956694d1984db5a7b4a11313082733013e6ded1d4f4c522",
    "qqWen-32B-RL-Reasoning": "ba6688baf1866aa1dc0eb6e99ed109e4fe5b211a492d4ab8dc65bb9a33e1da31",
    "qqWen-72B-RL": "ea5c734e37bfa0f22a6cf07fff6cb6b4ae173d8cb314849674903c4b69aabdbb",
}
_RECORDED = tuple(
    EvalSuite(
        f"q-humaneval-{model.lower().replace('.', '_')}-3700",
        dataset="q_humaneval_verdicts",
        n=3700,
        metrics=("best_of_n",),
        select={"model": model, "sound": "yes"},
        exchangeable=True,
        digest=digest,
        source="arXiv 2107.03374",
    )
    for model, digest in _DIGESTS.items()
)
SUITES: tuple[EvalSuite, ...] = (
    *_RECORDED,
    EvalSuite(
        "kx-docs-planted-758",
        dataset="kx_docs_planted",
        n=758,
        metrics=("processbench_f1", "first_error_accuracy", "step_auroc", "calibration"),
        digest="327e4820e570ead75c9e040ff52378e082be1e724cb444bff60daa437eed946b",
    ),
)
