"""The catalogue in open formats: JSON with everything, a table for spreadsheets, a playlist."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from sonicforge_studio.audio import free_name
from sonicforge_studio.domain import Progress, Track, to_plain
from sonicforge_studio.domain.errors import BadSetting, LibraryDamaged, OutputExists, UnknownFormat
from sonicforge_studio.host.writing import beside, make_folder, publish
from sonicforge_studio.library import Library, TrackRow
from sonicforge_studio.studio.report import track_fields

LIST_FORMATS = ("json", "csv", "m3u8")

_COLUMNS = (
    "title", "artist", "genre", "duration_seconds", "tempo_bpm", "tempo_confidence", "beats_per_bar", "key", "camelot",
    "open_key", "key_confidence", "tuning_cents", "integrated_lufs", "loudness_range_lu", "momentary_max_lufs",
    "short_term_max_lufs", "true_peak_dbtp", "sample_peak_dbfs", "verdict_score", "approved", "prompt", "engine",
    "seed", "licence", "codec", "sample_rate_hz", "channels", "corrected", "warning", "added_at", "path", "id",
    "content_hash", "audio_hash",
)  # fmt: skip
_FORMULA = re.compile(r"((?:^|[;\t\r\n])\s*)([=+\-@＝＋－＠])")
"""Where a spreadsheet would take text for something to work out. One that splits at semicolons, as it does in countries
with a decimal comma, begins a new cell after one, and a new row after a line break."""

Write = Callable[[TrackRow], bool]
"""Adds a track to a list; False where the list cannot hold it. Raises ``LibraryDamaged`` where it cannot be read."""


@dataclass(frozen=True, slots=True)
class HandedOut:
    """A list of tracks that was written."""

    path: Path
    format: str
    tracks: int
    size_bytes: int
    left_out: tuple[str, ...]
    """Paths of the tracks that are not in it."""
    warning: str | None
    """Why not."""


def hand_out(
    library: Library,
    out: Path,
    progress: Progress,
    *,
    format: str = "",
    search: str = "",
    relative: bool = False,
    overwrite: bool = False,
) -> HandedOut:
    """Write what the search finds, or all there is, the best fit and then the newest first.

    ``out`` is a file, whose suffix tells the format, or a folder (made where missing). With ``relative`` a playlist
    names files from where it lies itself. Raises ``UnknownFormat``, ``BadSetting`` where suffix and format contradict
    each other, ``OutputExists``, ``DiskFull``, ``OutputNotWritable``, the library's errors and ``Cancelled``; then no
    file is left.
    """
    format, to = _place(out, format)
    if to.exists() and not overwrite:
        raise OutputExists(f'There is already a file named "{to.name}".')
    make_folder(to.parent)
    writers: dict[str, Callable[[TextIO], AbstractContextManager[Write]]] = {
        "json": partial(_as_json, library, search),
        "csv": partial(_as_csv, library),
        "m3u8": partial(_as_playlist, to, relative),
    }
    rows = library.rows(search=search, order="relevance")
    written = 0
    unreadable: list[str] = []
    unnameable: list[str] = []
    with beside(to) as part:
        with (
            # A name that is no text, as some drives hold it, must not end the list.
            os.fdopen(
                part.descriptor, "w", encoding="utf-8", errors="backslashreplace", newline="", closefd=False
            ) as file,
            writers[format](file) as write,
        ):
            for index, row in enumerate(rows):
                progress.step(index, len(rows), row.title)
                try:
                    if write(row):
                        written += 1
                    else:
                        unnameable.append(row.path)
                except LibraryDamaged:
                    unreadable.append(row.path)
        progress.step(len(rows), len(rows))
        size_bytes = part.path.stat().st_size
        publish(part, to, overwrite=overwrite)
    return HandedOut(
        to, format, written, size_bytes, (*unreadable, *unnameable), _warning(len(unreadable), len(unnameable))
    )


def _place(out: Path, format: str) -> tuple[str, Path]:
    """The format and the file."""
    format = format.lower()
    if format and format not in LIST_FORMATS:
        raise _no_such_format()
    if out.is_dir() or not out.suffix:
        format = format or LIST_FORMATS[0]
        return format, free_name(out / f"library.{format}")
    suffix = out.suffix[1:].lower()
    if suffix not in LIST_FORMATS:
        raise _no_such_format()
    if format and format != suffix:
        raise BadSetting(
            f'"{out.name}" and the format {format} contradict each other.', hint="Give one of them, or make them agree."
        )
    return suffix, out


def _no_such_format() -> UnknownFormat:
    return UnknownFormat("The library is not written in this format.", hint=f"Use {', '.join(LIST_FORMATS)}.")


def _warning(unreadable: int, unnameable: int) -> str | None:
    warnings = []
    if unreadable:
        warnings.append(f"{unreadable} left out: the library cannot read what it knows of them.")
    if unnameable:
        warnings.append(f"{unnameable} left out: a playlist cannot hold their names.")
    return " ".join(warnings) or None


@contextmanager
def _as_json(library: Library, search: str, file: TextIO) -> Iterator[Write]:
    """One document, a track a line."""
    head = {"kind": "sonicforge library", "version": 1, "exported_at": _now(), "search": search or None}
    file.write(json.dumps(head)[:-1] + ', "tracks": [')
    separator = "\n"

    def write(row: TrackRow) -> bool:
        nonlocal separator
        file.write(separator + json.dumps(_everything(_whole(library, row), row.relevance), allow_nan=False))
        separator = ",\n"
        return True

    yield write
    file.write("\n]}\n")


def _whole(library: Library, row: TrackRow) -> Track:
    track = library.track(row.id)
    if track is None:
        raise LibraryDamaged  # or it was removed just now
    return track


def _everything(track: Track, relevance: float) -> dict[str, Any]:
    return {
        **track_fields(track, relevance),
        "size_bytes": track.size_bytes,
        "modified_ns": track.modified_ns,
        "fingerprint": track.fingerprint,
        "recipe": to_plain(track.recipe),
        "verdict": to_plain(track.verdict),
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@contextmanager
def _as_csv(library: Library, file: TextIO) -> Iterator[Write]:
    # Without this mark Excel takes UTF-8 for the letters of the country, and every name with an accent is lost.
    file.write("\ufeff")
    table = csv.writer(file)
    table.writerow(_COLUMNS)

    def write(row: TrackRow) -> bool:
        track = _whole(library, row)
        recipe, verdict = track.recipe, track.verdict
        fields = {
            **track_fields(track),
            "prompt": recipe and recipe.prompt,
            "engine": recipe and recipe.engine,
            "seed": recipe and recipe.seed,
            "licence": recipe and recipe.licence,
            "verdict_score": verdict and verdict.score,
            "approved": verdict and verdict.approved,
        }
        table.writerow([_cell(fields[name]) for name in _COLUMNS])
        return True

    yield write


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        value = " ".join(map(str, value))
    if isinstance(value, str):
        return _FORMULA.sub(r"\1'\2", value)
    return to_plain(value)


@contextmanager
def _as_playlist(to: Path, relative: bool, file: TextIO) -> Iterator[Write]:
    file.write("#EXTM3U\n")

    def write(row: TrackRow) -> bool:
        entry = _entry(row.path, to.parent if relative else None)
        if entry is None:
            return False
        name = " - ".join(part for part in (row.artist, row.title) if part)
        file.write(f"#EXTINF:{round(row.duration_seconds)},{' '.join(name.split())}\n{entry}\n")
        return True

    yield write


def _entry(path: str, folder: Path | None) -> str | None:
    """A file's line in a playlist; None for a name that would be another one there, or none."""
    if path.splitlines() != [path] or path != path.rstrip() or not _is_text(path):
        return None
    if folder is not None:
        try:
            path = os.path.relpath(path, folder)
        except ValueError:
            return path  # another drive
    # As it is, it would be a comment, or lose its space.
    return path if path[0] != "#" and not path[0].isspace() else os.path.join(os.curdir, path)  # noqa: PTH118


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
