"""Status words of published systems: what may be said of one, and nothing else."""

from typing import Literal

Status = Literal[
    "",
    "formula exact",
    "public artefact reproduced",
    "holds in planted world",
    "tiny scale, positive control passed",
    "not yet measured",
    "not testable here",
]
"""Empty for a row that nobody has worked on."""
