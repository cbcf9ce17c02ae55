"""What is measured over time."""

from __future__ import annotations

import numpy as np
import pytest

from sonicforge_studio.analysis import TrackAnalyser
from sonicforge_studio.analysis._curves import LoudnessCurve, curves
from sonicforge_studio.audio import LoudnessMeter
from sonicforge_studio.domain import Curves, Samples, curves_to_bytes
from tests.analysis.played_patterns import RATE_HZ, chords, drums

SILENT = (5.0, np.zeros(0, np.float32), np.zeros(0, np.float32))


def curves_of(wave: Samples, rate_hz: int = RATE_HZ, block_frames: int = 1 << 16) -> Curves:
    analyser = TrackAnalyser(rate_hz, wave.shape[0])
    for start in range(0, wave.shape[1], block_frames):
        analyser.add(wave[:, start : start + block_frames])
    return analyser.finish().curves


def test_loudness_is_what_the_meter_showed_then() -> None:
    wave = chords(2, True, 1, seconds=12.0, with_drums=True)
    found = curves_of(wave)
    meter = LoudnessMeter(RATE_HZ, 1)
    shown = [(-np.inf, -np.inf)]
    for start in range(0, wave.shape[1] - RATE_HZ // 5 + 1, RATE_HZ // 5):
        meter.add(wave[:, start : start + RATE_HZ // 5])
        shown.append((meter.short_term_lufs, meter.momentary_lufs))
    assert found.loudness_rate_hz == 5.0
    np.testing.assert_allclose(found.short_term_lufs[: len(shown)], np.array(shown)[:, 0], atol=0.01)
    np.testing.assert_allclose(found.momentary_lufs[: len(shown)], np.array(shown)[:, 1], atol=0.01)


@pytest.mark.parametrize("rate_hz", [100, 8000])
def test_nothing_of_the_loudness_is_missed_at_low_rates(rate_hz: int) -> None:
    block = (0.1 * np.random.default_rng(1).standard_normal((1, 400 * rate_hz))).astype(np.float32)
    meter = LoudnessMeter(rate_hz, 1)
    curve = LoudnessCurve(rate_hz, meter)
    curve.add(block)
    rate_of_rows_hz, short_term, momentary = curve.finish()
    assert short_term.size == momentary.size == 400 * rate_of_rows_hz + 1


@pytest.mark.parametrize("bpm", [76.0, 122.0, 174.0])
def test_the_tempogram_shows_the_tempo_throughout(bpm: float) -> None:
    found = curves_of(drums("house", bpm, 30.0, 6))
    assert found.tempogram.shape[0] == pytest.approx(30.0 * found.tempogram_rate_hz, abs=2)
    step = np.log(found.tempogram_bpm[1] / found.tempogram_bpm[0])
    near = np.abs(np.log(found.tempogram_bpm / bpm)) < 1.5 * step
    faster = bpm * np.array([[1.0], [2.0], [3.0], [4.0]])
    elsewhere = (np.abs(np.log(found.tempogram_bpm / faster)) > 0.15).all(axis=0)
    middle = found.tempogram[6:-6]
    assert (middle[:, near].max(axis=1) > 0.4).all()
    assert np.median(middle[:, near].max(axis=1)) > 1.5 * np.median(middle[:, elsewhere].max(axis=1))


def test_silence_has_no_tempo_beside_music() -> None:
    wave = drums("house", 120.0, 40.0, 6)
    wave[:, 20 * RATE_HZ :] = 0.0
    found = curves_of(wave)
    assert found.tempogram[27:].max() < 0.1


def test_the_chromagram_is_thinned_and_scaled() -> None:
    rows = np.zeros((100, 12), np.float32)
    rows[:, 9] = 0.5
    rows[:, 4] = 0.25
    rows[50:53] = 0.0
    drawn = curves(SILENT, rows, 5.4, np.zeros((0, 4)), 172.0)
    assert drawn.chroma_rate_hz == pytest.approx(1.8)
    assert drawn.chromagram.shape == (34, 12)
    assert (drawn.chromagram[:16, 9] == 1.0).all()
    assert (drawn.chromagram[:16, 4] == 0.5).all()
    assert drawn.tempogram.shape == (0, 96)


def test_blocks_of_any_size_give_the_same() -> None:
    wave = chords(2, True, 1, seconds=8.0, with_drums=True)
    assert curves_to_bytes(curves_of(wave, RATE_HZ, 777)) == curves_to_bytes(curves_of(wave))
