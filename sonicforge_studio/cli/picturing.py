"""`spectrogram`: files as pictures."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonicforge_studio.cli.options import Force, Home, Json, Paths, Workers
from sonicforge_studio.cli.output import Output, may_replace, printable, usage
from sonicforge_studio.cli.session import each_input
from sonicforge_studio.domain import Progress

if TYPE_CHECKING:
    from sonicforge_studio.studio.spectrogram_picture import Picture


def register(app: typer.Typer) -> None:
    app.command()(spectrogram)


def spectrogram(
    paths: Paths,
    out: Annotated[Path, typer.Option("-o", "--out", help="The picture's file (PNG), or a folder for several.")],
    width: Annotated[int, typer.Option("--width", help="Pixels, axes included.")] = 1600,
    height: Annotated[int, typer.Option("--height", help="Pixels, axes included.")] = 800,
    start: Annotated[float, typer.Option("--start", help="Where the picture begins, seconds.")] = 0.0,
    end: Annotated[float | None, typer.Option("--end", help="Where it ends, seconds.", show_default="the end")] = None,
    fft_size: Annotated[
        int, typer.Option("--fft-size", help="Points of a window, a power of two.", show_default="by the zoom")
    ] = 0,
    low_hz: Annotated[float | None, typer.Option("--low-hz", help="Lowest frequency.", show_default="20")] = None,
    high_hz: Annotated[
        float | None, typer.Option("--high-hz", help="Highest frequency.", show_default="half the sample rate")
    ] = None,
    range_db: Annotated[float, typer.Option("--range-db", help="What the colours span, from the loudest down.")] = 90.0,
    colours: Annotated[str, typer.Option("--colours", help="ember, ice, viridis, grey or paper.")] = "ember",
    json: Json = False,
    home: Home = None,
    workers: Workers = None,
    force: Force = False,
) -> int:
    """Draw files' spectrograms as PNG: time, log frequency, level, with axes and a colour bar."""
    from sonicforge_studio.studio.inputs import expand
    from sonicforge_studio.studio.spectrogram_picture import PictureRequest, at_once, draw_picture, open_home

    with usage():
        request = PictureRequest(width, height, start, end, fft_size, low_hz, high_hz, range_db, colours).checked()
    output = Output(json)
    open_home(home)
    folder = out.is_dir() or not out.suffix
    if not folder and len(expand(paths)) > 1:
        raise typer.BadParameter("several inputs need a folder as -o")
    overwrite = force or (not folder and may_replace(out, output))

    def work(path: Path, progress: Progress) -> tuple[Picture, float]:
        began = time.perf_counter()
        picture = draw_picture(path, out, request, progress, folder=folder, overwrite=overwrite)
        return picture, time.perf_counter() - began

    def use(given: str, path: Path, result: tuple[Picture, float]) -> None:
        picture, seconds = result
        fields = {
            "path": given,
            "files": [str(picture.path)],
            "width": picture.width,
            "height": picture.height,
            "start_seconds": picture.start_seconds,
            "duration_seconds": picture.duration_seconds,
            "warning": picture.warning,
            "elapsed_seconds": seconds,
        }
        output.warn(given, picture.warning)
        output.item(fields, lambda: printable(str(picture.path)))

    each_input(paths, output, work, use, workers=workers or at_once(request), verb="Drawing")
    return output.exit_code
