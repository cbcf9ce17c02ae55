"""The log: where tracebacks go, so that no user has to see one."""

from __future__ import annotations

import logging
import math
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable, Hashable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

_FORMAT = "%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s%(left_out)s"
_QUIET_SECONDS = 60.0
_MOST_KEPT = 1000


class OnceAMinute(logging.Filter):
    """Lets a record that recurs through once a minute, with how many of it were left out meanwhile.

    Records are the same where logger, level and message template are, and the frames of the traceback if there is one:
    an error of another origin is another error. A template without words is told apart by what fills it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._lock = threading.Lock()
        self._told: dict[tuple[Hashable, ...], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        key, now = _kind(record), self._clock()
        with self._lock:
            at, left_out = self._told.get(key, (-math.inf, 0))
            if now - at < _QUIET_SECONDS:
                self._told[key] = (at, left_out + 1)
                return False
            self._forget(now)
            self._told[key] = (now, 0)
        # An attribute and not the message: other handlers are handed the same record.
        record.left_out = f" (and {left_out} more like it left out)" if left_out else ""
        return True

    def _forget(self, now: float) -> None:
        if len(self._told) >= _MOST_KEPT:
            self._told = {
                key: (at, left_out) for key, (at, left_out) in self._told.items() if now - at < _QUIET_SECONDS
            }


def _kind(record: logging.LogRecord) -> tuple[Hashable, ...]:
    template = str(record.msg)
    if not re.search(r"[^\W\d_]{2}", re.sub(r"%(\(\w+\))?[-#0 +]*[\d.]*[a-zA-Z]", "", template)):
        template = record.getMessage()
    kind, _, trace = record.exc_info or (None, None, None)
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(trace)]
    return (record.name, record.levelno, template, repr(kind), *frames)


def start_log(folder: Path) -> Path:
    """Write the log to ``folder/studio.log`` (three files of 2 MB), and unhandled errors of any thread with it."""
    path = folder / "studio.log"
    root = logging.getLogger()
    if any(
        isinstance(handler, RotatingFileHandler) and Path(handler.baseFilename) == path for handler in root.handlers
    ):
        return path
    handler: logging.Handler
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=2_000_000, backupCount=2, encoding="utf-8", delay=True)
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter(_FORMAT, defaults={"left_out": ""}))
    handler.addFilter(OnceAMinute())
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.getLogger("numba").setLevel(logging.WARNING)
    # A log that cannot be written (a full disk) must not print tracebacks over the program's own output.
    logging.raiseExceptions = False
    logging.captureWarnings(True)
    sys.excepthook = _log_exception
    threading.excepthook = _log_thread_exception
    return path


def log_file() -> Path | None:
    """Where the log is being written, once it was started."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, RotatingFileHandler):
            return Path(handler.baseFilename)
    return None


def _log_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("sonicforge").critical("unexpected error", exc_info=(kind, error, trace))


def _log_thread_exception(failure: threading.ExceptHookArgs) -> None:
    error = failure.exc_value or failure.exc_type()
    _log_exception(failure.exc_type, error, failure.exc_traceback)
