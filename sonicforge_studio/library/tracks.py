"""Tracks as rows of the database, and back."""

from __future__ import annotations

import json
import math
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import numpy as np
from sqlite_utils import Database

from sonicforge_studio.domain import Analysis, Key, Recipe, Track, Verdict, from_plain, to_plain
from sonicforge_studio.domain.errors import LibraryDamaged, UnknownKey
from sonicforge_studio.library._connection import as_text
from sonicforge_studio.library._words import fold

T = TypeVar("T")

_FOLDERS_SEARCHED = 2
"""A file is found by its name and the folders right above it; all share what stands further up."""

_COLUMNS = (
    "path", "title", "artist", "title_order", "artist_order", "content_hash", "audio_hash", "size_bytes",
    "modified_ns", "added_at", "duration_seconds", "tempo_bpm", "key", "camelot", "integrated_lufs",
    "true_peak_dbtp", "genre", "verdict_score", "approved",
)  # fmt: skip
_FREE_TEXT = ("path", "title", "artist", "title_order", "artist_order", "genre")
_UPSERT = (
    f"INSERT INTO tracks ({', '.join(_COLUMNS)})"
    f" VALUES ({', '.join(f'CAST(:{name} AS TEXT)' if name in _FREE_TEXT else f':{name}' for name in _COLUMNS)})"
    " ON CONFLICT (path) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name not in ("path", "added_at"))
    + " RETURNING id, added_at"
)


@dataclass(frozen=True, slots=True)
class TrackRow:
    """What a table shows of a track; cheap to read, however many there are.

    Loudness is −inf where there is no reading; ``relevance`` is 0..1, of the search that found it.
    """

    id: int
    path: str
    title: str
    artist: str
    added_at: str
    duration_seconds: float
    tempo_bpm: float | None
    key: Key | None
    integrated_lufs: float
    true_peak_dbtp: float
    genre: str
    verdict_score: float | None
    approved: bool | None
    relevance: float = 1.0


def store_track(database: Database, track: Track) -> Track:
    """Insert, or replace what is known of the file at this path, whose id and time of adding stay."""
    added_at = track.added_at or datetime.now(UTC).isoformat(timespec="seconds")
    columns = _columns(replace(track, added_at=added_at))
    track_id, added_at = database.conn.execute(_UPSERT, columns).fetchone()
    database.conn.execute(
        "INSERT OR REPLACE INTO track_data (track_id, analysis, fingerprint, peaks, recipe, verdict)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (track_id, _json(track.analysis), track.fingerprint, track.peaks, _json(track.recipe), _json(track.verdict)),
    )
    store_vector(database, track_id, track.analysis.embedding)
    _store_parents(database, track_id, track.recipe)
    _store_words(database, track_id, track)
    return replace(track, id=track_id, added_at=added_at)


def store_vector(database: Database, track_id: int, embedding: Sequence[float]) -> None:
    """What the track sounds like, 128 numbers or none; where it is as it was, nothing changes."""
    if not embedding:
        database.conn.execute("DELETE FROM track_vectors WHERE track_id = ?", (track_id,))
        return
    database.conn.execute(
        "INSERT INTO track_vectors VALUES (?, ?) ON CONFLICT (track_id) DO UPDATE SET vector = excluded.vector"
        " WHERE vector <> excluded.vector",
        (track_id, np.array(embedding, "<f4").tobytes()),
    )


def move_track(database: Database, track: Track) -> None:
    """Put a track whose ``path`` has changed under its new path."""
    database.conn.execute("UPDATE tracks SET path = CAST(? AS TEXT) WHERE id = ?", (as_text(track.path), track.id))
    _store_words(database, track.id, track)


def remove_track(database: Database, track_id: int) -> bool:
    """Forget a track; False where there is none of this id. The file stays where it is."""
    database.conn.execute("DELETE FROM track_words WHERE rowid = ?", (track_id,))
    return database.conn.execute("DELETE FROM tracks WHERE id = ?", (track_id,)).rowcount > 0


