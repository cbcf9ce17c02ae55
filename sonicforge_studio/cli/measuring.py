"""`measure`: the loudness meters over files or an input."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from sonicforge_studio.cli.options import Force, Home, Json, Workers
from sonicforge_studio.cli.output import SOME_FAILED, Output, StopSwitch, one_bar, printable
from sonicforge_studio.cli.tables import clock, grid, number
from sonicforge_studio.domain import Cancelled, Progress, StudioError

if TYPE_CHECKING:
    from sonicforge_studio.studio.metering import Metered, Target

_PICTURES_PER_SECOND = 10
_HEADS = ["Length", "M", "S", "I", "LRA", "max M", "max S", "dBTP L", "dBTP R", "Corr."]
_AGAINST_TARGET = ["Off target", "Over ceiling"]


def register(app: typer.Typer) -> None:
    app.command()(measure)


def measure(
    paths: Annotated[list[str] | None, typer.Argument(help="Files, folders or patterns.", show_default=False)] = None,
    input: Annotated[
        str | None,
        typer.Option("--input", help="Listen to this device, `default`, or `monitor`: what the machine plays."),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option("--seconds", min=0.1, help="Listen for so long.", show_default="until Ctrl-C")
    ] = None,
    interval: Annotated[
        float | None, typer.Option("--interval", min=0.1, help="Figures at each so many seconds of material as well.")
    ] = None,
    target: Annotated[str | None, typer.Option("--target", help="Say how far off this loudness target it is.")] = None,
    json: Json = False,
    home: Home = None,
    workers: Workers = None,
    force: Force = False,
) -> int:
    """Show loudness (EBU R 128), true peak and correlation of files or of an input, while they are measured."""
    from sonicforge_studio.studio.metering import start_metering, target_named

    if bool(paths) == (input is not None):
        raise typer.BadParameter("name files, or an --input")
    if seconds is not None and input is None:
        raise typer.BadParameter("--seconds belongs to --input; a file is measured to its end")
    if not all(math.isfinite(value) for value in (seconds, interval) if value is not None):
        raise typer.BadParameter("--seconds and --interval are numbers")
    output = Output(json)
    with output.about(""):
        board = _Board(output, None if target is None else target_named(target))
        start_metering(home)
        if input is not None:
            _measure_input(board, input, home, seconds, interval)
        else:
            _measure_files(board, paths or [], interval, workers)
        board.print_table()
    return output.exit_code


class _Board:
    """What was measured so far: JSON lines at once, or rows of the table. Any thread may add."""

    def __init__(self, output: Output, target: Target | None) -> None:
        self.output = output
        self._target = target
        self._lock = threading.Lock()
        self._began = time.perf_counter()
        self._running: dict[str, Metered] = {}
        self._rows: list[tuple[str, float | None, Metered]] = []

    def show(self, given: str, metered: Metered) -> None:
        """Where an input stands now: for the live table."""
        with self._lock:
            self._running[given] = metered

    def mark(self, given: str, metered: Metered) -> None:
        """One of the figures asked for by ``--interval``."""
        self._add(given, metered, time.perf_counter() - self._began, metered.reading.measured_seconds)

    def done(self, given: str, metered: Metered, elapsed_seconds: float, **more: Any) -> None:
        with self._lock:
            self._running.pop(given, None)
        self._add(given, metered, elapsed_seconds, None, **more)

    def failed(self, given: str, error: StudioError) -> None:
        with self._lock:
            self._running.pop(given, None)
            self.output.failure(given, error)

    def _add(
        self, given: str, metered: Metered, elapsed_seconds: float, time_seconds: float | None, **more: Any
    ) -> None:
        from sonicforge_studio.studio.metering import metered_fields

        with self._lock:
            if not self.output.as_json:
                self._rows.append((given, time_seconds, metered))
                return
            fields = {"path": given, **metered_fields(metered, self._target), "elapsed_seconds": elapsed_seconds}
            if time_seconds is not None:
                fields["time_seconds"] = time_seconds
            self.output.item({**fields, **more}, Table)

    def print_table(self) -> None:
        if self._rows:
            order = sorted(self._rows, key=lambda row: (row[0], math.inf if row[1] is None else row[1]))
            self.output.table(self._table([(given, metered) for given, _, metered in order]))

    def picture(self) -> Table:
        """The inputs that are being measured, as they stand."""
        with self._lock:
            return self._table(list(self._running.items()))

    def _table(self, rows: Sequence[tuple[str, Metered]]) -> Table:
        right = _HEADS if self._target is None else [*_HEADS, *_AGAINST_TARGET]
        return grid(["Input"], right, [self._row(given, metered) for given, metered in rows])

    def _row(self, given: str, metered: Metered) -> list[str]:
        reading = metered.reading
        peaks = reading.true_peaks_dbtp
        row = [
            printable(given),
            clock(reading.measured_seconds),
            number(reading.momentary_lufs, 1),
            number(reading.short_term_lufs, 1),
            number(reading.integrated_lufs, 1),
            number(reading.loudness_range_lu, 1),
            number(reading.momentary_max_lufs, 1),
            number(reading.short_term_max_lufs, 1),
            # Of more than two channels the highest: a table has no room for them all.
            number(peaks[0] if len(peaks) <= 2 else reading.true_peak_dbtp, 1),
            number(peaks[1] if len(peaks) == 2 else None, 1),
            number(metered.correlation, 2),
        ]
        if self._target is not None:
            row.append(_signed(reading.integrated_lufs - self._target.integrated_lufs))
            row.append(_signed(reading.true_peak_dbtp - self._target.ceiling_dbtp))
        return row


def _signed(value: float) -> str:
    return f"{value:+.1f}" if math.isfinite(value) else "–"


def _measure_files(board: _Board, paths: Sequence[str], interval: float | None, workers: int | None) -> None:
    from sonicforge_studio.studio.inputs import expand, run_many
    from sonicforge_studio.studio.metering import meter_file

    files: list[tuple[str, Path]] = []
    for given, found in expand(paths):
        if isinstance(found, StudioError):
            board.failed(given, found)
        else:
            files.append((given, found))

    def work(item: tuple[str, Path], progress: Progress) -> tuple[Metered, float]:
        given, path = item
        began = time.perf_counter()
        metered = meter_file(
            path,
            progress,
            on_block=lambda now: board.show(given, now),
            on_mark=lambda now: board.mark(given, now),
            interval_seconds=interval,
        )
        return metered, time.perf_counter() - began

    with _watching(board) as progress:
        results = run_many(files, work, workers=workers, progress=progress, in_order=False)
        with closing(results):
            for (given, _), result in results:
                if isinstance(result, StudioError):
                    board.failed(given, result)
                else:
                    board.done(given, *result)


def _measure_input(board: _Board, name: str, home: Path | None, seconds: float | None, interval: float | None) -> None:
    from sonicforge_studio.studio.metering import meter_input

    began = time.perf_counter()
    with board.output.about(name):
        stop = StopSwitch()
        with stop.listening(), _live_table(board):
            metered, error = meter_input(
                name,
                home,
                stop=lambda: stop.asked,
                on_block=lambda now: board.show(name, now),
                on_mark=lambda now: board.mark(name, now),
                seconds=seconds,
                interval_seconds=interval,
            )
        if error is None:
            board.done(name, metered, time.perf_counter() - began)
            return
        board.output.exit_code = SOME_FAILED
        board.output.errors.print(f"{error.message} {error.hint}", style="red", markup=False)
        board.done(name, metered, time.perf_counter() - began, error=error.as_dict())


class _Asking:
    """A domain ``Progress`` that shows nothing and stops when asked."""

    def __init__(self, stop: StopSwitch) -> None:
        self._stop = stop

    def step(self, done: float, total: float, note: str = "") -> None:
        if self._stop.asked:
            raise Cancelled()


@contextmanager
def _watching(board: _Board) -> Iterator[Progress]:
    """The live table where stdout is a terminal, else a bar on stderr; Ctrl-C stops at the next step."""
    if board.output.as_json or not _is_terminal():
        with one_bar(board.output, "Measuring") as progress:
            yield progress
        return
    stop = StopSwitch()
    with stop.listening(), _live_table(board):
        yield _Asking(stop)


@contextmanager
def _live_table(board: _Board) -> Iterator[None]:
    if board.output.as_json or not _is_terminal():
        yield
        return
    picture: Callable[[], Table] = board.picture
    with Live(
        get_renderable=picture,
        console=Console(highlight=False),
        refresh_per_second=_PICTURES_PER_SECOND,
        transient=True,
    ):
        yield


def _is_terminal() -> bool:
    return Console().is_terminal
