"""Evidence: verifiers run over trajectories, their verdicts merged, their noise measured."""
