"""Small pieces of sound that tests write themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray


def tone(seconds: float = 3.0, hz: float = 440.0, level: float = 0.25, rate_hz: int = 44100) -> NDArray[np.float32]:
    """A stereo sine, shape ``(2, frames)``."""
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    wave = (level * np.sin(2 * np.pi * hz * time)).astype(np.float32)
    return np.stack([wave, wave])


def groove(seconds: float = 12.0, bpm: float = 120.0, rate_hz: int = 44100, seed: int = 1) -> NDArray[np.float32]:
    """Kick, hat and an A minor arpeggio, stereo: something with a tempo and a key."""
    random = np.random.default_rng(seed)
    frames = round(seconds * rate_hz)
    mix = np.zeros(frames + rate_hz, np.float64)
    beat = 60.0 / bpm
    time = np.arange(rate_hz // 2) / rate_hz
    kick = np.sin(2 * np.pi * (50 * time + 8 * (1 - np.exp(-30 * time)))) * np.exp(-9 * time)
    hat = random.standard_normal(len(time)) * np.exp(-60 * time) * 0.2
    for index in range(int(seconds / beat * 4)):
        start = round(index * beat / 4 * rate_hz)
        if index % 4 == 0:
            mix[start : start + len(time)] += 0.8 * kick
        if index % 2 == 0:
            mix[start : start + len(time)] += hat
        hz = 220.0 * 2 ** ([0, 3, 7, 12][index % 4] / 12)
        mix[start : start + len(time)] += 0.2 * np.sin(2 * np.pi * hz * time) * np.exp(-6 * time)
    wave = (0.5 * mix[:frames]).astype(np.float32)
    return np.stack([wave, np.roll(wave, 7)])


def write(path: Path, samples: NDArray[np.float32], rate_hz: int = 44100, subtype: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples.T, rate_hz, subtype=subtype)
    return path
