"""The ``evaluate`` module ``prmbench_score``."""
