"""Ctrl+C and a polite kill end the program as closing the window does."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable

from PySide6.QtCore import QObject, QSocketNotifier


class Ending(QObject):
    """Python runs its signal handlers only between its own instructions, and Qt's loop may run none for long: the
    arriving signal writes into a socket that the loop watches."""

    def __init__(self, end: Callable[[], object]) -> None:
        super().__init__()
        self._watched, self._written = socket.socketpair()
        self._watched.setblocking(False)
        self._written.setblocking(False)
        self._before = signal.set_wakeup_fd(self._written.fileno(), warn_on_full_buffer=False)
        self._handlers = {number: signal.signal(number, lambda *_: end()) for number in (signal.SIGINT, signal.SIGTERM)}
        self._notifier = QSocketNotifier(self._watched.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(self._drain)

    def _drain(self) -> None:
        self._watched.recv(64)

    def close(self) -> None:
        """Leave signals to whoever had them before."""
        self._notifier.setEnabled(False)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._before)
        self._watched.close()
        self._written.close()
