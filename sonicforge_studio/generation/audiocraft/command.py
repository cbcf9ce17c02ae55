"""Programs that are run and listened to: they end when a job is cancelled, when they hang, and with the studio."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sonicforge_studio.domain import Progress

_LOOK_SECONDS = 0.05
_ENDING_SECONDS = 2.0
_MOST_BYTES = 1 << 20
"""Of what a program says; one that says more is ended."""
_OF_THIS_PYTHON = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "__PYVENV_LAUNCHER__")


class RanTooLong(Exception):
    """The program was still running when its time was over, and is ended."""


@dataclass(frozen=True, slots=True)
class Said:
    """What became of a program."""

    code: int
    text: str


def run(
    command: Sequence[str],
    progress: Progress,
    *,
    limit_seconds: float,
    errors_too: bool = False,
    share: float = 0.0,
    note: Callable[[str], str] = lambda line: "",
) -> Said:
    """Run a program to its end. ``share`` is how far the job is while it runs, ``note`` what to say at its last line.

    With ``errors_too`` its stderr is kept as well. Raises ``RanTooLong``, ``OSError`` where there is no such program,
    and ``Cancelled`` where ``progress`` says so: it and all that it started are ended then.
    """
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if errors_too else subprocess.DEVNULL,
        env=environment(), start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    stdout, pieces = process.stdout, list[bytes]()
    reader = threading.Thread(target=_read, args=(stdout.fileno(), pieces), name="program", daemon=True)
    reader.start()
    began, line = time.monotonic(), ""
    try:
        while reader.is_alive():
            reader.join(_LOOK_SECONDS)
            line = _last_line(pieces) or line
            progress.step(share, 1.0, note(line))
            if time.monotonic() - began > limit_seconds:
                raise RanTooLong
        with suppress(subprocess.TimeoutExpired):
            process.wait(_ENDING_SECONDS)
    finally:
        end(process)
        reader.join(_ENDING_SECONDS)
        stdout.close()
    return Said(process.returncode, b"".join(pieces).decode("utf-8", "replace"))


def environment() -> dict[str, str]:
    """For another Python: without what is meant for this one."""
    return {name: value for name, value in os.environ.items() if name not in _OF_THIS_PYTHON}


def end(process: subprocess.Popen[bytes]) -> None:
    """At once, with all that it started."""
    if process.poll() is None:
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_ENDING_SECONDS)


def _read(descriptor: int, pieces: list[bytes]) -> None:
    left = _MOST_BYTES
    with suppress(OSError):
        while left > 0 and (piece := os.read(descriptor, min(left, 1 << 16))):
            pieces.append(piece)
            left -= len(piece)


def _last_line(pieces: list[bytes]) -> str:
    lines = pieces[-1].decode("utf-8", "replace").split("\n") if pieces else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
