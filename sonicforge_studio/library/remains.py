"""What can still be read of a library, damaged or not, to make another one of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from types import UnionType

from sqlite_utils import Database

from sonicforge_studio.domain.errors import LibraryDamaged
from sonicforge_studio.library.corrections import Corrections, Kept, kept_from
from sonicforge_studio.library.library import Library

_CORRECTION: dict[str, type | UnionType] = {
    "audio_hash": str,
    "tempo_bpm": float | None,
    "measured_bpm": float | None,
    "folder": str,
    "genre": str,
    "corrected_at": str,
}
"""What a damaged row may have otherwise."""


@dataclass(frozen=True, slots=True)
class Remains:
    """What only the database knows: which files, since when, and what the user said of their sounds."""

    added_at: dict[str, str] = field(default_factory=dict)
    """Paths, each with its time of adding, "" where that is lost; in the order of adding."""
    corrections: tuple[Kept, ...] = ()
    greatest_id: int = 0


def read_remains(connection: sqlite3.Connection) -> Remains:
    """As far as it can be read: a row that is damaged is left out. Nothing is written."""
    connection.text_factory = _text
    connection.row_factory = sqlite3.Row
    added_at: dict[str, str] = {}
    greatest = 0
    for row in _rows(connection, "SELECT id, path, added_at FROM tracks NOT INDEXED ORDER BY id"):
        greatest = max(greatest, row["id"])
        if isinstance(row["path"], str):
            added_at[row["path"]] = row["added_at"] or ""
    # The index has the paths a second time, in other pages of the file.
    for row in _rows(connection, "SELECT path FROM tracks INDEXED BY sqlite_autoindex_tracks_1 ORDER BY path"):
        if isinstance(row["path"], str):
            added_at.setdefault(row["path"], "")
    for row in _rows(connection, "SELECT seq FROM sqlite_sequence WHERE name = 'tracks'"):
        greatest = max(greatest, row["seq"] or 0)
    corrections = []
    for row in _rows(connection, "SELECT * FROM corrections"):
        with suppress(LibraryDamaged):
            if all(isinstance(row[name], kind) for name, kind in _CORRECTION.items()):
                corrections.append(kept_from(row))
    return Remains(added_at, tuple(corrections), greatest)


def carry_over(remains: Remains, library: Library) -> None:
    """Put the corrections into a new library, whose tracks get numbers that none of the old one's had."""
    Corrections(library).keep_all(remains.corrections)

    def change(database: Database) -> None:
        database.execute("INSERT INTO sqlite_sequence VALUES ('tracks', ?)", (remains.greatest_id,))

    library.submit(change).result()


def _rows(connection: sqlite3.Connection, sql: str) -> Iterator[sqlite3.Row]:
    """The rows up to the first that cannot be read."""
    with suppress(sqlite3.Error):
        yield from connection.execute(sql)


def _text(raw: bytes) -> str | None:
    try:
        return raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None
