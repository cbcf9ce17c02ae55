"""The queue's file: what is to be done, and what was done lately, in SQLite.

The process that runs the jobs holds the file's lock for as long as it lives (SQLite's exclusive locking mode: the
operating system lets go of it even after kill −9). Where another process holds it, or the file cannot be used, the
queue lives in memory instead: its jobs run as well, they only do not survive a restart.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sonicforge_studio.domain import to_plain
from sonicforge_studio.jobs.job import Job, JobState, Lane

log = logging.getLogger(__name__)

_VERSION = 1
_LOCK_SECONDS = 0.25


@dataclass(slots=True)
class Entry:
    """A job with what only the queue needs to know of it."""

    job: Job
    arguments: str
    """JSON"""
    crashes: int = 0
    """How often the process died while it ran."""


class JobStore:
    """Keeps entries. Not thread-safe: the queue calls it under its lock."""

    def __init__(self, database: Path) -> None:
        self.durable = True
        try:
            self._connection = _open(database)
        except (OSError, sqlite3.Error) as error:
            log.warning("The job queue %s cannot be used (%s): jobs will not survive a restart.", database, error)
            self.durable = False
            self._connection = _connected(":memory:")

    def close(self) -> None:
        self._connection.close()

    def insert(self, entry: Entry) -> int:
        """Keep a new entry; returns the id that its job has from now on. Raises ``sqlite3.Error``."""
        cursor = self._connection.execute("INSERT INTO jobs (record) VALUES (?)", (_record(entry),))
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def update(self, entry: Entry) -> None:
        """Keep what has become of an entry. A failure is logged: the job goes on all the same."""
        self._try("UPDATE jobs SET record = ? WHERE id = ?", (_record(entry), entry.job.id))

    def delete(self, job_id: int) -> None:
        """Forget an entry; a failure is logged."""
        self._try("DELETE FROM jobs WHERE id = ?", (job_id,))

    def entries(self) -> Iterator[Entry]:
        """Every entry that can be read, in the order of submission."""
        for job_id, record in self._connection.execute("SELECT id, record FROM jobs ORDER BY id").fetchall():
            try:
                yield _entry(job_id, json.loads(record))
            except (ValueError, TypeError, KeyError):
                log.exception("job %s of the queue cannot be read and is left out", job_id)

    def _try(self, sql: str, values: tuple[str | int, ...]) -> None:
        try:
            self._connection.execute(sql, values)
        except sqlite3.Error:
            log.exception("the job queue could not be written")


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's result code without its details; 0 where Python itself raised."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _open(database: Path) -> sqlite3.Connection:
    database.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _connected(database)
    except sqlite3.DatabaseError as error:
        if primary_code(error) not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise
        aside = database.with_name(f"{database.name}.damaged-{time.time_ns()}")
        log.warning("The job queue %s is damaged: it is kept as %s and a new one begun.", database, aside)
        database.rename(aside)
        for suffix in ("-wal", "-journal"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        return _connected(database)


def _connected(database: Path | str) -> sqlite3.Connection:
    connection = sqlite3.connect(database, timeout=_LOCK_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")  # a damaged record is then no JSON
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("BEGIN EXCLUSIVE")
        if connection.execute("PRAGMA user_version").fetchone()[0] > _VERSION:
            raise sqlite3.NotSupportedError("it belongs to a newer version of the studio")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS jobs (id INTEGER PRIMARY KEY AUTOINCREMENT, record TEXT NOT NULL) STRICT"
        )
        connection.execute(f"PRAGMA user_version={_VERSION}")
        connection.execute("COMMIT")
        connection.execute("SELECT count(length(record)) FROM jobs").fetchone()  # every page is read: damage shows now
    except BaseException:
        connection.close()
        raise
    return connection


def _record(entry: Entry) -> str:
    job = entry.job
    # ASCII: titles are often file names, and those may hold what is no valid Unicode.
    return json.dumps(
        {
            "kind": job.kind,
            "title": job.title,
            "lane": job.lane.name,
            "state": job.state,
            "created_at": _text(job.created_at),
            "started_at": _text(job.started_at),
            "finished_at": _text(job.finished_at),
            "attempt": job.attempt,
            "error": to_plain(job.error),
            "result": job.result,
            "arguments": entry.arguments,
            "crashes": entry.crashes,
        },
        ensure_ascii=True,
    )


def _entry(job_id: int, record: dict[str, Any]) -> Entry:
    state = JobState(record["state"])
    created_at = _time(record["created_at"])
    if created_at is None:
        raise ValueError("a job has a time of creation")
    job = Job(
        id=job_id,
        kind=record["kind"],
        title=record["title"],
        lane=Lane[record["lane"]],
        state=state,
        created_at=created_at,
        started_at=_time(record["started_at"]),
        finished_at=_time(record["finished_at"]),
        fraction=1.0 if state is JobState.DONE else 0.0,
        attempt=record["attempt"],
        error=record["error"],
        result=record["result"],
    )
    return Entry(job, record["arguments"], record["crashes"])


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
