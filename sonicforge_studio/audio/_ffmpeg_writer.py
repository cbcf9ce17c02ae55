"""FLAC, MP3, M4A and Opus out, through FFmpeg's encoders (PyAV)."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from fractions import Fraction

import av
import mutagen
import numpy as np
from mutagen.flac import FLAC
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4
from mutagen.oggopus import OggOpus
from numpy.typing import NDArray

from sonicforge_studio.audio._part_file import PartFile, output_error
from sonicforge_studio.audio._pcm import Quantiser, finite
from sonicforge_studio.audio.tags import Tags, save_tags
from sonicforge_studio.domain import Samples
from sonicforge_studio.domain.errors import OutputError, UnknownFormat

_WRITE_BYTES = 1 << 17
_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


@dataclass(frozen=True, slots=True)
class Coding:
    """One format: FFmpeg's muxer and encoder, mutagen's file type, and what the encoder takes."""

    name: str
    container: str
    encoder: str
    tagged_as: type[mutagen.FileType]
    bit_rate: int
    """Up to two channels, in bits per second; 0 where nothing is lost."""
    most_channels: int
    rates_hz: tuple[int, ...]
    """Empty where any rate is taken."""

    def rate_for(self, sample_rate_hz: int) -> int:
        """The rate that is written: the same where the encoder takes it, else the next of its family, or above."""
        if not self.rates_hz or sample_rate_hz in self.rates_hz:
            return sample_rate_hz
        related = [rate for rate in self.rates_hz if max(rate, sample_rate_hz) % min(rate, sample_rate_hz) == 0]
        above = [rate for rate in related or self.rates_hz if rate >= sample_rate_hz]
        return min(above) if above else max(related or self.rates_hz)


CODINGS = {
    coding.name: coding
    for coding in (
        Coding("flac", "flac", "flac", FLAC, 0, 8, ()),
        Coding("mp3", "mp3", "libmp3lame", MP3, 320_000, 2, (32_000, 44_100, 48_000)),
        Coding("m4a", "ipod", "aac", MP4, 256_000, 6, (22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000)),
        Coding("opus", "ogg", "libopus", OggOpus, 160_000, 8, (48_000,)),
    )
}


class FfmpegWriter:
    """Blocks into a part file, at a rate that the coding takes. Raises ``OutputError`` and its kinds."""

    def __init__(self, file: PartFile, coding: Coding, sample_rate_hz: int, channels: int, bits: int) -> None:
        self._file = file
        self._coding = coding
        self._sample_rate_hz = sample_rate_hz
        self._layout = _LAYOUTS[channels]
        self._quantiser = None if coding.bit_rate else Quantiser(bits, channels)
        self._sample_format = "fltp" if coding.bit_rate else "s16" if bits == 16 else "s32"
        self._shift = 8 if self._sample_format == "s32" else 0
        self._frames = 0
        options = {"fflags": "+bitexact"}
        if coding.container == "ipod":
            # The edit list tells the length in this unit: milliseconds, the default, would round it.
            options["movie_timescale"] = str(sample_rate_hz)
        try:
            self._container = av.open(
                file,
                mode="w",
                format=coding.container,
                buffer_size=_WRITE_BYTES,
                container_options=options,
            )
            stream = self._container.add_stream(coding.encoder, rate=sample_rate_hz, layout=self._layout)
            assert isinstance(stream, av.AudioStream)
            self._stream = stream
            self._stream.codec_context.format = self._packed_format
            if coding.bit_rate:
                self._stream.codec_context.bit_rate = coding.bit_rate * max(2, channels) // 2
            self._stream.codec_context.open()
        except (av.FFmpegError, ValueError) as error:
            raise UnknownFormat(
                f"{coding.name.upper()} cannot hold {channels} channels at {sample_rate_hz} Hz.",
                hint="Use wav, or another rate.",
            ) from error

    @property
    def _packed_format(self) -> str:
        return "flt" if self._coding.encoder == "libopus" else self._sample_format

    def write(self, block: Samples) -> None:
        frame = av.AudioFrame.from_ndarray(self._array(block), format=self._sample_format, layout=self._layout)
        frame.sample_rate = self._sample_rate_hz
        frame.time_base = Fraction(1, self._sample_rate_hz)
        frame.pts = self._frames
        self._frames += block.shape[1]
        self._encode(frame)

    def finish(self, tags: Tags) -> None:
        self._encode(None)
        try:
            self._container.close()
        except (av.FFmpegError, OSError) as error:
            raise _explained(error) from error
        save_tags(self._file.part, self._coding.tagged_as, tags)

    def stop(self) -> None:
        """Let go of the encoder; the part file takes no more."""
        with contextlib.suppress(av.FFmpegError, OSError, OutputError):
            self._container.close()

    def _array(self, block: Samples) -> NDArray[np.float32] | NDArray[np.int32] | NDArray[np.int16]:
        if self._quantiser is None:
            return np.ascontiguousarray(np.clip(finite(block), -1.0, 1.0))
        steps = self._quantiser.quantise(block).reshape(1, -1)
        return steps << self._shift if self._shift else steps.astype(np.int16)

    def _encode(self, frame: av.AudioFrame | None) -> None:
        try:
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
        except (av.FFmpegError, OSError) as error:
            raise _explained(error) from error


def _explained(error: Exception) -> OutputError:
    if isinstance(error, OSError) and not isinstance(error, av.FFmpegError):
        return output_error(error)
    return OutputError(f"The encoder gave up: {error}.")
