"""What the command line prints: JSON lines or tables on stdout, progress and errors on stderr."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from sonicforge_studio.domain import Cancelled, StudioError

_WIDTH_OF_A_FILE = 1000

OK, SOME_FAILED, WRONG_USAGE, CANCELLED = 0, 1, 2, 130


class Output:
    """Collects what became of each input, and knows the exit code in the end."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.exit_code = OK
        self.errors = Console(stderr=True, highlight=False)
        self._tables = Console(highlight=False)
        if not self._tables.is_terminal:
            # In a file or a pipe a path stays on its line, however long it is.
            self._tables.width = _WIDTH_OF_A_FILE

    def item(self, fields: Mapping[str, Any], show: Callable[[], Table | str]) -> None:
        """One result: a JSON line, or what ``show`` makes for people."""
        if self.as_json:
            _write_line(json.dumps(fields, ensure_ascii=True, allow_nan=False))
        else:
            self._tables.print(show(), markup=False)

    def table(self, table: Table) -> None:
        self._tables.print(table)

    @contextmanager
    def about(self, path: str) -> Iterator[None]:
        """Whatever fails in the block is told as a failure of this input."""
        try:
            yield
        except StudioError as error:
            self.failure(path, error)

    def failure(self, path: str, error: StudioError) -> None:
        """One input that failed."""
        if isinstance(error, Cancelled):
            self.exit_code = CANCELLED
            self.errors.print("Cancelled.")
            return
        if self.exit_code != CANCELLED:
            self.exit_code = SOME_FAILED
        if self.as_json:
            _write_line(json.dumps({"path": path or None, "error": error.as_dict()}, ensure_ascii=True))
        else:
            about = f"{printable(path)}: " if path else ""
            self.errors.print(f"{about}{error.message}", style="red", markup=False)
            self.errors.print(f"  {error.hint} [{error.code}]", style="dim", markup=False)


def _write_line(line: str) -> None:
    # A pipe that was closed early (`| head`) is the reader's right, not an error of ours.
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def printable(path: str) -> str:
    """A path as text that any terminal takes: undecodable bytes as escapes, line ends made visible."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8").replace("\n", "\\n").replace("\r", "\\r")


def may_replace(out: Path, output: Output) -> bool:
    """Whether a file that exists may be replaced: asks, but only a person at a terminal."""
    if not out.exists() or output.as_json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    return typer.confirm(f'Replace "{printable(str(out))}"?', err=True)


class StopSwitch:
    """Set by Ctrl-C; every progress step asks it."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def ask(self) -> None:
        self._event.set()

    @property
    def asked(self) -> bool:
        return self._event.is_set()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """While this lasts, the first Ctrl-C asks for a clean stop and the second one forces it."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.getsignal(signal.SIGINT)

        def stop(number: int, frame: FrameType | None) -> None:
            if self.asked:
                signal.default_int_handler(number, frame)
            self.ask()

        signal.signal(signal.SIGINT, stop)
        terminate = signal.signal(signal.SIGTERM, stop)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
            signal.signal(signal.SIGTERM, terminate)


class BarProgress:
    """A domain ``Progress`` that moves a bar and stops when asked."""

    def __init__(self, bars: Progress, task: TaskID, stop: StopSwitch, title: str) -> None:
        self._bars = bars
        self._task = task
        self._stop = stop
        self._title = title

    def step(self, done: float, total: float, note: str = "") -> None:
        if self._stop.asked:
            raise Cancelled()
        text = f"{self._title} · {note}" if note else self._title
        self._bars.update(self._task, completed=done / total if total > 0 else 0.0, description=printable(text))


@contextmanager
def one_bar(output: Output, title: str) -> Iterator[BarProgress]:
    """A bar on stderr while the block runs, none where stderr is not a terminal; Ctrl-C stops at the next step."""
    stop = StopSwitch()
    bars = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(compact=True),
        console=output.errors,
        transient=True,
        disable=not output.errors.is_terminal,
    )
    with stop.listening(), bars:
        yield BarProgress(bars, bars.add_task(printable(title), total=1.0), stop, title)
