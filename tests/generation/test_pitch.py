"""The pitch of a recorded note, of sounds whose pitch is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.audio import read_clip
from sonicforge_studio.generation.pitch import find_pitch
from sonicforge_studio.kernels.strings import StringSettings, add_string
from sonicforge_studio.kernels.synthesis import NoteShape

RATE = 44100


def hertz(pitch: float) -> float:
    return float(440 * 2 ** ((pitch - 69) / 12))


def saw(pitch: float, seconds: float = 0.6) -> NDArray[np.float32]:
    turn = 2 * np.pi * hertz(pitch) * np.arange(int(seconds * RATE)) / RATE
    wave = sum(np.sin(number * turn) / number for number in range(1, max(2, int(18000 / hertz(pitch)))))
    return np.asarray(wave, dtype=np.float32)


@pytest.mark.parametrize("pitch", [28, 33.4, 40, 47, 55.75, 60, 69, 77, 84, 95])
def test_notes_are_found_to_two_cents(pitch: float) -> None:
    plucked = np.zeros((2, RATE), dtype=np.float32)
    shape = NoteShape(0, RATE, hertz(pitch), hertz(pitch), 0.8, 1.0, 0.0, 1.0, 3)
    add_string(plucked, shape, StringSettings(noise=0.5), RATE)
    sine = np.sin(2 * np.pi * hertz(pitch) * np.arange(RATE // 2) / RATE).astype(np.float32)
    missing = saw(pitch) - np.sin(2 * np.pi * hertz(pitch) * np.arange(int(0.6 * RATE)) / RATE).astype(np.float32)
    for sound in (plucked.mean(axis=0), sine, saw(pitch), saw(pitch, 0.1), missing):
        assert find_pitch(sound, RATE) == pytest.approx(pitch, abs=0.02)


def test_what_has_no_pitch_has_none() -> None:
    noise = np.random.default_rng(4).normal(0, 0.1, RATE).astype(np.float32)
    for sound in (noise, noise[:3000], np.zeros(RATE, np.float32), np.ones(RATE, np.float32), saw(60)[:900]):
        assert find_pitch(sound, RATE) is None


@pytest.mark.parametrize(("name", "pitch"), [("guit_em9", 40.0), ("loop_drone_g_97", 31.0), ("bass_hit_c", 24.7)])
def test_recordings(test_data: Path, name: str, pitch: float) -> None:
    """A guitar chord's lowest string, a drone in G, a bass hit that falls to C."""
    clip = read_clip(test_data / "samples" / f"{name}.flac")
    assert find_pitch(clip.samples.mean(axis=0), clip.sample_rate_hz) == pytest.approx(pitch, abs=1.0)
