"""Sound files out: WAV, FLAC, MP3, M4A, Opus and Vorbis, whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import TracebackType

from sonicforge_studio.audio._ffmpeg_writer import FfmpegWriter
from sonicforge_studio.audio._part_file import PartFile, free_name
from sonicforge_studio.audio._vorbis_writer import VorbisWriter
from sonicforge_studio.audio._wav_writer import WavWriter
from sonicforge_studio.audio.formats import DELIVERY_FORMATS, FORMATS, LOSSY_FORMATS, DeliveryFormat
from sonicforge_studio.audio.resample import Resampler
from sonicforge_studio.audio.tags import Tags
from sonicforge_studio.domain import Clip, Progress, Samples, SilentProgress
from sonicforge_studio.domain.errors import BadSetting, EmptyAudio, UnknownFormat

__all__ = ["FORMATS", "LOSSY_FORMATS", "FileSink", "free_name", "open_sink", "write_clip"]

_BITS = {"pcm": (16, 24, 32), "flac": (16, 24)}
_BLOCK_FRAMES = 65536
_NO_TAGS = Tags()
_SILENT = SilentProgress()


_Writer = WavWriter | FfmpegWriter | VorbisWriter


class FileSink:
    """A sound file being written, as a ``Sink``; made by ``open_sink``.

    A context manager: it closes at the end of the block, and abandons where the block raises. ``write`` and ``close``
    raise ``DiskFull``, ``OutputNotWritable`` or ``OutputError``; ``close`` also ``OutputExists``, where the name was
    taken meanwhile, and ``EmptyAudio``, where nothing was written.
    """

    def __init__(self, file: PartFile, writer: _Writer, resampler: Resampler, channels: int, tags: Tags) -> None:
        self.tags = tags
        """Written when the file is closed; may be set until then, for what is only known once all samples have gone."""
        self._file = file
        self._writer = writer
        self._resampler = resampler
        self.channels = channels
        self.sample_rate_hz = resampler.from_hz
        """Of the blocks; the file's own may be another one."""
        self._frames = 0
        self._open = True
        self._finished = False

    @property
    def path(self) -> Path:
        """Where the file will stand; where it stands, once closed."""
        return self._file.path

    @property
    def part(self) -> Path:
        """The hidden file that is written to: complete and readable between ``finish`` and ``publish``."""
        return self._file.part

    def write(self, block: Samples) -> None:
        """Append a block of shape ``(channels, n)``. NaN and infinities become 0; what exceeds ±1 is clipped, except
        in 32-bit float WAV."""
        if not self._open or self._finished:
            raise ValueError("this file is closed")
        if block.ndim != 2 or block.shape[0] != self.channels:
            raise ValueError(f"a block has the shape ({self.channels}, n), not {block.shape}")
        if block.shape[1]:
            self._frames += block.shape[1]
            self._pass_on(self._resampler.process(block))

    def close(self) -> None:
        """Finish the file and put it under its name; where that fails nothing is left."""
        if self._open:
            self.finish()
            self.publish()

    def finish(self) -> None:
        """Complete the hidden file: it can be read and judged before it gets its name, or is abandoned."""
        try:
            if self._frames == 0:
                raise EmptyAudio()
            self._pass_on(self._resampler.finish())
            self._writer.finish(self.tags)
            self._finished = True
        except BaseException:
            self.abandon()
            raise

    def publish(self) -> None:
        """Put the finished file under its name."""
        if not self._finished:
            raise ValueError("a file is finished before it is published")
        self._open = False
        self._file.publish()

    def abandon(self) -> None:
        """Give up and remove what was written. Does nothing to a file that was closed."""
        if self._open:
            self._open = False
            self._file.abandon()
            if not self._finished:
                self._writer.stop()

    def __enter__(self) -> FileSink:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.abandon()

    def _pass_on(self, block: Samples) -> None:
        if block.shape[1]:
            self._writer.write(block)


def open_sink(
    path: str | Path,
    *,
    format: str,
    sample_rate_hz: int,
    channels: int,
    bits: int | None = None,
    tags: Tags = _NO_TAGS,
    overwrite: bool = False,
    numbered: bool = False,
) -> FileSink:
    """A new sound file, which appears under its name when it is closed; where ``numbered`` and the name is taken,
    under the next free one of "name 2.wav", "name 3.wav", …

    ``format`` is one of ``DELIVERY_FORMATS``; ``bits`` gives wav (16, 24, or 32 for float) and flac (16 or 24) another
    word length. A rate that the encoder does not take is resampled. The folder is made where missing. Raises
    ``UnknownFormat`` (also for more channels than the format holds), ``BadSetting``, ``OutputExists``,
    ``OutputNotWritable`` or ``DiskFull``.
    """
    wanted = _checked(format, sample_rate_hz, channels, bits)
    rate_hz = wanted.rate_for(sample_rate_hz)
    file = PartFile(Path(path), overwrite=overwrite, numbered=numbered)
    try:
        writer = _writer(file, wanted, rate_hz, channels)
    except BaseException:
        file.abandon()
        raise
    return FileSink(file, writer, Resampler(sample_rate_hz, rate_hz, channels), channels, tags)


def write_clip(
    path: str | Path,
    clip: Clip,
    *,
    format: str,
    bits: int | None = None,
    tags: Tags = _NO_TAGS,
    overwrite: bool = False,
    numbered: bool = False,
    progress: Progress = _SILENT,
) -> Path:
    """A whole clip as a file; where it stands. Raises as ``open_sink`` and ``FileSink`` do, and ``Cancelled`` from
    ``progress``."""
    with open_sink(
        path,
        format=format,
        sample_rate_hz=clip.sample_rate_hz,
        channels=clip.channels,
        bits=bits,
        tags=tags,
        overwrite=overwrite,
        numbered=numbered,
    ) as sink:
        for start in range(0, clip.frames, _BLOCK_FRAMES):
            sink.write(clip.samples[:, start : start + _BLOCK_FRAMES])
            progress.step(min(start + _BLOCK_FRAMES, clip.frames), clip.frames, "Writing")
    return sink.path


def _writer(file: PartFile, format: DeliveryFormat, rate_hz: int, channels: int) -> _Writer:
    if format.codec == "pcm":
        return WavWriter(file, rate_hz, channels, format.bits)
    if format.codec == "vorbis":
        return VorbisWriter(file, format, rate_hz, channels)
    return FfmpegWriter(file, format, rate_hz, channels)


def _checked(name: str, sample_rate_hz: int, channels: int, bits: int | None) -> DeliveryFormat:
    format = DELIVERY_FORMATS.get(name)
    if format is None:
        raise UnknownFormat(f'The studio does not write "{name}".')
    if not 1 <= sample_rate_hz <= 0xFFFFFFFF // 4:
        raise BadSetting(f"{sample_rate_hz} Hz is not a sample rate that a file can hold.")
    allowed = _BITS.get(format.codec)
    if bits is not None and allowed is not None:
        if bits not in allowed:
            numbers = ", ".join(map(str, allowed))
            raise BadSetting(
                f"{name.upper()} is written with {numbers} bits, not {bits}.", hint=f"Use one of {numbers}."
            )
        format = replace(format, bits=bits)
    if not 1 <= channels <= format.most_channels:
        raise UnknownFormat(
            f"{name.upper()} holds up to {format.most_channels} channels here, not {channels}.",
            hint="Use wav, or mix the channels down first.",
        )
    return format
