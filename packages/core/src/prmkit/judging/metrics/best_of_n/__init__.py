"""The ``evaluate`` module ``best_of_n``."""
