"""Work in processes of its own that are killed at a given moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_FORKS = """
import os, sys
for line in sys.stdin:
    child = os.fork()
    if not child:
        work(line.rstrip("\\n"))
        os._exit(0)
    print(child, flush=True)
    os.waitpid(child, 0)
    print("over", flush=True)
"""
_NEVER = 60.0


@contextmanager
def killable(source: str) -> Iterator[Callable[..., float]]:
    """Gives ``run(argument, seconds)``: calls the function ``work(argument)`` of ``source`` in a new process, kills −9
    that after so many seconds, and tells how many it took. What ``source`` imports is imported once."""
    command = [sys.executable, "-c", source + _FORKS]
    root = Path(__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root, env=environment
    ) as forker:
        told, heard = forker.stdin, forker.stdout
        assert told is not None
        assert heard is not None

        def run(argument: object, seconds: float = _NEVER) -> float:
            told.write(f"{argument}\n")
            told.flush()
            began = time.perf_counter()
            killer = threading.Timer(seconds, os.kill, (int(heard.readline()), signal.SIGKILL))
            killer.start()
            assert heard.readline() == "over\n"
            took = time.perf_counter() - began
            killer.cancel()
            killer.join()
            return took

        yield run
