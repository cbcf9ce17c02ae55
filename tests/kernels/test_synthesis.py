"""The subtractive and the FM voice, against plain NumPy and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import lfilter

from sonicforge_studio.kernels.synthesis import (
    NoteShape,
    ToneSettings,
    add_tone,
    saw_tables,
    sine_table,
    table_number,
    tone_frames,
)
from sonicforge_studio.kernels.tines import TineSettings, add_tine, tine_frames

RATE = 44100
SAW = saw_tables(RATE)
SINE = sine_table()


def note(frequency_hz: float, gate_frames: int, **changes: float) -> NoteShape:
    shape = NoteShape(0, gate_frames, frequency_hz, frequency_hz, 1.0, 1.0, 0.0, 1.0, 7)
    return shape._replace(**changes)  # type: ignore[arg-type] # numbers for numbers


def tone(shape: NoteShape, settings: ToneSettings) -> NDArray[np.float64]:
    out = np.zeros((2, shape.first_frame + tone_frames(shape.gate_frames, settings, RATE)), dtype=np.float32)
    add_tone(out, shape, settings, SAW, SINE, RATE)
    return out.astype(np.float64)


def plain_low_pass(signal: NDArray[np.float64], cutoff_hz: float, damping: float) -> NDArray[np.float64]:
    """The trapezoidal state-variable low-pass as one biquad (bilinear transform, pre-warped)."""
    g = np.tan(np.pi * cutoff_hz / RATE)
    b = g * g * np.array([1.0, 2.0, 1.0])
    a = np.array([1 + g * damping + g * g, 2 * g * g - 2, 1 - g * damping + g * g])
    return lfilter(b / a[0], a / a[0], signal)


def plain_saw(frequency_hz: float, frames: int) -> NDArray[np.float64]:
    """A band-limited saw, harmonic by harmonic, as many as the note's table holds."""
    highest = 20.0 * 2.0 ** ((table_number(frequency_hz, len(SAW)) + 1) / 3)
    harmonics = int(0.48 * RATE / highest)
    turn = 2 * np.pi * frequency_hz / RATE * np.arange(1, frames + 1)
    return np.sum([2 / np.pi / k * np.sin(k * turn) for k in range(1, harmonics + 1)], axis=0)


@pytest.mark.parametrize("frequency_hz", [110.0, 880.0, 3520.0])
def test_one_saw_through_the_filter_is_its_harmonics_through_a_biquad(frequency_hz: float) -> None:
    settings = ToneSettings(
        cutoff_hz=2000.0, resonance=0.5, velocity_octaves=0.0, attack=0.0, decay=1.0, sustain=1.0, release=0.01
    )
    frames = 8000
    made = tone(note(frequency_hz, frames), settings)
    expected = plain_low_pass(plain_saw(frequency_hz, frames), 2000.0, 1.0)
    ramp = np.clip(np.arange(frames) / 32.0, 0, 1)
    expected *= ramp * ramp * (3 - 2 * ramp)
    assert np.allclose(made[0, :frames], expected, atol=2e-3)
    assert np.array_equal(made[0], made[1])


