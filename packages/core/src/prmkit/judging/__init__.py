"""Judging: scorers against gold, with baselines, intervals by cluster and paired comparisons."""
