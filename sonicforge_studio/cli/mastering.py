"""`master`: files to a loudness target, with proof."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from sonicforge_studio.cli.options import Force, Home, Json, Paths, Workers
from sonicforge_studio.cli.output import Output, may_replace, printable
from sonicforge_studio.cli.session import each_input, studio_session
from sonicforge_studio.cli.tables import facts, number
from sonicforge_studio.domain import Loudness, Progress
from sonicforge_studio.domain.licence import licence_warning

if TYPE_CHECKING:
    from sonicforge_studio.studio.mastering import Mastered


def register(app: typer.Typer) -> None:
    app.command()(master)


def master(
    paths: Paths,
    out: Annotated[Path, typer.Option("-o", "--out", help="The master's file, or a folder for several.")],
    target: Annotated[str, typer.Option("--target", help="Loudness target, such as spotify or club.")] = "spotify",
    lufs: Annotated[float | None, typer.Option("--lufs", help="Own loudness, LUFS.", show_default=False)] = None,
    ceiling: Annotated[float | None, typer.Option("--ceiling", help="Own ceiling, dBTP.", show_default=False)] = None,
    preset: Annotated[str, typer.Option("--preset", help="transparent, glue or punchy.")] = "glue",
    amount: Annotated[float, typer.Option("--amount", help="How much of the compressor, 0 to 1.")] = 1.0,
    format: Annotated[str, typer.Option("--format", help="wav, flac, mp3, m4a or opus.", show_default="suffix")] = "",
    proof: Annotated[
        str, typer.Option("--proof", help="Formats to encode, decode and measure as well: mp3,opus or all.")
    ] = "",
    json: Json = False,
    home: Home = None,
    workers: Workers = None,
    force: Force = False,
) -> int:
    """Master files: high-pass, glue compressor, gain to the target, true-peak limiter; measured on the written file."""
    from sonicforge_studio.studio.inputs import expand
    from sonicforge_studio.studio.mastering import ALL_FORMATS, MasterRequest
    from sonicforge_studio.studio.report import mastered_fields

    output = Output(json)
    folder = out.is_dir() or not out.suffix
    if not folder and len(expand(paths)) > 1:
        raise typer.BadParameter("several inputs need a folder as -o")
    overwrite = force or (not folder and may_replace(out, output))
    formats = ALL_FORMATS if proof == "all" else tuple(name.strip() for name in proof.split(",") if name.strip())

    def use(given: str, path: Path, result: tuple[Mastered, float]) -> None:
        mastered, seconds = result
        fields = {**mastered_fields(given, mastered), "elapsed_seconds": seconds}
        output.item(fields, lambda: _shown(given, mastered, seconds))

    with studio_session(home) as studio:

        def work(path: Path, progress: Progress) -> tuple[Mastered, float]:
            began = time.perf_counter()
            request = MasterRequest(
                path=str(path),
                out=str(out),
                out_is_folder=folder,
                target=target,
                lufs=lufs,
                ceiling=ceiling,
                preset=preset,
                amount=amount,
                format=format,
                proof=formats,
                overwrite=overwrite,
            )
            return studio.mastering.master(request, progress), time.perf_counter() - began

        each_input(paths, output, work, use, workers=workers, verb="Mastering")
    return output.exit_code


def _shown(given: str, mastered: Mastered, seconds: float) -> Table:
    master = mastered.master
    passed = all(proof.passed for proof in master.proof)
    return facts(
        [
            ("Original", printable(given)),
            ("Master", printable(master.files[0])),
            ("Target", f"{master.target.integrated_lufs:g} LUFS, {master.target.ceiling_dbtp:g} dBTP"),
            ("Before", _figures(master.before)),
            ("After", _figures(master.after)),
            ("Proof", "passed" if passed else "not passed"),
            *(("", f"{proof.format}: {proof.reason}") for proof in master.proof if proof.reason),
            *(("Note", note) for note in mastered.notes),
            *([("Licence", warning)] if (warning := licence_warning(mastered.licence)) else []),
            ("Took", f"{seconds:.1f} s"),
        ]
    )


def _figures(loudness: Loudness) -> str:
    return (
        f"{number(loudness.integrated_lufs, 1)} LUFS, range {number(loudness.loudness_range_lu, 1)} LU, "
        f"true peak {number(loudness.true_peak_dbtp, 1)} dBTP"
    )
