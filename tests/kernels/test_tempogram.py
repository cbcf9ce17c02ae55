"""The tempogram beside a NumPy twin."""

from __future__ import annotations

import numpy as np

from sonicforge_studio.kernels.tempogram import tempo_sums, tempogram

RATE_HZ = 172.265625
PIECE_FRAMES = 86
TEMPI_BPM = np.geomspace(30.0, 300.0, 96)


def twin(envelope: np.ndarray, window: np.ndarray, hop_pieces: int) -> np.ndarray:
    pieces = -(-envelope.size // PIECE_FRAMES)
    turns = np.exp(-2j * np.pi * np.outer(np.arange(envelope.size), TEMPI_BPM / 60.0 / RATE_HZ))
    weights = np.repeat(window, PIECE_FRAMES)
    rows = []
    for row in range(pieces // hop_pieces + 1):
        first = (row * hop_pieces - window.size // 2) * PIECE_FRAMES
        frames = np.arange(max(0, first), min(envelope.size, first + weights.size))
        rows.append(np.abs((envelope[frames] * weights[frames - first]) @ turns[frames]))
    return np.array(rows)


def test_it_equals_the_twin() -> None:
    envelope = np.random.default_rng(1).gamma(0.5, size=5000)
    window = np.hanning(10)[1:-1]
    found = tempogram(tempo_sums(envelope, RATE_HZ, TEMPI_BPM, PIECE_FRAMES), window, 2)
    expected = twin(envelope, window, 2)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)


def test_a_pulse_shows_at_its_tempo_and_moves_when_it_moves() -> None:
    seconds = np.concatenate((np.arange(0.0, 30.0, 60.0 / 100.0), np.arange(30.0, 60.0, 60.0 / 140.0)))
    envelope = np.zeros(int(60.0 * RATE_HZ))
    envelope[np.rint(seconds * RATE_HZ).astype(int)] = 1.0
    rows = tempogram(tempo_sums(envelope - envelope.mean(), RATE_HZ, TEMPI_BPM, PIECE_FRAMES), np.hanning(20)[1:-1], 2)
    slow = TEMPI_BPM < 180.0
    found = TEMPI_BPM[slow][rows[:, slow].argmax(axis=1)]
    np.testing.assert_allclose(found[6:25], 100.0, rtol=0.025)
    np.testing.assert_allclose(found[36:55], 140.0, rtol=0.025)


def test_nothing_has_no_tempo() -> None:
    sums = tempo_sums(np.zeros(0), RATE_HZ, TEMPI_BPM, PIECE_FRAMES)
    assert sums.shape == (0, 2, 96)
    assert not tempogram(sums, np.ones(4), 2).any()
