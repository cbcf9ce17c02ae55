"""A one-slot mailbox between a thread that measures and a view that shows."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Latest(Generic[T]):
    """The writer replaces, the reader takes the newest; nothing queues. Any thread may write, one may take."""

    def __init__(self) -> None:
        self._slot: deque[T] = deque(maxlen=1)

    def put(self, value: T) -> None:
        self._slot.append(value)

    def take(self) -> T | None:
        """The newest value, once; None where nothing came since the last time."""
        try:
            return self._slot.pop()
        except IndexError:
            return None
