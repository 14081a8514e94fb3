"""Financial programs, ratios, statements and trading rules, recomputed. The plug-in record and nothing else."""

from __future__ import annotations

from prmkit.plugins import DomainPlugin

plugin = DomainPlugin(
    name="finance",
    summary="Financial programs, ratios, statements and trading rules, recomputed.",
    package="prmkit_finance",
)
