"""The process that makes a piece, from its order to its last sound; it ends with the one who listens."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from sonicforge_studio.domain import Progress, Samples, Span, StudioError
from sonicforge_studio.domain import errors as known_errors
from sonicforge_studio.domain.errors import EngineProcessDied, EngineUnavailable, OutOfMemory
from sonicforge_studio.generation.audiocraft.command import end, environment
from sonicforge_studio.generation.audiocraft.worker import DONE, ERROR, FULL, HEAD, READY, SOUND, STEP

_LOOK_SECONDS = 0.05
"""So often a cancel is looked for while nothing comes."""
_ENDING_SECONDS = 2.0
_LOADED = 0.1
"""The share of the work that loading counts for."""
_MOST_BYTES = 1 << 30
"""Of one message: more of sound than a window has."""

_Messages = queue.Queue[tuple[bytes, bytes] | None]


@dataclass(frozen=True, slots=True)
class Ready:
    """The model is loaded; this is what will come."""

    sample_rate_hz: int
    channels: int
    frames: int


def sound_of(
    command: Sequence[str], order: Mapping[str, Any], progress: Progress
) -> Generator[Ready | Samples, None, None]:
    """Run ``command`` and hand it ``order``: ``Ready`` first, then blocks of shape ``(channels, n)``.

    Raises the error that it tells, ``OutOfMemory``, ``EngineProcessDied`` where it ends before its time,
    ``EngineUnavailable`` where it cannot be run, and ``Cancelled``; however it ends, the process is gone then.
    """
    settings = environment() | {"OMP_WAIT_POLICY": "PASSIVE", "HF_HUB_OFFLINE": "1"}
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=settings,
            start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise EngineUnavailable(
            f'"{command[0]}" cannot be run: {error.strerror or error}.', hint="Install audiocraft again."
        ) from error
    assert process.stdin is not None
    assert process.stdout is not None
    messages: _Messages = queue.Queue()
    reader = threading.Thread(target=_read, args=(process.stdout, messages), name="audiocraft", daemon=True)
    reader.start()
    try:
        with suppress(OSError):
            process.stdin.write(json.dumps(order).encode())
            process.stdin.close()
        yield from _heard(messages, progress)
    finally:
        end(process)
        reader.join(_ENDING_SECONDS)
        process.stdout.close()


def _heard(messages: _Messages, progress: Progress) -> Iterator[Ready | Samples]:
    at_work = Span(progress, _LOADED, 1.0)
    channels, done, total = 1, 0.0, 1.0
    while True:
        try:
            message = messages.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            at_work.step(done, total, "Making")
            continue
        if message is None:
            raise EngineProcessDied()
        kind, content = message
        if kind == DONE:
            at_work.step(1.0, 1.0, "Making")
            return
        if kind == READY:
            told = json.loads(content)
            channels = told["channels"]
            yield Ready(told["rate"], channels, told["frames"])
        elif kind == STEP:
            done, total = json.loads(content)
            at_work.step(done, total, "Making")
        elif kind == SOUND:
            block: Samples = np.frombuffer(content, dtype="<f4").reshape(channels, -1).astype(np.float32)
            yield block
        elif kind == FULL:
            raise OutOfMemory()
        elif kind == ERROR:
            raise _error_of(json.loads(content))


def _read(stdout: IO[bytes], messages: _Messages) -> None:
    """Every message, then None: the process has ended, or says what is no message."""
    with suppress(OSError, ValueError):
        while len(head := stdout.read(HEAD.size)) == HEAD.size:
            kind, length = HEAD.unpack(head)
            if length > _MOST_BYTES or len(content := stdout.read(length)) < length:
                break
            messages.put((kind, content))
    messages.put(None)


def _error_of(told: Mapping[str, str]) -> StudioError:
    """The error that the process met, of its own kind where it is one of the studio's."""
    kind = getattr(known_errors, told["kind"], StudioError)
    made = kind if isinstance(kind, type) and issubclass(kind, StudioError) else StudioError
    return made(told["message"], hint=told["hint"])
