"""The studio's side of an engine that works in a process of its own: an order goes in, messages come out."""

from __future__ import annotations

import json
import logging
import os
import queue
import subprocess
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from tempfile import TemporaryFile
from typing import IO

from sonicforge_studio.domain import Concept, StudioError
from sonicforge_studio.domain import errors as known_errors
from sonicforge_studio.domain.errors import EngineProcessDied, EngineUnavailable, OutOfMemory
from sonicforge_studio.generation.audiocraft.command import end
from sonicforge_studio.generation.audiocraft.worker import DONE, ERROR, FULL, HEAD

_LOOK_SECONDS = 0.05
_ENDING_SECONDS = 2.0
_MOST_BYTES = 1 << 30
"""Of one message: more of sound than a window has."""

_KEPT_BYTES = 4000
"""Of what a process said on stderr before it died, for the log."""
_log = logging.getLogger(__name__)


def told_as(concept: Concept) -> str:
    """A concept as a text for a model, with what of the sentence the composer could make nothing of."""
    text = ", ".join([concept.description, *concept.ignored])
    # A text from a terminal can hold what is no letter.
    return text.encode("utf-8", "replace").decode("utf-8")


def working_threads() -> int:
    """All cores but the one that shows and plays."""
    return max(1, (os.cpu_count() or 2) - 1)


Message = tuple[bytes, bytes]
"""Its kind, and its content."""


def converse(
    command: Sequence[str], order: bytes, environment: Mapping[str, str]
) -> Generator[Message | None, None, None]:
    """Run ``command`` and hand it ``order``: its messages as they come until it is done, and None whenever nothing came
    for a moment. However it ends, the process and all that it started are gone then: close it, or read it to its end.

    Raises the error that the process tells, ``OutOfMemory``, ``EngineProcessDied`` where it ends before its time, and
    ``EngineUnavailable`` where it cannot be run.
    """
    with TemporaryFile() as said:
        process = _started(command, environment, said)
        assert process.stdin is not None
        assert process.stdout is not None
        messages: queue.Queue[Message | None] = queue.Queue()
        # A long order waits until it is read, and a process is not that quick to start.
        threads = (
            threading.Thread(target=_write, args=(process.stdin, order), name="engine-order", daemon=True),
            threading.Thread(target=_read, args=(process.stdout, messages), name="engine", daemon=True),
        )
        for thread in threads:
            thread.start()
        try:
            yield from _told(messages)
        except EngineProcessDied:
            end(process)
            said.seek(max(0, said.seek(0, os.SEEK_END) - _KEPT_BYTES))
            _log.error(
                "an engine's process ended with %s: %s", process.returncode, said.read().decode(errors="replace")
            )
            raise
        finally:
            end(process)
            for thread in threads:
                thread.join(_ENDING_SECONDS)
            process.stdout.close()


def _started(command: Sequence[str], environment: Mapping[str, str], said: IO[bytes]) -> subprocess.Popen[bytes]:
    """What it says beside its messages goes into ``said``."""
    settings = {**environment, "OMP_WAIT_POLICY": "PASSIVE", "HF_HUB_OFFLINE": "1"}
    try:
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, env=settings, start_new_session=True
        )
    except OSError as error:
        raise EngineUnavailable(
            f'"{command[0]}" cannot be run: {error.strerror or error}.', hint="Install the engine again."
        ) from error


def _told(messages: queue.Queue[Message | None]) -> Generator[Message | None, None, None]:
    while True:
        try:
            message = messages.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            yield None
            continue
        if message is None:
            raise EngineProcessDied()
        kind, content = message
        if kind == DONE:
            return
        if kind == FULL:
            raise OutOfMemory()
        if kind == ERROR:
            raise _error_of(json.loads(content))
        yield message


def _write(stdin: IO[bytes], order: bytes) -> None:
    with suppress(OSError):
        stdin.write(order)
    with suppress(OSError):
        stdin.close()


def _read(stdout: IO[bytes], messages: queue.Queue[Message | None]) -> None:
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
