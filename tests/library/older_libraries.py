"""Libraries as earlier versions of the studio left them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from sonicforge_studio.domain import Track
from sonicforge_studio.library import Library
from sonicforge_studio.library.migrations import MIGRATIONS, migrate


def an_older_library(database: Path, tracks: Sequence[Track], *, steps: int = 2) -> None:
    """A library with these tracks to which only the first ``steps`` of the migrations were applied."""
    newest = database.with_name("newest.sqlite")
    with Library(newest) as library:
        for track in tracks:
            library.add(track)
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        migrate(Database(connection, execute_plugins=False), MIGRATIONS[:steps])
        connection.execute("ATTACH ? AS newest", (str(newest),))
        for table in ("tracks", "track_data", "track_parents"):
            columns = ", ".join(row[1] for row in connection.execute(f"PRAGMA main.table_info({table})"))
            connection.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM newest.{table}")
        words = "title, artist, prompt, path, genre"
        connection.execute(f"INSERT INTO track_words (rowid, {words}) SELECT rowid, {words} FROM newest.track_words")
        connection.commit()
        connection.execute("DETACH newest")
    newest.unlink()
