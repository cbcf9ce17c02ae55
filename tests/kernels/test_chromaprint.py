"""The steps of the fingerprint, each beside a plain NumPy twin."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.kernels import chromaprint


def _music(frames: int, seed: int = 3) -> NDArray[np.int16]:
    """Chords of three tones, three a second, over some noise."""
    random = np.random.default_rng(seed)
    length = chromaprint.RATE_HZ // 3
    chords = []
    for _ in range(-(-frames // length)):
        hz = 110.0 * 2 ** (random.integers(0, 36, 3) / 12)
        chords.append(np.sin(2 * np.pi * hz * np.arange(length)[:, None] / chromaprint.RATE_HZ).sum(axis=1))
    wave = np.concatenate(chords)[:frames] * 4000 + random.standard_normal(frames) * 100
    return wave.astype(np.int16)


def test_mixing_weighs_channels_and_leaves_out_what_is_no_number() -> None:
    block = np.array([[0.5, np.nan, -1.0, 1e30], [0.25, 1.0, np.inf, 0.0]], dtype=np.float32)
    mono = chromaprint.mix_to_mono(block, np.array([0.75, 0.25], dtype=np.float32))
    np.testing.assert_allclose(mono, [32768 * 0.4375, 32768 * 0.25, 32768 * -0.75, 32768 * 48.0], rtol=1e-6)


def test_mixing_takes_blocks_that_are_not_contiguous() -> None:
    interleaved = np.arange(12, dtype=np.float32).reshape(6, 2) / 64
    mono = chromaprint.mix_to_mono(interleaved.T, np.array([0.5, 0.5], dtype=np.float32))
    np.testing.assert_array_equal(mono, interleaved.mean(axis=1) * 32768)


def _resample_twin(samples: NDArray[np.float32], bank: NDArray[np.float32], from_hz: int) -> NDArray[np.int16]:
    phases, taps = bank.shape
    centre = (taps - 1) // 2
    padded = np.concatenate([samples[1 : centre + 1][::-1], samples]).astype(np.float64)
    count = -(-(samples.size - taps + centre + 1) * chromaprint.RATE_HZ // from_hz)
    places = np.arange(count) * from_hz * phases // chromaprint.RATE_HZ
    rows = [padded[place // phases : place // phases + taps] @ bank[place % phases] for place in places]
    return np.clip(np.rint(rows), -32768, 32767).astype(np.int16)


@pytest.mark.parametrize("from_hz", [8000, 22050, 44056, 48000])
def test_resampling_agrees_with_a_plain_sum(from_hz: int) -> None:
    samples = _music(3000).astype(np.float32)
    bank = chromaprint.resampling_filter(from_hz)
    resampled, done = chromaprint.resample(samples, bank, from_hz, chromaprint.first_position(bank))
    twin = _resample_twin(samples, bank, from_hz)
    assert resampled.size == twin.size
    # A sum that ends on a half may round either way.
    assert np.max(np.abs(resampled.astype(int) - twin)) <= 1
    assert np.mean(resampled == twin) > 0.99
    assert samples.size - bank.shape[1] < done <= samples.size


@pytest.mark.parametrize("from_hz", [8000, 44056, 96000])
def test_resampling_in_pieces_gives_the_same_samples(from_hz: int) -> None:
    samples = _music(20_000).astype(np.float32)
    bank = chromaprint.resampling_filter(from_hz)
    whole, _ = chromaprint.resample(samples, bank, from_hz, chromaprint.first_position(bank))
    position = chromaprint.first_position(bank)
    pieces, rest = [], np.zeros(0, dtype=np.float32)
    for start in range(0, samples.size, 1777):
        rest = np.concatenate([rest, samples[start : start + 1777]])
        piece, done = chromaprint.resample(rest, bank, from_hz, position)
        rest = rest[done:]
        pieces.append(piece)
    np.testing.assert_array_equal(np.concatenate(pieces), whole)


def test_the_resampling_filter_keeps_a_tone_and_drops_what_would_fold_back() -> None:
    bank = chromaprint.resampling_filter(44_100)
    time = np.arange(44_100) / 44_100
    levels = []
    for hz in (1000.0, 9000.0):
        tone = (10_000 * np.sin(2 * np.pi * hz * time)).astype(np.float32)
        resampled, _ = chromaprint.resample(tone, bank, 44_100, chromaprint.first_position(bank))
        levels.append(np.sqrt(np.mean(resampled[100:].astype(float) ** 2)))
    assert levels[0] == pytest.approx(10_000 / np.sqrt(2), rel=0.01)
    assert levels[1] < 10


def test_int16_is_rounded_and_clipped() -> None:
    given = np.array([-40_000.0, -1.5, 0.4, 0.5, 40_000.0], dtype=np.float32)
    np.testing.assert_array_equal(chromaprint.to_int16(given), [-32768, -1, 0, 1, 32767])


def test_chroma_agrees_with_numpy() -> None:
    samples = _music(40_000)
    frames = np.lib.stride_tricks.sliding_window_view(samples, chromaprint.FRAME)[:: chromaprint.HOP]
    power = np.abs(np.fft.rfft(frames * (np.hamming(chromaprint.FRAME) / 32767), axis=1)) ** 2
    bins = np.arange(10, 1308)
    octaves = np.log2(bins * chromaprint.RATE_HZ / chromaprint.FRAME / 27.5)
    twin = np.stack(
        [power[:, bins[(12 * (octaves % 1)).astype(int) == band]].sum(axis=1) for band in range(12)], axis=1
    )
    rows = chromaprint.chroma_rows(samples)
    assert rows.shape == (1 + (40_000 - 4096) // 1365, 12)
    np.testing.assert_allclose(rows, twin, rtol=1e-9)


def test_a_tone_lights_its_own_pitch_class() -> None:
    tone = (10_000 * np.sin(2 * np.pi * 440.5 * np.arange(12_000) / chromaprint.RATE_HZ)).astype(np.int16)
    rows = chromaprint.chroma_rows(tone)
    assert np.all(np.argmax(rows, axis=1) == 0)


def _words_twin(rows: NDArray[np.float64]) -> NDArray[np.uint32]:
    """With an integral image, as the method is described."""
    count = rows.shape[0] - 4
    smooth = sum(weight * rows[k : count + k] for k, weight in enumerate([0.25, 0.75, 1.0, 0.75, 0.25]))
    norm = np.sqrt((smooth**2).sum(axis=1, keepdims=True))
    smooth = np.where(norm < 0.01, 0.0, smooth / np.maximum(norm, 1e-30))
    image = np.zeros((count + 1, 13))
    image[1:, 1:] = smooth.cumsum(axis=0).cumsum(axis=1)
    at = np.arange(count - 15)

    def area(row: int, band: int, row_end: int, band_end: int) -> NDArray[np.float64]:
        inner = image[at + row_end, band_end] - image[at + row, band_end]
        return inner - image[at + row_end, band] + image[at + row, band]

    words = np.zeros(at.size, dtype=np.uint32)
    for (kind, y, h, w), limits in zip(chromaprint._FILTERS, chromaprint._THRESHOLDS, strict=True):
        whole = area(0, y, w, y + h)
        if kind == 0:
            bright = whole
        elif kind == 1:
            bright = area(0, y + h // 2, w, y + h)
        elif kind == 2:
            bright = area(w // 2, y, w, y + h)
        elif kind == 3:
            bright = area(0, y + h // 2, w // 2, y + h) + area(w // 2, y, w, y + h // 2)
        elif kind == 4:
            bright = area(0, y + h // 3, w, y + 2 * (h // 3))
        else:
            bright = area(w // 3, y, 2 * (w // 3), y + h)
        dark = np.zeros_like(whole) if kind == 0 else whole - bright
        levels = np.searchsorted(limits, np.log1p(bright) - np.log1p(dark), side="right")
        words = words << np.uint32(2) | np.array([0, 1, 3, 2], dtype=np.uint32)[levels]
    return words


def test_words_agree_with_an_integral_image() -> None:
    rows = chromaprint.chroma_rows(_music(400_000))
    words = chromaprint.words_of_chroma(rows)
    np.testing.assert_array_equal(words, _words_twin(rows))
    assert np.unique(words).size > 100


def test_words_go_on_from_the_last_rows() -> None:
    rows = chromaprint.chroma_rows(_music(100_000))
    whole = chromaprint.words_of_chroma(rows)
    halves = [chromaprint.words_of_chroma(rows[:40]), chromaprint.words_of_chroma(rows[40 - 19 :])]
    np.testing.assert_array_equal(np.concatenate(halves), whole)


@pytest.mark.parametrize("rows", [0, 1, 19, 20])
def test_twenty_rows_are_the_fewest_that_have_a_word(rows: int) -> None:
    assert chromaprint.words_of_chroma(np.ones((rows, 12))).size == (1 if rows == 20 else 0)
