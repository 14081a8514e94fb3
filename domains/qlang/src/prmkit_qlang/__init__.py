"""The q domain of prmkit."""

from __future__ import annotations

from prmkit_qlang.engine.session import Session

__all__ = ["Session"]
