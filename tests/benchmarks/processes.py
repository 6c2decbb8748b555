"""One piece of work in a process of its own: seconds and peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """Wall seconds, start-up included, and the largest resident size in MB (POSIX; 0 elsewhere)."""

    seconds: float
    megabytes: float


def cost(*words: str) -> Cost:
    """Run `python words...` once."""
    started = time.perf_counter()
    child = subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL)
    if hasattr(os, "wait4"):
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        peak = usage.ru_maxrss / 1024
    else:
        child.wait()
        peak = 0.0
    if child.returncode:
        raise SystemExit(f"{words} ended with {child.returncode}")
    return Cost(time.perf_counter() - started, peak)


def best(times: int, *words: str) -> Cost:
    """The shortest of several runs, with the largest memory."""
    runs = [cost(*words) for _ in range(times)]
    return Cost(min(run.seconds for run in runs), max(run.megabytes for run in runs))
