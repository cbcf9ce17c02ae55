"""`doctor` and `prepare`: is everything there, and is it ready."""

from __future__ import annotations

import time

import typer

from sonicforge_studio.cli.options import Force, Home, Json, Workers
from sonicforge_studio.cli.output import Output, leaving_a_hung_device, one_bar
from sonicforge_studio.cli.tables import grid


def register(app: typer.Typer) -> None:
    app.command()(doctor)
    app.command()(prepare)


def doctor(json: Json = False, home: Home = None, workers: Workers = None, force: Force = False) -> int:
    """Look the machine over: decoders, sound device, data folder, disk, caches, engines."""
    from sonicforge_studio.studio.checkup import look_over

    output = Output(json)
    with leaving_a_hung_device(output):
        findings = look_over(home)
    if json:
        for finding in findings:
            output.item(
                {"check": finding.check, "ok": finding.ok, "value": finding.value, "hint": finding.hint},
                str,
            )
    else:
        marks = {True: "ok", False: "look"}
        output.table(
            grid(["Check", "", "Found", "Next step"], [], [[f.check, marks[f.ok], f.value, f.hint] for f in findings])
        )
    return output.exit_code


def prepare(json: Json = False, home: Home = None, workers: Workers = None, force: Force = False) -> int:
    """Compile the signal kernels now, so that the first sound comes at once."""
    from sonicforge_studio.studio.preparing import prepare as compile_kernels

    output = Output(json)
    began = time.perf_counter()
    with one_bar(output, "Compiling the signal kernels") as progress:
        compile_kernels(progress)
    seconds = time.perf_counter() - began
    output.item({"prepared": True, "elapsed_seconds": seconds}, lambda: f"Ready after {seconds:.1f} s.")
    return output.exit_code
