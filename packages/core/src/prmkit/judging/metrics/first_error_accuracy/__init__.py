"""The ``evaluate`` module ``first_error_accuracy``."""
