"""Verifiers of mathematical steps: one tool a file."""
