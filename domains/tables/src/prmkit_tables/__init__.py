"""Claims about tables, SQL and pandas programs, checked against the table. The plug-in record and nothing else."""

from __future__ import annotations

from prmkit.plugins import DomainPlugin

plugin = DomainPlugin(
    name="tables",
    summary="Claims about tables, SQL and pandas programs, checked against the table.",
    package="prmkit_tables",
)
