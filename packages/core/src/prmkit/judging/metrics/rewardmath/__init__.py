"""The ``evaluate`` module ``rewardmath``."""
