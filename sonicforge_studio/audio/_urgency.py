"""Threads that must be on time, put before others where the system lets us."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_TASKS = Path("/proc/self/task")
_PRIORITY = 5
"""Of the round-robin class; PulseAudio's own threads have the same."""
_NICE = -11
_DECODERS = "av:"
"""How FFmpeg names its threads, which a file opened at the same moment starts."""


@contextmanager
def urgent_threads() -> Iterator[None]:
    """The threads that a driver starts while the block runs are scheduled before all that merely compute.

    PortAudio's ALSA threads compete with every other one: on a machine with three busy threads a core the card's 43 ms
    ran out now and then. On Windows and macOS the system gives such threads their priority itself. Needs a right that
    users have where they may make realtime threads (``ulimit -r``) or raise priorities (``ulimit -e``); without it all
    stays as it is.
    """
    before = _tasks()
    yield
    ours = {thread.native_id for thread in threading.enumerate()}
    for task in _tasks() - before - ours:
        # A thread may have ended meanwhile.
        with suppress(OSError):
            if not (_TASKS / str(task) / "comm").read_text().startswith(_DECODERS):
                _raise(task)


def _raise(task: int) -> None:
    if sys.platform != "linux":
        return
    try:
        os.sched_setscheduler(task, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(_PRIORITY))
    except PermissionError:
        with suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, task, _NICE)


def _tasks() -> set[int]:
    return {int(entry.name) for entry in _TASKS.iterdir()} if sys.platform == "linux" else set()
