"""A measuring in a thread, followed from the window and stopped by it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from sonicforge_studio.domain import Cancelled

_STEP = 0.01


class Following(QObject):
    """A ``Progress`` that tells the window (``told``: itself, and 0..1) and stops where it was asked to."""

    told = Signal(object, float)

    def __init__(self) -> None:
        super().__init__()
        self._stopped = False
        self._last = -1.0

    def stop(self) -> None:
        self._stopped = True

    def step(self, done: float, total: float, note: str = "") -> None:
        if self._stopped:
            raise Cancelled()
        share = min(1.0, max(0.0, done / total)) if total > 0 else 1.0
        if share - self._last >= _STEP or share < self._last:
            self._last = share
            self.told.emit(self, share)
