"""FLAC, MP3, AAC and Opus out, through FFmpeg's encoders (PyAV)."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
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
from sonicforge_studio.audio.formats import DeliveryFormat
from sonicforge_studio.audio.tags import Tags, save_tags
from sonicforge_studio.domain import Samples
from sonicforge_studio.domain.errors import OutputError, UnknownFormat

_WRITE_BYTES = 1 << 17
_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


@dataclass(frozen=True, slots=True)
class _Coding:
    """FFmpeg's muxer and encoder of a codec, and mutagen's file type."""

    container: str
    encoder: str
    tagged_as: type[mutagen.FileType]
    options: Mapping[str, str] = field(default_factory=dict)


# FFmpeg's AAC encoder puts noise and folded stereo in place of what it drops. Without that its noise lies lower under
# what masks it (over a dozen pieces of music by 1.0 dB at 128 kbit/s and 0.4 at 256; in the worst bands by 2.9, 1.0),
# and peaks rise by 0.8 and 0.2 dB instead of 1.0 and 0.4. Its fast search would be better still on music and take a
# third of the time, but it leaves noise 26 dB under a pure tone at any rate, where this one leaves it at 50.
_AAC_OPTIONS = {"aac_pns": "0", "aac_is": "0"}

_CODINGS = {
    "flac": _Coding("flac", "flac", FLAC),
    "mp3": _Coding("mp3", "libmp3lame", MP3),
    "aac": _Coding("ipod", "aac", MP4, _AAC_OPTIONS),
    "opus": _Coding("ogg", "libopus", OggOpus),
}


class FfmpegWriter:
    """Blocks into a part file, at a rate that the format takes. Raises ``OutputError`` and its kinds."""

    def __init__(self, file: PartFile, format: DeliveryFormat, sample_rate_hz: int, channels: int) -> None:
        self._file = file
        self._coding = coding = _CODINGS[format.codec]
        self._sample_rate_hz = sample_rate_hz
        self._layout = _LAYOUTS[channels]
        self._quantiser = None if format.lossy else Quantiser(format.bits, channels)
        self._sample_format = _sample_format(format)
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
            stream = self._container.add_stream(
                coding.encoder,
                rate=sample_rate_hz,
                layout=self._layout,
                options={**coding.options, **_quality_options(format)},
            )
            assert isinstance(stream, av.AudioStream)
            self._stream = stream
            self._stream.codec_context.format = self._sample_format
            if format.bit_rate:
                self._stream.codec_context.bit_rate = format.bit_rate * max(2, channels) // 2
            self._stream.codec_context.open()
        except (av.FFmpegError, ValueError) as error:
            raise UnknownFormat(
                f"{format.codec.upper()} cannot hold {channels} channels at {sample_rate_hz} Hz.",
                hint="Use wav, or another rate.",
            ) from error

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
            limited = np.clip(finite(block), -1.0, 1.0)
            return np.ascontiguousarray(limited if self._sample_format == "fltp" else limited.T.reshape(1, -1))
        steps = self._quantiser.quantise(block).reshape(1, -1)
        return steps << self._shift if self._shift else steps.astype(np.int16)

    def _encode(self, frame: av.AudioFrame | None) -> None:
        try:
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
        except (av.FFmpegError, OSError) as error:
            raise _explained(error) from error


def _sample_format(format: DeliveryFormat) -> str:
    """What the encoder is handed. Of eight channels in planes PyAV counts nine, but only libopus is given so many."""
    if format.codec == "opus":
        return "flt"
    return "fltp" if format.lossy else "s16" if format.bits == 16 else "s32"


def _quality_options(format: DeliveryFormat) -> dict[str, str]:
    """LAME makes a variable bit rate where FFmpeg hands a quality on, in units of its lambda (FF_QP2LAMBDA, 118)."""
    if format.quality is None:
        return {}
    return {"flags": "+qscale", "global_quality": str(round(format.quality * 118))}


def _explained(error: Exception) -> OutputError:
    if isinstance(error, OSError) and not isinstance(error, av.FFmpegError):
        return output_error(error)
    return OutputError(f"The encoder gave up: {error}.")
