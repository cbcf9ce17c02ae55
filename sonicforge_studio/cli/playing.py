"""`play`: files through the studio's own sound path."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonicforge_studio.cli.options import Force, Home, Json, Workers
from sonicforge_studio.cli.output import Output, leaving_a_hung_device, one_bar, printable
from sonicforge_studio.cli.tables import clock
from sonicforge_studio.domain import StudioError

if TYPE_CHECKING:
    from sonicforge_studio.studio.playing import Played


def register(app: typer.Typer) -> None:
    app.command()(play)


def play(
    files: Annotated[list[str], typer.Argument(help="The files to play, one after the other.", show_default=False)],
    device: Annotated[str | None, typer.Option(help="Play on this device, or a part of its name.")] = None,
    start: Annotated[float, typer.Option(min=0.0, help="Begin at this second of the first file.")] = 0.0,
    json: Json = False,
    home: Home = None,
    workers: Workers = None,
    force: Force = False,
) -> int:
    """Play files without a gap, and say how many frames of each were played and how many gaps there were."""
    from sonicforge_studio.studio.playing import Playing

    if not math.isfinite(start):
        raise typer.BadParameter("--start is a number")
    output = Output(json)

    def tell(number: int, outcome: Played | StudioError) -> None:
        if isinstance(outcome, StudioError):
            output.failure(files[number], outcome)
            return
        fields = {
            "path": files[number],
            "frames_played": outcome.frames_played,
            "gaps": outcome.gaps,
            "warning": outcome.warning,
            "elapsed_seconds": outcome.elapsed_seconds,
        }
        if outcome.error is not None:
            output.broken_off(outcome.error)
            fields["error"] = outcome.error.as_dict()
        output.warn(files[number], outcome.warning)
        name = f"{printable(Path(files[number]).name)}: " if len(files) > 1 else ""
        output.item(fields, lambda: f"{name}{clock(outcome.seconds)} played, {outcome.gaps} gaps")

    with (
        output.about(files[0] if len(files) == 1 else ""),
        leaving_a_hung_device(output),
        one_bar(output, "Playing") as progress,
    ):
        Playing([Path(file) for file in files], tell, progress).run(home, device, start)
    return output.exit_code
