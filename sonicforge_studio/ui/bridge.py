"""The one way from other threads to the window: what changed is gathered and handed over a few times a second."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

if TYPE_CHECKING:
    from sonicforge_studio.studio import Job

UPDATE_MILLISECONDS = 64
"""At most sixteen updates a second, however many jobs report."""


class Bridge(QObject):
    """``tell_job`` and ``tell_library`` may be called from any thread; the signals come on the window's own."""

    job_changed = Signal(object)
    """A ``Job``: only the newest state of each since the last update."""
    library_changed = Signal()
    _woken = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._jobs: dict[int, Job] = {}
        self._library = False
        self._asleep = True
        self._closed = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(UPDATE_MILLISECONDS)
        self._timer.timeout.connect(self._hand_over)
        self._woken.connect(self._timer.start, Qt.ConnectionType.QueuedConnection)

    def tell_job(self, job: Job) -> None:
        with self._lock:
            self._jobs[job.id] = job
            wake, self._asleep = self._asleep, False
        if wake:
            self._woken.emit()

    def tell_library(self) -> None:
        with self._lock:
            self._library = True
            wake, self._asleep = self._asleep, False
        if wake:
            self._woken.emit()

    def _hand_over(self) -> None:
        if self._closed:
            return
        with self._lock:
            jobs, self._jobs = self._jobs, {}
            library, self._library = self._library, False
            self._asleep = True
        for job in jobs.values():
            self.job_changed.emit(job)
        if library:
            self.library_changed.emit()

    def close(self) -> None:
        """Hand nothing over any more."""
        self._closed = True
        self._timer.stop()
