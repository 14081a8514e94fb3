"""Jobs a second in the warm sandbox, beside a sandbox per job, a plain interpreter per job and a bare fork.

One core or two by affinity, and one thread per library. The arms take turns, round by round, so that
other work on the machine hits all of them; medians over the rounds, with the least and the most. Also
ten thousand jobs in one stream: their order, and what memory grew by.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from prmkit.verify.sandbox import Limits, SandboxPool, bubblewrap
from prmkit.verify.sandbox.files import interpreter
from prmkit.verify.sandbox.image import image

ROUNDS = 7
STREAM = 10_000
TRIVIAL = "a + 1"
FRAME = """
import pandas as pd
table = pd.DataFrame({"k": list("abcab"), "x": [1.0, 2.0, 3.0, 4.0, a]})
table.groupby("k")["x"].sum().to_dict()
"""
LIMITS = Limits(seconds=30)


@contextmanager
def cores(*numbers: int) -> Iterator[None]:
    """This process and what it starts, on these cores only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, numbers)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def pooled(pool: SandboxPool, code: str, number: int) -> None:
    for result in pool.map(((code, {"a": i}) for i in range(number)), LIMITS):
        assert result.status == "ok", result


def one_shot(imports: tuple[str, ...], code: str, number: int) -> None:
    """A sandbox and an interpreter for every job, without a filter: the least that this can cost."""
    words = bubblewrap.command(image(imports), -1, -1)
    start = words.index("--info-fd")
    words = [*words[:start], "--", f"/py/bin/{interpreter().name}", "-s", "-S", "-P", "-c"]
    user = bubblewrap.NOBODY if os.geteuid() == 0 else None
    for i in range(number):
        subprocess.run(
            [*words, f"a = {i}\n{code}"],
            check=True,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            stdout=subprocess.DEVNULL,
        )


def plain(code: str, number: int, *flags: str) -> None:
    """An interpreter for every job, held by nothing."""
    for i in range(number):
        subprocess.run([sys.executable, *flags, "-c", f"a = {i}\n{code}"], check=True)


def bare_fork(number: int) -> None:
    """What forking this interpreter costs, and nothing else: the machine's own limit."""
    for _ in range(number):
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)


def rates(arms: dict[str, tuple[tuple[int, ...], int, Callable[[int], None]]]) -> dict[str, dict[str, float]]:
    """Jobs a second of each arm (cores, jobs, work)."""
    found: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(ROUNDS):
        for name, (numbers, jobs, work) in arms.items():
            with cores(*numbers):
                begun = time.perf_counter()
                work(jobs)
                found[name].append(jobs / (time.perf_counter() - begun))
    return {
        name: {"median": round(statistics.median(r), 1), "least": round(min(r), 1), "most": round(max(r), 1)}
        for name, r in found.items()
    }


def stream(pool: SandboxPool) -> dict[str, object]:
    """Ten thousand jobs: results in order, and the growth of this process."""
    jobs = ((TRIVIAL, {"a": i}) for i in range(STREAM))
    most = 0
    begun = time.perf_counter()
    for i, result in enumerate(pool.map(jobs, LIMITS)):
        assert (result.status, result.value) == ("ok", i + 1), (i, result)
        if i == STREAM // 10:
            most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = time.perf_counter() - begun
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - most
    return {"jobs": STREAM, "in_order": True, "jobs_per_second": round(STREAM / seconds), "grown_kib": grown}


def main() -> dict[str, object]:
    os.environ["OMP_NUM_THREADS"] = "1"
    load = os.getloadavg()[0]
    first, second = sorted(os.sched_getaffinity(0))[:2]
    with ExitStack() as stack:

        def opened(workers: int, imports: tuple[str, ...], *numbers: int) -> SandboxPool:
            with cores(*numbers):
                pool = stack.enter_context(SandboxPool(workers, imports))
                pooled(pool, TRIVIAL, 8 * workers)  # all servers up
            return pool

        one, two = opened(1, (), first), opened(2, (), first, second)
        frames, frames_two = opened(1, ("pandas",), first), opened(2, ("pandas",), first, second)
        found = rates(
            {
                "warm_one_core": ((first,), 300, lambda n: pooled(one, TRIVIAL, n)),
                "warm_two_cores": ((first, second), 600, lambda n: pooled(two, TRIVIAL, n)),
                "bubblewrap_per_job_one_core": ((first,), 20, lambda n: one_shot((), TRIVIAL, n)),
                "interpreter_per_job_one_core": ((first,), 20, lambda n: plain(TRIVIAL, n, "-I", "-S")),
                "bare_fork_one_core": ((first,), 300, bare_fork),
                "pandas_warm_one_core": ((first,), 100, lambda n: pooled(frames, FRAME, n)),
                "pandas_warm_two_cores": ((first, second), 200, lambda n: pooled(frames_two, FRAME, n)),
                "pandas_bubblewrap_per_job_one_core": (
                    (first,),
                    2,
                    lambda n: one_shot(("pandas",), FRAME, n),
                ),
                "pandas_interpreter_per_job_one_core": ((first,), 2, lambda n: plain(FRAME, n, "-I")),
            }
        )
        streamed = stream(two)
    return {
        "unit": "jobs per second of wall-clock time, median over the rounds",
        "rounds": ROUNDS,
        # On a busy machine: chrt -f 20 python -m bench sandbox, so that other work does not come between.
        "real_time_priority": os.sched_getscheduler(0) in (os.SCHED_FIFO, os.SCHED_RR),
        "load_before": round(load, 1),
        "load_after": round(os.getloadavg()[0], 1),
        "rates": found,
        "times_faster": {
            f"{kind}than_{other}": round(
                found[f"{kind}warm_one_core"]["median"] / found[f"{kind}{other}_per_job_one_core"]["median"],
                1,
            )
            for kind in ("", "pandas_")
            for other in ("bubblewrap", "interpreter")
        },
        "stream": streamed,
    }
