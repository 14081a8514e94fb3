"""The ``evaluate`` module ``rewardbench2``."""
