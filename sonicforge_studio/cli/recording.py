"""`record` and `devices`: from a sound device into the library."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn

from sonicforge_studio.cli.options import Force, Home, Json, Workers
from sonicforge_studio.cli.output import Output, StopSwitch, leaving_a_hung_device, may_replace, one_bar, printable
from sonicforge_studio.cli.session import studio_session
from sonicforge_studio.cli.tables import clock, facts, grid, number
from sonicforge_studio.domain import Cancelled, StudioError
from sonicforge_studio.domain.errors import DeviceLost

if TYPE_CHECKING:
    from sonicforge_studio.studio import Studio
    from sonicforge_studio.studio.capturing import CaptureState, Recorded
    from sonicforge_studio.studio.recording import Take

_BAR_DB = 60.0
_KEPT_HINT = "The recording is kept; the next `record` brings it into the library."


def register(app: typer.Typer) -> None:
    app.command()(record)
    app.command()(devices)


def record(
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="The WAV file, or a folder for it.", show_default="recordings in --home"),
    ] = None,
    input: Annotated[
        str | None,
        typer.Option("--input", help="Device, or `monitor`: what the machine plays.", show_default="default device"),
    ] = None,
    seconds: Annotated[float | None, typer.Option("--seconds", min=0.1, help="Stop after so long.")] = None,
    channels: Annotated[
        int | None, typer.Option("--channels", min=1, max=64, help="Channels to record.", show_default="at most 2")
    ] = None,
    json: Json = False,
    home: Home = None,
    workers: Workers = None,
    force: Force = False,
) -> int:
    """Record from a sound device into the library, until Ctrl-C."""
    from sonicforge_studio.studio.capturing import record_through

    if seconds is not None and not math.isfinite(seconds):
        raise typer.BadParameter("--seconds is a number")
    output = Output(json)
    began = time.perf_counter()
    overwrite = force or (out is not None and not out.is_dir() and may_replace(out, output))
    seen: list[CaptureState] = []
    """The last look."""

    def leave() -> None:
        """The device hangs; the file stands as far as it was written."""
        if not seen or seen[-1].path is None:
            return
        state = seen[-1]
        error = DeviceLost("The sound device does not answer any more.", hint=_KEPT_HINT)
        output.broken_off(error)
        fields = {
            "path": str(state.path),
            "duration_seconds": state.seconds,
            "sample_rate_hz": state.sample_rate_hz,
            "channels": state.channels,
            "overflows": state.overflows,
            "id": None,
            "elapsed_seconds": time.perf_counter() - began,
            "error": error.as_dict(),
        }
        output.item(fields, lambda: facts([("Recording", printable(str(state.path)))]))

    with studio_session(home) as studio, output.about("" if out is None else str(out)):
        _recover(studio, output)
        with leaving_a_hung_device(output, leave), _level_bar(output) as look:

            def watch(state: CaptureState) -> bool:
                seen[:] = [state]
                return look(state)

            recorded = record_through(
                studio, input, out, watch, seconds=seconds, channels=channels, overwrite=overwrite
            )
        try:
            with one_bar(output, "Measuring") as progress:
                take = studio.recordings.bring_in(recorded, progress)
        except StudioError as error:
            error.hint = _KEPT_HINT
            _tell(output, recorded, None, time.perf_counter() - began, error)
        else:
            _tell(output, recorded, take, time.perf_counter() - began, recorded.error)
    return output.exit_code


def _tell(output: Output, recorded: Recorded, take: Take | None, elapsed: float, error: StudioError | None) -> None:
    """What stands in the file, also where it did not get into the library."""
    fields = {
        "path": str(recorded.path),
        "duration_seconds": recorded.seconds,
        "sample_rate_hz": recorded.sample_rate_hz,
        "channels": recorded.channels,
        "overflows": recorded.overflows,
        "id": None if take is None else take.track.id,
        "elapsed_seconds": elapsed,
    }
    if error is not None:
        fields["error"] = error.as_dict()
        if isinstance(error, Cancelled):
            output.failure("", error)
        else:
            output.broken_off(error)
    rows = [
        ("Recording", printable(str(recorded.path))),
        ("Length", f"{clock(recorded.seconds)}, {recorded.channels} x {recorded.sample_rate_hz} Hz"),
        ("Gaps", str(recorded.overflows)),
    ]
    if take is not None:
        loudness = take.track.analysis.loudness
        level = f"{number(loudness.integrated_lufs, 1)} LUFS, {number(loudness.true_peak_dbtp, 1)} dBTP"
        rows.insert(2, ("Level", level))
    output.item(fields, lambda: facts(rows))


def devices(json: Json = False, home: Home = None, workers: Workers = None, force: Force = False) -> int:
    """List what sound can be played on and recorded from."""
    from sonicforge_studio.studio.capturing import every_device

    output = Output(json)
    with leaving_a_hung_device(output):
        found = every_device()
    if json:
        for device in found:
            output.item(asdict(device), str)
        return output.exit_code
    rows = [
        [
            device.kind,
            printable(device.name),
            device.host_api,
            "default" if device.default else "",
            str(device.channels),
            str(device.sample_rate_hz),
        ]
        for device in found
    ]
    if rows:
        output.table(grid(["Kind", "Name", "Through", ""], ["Channels", "Hz"], rows))
    else:
        output.errors.print("No sound device was found. Everything but playing and recording works without.")
    return output.exit_code


def _recover(studio: Studio, output: Output) -> None:
    """Bring in what an earlier recording left when its program died."""
    if not studio.recordings.orphans():
        return
    with one_bar(output, "Bringing in what was interrupted") as progress:
        recovered = studio.recordings.recover(progress)
    for track in recovered.tracks:
        output.errors.print(f"An interrupted recording is in the library now: {printable(track.path)}", markup=False)
    for path, error in recovered.failed:
        output.errors.print(
            f"An interrupted recording cannot be used: {printable(path)}: {error.message}", markup=False
        )


@contextmanager
def _level_bar(output: Output) -> Iterator[Callable[[CaptureState], bool]]:
    """Shows the level on stderr while the block runs, where that is a terminal; says True once Ctrl-C was pressed."""
    stop = StopSwitch()
    bars = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=40),
        console=output.errors,
        transient=True,
        disable=not output.errors.is_terminal,
    )

    def look(state: CaptureState) -> bool:
        level = max(state.levels_dbfs, default=-math.inf)
        gaps = f" · {state.overflows} gaps" if state.overflows else ""
        bars.update(
            task,
            completed=max(0.0, 1.0 + level / _BAR_DB),
            description=f"Recording {clock(state.seconds)} · {number(level, 1):>5} dBFS{gaps} · Ctrl-C ends it",
        )
        return stop.asked

    with stop.listening(), bars:
        task = bars.add_task("Opening the device", total=1.0)
        yield look
