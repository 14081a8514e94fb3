"""Every sum behind a figure, in numpy: intervals, tests, ranking, F1s, calibration, choice.

Rows that share a problem depend on each other, so intervals resample clusters, never rows.
"""

from prmkit.stats.by_cluster import resample_auroc, resample_average_precision
from prmkit.stats.calibration import Murphy, brier, ece, mce, murphy, positive_bias
from prmkit.stats.choice import (
    best_of_n_curve,
    best_of_n_kl,
    exact_best_of_n,
    length_controlled,
    pass_at_k,
    weighted_vote,
)
from prmkit.stats.f1 import (
    F1s,
    balanced,
    f1s,
    harmonic,
    matthews,
    mr_score,
    prmbench_score,
    section_f1,
)
from prmkit.stats.first_error import (
    FirstError,
    best_threshold,
    first_below,
    processbench_f1,
    threshold_curve,
)
from prmkit.stats.intervals import (
    Interval,
    Paired,
    Resampled,
    bootstrap,
    bootstrap_mean,
    clopper_pearson_lower,
    clopper_pearson_upper,
    clustered_wilson,
    paired,
    resample,
    resample_mean,
    resample_sums,
    resample_weighted,
    wilson,
)
from prmkit.stats.ranking import (
    auroc,
    average_precision,
    weighted_auroc,
    weighted_average_precision,
    within_auroc,
)
from prmkit.stats.reward import best_credit, reward_rank, ties_score
from prmkit.stats.significance import Equivalence, design_effect, holm, mcnemar_exact, tost

__all__ = [
    "Equivalence",
    "F1s",
    "FirstError",
    "Interval",
    "Murphy",
    "Paired",
    "Resampled",
    "auroc",
    "average_precision",
    "balanced",
    "best_credit",
    "best_of_n_curve",
    "best_of_n_kl",
    "best_threshold",
    "bootstrap",
    "bootstrap_mean",
    "brier",
    "clopper_pearson_lower",
    "clopper_pearson_upper",
    "clustered_wilson",
    "design_effect",
    "ece",
    "exact_best_of_n",
    "f1s",
    "first_below",
    "harmonic",
    "holm",
    "length_controlled",
    "matthews",
    "mce",
    "mcnemar_exact",
    "mr_score",
    "murphy",
    "paired",
    "pass_at_k",
    "positive_bias",
    "prmbench_score",
    "processbench_f1",
    "resample",
    "resample_auroc",
    "resample_average_precision",
    "resample_mean",
    "resample_sums",
    "resample_weighted",
    "reward_rank",
    "section_f1",
    "threshold_curve",
    "ties_score",
    "tost",
    "weighted_auroc",
    "weighted_average_precision",
    "weighted_vote",
    "wilson",
    "within_auroc",
]
