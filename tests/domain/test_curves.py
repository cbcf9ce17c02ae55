"""Curves over time, there and back."""

from __future__ import annotations

import numpy as np
import pytest

from sonicforge_studio.domain import Curves, curves_from_bytes, curves_to_bytes
from sonicforge_studio.domain.curves import spaced_tempi_bpm


def example(seconds: int = 180) -> Curves:
    random = np.random.default_rng(1)
    lufs = random.uniform(-70.0, 5.0, (2, 5 * seconds)).astype(np.float32)
    lufs[:, :15] = -np.inf
    chroma = random.uniform(size=(2 * seconds, 12)).astype(np.float32)
    rhythm = random.uniform(size=(seconds, 96)).astype(np.float32)
    return Curves(5.0, lufs[0], lufs[1], 1.794, chroma, 1.0012, spaced_tempi_bpm(30.0, 300.0, 96), rhythm)


def test_what_comes_back_is_what_went_in_to_half_a_step() -> None:
    curves = example()
    back = curves_from_bytes(curves_to_bytes(curves))
    rates = (curves.loudness_rate_hz, curves.chroma_rate_hz, curves.tempogram_rate_hz)
    assert (back.loudness_rate_hz, back.chroma_rate_hz, back.tempogram_rate_hz) == rates
    for found, expected in (
        (back.short_term_lufs, curves.short_term_lufs),
        (back.momentary_lufs, curves.momentary_lufs),
    ):
        there = np.isfinite(expected)
        assert np.array_equal(np.isneginf(found), ~there)
        assert np.abs(found[there] - expected[there]).max() <= 0.0051
    np.testing.assert_allclose(back.tempogram_bpm, curves.tempogram_bpm, rtol=1e-6)
    np.testing.assert_allclose(back.chromagram, curves.chromagram, atol=0.5 / 255 + 1e-6)
    np.testing.assert_allclose(back.tempogram, curves.tempogram, atol=0.5 / 255 + 1e-6)
    assert all(part.dtype == np.float32 for part in (back.short_term_lufs, back.chromagram, back.tempogram))
    assert curves_to_bytes(back) == curves_to_bytes(curves)


def test_it_is_small() -> None:
    assert len(curves_to_bytes(example())) < 145 * 180


def test_a_track_with_nothing_in_it() -> None:
    none = np.zeros(0, np.float32)
    empty = Curves(5.0, none, none, 2.0, np.zeros((0, 12), np.float32), 1.0, none, np.zeros((0, 0), np.float32))
    back = curves_from_bytes(curves_to_bytes(empty))
    assert back.short_term_lufs.size == back.chromagram.size == back.tempogram.size == 0


def test_bad_bytes_are_refused() -> None:
    packed = curves_to_bytes(example())
    zero_rate = packed[:4] + bytes(8) + packed[12:]
    for broken in (b"", b"SFC0" + packed[4:], packed[:-1], packed + b"0", packed[:40], zero_rate):
        with pytest.raises(ValueError, match="curves"):
            curves_from_bytes(broken)
