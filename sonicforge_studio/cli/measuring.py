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
from rich.live import Live
from rich.table import Table

from sonicforge_studio.cli.options import Force, Home, Json, Workers
from sonicforge_studio.cli.output import Output, StopSwitch, leaving_a_hung_device, one_bar, printable, usage
from sonicforge_studio.cli.tables import clock, grid, number
from sonicforge_studio.domain import Cancelled, Progress, StudioError
from sonicforge_studio.domain.errors import DeviceLost

if TYPE_CHECKING:
    from sonicforge_studio.studio.metering import Metered, Target

_PICTURES_PER_SECOND = 10
_COLUMN_WIDTH = 7
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
    with usage():
        against = None if target is None else target_named(target)
    output = Output(json)
    with output.about(""):
        board = _Board(output, against, at_once=input is not None)
        start_metering(home)
        if input is not None:
            _measure_input(board, input, home, seconds, interval)
        else:
            _measure_files(board, paths or [], interval, workers)
        board.print_table()
    return output.exit_code


class _Board:
    """What was measured so far: JSON lines at once, or rows of the table, which are printed ``at_once`` or in the end
    in their order. Any thread may add."""

    def __init__(self, output: Output, target: Target | None, *, at_once: bool) -> None:
        self.output = output
        self._target = target
        self._at_once = at_once
        self._lock = threading.Lock()
        self._began = time.perf_counter()
        self._running: dict[object, tuple[str, Metered]] = {}
        self._rows: list[tuple[str, float | None, Metered]] = []
        self._headed = False

    def show(self, key: object, given: str, metered: Metered) -> None:
        """Where an input stands now: for the live table. ``key`` tells apart what is given twice."""
        with self._lock:
            self._running[key] = (given, metered)

    def hide(self, key: object) -> Metered | None:
        """The input is over; where it stood when it was shown last."""
        with self._lock:
            return self._running.pop(key, ("", None))[1]

    def mark(self, given: str, metered: Metered) -> None:
        """One of the figures asked for by ``--interval``."""
        self._add(given, metered, time.perf_counter() - self._began, metered.reading.measured_seconds)

    def done(self, given: str, metered: Metered, elapsed_seconds: float, **more: Any) -> None:
        self._add(given, metered, elapsed_seconds, None, **more)
        self.output.warn(given, metered.warning)

    def failed(self, given: str, error: StudioError) -> None:
        with self._lock:
            self.output.failure(given, error)

    def _add(
        self, given: str, metered: Metered, elapsed_seconds: float, time_seconds: float | None, **more: Any
    ) -> None:
        from sonicforge_studio.studio.metering import metered_fields

        if not self.output.as_json and self._at_once:
            # Not under the lock: the live table, through which this goes, asks for it too.
            self.output.table(self._table([(given, metered)], heads=not self._headed))
            self._headed = True
            return
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
            return self._table(list(self._running.values()))

    def _table(self, rows: Sequence[tuple[str, Metered]], *, heads: bool = True) -> Table:
        right = _HEADS if self._target is None else [*_HEADS, *_AGAINST_TARGET]
        # Rows that are printed one by one stand under each other.
        width = _COLUMN_WIDTH if self._at_once else None
        cells = [self._row(given, metered) for given, metered in rows]
        return grid(["Input"], right, cells, heads=heads, least_width=width)

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

    watched = _is_watched(board)

    def work(item: tuple[str, Path], progress: Progress) -> tuple[Metered, float]:
        given, path = item
        began = time.perf_counter()
        key = object()
        try:
            metered = meter_file(
                path,
                progress,
                on_block=(lambda now: board.show(key, given, now)) if watched else None,
                on_mark=lambda now: board.mark(given, now),
                interval_seconds=interval,
            )
        finally:
            board.hide(key)
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

    def leave() -> None:
        """The device hangs: the figures of the last look."""
        metered = board.hide(name)
        if metered is not None:
            error = DeviceLost("The sound device does not answer any more.", hint="These are the figures until then.")
            board.output.broken_off(error)
            board.done(name, metered, time.perf_counter() - began, error=error.as_dict())

    with board.output.about(name):
        stop = StopSwitch()
        with leaving_a_hung_device(board.output, leave), stop.listening(), _live_table(board):
            metered, error = meter_input(
                name,
                home,
                stop=lambda: stop.asked,
                on_block=lambda now: board.show(name, name, now),
                on_mark=lambda now: board.mark(name, now),
                seconds=seconds,
                interval_seconds=interval,
            )
        if error is None:
            board.done(name, metered, time.perf_counter() - began)
            return
        board.output.broken_off(error)
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
    if not _is_watched(board):
        with one_bar(board.output, "Measuring") as progress:
            yield progress
        return
    stop = StopSwitch()
    with stop.listening(), _live_table(board):
        yield _Asking(stop)


@contextmanager
def _live_table(board: _Board) -> Iterator[None]:
    if not _is_watched(board):
        yield
        return
    picture: Callable[[], Table] = board.picture
    with Live(
        get_renderable=picture,
        console=board.output.screen,
        refresh_per_second=_PICTURES_PER_SECOND,
        transient=True,
    ):
        yield


def _is_watched(board: _Board) -> bool:
    return not board.output.as_json and board.output.screen.is_terminal
