"""The library: what is known of every catalogued file."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlite_utils import Database

from sonicforge_studio.domain import Progress, Track
from sonicforge_studio.domain.errors import BadSetting, LibraryError, OutputExists
from sonicforge_studio.host.writing import beside, make_folder, publish
from sonicforge_studio.library._connection import Readers, as_text, open_writer, plain_failures
from sonicforge_studio.library.copies import copy_database, keep_before
from sonicforge_studio.library.migrations import migrate
from sonicforge_studio.library.query import Query, parse_query
from sonicforge_studio.library.tracks import (
    TrackRow,
    move_track,
    remove_track,
    row_from,
    store_track,
    track_from,
)

log = logging.getLogger(__name__)

T = TypeVar("T")

Order = Literal[
    "added_at", "title", "artist", "duration_seconds", "tempo_bpm", "key", "integrated_lufs", "true_peak_dbtp",
    "genre", "verdict_score", "path", "relevance",
]  # fmt: skip

_BUSY_SECONDS = 5.0
_FINGERPRINTS_AT_ONCE = 500

_ORDERS: dict[str, tuple[str, ...]] = {
    "added_at": ("added_at",),
    "title": ("title_order",),
    "artist": ("artist_order", "title_order"),
    "duration_seconds": ("duration_seconds",),
    "tempo_bpm": ("tempo_bpm",),
    "key": ("CAST(camelot AS INTEGER)", "camelot"),
    "integrated_lufs": ("integrated_lufs",),
    "true_peak_dbtp": ("true_peak_dbtp",),
    "genre": ("genre",),
    "verdict_score": ("verdict_score",),
    "path": ("path",),
    "relevance": ("relevance", "added_at"),
}
_MAY_BE_MISSING = (
    "tempo_bpm", "CAST(camelot AS INTEGER)", "integrated_lufs", "true_peak_dbtp", "genre", "verdict_score",
)  # fmt: skip
"""To say of any other where what is missing comes keeps SQLite from its index."""

_WHOLE = "tracks JOIN track_data ON track_data.track_id = tracks.id"
# Title and artist tell most of what a track is, its place on the disk least.
_FOUND = (
    "WITH found AS MATERIALIZED (SELECT rowid AS id, -bm25(track_words, 10.0, 8.0, 3.0, 1.0, 4.0) AS strength"
    " FROM track_words WHERE track_words MATCH ?)"
)
_NEAR = (
    "WITH near AS MATERIALIZED (SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS cosine"
    " FROM json_each(?)) SELECT tracks.id, min(1.0, max(0.0, cosine)) AS relevance FROM tracks JOIN near USING (id)"
)
_MOST_ALIKE = 500
"""What sounds less like a track than so many others does not sound like it."""

Nearest = Callable[[int, int, "NDArray[np.int64] | None"], list[tuple[int, float]]]
"""Of a track's id, how many are wanted, and which may be found (all where None): ids, and how alike, 1 for the same."""

_RELEVANCE = "min(1.0, max(0.0, coalesce(strength / (SELECT max(strength) FROM found), 1.0))) AS relevance"
_THESE = "tracks.id IN (SELECT value FROM json_each(?))"


class Found(NamedTuple):
    """A track and how well it fits the words of a search: 0..1, 1 for the best fit."""

    track: Track
    relevance: float


