"""The analyser as a whole: blocks, features, bad input, stopping."""

from __future__ import annotations

import time
import tracemalloc

import librosa
import numpy as np
import pytest

from sonicforge_studio.analysis import Measured, TrackAnalyser, warm
from sonicforge_studio.domain import Cancelled, Samples
from sonicforge_studio.kernels.bars import _places_in_bars, _score_changing_beats, _smoothest_path
from sonicforge_studio.kernels.chroma import _pitch_class_rows
from sonicforge_studio.kernels.levels import _measure_levels
from sonicforge_studio.kernels.onset import _onset_strength
from sonicforge_studio.kernels.rolling import _rolling_mean
from sonicforge_studio.kernels.spectrum import _decimate, _stft_power
from sonicforge_studio.kernels.tempo import _harmonic_strength, _score_beats
from sonicforge_studio.kernels.tempogram import _tempo_sums, _tempogram
from sonicforge_studio.kernels.timbre import _add_timbre
from tests.analysis.played_patterns import RATE_HZ, chords, drums


def measured(wave: Samples, rate_hz: int = RATE_HZ, block_frames: int = 1 << 16) -> Measured:
    analyser = TrackAnalyser(rate_hz, wave.shape[0])
    for start in range(0, wave.shape[1], block_frames):
        analyser.add(wave[:, start : start + block_frames])
    return analyser.finish()


def stereo_music(seconds: float, seed: int = 1) -> Samples:
    left = chords(2, True, seed, seconds=seconds, with_drums=True)
    right = drums("rock", 100.0, seconds, seed + 1)
    return np.concatenate((left, 0.5 * left + 0.5 * right))


@pytest.mark.parametrize("block_frames", [1, 100, 8191, 10**7])
def test_the_size_of_the_blocks_does_not_matter(block_frames: int) -> None:
    wave = stereo_music(4.0 if block_frames == 1 else 12.0)
    found, usual = measured(wave, RATE_HZ, block_frames), measured(wave)
    assert found.tempo == usual.tempo
    assert found.key == usual.key
    assert found.features == usual.features
    assert found.vectors == usual.vectors
    assert found.sections == usual.sections
    assert found.embedding == usual.embedding
    assert found.loudness.integrated_lufs == pytest.approx(usual.loudness.integrated_lufs, abs=1e-6)


def test_the_centroid_is_librosas() -> None:
    wave = stereo_music(10.0)[:1] + np.float32(0.01)
    expected = librosa.feature.spectral_centroid(y=wave[0], sr=RATE_HZ, n_fft=1024, hop_length=1024).mean()
    assert measured(wave).features["spectral_centroid_hz"] == pytest.approx(expected, rel=0.02)


def test_the_centroid_of_a_tone_is_the_tone_and_silence_does_not_count() -> None:
    wave = np.zeros((2, 10 * 44_100), np.float32)
    wave[:, : 2 * 44_100] = 0.3 * np.sin(2 * np.pi * 9000 * np.arange(2 * 44_100) / 44_100)
    assert measured(wave, 44_100).features["spectral_centroid_hz"] == pytest.approx(9000, rel=0.02)


def test_a_tone_crosses_zero_twice_a_period() -> None:
    tone = np.sin(2 * np.pi * 441.0 * np.arange(44100) / 44100 + 0.1)[np.newaxis].astype(np.float32)
    assert measured(tone, 44100).features["zero_crossing_rate"] == pytest.approx(2 * 441.0 / 44100, abs=1e-4)
    assert "zero_crossing_rate" not in measured(np.zeros((1, 44100), np.float32), 44100).features


def test_the_figures_of_the_samples() -> None:
    wave = np.zeros((2, 6 * RATE_HZ), np.float32)
    sine = np.sin(2 * np.pi * 441 * np.arange(2 * RATE_HZ) / RATE_HZ).astype(np.float32)
    wave[0, RATE_HZ : 3 * RATE_HZ] = np.clip(1.5 * sine, -1.0, 1.0)
    wave[1, RATE_HZ : 3 * RATE_HZ] = -np.clip(1.5 * sine, -1.0, 1.0)
    wave[:, 5 * RATE_HZ : 5 * RATE_HZ + 10] = 0.5
    features = measured(wave).features
    assert features["clipped_samples"] == np.count_nonzero(np.abs(wave) >= 0.99999)
    assert features["silence_head_seconds"] == pytest.approx(1.0, abs=0.001)
    assert features["silence_tail_seconds"] == pytest.approx(1.0, abs=0.001)
    assert features["longest_silence_seconds"] == pytest.approx(2.0, abs=0.001)
    assert features["phase_correlation"] == pytest.approx(-1.0, abs=0.001)
    assert features["dc_offset"] == pytest.approx(5.0 / wave.shape[1], abs=1e-5)
    rms = np.sqrt(np.mean(wave.astype(np.float64) ** 2))
    assert features["crest_factor_db"] == pytest.approx(20 * np.log10(1.0 / rms), abs=0.01)


