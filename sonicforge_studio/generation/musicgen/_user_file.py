"""A file of the user's own that a model listens to, read once from end to end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType

import numpy as np

from sonicforge_studio.audio import PcmHasher, open_source
from sonicforge_studio.domain import HeardSound, Progress, Samples
from sonicforge_studio.domain.errors import BadSetting, EmptyAudio, InputError, MissingPath

SHORTEST_SECONDS = 0.5
SILENT = 10 ** (-80 / 20)
"""Nothing louder than this is in it."""
_BLOCK_FRAMES = 65536


class UserFile:
    """A context manager. What it raises names the file, after ``role``: "The melody"."""

    def __init__(self, heard: HeardSound, role: str) -> None:
        """Raises ``MissingPath`` and what else ``open_source`` raises."""
        self._heard = heard
        self.about = f'{role}, "{heard.path}",'
        with self._named():
            self._source = open_source(heard.path)
        self.sample_rate_hz = self._source.sample_rate_hz
        self.channels = self._source.channels
        self._hasher = PcmHasher()
        self._peak = 0.0
        self._frames = 0

    @property
    def seconds(self) -> float | None:
        """How long it is, where its header tells it."""
        frames = self._source.frames
        return None if frames is None else frames / self.sample_rate_hz

    def blocks(self, progress: Progress) -> Iterator[Samples]:
        """All of it, as float32 of shape ``(channels, n)``. Raises what reading raises, and ``Cancelled``."""
        while True:
            with self._named():
                block = self._source.read(_BLOCK_FRAMES)
            if not block.shape[1]:
                return
            self._hasher.add(block)
            self._peak = max(self._peak, float(np.abs(block).max()))
            self._frames += block.shape[1]
            progress.step(self._frames, max(self._source.frames or 0, self._frames), "Reading your sound")
            yield block

    def finish(self) -> HeardSound:
        """After the last block: the file with the hash of all its sound.

        Raises ``EmptyAudio`` where it is silent, ``BadSetting`` where it is shorter than half a second.
        """
        seconds = self._frames / self.sample_rate_hz
        if seconds < SHORTEST_SECONDS:
            raise BadSetting(
                f"{self.about} is too short: {seconds:.2f} s.", hint="Choose a sound of half a second or more."
            )
        if self._peak <= SILENT:
            raise EmptyAudio(f"{self.about} is silent: there is nothing in it to go by.")
        return replace(self._heard, audio_hash=self._hasher.finish())

    def __enter__(self) -> UserFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._source.close()

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except MissingPath as error:
            raise MissingPath(f"{self.about} is not there.") from error
        except InputError as error:
            raise type(error)(f"{self.about} cannot be played. {error.message}", hint=error.hint) from error
