"""What AcoustID knows a recording by: made from blocks as they flow, equal to what ``fpcalc`` says of the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain import Clip, Samples
from sonicforge_studio.fingerprints.codec import Words, compress, decompress
from sonicforge_studio.kernels import chromaprint

ROW_SECONDS = chromaprint.HOP / chromaprint.RATE_HZ
"""From one word to the next: 0.1238 s."""
WORD_SECONDS = (
    chromaprint.FRAME + (chromaprint.SMOOTHING_ROWS + chromaprint.WORD_ROWS - 2) * chromaprint.HOP
) / chromaprint.RATE_HZ
"""What one word hears, and the shortest sound that has one: 2.72 s."""

_RATES_HZ = range(1_001, 3_072_001)
_GATHERED_FRAMES = 16_384

# FFmpeg's downmix to one channel with its default levels, for the channel orders of RFC 9639, 9.1.3.
_SIDE = 0.5
_FRONT = 0.5**0.5
_CHANNEL_WEIGHTS = {
    3: (_FRONT, _FRONT, 1.0),
    4: (_FRONT, _FRONT, _SIDE, _SIDE),
    5: (_FRONT, _FRONT, 1.0, _SIDE, _SIDE),
    6: (_FRONT, _FRONT, 1.0, 0.0, _SIDE, _SIDE),
    7: (_FRONT, _FRONT, 1.0, 0.0, _SIDE, _SIDE, _SIDE),
    8: (_FRONT, _FRONT, 1.0, 0.0, _SIDE, _SIDE, _SIDE, _SIDE),
}


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """``words`` uint32, one every 0.124 s; ``text`` the same as AcoustID writes it; the length of the whole sound."""

    words: Words
    text: str
    duration_seconds: float

    @classmethod
    def from_text(cls, text: str, duration_seconds: float) -> Fingerprint:
        """Of a text that was kept; raises ``FingerprintUnreadable``."""
        return cls(decompress(text), text, duration_seconds)


class Fingerprinter:
    """Takes a sound in blocks of any size, in flat memory, and gives the same fingerprint whatever the blocks.

    A sound shorter than 2.72 s has no words, and neither has one of a rate outside 1,001…3,072,000 Hz.
    Raises ``ValueError`` where rate or channels are not positive.
    """

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        if sample_rate_hz <= 0 or channels <= 0:
            raise ValueError(f"rate and channels are positive, not {sample_rate_hz} Hz and {channels}")
        self._rate_hz = sample_rate_hz
        self._weights = _mono_weights(channels)
        self._frames = 0
        self._heard = sample_rate_hz in _RATES_HZ
        self._bank = chromaprint.resampling_filter(sample_rate_hz if self._heard else chromaprint.RATE_HZ)
        self._position = chromaprint.first_position(self._bank)
        self._gathered: list[NDArray[np.float32]] = []
        self._gathered_frames = 0
        self._mono = np.zeros(0, dtype=np.float32)
        self._resampled = np.zeros(0, dtype=np.int16)
        self._rows = np.zeros((0, chromaprint.BANDS))
        self._words: list[Words] = []

    def add(self, block: Samples) -> None:
        """The next block, float32 ``(channels, n)``; raises ``ValueError`` for another shape."""
        if block.ndim != 2 or block.shape[0] != self._weights.size:
            raise ValueError(f"a block has the shape ({self._weights.size}, n), not {block.shape}")
        self._frames += block.shape[1]
        if not self._heard:
            return
        for piece in _pieces(block):
            self._gathered.append(chromaprint.mix_to_mono(piece, self._weights))
            self._gathered_frames += piece.shape[1]
            if self._gathered_frames >= _GATHERED_FRAMES:
                self._digest()

    def finish(self) -> Fingerprint:
        """Of all that was added."""
        if self._heard:
            self._digest()
            # FFmpeg's resampler mirrors the end, so that the last half of its filter comes out too.
            mirrored = (min(self._mono.size, self._bank.shape[1]) + 1) // 2
            self._gathered.append(self._mono[::-1][:mirrored])
            self._digest()
        words = np.concatenate([np.zeros(0, dtype=np.uint32), *self._words])
        return Fingerprint(words, compress(words), self._frames / self._rate_hz)

    def _digest(self) -> None:
        self._mono = np.concatenate([self._mono, *self._gathered])
        self._gathered.clear()
        self._gathered_frames = 0
        if self._rate_hz == chromaprint.RATE_HZ:
            resampled, done = chromaprint.to_int16(self._mono), self._mono.size
        else:
            resampled, done = chromaprint.resample(self._mono, self._bank, self._rate_hz, self._position)
        self._mono = self._mono[done:]
        self._resampled = np.concatenate([self._resampled, resampled])

        rows = chromaprint.chroma_rows(self._resampled)
        self._resampled = self._resampled[rows.shape[0] * chromaprint.HOP :]
        self._rows = np.concatenate([self._rows, rows])
        words = chromaprint.words_of_chroma(self._rows)
        self._rows = self._rows[words.size :]
        self._words.append(words)


def fingerprint_clip(clip: Clip) -> Fingerprint:
    """Of a whole clip."""
    fingerprinter = Fingerprinter(clip.sample_rate_hz, clip.channels)
    fingerprinter.add(clip.samples)
    return fingerprinter.finish()


def _mono_weights(channels: int) -> NDArray[np.float32]:
    weights = np.array(_CHANNEL_WEIGHTS.get(channels, (1.0,) * channels))
    normalised: NDArray[np.float32] = (weights / weights.sum()).astype(np.float32)
    return normalised


def _pieces(block: Samples) -> Iterator[Samples]:
    """A long block in short ones, so that what is made of it stays small."""
    for start in range(0, block.shape[1], _GATHERED_FRAMES):
        yield block[:, start : start + _GATHERED_FRAMES]
