"""The ``evaluate`` module ``step_auroc``."""
