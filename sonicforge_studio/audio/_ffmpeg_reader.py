"""Decoding through FFmpeg (PyAV): any container and codec that it knows, in blocks, with seeking to the sample."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np

from sonicforge_studio.audio._ffmpeg_container import choose_stream, open_container
from sonicforge_studio.audio._known_formats import (
    HIGHEST_RATE_HZ,
    begins_like_audio,
    has_ape_tag_behind,
    has_vbr_header,
    ogg_ends_well,
)
from sonicforge_studio.audio._pcm import float_samples
from sonicforge_studio.audio._regular_file import RegularFile
from sonicforge_studio.audio._riff import declared_wav_frames
from sonicforge_studio.domain import Samples
from sonicforge_studio.domain.errors import DecodeFailed, EmptyAudio, NotAudio

_PREROLL_SECONDS = 1.0
"""Decoded and dropped before a seek's target: lossy decoders need what came before (the MP3 bit reservoir, AAC's
overlap, Opus's 80 ms of RFC 7845, section 4.6)."""
_SETTLING_SECONDS = 3
"""Within this the times of a lossy file's packets may still jump against the number of frames."""
_ODD_TIMES = 3
"""So many frames in a row with unexpected times are believed."""
_EXACT_LENGTHS = {"wav", "w64", "aiff", "au", "caf", "flac", "mov", "ogg", "tta", "wv", "ape", "mp3"}
"""Containers whose header tells the length in samples (MP3 only with a Xing, Info or VBRI frame)."""
_SEEKS_BY_BIT_RATE = {"wav", "w64", "aiff", "au", "caf"}
"""Containers made for PCM: packets of other codecs in them have times that are only estimated after a seek."""
_INDEPENDENT_PACKETS = {"flac", "alac", "wavpack", "tta", "ape"}
_MOST_FRAMES_PER_BYTE = 20_000
"""A length beyond this many frames for each byte of the file is a header's mistake."""
_MOST_PADDING_FRAMES = 4096
"""What an encoder may have added to fill its last packet."""