def track_from(row: sqlite3.Row) -> Track:
    """A track from ``tracks`` joined with ``track_data``. Raises ``LibraryDamaged``."""
    analysis = _revived(Analysis, row["analysis"])
    if analysis is None:
        raise LibraryDamaged()
    return Track(
        id=row["id"],
        path=row["path"],
        title=row["title"],
        artist=row["artist"],
        size_bytes=row["size_bytes"],
        modified_ns=row["modified_ns"],
        added_at=row["added_at"],
        analysis=analysis,
        fingerprint=row["fingerprint"],
        peaks=row["peaks"],
        recipe=_revived(Recipe, row["recipe"]),
        verdict=_revived(Verdict, row["verdict"]),
    )


def row_from(row: sqlite3.Row, relevance: float) -> TrackRow:
    """A table's row from ``tracks``. Raises ``LibraryDamaged``."""
    try:
        key = None if row["key"] is None else Key.parse(row["key"])
    except UnknownKey as error:
        raise LibraryDamaged() from error
    return TrackRow(
        id=row["id"],
        path=row["path"],
        title=row["title"],
        artist=row["artist"],
        added_at=row["added_at"],
        duration_seconds=row["duration_seconds"],
        tempo_bpm=row["tempo_bpm"],
        key=key,
        integrated_lufs=_level(row["integrated_lufs"]),
        true_peak_dbtp=_level(row["true_peak_dbtp"]),
        genre=row["genre"] or "",
        verdict_score=row["verdict_score"],
        approved=None if row["approved"] is None else bool(row["approved"]),
        relevance=relevance,
    )


def _columns(track: Track) -> dict[str, Any]:
    analysis = track.analysis
    key = analysis.key.key
    return {
        "path": as_text(track.path),
        "title": as_text(track.title),
        "artist": as_text(track.artist),
        "title_order": as_text(fold(track.title)),
        "artist_order": as_text(fold(track.artist)),
        "content_hash": analysis.content_hash,
        "audio_hash": analysis.audio_hash,
        "size_bytes": track.size_bytes,
        "modified_ns": track.modified_ns,
        "added_at": track.added_at,
        "duration_seconds": _finite(analysis.duration_seconds) or 0.0,
        "tempo_bpm": _finite(analysis.tempo.bpm),
        "key": None if key is None else str(key),
        "camelot": None if key is None else key.camelot,
        "integrated_lufs": _finite(analysis.loudness.integrated_lufs),
        "true_peak_dbtp": _finite(analysis.loudness.true_peak_dbtp),
        "genre": as_text(_genre(track)) or None,
        "verdict_score": None if track.verdict is None else _finite(track.verdict.score),
        "approved": None if track.verdict is None else int(track.verdict.approved),
    }


def _genre(track: Track) -> str:
    """The genre it was made in; what was not made here has none."""
    return track.recipe.genre if track.recipe else ""


def _store_parents(database: Database, track_id: int, recipe: Recipe | None) -> None:
    database.conn.execute("DELETE FROM track_parents WHERE track_id = ?", (track_id,))
    database.conn.executemany(
        "INSERT OR IGNORE INTO track_parents VALUES (?, ?)",
        [(track_id, parent) for parent in (recipe.parents if recipe else ())],
    )


def _store_words(database: Database, track_id: int, track: Track) -> None:
    recipe = track.recipe
    near = re.split(r"[/\\]", track.path)[-1 - _FOLDERS_SEARCHED :]
    words = (
        track.title,
        track.artist,
        recipe.prompt if recipe else "",
        " ".join(near),
        _genre(track),
    )
    database.conn.execute("DELETE FROM track_words WHERE rowid = ?", (track_id,))
    database.conn.execute(
        "INSERT INTO track_words (rowid, title, artist, prompt, path, genre) VALUES (?, ?, ?, ?, ?, ?)",
        (track_id, *map(fold, words)),
    )


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(to_plain(value), allow_nan=False, separators=(",", ":"))


def _revived(kind: type[T], text: str | None) -> T | None:
    if text is None:
        return None
    try:
        return from_plain(kind, json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError, UnknownKey) as error:
        raise LibraryDamaged() from error


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _level(value: float | None) -> float:
    return -math.inf if value is None else value
