"""The program's entry: Ctrl-C ends it quietly from its first moment on."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType

_CANCELLED = 130


def run() -> None:
    """Run the command line and leave with its exit code. No traceback reaches the user: it goes to the log."""
    signal.signal(signal.SIGINT, _leave)
    # Started with stdout or stderr closed (`>&-`), a program has none: what is printed goes nowhere then.
    sys.stdout = sys.stdout or Path(os.devnull).open("w")  # noqa: SIM115
    sys.stderr = sys.stderr or Path(os.devnull).open("w")  # noqa: SIM115
    # After the handler: importing what the commands need takes long enough to be interrupted.
    from sonicforge_studio.cli.main import main

    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Everything is closed by now; taking the interpreter and its libraries apart would only be slower, and where a
    # sound server hangs, it would never end.
    os._exit(code)


def _leave(number: int, frame: FrameType | None) -> None:
    """Nothing is being written outside a command's work, which listens for Ctrl-C itself."""
    os.write(2, b"Cancelled.\n")
    os._exit(_CANCELLED)
