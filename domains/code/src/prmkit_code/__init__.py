"""Programs, checked by running them. The plug-in record and nothing else."""

from __future__ import annotations

from prmkit.plugins import DomainPlugin

plugin = DomainPlugin(
    name="code",
    summary="Programs, checked by running them.",
    package="prmkit_code",
)
