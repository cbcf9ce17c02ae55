"""The database's shape, as numbered steps forwards. A step that has been released is never edited: add the next."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlite_utils import Database

from sonicforge_studio.domain.errors import LibraryDamaged, LibraryTooNew
from sonicforge_studio.library.tracks import store_vector

APPLICATION_ID = 0x53464C42
"""SQLite's mark for whose file this is: "SFLB"."""
_NO_LIBRARY = "This database is not a SonicForge library, or is damaged."


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: its number, its name, and what it does inside its own transaction."""

    number: int
    name: str
    apply: Callable[[Database], None]


def _first_tables(database: Database) -> None:
    statements = (
        f"PRAGMA application_id={APPLICATION_ID}",
        # Only what is listed, sorted and filtered: a scan of many rows touches few pages.
        """CREATE TABLE tracks (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            path TEXT NOT NULL UNIQUE,
            title TEXT NOT NULL,
            artist TEXT NOT NULL,
            title_order TEXT NOT NULL,
            artist_order TEXT NOT NULL,
            content_hash TEXT NOT NULL,
            audio_hash TEXT NOT NULL,
            size_bytes INTEGER NOT NULL,
            modified_ns INTEGER NOT NULL,
            added_at TEXT NOT NULL,
            duration_seconds REAL NOT NULL,
            tempo_bpm REAL,
            key TEXT,
            camelot TEXT,
            integrated_lufs REAL,
            true_peak_dbtp REAL,
            genre TEXT,
            verdict_score REAL,
            approved INTEGER
        ) STRICT""",
        """CREATE TABLE track_data (
            track_id INTEGER PRIMARY KEY REFERENCES tracks(id) ON DELETE CASCADE,
            analysis TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            peaks BLOB NOT NULL,
            recipe TEXT,
            verdict TEXT
        ) STRICT""",
        """CREATE TABLE track_parents (
            track_id INTEGER NOT NULL REFERENCES tracks(id) ON DELETE CASCADE,
            parent_hash TEXT NOT NULL,
            PRIMARY KEY (track_id, parent_hash)
        ) STRICT, WITHOUT ROWID""",
        """CREATE VIRTUAL TABLE track_words USING fts5(
            title, artist, prompt, path, genre, tokenize='ascii', prefix='1 2 3'
        )""",
        "CREATE INDEX tracks_content_hash ON tracks(content_hash)",
        "CREATE INDEX tracks_audio_hash ON tracks(audio_hash)",
        "CREATE INDEX tracks_added_at ON tracks(added_at)",
        "CREATE INDEX tracks_title_order ON tracks(title_order)",
        "CREATE INDEX tracks_artist_order ON tracks(artist_order)",
        "CREATE INDEX tracks_tempo_bpm ON tracks(tempo_bpm)",
        "CREATE INDEX tracks_integrated_lufs ON tracks(integrated_lufs)",
        "CREATE INDEX tracks_camelot ON tracks(camelot)",
        "CREATE INDEX track_parents_hash ON track_parents(parent_hash)",
    )
    for statement in statements:
        database.execute(statement)


def _corrections(database: Database) -> None:
    statements = (
        # Of a sound, not of a file; measured: the tempo and the key to go back to, as JSON.
        """CREATE TABLE corrections (
            audio_hash TEXT PRIMARY KEY,
            tempo_bpm REAL,
            key TEXT,
            measured_bpm REAL,
            measured_key TEXT,
            folder TEXT NOT NULL,
            genre TEXT NOT NULL,
            corrected_at TEXT NOT NULL,
            measured TEXT NOT NULL
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX corrections_folder ON corrections(folder)",
        "CREATE INDEX corrections_genre ON corrections(genre)",
    )
    for statement in statements:
        database.execute(statement)


def _vectors(database: Database) -> None:
    statements = (
        # 128 little-endian float32. What an index beside the database is made from.
        """CREATE TABLE track_vectors (
            track_id INTEGER PRIMARY KEY REFERENCES tracks(id) ON DELETE CASCADE,
            vector BLOB NOT NULL
        ) STRICT""",
        # The last change of each, numbered through; those that are gone stay, since no id comes again.
        """CREATE TABLE vector_changes (track_id INTEGER PRIMARY KEY, sequence INTEGER NOT NULL UNIQUE) STRICT""",
        *(
            f"""CREATE TRIGGER track_vectors_{event.lower()} AFTER {event} ON track_vectors BEGIN
                INSERT INTO vector_changes VALUES
                    ({row}.track_id, (SELECT coalesce(max(sequence), 0) + 1 FROM vector_changes))
                ON CONFLICT (track_id) DO UPDATE SET sequence = excluded.sequence;
            END"""
            for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
        ),
    )
    for statement in statements:
        database.execute(statement)
    known = database.execute("SELECT track_id, json_extract(analysis, '$.embedding') FROM track_data")
    for track_id, embedding in known.fetchall():
        store_vector(database, track_id, json.loads(embedding or "[]"))


