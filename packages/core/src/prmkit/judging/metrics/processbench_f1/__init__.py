"""The ``evaluate`` module ``processbench_f1``."""
