"""`library`: add, list, search, similar, correct, verify, backup, restore, export and rebuild."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from sonicforge_studio.cli.options import Force, Home, Json, Paths, Workers
from sonicforge_studio.cli.output import OK, SOME_FAILED, Output, may_replace, one_bar, printable, usage
from sonicforge_studio.cli.session import each_input, studio_session
from sonicforge_studio.cli.tables import clock, facts, grid, number
from sonicforge_studio.domain import Progress

if TYPE_CHECKING:
    from sonicforge_studio.domain import Track
    from sonicforge_studio.studio import Found

_GREATEST_ID = 2**63 - 1
"""What the database can hold."""

Narrowing = Annotated[list[str] | None, typer.Argument(help="Only what `search` finds with these.", show_default=False)]

library = typer.Typer(name="library", help="The catalogue of your music.", no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    app.add_typer(library)


@library.command()
def add(paths: Paths, json: Json = False, home: Home = None, workers: Workers = None, force: Force = False) -> int:
    """Measure files and put them into the library."""
    from sonicforge_studio.studio.report import track_fields

    output = Output(json)
    added: list[Track] = []

    def use(given: str, path: Path, result: tuple[Track, float]) -> None:
        track, seconds = result
        if json:
            output.item({**track_fields(track), "path": given, "elapsed_seconds": seconds}, str)
        else:
            added.append(track)

    with studio_session(home) as studio:

        def work(path: Path, progress: Progress) -> tuple[Track, float]:
            began = time.perf_counter()
            return studio.importer.add(path, progress, force=force), time.perf_counter() - began

        each_input(
            paths, output, work, use, workers=workers, verb="Adding",
            measurer=studio.measurer, force=force,
        )  # fmt: skip
    if added:
        output.table(_tracks_table(added))
    return output.exit_code


@library.command("list")
def list_tracks(
    json: Json = False,
    home: Home = None,
    workers: Workers = None,
    force: Force = False,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many.", show_default="all")] = None,
) -> int:
    """Print every track of the library, newest first."""
    return _print_tracks("", json, home, limit)


@library.command()
def search(
    words: Annotated[list[str], typer.Argument(help="Words and measures: night bpm:120-126 key:8A.")],
    json: Json = False,
    home: Home = None,
    workers: Workers = None,
    force: Force = False,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many.", show_default="all")] = None,
) -> int:
    """Find tracks by words (title, artist, prompt, file name) and measures (bpm:, key:, genre:, lufs:)."""
    return _print_tracks(" ".join(words), json, home, limit)


@library.command()
def similar(
    to: Annotated[str, typer.Argument(metavar="FILE|ID", help="A file, or the `id` that `library list --json` tells.")],
    words: Narrowing = None,
    json: Json = False,
    home: Home = None,
    workers: Workers = None,
    force: Force = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many.")] = 20,
) -> int:
    """Find the tracks that sound most like one of the library, or like any file."""
    output = Output(json)
    began = time.perf_counter()
    search = " ".join(words or [])
    with studio_session(home) as studio, output.about(to):
        if to.isdecimal() and int(to) <= _GREATEST_ID and not Path(to).exists():
            hits = studio.alike.to_track(int(to), search=search, limit=limit)
        else:
            with one_bar(output, "Listening") as progress:
                hits = studio.alike.to_file(Path(to), progress, search=search, limit=limit)
        _print_found(output, hits, began)
    return output.exit_code


@library.command()
def correct(
    track_id: Annotated[
        int, typer.Argument(metavar="ID", max=_GREATEST_ID, help="The track, as `library list --json` numbers it.")
    ],
    bpm: Annotated[float | None, typer.Option("--bpm", help="Its tempo, 20 to 400.", show_default=False)] = None,
    halve: Annotated[bool, typer.Option("--halve", help="Half the tempo.")] = False,
    double: Annotated[bool, typer.Option("--double", help="Twice the tempo.")] = False,
    key: Annotated[str | None, typer.Option("--key", help='Its key, such as "A minor".', show_default=False)] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Back to what was measured.")] = False,
    json: Json = False,
    home: Home = None,
    workers: Workers = None,
    force: Force = False,
) -> int:
    """Set right what was measured of a track: yours from then on, whatever is measured anew."""
    from sonicforge_studio.domain import Key
    from sonicforge_studio.studio.report import track_fields

    if sum((bpm is not None, halve, double, undo)) > 1 or (undo and key is not None):
        raise typer.BadParameter("Give one of --bpm, --halve, --double and --undo; --key goes with the first three.")
    if not (bpm is not None or halve or double or undo or key is not None):
        raise typer.BadParameter("Say what to correct: --bpm, --halve, --double, --key or --undo.")
    output = Output(json)
    began = time.perf_counter()
    with usage():
        wanted_key = None if key is None else Key.parse(key)
    with studio_session(home) as studio, output.about(str(track_id)):
        corrections = studio.corrections
        if bpm is not None:
            with usage():
                track = corrections.set_tempo(track_id, bpm)
        elif halve:
            track = corrections.halve_tempo(track_id)
        elif double:
            track = corrections.double_tempo(track_id)
        elif undo:
            track = corrections.undo(track_id)
        if wanted_key is not None:
            track = corrections.set_key(track_id, wanted_key)
        fields = {**track_fields(track), "elapsed_seconds": time.perf_counter() - began}
        output.item(fields, lambda: _tracks_table([track]))
    return output.exit_code


@library.command()
def verify(json: Json = False, home: Home = None, workers: Workers = None, force: Force = False) -> int:
    """Check the database, and whether every file is there with the bytes that were measured."""
    from sonicforge_studio.studio.upkeep import verify as check

    output = Output(json)
    began = time.perf_counter()
    with studio_session(home) as studio, one_bar(output, "Checking") as progress:
        found = check(studio.library, progress)
        database = str(studio.folders.database)
    troubles = [
        *(("missing", path) for path in found.missing),
        *(("unreadable", path) for path in found.unreadable),
        *(("changed", path) for path in found.changed),
        *(("damaged", text) for text in found.damage),
    ]
    fields = {
        "path": database,
        "sound": found.sound,
        "tracks": found.tracks,
        "missing": list(found.missing),
        "unreadable": list(found.unreadable),
        "changed": list(found.changed),
        "damage": list(found.damage),
        "elapsed_seconds": time.perf_counter() - began,
    }
    output.item(
        fields,
        lambda: (
            facts([(name, printable(text)) for name, text in troubles])
            if troubles
            else f"{found.tracks} tracks, all there and unchanged."
        ),
    )
    return OK if found.sound else SOME_FAILED


@library.command()
def backup(
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="The file (.gz), or a folder for it.", show_default="backups/ in --home"),
    ] = None,
    json: Json = False,
    home: Home = None,
    workers: Workers = None,
    force: Force = False,
) -> int:
    """Copy the catalogue while it is in use: compressed, and checked by restoring it."""
    from sonicforge_studio.studio.upkeep import back_up

    output = Output(json)
    began = time.perf_counter()
    overwrite = force or (out is not None and not out.is_dir() and may_replace(out, output))
    with studio_session(home) as studio, output.about(str(out or "")):
        with one_bar(output, "Copying the library") as progress:
            made = back_up(studio.library, studio.folders, out, progress, overwrite=overwrite)
        fields = {
            "path": str(made.path),
            "tracks": made.tracks,
            "bytes": made.size_bytes,
            "elapsed_seconds": time.perf_counter() - began,
        }
        output.item(fields, lambda: f"{made.tracks} tracks in {printable(str(made.path))}")
    return output.exit_code


@library.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `library backup` made, or a copy of a library.")],
    json: Json = False,
    home: Home = None,
    workers: Workers = None,
    force: Force = False,
) -> int:
    """Put a backup in the place of the catalogue, which is kept beside it."""
    from sonicforge_studio.studio.upkeep import open_home
    from sonicforge_studio.studio.upkeep import restore as bring_back

    output = Output(json)
    began = time.perf_counter()
    folders = open_home(home)
    with output.about(str(file)):
        with one_bar(output, "Restoring the library") as progress:
            restored = bring_back(file, folders, progress)
        fields = {
            "path": str(restored.path),
            "tracks": restored.tracks,
            "bytes": restored.size_bytes,
            "kept": None if restored.kept is None else str(restored.kept),
            "elapsed_seconds": time.perf_counter() - began,
        }
        output.item(fields, lambda: _told_of(restored.tracks, "are back", restored.kept))
    return output.exit_code


@library.command()
def export(
    out: Annotated[Path, typer.Option("-o", "--out", help="The file, or a folder for it.")],
    words: Narrowing = None,
    format: Annotated[
        str, typer.Option("--format", help="json, csv or m3u8.", show_default="by the file's name, else json")
    ] = "",
    relative: Annotated[
        bool, typer.Option("--relative", help="A playlist names files from where it lies itself.")
    ] = False,
    json: Json = False,
    home: Home = None,
    workers: Workers = None,
    force: Force = False,
) -> int:
    """Write the catalogue, or what a search finds, in an open format."""
    from sonicforge_studio.studio.handing_out import hand_out

    output = Output(json)
    began = time.perf_counter()
    overwrite = force or (not out.is_dir() and may_replace(out, output))
    search = " ".join(words or [])
    with studio_session(home) as studio, output.about(str(out)):
        with one_bar(output, "Writing") as progress:
            made = hand_out(
                studio.library, out, progress, format=format, search=search, relative=relative, overwrite=overwrite
            )
        fields = {
            "path": str(made.path),
            "format": made.format,
            "tracks": made.tracks,
            "bytes": made.size_bytes,
            "left_out": list(made.left_out),
            "warning": made.warning,
            "elapsed_seconds": time.perf_counter() - began,
        }
        output.warn(str(made.path), made.warning)
        output.item(fields, lambda: f"{made.tracks} tracks in {printable(str(made.path))}")
    return output.exit_code


@library.command()
def rebuild(
    paths: Annotated[
        list[str] | None,
        typer.Argument(help="More files, folders or patterns than the library knows.", show_default=False),
    ] = None,
    json: Json = False,
    home: Home = None,
    workers: Workers = None,
    force: Force = False,
) -> int:
    """Make the whole catalogue anew, from the files and the recipes in them; the old one is kept beside it."""
    from sonicforge_studio.studio.rebuilding import rebuild as make_anew
    from sonicforge_studio.studio.upkeep import open_home

    output = Output(json)
    began = time.perf_counter()
    folders = open_home(home)
    with output.about(str(folders.database)):
        with one_bar(output, "Rebuilding the library") as progress:
            rebuilt = make_anew(folders, paths or [], progress, workers=workers, force=force)
        for path, error in rebuilt.failed:
            output.failure(path, error)
        fields = {
            "path": str(rebuilt.path),
            "tracks": rebuilt.tracks,
            "corrections": rebuilt.corrections,
            "failed": len(rebuilt.failed),
            "bytes": rebuilt.size_bytes,
            "kept": None if rebuilt.kept is None else str(rebuilt.kept),
            "elapsed_seconds": time.perf_counter() - began,
        }
        output.item(fields, lambda: _told_of(rebuilt.tracks, "are in the new library", rebuilt.kept))
    return output.exit_code


def _told_of(tracks: int, what: str, kept: Path | None) -> str:
    before = "" if kept is None else f" What was there before is in {printable(str(kept))}."
    return f"{tracks} tracks {what}.{before}"


def _print_tracks(words: str, json: bool, home: Path | None, limit: int | None) -> int:
    output = Output(json)
    began = time.perf_counter()
    with studio_session(home) as studio:
        hits = studio.library.search(words, limit=limit)
        _print_found(output, hits, began)
        if not json:
            output.errors.print(f"{len(hits)} of {studio.library.count()} tracks", style="dim")
    return output.exit_code


def _print_found(output: Output, hits: Sequence[Found], began: float) -> None:
    from sonicforge_studio.studio.report import track_fields

    if not output.as_json:
        output.table(_tracks_table([hit.track for hit in hits]))
        return
    for hit in hits:
        output.item({**track_fields(hit.track, hit.relevance), "elapsed_seconds": time.perf_counter() - began}, str)


def _tracks_table(tracks: list[Track]) -> Table:
    return grid(
        ["Title", "Artist"],
        ["BPM", "Key", "LUFS", "Length"],
        [
            [
                printable(track.title),
                printable(track.artist),
                number(track.analysis.tempo.bpm, 1),
                track.analysis.key.key.camelot if track.analysis.key.key else "–",
                number(track.analysis.loudness.integrated_lufs, 1),
                clock(track.analysis.duration_seconds),
            ]
            for track in tracks
        ],
    )
