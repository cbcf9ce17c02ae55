"""Copies of the library's database: made while it is in use, checked, and under their name only when they are whole."""

from __future__ import annotations

import filecmp
import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sonicforge_studio.domain import Cancelled, Progress, SilentProgress
from sonicforge_studio.domain.errors import DiskFull, LibraryDamaged, LibraryError, OutputError
from sonicforge_studio.host.writing import beside
from sonicforge_studio.library._connection import plain_failures

_PAGES_AT_ONCE = 1000
_INSTRUCTIONS_A_QUESTION = 100_000
"""Of SQLite's machine: some milliseconds of a check."""
_FORMAT_VERSIONS = 18
"""Where in its file a database says how it is written: 2 is with a write-ahead log, 1 without."""


def copy_database(source: sqlite3.Connection, to: Path, progress: Progress | None = None) -> None:
    """Copy a live database as it stands at one moment into the file ``to``, which is there and empty, and check it.

    While it is made there is no file beside the copy, so that a kill leaves none. ``source`` is in no transaction.
    Raises ``LibraryDamaged`` where the copy is not sound, ``Cancelled``, SQLite's errors and ``OSError``.
    """
    listening = progress or SilentProgress()

    def tell(_: int, remaining: int, total: int) -> None:
        listening.step(total - remaining, total)

    # One transaction around it: without, it would begin anew with each change that is committed meanwhile.
    source.execute("BEGIN")
    try:
        source.execute("SELECT 1 FROM sqlite_schema").fetchall()
        with closing(sqlite3.connect(f"{to.absolute().as_uri()}?nolock=1", uri=True)) as copy:
            copy.execute("PRAGMA journal_mode=OFF")
            copy.execute("PRAGMA synchronous=OFF")
            source.backup(copy, pages=_PAGES_AT_ONCE, progress=tell)
    finally:
        source.execute("ROLLBACK")
    with to.open("r+b") as file:
        file.seek(_FORMAT_VERSIONS)
        file.write(b"\1\1")
    if not is_sound(to, listening):
        raise LibraryDamaged("The library's database is damaged; the backup was not kept.")


def is_sound(database: Path, progress: Progress | None = None) -> bool:
    """Whether a file that nobody writes to is a database without damage; all of it is read. Raises ``Cancelled``."""
    listening = progress or SilentProgress()
    stopped: list[Cancelled] = []

    def ask() -> int:
        try:
            listening.step(1.0, 1.0)
        except Cancelled as error:  # SQLite would swallow it
            stopped.append(error)
        return len(stopped)

    try:
        with open_still(database) as connection:
            connection.set_progress_handler(ask, _INSTRUCTIONS_A_QUESTION)
            return bool(connection.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok")
    except sqlite3.Error:
        if stopped:
            raise stopped[0] from None
        return False


@contextmanager
def open_still(database: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a file that nobody writes to; it makes no file beside it."""
    address = f"{database.absolute().as_uri()}?immutable=1"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
        yield connection


def keep_before(database: Path, step: int) -> None:
    """Copy a library beside itself before a step of ``migrations``, as ``library.before-3.sqlite``.

    A sound file of this name that holds anything else stays, and the copy is ``library.before-3-2.sqlite``. Raises
    ``DiskFull``, ``LibraryDamaged`` or another ``LibraryError``; then there is no new file.
    """
    wanted = database.with_name(f"{database.stem}.before-{step}{database.suffix}")
    try:
        with plain_failures(), beside(wanted) as part:
            address = f"{database.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as source:
                copy_database(source, part.path)
            place = next(place for place in numbered(wanted) if not _holds_other(place, part.path))
            if not place.exists() or not filecmp.cmp(place, part.path, shallow=False):
                part.publish(lambda written: written.replace(place))
    except DiskFull as error:
        raise DiskFull(
            "The disk is full: the library could not be copied, so it was not brought up to date.",
            hint="Free some space, then start the studio again; the library is as it was.",
        ) from error
    except LibraryDamaged as error:
        raise LibraryDamaged("The library's database is damaged, so it was not brought up to date.") from error
    except OutputError as error:
        raise LibraryError(
            "The library could not be copied, so it was not brought up to date.",
            hint="Check that you may write to its folder; the library is as it was.",
        ) from error


def numbered(path: Path) -> Iterator[Path]:
    """The path itself, then "name-2.sqlite", "name-3.sqlite", …"""
    yield path
    for number in itertools.count(2):
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")


def _holds_other(place: Path, copy: Path) -> bool:
    """Whether a sound database stands there that is not this one."""
    return place.exists() and not filecmp.cmp(place, copy, shallow=False) and is_sound(place)
