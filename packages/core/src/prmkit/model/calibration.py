"""What is fitted to a PRM after its training."""

from __future__ import annotations

from dataclasses import dataclass

from prmkit.types import Threshold


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was fitted after training."""

    temperature: float = 1.0
    """Logits are divided by it."""
    threshold: Threshold | None = None
    """None keeps the spec's."""
    fitted_on: str | None = None
    """Name of the data the temperature was fitted on."""
