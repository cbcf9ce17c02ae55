"""Which tune a sound has, as the melody models hear it: the loudest pitch class of every eighth of a second.

The chromagram of J. Copet et al., "Simple and Controllable Music Generation" (2023), section 2.3, as transformers'
``MusicgenMelodyFeatureExtractor`` computes it: power spectra through a bank of twelve filters (D. Ellis, "Chroma
feature analysis and synthesis", 2007), of which the greatest counts. audiocraft takes drums and bass out before; here
all of the sound is heard.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.audio import Resampler, channel_matrix, mix_channels
from sonicforge_studio.domain import HeardSound, Progress, Samples
from sonicforge_studio.domain.errors import EmptyAudio
from sonicforge_studio.generation.musicgen._user_file import SILENT, UserFile
from sonicforge_studio.generation.musicgen.windows import WINDOW_SECONDS

PITCH_CLASSES = 12
SPECTRUM_FRAMES = 16384
PLACE_FRAMES = 4096
"""From one place of a tune to the next, at the model's rate."""
_A0_HZ = 27.5
_CENTRE_OCTAVE, _OCTAVES_AROUND = 5.0, 2.0
"""Octaves above A0 that the filters favour, and the deviation around."""
_AT_ONCE = 32

PitchClasses = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Melody:
    """A tune and the file that it comes from, with its hash."""

    heard: HeardSound
    pitch_classes: PitchClasses
    """From C = 0 upwards, one for each place."""
    sample_rate_hz: int

    def from_second(self, seconds: float) -> tuple[int, ...]:
        """The tune from there on; where it ends it begins again."""
        start = round(seconds * self.sample_rate_hz / PLACE_FRAMES)
        return tuple(np.roll(self.pitch_classes, -start).tolist())


def hear_melody(heard: HeardSound, sample_rate_hz: int, piece_seconds: float, progress: Progress) -> Melody:
    """The tune of a file, as far as a piece of that length needs it.

    Raises ``BadSetting`` where it is shorter than half a second, ``EmptyAudio`` where it is silent, ``MissingPath`` and
    what else ``open_source`` raises, and ``Cancelled``.
    """
    wanted = round((piece_seconds + WINDOW_SECONDS) * sample_rate_hz)
    with UserFile(heard, "The melody") as file:
        ear = _Ear(sample_rate_hz, wanted)
        resampler = Resampler(file.sample_rate_hz, sample_rate_hz, 1)
        matrix = channel_matrix(file.channels, 1)
        # What is not needed is read too, for the hash.
        for block in file.blocks(progress):
            if not ear.full:
                ear.add(resampler.process(mix_channels(block, matrix))[0])
        if not ear.full:
            ear.add(resampler.finish()[0])
        if ear.loudest <= SILENT:
            raise EmptyAudio(f"{file.about} has no tune to follow: as far as the piece needs it, it is silent.")
        settled = file.finish()
    return Melody(settled, ear.finish(), sample_rate_hz)


class _Ear:
    """Pitch classes of a stream, in memory that does not grow with it."""

    def __init__(self, sample_rate_hz: int, longest_frames: int) -> None:
        self._filters = chroma_filters(sample_rate_hz)
        # The window of a spectrum: a whole period, so that the last sample is not zero.
        self._window = np.hanning(SPECTRUM_FRAMES + 1)[:-1].astype(np.float32)
        self._left = longest_frames
        self._begun = False
        self._waiting = np.empty(0, np.float32)
        self._found: list[PitchClasses] = []
        self.loudest = 0.0

    @property
    def full(self) -> bool:
        return self._left <= 0

    def add(self, samples: Samples) -> None:
        """The next samples of one channel."""
        taken = samples[: self._left]
        self._left -= len(taken)
        self.loudest = max(self.loudest, float(np.abs(taken).max(initial=0.0)))
        self._waiting = np.concatenate([self._waiting, taken])
        if not self._begun and len(self._waiting) > _HALF:
            # The first spectrum is centred on the first sample: what would lie before it is its mirror image.
            self._waiting = np.concatenate([self._waiting[_HALF:0:-1], self._waiting])
            self._begun = True
        if self._begun:
            self._hear()

    def finish(self) -> PitchClasses:
        """All of them; the last spectrum, too, is centred."""
        self._waiting = np.concatenate([self._waiting, self._waiting[-2 : -_HALF - 2 : -1]])
        self._hear()
        return np.concatenate(self._found)

    def _hear(self) -> None:
        count = (len(self._waiting) - SPECTRUM_FRAMES) // PLACE_FRAMES + 1
        for first in range(0, count, _AT_ONCE):
            frames = np.stack(list(self._frames(first, min(count, first + _AT_ONCE))))
            spectra = np.fft.rfft(frames * self._window)
            power = spectra.real**2 + spectra.imag**2
            self._found.append((power @ self._filters).argmax(axis=1).astype(np.uint8))
        if count > 0:
            self._waiting = self._waiting[count * PLACE_FRAMES :]

    def _frames(self, first: int, end: int) -> Iterator[NDArray[np.float32]]:
        for place in range(first, end):
            yield self._waiting[place * PLACE_FRAMES : place * PLACE_FRAMES + SPECTRUM_FRAMES]


_HALF = SPECTRUM_FRAMES // 2


@lru_cache(maxsize=2)
def chroma_filters(sample_rate_hz: int) -> NDArray[np.float32]:
    """What each bin of a power spectrum counts for each pitch class from C upwards, shape ``(bins, 12)``."""
    hz = np.arange(SPECTRUM_FRAMES) * (sample_rate_hz / SPECTRUM_FRAMES)
    semitones = np.empty(SPECTRUM_FRAMES)
    semitones[1:] = PITCH_CLASSES * np.log2(hz[1:] / _A0_HZ)
    # Bin 0 has no pitch: it is put an octave and a half below bin 1.
    semitones[0] = semitones[1] - 1.5 * PITCH_CLASSES
    widths = np.append(np.maximum(np.diff(semitones), 1.0), 1.0)
    # From C on, where semitones count from A; the nearest way round the circle.
    distances = semitones[:, None] - (np.arange(PITCH_CLASSES) + 3)
    half = PITCH_CLASSES / 2
    distances = (distances + half) % PITCH_CLASSES - half
    filters: NDArray[np.float64] = np.exp(-0.5 * (2 * distances / widths[:, None]) ** 2)
    filters /= np.sqrt((filters**2).sum(axis=1, keepdims=True))
    octaves = semitones / PITCH_CLASSES
    filters *= np.exp(-0.5 * ((octaves - _CENTRE_OCTAVE) / _OCTAVES_AROUND) ** 2)[:, None]
    return filters[: SPECTRUM_FRAMES // 2 + 1].astype(np.float32)
