"""Which job a thread is doing, for a handler whose arguments do not tell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_job_id: ContextVar[int | None] = ContextVar("job_id", default=None)


def current_job_id() -> int | None:
    """The id of the job whose handler asks; None outside of one."""
    return _job_id.get()


@contextmanager
def doing(job_id: int) -> Iterator[None]:
    token = _job_id.set(job_id)
    try:
        yield
    finally:
        _job_id.reset(token)
