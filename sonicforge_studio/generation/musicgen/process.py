"""An order is made in a process of its own, which no crash of it leaves, and which ends with the order."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Generator
from contextlib import closing

import numpy as np

from sonicforge_studio.domain import Progress, Samples
from sonicforge_studio.generation.audiocraft.worker import READY, SOUND, STEP
from sonicforge_studio.generation.conversation import converse
from sonicforge_studio.generation.musicgen.worker import ROW, Order

Timed = Callable[[float, float], None]
"""Told in the end: the seconds until the model was loaded, and those of all steps."""


def run_order(
    order: Order, channels: int, progress: Progress, *, loading_share: float = 0.1, timed: Timed = lambda *_: None
) -> Generator[tuple[int, Samples]]:
    """The number of a piece and the next block of it, as they come. Close it, or read it to its end: the process is
    gone then, and its memory free.

    ``loading_share`` is what of the work loading is. Raises what ``converse`` does, and ``Cancelled`` where
    ``progress`` says so.
    """
    # From where the studio itself imports, and never from the folder that it was started in.
    command = [sys.executable, "-P", "-m", "sonicforge_studio.generation.musicgen.worker"]
    settings = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    course = _Course(progress, loading_share, timed)
    with closing(converse(command, order.write(), settings)) as messages:
        for message in messages:
            if message is None or message[0] != SOUND:
                course.hear(*(message or (b"", b"")))
                continue
            content = message[1]
            (row,) = ROW.unpack_from(content)
            block: Samples = np.frombuffer(content, dtype="<f4", offset=ROW.size).reshape(channels, -1)
            yield row, block.astype(np.float32)
    progress.step(1.0, 1.0, "Making")


class _Course:
    """How far one process is."""

    def __init__(self, progress: Progress, loading_share: float, timed: Timed) -> None:
        self._progress = progress
        self._loading_share = loading_share
        self._timed = timed
        self._began = time.monotonic()
        self._loaded: float | None = None
        self._first: tuple[int, float] | None = None
        """The first step that was told, and when."""
        self._done, self._total = 0, 1

    def hear(self, kind: bytes, content: bytes) -> None:
        """A message, or none: time passes, too."""
        now = time.monotonic()
        if kind == READY:
            self._loaded = now
        elif kind == STEP:
            self._done, self._total = json.loads(content)
            first = self._first = self._first or (self._done, now)
            if self._done == self._total > first[0] and self._loaded is not None:
                # Before the first step's end kernels are compiled, once on each machine.
                working = (now - first[1]) * self._total / (self._total - first[0])
                self._timed(self._loaded - self._began, working)
        share = self._loading_share
        if self._loaded is None:
            # How far loading is nobody can tell: it comes ever nearer to its end.
            waited = now - self._began
            self._progress.step(share * waited / (waited + 5.0), 1.0, "Loading the model")
        else:
            self._progress.step(share + (1.0 - share) * self._done / self._total, 1.0, "Making")
