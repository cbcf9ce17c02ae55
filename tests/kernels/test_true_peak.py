"""True peak against sines of known peak, a long band-limited interpolation, and any division into blocks."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.ndimage
import soxr
from numpy.typing import NDArray

from sonicforge_studio.kernels.true_peak import PeakEnvelope, TruePeak, interpolation_taps, oversampling_for

RATE_HZ = 48_000


def sine(hz: float, phase: float, seconds: float = 0.3, rate_hz: int = RATE_HZ) -> NDArray[np.float32]:
    """A sine of peak 1 under a slow window, so that nothing but the sine has a peak."""
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    window = np.minimum(1.0, 20.0 * np.minimum(time, time[-1] - time))
    return (window * np.sin(2 * np.pi * hz * time + phase))[None].astype(np.float32)


def peak_of(samples: NDArray[np.float32], rate_hz: int = RATE_HZ) -> TruePeak:
    meter = TruePeak(rate_hz, samples.shape[0])
    meter.add(samples)
    meter.finish()
    return meter


def music(channels: int, frames: int) -> NDArray[np.float32]:
    """Noise with a falling spectrum and a few transients."""
    rng = np.random.default_rng(11)
    white = rng.standard_normal((channels, frames))
    pink = np.fft.irfft(np.fft.rfft(white) / np.sqrt(1 + np.arange(frames // 2 + 1)), frames)
    pink[:, :: frames // 7] += 0.3
    return (pink / np.abs(pink).max() * 0.8).astype(np.float32)


@pytest.mark.parametrize("share_of_rate", [0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.425, 0.45])
def test_sines_up_to_045_of_the_rate_read_within_a_tenth_of_a_decibel(share_of_rate: float) -> None:
    for phase in np.linspace(0.0, np.pi, 9):
        level = peak_of(sine(share_of_rate * RATE_HZ, phase)).true_peak
        assert abs(20 * np.log10(level)) < 0.1


def test_a_peak_between_samples_is_found_where_the_samples_show_none() -> None:
    meter = peak_of(sine(RATE_HZ / 4, np.pi / 4))
    assert 20 * np.log10(meter.sample_peak) == pytest.approx(-3.01, abs=0.01)
    assert 20 * np.log10(meter.true_peak) == pytest.approx(0.0, abs=0.02)


def test_music_reads_as_with_32_fold_oversampling() -> None:
    samples = music(1, 20_000)
    lowered = soxr.resample(samples[0].astype(np.float64), 44_100, RATE_HZ, quality="VHQ")[None].astype(np.float32)
    padded = np.pad(lowered[0].astype(np.float64), 2_000)
    reference = np.abs(soxr.resample(padded, RATE_HZ, 32 * RATE_HZ, quality="VHQ")).max()
    assert 20 * np.log10(peak_of(lowered).true_peak / reference) == pytest.approx(0.0, abs=0.1)


def test_phases_interpolate_and_keep_a_constant() -> None:
    for phases in (2, 4):
        taps = interpolation_taps(phases)
        np.testing.assert_allclose(taps.sum(axis=1), 1.0, atol=1e-6)
        np.testing.assert_allclose(taps, taps[::-1, ::-1], atol=1e-7)
    # A ramp is drawn where it lies: the phases are not swapped.
    assert interpolation_taps(4)[0] @ np.arange(48) == pytest.approx(23.25, abs=0.02)


def test_oversampling_follows_the_rate() -> None:
    assert [oversampling_for(rate) for rate in (8_000, 48_000, 96_000, 192_000, 384_000)] == [4, 4, 2, 2, 2]


@pytest.mark.parametrize("rate_hz", [10, 8_000, 96_000, 192_000])
def test_the_reading_never_lies_below_the_highest_sample(rate_hz: int) -> None:
    meter = peak_of(music(3, 5_000), rate_hz)
    assert meter.true_peak >= meter.sample_peak == pytest.approx(0.8)


@pytest.mark.parametrize("block_frames", [1, 64, 441, 4096])
def test_blocks_of_any_size_give_the_same_bits(block_frames: int) -> None:
    samples = music(2, 5_000)
    whole, cut = peak_of(samples), TruePeak(RATE_HZ, 2)
    envelopes, delayed = PeakEnvelope(RATE_HZ, 2), []
    for at in range(0, 5_000, block_frames):
        cut.add(samples[:, at : at + block_frames])
        delayed.append(envelopes.process(samples[:, at : at + block_frames]))
    cut.finish()
    assert (cut.true_peak, cut.sample_peak) == (whole.true_peak, whole.sample_peak)
    expected_samples, expected_envelope = PeakEnvelope(RATE_HZ, 2).process(samples)
    np.testing.assert_array_equal(np.concatenate([piece[0] for piece in delayed], axis=1), expected_samples)
    np.testing.assert_array_equal(np.concatenate([piece[1] for piece in delayed]), expected_envelope)


def test_the_envelope_lies_around_its_own_frame() -> None:
    samples = soxr.resample(music(2, 5_000).T, 30_000, RATE_HZ, quality="VHQ").T
    samples = samples * np.hanning(samples.shape[1]).astype(np.float32)
    late = PeakEnvelope.latency_frames
    delayed, envelope = PeakEnvelope(RATE_HZ, 2).process(np.pad(samples, ((0, 0), (0, late))))
    np.testing.assert_array_equal(delayed[:, late:], samples)
    assert np.all(envelope[late:] >= np.abs(samples).max(axis=0))
    fine = soxr.resample(np.pad(samples, ((0, 0), (500, 500))).T.astype(np.float64), 1, 16, quality="VHQ").T
    around = np.abs(fine).max(axis=0)[500 * 16 - 16 : -500 * 16].reshape(-1, 16).max(axis=1)
    reference = np.maximum(around[:-1], around[1:])
    # Between two frames either may tell what lies on their border; at the tops of the wave both agree.
    tops = (reference > 0.15) & (reference == scipy.ndimage.maximum_filter1d(reference, 5))
    assert tops.sum() > 200
    np.testing.assert_allclose(envelope[late:][tops], reference[tops], rtol=0.03)


def test_the_start_is_also_held_against_its_mirror_image() -> None:
    """Where swresample begins inside a tone it mirrors it, and reads 0.4 dB more than with silence before it."""
    time = np.arange(2_000)
    samples = (0.7 * np.sin(np.pi / 2 * time + np.pi / 4))[None].astype(np.float32)
    late = PeakEnvelope.latency_frames
    envelope = PeakEnvelope(RATE_HZ, 1).process(samples)[1][late:]
    mirrored = np.concatenate([samples[:, :0:-1], samples], axis=1)
    with_mirror = PeakEnvelope(RATE_HZ, 1).process(mirrored)[1][late + 1_999 :]
    assert np.all(envelope[1:20] >= with_mirror[1:20] - 1e-6)
    assert 20 * np.log10(envelope[1:20].max() / 0.7) > 0.4


def test_what_is_no_audio_counts_as_silence() -> None:
    samples = music(1, 2_000)
    samples[0, [5, 500, 900, 1_200]] = np.nan, np.inf, -np.inf, 1e20
    assert peak_of(samples).true_peak < 1.2
    assert np.isfinite(PeakEnvelope(RATE_HZ, 1).process(samples)[1]).all()


def test_a_block_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="2 channels"):
        TruePeak(RATE_HZ, 2).add(np.zeros((1, 10), np.float32))


def test_each_channel_has_its_own_peaks() -> None:
    samples = music(3, 5_000) * np.array([[0.2], [1.0], [0.5]], np.float32)
    together = peak_of(samples)
    for channel in range(3):
        alone = peak_of(samples[channel : channel + 1])
        assert together.true_peaks[channel] == alone.true_peak
        assert together.sample_peaks[channel] == alone.sample_peak
    assert together.true_peak == together.true_peaks.max()
    assert together.sample_peak == together.sample_peaks.max()


def test_recent_peaks_are_those_since_the_last_look() -> None:
    meter = TruePeak(RATE_HZ, 1)
    for level in (1.0, 0.25, 0.5):
        meter.add(np.float32(level) * sine(RATE_HZ / 8, np.pi / 8))
        meter.add(np.zeros((1, 64), np.float32))
        assert meter.take_recent()[0] == pytest.approx(level, rel=0.01)
        assert meter.true_peak == pytest.approx(1.0, rel=0.01)
    assert meter.take_recent()[0] == 0.0


def test_a_reset_within_a_tone_shows_no_jump() -> None:
    time = np.arange(4_800)
    tone = (0.7 * np.sin(np.pi / 2 * time + np.pi / 4))[None].astype(np.float32)
    meter = TruePeak(RATE_HZ, 1)
    meter.add(tone)
    meter.reset()
    assert meter.true_peak == meter.sample_peak == 0.0
    meter.add(tone)
    assert meter.true_peak == pytest.approx(0.7, rel=1e-3)
