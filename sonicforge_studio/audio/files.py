"""Sound files in: any format, judged by content, as blocks."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import numpy as np
import soundfile

from sonicforge_studio.audio._ffmpeg_reader import FfmpegReader
from sonicforge_studio.audio._regular_file import RegularFile
from sonicforge_studio.audio._soundfile_reader import SoundfileReader
from sonicforge_studio.audio.tags import Tags, gather_tags
from sonicforge_studio.domain import Clip, Progress, Samples, SilentProgress
from sonicforge_studio.domain.errors import DecodeFailed, EmptyAudio, InputError, NotAudio

BLOCK_FRAMES = 65536
_SILENT = SilentProgress()
_UNNOTICED_SECONDS = 0.1
"""A file that ends this much before its promise is not called cut off: lengths are rounded in many containers."""


class FileSource:
    """A sound file as a ``Source``; made by ``open_source``. A context manager.

    Blocks are float32 of shape ``(channels, n)`` with full scale at ±1; float files keep what exceeds it, NaN and
    infinities become 0. A seek and a straight read give the same samples, to the last bit where the codec is lossless
    and within a lossy decoder's own noise filling elsewhere.
    """

    def __init__(self, file: RegularFile, reader: FfmpegReader | SoundfileReader) -> None:
        self._file = file
        self._reader = reader
        self._metadata = reader.metadata
        self._tried_second_reader = isinstance(reader, SoundfileReader)
        self._promised_seconds = reader.promised_seconds
        self._end: int | None = None
        self._tags: Tags | None = None
        self.sample_rate_hz = reader.sample_rate_hz
        self.channels = reader.channels
        self.codec = reader.codec
        """FFmpeg's name of the codec, such as ``pcm_s24le``, ``flac`` or ``mp3float``."""

    @property
    def path(self) -> Path:
        return self._file.path

    @property
    def frames(self) -> int | None:
        """The length where the header tells it; after the end, what was read."""
        if self._end is not None:
            return self._end
        declared = self._reader.frames
        return None if declared is None or declared < self._reader.position else declared

    @property
    def duration_seconds(self) -> float | None:
        """The length, or the container's estimate of it; None where neither is known."""
        frames = self.frames
        return self._reader.rough_seconds if frames is None else frames / self.sample_rate_hz

    @property
    def tags(self) -> Tags:
        if self._tags is None:
            # The decoder stands somewhere in the file, so the tags are read through a handle of their own.
            file = RegularFile(self._file.path)
            try:
                self._tags = gather_tags(file, self._metadata)
            finally:
                file.close()
        return self._tags

    @property
    def warning(self) -> str | None:
        """A sentence where sound is missing; complete once the end was reached."""
        if self._end is not None:
            seconds = self._end / self.sample_rate_hz
            promised = self._promised_seconds
            if promised is not None and seconds < promised - _UNNOTICED_SECONDS:
                return f"Only the first {seconds:.1f} s of {promised:.1f} s could be read."
            if self._reader.broke_off or self._reader.cut_off:
                return f"Only the first {seconds:.1f} s could be read: the file is cut off or damaged there."
        return "Damaged parts were left out." if self._reader.skipped else None

    def read(self, frames: int) -> Samples:
        """The next block, shape ``(channels, n)`` with ``n <= frames``; ``n == 0`` only at the end."""
        blocks: list[Samples] = []
        while frames > 0:
            block = self._reader.read(min(frames, BLOCK_FRAMES))
            if block.shape[1]:
                blocks.append(block)
                frames -= block.shape[1]
            if self._reader.damaged and not self._tried_second_reader:
                self._try_second_reader()
            elif not block.shape[1] and self._reader.ended:
                self._end = self._reader.position
                break
        if not blocks:
            return np.empty((self.channels, 0), np.float32)
        return _finite(blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=1))

    def seek(self, frame: int) -> None:
        """Go on reading from exactly this frame; behind the end there is nothing more to read."""
        self._reader.seek(max(0, frame))

    def close(self) -> None:
        self._reader.close()
        self._file.close()

    def __enter__(self) -> FileSource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _try_second_reader(self) -> None:
        """Where FFmpeg stumbles over a FLAC file, libsndfile may read on: from the frame where the other stopped."""
        self._tried_second_reader = True
        position = self._reader.position
        if self.codec != "flac":
            return
        try:
            file = RegularFile(self._file.path)
        except InputError:
            # Moved or taken away meanwhile.
            return
        second = _soundfile_reader(file)
        if second is not None and (second.sample_rate_hz, second.channels) == (self.sample_rate_hz, self.channels):
            second.skip(position + 1)
            if second.position > position:
                second.seek(position)
                self._reader.close()
                self._file.close()
                self._file, self._reader = file, second
                self._promised_seconds = second.promised_seconds
                return
        if second is not None:
            second.close()
        file.close()


def open_source(path: str | Path) -> FileSource:
    """Open a sound file, or a video with sound, for reading in blocks.

    Raises ``MissingPath``, ``NoPermission``, ``EmptyFile``, ``NotAudio``, ``EmptyAudio``, ``DecodeFailed``, and
    ``InputError`` for a folder, a pipe or a device, or where the disk fails. A file that is only damaged further on
    opens: see ``warning``.
    """
    file = RegularFile(Path(path))
    try:
        return FileSource(file, _reader(file))
    except BaseException:
        file.close()
        raise


def read_clip(path: str | Path, *, progress: Progress = _SILENT) -> Clip:
    """A whole file in memory. Raises as ``open_source`` does, and ``Cancelled`` from ``progress``."""
    with open_source(path) as source:
        total = (source.duration_seconds or 0.0) * source.sample_rate_hz
        blocks: list[Samples] = []
        done = 0
        while (block := source.read(BLOCK_FRAMES)).shape[1]:
            blocks.append(block)
            done += block.shape[1]
            progress.step(done, max(total, done), "reading")
        return Clip(np.concatenate(blocks, axis=1), source.sample_rate_hz)


def _reader(file: RegularFile) -> FfmpegReader | SoundfileReader:
    try:
        return FfmpegReader(file)
    except (NotAudio, DecodeFailed, EmptyAudio):
        second = _soundfile_reader(file)
        if second is None:
            raise
        return second


def _soundfile_reader(file: RegularFile) -> SoundfileReader | None:
    """libsndfile's reader where it can decode at least one frame."""
    try:
        reader = SoundfileReader(file)
    except (soundfile.LibsndfileError, InputError):
        return None
    if reader.read(1).shape[1]:
        reader.seek(0)
        return reader
    reader.close()
    return None


def _finite(block: Samples) -> Samples:
    if not np.isfinite(block).all():
        np.nan_to_num(block, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    return block
