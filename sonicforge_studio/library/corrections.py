"""What the user said against measurements, in the library's database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from sonicforge_studio.domain import Correction, Key, KeyEstimate, Tempo, Track, from_plain, to_plain
from sonicforge_studio.domain.errors import LibraryDamaged, UnknownKey
from sonicforge_studio.library._connection import as_text
from sonicforge_studio.library.library import Library
from sonicforge_studio.library.tracks import store_track

_NEAREST = 200
"""So many of the latest corrections of a folder or genre are asked."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A correction, and the measured tempo and key that it stands against; it is empty where these were only learned
    to be otherwise."""

    correction: Correction
    tempo: Tempo
    key: KeyEstimate


class Corrections:
    """One correction for each sound. Changes go through the library's writer, each in one transaction."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def of(self, audio_hash: str) -> Kept | None:
        """The user's correction of this sound. Raises ``LibraryDamaged``."""
        rows = self._library.read("SELECT * FROM corrections WHERE audio_hash = ?", (audio_hash,))
        return kept_from(rows[0]) if rows else None

    def near(self, folder: str, genre: str) -> list[Correction]:
        """The latest corrections in this folder or of this genre ("" is none), the newest first."""
        rows = self._library.read(
            "SELECT * FROM corrections WHERE (folder = CAST(? AS TEXT) OR (genre = CAST(? AS TEXT) AND genre <> ''))"
            " AND (tempo_bpm IS NOT NULL OR key IS NOT NULL) ORDER BY corrected_at DESC LIMIT ?",
            (as_text(folder), as_text(genre), _NEAREST),
        )
        return [kept_from(row).correction for row in rows]

    def keep(self, kept: Kept, tracks: Sequence[Track] = ()) -> None:
        """Store a correction in place of an earlier one, together with the tracks that it changes."""

        def change(database: Database) -> None:
            _store(database, kept)
            for track in tracks:
                store_track(database, track)

        self._library.submit(change).result()

    def keep_all(self, all_kept: Iterable[Kept]) -> None:
        """Store many corrections, each in place of an earlier one."""

        def change(database: Database) -> None:
            for kept in all_kept:
                _store(database, kept)

        self._library.submit(change).result()

    def forget(self, audio_hash: str, tracks: Sequence[Track] = ()) -> None:
        """Take a correction back, together with the tracks that it had changed."""

        def change(database: Database) -> None:
            database.conn.execute("DELETE FROM corrections WHERE audio_hash = ?", (audio_hash,))
            for track in tracks:
                store_track(database, track)

        self._library.submit(change).result()


def _store(database: Database, kept: Kept) -> None:
    correction = kept.correction
    measured = {"tempo": to_plain(kept.tempo), "key": to_plain(kept.key)}
    database.conn.execute(
        "INSERT OR REPLACE INTO corrections VALUES (?, ?, ?, ?, ?, CAST(? AS TEXT), CAST(? AS TEXT), ?, ?)",
        (
            correction.audio_hash,
            correction.tempo_bpm,
            None if correction.key is None else str(correction.key),
            correction.measured_bpm,
            None if correction.measured_key is None else str(correction.measured_key),
            as_text(correction.folder),
            as_text(correction.genre),
            correction.corrected_at,
            json.dumps(measured, allow_nan=False, separators=(",", ":")),
        ),
    )


def kept_from(row: sqlite3.Row) -> Kept:
    """A correction from its row. Raises ``LibraryDamaged``."""
    try:
        measured = json.loads(row["measured"])
        correction = Correction(
            audio_hash=row["audio_hash"],
            tempo_bpm=row["tempo_bpm"],
            key=None if row["key"] is None else Key.parse(row["key"]),
            measured_bpm=row["measured_bpm"],
            measured_key=None if row["measured_key"] is None else Key.parse(row["measured_key"]),
            folder=row["folder"],
            genre=row["genre"],
            corrected_at=row["corrected_at"],
        )
        return Kept(correction, from_plain(Tempo, measured["tempo"]), from_plain(KeyEstimate, measured["key"]))
    except (ValueError, TypeError, KeyError, AttributeError, UnknownKey) as error:
        raise LibraryDamaged() from error
