"""PortAudio's own thread. Where a sound server hangs a call never returns, and nobody should hang with it."""

from __future__ import annotations

import concurrent.futures
import logging
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

_logger = logging.getLogger(__name__)

_Answer = TypeVar("_Answer")
_Call = tuple[Callable[[], Any], "concurrent.futures.Future[Any]"]


class NoAnswer(Exception):
    """What was asked for takes too long, or something asked for before does."""


class SoundThread:
    """Makes calls one after the other: PortAudio takes them from one thread at a time. The thread starts with the
    first call and ends with the process."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[_Call] = queue.SimpleQueue()
        self._starting = threading.Lock()
        self._started = False
        self._given_up: concurrent.futures.Future[Any] | None = None

    @property
    def stuck(self) -> bool:
        """Whether a call for which nobody waits any more has not returned."""
        return self._given_up is not None and not self._given_up.done()

    def ask(
        self, act: Callable[[], _Answer], seconds: float, too_late: Callable[[_Answer], None] | None = None
    ) -> _Answer:
        """What ``act`` gives or raises. ``NoAnswer`` where that takes longer than ``seconds``; ``too_late`` is then
        handed what comes of it after all, if it was begun."""
        call = self._put(act)
        if not self._done(call, seconds):
            if not call.cancel() and too_late is not None:
                call.add_done_callback(lambda late: None if late.exception() else too_late(late.result()))
            raise NoAnswer
        answer: _Answer = call.result()
        return answer

    def see_to(self, act: Callable[[], None], seconds: float) -> None:
        """Have this done, and wait for it no longer than ``seconds``."""
        stuck = self.stuck
        call = self._put(act)
        if not stuck:
            self._done(call, seconds)

    def _put(self, act: Callable[[], Any]) -> concurrent.futures.Future[Any]:
        with self._starting:
            if not self._started:
                self._started = True
                threading.Thread(target=self._run, name="sound system", daemon=True).start()
        call: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self._calls.put((act, call))
        return call

    def _done(self, call: concurrent.futures.Future[Any], seconds: float) -> bool:
        concurrent.futures.wait([call], seconds)
        if call.running():
            _logger.warning("the sound system does not answer")
            self._given_up = call
        return call.done()

    def _run(self) -> None:
        while True:
            act, call = self._calls.get()
            if call.set_running_or_notify_cancel():
                try:
                    call.set_result(act())
                except Exception as error:  # noqa: BLE001 - whoever asked gets it
                    call.set_exception(error)
            # An idle thread keeps no stream alive.
            del act, call
