"""The six figures of a piece's sound that the genre book has ranges for, each as the source of its ranges defines it.

Centroid, low end and onsets are those of the set of Beatport's Top 100 tracks (see ``resources/sound-ranges.toml``):
mono at 22,050 Hz, the centroid as pyAudioAnalysis has it, low end and onsets by Essentia's own algorithms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from sonicforge_studio.analysis import TrackAnalyser
from sonicforge_studio.domain import Clip
from sonicforge_studio.domain.genre import SoundRanges
from sonicforge_studio.kernels.centroid import spectral_centroid

SOURCE_RATE_HZ = 22050
ESSENTIA_RATE_HZ = 44100
FRAME_SECONDS = 0.05
BEAT_BANDS_HZ = (0.0, 200.0, 400.0, 800.0, 1600.0, 3200.0, 22000.0)
"""Essentia's MusicExtractor: the first band's share is the low end."""


@dataclass(frozen=True)
class SoundFigures:
    """Named like the ranges that they are held against."""

    integrated_lufs: float
    spectral_centroid_hz: float
    low_end_share: float
    onset_rate_hz: float
    stereo_correlation: float
    crest_factor_db: float

    def outside(self, ranges: SoundRanges) -> dict[str, float]:
        """The figures that lie outside, by name."""
        return {name: value for name, value in vars(self).items() if value not in getattr(ranges, name)}


def sound_figures(clip: Clip) -> SoundFigures:
    """Needs Essentia; a test is skipped where there is none."""
    analyser = TrackAnalyser(clip.sample_rate_hz, 2)
    analyser.add(clip.samples)
    analysis = analyser.finish()
    mono = soxr.resample(clip.mono(), clip.sample_rate_hz, SOURCE_RATE_HZ).astype(np.float32)
    low_end_share, onset_rate_hz = _beats_and_onsets(mono)
    return SoundFigures(
        integrated_lufs=analysis.loudness.integrated_lufs,
        spectral_centroid_hz=_centroid_hz(mono),
        low_end_share=low_end_share,
        onset_rate_hz=onset_rate_hz,
        stereo_correlation=analysis.features.get("phase_correlation", 1.0),
        crest_factor_db=analysis.features.get("crest_factor_db", 0.0),
    )


def _centroid_hz(mono: NDArray[np.float32]) -> float:
    """The mean over frames of 50 ms, side by side and without a window; pyAudioAnalysis counts its bins from one."""
    frame = round(FRAME_SECONDS * SOURCE_RATE_HZ)
    frames = mono[: mono.size // frame * frame].reshape(-1, frame)
    spectra = np.abs(np.fft.rfft(frames))[:, : frame // 2].astype(np.float32)
    bin_hz = SOURCE_RATE_HZ / frame
    return float(spectral_centroid(spectra, bin_hz).mean() + bin_hz)


def _beats_and_onsets(mono: NDArray[np.float32]) -> tuple[float, float]:
    """The mean share of the energy below 200 Hz on the beats, and the onsets per second."""
    essentia = pytest.importorskip("essentia")
    standard = pytest.importorskip("essentia.standard")
    essentia.log.infoActive = essentia.log.warningActive = False
    heard = soxr.resample(mono, SOURCE_RATE_HZ, ESSENTIA_RATE_HZ).astype(np.float32)
    onset_rate_hz = float(standard.OnsetRate()(heard)[1])
    beats = standard.RhythmExtractor2013(method="degara")(heard)[1]
    shares = standard.BeatsLoudness(beats=beats, frequencyBands=list(BEAT_BANDS_HZ))(heard)[1]
    return float(np.mean(shares[:, 0])), onset_rate_hz
