"""What tests of the player share: tones to play, and what to ask of a recording of what was heard."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.audio.clips import ClipSource
from sonicforge_studio.audio.player import Player
from sonicforge_studio.domain import Clip
from tests.sound_server import SINK_RATE_HZ

TONE_HZ = 997.0
HEARD = 1e-3
PATIENT_SECONDS = 0.15
"""A driver's buffer that outlasts what else a test machine does; where latency matters, a test takes the usual one."""
ATTEMPTS = 3
"""For what the machine's other work can spoil: a fault of the player's own spoils each attempt."""


def tone(seconds: float, frequency_hz: float = TONE_HZ, amplitude: float = 0.5, rate_hz: int = SINK_RATE_HZ) -> Clip:
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    wave = (amplitude * np.sin(2 * np.pi * frequency_hz * times)).astype(np.float32)
    return Clip(np.stack((wave, wave)), rate_hz)


def play(player: Player, clip: Clip) -> None:
    player.load(lambda: ClipSource(clip), title="tone")


def until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.002)


def heard(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """The left channel from the first to the last sample that is no silence."""
    loud = np.flatnonzero(np.abs(samples[0]) > HEARD)
    assert loud.size, "nothing was heard"
    return samples[0, loud[0] : loud[-1] + 1].astype(np.float64)


def breaks(wave: NDArray[np.float64], frequency_hz: float = TONE_HZ, tolerance: float = 1e-4) -> int:
    """Samples where a pure tone does not go on: it obeys x[n] = 2 cos(ω) x[n−1] − x[n−2]."""
    turn = 2 * np.cos(2 * np.pi * frequency_hz / SINK_RATE_HZ)
    return int(np.sum(np.abs(wave[2:] - turn * wave[1:-1] + wave[:-2]) > tolerance))


def level(wave: NDArray[np.float64]) -> float:
    return float(np.sqrt(2 * np.mean(wave**2)))
