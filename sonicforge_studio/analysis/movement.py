"""How much a recording moves those who hear it: its energy and its danceability."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain import Loudness, Tempo
from sonicforge_studio.kernels.danceability import fluctuations
from sonicforge_studio.kernels.peaks import pick_peaks

Float64 = NDArray[np.float64]

_SHORTEST_SECONDS, _LONGEST_SECONDS, _STEP = 0.31, 8.8, 1.1
_HIGHEST_DANCEABILITY = 3.0
_SOFT_LUFS, _LOUD_LUFS = -35.0, -8.0
_BUSY_ONSETS_HZ = 8.0
_LOUDNESS_SHARE, _ONSET_SHARE, _BEAT_SHARE = 0.5, 0.35, 0.15


def rhythm_figures(
    strength: NDArray[np.floating], frame_rate_hz: float, tempo: Tempo, loudness: Loudness
) -> dict[str, float]:
    """``energy`` (0..1) and ``danceability`` (0..3), each left out where there is too little to tell it by.

    ``strength (frames, regions)`` is the onset strength. ``energy`` is half how loud it is (−35 to −8 LUFS), a third
    how many onsets there are (up to 8 a second), the rest how sure the beat is. ``danceability`` is that of S. Streich
    and P. Herrera, "Detrended fluctuation analysis of music signals: danceability estimation and further semantic
    characterization" (AES 118, 2005) with the stretches of Essentia, on the onset strength in place of the level:
    steady, loose rhythms that repeat within seconds are high, speech and drifting sound low.
    """
    together = np.asarray(strength, np.float64).sum(axis=1)
    named: dict[str, float] = {}
    if together.size and np.isfinite(loudness.integrated_lufs) and together.any():
        named["energy"] = round(_energy(together, frame_rate_hz, tempo, loudness), 4)
    danceability = _danceability(together, frame_rate_hz)
    if danceability is not None:
        named["danceability"] = round(danceability, 4)
    return named


def _energy(together: Float64, frame_rate_hz: float, tempo: Tempo, loudness: Loudness) -> float:
    loud = np.clip((loudness.integrated_lufs - _SOFT_LUFS) / (_LOUD_LUFS - _SOFT_LUFS), 0.0, 1.0)
    onsets = pick_peaks(together, height=together.mean() + 0.5 * together.std())
    onsets_hz = onsets.size * frame_rate_hz / together.size
    busy = min(1.0, onsets_hz / _BUSY_ONSETS_HZ)
    beat = tempo.confidence if tempo.bpm is not None else 0.0
    return float(_LOUDNESS_SHARE * loud + _ONSET_SHARE * busy + _BEAT_SHARE * min(1.0, max(0.0, beat)))


def _danceability(together: Float64, frame_rate_hz: float) -> float | None:
    count = int(np.log(_LONGEST_SECONDS / _SHORTEST_SECONDS) / np.log(_STEP)) + 1
    lengths = np.unique((_SHORTEST_SECONDS * _STEP ** np.arange(count) * frame_rate_hz).astype(np.int64))
    lengths = lengths[(lengths >= 4) & (lengths * 2 <= together.size)]
    if lengths.size < 3:
        return None
    found = fluctuations(together, lengths)
    if found.min() <= 1e-12:
        return None
    exponents = np.diff(np.log(found)) / np.diff(np.log(lengths + 3.0))
    held = np.maximum(exponents, 0.0)
    mean = float(held.mean())
    return _HIGHEST_DANCEABILITY if mean * _HIGHEST_DANCEABILITY <= 1.0 else 1.0 / mean