def test_the_pulse_is_a_saw_less_a_later_saw() -> None:
    settings = ToneSettings(
        saw=0.0, pulse=1.0, pulse_width=0.3, cutoff_hz=18000.0, velocity_octaves=0.0, sustain=1.0, resonance=0.0
    )
    made = tone(note(220.0, 6000), settings)[0, 2000:6000]
    harmonics = np.arange(1, 80)
    turn = 2 * np.pi * 220.0 / RATE * np.arange(2001, 6001)[:, None] * harmonics
    expected = (2 / np.pi / harmonics * (np.sin(turn) - np.sin(turn + 2 * np.pi * 0.3 * harmonics))).sum(axis=1)
    # The table holds more harmonics than the sum, and the filter at 18 kHz bends the highest.
    low = [plain_low_pass(x, 3000.0, 1.4) for x in (made, expected)]
    assert np.corrcoef(low[0][500:], low[1][500:])[0, 1] > 0.995
    assert abs(made[: 9 * RATE // 99].mean()) < 5e-3


@pytest.mark.parametrize("frequency_hz", [523.25, 1975.5, 5001.3, 9000.0])
def test_oscillators_do_not_alias(frequency_hz: float) -> None:
    """Whatever is not a harmonic lies 80 dB down (the window's skirts left out)."""
    frames = 65536
    for settings in (ToneSettings(sustain=1.0), ToneSettings(saw=0.0, pulse=1.0, pulse_width=0.37, sustain=1.0)):
        made = tone(note(frequency_hz, frames + 8192), settings)[0, 8192 : 8192 + frames]
        spectrum = 20 * np.log10(np.abs(np.fft.rfft(made * np.blackman(frames))) + 1e-12)
        spectrum -= spectrum.max()
        frequency = np.fft.rfftfreq(frames, 1 / RATE)
        off = np.abs(frequency / frequency_hz - np.round(frequency / frequency_hz)) * frequency_hz > 12
        assert spectrum[off].max() < -80


def test_envelope_follows_its_times() -> None:
    settings = ToneSettings(saw=0.0, sine=1.0, attack=0.05, decay=0.1, sustain=0.5, release=0.05, velocity_octaves=0.0)
    made = tone(note(1000.0, RATE), settings)[0]
    peaks = np.abs(made[: len(made) // 44 * 44].reshape(-1, 44)).max(axis=1)
    at = lambda seconds: peaks[round(seconds * RATE / 44)]  # noqa: E731 - a name for a place in time
    assert at(0.025) == pytest.approx(0.5, abs=0.06)
    assert at(0.15) == pytest.approx(0.5 + 0.5 * np.exp(-1), abs=0.05)
    assert at(0.9) == pytest.approx(0.5, abs=0.02)
    assert at(1.05) == pytest.approx(0.5 * np.exp(-1), rel=0.15)
    assert np.all(made[-1:] == 0)


def test_unison_spreads_and_stays_central() -> None:
    settings = ToneSettings(voices=7.0, detune_cents=15.0, spread=1.0, sustain=1.0)
    made = tone(note(220.0, RATE * 2), settings)
    left, right = np.sqrt((made**2).mean(axis=1))
    assert 20 * abs(np.log10(left / right)) < 1.0
    correlation = np.corrcoef(made)[0, 1]
    assert -0.3 < correlation < 0.8


def test_a_glide_starts_where_the_last_note_was() -> None:
    settings = ToneSettings(saw=0.0, sine=1.0, glide=0.1, sustain=1.0, velocity_octaves=0.0)
    made = tone(note(880.0, RATE, from_hz=440.0), settings)[0]
    crossings = np.flatnonzero((made[:-1] < 0) & (made[1:] >= 0))
    assert RATE / np.diff(crossings[:3]).mean() == pytest.approx(450.0, rel=0.05)
    assert RATE / np.diff(crossings[-40:-10]).mean() == pytest.approx(880.0, rel=0.01)


def test_the_same_seed_gives_the_same_sound_and_what_does_not_fit_is_cut() -> None:
    settings = ToneSettings(voices=5.0, noise=0.1)
    whole = tone(note(300.0, 5000), settings)
    assert np.array_equal(whole, tone(note(300.0, 5000), settings))
    assert not np.array_equal(whole, tone(note(300.0, 5000, seed=8), settings))
    short = np.zeros((2, 3000), dtype=np.float32)
    add_tone(short, note(300.0, 5000), settings, SAW, SINE, RATE)
    assert np.allclose(short[:, :2500], whole[:, :2500], atol=1e-6)
    add_tone(short, note(300.0, 5000, first_frame=4000), settings, SAW, SINE, RATE)
    add_tone(short, note(30000.0, 5000), settings, SAW, SINE, RATE)


def test_the_tine_is_two_operator_fm() -> None:
    settings = TineSettings(
        ratio=2.0, depth=1.5, depth_decay=0.5, depth_sustain=0.2, tine_level=0.0, attack=0.0, decay=1.0,
        release=0.05, detune_cents=0.0, spread=0.0, velocity_depth=0.0,
    )  # fmt: skip
    frames = 20000
    out = np.zeros((2, tine_frames(frames, settings, RATE)), dtype=np.float32)
    add_tine(out, note(261.63, frames), settings, RATE)
    place = np.arange(frames)
    turn = 2 * np.pi * 261.63 / RATE * place
    depth = 1.5 * (0.2 + 0.8 * np.exp(-(place + 1) / (0.5 * RATE)))
    expected = 0.7 * np.sin(turn + depth * np.sin(2 * turn)) * np.exp(-(place + 1) / RATE)
    expected *= np.clip(place / 32.0, 0, 1)
    assert np.allclose(out[0, :frames], expected, atol=2e-3)


def test_high_tines_hold_their_modulation_back() -> None:
    """Three and a half kilohertz with a deep modulation: no side band folds back below the note."""
    settings = TineSettings(ratio=3.5, depth=4.0, depth_sustain=1.0, tine_level=0.0, decay=20.0, detune_cents=0.0)
    frames = 32768
    out = np.zeros((2, tine_frames(frames, settings, RATE)), dtype=np.float32)
    add_tine(out, note(3520.0, frames), settings, RATE)
    spectrum = 20 * np.log10(np.abs(np.fft.rfft(out[0, :frames] * np.blackman(frames))) + 1e-12)
    frequency = np.fft.rfftfreq(frames, 1 / RATE)
    assert spectrum[frequency < 3300].max() < spectrum.max() - 40
