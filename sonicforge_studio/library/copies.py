"""Copies of the library's database: made while it is in use, checked, and under their name only when they are whole."""

from __future__ import annotations

import filecmp
import gzip
import itertools
import os
import shutil
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO

from sqlite_utils import Database

from sonicforge_studio.domain import Cancelled, Progress, SilentProgress
from sonicforge_studio.domain.errors import DiskFull, LibraryBusy, LibraryDamaged, LibraryError, OutputError
from sonicforge_studio.host.parts import Part, rename_without_replacing
from sonicforge_studio.host.writing import beside
from sonicforge_studio.library._connection import plain_failures
from sonicforge_studio.library.migrations import check_version

_PAGES_AT_ONCE = 1000
_INSTRUCTIONS_A_QUESTION = 100_000
"""Of SQLite's machine: some milliseconds of a check."""
_BUSY_SECONDS = 0.5
_BLOCK_BYTES = 1 << 20
_PACKED = b"\x1f\x8b"
"""What gzip's files begin with."""
_LEVEL = 1
"""Of a library of real music this leaves 54 %; level 6 leaves 52 % and takes a third longer, LZMA 43 % and ten times as
long."""
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

    listening.step(1.0, 1.0)
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


def _open_to_read(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)


def keep_before(database: Path, step: int) -> None:
    """Copy a library beside itself before a step of ``migrations``, as ``library.before-3.sqlite``.

    A file of this name that holds anything else stays, and the copy is ``library.before-3-2.sqlite``. Raises
    ``DiskFull``, ``LibraryDamaged`` or another ``LibraryError``; then there is no new file.
    """
    wanted = database.with_name(f"{database.stem}.before-{step}{database.suffix}")
    try:
        with plain_failures(), beside(wanted) as part:
            with closing(_open_to_read(database)) as source:
                copy_database(source, part.path)
            _settle(part, wanted)
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


def tracks_in(copy: Path, progress: Progress | None = None) -> int:
    """How many tracks there are in a library that nobody writes to, all of which is read.

    Raises ``LibraryTooNew``, ``LibraryDamaged`` and ``Cancelled``.
    """
    with _only_copies():
        if not is_sound(copy, progress):
            raise LibraryDamaged()
        with open_still(copy) as connection:
            check_version(Database(connection, execute_plugins=False))
            return int(connection.execute("SELECT count(*) FROM tracks").fetchone()[0])


@contextmanager
def _only_copies() -> Iterator[None]:
    try:
        with plain_failures():
            yield
    except LibraryDamaged as error:
        raise LibraryDamaged(
            "This is no copy of a library, or it is damaged.", hint="Choose another one; the library is as it was."
        ) from error


def pack(copy: Path, to: int, progress: Progress) -> None:
    """Compress a copy into a file that is open for writing. Raises ``OSError`` and ``Cancelled``."""
    size = copy.stat().st_size
    with (
        copy.open("rb") as source,
        os.fdopen(to, "wb", closefd=False) as file,
        gzip.GzipFile("", "wb", _LEVEL, file) as packed,
    ):
        while block := source.read(_BLOCK_BYTES):
            packed.write(block)
            progress.step(source.tell(), size)


def unpack(file: Path, to: Path, progress: Progress) -> None:
    """The copy in a file, packed or a database as it is, in place of what ``to`` holds.

    Raises ``LibraryDamaged`` and its kind where there is none, ``OSError`` and ``Cancelled``.
    """
    with _only_copies(), file.open("rb") as source:
        if source.read(len(_PACKED)) == _PACKED:
            source.seek(0)
            try:
                _decompress(source, to, progress)
            except (gzip.BadGzipFile, EOFError, zlib.error) as error:
                raise LibraryDamaged() from error
            return
    # It may be in use, and have a write-ahead log beside it.
    with _only_copies(), closing(_open_to_read(file)) as connection:
        copy_database(connection, to, progress)


def _decompress(source: BinaryIO, to: Path, progress: Progress) -> None:
    size = os.fstat(source.fileno()).st_size
    with gzip.GzipFile(fileobj=source) as unpacked, to.open("wb") as target:
        while block := unpacked.read(_BLOCK_BYTES):
            target.write(block)
            progress.step(source.tell(), size)


@contextmanager
def alone(database: Path) -> Iterator[sqlite3.Connection | None]:
    """Nobody else opens the library while this lasts, and all that was committed is in its one file. Gives the only
    connection to it, which is for reading; None where there is none.

    Raises ``LibraryBusy`` where a studio has it open, and other ``LibraryError``; of a damaged one it cannot be told.
    """
    if not database.exists():
        yield None
        return
    with closing(_lock(database)) as connection:
        yield connection


def _lock(database: Path) -> sqlite3.Connection:
    address = f"{database.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
    try:
        with plain_failures():
            # With the write-ahead log, a database can only leave it when nobody else has it open.
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("BEGIN EXCLUSIVE")
    except LibraryBusy as error:
        connection.close()
        raise LibraryBusy("Another studio has the library open.", hint="Close it, then try again.") from error
    except LibraryDamaged:
        pass
    except BaseException:
        connection.close()
        raise
    return connection


def keep_present(database: Path, kept_as: str) -> Path | None:
    """Copy the present library, damaged or not, beside itself (``library.before-restore.sqlite``, or the next number
    that is free), and tell where; None where there is none. To be called while one is ``alone`` with it.

    Raises ``DiskFull`` or ``OutputNotWritable``.
    """
    if not database.exists():
        return None
    wanted = database.with_name(f"{database.stem}.before-{kept_as}{database.suffix}")
    with beside(wanted) as part:
        shutil.copyfile(database, part.path)
        return _settle(part, wanted)


def take_place(new: Path, database: Path) -> None:
    """Rename a new library to the present one's name; a kill leaves the one or the other. Raises ``OSError``."""
    for end in ("-wal", "-shm", "-journal"):
        # Only beside a damaged one; SQLite would take them for changes of the new one.
        database.with_name(database.name + end).unlink(missing_ok=True)
    new.replace(database)


def _settle(part: Part, wanted: Path) -> Path:
    """Give a copy its name, or the next free number where another one has it; tell where it is. Nothing is added where
    the same one is there."""
    place = next(each for each in _numbered(wanted) if not each.exists() or _alike(each, part.path))
    if not place.exists():
        part.publish(lambda written: rename_without_replacing(written, place))
    return place


def _alike(one: Path, other: Path) -> bool:
    return filecmp.cmp(one, other, shallow=False)


def _numbered(path: Path) -> Iterator[Path]:
    """The path itself, then "name-2.sqlite", "name-3.sqlite", …"""
    yield path
    for number in itertools.count(2):
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")
