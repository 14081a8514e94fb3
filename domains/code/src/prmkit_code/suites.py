"""Evaluation suites: fixed rows of the data sets, pinned by number and digest.

Part and number of rows stand in the name. The reference solutions of HumanEval and MBPP make no suite:
a row per problem that is always right leaves nothing to tell apart. What models wrote for these
problems does.
"""

from __future__ import annotations

from prmkit.cards import EvalSuite

_STEPS = ("processbench_f1", "first_error_accuracy", "step_auroc", "calibration")

SUITES: tuple[EvalSuite, ...] = (
    EvalSuite(
        "humaneval-codegen16b-7600",
        dataset="humaneval_codegen16b_100",
        n=7600,
        metrics=("best_of_n",),
        exchangeable=True,
        digest="9b8d98452f0f1e8fbb9afd949aa7b7072d13a60e87dedd0a0bd76988284896c6",
        source="arXiv 2207.10397",
    ),
    EvalSuite(
        "humaneval-three-systems-2280",
        dataset="humaneval_10_runs",
        n=2280,
        metrics=("best_of_n",),
        digest="92e1d8cb544953e45e51027c5c54636991f54b054e6d7a131f09eb138f448c79",
        source="arXiv 2107.03374",
    ),
    EvalSuite(
        "humaneval-gpt4-760",
        dataset="humaneval_10_runs",
        n=760,
        metrics=("best_of_n",),
        select={"model": "gpt-4"},
        exchangeable=True,
        digest="efe17ae565345896a400b898755ed5f9b6f0fff88a833cf9282a0c65cca30d2f",
        source="arXiv 2107.03374",
    ),
    EvalSuite(
        "humaneval-gpt35-760",
        dataset="humaneval_10_runs",
        n=760,
        metrics=("best_of_n",),
        select={"model": "gpt-3.5-turbo"},
        exchangeable=True,
        digest="c17936c2b807b5d5558f8e6b4d9b0485a4e132bc0dae9572289a3a860141b651",
        source="arXiv 2107.03374",
    ),
    EvalSuite(
        "humaneval-codellama34b-760",
        dataset="humaneval_10_runs",
        n=760,
        metrics=("best_of_n",),
        select={"model": "codellama-34b-instruct"},
        exchangeable=True,
        digest="2a7c39f47f7a36ad8c5a92c8e31acd02dcbc0e8592c8f2e23d7e26a8331b7c55",
        source="arXiv 2107.03374",
    ),
    EvalSuite(
        "mbpp-test-gpt4-two-systems-470",
        dataset="reflexion_mbpp",
        n=470,
        metrics=("best_of_n",),
        select={"split": "test"},
        digest="db89a150aea7e03b138957872de070cfddf7bba705caac25d7012739876e8019",
        source="arXiv 2303.11366",
    ),
    EvalSuite(
        "mbpp-plus-test-gpt4-two-systems-335",
        dataset="mbpp_plus_runs",
        n=335,
        metrics=("best_of_n",),
        select={"split": "test", "judged": "yes"},
        digest="7c8aa1aa05c3dfcfcdec615f1080b31c15b681e7274ae8273eb960b7ec2642bb",
        source="arXiv 2305.01210",
    ),
    EvalSuite(
        "humanevalpack-python-152",
        dataset="humanevalpack_python",
        n=152,
        metrics=_STEPS,
        digest="aab2a68439031cb52608c6c156e7c9375515d015b58f92fb91d564255dbb6ef5",
        source="arXiv 2308.07124",
    ),
    EvalSuite(
        "quixbugs-python-80",
        dataset="quixbugs",
        n=80,
        metrics=_STEPS,
        digest="36633bad6addeda18a521362882788afd2442e4f0249936e73fe31b68d0d9f49",
        source="QuixBugs, doi 10.1145/3135932.3135941",
    ),
    EvalSuite(
        "mr-ben-coding-106",
        dataset="mr_ben_coding",
        n=106,
        metrics=_STEPS,
        select={"located": "true"},
        digest="669ac0829b044992c3badf0bc912014613f4ef7dce86a334852afe5593484820",
        source="arXiv 2406.13975",
    ),
)
