"""A count that others begin anew, such as the gaps of each track, over a whole session."""

from __future__ import annotations


class RunningTotal:
    def __init__(self) -> None:
        self._before = 0
        self._now = 0

    def follow(self, count: int) -> None:
        """What the count is now; a smaller one than before was begun anew."""
        if count < self._now:
            self._before += self._now
        self._now = count

    @property
    def total(self) -> int:
        return self._before + self._now
