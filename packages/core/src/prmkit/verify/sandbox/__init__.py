"""Runs code that a model or a stranger wrote, in warm processes that can reach nothing.

One call: ``SandboxPool(...).run(code, inputs, limits)`` gives a :class:`Result`. What holds a job, and
what does not, is said in ``docs/sandbox.md``.
"""

from __future__ import annotations

from prmkit.verify.sandbox.limits import Limits, Outcome, Result
from prmkit.verify.sandbox.pool import SandboxPool, shared_pool
from prmkit.verify.sandbox.probe import UNSAFE_WORDS, unsafe_used

__all__ = ["UNSAFE_WORDS", "Limits", "Outcome", "Result", "SandboxPool", "shared_pool", "unsafe_used"]
