"""The log: where tracebacks go, so that no user has to see one."""

from __future__ import annotations

import logging
import sys
import threading
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

_FORMAT = "%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"


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
    handler.setFormatter(logging.Formatter(_FORMAT))
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
