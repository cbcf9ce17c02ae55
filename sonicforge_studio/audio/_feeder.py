"""The thread that keeps the sound card fed."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

from sonicforge_studio.audio._flow import IDLE_SECONDS
from sonicforge_studio.audio._outlet import Outlet
from sonicforge_studio.audio._piece import as_studio_error
from sonicforge_studio.audio._playback import Playback
from sonicforge_studio.audio._telling import Telling
from sonicforge_studio.domain.errors import StudioError

_POLL_SECONDS = 0.015
_CLOSE_SECONDS = 1.0
"""A source or a device that opens for longer is left to the thread, which closes it when it comes."""

_logger = logging.getLogger(__name__)


class Feeder:
    """Runs a ``Playback``: commands one after the other, and between them what is to be done as time passes."""

    def __init__(self, outlet: Outlet, telling: Telling) -> None:
        self._outlet = outlet
        self._telling = telling
        self._commands: queue.SimpleQueue[Callable[[Playback], None] | None] = queue.SimpleQueue()
        self._playback = Playback(outlet, telling, lambda: not self._commands.empty())
        self._thread = threading.Thread(target=self._run, name="player feeder", daemon=True)
        self._thread.start()

    def submit(self, command: Callable[[Playback], None]) -> None:
        """Have this done on the feeder's thread. Returns at once."""
        self._commands.put(command)

    def close(self) -> None:
        """Do what was asked for, give everything back and end the thread. Where that takes longer than a second the
        thread goes on alone: it gives back what it has as soon as it can, and does nothing else."""
        self._commands.put(None)
        self._thread.join(_CLOSE_SECONDS)
        self._telling.over = self._thread.is_alive()

    def _run(self) -> None:
        try:
            while True:
                try:
                    command = self._commands.get(timeout=self._patience_seconds())
                except queue.Empty:
                    self._guarded(Playback.advance)
                    continue
                if command is None or self._telling.over:
                    break
                self._guarded(command)
                if self._telling.state.status == "playing":
                    self._guarded(Playback.advance)
        finally:
            self._guarded(Playback.pause)
            self._playback.give_back()

    def _patience_seconds(self) -> float | None:
        if self._telling.state.status == "playing":
            return _POLL_SECONDS
        return None if self._outlet.line is None else IDLE_SECONDS

    def _guarded(self, act: Callable[[Playback], None]) -> None:
        """No failure ends the thread: it becomes the state's error."""
        try:
            act(self._playback)
        except StudioError as error:
            self._playback.break_off(error)
        except Exception as error:
            _logger.exception("playing broke off")
            self._playback.break_off(as_studio_error(error))
