"""A recording at another pitch, against sines computed there."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.kernels.pitching import add_pitched, pitch_weights, pitched_frames

RATE = 44100


def sine(frequency_hz: float, seconds: float = 2.0) -> NDArray[np.float32]:
    wave = np.sin(2 * np.pi * frequency_hz / RATE * np.arange(int(seconds * RATE))).astype(np.float32)
    return np.stack([wave, 0.5 * wave])


def pitched(recording: NDArray[np.float32], ratio: float, gate: int = 60 * RATE) -> NDArray[np.float64]:
    out = np.zeros((2, pitched_frames(recording.shape[1], ratio, gate, 0.05, RATE)), dtype=np.float32)
    add_pitched(out, 0, recording, pitch_weights(ratio), ratio, gate, 0.05, 1.0, RATE)
    return out.astype(np.float64)


@pytest.mark.parametrize("ratio", [0.1, 0.5, 0.9438743, 1.0, 1.0594631, 1.4983071, 2.0, 3.7, 8.0])
def test_a_sine_becomes_a_sine_that_much_higher(ratio: float) -> None:
    """To −70 dB, whatever the ratio, with the channels as they were."""
    made = pitched(sine(1000.0), ratio)
    expected = np.sin(2 * np.pi * 1000.0 * ratio / RATE * np.arange(made.shape[1]))
    inner = slice(400, made.shape[1] - 400)
    assert np.abs(made[0, inner] - expected[inner]).max() < 10 ** (-70 / 20)
    assert np.allclose(made[1], 0.5 * made[0], atol=1e-6)
    assert made.shape[1] == int(2 * RATE / ratio)


@pytest.mark.parametrize(("frequency_hz", "ratio"), [(12000.0, 2.0), (15000.0, 1.6), (4000.0, 7.0), (19000.0, 1.3)])
def test_what_would_fold_back_is_left_out(frequency_hz: float, ratio: float) -> None:
    made = pitched(sine(frequency_hz), ratio)[0, 400:-400]
    spectrum = np.abs(np.fft.rfft(made * np.blackman(len(made)))) / (0.42 * len(made) / 2)
    heard = np.fft.rfftfreq(len(made), 1 / RATE) < 19000
    assert 20 * np.log10(spectrum[heard].max()) < -70


def test_it_is_let_go_at_the_gate_and_over_at_its_end() -> None:
    held = pitched(np.ones((2, RATE), dtype=np.float32), 1.0, gate=RATE // 2)
    assert held.shape[1] < 0.8 * RATE
    assert np.allclose(held[:, 1000 : RATE // 2], 1.0, atol=1e-4)
    assert held[0, RATE // 2 + int(0.05 * RATE)] == pytest.approx(np.exp(-1), rel=0.01)
    assert held[0, -1] == 0.0
    whole = pitched(np.ones((2, 1000), dtype=np.float32), 0.5)
    assert whole.shape[1] == 2000
    assert pitched_frames(0, 1.0, 100, 0.1, RATE) == 0


def test_what_does_not_fit_is_cut_and_what_lies_there_stays() -> None:
    out = np.full((2, 500), 0.25, dtype=np.float32)
    add_pitched(out, 300, sine(500.0), pitch_weights(1.5), 1.5, 400, 0.05, 1.0, RATE)
    assert np.array_equal(out[:, :300], np.full((2, 300), 0.25, dtype=np.float32))
    assert np.allclose(out[:, 300:] - 0.25, pitched(sine(500.0), 1.5, gate=400)[:, :200], atol=1e-6)
    add_pitched(out, 600, sine(500.0), pitch_weights(1.5), 1.5, 400, 0.05, 1.0, RATE)
    for ratio in (0.01, 20.0, float("nan")):
        with pytest.raises(ValueError, match="ratio"):
            pitch_weights(ratio)
