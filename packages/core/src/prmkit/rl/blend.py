"""One reward from the outcome and from the process."""

from __future__ import annotations

from prmkit.errors import ConfigError


def blended(process: float, outcome: float, *, share: float = 0.75) -> float:
    """``share`` of the process reward and the rest of the outcome's.

    A wrong solution is rewarded above a right one where its process reward is higher by more than
    (1 - share) / share times the outcomes' difference.

    Raises:
        ConfigError: A share outside [0, 1].

    Source:
        ReasonFlux-PRM (arXiv 2506.18896), share 0.75; Fin-PRM (arXiv 2508.15202), share 0.5.

    Examples:
        >>> round(blended(0.6, 1.0), 6)
        0.7
    """
    if not 0 <= share <= 1:
        raise ConfigError(f"share {share}", do="use a number from 0 to 1", field="share")
    return (1 - share) * outcome + share * process
