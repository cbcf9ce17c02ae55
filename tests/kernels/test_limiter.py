"""The limiter: never over its ceiling, transparent below it, the same in blocks of any size, calm on a bass."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.ndimage
from numpy.typing import NDArray

from sonicforge_studio.kernels.limiter import CALM, Limiter, Pace, _follow
from sonicforge_studio.kernels.true_peak import PeakEnvelope, TruePeak

RATE_HZ = 44_100
QUICK = Pace(look_ahead=0.0015, hold=0.002, fast_release=0.008, slow_release=0.024)


def limit(
    samples: NDArray[np.float32], gain: float, ceiling: float, *, pace: Pace = CALM, rate_hz: int = RATE_HZ
) -> NDArray[np.float32]:
    """Through envelope and limiter, delays taken out."""
    envelopes = PeakEnvelope(rate_hz, samples.shape[0])
    limiter = Limiter(rate_hz, samples.shape[0], gain=gain, ceiling=ceiling, pace=pace)
    late = envelopes.latency_frames + limiter.latency_frames
    return limiter.process(*envelopes.process(np.pad(samples, ((0, 0), (0, late)))))[:, late:]


def true_peak(samples: NDArray[np.float32], rate_hz: int = RATE_HZ) -> float:
    meter = TruePeak(rate_hz, samples.shape[0])
    meter.add(samples)
    meter.finish()
    return meter.true_peak


def torture(seed: int, channels: int = 2, frames: int = 30_000) -> NDArray[np.float32]:
    """Bursts of noise, clicks, square waves and sines between the samples, in random order."""
    rng = np.random.default_rng(seed)
    out = np.zeros((channels, frames))
    for _ in range(12):
        start, length = int(rng.integers(0, frames)), int(rng.integers(1, 6_000))
        time = np.arange(length)
        hz = 20.0 * 1_000.0 ** rng.random()
        kinds = (
            rng.standard_normal((channels, length)),
            np.sign(np.sin(2 * np.pi * hz / RATE_HZ * time)),
            np.sin(2 * np.pi * hz / RATE_HZ * time + rng.random() * 6.0),
            (rng.random((channels, length)) > 0.999) * 5.0,
        )
        piece = kinds[int(rng.integers(0, 4))] * 10 ** (-2 * rng.random())
        end = min(frames, start + length)
        out[:, start:end] += np.broadcast_to(piece, (channels, length))[:, : end - start]
    return out.astype(np.float32)


def gains_twin(envelope: NDArray[np.float64], gain: float, ceiling: float, pace: Pace) -> NDArray[np.float64]:
    """Sliding minimum, release and two moving averages, one after the other."""
    first = round(pace.look_ahead * RATE_HZ / 2)
    window = 2 * first + round(pace.hold * RATE_HZ)
    needed = np.minimum(1.0, ceiling / np.maximum(envelope * gain, 1e-9))
    lowest = scipy.ndimage.minimum_filter1d(needed, window, mode="constant", cval=1.0, origin=(window - 1) // 2)
    held = average = 1.0
    released = np.empty(envelope.size)
    for i, minimum in enumerate(lowest):
        seconds = pace.fast_release if held < average else pace.slow_release
        held = min(minimum, held + held * (1 - held / minimum) / (seconds * RATE_HZ))
        average += (held - average) / (0.4 * RATE_HZ)
        released[i] = held
    padded = np.concatenate([np.ones(2 * first), released])
    kernel = np.convolve(np.full(first, 1 / first), np.full(first + 1, 1 / (first + 1)))
    return gain * np.convolve(padded, kernel)[2 * first : 2 * first + envelope.size]


@pytest.mark.parametrize("pace", [CALM, QUICK])
@pytest.mark.parametrize("seed", range(6))
def test_never_over_the_ceiling(seed: int, pace: Pace) -> None:
    out = limit(torture(seed), gain=4.0, ceiling=0.5, pace=pace)
    assert 0.35 < true_peak(out) < 0.5 * 10 ** (0.1 / 20)


@pytest.mark.parametrize("rate_hz", [8_000, 96_000, 192_000])
def test_never_over_the_ceiling_at_other_rates(rate_hz: int) -> None:
    out = limit(torture(1, channels=6, frames=20_000), gain=3.0, ceiling=0.7, rate_hz=rate_hz)
    assert 0.5 < true_peak(out, rate_hz) < 0.7 * 10 ** (0.1 / 20)


@pytest.mark.parametrize("block_frames", [1, 64, 441, 4096])
def test_blocks_of_any_size_give_the_same_bits(block_frames: int) -> None:
    samples = torture(2, channels=3, frames=9_000)
    whole = Limiter(RATE_HZ, 3, gain=2.0, ceiling=0.5).process(*PeakEnvelope(RATE_HZ, 3).process(samples))
    envelopes, limiter = PeakEnvelope(RATE_HZ, 3), Limiter(RATE_HZ, 3, gain=2.0, ceiling=0.5)
    pieces = [
        limiter.process(*envelopes.process(samples[:, at : at + block_frames])) for at in range(0, 9_000, block_frames)
    ]
    np.testing.assert_array_equal(np.concatenate(pieces, axis=1), whole)


@pytest.mark.parametrize("pace", [CALM, QUICK])
def test_the_gain_is_that_of_the_twin(pace: Pace) -> None:
    envelope = np.abs(torture(3, channels=1)[0])
    limiter = Limiter(RATE_HZ, 1, gain=1.5, ceiling=0.4, pace=pace)
    late = limiter.latency_frames
    flat = np.full((1, envelope.size), 0.25, np.float32)
    gains = limiter.process(flat, envelope)[0, late:] / 0.25
    expected = gains_twin(envelope.astype(np.float64), 1.5, 0.4, pace)[late:]
    assert expected.min() < 0.5
    np.testing.assert_allclose(gains, expected, atol=2e-6)


def test_below_the_ceiling_every_bit_passes() -> None:
    rng = np.random.default_rng(5)
    samples = (np.rint(rng.uniform(-0.4, 0.4, (2, 20_000)) * 2**23) / 2**23).astype(np.float32)
    np.testing.assert_array_equal(limit(samples, gain=1.0, ceiling=0.99), samples)


def test_after_a_peak_it_becomes_transparent_again() -> None:
    rng = np.random.default_rng(5)
    samples = (np.rint(rng.uniform(-0.2, 0.2, (1, 5 * RATE_HZ)) * 2**23) / 2**23).astype(np.float32)
    samples[0, 1_000] = 0.95
    out = limit(samples, gain=1.0, ceiling=0.8)
    assert np.abs(out[0, 990:1_010] - samples[0, 990:1_010]).max() > 0.1
    np.testing.assert_array_equal(out[0, -RATE_HZ // 2 :], samples[0, -RATE_HZ // 2 :])


def test_samples_stand_on_the_24_bit_grid_and_zero_has_no_sign() -> None:
    out = limit(torture(4), gain=0.37, ceiling=0.9)
    np.testing.assert_array_equal(np.rint(out * 2**23) / 2**23, out)
    silence = limit(np.full((1, 500), -1e-9, np.float32), gain=1.0, ceiling=0.9)
    assert not silence.any()
    assert not np.signbit(silence).any()


def test_all_channels_get_the_same_gain() -> None:
    samples = np.stack([torture(6, channels=1)[0], np.full(30_000, 0.25, np.float32)])
    out = limit(samples, gain=1.0, ceiling=0.3)
    alone = limit(samples[:1], gain=1.0, ceiling=0.3)
    np.testing.assert_allclose(out[0], alone[0], atol=2e-7)
    assert out[1].min() < 0.2


@pytest.mark.parametrize("hz", [50.0, 60.0, 100.0])
def test_a_bass_driven_hard_stays_clean(hz: float) -> None:
    time = np.arange(3 * RATE_HZ) / RATE_HZ
    bass = (0.9 * np.sin(2 * np.pi * hz * time))[None].astype(np.float32)
    steady = limit(bass, gain=2.0, ceiling=0.9)[0, -RATE_HZ:].astype(np.float64) * np.hanning(RATE_HZ)
    power = np.abs(np.fft.rfft(steady)) ** 2
    own = power[round(hz) - 3 : round(hz) + 4].sum()
    assert 10 * np.log10((power.sum() - own) / own) < -70.0


def test_a_constant_loud_tone_does_not_pump() -> None:
    time = np.arange(2 * RATE_HZ) / RATE_HZ
    tone = np.sin(2 * np.pi * 997 * time)[None].astype(np.float32)
    out = np.abs(limit(tone, gain=2.0, ceiling=0.5)[0, RATE_HZ:])
    peaks = out[: 44 * (out.size // 44)].reshape(-1, 44).max(axis=1)
    assert peaks.min() > 0.99 * peaks.max()


def test_it_tells_how_deep_it_went() -> None:
    limiter = Limiter(RATE_HZ, 1, gain=1.0, ceiling=0.5)
    assert limiter.mean_reduction_db == 0.0
    limiter.process(np.ones((1, RATE_HZ), np.float32), np.ones(RATE_HZ, np.float32))
    assert limiter.deepest_reduction_db == pytest.approx(-6.02, abs=0.01)
    assert limiter.mean_reduction_db == pytest.approx(-6.02, abs=0.01)


def test_impossible_settings_are_refused() -> None:
    for gain, ceiling in ((-1.0, 0.5), (1.0, 0.0), (1.0, 1.5)):
        with pytest.raises(ValueError, match="ceiling"):
            Limiter(RATE_HZ, 1, gain=gain, ceiling=ceiling)


@pytest.mark.parametrize("pace", [CALM, QUICK])
def test_where_nothing_is_held_the_short_way_comes_to_the_same(pace: Pace) -> None:
    loud = np.abs(torture(5, 1)[0])
    envelope = np.concatenate((loud, 1e-3 * np.tile(loud, 5), loud)).astype(np.float32)
    ceiling = 0.5
    short, whole = (Limiter(RATE_HZ, 1, gain=1.0, ceiling=ceiling, pace=pace) for _ in range(2))
    ones = np.ones((1, envelope.size), np.float32) * np.float32(0.25)
    out = short.process(ones, envelope)
    level = envelope.astype(np.float64)
    needed = np.where(level > ceiling, ceiling / np.maximum(level, 1e-9), 1.0)
    sums = np.empty(needed.size, np.int64)
    _follow(
        needed,
        whole._speeds,
        whole._levels,
        whole._counts,
        whole._span,
        whole._first,
        whole._second,
        whole._queue_gains,
        whole._queue_positions,
        sums,
    )
    gains = sums / (whole._first.size * whole._second.size * 2.0**30)
    assert gains.min() < 0.9
    assert np.count_nonzero(gains[30_000:] == 1.0) > 5_000
    late = short.latency_frames
    np.testing.assert_array_equal(out[0, late:], np.rint(0.25 * gains[late:] * 2**23) / 2**23)
    np.testing.assert_array_equal(short._levels, whole._levels)
    np.testing.assert_array_equal(short._counts[0], whole._counts[0])
