"""Helpers in processes of their own, for work that Python's one lock would hold up in threads."""

from __future__ import annotations

import importlib
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any

from sonicforge_studio.domain import Progress, StudioError
from sonicforge_studio.jobs._progress import REPORT_SECONDS

Work = Callable[[Any, Progress], Any]

_READY, _STEP, _DONE, _ERROR, _FAILED = "ready", "step", "done", "error", "failed"
_ENDING_SECONDS = 2.0


class HelperDied(StudioError):
    code = "helper-died"
    message = "This input brought down the process that worked on it."
    hint = "Leave it out, or get it again from its source; the rest is not affected."


class Crew:
    """Processes that do one kind of work, one piece each at a time. A context manager; ``close`` ends them all.

    ``work`` names a function ``module:function`` of an argument and a progress; both argument and result are pickled,
    between these processes only. A helper that dies takes nothing else along, and another one is started in its place.
    """

    def __init__(self, work: str, helpers: int) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._wanted = helpers
        self._starting: list[_Helper] = []
        self._idle: list[_Helper] = []
        self._busy: list[_Helper] = []
        self._closed = False

    def start(self) -> None:
        """Start the processes that are missing; returns at once."""
        if getattr(sys, "frozen", False):
            return  # there is no interpreter to start: whoever asks does the work
        with self._lock:
            count = 0 if self._closed else self._wanted - len(self._starting) - len(self._idle) - len(self._busy)
            new = [_Helper(self._work) for _ in range(count)]
            self._starting += new
        for helper in new:
            threading.Thread(target=self._await, args=(helper,), name="crew", daemon=True).start()

    def run(self, argument: object, progress: Progress) -> tuple[Any] | None:
        """The result of one piece, as a tuple of one; None where no helper is free, and nothing was done.

        Raises the ``StudioError`` that the work raised, ``HelperDied`` where its process came to an end, and lets
        ``Cancelled`` of ``progress`` pass: the helper is ended and replaced.
        """
        with self._lock:
            if not self._idle:
                return None
            helper = self._idle.pop()
            self._busy.append(helper)
        try:
            return (helper.run(argument, progress),)
        finally:
            self._give_back(helper)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            helpers = [*self._starting, *self._idle, *self._busy]
            self._starting, self._idle, self._busy = [], [], []
        for helper in helpers:
            helper.end()

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _await(self, helper: _Helper) -> None:
        ready = helper.is_ready()
        with self._lock:
            if helper in self._starting:
                self._starting.remove(helper)
                if ready:
                    self._idle.append(helper)
                    return
        helper.end()

    def _give_back(self, helper: _Helper) -> None:
        with self._lock:
            if helper in self._busy:
                self._busy.remove(helper)
                if helper.usable:
                    self._idle.append(helper)
                    return
        helper.end()
        self.start()


class _Helper:
    """One process, and the pipes to it."""

    def __init__(self, work: str) -> None:
        serve = f"from sonicforge_studio.jobs.crew import serve; serve({work!r})"
        self._process = subprocess.Popen(
            [sys.executable, "-c", serve], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.usable = False
        """Whether the last piece came to its end, well or with an error that was foreseen."""

    def is_ready(self) -> bool:
        """Waits until the process has begun; False where it never will."""
        try:
            return bool(self._hear()[0] == _READY)
        except HelperDied:
            return False

    def run(self, argument: object, progress: Progress) -> Any:
        self.usable = False
        stdin = self._process.stdin
        assert stdin is not None
        try:
            pickle.dump(argument, stdin)
            stdin.flush()
        except OSError as error:
            raise HelperDied() from error
        while True:
            kind, *told = self._hear()
            if kind == _STEP:
                progress.step(*told)
                continue
            self.usable = kind != _FAILED
            if kind == _DONE:
                return told[0]
            if kind == _ERROR:
                error_kind, message, hint = told
                raise error_kind(message, hint=hint)
            raise RuntimeError(f"the work of a helper failed unexpectedly:\n{told[0]}")

    def end(self) -> None:
        """At once: what it does is of no use to anybody."""
        with suppress(OSError):
            self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_ENDING_SECONDS)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _hear(self) -> Any:
        stdout = self._process.stdout
        assert stdout is not None
        try:
            return pickle.load(stdout)  # of our own process
        except (EOFError, OSError, ValueError, pickle.UnpicklingError) as error:
            raise HelperDied() from error


class _Teller:
    """The progress in a helper: tells of a step now and then, and ends the process when nobody listens any more."""

    def __init__(self, tell: Callable[..., None]) -> None:
        self._tell = tell
        self._told_at = -REPORT_SECONDS

    def step(self, done: float, total: float, note: str = "") -> None:
        now = time.monotonic()
        if now - self._told_at >= REPORT_SECONDS:
            self._told_at = now
            self._tell(_STEP, done, total, note)


def serve(work: str) -> None:
    """What a helper does: pieces from stdin, answers to stdout, until its parent is gone."""
    # Ctrl-C reaches the whole group: it is the parent that says what then ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not come between the answers.
    os.dup2(2, 1)
    module, _, name = work.partition(":")
    do: Work = getattr(importlib.import_module(module), name)
    tell = _telling(answers)
    tell(_READY)
    while True:
        try:
            argument = pickle.load(sys.stdin.buffer)  # of our own process
        except EOFError:
            return
        try:
            tell(_DONE, do(argument, _Teller(tell)))
        except StudioError as error:
            tell(_ERROR, type(error), error.message, error.hint)
        except Exception:  # noqa: BLE001 # told to the parent, whose log it belongs into
            tell(_FAILED, traceback.format_exc())


def _telling(answers: IO[bytes]) -> Callable[..., None]:
    def tell(*told: object) -> None:
        try:
            pickle.dump(told, answers)
            answers.flush()
        except OSError:
            # Killed parents do not say good-bye.
            os._exit(1)

    return tell