class Library:
    """The catalogue in one SQLite file. Use it as a context manager, or ``close`` it.

    One thread writes, each change in one transaction, in the order of ``submit``; what was committed survives the
    process being killed. Reading may be done from any thread, sees what is committed, and never waits for the writer.
    Two processes may hold one library: their changes take turns, and ``LibraryBusy`` is raised where the other does
    not let go for ``busy_seconds``.

    ``on_change`` is called on the writer's thread after each change by this process that changed something and before
    its future is done; it must be quick and must not wait for the library.

    An older library is brought up to date when it is opened, and copied beside itself before that.

    Raises ``LibraryTooNew``, ``LibraryDamaged``, ``LibraryBusy`` or another ``LibraryError``, ``DiskFull``,
    ``OutputNotWritable``.
    """

    def __init__(
        self, database: Path, *, on_change: Callable[[], None] | None = None, busy_seconds: float = _BUSY_SECONDS
    ) -> None:
        self._on_change = on_change
        with plain_failures():
            make_folder(database.parent)
            connection = open_writer(database, busy_seconds)
            try:
                self._database = Database(connection, execute_plugins=False)
                migrate(self._database, before=partial(keep_before, database))
            except BaseException:
                connection.close()
                raise
        self._readers = Readers(database, busy_seconds)
        self._nearest: Nearest | None = None
        self._writer_thread: int | None = None
        self._writer = ThreadPoolExecutor(1, "library-writer", initializer=self._remember_writer)

    def ask_for_sound(self, nearest: Nearest) -> None:
        """Have ``like:ID`` in searches answered by this; before, nothing sounds like anything."""
        self._nearest = nearest

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Finish the changes that were submitted, then let go of the file."""
        self._writer.shutdown(wait=True)
        self._readers.close()
        self._database.close()

    # Changes

    def submit(self, change: Callable[[Database], T]) -> Future[T]:
        """Have the writer run ``change(database)`` in one transaction; the future holds what it returned or raised.

        A change that raises leaves nothing behind. It must not commit by itself, and nothing on the writer's thread
        may wait for a later change. Raises ``LibraryError`` where the library is closed.
        """
        try:
            return self._writer.submit(self._transact, change)
        except RuntimeError as error:
            raise LibraryError("The library is closed.", hint="Open it again.") from error

    def add(self, track: Track) -> Track:
        """Catalogue a file, or replace what is known of the one at this path; returns it with the id it has.

        A path that is known keeps its id and the time it was added. An empty ``added_at`` becomes now.
        """
        return self._wait_for(lambda database: store_track(database, track))

    def remove(self, ids: Collection[int]) -> int:
        """Forget these tracks, and return how many there were. The files stay where they are."""
        wanted = tuple(ids)
        return self._wait_for(lambda database: sum(remove_track(database, track_id) for track_id in wanted))

    def move(self, track_id: int, path: str) -> Track:
        """Note that a file has another path now.

        Raises ``LibraryError`` where there is no such track or another one stands under this path.
        """
        moved = replace(self._known(track_id), path=path)

        def change(database: Database) -> None:
            try:
                move_track(database, moved)
            except sqlite3.IntegrityError as error:
                raise LibraryError(
                    "Another track of the library already has this path.", hint="Remove that one first."
                ) from error

        self._wait_for(change)
        return moved

    # Reading

    def tracks(
        self,
        *,
        search: str = "",
        order: Order = "added_at",
        descending: bool = True,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Track]:
        """Whole tracks that the search finds (see ``query``), sorted; what has no value comes last.

        Raises ``BadSetting`` for an order that there is not.
        """
        return [track_from(row) for row, _ in self._listing(_WHOLE, search, order, descending, limit, offset)]

    def rows(
        self,
        *,
        search: str = "",
        order: Order = "added_at",
        descending: bool = True,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[TrackRow]:
        """As ``tracks``, but only what a table shows: much cheaper."""
        found = self._listing("tracks", search, order, descending, limit, offset)
        return [row_from(row, relevance) for row, relevance in found]

    def search(self, text: str, *, limit: int | None = None, offset: int = 0) -> list[Found]:
        """Whole tracks that the search finds, the best fit first, the newest first where they fit alike."""
        found = self._listing(_WHOLE, text, "relevance", True, limit, offset)
        return [Found(track_from(row), relevance) for row, relevance in found]

    def count(self, search: str = "") -> int:
        """How many tracks the search finds."""
        query = parse_query(search)
        if query.like is not None:
            return len(self._alike(query))
        where, values = _where(query)
        rows = self.read(f"SELECT count(*) FROM tracks WHERE {where}", values)
        return int(rows[0][0])

    def ids(self, search: str) -> NDArray[np.int64]:
        """The tracks that the search finds, by their ids, in no order."""
        query = parse_query(search)
        if query.like is not None:
            return np.array([track_id for track_id, _ in self._alike(query)], np.int64)
        return self._ids(query)

    def track(self, track_id: int) -> Track | None:
        return self._one("tracks.id = ?", track_id)

    def by_path(self, path: str) -> Track | None:
        return self._one("path = CAST(? AS TEXT)", as_text(path))

    def unchanged(self, path: str, size_bytes: int, modified_ns: int) -> Track | None:
        """The track of this path where size and time of change are those it was measured with; else None."""
        return self._one(
            "path = CAST(? AS TEXT) AND size_bytes = ? AND modified_ns = ?", as_text(path), size_bytes, modified_ns
        )

    def by_content_hash(self, content_hash: str) -> list[Track]:
        """Every file with these very bytes, the first one added first."""
        return self._several("content_hash = ?", content_hash)

    def by_audio_hash(self, audio_hash: str) -> list[Track]:
        """Every file that decodes to this very sound, the first one added first."""
        return self._several("audio_hash = ?", audio_hash)

    def made_from(self, audio_hash: str) -> list[Track]:
        """Masters and other works whose recipe names the sound with this hash as a parent."""
        return self._several("tracks.id IN (SELECT track_id FROM track_parents WHERE parent_hash = ?)", audio_hash)

    def fingerprints(self) -> Iterator[tuple[int, str, str, float]]:
        """(id, path, fingerprint, length in seconds) of every track that has one, by id; memory stays flat."""
        last = 0
        while True:
            rows = self.read(
                "SELECT id, path, fingerprint, duration_seconds FROM tracks JOIN track_data ON track_id = id"
                " WHERE id > ? AND fingerprint <> '' ORDER BY id LIMIT ?",
                (last, _FINGERPRINTS_AT_ONCE),
            )
            for row in rows:
                yield row["id"], row["path"], row["fingerprint"], row["duration_seconds"]
            if len(rows) < _FINGERPRINTS_AT_ONCE:
                return
            last = rows[-1]["id"]

    def read(self, sql: str, values: Collection[str | bytes | float] = ()) -> list[sqlite3.Row]:
        """What a question in SQL finds among what is committed; for the room's other stores."""
        with self._readers.connection() as connection:
            return connection.execute(sql, tuple(values)).fetchall()

    # The file itself

    def backup(self, to: Path, progress: Progress | None = None) -> None:
        """Copy the library as it is now into one file, checked, while everything goes on.

        Raises ``OutputExists``, ``OutputNotWritable``, ``DiskFull``, ``LibraryError`` or ``Cancelled``; then no file is
        left.
        """
        if to.exists():
            raise OutputExists()
        with beside(to) as part:
            self.copy_into(part.path, progress)
            publish(part, to, overwrite=False)

    def copy_into(self, file: Path, progress: Progress | None = None) -> None:
        """As ``backup``, into a file that is there and empty. Raises the library's errors and ``Cancelled``."""
        with self._readers.connection() as connection:
            copy_database(connection, file, progress)

    def damage(self) -> list[str]:
        """What SQLite finds wrong with the database, in its words; empty where it is sound. Reads all of it."""
        findings = [str(row[0]) for row in self.read("PRAGMA integrity_check(100)", ())]
        findings += [f"row {row[1]} of {row[0]} has lost its {row[2]}" for row in self.read("PRAGMA foreign_key_check")]
        return [finding for finding in findings if finding != "ok"]

    # How

    def _remember_writer(self) -> None:
        self._writer_thread = threading.get_ident()

    def _transact(self, change: Callable[[Database], T]) -> T:
        connection = self._database.conn
        with plain_failures():
            changes_before = connection.total_changes
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = change(self._database)
                if not connection.in_transaction:
                    raise RuntimeError("a change leaves committing to the library")
                connection.execute("COMMIT")
            except BaseException:
                self._database.rollback()
                raise
        if self._on_change is not None and connection.total_changes != changes_before:
            try:
                self._on_change()
            except Exception:
                log.exception("what listens for changes of the library failed")
        return result

    def _wait_for(self, change: Callable[[Database], T]) -> T:
        if threading.get_ident() == self._writer_thread:
            raise RuntimeError("the library's writer cannot wait for itself: use submit")
        return self.submit(change).result()

    def _ids(self, query: Query) -> NDArray[np.int64]:
        where, values = _where(query)
        return np.array([row[0] for row in self.read(f"SELECT id FROM tracks WHERE {where}", values)], np.int64)

    def _alike(self, query: Query) -> list[tuple[int, float]]:
        """What sounds like the track that the search names, among what else it asks for."""
        if self._nearest is None or query.like is None:
            return []
        return self._nearest(query.like, _MOST_ALIKE, self._ids(query) if query.narrows else None)

    def _several(self, where: str, *values: str | bytes | float) -> list[Track]:
        return [track_from(row) for row in self.read(f"SELECT * FROM {_WHOLE} WHERE {where} ORDER BY id", values)]

    def _one(self, where: str, *values: str | bytes | float) -> Track | None:
        return next(iter(self._several(where, *values)), None)

    def _known(self, track_id: int) -> Track:
        track = self.track(track_id)
        if track is None:
            raise LibraryError("The library has no such track.", hint="It may have been removed meanwhile.")
        return track

    def _listing(
        self, tables: str, search: str, order: str, descending: bool, limit: int | None, offset: int
    ) -> list[tuple[sqlite3.Row, float]]:
        """Rows of ``tables`` with their relevance."""
        if order not in _ORDERS:
            raise BadSetting(f'Tracks cannot be sorted by "{order}".', hint=f"Use one of: {', '.join(_ORDERS)}.")
        query = parse_query(search)
        where, values = " AND ".join(condition.sql for condition in query.conditions) or "1", _values(query)
        columns = _ORDERS[order]
        if query.like is not None:
            start = _NEAR
            where, values = "1", [json.dumps(self._alike(query))]
        elif query.words:
            start = f"{_FOUND} SELECT tracks.id, {_RELEVANCE} FROM tracks JOIN found USING (id)"
            values.insert(0, query.words)
        else:
            start = "SELECT tracks.id, 1.0 AS relevance FROM tracks"
            columns = tuple(column for column in columns if column != "relevance")
        which = f"{start} WHERE {where} ORDER BY {_sorting(columns, descending)} LIMIT ? OFFSET ?"
        values += [-1 if limit is None else max(0, limit), max(0, offset)]
        # First which ones, by their numbers: sorted and skipped, whole rows would be read for nothing.
        with self._readers.connection() as connection:
            connection.execute("BEGIN")
            page = connection.execute(which, values).fetchall()
            these = json.dumps([row["id"] for row in page])
            rows = {row["id"]: row for row in connection.execute(f"SELECT * FROM {tables} WHERE {_THESE}", (these,))}
            connection.execute("COMMIT")
        return [(rows[row["id"]], row["relevance"]) for row in page if row["id"] in rows]


def _sorting(columns: Sequence[str], descending: bool) -> str:
    direction = "DESC" if descending else "ASC"
    terms = [f"{column} {direction}{' NULLS LAST' * (column in _MAY_BE_MISSING)}" for column in columns]
    return ", ".join([*terms, f"tracks.id {direction}"])


def _values(query: Query) -> list[str | float]:
    return [value for condition in query.conditions for value in condition.values]


def _where(query: Query) -> tuple[str, list[str | float]]:
    """A WHERE clause over ``tracks``, and what its question marks stand for."""
    where = [condition.sql for condition in query.conditions]
    values = _values(query)
    if query.words:
        where.append("id IN (SELECT rowid FROM track_words WHERE track_words MATCH ?)")
        values.append(query.words)
    return " AND ".join(where) or "1", values
