"""What is fitted to a PRM after its training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prmkit.stats import ScoreMap
from prmkit.types import Threshold


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was fitted after training."""

    temperature: float = 1.0
    """Logits are divided by it."""
    threshold: Threshold | None = None
    """None keeps the spec's."""
    fitted_on: str | None = None
    """Name of the data that temperature or map were fitted on."""
    map: ScoreMap | None = None
    """From the probability that the link gives to a calibrated one; None leaves it as it is."""

    @classmethod
    def of(cls, card: Mapping[str, Any]) -> Calibration:
        """The calibration that a card describes.

        Raises:
            ConfigError: The card's map is no map.
            TypeError: An entry is missing or unknown.
        """
        values = dict(card)
        threshold, own = values.pop("threshold", None), values.pop("map", None)
        return cls(threshold=threshold and Threshold(**threshold), map=own and ScoreMap.of(own), **values)

    def apply(self, probabilities: Sequence[float]) -> list[float]:
        """Calibrated probabilities of probabilities that the link gave (at this temperature).

        Raises:
            ConfigError: There is a map, and a value lies outside [0, 1].

        Examples:
            >>> Calibration(map=ScoreMap("temperature", (0.5, 0.5, 0.0))).apply([0.5, 1.0])[0]
            0.5
            >>> Calibration().apply([0.25, -3.0])
            [0.25, -3.0]
        """
        return list(probabilities) if self.map is None else self.map.apply(probabilities).tolist()
