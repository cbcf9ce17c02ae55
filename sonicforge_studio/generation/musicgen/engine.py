"""MusicGen as an engine: a text becomes sound in a process of its own, which no crash of it leaves."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import numpy as np

from sonicforge_studio.audio import Spool
from sonicforge_studio.domain import Concept, Listener, Neural, Note, Progress, Rendering, Samples, Span, StudioError
from sonicforge_studio.domain import errors as known_errors
from sonicforge_studio.domain.errors import EngineProcessDied, EngineUnavailable, OutOfMemory
from sonicforge_studio.generation.limits import require_duration
from sonicforge_studio.generation.musicgen.model_folder import ModelFolder, read_model_folder
from sonicforge_studio.generation.musicgen.worker import DONE, ERROR, FULL, HEAD, READY, SOUND, STEP, Order

_LOOK_SECONDS = 0.05
"""So often a cancel is looked for while nothing comes."""
_ENDING_SECONDS = 2.0
_LOADED = 0.1
"""The share of the work that loading counts for."""


class MusicGenEngine:
    """Makes music with the model of a folder. The same text and seed give the same samples on one machine."""

    def __init__(self, folder: Path, neural: Neural | None = None, spool_folder: Path | None = None) -> None:
        """Raises ``EngineUnavailable`` without PyTorch and transformers, and what ``read_model_folder`` does."""
        missing = [name for name in ("torch", "transformers") if find_spec(name) is None]
        if missing:
            raise EngineUnavailable(
                f"MusicGen needs {' and '.join(missing)}, which {'are' if len(missing) > 1 else 'is'} not installed.",
                hint='Install the extra: pip install "sonicforge-studio[neural]".',
            )
        self._folder: ModelFolder = read_model_folder(folder)
        self._spool_folder = spool_folder
        wanted = neural or Neural()
        self._neural = replace(
            wanted,
            model=wanted.model or str(folder),
            weights_hash=self._folder.weights_hash,
            precision="int8" if wanted.precision == "auto" else wanted.precision,
            device="cpu",
        )

    @property
    def name(self) -> str:
        return "musicgen"

    @property
    def version(self) -> str:
        return "2"

    @property
    def licence(self) -> str:
        return "CC-BY-NC-4.0"

    def render(
        self,
        concept: Concept,
        seed: int,
        progress: Progress,
        *,
        listener: Listener | None = None,
        notes: Mapping[str, tuple[Note, ...]] | None = None,
        stems: Collection[str] | None = (),
    ) -> Rendering:
        """The mix alone: this engine knows no notes and no stems.

        Raises ``DurationOutOfRange``, ``ModelNotUsable``, ``OutOfMemory``, ``EngineProcessDied``, ``DiskFull`` or
        ``OutputNotWritable``, and ``Cancelled`` where ``progress`` says so: the process is ended then, its memory free.
        """
        order = Order(
            folder=str(self._folder.path),
            prompt=", ".join([concept.description, *concept.ignored]),
            seed=seed,
            seconds=require_duration(concept.duration_seconds),
            precision=self._neural.precision,
            sampling=self._neural.sampling,
            threads=max(1, (os.cpu_count() or 2) - 1),
        )
        mix = Spool(self._folder.sample_rate_hz, self._folder.channels, self._spool_folder)
        try:
            for block in _blocks(order, progress, listener):
                mix.write(block)
        except BaseException:
            mix.abandon()
            raise
        if listener is not None:
            listener.end()
        return Rendering(mix, neural=self._neural)


def _blocks(order: Order, progress: Progress, listener: Listener | None) -> Iterator[Samples]:
    """The sound of one order as it comes from a process of its own, which ends with it."""
    environment = os.environ | {"OMP_WAIT_POLICY": "PASSIVE", "HF_HUB_OFFLINE": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "sonicforge_studio.generation.musicgen.worker"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    messages: queue.Queue[tuple[bytes, bytes] | None] = queue.Queue()
    reader = threading.Thread(target=_read, args=(process.stdout, messages), name="musicgen", daemon=True)
    reader.start()
    try:
        with suppress(OSError):
            process.stdin.write(order.write())
            process.stdin.close()
        yield from _heard(messages, progress, listener)
    finally:
        process.kill()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_ENDING_SECONDS)
        reader.join(_ENDING_SECONDS)
        process.stdout.close()


def _heard(
    messages: queue.Queue[tuple[bytes, bytes] | None], progress: Progress, listener: Listener | None
) -> Iterator[Samples]:
    at_work = Span(progress, _LOADED, 1.0)
    channels, done, total = 1, 0, 1
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
            if listener is not None:
                listener.begin(told["rate"], channels, told["frames"])
        elif kind == STEP:
            done, total = json.loads(content)
            at_work.step(done, total, "Making")
        elif kind == SOUND:
            block: Samples = np.frombuffer(content, dtype="<f4").reshape(channels, -1).astype(np.float32)
            if listener is not None:
                listener.hear(block)
            yield block
        elif kind == FULL:
            raise OutOfMemory()
        elif kind == ERROR:
            raise _error_of(json.loads(content))


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
