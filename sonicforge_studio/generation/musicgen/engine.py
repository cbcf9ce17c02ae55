"""MusicGen as an engine: a text becomes sound in a process of its own, which no crash of it leaves."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import numpy as np

from sonicforge_studio.audio import Spool
from sonicforge_studio.domain import Concept, Listener, Neural, Note, Progress, Rendering, Samples, Span, StudioError
from sonicforge_studio.domain import errors as known_errors
from sonicforge_studio.domain.errors import BadSetting, EngineProcessDied, EngineUnavailable, OutOfMemory
from sonicforge_studio.generation.limits import require_duration
from sonicforge_studio.generation.musicgen.continuing import Beginning, hear_beginning
from sonicforge_studio.generation.musicgen.melody import Melody, hear_melody
from sonicforge_studio.generation.musicgen.model_folder import ModelFolder, read_model_folder
from sonicforge_studio.generation.musicgen.worker import DONE, ERROR, FULL, HEAD, READY, SOUND, STEP, Order

_LOOK_SECONDS = 0.05
"""So often a cancel is looked for while nothing comes."""
_ENDING_SECONDS = 2.0
_HEARD = 0.05
"""The share of the work that the user's own files count for."""
_LOADED = 0.1
"""The share of the work that loading counts for."""


class MusicGenEngine:
    """Makes music with the model of a folder. The same text and seed give the same samples on one machine."""

    def __init__(self, folder: Path, neural: Neural | None = None, spool_folder: Path | None = None) -> None:
        """Raises ``EngineUnavailable`` without PyTorch and transformers, ``BadSetting`` for a melody that the
        model cannot follow, and what ``read_model_folder`` does."""
        missing = [name for name in ("torch", "transformers") if find_spec(name) is None]
        if missing:
            raise EngineUnavailable(
                f"MusicGen needs {' and '.join(missing)}, which {'are' if len(missing) > 1 else 'is'} not installed.",
                hint='Install the extra: pip install "sonicforge-studio[neural]".',
            )
        self._folder: ModelFolder = read_model_folder(folder)
        self._spool_folder = spool_folder
        wanted = neural or Neural()
        if wanted.melody and self._folder.kind != "melody":
            raise BadSetting(
                f'The model "{folder.name}" follows no melody: it knows texts alone.',
                hint="Take a melody model, or leave the melody out.",
            )
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
        """The weights' own; of what the user brought it can say nothing."""
        return "CC-BY-NC-4.0" + (" except for the sound it begins with" if self._neural.continues else "")

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
        ``OutputNotWritable``, what ``hear_beginning`` and ``hear_melody`` raise, and ``Cancelled`` where ``progress``
        says so: the process is ended then, its memory free.
        """
        seconds = require_duration(concept.duration_seconds)
        frames = round(seconds * self._folder.sample_rate_hz)
        beginning, melody = self._hear(frames, Span(progress, 0.0, _HEARD))
        order = Order(
            folder=str(self._folder.path),
            prompt=", ".join([concept.description, *concept.ignored]),
            seed=seed,
            seconds=seconds,
            precision=self._neural.precision,
            sampling=self._neural.sampling,
            threads=max(1, (os.cpu_count() or 2) - 1),
        )
        start_seconds = 0.0
        if beginning is not None:
            start_seconds = beginning.tail_start_seconds
            order = replace(order, seconds=seconds - start_seconds, tail=beginning.tail.astype("<f4").tobytes())
        if melody is not None:
            order = replace(order, tune=melody.from_second(start_seconds))
        mix = Spool(self._folder.sample_rate_hz, self._folder.channels, self._spool_folder)
        with closing(_blocks(order, progress)) as made:
            copying = Span(progress, _HEARD, _LOADED)
            _keep(made if beginning is None else beginning.continued(made, copying), mix, frames, listener)
        settled = replace(
            self._neural,
            melody=melody.heard if melody else None,
            continues=beginning.heard if beginning else None,
        )
        return Rendering(mix, neural=settled)

    def _hear(self, frames: int, progress: Progress) -> tuple[Beginning | None, Melody | None]:
        """What a piece of that length begins with, and its tune."""
        neural, folder = self._neural, self._folder
        beginning, melody = None, None
        if neural.continues is not None:
            stage = Span(progress, 0.0, 0.5)
            beginning = hear_beginning(neural.continues, folder, frames, stage, self._spool_folder)
        if neural.melody is not None:
            rate_hz = folder.sample_rate_hz
            melody = hear_melody(neural.melody, rate_hz, frames / rate_hz, Span(progress, 0.5, 1.0))
        return beginning, melody


def _keep(blocks: Iterable[Samples], mix: Spool, frames: int, listener: Listener | None) -> None:
    """Write what comes, and let it be heard."""
    try:
        for index, block in enumerate(blocks):
            if listener is not None:
                if index == 0:
                    listener.begin(mix.sample_rate_hz, mix.channels, frames)
                listener.hear(block)
            mix.write(block)
    except BaseException:
        mix.abandon()
        raise
    if listener is not None:
        listener.end()


def _blocks(order: Order, progress: Progress) -> Generator[Samples]:
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
    writer = threading.Thread(target=_write, args=(process.stdin, order.write()), name="musicgen-order", daemon=True)
    reader.start()
    try:
        writer.start()
        yield from _heard(messages, progress)
    finally:
        process.kill()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_ENDING_SECONDS)
        reader.join(_ENDING_SECONDS)
        writer.join(_ENDING_SECONDS)
        process.stdout.close()


def _heard(messages: queue.Queue[tuple[bytes, bytes] | None], progress: Progress) -> Iterator[Samples]:
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


def _write(stdin: IO[bytes], order: bytes) -> None:
    """A long one waits until it is read, and the process is not that quick to start."""
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
