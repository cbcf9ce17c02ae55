"""The assistant: nothing for what is well balanced, the right thing for what was made wrong on purpose."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.audio import ClipSource, read_clip
from sonicforge_studio.domain import ChainSettings, Clip, SilentProgress, Suggestion
from sonicforge_studio.domain.chain import chain_faults, changed
from sonicforge_studio.mastering import profile_of, propose

RATE_HZ = 44_100
SECONDS = 12


def balanced(seed: int = 1) -> NDArray[np.float64]:
    """Noise whose power density falls by 5 dB an octave, with sides 6 dB under the middle and beats in it."""
    frames = SECONDS * RATE_HZ
    hz = np.fft.rfftfreq(frames) * RATE_HZ
    octaves = np.log2(np.maximum(hz, 20.0) / 100.0)
    hz = np.maximum(hz, 1.0)
    curve_db = np.where(octaves > 0.0, -5.0 * octaves, 2.0 * octaves)
    curve_db -= 12.0 * np.maximum(0.0, np.log2(45.0 / hz)) + 1.5 * np.maximum(0.0, np.log2(hz / 8000.0))
    white = np.fft.rfft(np.random.default_rng(seed).standard_normal((2, frames)))
    middle, side = np.fft.irfft(white * 10 ** (curve_db / 20), frames)
    beat = 0.35 + np.exp(-6.0 * (np.arange(frames) / RATE_HZ % 0.5))
    side = turned(0.5 * side[None], 100.0, -18.0, 1.5)[0]
    wave: NDArray[np.float64] = np.stack([middle + side, middle - side]) * beat
    return 0.5 * wave / np.abs(wave).max()


def turned(samples: NDArray[np.float64], centre_hz: float, gain_db: float, octaves: float) -> NDArray[np.float64]:
    frames = samples.shape[1]
    hz = np.maximum(np.fft.rfftfreq(frames) * RATE_HZ, 1.0)
    gains = 10 ** (gain_db * np.exp(-((np.log2(hz / centre_hz) / octaves) ** 2)) / 20)
    wave: NDArray[np.float64] = np.fft.irfft(np.fft.rfft(samples) * gains, frames)
    return wave


def proposed(samples: NDArray[np.floating]) -> tuple[Suggestion, ...]:
    clip = Clip(np.ascontiguousarray(samples, np.float32), RATE_HZ)
    return propose(profile_of(lambda: ClipSource(clip), SilentProgress()))


def value(suggestions: tuple[Suggestion, ...], place: str) -> float | bool | str | None:
    return next((what for each in suggestions for where, what in each.changes if where == place), None)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_balanced_piece_is_left_alone(seed: int) -> None:
    assert proposed(balanced(seed)) == ()


@pytest.mark.parametrize("rise_db", [6.0, 9.0])
def test_what_is_harsh_is_cut_where_it_is(rise_db: float) -> None:
    found = proposed(turned(balanced(), 4000.0, rise_db, 0.35))
    assert value(found, "eq.bands.5.frequency_hz") == pytest.approx(4000.0, rel=0.06)
    assert -0.75 * rise_db <= float(value(found, "eq.bands.5.gain_db") or 0.0) <= -1.5
    assert [each.reason.split()[0] for each in found] == ["Harsh"]


def test_mud_is_cut() -> None:
    found = proposed(turned(balanced(), 320.0, 8.0, 0.6))
    assert value(found, "eq.bands.2.frequency_hz") == pytest.approx(320.0, rel=0.3)
    assert float(value(found, "eq.bands.2.gain_db") or 0.0) < -0.9


def test_a_resonance_is_named() -> None:
    found = proposed(turned(balanced(), 1000.0, 12.0, 0.25))
    assert value(found, "eq.bands.3.frequency_hz") == pytest.approx(1000.0)
    assert float(value(found, "eq.bands.3.gain_db") or 0.0) < -2.0


def test_a_wide_bass_becomes_mono() -> None:
    middle, side = 0.5 * balanced(5).sum(axis=0), 0.5 * turned(balanced(6), 60.0, 6.0, 1.5).sum(axis=0)
    found = proposed(0.4 * np.stack([middle + side, middle - side]))
    assert value(found, "stereo.mono_below_hz") == 120.0


@pytest.mark.parametrize("mains_hz", [50.0, 60.0])
def test_hum_is_found_and_its_mains_told_apart(mains_hz: float) -> None:
    time = np.arange(SECONDS * RATE_HZ) / RATE_HZ
    hum = sum(0.02 / number * np.sin(2 * np.pi * number * mains_hz * time) for number in range(1, 6))
    music = 0.5 * balanced()
    music[:, 4 * RATE_HZ : 6 * RATE_HZ] *= 0.01
    found = proposed(music + hum)
    assert value(found, "repair.hum_hz") == mains_hz


def test_clipped_peaks_are_drawn_anew_and_what_is_dense_is_not_compressed() -> None:
    found = proposed(np.clip(12.0 * balanced(), -1.0, 1.0))
    assert value(found, "repair.declip") == 0.5
    assert value(found, "glue.on") is False


def test_a_dull_top_and_a_thin_bass_are_lifted() -> None:
    assert float(value(proposed(turned(balanced(), 14_000.0, -20.0, 0.9)), "eq.bands.7.gain_db") or 0.0) > 0.0
    assert float(value(proposed(turned(balanced(), 60.0, -14.0, 0.9)), "eq.bands.0.gain_db") or 0.0) > 0.0


@pytest.mark.parametrize("samples", [np.zeros((2, RATE_HZ)), np.zeros((1, 0)), np.full((2, RATE_HZ), 0.2)])
def test_of_nothing_there_is_nothing_to_say(samples: NDArray[np.float64]) -> None:
    assert all(each.changes for each in proposed(samples))
    assert samples.any() or proposed(samples) == ()


def test_real_music_gets_few_suggestions_and_each_can_be_taken(test_data: Path) -> None:
    for path in sorted((test_data / "songs").glob("mix-*.ogg"))[:6]:
        clip = read_clip(path)
        found = propose(profile_of(lambda clip=clip: ClipSource(clip), SilentProgress()), "house")
        assert len(found) <= 3, path.name
        for suggestion in found:
            suggestion.reason.format(**dict(suggestion.figures))
            chain = ChainSettings()
            for place, what in suggestion.changes:
                chain = changed(chain, place, what)
            assert not list(chain_faults(chain))
            assert chain != ChainSettings()
