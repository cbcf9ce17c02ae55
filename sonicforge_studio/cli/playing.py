"""`play`: a file through the studio's own sound path."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from sonicforge_studio.cli.options import Force, Home, Json, Workers
from sonicforge_studio.cli.output import Output, one_bar
from sonicforge_studio.cli.tables import clock


def register(app: typer.Typer) -> None:
    app.command()(play)


def play(
    file: Annotated[str, typer.Argument(help="The file to play.")],
    json: Json = False,
    home: Home = None,
    workers: Workers = None,
    force: Force = False,
) -> int:
    """Play a file to its end, and say how many frames were played and how many gaps there were."""
    from sonicforge_studio.studio.playing import play_through

    output = Output(json)
    began = time.perf_counter()
    with output.about(file):
        with one_bar(output, Path(file).name) as progress:
            played = play_through(Path(file), home, progress)
        fields = {
            "path": file,
            "frames_played": played.frames_played,
            "gaps": played.gaps,
            "elapsed_seconds": time.perf_counter() - began,
        }
        output.item(fields, lambda: f"{clock(played.seconds)} played, {played.gaps} gaps")
    return output.exit_code