@pytest.mark.parametrize("rate_hz", [10, 8_000, 11_025, 48_000, 96_000, 384_000])
def test_any_sample_rate(rate_hz: int) -> None:
    random = np.random.default_rng(1)
    found = measured((0.1 * random.standard_normal((2, min(6 * rate_hz, 600_000)))).astype(np.float32), rate_hz)
    assert found.tempo.bpm is None
    assert found.key.key is None
    assert np.isfinite(list(found.features.values())).all()


@pytest.mark.parametrize(("rate_hz", "channels"), [(44_100, 1), (48_000, 6), (96_000, 2), (8_000, 32)])
def test_the_tempo_is_the_same_at_any_rate_and_channel_count(rate_hz: int, channels: int) -> None:
    wave = drums("house", 122.0, 16.0, 6)[0]
    position = np.arange(16 * rate_hz) * (RATE_HZ / rate_hz)
    played = np.interp(position, np.arange(wave.size), wave).astype(np.float32)
    assert measured(np.tile(played, (channels, 1)), rate_hz).tempo.bpm == pytest.approx(122.0, abs=0.15)


@pytest.mark.parametrize("frames", [0, 1, 2, 100, 5000])
@pytest.mark.parametrize("channels", [1, 2, 5])
def test_almost_nothing(frames: int, channels: int) -> None:
    found = measured(np.full((channels, frames), 0.5, np.float32), 44_100)
    assert found.tempo.bpm is None
    assert found.key.key is None
    assert np.isfinite(list(found.features.values())).all()


def test_what_is_not_a_number_counts_as_silence() -> None:
    wave = stereo_music(12.0)
    broken, clean = wave.copy(), wave.copy()
    broken[:, 30_000:30_010] = np.nan
    broken[0, 50_000] = np.inf
    broken[1, 60_000] = -np.inf
    clean[:, 30_000:30_010] = 0.0
    clean[0, 50_000] = clean[1, 60_000] = 0.0
    assert measured(broken) == measured(clean)


def test_absurdly_loud_samples_do_no_harm() -> None:
    wave = stereo_music(6.0)
    wave[:, 1000] = 3e38
    assert np.isfinite(list(measured(wave).features.values())).all()


def test_a_constant_is_not_music() -> None:
    found = measured(np.full((2, 5 * RATE_HZ), 0.25, np.float32))
    assert found.tempo.bpm is None
    assert found.key.key is None
    assert found.features["dc_offset"] == pytest.approx(0.25)


def test_no_channels_and_no_rate_are_mistakes() -> None:
    for rate_hz, channels in ((0, 2), (44_100, 0)):
        with pytest.raises(ValueError, match="no audio has"):
            TrackAnalyser(rate_hz, channels)


class _Stops:
    """Asks to stop at the n-th step, and remembers how far apart the steps were."""

    def __init__(self, at: int) -> None:
        self.at, self.steps, self.longest_seconds = at, 0, 0.0
        self._last = time.perf_counter()

    def step(self, done: float, total: float, note: str = "") -> None:
        now = time.perf_counter()
        self.longest_seconds = max(self.longest_seconds, now - self._last)
        self._last = now
        self.steps += 1
        if self.steps == self.at:
            raise Cancelled


def test_finishing_can_be_stopped_and_never_goes_long_without_asking() -> None:
    wave = np.tile(stereo_music(30.0), (1, 12))  # six minutes
    analyser = TrackAnalyser(RATE_HZ, 2)
    for start in range(0, wave.shape[1], 1 << 16):
        analyser.add(wave[:, start : start + (1 << 16)])
    watch = _Stops(at=100_000)
    analyser.finish(watch)
    assert watch.steps > 20
    assert watch.longest_seconds < 0.5  # a busy machine; alone it is under 0.1
    stopped = TrackAnalyser(RATE_HZ, 2)
    stopped.add(wave[:, : 20 * RATE_HZ])
    with pytest.raises(Cancelled):
        stopped.finish(_Stops(at=3))


def test_memory_stays_flat() -> None:
    block = stereo_music(10.0)
    analyser = TrackAnalyser(RATE_HZ, 2)
    analyser.add(block)
    tracemalloc.start()
    for _ in range(12):
        analyser.add(block)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 0.05 * 12 * block.nbytes


def test_warming_up_leaves_no_kernel_to_compile() -> None:
    warm()
    kernels = (_decimate, _stft_power, _onset_strength, _pitch_class_rows, _measure_levels)
    kernels += (_score_changing_beats, _smoothest_path, _places_in_bars)
    kernels += (_harmonic_strength, _score_beats, _rolling_mean, _add_timbre, _tempo_sums, _tempogram)
    before = [len(kernel.signatures) for kernel in kernels]
    assert min(before) >= 1
    measured(stereo_music(5.0))
    measured(drums("house", 120.0, 5.0, 1))
    assert [len(kernel.signatures) for kernel in kernels] == before
