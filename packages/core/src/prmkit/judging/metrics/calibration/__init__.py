"""The ``evaluate`` module ``calibration``."""
