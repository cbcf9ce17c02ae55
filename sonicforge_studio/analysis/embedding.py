"""One point in a space of 128 dimensions for each recording: what sounds alike lies close by.

Sixty-four numbers of timbre, 32 of rhythm, 32 of harmony, each standardised over many recordings, so that the cosine
between two of them weighs the three as 2 : 1 : 1. None of them changes with the level; rhythm changes little with the
tempo, harmony not at all with the key.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.analysis._embedding_scale import DEVIATIONS, MEANS
from sonicforge_studio.analysis.timbre import COLOURS, TimbreFigures
from sonicforge_studio.domain import Tempo
from sonicforge_studio.kernels.peaks import pick_peaks
from sonicforge_studio.kernels.similarity import cosine_similarity

Float64 = NDArray[np.float64]

RHYTHMS, HARMONIES = 32, 32
SIZE = COLOURS + RHYTHMS + HARMONIES
_FURTHEST = 4.0
"""Standard deviations; beyond, a figure says no more."""
_SHORTEST_SECONDS = 0.5
_SHORTEST_LAG_SECONDS, _LONGEST_LAG_SECONDS = 0.1, 4.0
_LAGS = 64
_SCALES = 8
_PIECE_FRAMES = 15_000
_LAST_LAGS = (1, 2, 4, 8, 16)
_TRIPLES = ((1, 1), (1, 2), (1, 4), (2, 3), (3, 3))


def embed(
    figures: TimbreFigures,
    strength: NDArray[np.floating],
    frame_rate_hz: float,
    tempo: Tempo,
    chromagram: NDArray[np.floating],
) -> tuple[float, ...]:
    """128 standardised numbers, each within ±4; empty where there is silence or less than half a second of sound.

    ``strength (frames, regions)`` is the onset strength, ``chromagram (n, 12)`` the pitch classes over time; either
    may be empty. A part of which nothing is known (the harmony of drums) lies where the average recording does.
    """
    if figures.colour.size == 0 or strength.shape[0] < _SHORTEST_SECONDS * frame_rate_hz:
        return ()
    raw = raw_embedding(figures, strength, frame_rate_hz, tempo, chromagram)
    standard = np.clip((raw - np.array(MEANS)) / np.array(DEVIATIONS), -_FURTHEST, _FURTHEST)
    return tuple(round(float(value), 4) for value in np.nan_to_num(standard, nan=0.0))


def likeness(one: tuple[float, ...], other: tuple[float, ...]) -> float | None:
    """How alike two recordings sound, −1..1: the cosine between their embeddings; None where one of them has none."""
    if not one or not other:
        return None
    return float(cosine_similarity(np.array([one], np.float32), np.array([other], np.float32))[0, 0])


def raw_embedding(
    figures: TimbreFigures,
    strength: NDArray[np.floating],
    frame_rate_hz: float,
    tempo: Tempo,
    chromagram: NDArray[np.floating],
) -> Float64:
    """The numbers before they are standardised, ``(SIZE,)``; NaN where there is nothing to measure."""
    return np.concatenate((
        figures.colour,
        _rhythm(strength.astype(np.float64), frame_rate_hz, tempo),
        _harmony(chromagram.astype(np.float64)),
    ))  # fmt: skip


def _rhythm(strength: Float64, frame_rate_hz: float, tempo: Tempo) -> Float64:
    """How the onsets of three regions repeat, whatever the tempo, and how they share the sound."""
    whole = strength.sum()
    if whole <= 0.0:
        return np.full(RHYTHMS, np.nan)
    parts = (strength[:, 0], strength[:, 1] + strength[:, 2], strength[:, 3])
    scales = [_scale_shape(part, frame_rate_hz) for part in parts]
    together = strength.sum(axis=1)
    spread = together.std() / together.mean()
    shares = [part.sum() / whole for part in parts]
    onsets = pick_peaks(together, height=0.5 * together.std())
    onsets_per_second = onsets.size * frame_rate_hz / together.size
    beats_per_second = np.nan if tempo.bpm is None else tempo.bpm / 60.0
    # Half and double tempo lie close by: what is told is the place within the octave, as on a circle.
    turn = 2.0 * np.pi * np.log2(beats_per_second)
    return np.concatenate((
        *scales,
        shares[:2],
        [spread, np.log2(max(onsets_per_second, 0.1)), np.cos(turn), np.sin(turn)],
        [_coupling(parts[0], parts[2]), _coupling(parts[0], parts[1])],
    ))  # fmt: skip


def _scale_shape(envelope: Float64, frame_rate_hz: float) -> Float64:
    """Magnitudes of the scale transform of the autocorrelation, ``(_SCALES,)``: over the logarithm of the lag a faster
    piece is the same curve moved, which the magnitudes do not show (A. Holzapfel and Y. Stylianou, "Scale transform in
    rhythmic similarity of music", IEEE TASLP 19, 2011)."""
    centred = envelope - envelope.mean()
    repeats = _repeats(centred, min(centred.size, int(_LONGEST_LAG_SECONDS * frame_rate_hz) + 2))
    if repeats[0] <= 1e-12:
        return np.zeros(_SCALES)
    lags = np.geomspace(_SHORTEST_LAG_SECONDS, _LONGEST_LAG_SECONDS, _LAGS) * frame_rate_hz
    overlap = np.maximum(centred.size - lags, centred.size * 0.25) / centred.size
    curve = np.interp(lags, np.arange(repeats.size), repeats, right=0.0) / (repeats[0] * overlap)
    shape: Float64 = np.abs(np.fft.rfft(curve * np.hanning(_LAGS)))[:_SCALES]
    return np.sqrt(shape)


def _repeats(centred: Float64, lags: int) -> Float64:
    """Unnormalised autocorrelation at the first ``lags``, piece by piece, so that hours need no more memory."""
    total = np.zeros(lags)
    size = 1 << (2 * min(_PIECE_FRAMES, centred.size) + lags - 1).bit_length()
    for start in range(0, centred.size, _PIECE_FRAMES):
        piece = np.fft.rfft(centred[start : start + _PIECE_FRAMES], size)
        longer = np.fft.rfft(centred[start : start + _PIECE_FRAMES + lags], size)
        total += np.fft.irfft(np.conj(piece) * longer, size)[:lags]
    return total


def _coupling(one: Float64, other: Float64) -> float:
    """Correlation of two regions' onsets."""
    one, other = one - one.mean(), other - other.mean()
    size = np.sqrt((one @ one) * (other @ other))
    return float(one @ other / size) if size > 1e-12 else 0.0


def _harmony(chromagram: Float64) -> Float64:
    """What stays when all pitches are moved together, ``(HARMONIES,)``: of the circle of pitch classes the strengths of
    its Fourier components, and how their phases lie to each other, which tells major from minor."""
    sums = chromagram.sum(axis=1)
    sounding = chromagram[sums > 0.0] / sums[sums > 0.0, np.newaxis]
    if sounding.shape[0] == 0:
        return np.full(HARMONIES, np.nan)
    circles = np.fft.rfft(sounding, axis=1)
    mean = circles.mean(axis=0)
    threes = np.array([_triple(mean, a, b) for a, b in _TRIPLES])
    chords = np.array([_triple(circles, a, b).mean() for a, b in _TRIPLES])
    total = np.abs(mean[1:])
    return np.concatenate((
        total,
        np.abs(circles[:, 1:]).mean(axis=0),
        threes.real,
        threes.imag,
        chords.real[:3],
        chords.imag[:2],
        [_moved(sounding, lag) for lag in _LAST_LAGS],
    ))  # fmt: skip


def _triple(circle: NDArray[np.complex128], a: int, b: int) -> NDArray[np.complex128]:
    """The bispectrum at (a, b), by its cube root in size: moving all pitches leaves it as it is."""
    product = circle[..., a] * circle[..., b] * np.conj(circle[..., a + b])
    size = np.abs(product)
    return np.asarray(product / np.maximum(np.cbrt(size) ** 2, 1e-12))


def _moved(sounding: Float64, lag: int) -> float:
    """How much of the pitch classes has changed so many frames later, 0..1; NaN where it is over by then."""
    if sounding.shape[0] <= lag:
        return np.nan
    return float(0.5 * np.abs(sounding[lag:] - sounding[:-lag]).sum(axis=1).mean())
