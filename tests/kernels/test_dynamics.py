"""High-pass and glue compressor against SciPy and plain Python."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.signal
from numpy.typing import NDArray

from sonicforge_studio.kernels.dynamics import GlueCompressor, HighPass

RATE_HZ = 44_100
Block = NDArray[np.float32]


def noise(channels: int, frames: int, level: float = 0.1) -> Block:
    return (level * np.random.default_rng(3).standard_normal((channels, frames))).astype(np.float32)


def glue(channels: int = 2, **changes: float) -> GlueCompressor:
    return GlueCompressor(RATE_HZ, channels, **{"threshold_lufs": -20.0, "ratio": 2.0} | changes)


def glue_twin(
    samples: Block, threshold_lufs: float, ratio: float, amount: float, attack_seconds: float
) -> NDArray[np.float64]:
    """The compressor step by step, frame by frame, as its docstring has it."""
    control = round(0.0007 * RATE_HZ)
    corner = math.exp(-2 * math.pi * 100 / RATE_HZ)

    def left(seconds: float) -> float:
        return math.exp(-control / RATE_HZ / seconds)

    low = np.zeros(samples.shape[0])
    mean = fast = slow = power = 0.0
    gain, target = 1.0, 1.0
    out = np.empty(samples.shape)
    for i, frame in enumerate(samples.T.astype(np.float64)):
        gain += (target - gain) / (control - i % control)
        out[:, i] = frame * gain
        low = (1 - corner) * frame + corner * low
        power += float(np.sum((frame - low) ** 2))
        if i % control == control - 1:
            mean = (1 - left(0.010)) * power / control + left(0.010) * mean
            power = 0.0
            over = -0.691 + 10 * math.log10(mean + 1e-12) - threshold_lufs
            knee = max(0.0, min(6.0, over + 3.0))
            wanted = (1 - 1 / ratio) * (knee**2 / 12.0 + max(0.0, over - 3.0))
            rate = left(attack_seconds if wanted > fast else 0.120)
            fast = wanted + rate * (fast - wanted)
            rate = left(0.500 if wanted > slow else 1.200)
            slow = wanted + rate * (slow - wanted)
            target = 1 + amount * (10 ** (-max(fast, slow) / 20) - 1)
    return out


def in_blocks(stage: HighPass | GlueCompressor, samples: Block, block_frames: int) -> Block:
    pieces = [stage.process(samples[:, at : at + block_frames]) for at in range(0, samples.shape[1], block_frames)]
    return np.concatenate(pieces, axis=1)


@pytest.mark.parametrize(("rate_hz", "channels"), [(8_000, 1), (44_100, 2), (192_000, 6)])
def test_the_high_pass_is_a_butterworth(rate_hz: int, channels: int) -> None:
    samples = noise(channels, 20_000) + np.float32(0.3)
    sections = scipy.signal.butter(2, 28.0, "highpass", fs=rate_hz, output="sos")
    expected = scipy.signal.sosfilt(sections, samples.astype(np.float64), axis=1)
    np.testing.assert_allclose(HighPass(rate_hz, channels, 28.0).process(samples), expected, atol=1e-6)


def test_the_high_pass_takes_a_constant_away_and_ends_in_true_silence() -> None:
    samples = np.zeros((1, 10 * RATE_HZ), np.float32)
    samples[0, :RATE_HZ] = 0.5
    out = HighPass(RATE_HZ, 1, 28.0).process(samples)
    assert abs(out[0, RATE_HZ - 1]) < 1e-6
    assert not out[0, -100:].any()


@pytest.mark.parametrize(("rate_hz", "cutoff_hz"), [(10, 28.0), (60, 28.0), (44_100, 0.0)])
def test_a_rate_too_low_for_the_cutoff_passes_unchanged(rate_hz: int, cutoff_hz: float) -> None:
    samples = noise(2, 500)
    np.testing.assert_array_equal(HighPass(rate_hz, 2, cutoff_hz).process(samples), samples)


def test_what_is_no_audio_counts_as_silence() -> None:
    samples = noise(1, 3_000)
    samples[0, 100], samples[0, 200], samples[0, 300] = np.nan, np.inf, -1e30
    assert np.abs(HighPass(RATE_HZ, 1, 28.0).process(samples)).max() < 1.0


@pytest.mark.parametrize(("ratio", "amount", "attack_ms"), [(1.6, 1.0, 30.0), (4.0, 0.5, 5.0)])
def test_the_compressor_does_what_its_twin_does(ratio: float, amount: float, attack_ms: float) -> None:
    samples = noise(2, 20_000)
    samples[:, 5_000:9_000] *= 8.0
    out = glue(ratio=ratio, amount=amount, attack_ms=attack_ms).process(samples)
    expected = glue_twin(samples, -20.0, ratio, amount, attack_ms / 1000)
    assert np.abs(expected - samples).max() > 0.1
    np.testing.assert_allclose(out, expected, atol=2e-6)


@pytest.mark.parametrize("block_frames", [1, 64, 441, 4096])
def test_blocks_of_any_size_give_the_same_bits(block_frames: int) -> None:
    samples = noise(3, 9_000, 0.3)
    whole = glue(3).process(HighPass(RATE_HZ, 3, 28.0).process(samples))
    cut = in_blocks(glue(3), in_blocks(HighPass(RATE_HZ, 3, 28.0), samples, block_frames), block_frames)
    assert np.abs(whole - samples).max() > 0.01
    np.testing.assert_array_equal(cut, whole)


def test_all_channels_get_the_same_gain() -> None:
    samples = np.stack([noise(1, 9_000, 0.5)[0], np.full(9_000, 0.01, np.float32)])
    gain = glue().process(samples) / samples
    np.testing.assert_allclose(gain[0], gain[1], rtol=1e-5)
    assert gain.min() < 0.8


def test_a_steady_tone_is_lowered_by_the_ratio() -> None:
    time = np.arange(4 * RATE_HZ) / RATE_HZ
    tone = np.sin(2 * np.pi * 2_000 * time)[None].astype(np.float32)
    over_db = -0.691 + 10 * math.log10(0.5) + 20.0
    out = glue(1).process(tone)
    reduction_db = 20 * math.log10(np.abs(out[0, -RATE_HZ:]).max())
    assert reduction_db == pytest.approx(-over_db / 2, abs=0.1)


@pytest.mark.parametrize("changes", [{"ratio": 1.0}, {"amount": 0.0}, {"threshold_lufs": 10.0}])
def test_nothing_to_do_changes_no_bit(changes: dict[str, float]) -> None:
    samples = noise(2, 9_000)
    np.testing.assert_array_equal(glue(**changes).process(samples), samples)


def test_a_short_peak_is_let_go_sooner_than_a_long_passage() -> None:
    def gain_after(loud_seconds: float) -> float:
        samples = noise(1, 4 * RATE_HZ, 0.01)
        loud = round(loud_seconds * RATE_HZ)
        samples[:, :loud] *= 50.0
        compressor = glue(1)
        compressor.process(samples[:, :loud])
        after = samples[:, loud:]
        out = compressor.process(after)
        middle = slice(RATE_HZ // 4, RATE_HZ // 4 + 2_000)
        return float(np.std(out[0, middle]) / np.std(after[0, middle]))

    assert gain_after(0.05) > 0.9
    assert gain_after(2.0) < 0.75


def test_impossible_settings_are_refused() -> None:
    for changes in ({"ratio": 0.5}, {"amount": 1.5}, {"attack_ms": 0.0}):
        with pytest.raises(ValueError, match="ratio"):
            glue(**changes)
