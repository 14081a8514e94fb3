"""Use of scores: opening a PRM, its calibration, and scorers without a trained head."""
