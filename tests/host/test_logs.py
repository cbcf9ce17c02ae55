"""What recurs is told once a minute; nothing else is lost."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sonicforge_studio.host.logs import OnceAMinute, start_log


class Book(logging.Handler):
    """A handler that keeps its lines, with a clock that the test turns."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0
        self.lines: list[str] = []
        self.addFilter(OnceAMinute(lambda: self.seconds))
        self.setFormatter(logging.Formatter("%(message)s%(left_out)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def log(book: Book) -> Iterator[logging.Logger]:
    logger = logging.getLogger("tests.once_a_minute")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.addHandler(book)
    yield logger
    logger.removeHandler(book)


def test_what_recurs_is_written_once_a_minute_and_counted(book: Book, log: logging.Logger) -> None:
    for step in range(1_801):
        book.seconds = step / 10
        log.warning("the device was %d ms late", step)
    assert book.lines == [
        "the device was 0 ms late",
        "the device was 600 ms late (and 599 more like it left out)",
        "the device was 1200 ms late (and 599 more like it left out)",
        "the device was 1800 ms late (and 599 more like it left out)",
    ]


def test_what_differs_is_written(book: Book, log: logging.Logger) -> None:
    other = log.getChild("other")
    log.warning("late")
    log.error("late")
    log.warning("early")
    other.warning("late")
    log.warning("%s", "one thing")
    log.warning("%s", "another thing")
    log.warning("%s", "one thing")
    assert book.lines == ["late", "late", "early", "late", "one thing", "another thing"]


def fail(where: int) -> None:
    if where == 0:
        raise ValueError("zero")
    raise ValueError("more")


def test_errors_of_different_origin_are_not_lost(book: Book, log: logging.Logger) -> None:
    for _ in range(3):
        for where in (0, 1):
            try:
                fail(where)
            except ValueError:
                log.exception("it failed")
        try:
            int("x")
        except ValueError:
            log.exception("it failed")
    assert len(book.lines) == 3
    assert ["zero" in line for line in book.lines] == [True, False, False]
    assert all("Traceback" in line for line in book.lines)


def test_a_thousand_kinds_of_records_are_forgotten_again(book: Book, log: logging.Logger) -> None:
    (once,) = book.filters
    for step in range(5_000):
        book.seconds = step
        log.warning(f"line number {step}")
    assert len(book.lines) == 5_000
    assert len(once._told) <= 1_001  # type: ignore[union-attr]


def test_many_threads_are_told_once(book: Book, log: logging.Logger) -> None:
    threads = [threading.Thread(target=lambda: [log.warning("all at once") for _ in range(200)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert book.lines == ["all at once"]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Path]:
    """The studio's log, taken down again."""
    root = logging.getLogger()
    handlers, level, raising = list(root.handlers), root.level, logging.raiseExceptions
    hooks = sys.excepthook, threading.excepthook
    yield start_log(tmp_path / "logs")
    for handler in [handler for handler in root.handlers if handler not in handlers]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    logging.raiseExceptions = raising
    logging.captureWarnings(False)
    sys.excepthook, threading.excepthook = hooks


def test_the_log_file_is_kept_short(started: Path) -> None:
    log = logging.getLogger("sonicforge_studio.audio.player")
    for step in range(500):
        log.warning("the ring ran dry at %d", step)
    lines = started.read_text(encoding="utf-8").splitlines()
    assert sum("the ring ran dry" in line for line in lines) == 1


def test_a_thread_that_dies_has_its_traceback_in_the_log(started: Path) -> None:
    threading.excepthook(
        threading.ExceptHookArgs((ZeroDivisionError, ZeroDivisionError("x / 0"), None, threading.current_thread()))
    )
    assert "ZeroDivisionError: x / 0" in started.read_text(encoding="utf-8")
