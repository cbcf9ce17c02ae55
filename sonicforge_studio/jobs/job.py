"""A job as everybody sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from sonicforge_studio.domain import StudioError


class Lane(IntEnum):
    """How urgent a job is; the smaller number goes first."""

    CRITICAL = 0
    HIGH = 1
    DEFAULT = 2
    LOW = 3
    BATCH = 4


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    WAITING_TO_RETRY = "waiting-to-retry"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def finished(self) -> bool:
        """Nothing more will happen to the job by itself."""
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of background work, at one moment."""

    id: int
    kind: str
    """Which handler does it."""
    title: str
    lane: Lane
    state: JobState
    created_at: datetime
    """This and the other times are in UTC."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    fraction: float = 0.0
    """How much is done, 0..1."""
    note: str = ""
    """What is being done now."""
    eta_seconds: float | None = None
    """The time it will still take at its pace; None where that cannot be told yet."""
    attempt: int = 0
    """How often it was begun, this time included."""
    error: Mapping[str, str] | None = None
    """``code``, ``message`` and ``hint`` of the last failure."""
    result: Any = None
    """What the handler returned, as JSON gives it back."""


class UnknownJob(StudioError):
    code = "unknown-job"
    message = "There is no such job."
    hint = "It may have been cleared from the list."


class UnexpectedFailure(StudioError):
    """A mistake of the program's. Its traceback is in the log, for those who mend it."""

    code = "unexpected"
    message = "Something unexpected went wrong."
    hint = "Try again; if it happens again, send the log to the makers of the studio."


class NoHandler(StudioError):
    code = "no-handler"
    message = "This version of the studio cannot do this job."
    hint = "A plug-in that did it may have been removed; install it again, or clear the job."


class StoppedTheStudio(StudioError):
    code = "stopped-the-studio"
    message = "The studio stopped several times while doing this, so it is not tried again by itself."
    hint = "Try it alone with Retry; if the studio stops again, leave this input out and send the log to the makers."
