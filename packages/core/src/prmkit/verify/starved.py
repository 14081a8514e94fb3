"""How long the system kept a thread waiting for a processor: a time limit must not charge it for that."""

from __future__ import annotations

from pathlib import Path


def starved(process: int | str = "self", thread: int | str | None = None) -> float:
    """Seconds that a thread was ready to run and did not, since it began; 0 where the system does not tell.

    Args:
        process: Process id.
        thread: Native id of one of its threads; its main thread when None.

    Examples:
        >>> starved() >= 0.0
        True
    """
    task = f"{process}" if thread is None else f"{process}/task/{thread}"
    try:
        return int(Path(f"/proc/{task}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0