def _orders_and_measures(database: Database) -> None:
    statements = (
        # Each order that the table of tracks offers. ``key`` is that of the Camelot wheel: 2A before 10A.
        "CREATE INDEX tracks_duration_seconds ON tracks(duration_seconds)",
        "CREATE INDEX tracks_key_order ON tracks(CAST(camelot AS INTEGER), camelot)",
        "CREATE INDEX tracks_genre ON tracks(genre)",
        "CREATE INDEX tracks_verdict_score ON tracks(verdict_score)",
        # Several measures at once are counted without the table. None begins with ``approved``: half of all tracks are,
        # and SQLite would sort them rather than go along an order.
        "CREATE INDEX tracks_tempo_measures ON tracks(tempo_bpm, integrated_lufs, camelot, approved)",
        "CREATE INDEX tracks_camelot_measures ON tracks(camelot, tempo_bpm, integrated_lufs, approved)",
        "CREATE INDEX tracks_lufs_measures ON tracks(integrated_lufs, approved)",
        "DROP INDEX tracks_camelot",
    )
    for statement in statements:
        database.execute(statement)


MIGRATIONS = (
    Migration(1, "first tables", _first_tables),
    Migration(2, "corrections", _corrections),
    Migration(3, "vectors", _vectors),
    Migration(4, "orders and measures", _orders_and_measures),
)


def migrate(
    database: Database,
    migrations: tuple[Migration, ...] = MIGRATIONS,
    *,
    before: Callable[[int], None] = lambda number: None,
) -> None:
    """Apply what has not been applied, each step in one transaction with the note that it was.

    ``before`` is called once, with the number of the first step, while nobody else can write; where it raises, nothing
    is applied. It is not called for a library that never held a track. Two processes may do this at once: the second
    finds the work done. Raises ``LibraryTooNew`` where a later version of the studio has been here, ``LibraryDamaged``
    where the database is somebody else's.
    """
    begun = False
    while (number := _applied(database)) < migrations[-1].number:
        database.execute("BEGIN IMMEDIATE")
        try:
            if _applied(database) == number:
                step = next(step for step in migrations if step.number > number)
                if not begun and _held_tracks(database):
                    before(step.number)
                begun = True
                _apply(database, step)
            database.execute("COMMIT")
        except BaseException:
            database.rollback()
            raise
    if number > migrations[-1].number:
        raise LibraryTooNew()


def check_version(database: Database) -> None:
    """Nothing where this version of the studio can use the library. Raises ``LibraryTooNew`` or ``LibraryDamaged``."""
    number = _applied(database)
    if number == 0:
        raise LibraryDamaged(_NO_LIBRARY)
    if number > MIGRATIONS[-1].number:
        raise LibraryTooNew()


def _apply(database: Database, migration: Migration) -> None:
    database.execute(
        "CREATE TABLE IF NOT EXISTS migrations"
        " (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT"
    )
    migration.apply(database)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    database.execute("INSERT INTO migrations VALUES (?, ?, ?)", (migration.number, migration.name, now))


def _held_tracks(database: Database) -> bool:
    """Whether there ever was a track in it."""
    if "tracks" not in database.table_names():
        return False
    return bool(database.execute("SELECT max(seq) FROM sqlite_sequence WHERE name = 'tracks'").fetchone()[0])


def _applied(database: Database) -> int:
    """The number of the last step applied; 0 in an empty database."""
    tables = database.table_names()
    mark = database.execute("PRAGMA application_id").fetchone()[0]
    if tables and (mark != APPLICATION_ID or "migrations" not in tables):
        raise LibraryDamaged(_NO_LIBRARY)
    if not tables:
        return 0
    number = database.execute("SELECT max(number) FROM migrations").fetchone()[0]
    return int(number or 0)
