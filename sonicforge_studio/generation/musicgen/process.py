"""An order is made in a process of its own, which no crash of it leaves, and which ends with the order."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from typing import IO

import numpy as np

from sonicforge_studio.domain import Progress, Samples, StudioError
from sonicforge_studio.domain import errors as known_errors
from sonicforge_studio.domain.errors import EngineProcessDied, OutOfMemory
from sonicforge_studio.generation.musicgen.worker import DONE, ERROR, FULL, HEAD, READY, ROW, SOUND, STEP, Order

_LOOK_SECONDS = 0.05
"""So often a cancel is looked for while nothing comes."""
_ENDING_SECONDS = 2.0

Timed = Callable[[float, float], None]
"""Told in the end: the seconds until the model was loaded, and those of all steps."""


def run_order(
    order: Order, channels: int, progress: Progress, *, loading_share: float = 0.1, timed: Timed = lambda *_: None
) -> Generator[tuple[int, Samples]]:
    """The number of a piece and the next block of it, as they come. Close it, or read it to its end: the process is
    gone then, and its memory free.

    ``loading_share`` is what of the work loading is. Raises ``OutOfMemory``, ``EngineProcessDied``, what the process
    meets, and ``Cancelled`` where ``progress`` says so.
    """
    environment = os.environ | {"OMP_WAIT_POLICY": "PASSIVE", "HF_HUB_OFFLINE": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "sonicforge_studio.generation.musicgen.worker"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    messages: queue.Queue[tuple[bytes, bytes] | None] = queue.Queue()
    reader = threading.Thread(target=_read, args=(process.stdout, messages), name="musicgen", daemon=True)
    # A long order waits until it is read, and a process is not that quick to start.
    writer = threading.Thread(target=_write, args=(process.stdin, order.write()), name="musicgen-order", daemon=True)
    reader.start()
    try:
        writer.start()
        yield from _Course(channels, progress, loading_share, timed).follow(messages)
    finally:
        process.kill()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_ENDING_SECONDS)
        for thread in (reader, writer):
            thread.join(_ENDING_SECONDS)
        process.stdout.close()


class _Course:
    """What one process has told so far."""

    def __init__(self, channels: int, progress: Progress, loading_share: float, timed: Timed) -> None:
        self._channels = channels
        self._progress = progress
        self._loading_share = loading_share
        self._timed = timed
        self._began = time.monotonic()
        self._loaded: float | None = None
        self._done, self._total = 0, 1

    def follow(self, messages: queue.Queue[tuple[bytes, bytes] | None]) -> Iterator[tuple[int, Samples]]:
        while True:
            try:
                message = messages.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                self._report()
                continue
            if message is None:
                raise EngineProcessDied()
            kind, content = message
            if kind == DONE:
                self._progress.step(1.0, 1.0, "Making")
                return
            if kind == SOUND:
                (row,) = ROW.unpack_from(content)
                block: Samples = np.frombuffer(content, dtype="<f4", offset=ROW.size).reshape(self._channels, -1)
                yield row, block.astype(np.float32)
            elif kind == FULL:
                raise OutOfMemory()
            elif kind == ERROR:
                raise _error_of(json.loads(content))
            else:
                self._hear(kind, content)

    def _hear(self, kind: bytes, content: bytes) -> None:
        now = time.monotonic()
        if kind == READY:
            self._loaded = now
        elif kind == STEP:
            self._done, self._total = json.loads(content)
            if self._done == self._total and self._loaded is not None:
                self._timed(self._loaded - self._began, now - self._loaded)
        self._report()

    def _report(self) -> None:
        share = self._loading_share
        if self._loaded is None:
            # How far loading is nobody can tell: it comes ever nearer to its end.
            waited = time.monotonic() - self._began
            self._progress.step(share * waited / (waited + 5.0), 1.0, "Loading the model")
        else:
            self._progress.step(share + (1.0 - share) * self._done / self._total, 1.0, "Making")


def _write(stdin: IO[bytes], order: bytes) -> None:
    with suppress(OSError):
        stdin.write(order)
    with suppress(OSError):
        stdin.close()


def _read(stdout: IO[bytes], messages: queue.Queue[tuple[bytes, bytes] | None]) -> None:
    """Every message, then None: the process has ended."""
    with suppress(OSError, ValueError):
        while len(head := stdout.read(HEAD.size)) == HEAD.size:
            kind, length = HEAD.unpack(head)
            content = stdout.read(length)
            if len(content) < length:
                break
            messages.put((kind, content))
    messages.put(None)


def _error_of(told: Mapping[str, str]) -> StudioError:
    """The error that the process met, of its own kind where it is one of the studio's."""
    kind = getattr(known_errors, told["kind"], StudioError)
    made = kind if isinstance(kind, type) and issubclass(kind, StudioError) else StudioError
    return made(told["message"], hint=told["hint"])
