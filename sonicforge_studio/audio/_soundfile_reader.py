"""Decoding through libsndfile, for the files that FFmpeg cannot read."""

from __future__ import annotations

import numpy as np
import soundfile

from sonicforge_studio.audio._known_formats import HIGHEST_RATE_HZ
from sonicforge_studio.audio._regular_file import DecoderFile, RegularFile
from sonicforge_studio.domain import Samples
from sonicforge_studio.domain.errors import DecodeFailed, EmptyAudio, NotAudio

_CODECS = {
    "PCM_S8": "pcm_s8",
    "PCM_U8": "pcm_u8",
    "PCM_16": "pcm_s16le",
    "PCM_24": "pcm_s24le",
    "PCM_32": "pcm_s32le",
    "FLOAT": "pcm_f32le",
    "DOUBLE": "pcm_f64le",
    "ULAW": "pcm_mulaw",
    "ALAW": "pcm_alaw",
}
"""libsndfile's subtypes under FFmpeg's names."""
_SKIP_FRAMES = 65536
_ENDLESS_FRAMES = 1 << 48
"""libsndfile gives an enormous length where the header tells none."""


class SoundfileReader:
    """Blocks through libsndfile.

    Raises ``soundfile.LibsndfileError`` where it cannot read the file, ``EmptyAudio`` where it has no frames,
    ``DecodeFailed`` where no sound has its rate, and ``NotAudio`` for MPEG audio: libmpg123 writes its doubts to
    stderr, where they cannot be held back.
    """

    def __init__(self, file: RegularFile) -> None:
        head = file.read_at(0, 3)
        if head == b"ID3" or (head[:1] == b"\xff" and head[1:2] >= b"\xe0"):
            raise NotAudio()
        self._file = file
        self._start()
        if self._sound.frames == 0 or self._sound.samplerate > HIGHEST_RATE_HZ:
            self._sound.close()
            raise EmptyAudio() if self._sound.frames == 0 else DecodeFailed()
        self.sample_rate_hz = int(self._sound.samplerate)
        self.channels = int(self._sound.channels)
        container = str(self._sound.format).lower()
        self.codec = "flac" if container == "flac" else _CODECS.get(self._sound.subtype, container)
        self.metadata: dict[str, str] = {}
        frames = int(self._sound.frames)
        self.frames = frames if frames < _ENDLESS_FRAMES else None
        self.damaged = False
        self.skipped = False
        self.broke_off = False
        self.cut_off = False

    @property
    def rough_seconds(self) -> float | None:
        return self.promised_seconds

    @property
    def promised_seconds(self) -> float | None:
        return None if self.frames is None else self.frames / self.sample_rate_hz

    def read(self, frames: int) -> Samples:
        try:
            block = self._sound.read(frames, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            self.damaged = self.broke_off = self.ended = True
            return np.empty((self.channels, 0), np.float32)
        self.position += block.shape[0]
        self.ended = block.shape[0] < frames
        self.broke_off |= self._file.failed
        return np.ascontiguousarray(block.T)

    def seek(self, frame: int) -> None:
        # By reading on: libsndfile seeks astray in the very files that only it can read.
        if frame < self.position:
            self._sound.close()
            self._start()
        self.skip(frame - self.position)

    def skip(self, frames: int) -> None:
        """Read on without keeping anything."""
        while frames > 0 and not self.ended:
            frames -= self.read(min(frames, _SKIP_FRAMES)).shape[1]

    def close(self) -> None:
        self._sound.close()

    def _start(self) -> None:
        self._file.seek(0)
        self._sound = soundfile.SoundFile(DecoderFile(self._file))
        # Else it seeks to where it stands after each block, which fails in FLAC files with a wrong header.
        self._sound.seekable = lambda: False
        self.position = 0
        self.ended = False
