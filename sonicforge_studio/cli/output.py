"""What the command line prints: JSON lines or tables on stdout, progress and errors on stderr."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import unicodedata
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
from sonicforge_studio.domain.errors import InputError, OutputError

_WIDTH_OF_A_FILE = 1000
_PATIENCE_SECONDS = 2.0

OK, SOME_FAILED, WRONG_USAGE, CANCELLED = 0, 1, 2, 130


class NowhereToPrint(OutputError):
    """stdout takes no more, which ends the command: `main` tells of it."""

    code = "output-not-writable"
    message = "Standard output cannot be written to."
    hint = "Free some space, or let it go elsewhere."


class Output:
    """Collects what became of each input, and knows the exit code in the end."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.exit_code = OK
        self.errors = Console(stderr=True, highlight=False)
        self.screen = Console(highlight=False)
        if not self.screen.is_terminal:
            # In a file or a pipe a path stays on its line, however long it is.
            self.screen.width = _WIDTH_OF_A_FILE

    def item(self, fields: Mapping[str, Any], show: Callable[[], Table | str]) -> None:
        """One result: a JSON line, or what ``show`` makes for people."""
        if self.as_json:
            _write_line(json.dumps(fields, ensure_ascii=True, allow_nan=False))
        else:
            self._print(show())

    def table(self, table: Table) -> None:
        self._print(table)

    @contextmanager
    def about(self, path: str) -> Iterator[None]:
        """Whatever fails in the block is told as a failure of this input."""
        try:
            yield
        except StudioError as error:
            self.failure(path, error)

    def failure(self, path: str, error: StudioError) -> None:
        """One input that failed."""
        if isinstance(error, NowhereToPrint):
            raise error
        if isinstance(error, Cancelled):
            self.exit_code = CANCELLED
            self.errors.print("Cancelled.")
            if error.hint != Cancelled.hint:
                self.errors.print(error.hint, markup=False)
            return
        if self.exit_code != CANCELLED:
            self.exit_code = SOME_FAILED
        if self.as_json:
            _write_line(json.dumps({"path": path or None, "error": error.as_dict()}, ensure_ascii=True))
        else:
            about = f"{printable(path)}: " if path else ""
            self.errors.print(f"{about}{error.message}", style="red", markup=False)
            self.errors.print(f"  {error.hint} [{error.code}]", style="dim", markup=False)

    def broken_off(self, error: StudioError) -> None:
        """An input that has its figures, but not to its end."""
        self.exit_code = SOME_FAILED
        self.errors.print(f"{error.message} {error.hint}", style="red", markup=False)

    def warn(self, path: str, warning: str | None) -> None:
        """Something to know about an input that did not fail; JSON has it in a field."""
        if warning is not None and not self.as_json:
            self.errors.print(f"{printable(path)}: {warning}", style="yellow", markup=False)

    def _print(self, shown: Table | str) -> None:
        try:
            self.screen.print(shown, markup=False)
        except OSError as error:
            raise NowhereToPrint(f"Standard output cannot be written to: {error.strerror or error}.") from error


def _write_line(line: str) -> None:
    try:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except OSError as error:
        raise NowhereToPrint(f"Standard output cannot be written to: {error.strerror or error}.") from error


@contextmanager
def usage() -> Iterator[None]:
    """What is wrong with an option, whatever the inputs are, is wrong usage."""
    try:
        yield
    except InputError as error:
        raise typer.BadParameter(f"{error.message} {error.hint}") from error


def printable(path: str) -> str:
    """A path as text that any terminal takes: undecodable bytes and control characters as escapes."""
    text = path.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(letter if unicodedata.category(letter) != "Cc" else repr(letter)[1:-1] for letter in text)


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


@contextmanager
def leaving_a_hung_device(output: Output, last: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Ctrl-C ends the block also where a sound server hangs and never returns: where two seconds after it the block
    still lasts, ``last`` prints what there is to say, and the program is left."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # The main thread may stand in the sound library, where Python's handlers wait; this is written at once.
    hears, told = socket.socketpair()
    told.setblocking(False)
    over = threading.Event()

    def watch() -> None:
        if not any(number in (signal.SIGINT, signal.SIGTERM) for number in iter(lambda: _first_byte(hears), 0)):
            return
        if not over.wait(_PATIENCE_SECONDS):
            output.errors.show_cursor()
            try:
                last()
                output.failure("", Cancelled())
            finally:
                os._exit(CANCELLED)

    thread = threading.Thread(target=watch, name="patience", daemon=True)
    before = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    thread.start()
    try:
        yield
    finally:
        over.set()
        signal.set_wakeup_fd(before)
        told.close()
        thread.join()
        hears.close()


def _first_byte(connection: socket.socket) -> int:
    """0 at its end."""
    return int.from_bytes(connection.recv(1), "big")


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