class FfmpegReader:
    """The first or default sound of a file, as float32 blocks in the format that its first frame has.

    Raises ``NotAudio``, ``EmptyAudio`` or ``DecodeFailed`` where no frame can be decoded.
    """

    def __init__(self, file: RegularFile) -> None:
        self._file = file
        self._origin: int | None = None
        self._ticks_per_frame = 0
        self._exact = False
        self._exact_from = 0
        self._exact_until: int | None = None
        self._settled = False
        self._odd_shift = self._odd_times = self._odd_since = 0
        self._stop_at_damage = False
        self._trim_at: int | None = None
        self.damaged = False
        """Whether some packet could not be decoded."""
        self.skipped = False
        """Whether sound came again after it."""
        self._start()
        while self._fifo.samples == 0 and not self._ended:
            self._decode_packet()
        if self._fifo.samples == 0:
            self._container.close()
            raise self._nothing_decoded()
        self.codec: str = self._stream.codec.canonical_name
        self.metadata: dict[str, str] = {**self._container.metadata, **self._stream.metadata}
        self.frames = self._declared_frames()
        if _SEEKS_BY_BIT_RATE.intersection(self._container.format.name.split(",")) and not self.codec.startswith(
            "pcm_"
        ):
            self._exact = False
        self._preroll_frames = 0
        if not (self.codec.startswith("pcm_") or self.codec in _INDEPENDENT_PACKETS):
            self._preroll_frames = round(_PREROLL_SECONDS * self.sample_rate_hz)
            if self._container_is("mov"):
                self._trim_at = self.frames
        self._stop_at_damage = True
        self.rough_seconds = self._container.duration / av.time_base if self._container.duration else None
        """The length as the container estimates it."""
        self.promised_seconds = self._promised_seconds()
        """The length that the header promises; None where it only guesses or was adapted to the file."""
        self.cut_off = self._container_is("ogg") and not ogg_ends_well(self._file, self._file.size_bytes)
        """Whether the container's own end mark is missing."""

    @property
    def position(self) -> int:
        """The frame that the next read starts with."""
        return self._decoded - self._fifo.samples

    @property
    def broke_off(self) -> bool:
        """Whether the end came by damage: nothing could be read or decoded after it."""
        return self._ended and (self._damaged_now or self._file.failed)

    @property
    def ended(self) -> bool:
        return self._ended and self._available() == 0

    def read(self, frames: int) -> Samples:
        """Up to ``frames`` frames. Fewer at the end, and once where the first damage is met, so that the caller may
        try another decoder from there."""
        while not self._ended and self._available() < frames:
            met_before = self.damaged
            self._decode_packet()
            if self.damaged and not met_before and self._stop_at_damage:
                break
        count = min(frames, self._available())
        block = self._fifo.read(count) if count else None
        if block is None:
            return np.empty((self.channels, 0), np.float32)
        return float_samples(block, self.channels)

    def seek(self, frame: int) -> None:
        ahead = frame - self.position
        if 0 <= ahead <= self.sample_rate_hz:
            self._drop_until(frame)
            return
        damage = self.damaged, self.skipped
        self._settle()
        start = frame - self._preroll_frames
        known = self._exact and start > self._exact_from and (self._exact_until is None or frame < self._exact_until)
        if not (known and self._jump(start, frame)):
            self._start()
            self._drop_until(frame)
        self.damaged, self.skipped = damage

    def close(self) -> None:
        self._container.close()

    def _container_is(self, name: str) -> bool:
        return name in self._container.format.name.split(",")

    def _start(self) -> None:
        """Open the file and stand before its first packet, with a decoder that has seen nothing."""
        try:
            self._container = open_container(self._file)
        except (av.FFmpegError, OSError) as error:
            raise DecodeFailed() if begins_like_audio(self._file) else NotAudio() from error
        self._stream = choose_stream(self._container)
        self._packets: Iterator[av.Packet[av.AudioStream]] = self._container.demux(self._stream)
        self._decoded = 0
        self._clear_fifo()

    def _clear_fifo(self) -> None:
        self._fifo = av.AudioFifo()
        self._converter: av.AudioResampler | None = None
        self._converts: tuple[str, int, int] | None = None
        self._anchored = True
        self._landing = False
        self._odd_shift = 0
        self._lost = False
        self._ended = False
        self._damaged_now = False

    def _nothing_decoded(self) -> Exception:
        if not begins_like_audio(self._file):
            return NotAudio()
        return DecodeFailed() if self.damaged or self._stream.duration else EmptyAudio()

    def _declared_frames(self) -> int | None:
        names = self._container.format.name.split(",")
        duration = self._stream.duration
        if duration is None or not self._exact or not _EXACT_LENGTHS.intersection(names):
            return None
        counted = has_vbr_header(self._file) and not has_ape_tag_behind(self._file, self._file.size_bytes)
        if "mp3" in names and not counted:
            return None
        frames = duration // self._ticks_per_frame
        extradata = self._stream.codec_context.extradata
        if "ogg" in names and self.codec.endswith("opus") and extradata and len(extradata) >= 12:
            # FFmpeg counts the encoder's delay as part of the length (RFC 7845, section 5.1: pre-skip).
            frames -= struct.unpack_from("<H", extradata, 10)[0]
        return frames if 0 < frames <= self._file.size_bytes * _MOST_FRAMES_PER_BYTE else None

    def _promised_seconds(self) -> float | None:
        frames = self.frames
        if self._container_is("matroska"):
            sound_only = all(stream.type in ("audio", "attachment") for stream in self._container.streams)
            return self.rough_seconds if sound_only else None
        if frames is not None and self._container_is("wav") and self.codec.startswith("pcm_"):
            # FFmpeg shortens a length that reaches past the end of the file.
            frames = declared_wav_frames(self._file)
        return None if frames is None else frames / self.sample_rate_hz

    def _available(self) -> int:
        """How many decoded frames may be handed out: an encoder's padding behind the declared end may not."""
        waiting = self._fifo.samples
        if self._trim_at is None or self._decoded <= self._trim_at:
            return waiting
        excess = self._decoded - self._trim_at
        return max(0, waiting - excess) if excess <= _MOST_PADDING_FRAMES else waiting

    def _decode_packet(self) -> None:
        try:
            packet = next(self._packets)
        except StopIteration:
            self._end()
            return
        except (av.FFmpegError, OSError):
            self._end()
            self.damaged = self._damaged_now = True
            return
        try:
            frames = self._stream.decode(packet)
        except EOFError:
            return
        except (av.FFmpegError, OSError):
            self.damaged = self._damaged_now = True
            return
        for frame in frames:
            if frame.samples:
                self._append(frame)

    def _append(self, frame: av.AudioFrame) -> None:
        if self._origin is None:
            self._adopt(frame)
        if self._damaged_now:
            self._damaged_now, self.skipped = False, True
        pts = frame.pts
        if pts is not None and self._exact:
            # Most frames come where the one before ended: this runs 150,000 times in an hour of AAC.
            if not self._anchored:
                self._anchor(pts)
            elif pts == (self._origin or 0) + self._decoded * self._ticks_per_frame:
                self._odd_shift = 0
            elif self._decoded >= self._exact_from:
                self._place(pts)
        if not self._anchored:
            return
        kind = frame.format.name, frame.layout.nb_channels, frame.sample_rate
        if self._converter is not None and kind != self._converts:
            self._flush_converter()
        if kind == self._kind:
            self._keep(frame)
        else:
            self._convert(frame, kind)

    def _keep(self, frame: av.AudioFrame) -> None:
        frame.pts = None
        self._fifo.write(frame)
        self._decoded += frame.samples

    def _end(self) -> None:
        self._flush_converter()
        self._ended = True

    def _adopt(self, frame: av.AudioFrame) -> None:
        """Take the first frame's format for the whole file, and its time for frame 0."""
        self._kind = frame.format.name, frame.layout.nb_channels, frame.sample_rate
        self._layout = frame.layout
        self.sample_rate_hz = frame.sample_rate
        self.channels = frame.layout.nb_channels
        if not 0 < self.sample_rate_hz <= HIGHEST_RATE_HZ or self.channels <= 0:
            raise DecodeFailed()
        self._origin = frame.pts or 0
        self._time_base = frame.time_base or Fraction(1, self.sample_rate_hz)
        ticks = 1 / (self.sample_rate_hz * self._time_base)
        # Where a tick is longer than a frame (Matroska's millisecond), times cannot tell where a packet belongs.
        self._exact = frame.pts is not None and ticks.denominator == 1
        self._ticks_per_frame = ticks.numerator if self._exact else 0

    def _place(self, pts: int) -> None:
        """Judge a frame whose time is not where the frames counted so far end.

        One alone means nothing: FFmpeg misjudges the first packet of many Vorbis pages. Several in a row are a gap in
        the file, or, at its beginning, a first page that was counted short.
        """
        shift = pts - (self._origin or 0) - self._decoded * self._ticks_per_frame
        if shift != self._odd_shift:
            self._odd_shift, self._odd_times, self._odd_since = shift, 0, self._decoded
        self._odd_times += 1
        if self._odd_times < _ODD_TIMES:
            return
        if self._landing:
            self._anchor(pts)
        elif self._decoded <= _SETTLING_SECONDS * self.sample_rate_hz:
            self._origin = (self._origin or 0) + shift
            self._exact_from = self._decoded
        else:
            self._distrust_times(self._odd_since)

    def _anchor(self, pts: int) -> None:
        """After a jump: this frame stands where its time says."""
        at, rest = divmod(pts - (self._origin or 0), self._ticks_per_frame)
        if rest == 0:
            self._fifo = av.AudioFifo()
            self._decoded = at
            self._anchored = True

    def _distrust_times(self, frame: int) -> None:
        """From here on, times do not tell how many frames came before: seeks past this point count them."""
        if self._exact_until is None or frame < self._exact_until:
            self._exact_until = frame

    def _convert(self, frame: av.AudioFrame, kind: tuple[str, int, int]) -> None:
        """Bring a frame of another format, midway in the file, to the first one's."""
        self._distrust_times(self._decoded)
        if self._landing:
            self._lost = True
        frame.pts = None
        if self._converter is None:
            name, _channels, rate = self._kind
            self._converter = av.AudioResampler(format=name, layout=self._layout, rate=rate)
            self._converts = kind
        self._keep_converted(frame)

    def _flush_converter(self) -> None:
        if self._converter is not None:
            self._keep_converted(None)
        self._converter = self._converts = None

    def _keep_converted(self, frame: av.AudioFrame | None) -> None:
        """Keep what the converter makes of a frame, or of None at its end."""
        assert self._converter is not None
        try:
            fitting = self._converter.resample(frame)
        except (av.FFmpegError, ValueError):
            self.damaged = self._damaged_now = True
            return
        for converted in fitting:
            converted.time_base = self._time_base
            self._keep(converted)

    def _jump(self, target: int, frame: int) -> bool:
        """Seek to a packet at or before ``target`` and decode up to ``frame``; False where that did not come out."""
        try:
            self._container.seek((self._origin or 0) + target * self._ticks_per_frame, stream=self._stream)
        except (av.FFmpegError, OSError):
            return False
        self._packets = self._container.demux(self._stream)
        self._clear_fifo()
        self._anchored, self._landing = False, True
        while not self._ended and not (self._anchored and self._fifo.samples):
            self._decode_packet()
        if not self._anchored or not self._exact_from <= self.position <= target:
            return False
        while self._decoded <= frame and not self._ended:
            self._decode_packet()
        self._landing = False
        if self._lost or self.position > frame:
            return False
        self._drop_until(frame)
        return self.position == frame

    def _settle(self) -> None:
        """Before the first jump: see how the times of a lossy file's first packets agree with its frames."""
        enough = _SETTLING_SECONDS * self.sample_rate_hz
        if not self._settled and self._preroll_frames and self._decoded < enough:
            self._start()
            self._drop_until(enough)
        self._settled = True

    def _drop_until(self, frame: int) -> None:
        while self.position < frame and not self.ended:
            if self._available() == 0:
                self._decode_packet()
            else:
                self._fifo.read(min(frame - self.position, self._available()))
