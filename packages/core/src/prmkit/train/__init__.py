"""Training: losses, examples from records, and the trainer."""
