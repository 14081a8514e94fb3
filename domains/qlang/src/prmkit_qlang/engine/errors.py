"""Errors of q: a short text, printed as ``'text``."""

from __future__ import annotations

from typing import Any


class QError(Exception):
    """A q error; ``text`` is what stands behind the quote: ``type``, or the name of an unknown variable.

    Examples:
        >>> str(QError("type"))
        'type'
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class ReturnSignal(Exception):
    """Carries the value of an explicit return (``:x``) out of a function body."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value
