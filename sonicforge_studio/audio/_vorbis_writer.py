"""Ogg Vorbis out, through libsndfile: FFmpeg's wheels carry no libvorbis."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import soundfile
from mutagen.oggvorbis import OggVorbis

from sonicforge_studio.audio._part_file import PartFile
from sonicforge_studio.audio._pcm import finite
from sonicforge_studio.audio.formats import DeliveryFormat
from sonicforge_studio.audio.tags import Tags, save_tags
from sonicforge_studio.domain import Samples
from sonicforge_studio.domain.errors import OutputError, UnknownFormat

_MOST_FRAMES = 4096
"""libvorbis analyses what it is handed on its stack: a block of a minute ends the process."""


class VorbisWriter:
    """Blocks into a part file. Raises ``OutputError`` and its kinds."""

    def __init__(self, file: PartFile, format: DeliveryFormat, sample_rate_hz: int, channels: int) -> None:
        assert format.quality is not None
        self._file = _Quiet(file)
        try:
            self._sound = soundfile.SoundFile(
                self._file,
                "w",
                sample_rate_hz,
                channels,
                "VORBIS",
                format="OGG",
                compression_level=1.0 - format.quality,
            )
        except (soundfile.LibsndfileError, ValueError) as error:
            raise self._file.error or UnknownFormat(
                f"VORBIS cannot hold {channels} channels at {sample_rate_hz} Hz.", hint="Use wav, or another rate."
            ) from error

    def write(self, block: Samples) -> None:
        frames = np.ascontiguousarray(np.clip(finite(block), -1.0, 1.0).T)
        with self._explained():
            for start in range(0, len(frames), _MOST_FRAMES):
                self._sound.write(frames[start : start + _MOST_FRAMES])

    def finish(self, tags: Tags) -> None:
        with self._explained():
            self._sound.close()
        save_tags(self._file.file.part, OggVorbis, tags)

    def stop(self) -> None:
        """Let go of the encoder; the part file takes no more."""
        with contextlib.suppress(soundfile.LibsndfileError, AssertionError):
            self._sound.close()

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (soundfile.LibsndfileError, AssertionError) as error:
            raise self._file.error or OutputError(f"The encoder gave up: {error}.") from error
        if self._file.error is not None:
            raise self._file.error


class _Quiet:
    """A part file for libsndfile's callbacks, which let nothing be raised through them: it is kept and raised after."""

    def __init__(self, file: PartFile) -> None:
        self.file = file
        self.error: OutputError | None = None

    def write(self, data: bytes | memoryview) -> int:
        if self.error is not None:
            return 0
        try:
            return self.file.write(data)
        except OutputError as error:
            self.error = error
            return 0

    def read(self, count: int) -> bytes:
        """libsndfile asks for it and never calls it when it writes."""
        return b""

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        return self.file.tell()
