"""One job in an interpreter of its own, without a server and without a sandbox.

Arguments: the folder with ``job.json``, which also takes ``result.json``; the limits as JSON.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
import job as runner  # type: ignore[import-not-found]

sys.path.pop(0)


def main(folder: Path, limits: dict[str, int]) -> None:
    """Set the limits, run the job, write what came of it."""
    for kind, most in (
        (resource.RLIMIT_CPU, int(limits["seconds"]) + 1),
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_FSIZE, max(limits["output"], limits["disk"], limits["value"]) + (1 << 16)),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    # Python ignores this signal by default, and the job could then go on after too much output.
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    job = json.loads((folder / "job.json").read_bytes())
    runner.streams()
    told = runner.run(job, limits["value"])
    (folder / "result.json").write_bytes(told)


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
