"""Expected share of problems solved by the best-scored of n samples, exactly.

Source: Cobbe et al. (2021); weights C(N-1-i, n-1) / C(N, n) over ranks; pass@n after Chen et al. (2021).
"""

from collections.abc import Sequence

import datasets
import evaluate

from prmkit.stats import exact_best_of_n, pass_at_k

DESCRIPTION = "Expected share of problems solved by the best-scored of n samples, exactly."
CITATION = "Cobbe et al. (2021); weights C(N-1-i, n-1) / C(N, n) over ranks; pass@n after Chen et al. (2021)."
INPUTS = """
predictions: scores of the samples of each problem, all from one system.
references: 1 for right samples, 0 for wrong ones.
n: samples to choose from (default: the smallest number that a problem has).
"""


class BestOfN(evaluate.Metric):
    """Expected share of problems solved by the best-scored of n samples, exactly."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation=CITATION,
            inputs_description=INPUTS,
            features=datasets.Features(
                {
                    "predictions": datasets.Sequence(datasets.Value("float64")),
                    "references": datasets.Sequence(datasets.Value("float64")),
                }
            ),
        )

    def _compute(
        self, predictions: Sequence, references: Sequence, n: int | None = None
    ) -> dict[str, float | int]:
        size = min((len(scores) for scores in predictions), default=0) if n is None else n
        if not size:
            nothing = float("nan")
            return {"best_of_n": nothing, "single": nothing, "oracle": nothing, "n": 0, "problems": 0}
        best = [exact_best_of_n(s, c, size) for s, c in zip(predictions, references, strict=True)]
        ceiling = [pass_at_k(len(c), sum(x >= 0.5 for x in c), size) for c in references]
        single = [sum(c) / len(c) for c in references]
        many = len(best)
        return {
            "best_of_n": sum(best) / many,
            "single": sum(single) / many,
            "oracle": sum(ceiling) / many,
            "n": size,
            "problems": many,
        }
