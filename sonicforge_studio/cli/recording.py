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
from sonicforge_studio.cli.output import SOME_FAILED, Output, StopSwitch, may_replace, one_bar, printable
from sonicforge_studio.cli.session import studio_session
from sonicforge_studio.cli.tables import clock, facts, grid, number

if TYPE_CHECKING:
    from sonicforge_studio.studio import Studio
    from sonicforge_studio.studio.capturing import CaptureState

_BAR_DB = 60.0


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
    with studio_session(home) as studio, output.about("" if out is None else str(out)):
        _recover(studio, output)
        with _level_bar(output) as look:
            recorded = record_through(studio, input, out, look, seconds=seconds, channels=channels, overwrite=overwrite)
        with one_bar(output, "Measuring") as progress:
            take = studio.recordings.bring_in(recorded, progress)
        fields = {
            "path": str(recorded.path),
            "duration_seconds": recorded.seconds,
            "sample_rate_hz": recorded.sample_rate_hz,
            "channels": recorded.channels,
            "overflows": recorded.overflows,
            "id": take.track.id,
            "elapsed_seconds": time.perf_counter() - began,
        }
        if recorded.error is not None:
            output.exit_code = SOME_FAILED
            fields["error"] = recorded.error.as_dict()
            output.errors.print(f"{recorded.error.message} {recorded.error.hint}", style="red", markup=False)
        loudness = take.track.analysis.loudness
        rows = [
            ("Recording", printable(str(recorded.path))),
            ("Length", f"{clock(recorded.seconds)}, {recorded.channels} x {recorded.sample_rate_hz} Hz"),
            ("Level", f"{number(loudness.integrated_lufs, 1)} LUFS, {number(loudness.true_peak_dbtp, 1)} dBTP"),
            ("Gaps", str(recorded.overflows)),
        ]
        output.item(fields, lambda: facts(rows))
    return output.exit_code


def devices(json: Json = False, home: Home = None, workers: Workers = None, force: Force = False) -> int:
    """List what sound can be played on and recorded from."""
    from sonicforge_studio.studio.capturing import every_device

    output = Output(json)
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
