"""Independent jobs in, their results out: side by side where the system can fork, one after the other elsewhere."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


def together(jobs: Sequence[Callable[[], T]]) -> list[T]:
    """Run every job; results in the order of the jobs.

    The first job runs here, the others each in a forked process (Linux with two cores or more), whose results
    come back pickled. What a job raises is raised here.
    """
    if len(jobs) < 2 or sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2:
        return [job() for job in jobs]
    started = [_start(job) for job in jobs[1:]]
    try:
        first = jobs[0]()
    finally:
        rest = [_received(child, channel) for child, channel in started]
    return [first, *(_value(outcome) for outcome in rest)]


def _start(job: Callable[[], Any]) -> tuple[Any, Any]:
    from multiprocessing import get_context

    forking = get_context("fork")
    here, there = forking.Pipe(duplex=False)
    child = forking.Process(target=_send, args=(job, there), daemon=True)
    with warnings.catch_warnings():
        # The child only formats and writes; it takes no lock that another thread of ours could hold.
        warnings.simplefilter("ignore", DeprecationWarning)
        child.start()
    there.close()
    return child, here


def _send(job: Callable[[], Any], channel: Any) -> None:
    try:
        outcome = (True, job())
    except Exception as error:  # noqa: BLE001 - handed to the parent, which raises it
        outcome = (False, error)
    channel.send(outcome)
    channel.close()


def _received(child: Any, channel: Any) -> tuple[bool, Any]:
    try:
        outcome: tuple[bool, Any] = channel.recv()
    except EOFError:
        outcome = (False, ChildProcessError("a forked job ended without a result"))
    child.join()
    return outcome


def _value(outcome: tuple[bool, Any]) -> Any:
    worked, value = outcome
    if not worked:
        raise value
    return value
