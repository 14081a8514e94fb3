"""Text that runs inside the sandbox and nowhere else: ``harness.txt``, package data, never imported."""
