"""`master`: files to a loudness target, with proof."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from sonicforge_studio.cli.options import Force, Home, Json, Paths, Workers
from sonicforge_studio.cli.output import Output, may_replace, one_bar, printable
from sonicforge_studio.cli.session import each_input, studio_session
from sonicforge_studio.cli.tables import facts, number
from sonicforge_studio.domain import Loudness, Progress, Proof, SilentProgress, Span
from sonicforge_studio.domain.errors import InputError
from sonicforge_studio.domain.licence import licence_warning

if TYPE_CHECKING:
    from sonicforge_studio.studio import Studio
    from sonicforge_studio.studio.mastering import Mastered, MasterRequest


def register(app: typer.Typer) -> None:
    app.command()(master)


def master(
    paths: Paths,
    out: Annotated[Path, typer.Option("-o", "--out", help="The master's file, or a folder for several.")],
    target: Annotated[str, typer.Option("--target", help="Loudness target, such as spotify or club.")] = "spotify",
    lufs: Annotated[float | None, typer.Option("--lufs", help="Own loudness, LUFS.", show_default=False)] = None,
    ceiling: Annotated[float | None, typer.Option("--ceiling", help="Own ceiling, dBTP.", show_default=False)] = None,
    album: Annotated[
        bool, typer.Option("--album", help="The inputs are an album: together at the target, with their differences.")
    ] = False,
    preset: Annotated[
        str, typer.Option("--preset", help="A preset's name, such as glue or punchy, or the file of one.")
    ] = "glue",
    assist: Annotated[bool, typer.Option("--assist", help="Take what the assistant suggests.")] = False,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="A figure of the chain: glue.ratio=2.", show_default=False),
    ] = None,
    reference: Annotated[
        list[str] | None,
        typer.Option("--reference", help="A file to come near to, FILE or FILE:WEIGHT.", show_default=False),
    ] = None,
    match: Annotated[float, typer.Option("--match", min=0, max=1, help="How near to the references, 0 to 1.")] = 1.0,
    amount: Annotated[float, typer.Option("--amount", help="How much of the chain, 0 to 1.")] = 1.0,
    keep_dynamics: Annotated[
        float, typer.Option("--keep-dynamics", help="LU that peaks stay over the loudness, rather than reach it.")
    ] = 0.0,
    rate: Annotated[int, typer.Option("--rate", help="Sample rate, Hz.", show_default="as it is")] = 0,
    format: Annotated[
        str, typer.Option("--format", help="wav, wav16, flac, mp3-v0, aac-128, ….", show_default="suffix")
    ] = "",
    proof: Annotated[
        str, typer.Option("--proof", help="Formats to encode, decode and measure as well: mp3-320,opus or all.")
    ] = "",
    keep_proofs: Annotated[
        Path | None, typer.Option("--keep-proofs", help="A folder for those files.", show_default=False)
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="A page on it: FILE.pdf, or FILE.json.", show_default=False)
    ] = None,
    json: Json = False,
    home: Home = None,
    workers: Workers = None,
    force: Force = False,
) -> int:
    """Master files: the chain, gain to the target, true-peak limiter; measured on the written file."""
    from sonicforge_studio.studio.inputs import expand
    from sonicforge_studio.studio.master_drafts import Reference
    from sonicforge_studio.studio.mastering import ALL_FORMATS, MasterRequest
    from sonicforge_studio.studio.report import mastered_fields

    output = Output(json)
    folder = out.is_dir() or not out.suffix
    inputs = expand(paths)
    if not folder and len(inputs) > 1:
        raise typer.BadParameter("several inputs need a folder as -o")
    if report is not None and len(inputs) > 1 and report.suffix:
        raise typer.BadParameter("several inputs need a folder as --report")
    reports = _reports(report, [found for _, found in inputs if isinstance(found, Path)])
    overwrite = force or (not folder and may_replace(out, output))
    formats = ALL_FORMATS if proof == "all" else tuple(name.strip() for name in proof.split(",") if name.strip())

    def use(given: str, path: Path, result: tuple[Mastered, float]) -> None:
        mastered, seconds = result
        fields = {**mastered_fields(given, mastered), "elapsed_seconds": seconds}
        output.item(fields, lambda: _shown(given, mastered, seconds))

    references = tuple(Reference(path, weight=weight) for path, weight in map(_weighted, reference or ()))

    with studio_session(home) as studio:

        def wanted(path: Path) -> MasterRequest:
            return MasterRequest(
                path=str(path),
                out=str(out),
                out_is_folder=folder,
                target=target,
                lufs=lufs,
                ceiling=ceiling,
                preset=preset,
                assist=assist,
                changes=tuple(set_ or ()),
                references=references,
                match_share=match,
                amount=amount,
                keep_dynamics_lu=keep_dynamics,
                sample_rate_hz=rate,
                format=format,
                proof=formats,
                keep_proofs=str(keep_proofs or ""),
                report=str(reports.get(path, "")),
                overwrite=overwrite,
            )

        relations = _relations(paths, output, studio, wanted) if album else {}

        def work(path: Path, progress: Progress) -> tuple[Mastered, float]:
            began = time.perf_counter()
            request = replace(wanted(path), album_lufs=relations.get(str(path)))
            return studio.mastering.master(request, progress), time.perf_counter() - began

        each_input(paths, output, work, use, workers=workers, verb="Mastering")
    return output.exit_code


def _relations(
    paths: Sequence[str], output: Output, studio: Studio, wanted: Callable[[Path], MasterRequest]
) -> dict[str, float]:
    """The loudness of each track on the album of all inputs that can be read."""
    from sonicforge_studio.studio.inputs import expand

    files = [found for _, found in expand(paths) if isinstance(found, Path)]
    readable = []
    with one_bar(output, "Measuring the album") as bar:
        for index, path in enumerate(files):
            # What cannot be measured is told of when its turn comes.
            with suppress(InputError):
                studio.measurer.measure(path, Span(bar, index / len(files), (index + 1) / len(files)))
                readable.append(str(path))
    if not readable:
        return {}
    lufs = studio.mastering.album_lufs(readable, wanted(Path(readable[0])), SilentProgress())
    return dict(zip(readable, lufs, strict=True))


def _weighted(text: str) -> tuple[str, float]:
    """A reference and its weight: a file may have a colon in its name, and then it is that file."""
    path, colon, weight = text.rpartition(":")
    if not colon or Path(text).exists():
        return text, 1.0
    try:
        return path, float(weight)
    except ValueError:
        return text, 1.0


def _reports(report: Path | None, originals: Sequence[Path]) -> dict[Path, Path]:
    """Where the report on each of the originals goes; a name without suffix is a folder for all of theirs, in which
    those of one name are told apart by numbers."""
    if report is None or report.suffix:
        return dict.fromkeys(originals, report) if report else {}
    places: dict[Path, Path] = {}
    taken: set[str] = set()
    for original in originals:
        stem, number = original.stem, 1
        while stem.casefold() in taken:
            number += 1
            stem = f"{original.stem} {number}"
        taken.add(stem.casefold())
        places[original] = report / f"{stem}.pdf"
    return places


def _shown(given: str, mastered: Mastered, seconds: float) -> Table:
    from sonicforge_studio.studio.suggesting import told

    master = mastered.master
    passed = all(proof.passed for proof in master.proof)
    return facts(
        [
            ("Original", printable(given)),
            ("Master", printable(master.files[0])),
            ("Target", f"{master.target.integrated_lufs:.4g} LUFS, {master.target.ceiling_dbtp:g} dBTP"),
            *(("Assistant", told(suggestion)) for suggestion in mastered.suggestions),
            ("Before", _figures(master.before)),
            ("After", _figures(master.after)),
            ("Proof", "passed" if passed else "not passed"),
            *(("", f"{proof.format}: {_proved(proof)}") for proof in master.proof),
            *(("Report", printable(path)) for path in mastered.report[:1]),
            *(("Note", note) for note in mastered.notes),
            *([("Licence", warning)] if (warning := licence_warning(mastered.licence)) else []),
            ("Took", f"{seconds:.1f} s"),
        ]
    )


def _proved(proof: Proof) -> str:
    figures = f"{number(proof.loudness.integrated_lufs, 1)} LUFS, {number(proof.loudness.true_peak_dbtp, 1)} dBTP"
    return " ".join(part for part in (f"{figures}." if proof.pcm_hash else "", proof.reason, proof.note) if part)


def _figures(loudness: Loudness) -> str:
    return (
        f"{number(loudness.integrated_lufs, 1)} LUFS, range {number(loudness.loudness_range_lu, 1)} LU, "
        f"true peak {number(loudness.true_peak_dbtp, 1)} dBTP"
    )
