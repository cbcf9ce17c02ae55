"""Connections to the library's database, and what SQLite's failures mean to a person."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sonicforge_studio.domain.errors import DiskFull, LibraryBusy, LibraryDamaged, LibraryError, StudioError

_IDLE_READERS = 8
_LOCK_RETRY_SECONDS = 0.02


def as_text(value: str) -> bytes:
    """What stands for ``CAST(? AS TEXT)``: SQLite's driver refuses text with lone surrogates, names of files have
    them, and as bytes every Python string passes and comes back unchanged."""
    return value.encode("utf-8", "surrogatepass")


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogatepass")


@contextmanager
def plain_failures() -> Iterator[None]:
    """Turns SQLite's errors into the studio's."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise LibraryDamaged() from error
    except sqlite3.Error as error:
        raise _studio_error(error) from error


def _studio_error(error: sqlite3.Error) -> StudioError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if code == sqlite3.SQLITE_IOERR_SHORT_READ:
        return LibraryDamaged()
    match code & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return LibraryBusy()
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return LibraryDamaged()
        case sqlite3.SQLITE_FULL:
            return DiskFull()
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN:
            return LibraryError(
                "The library's database cannot be opened or written.",
                hint="Check that its drive is connected and that you may write to its folder.",
            )
        case sqlite3.SQLITE_IOERR:
            return LibraryError(
                "The drive that holds the library does not answer.",
                hint="Check that it is connected and has free space, then start the studio again.",
            )
    return LibraryError(
        "The library's database did not accept this.",
        hint="Check it with `sonicforge library verify`; the log has the details.",
    )


def open_writer(database: Path, busy_seconds: float) -> sqlite3.Connection:
    """The one connection that writes; waits up to ``busy_seconds`` for another process.

    A commit lies in the write-ahead log before it returns: it survives the process being killed. With
    ``synchronous=NORMAL`` a power cut may undo the last commits, and never breaks the database.
    """
    connection = sqlite3.connect(database, timeout=busy_seconds, check_same_thread=False)
    try:
        connection.text_factory = _decoded
        connection.execute("PRAGMA foreign_keys=ON")
        _enable_write_ahead_log(connection, time.monotonic() + busy_seconds)
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(f"PRAGMA journal_size_limit={16 << 20}")
    except BaseException:
        connection.close()
        raise
    return connection


def _enable_write_ahead_log(connection: sqlite3.Connection, deadline: float) -> None:
    """SQLite does not wait for others where two processes make the same new database at once: wait here."""
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_LOCK_RETRY_SECONDS)
        else:
            return


class Readers:
    """Read-only connections: each is used by one thread at a time and kept for the next."""

    def __init__(self, database: Path, busy_seconds: float) -> None:
        self._address = f"{database.absolute().as_uri()}?mode=ro"
        self._busy_seconds = busy_seconds
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection of the caller's own. Raises ``LibraryError`` and its kind."""
        with self._lock:
            if self._closed:
                raise LibraryError("The library is closed.", hint="Open it again.")
            connection = self._idle.pop() if self._idle else None
        with plain_failures():
            connection = connection or self._open()
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
        with self._lock:
            if not self._closed and len(self._idle) < _IDLE_READERS:
                self._idle.append(connection)
                return
        connection.close()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._address, uri=True, timeout=self._busy_seconds, check_same_thread=False, isolation_level=None
        )
        connection.text_factory = _decoded
        connection.row_factory = sqlite3.Row
        return connection

    def close(self) -> None:
        """Closes the idle ones now, and those in use when they come back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
