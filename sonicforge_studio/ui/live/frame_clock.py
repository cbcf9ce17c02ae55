"""The screen's pace: one clock that has every live view look at the newest snapshot, and counts the frames it lost."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer

from sonicforge_studio.studio import LiveSnapshot

FRAMES_PER_SECOND = 60
"""What a screen shows; faster ones are served at this pace too, which spares software rendering."""
_FRAME_MILLISECONDS = 16
"""A timer counts whole milliseconds: 62.5 frames a second, so that none of the screen's is missed."""
_DROPPED_SECONDS = 1.5 / FRAMES_PER_SECOND
_IDLE_MILLISECONDS = 250
_LINGER_SECONDS = 0.5

Look = Callable[[LiveSnapshot], None]


class FrameClock(QObject):
    """``newest`` gives the newest snapshot, the same one again where there is no newer.

    Runs at the screen's pace while snapshots come, and looks a few times a second whether they do while they do not.
    """

    def __init__(self, newest: Callable[[], LiveSnapshot | None]) -> None:
        super().__init__()
        self._newest = newest
        self._looks: list[Look] = []
        self._seen = -1
        self._seen_at = 0.0
        self._last: float | None = None
        self.dropped_frames = 0
        """How often the window was so late that a frame of the screen passed without a new picture."""
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(_IDLE_MILLISECONDS)

    def watch(self, look: Look) -> None:
        """Call ``look`` with each new snapshot."""
        self._looks.append(look)

    @property
    def running(self) -> bool:
        """Whether pictures are being drawn."""
        return self._timer.interval() == _FRAME_MILLISECONDS

    def wake(self) -> None:
        """Something is about to sound: do not wait for the next idle look."""
        self._seen_at = time.monotonic()
        if not self.running:
            self._last = None
            self._timer.setInterval(_FRAME_MILLISECONDS)

    def close(self) -> None:
        self._timer.stop()

    def _tick(self) -> None:
        now = time.monotonic()
        if self.running and self._last is not None and now - self._last > _DROPPED_SECONDS:
            self.dropped_frames += round((now - self._last) * FRAMES_PER_SECOND) - 1
        self._last = now if self.running else None
        snapshot = self._newest()
        if snapshot is None:
            return
        if snapshot.number != self._seen:
            first, self._seen = self._seen == -1, snapshot.number
            for look in self._looks:
                look(snapshot)
            if not first:
                self.wake()
        elif self.running and now - self._seen_at > _LINGER_SECONDS:
            self._timer.setInterval(_IDLE_MILLISECONDS)
