"""The de-esser: turns down what lies above a frequency for as long as sibilance is loud there.

The band is taken away and not split off: two first-order shelves, each ``x − (1 − g)·high(x)``, whose idle form is the
input itself, bit for bit, and whose cut falls evenly without a bump below the corner.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import fused_kernel, kernel

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

_CONTROL_SECONDS = 0.00035
"""How often the detector is read; in between the gain moves in a straight line."""
_DETECTOR_SECONDS = 0.0015
_ATTACK_SECONDS = 0.0015
_RELEASE_SECONDS = 0.060
_KNEE_DB = 6.0
_LUFS_OFFSET_DB = -0.691
_SILENT_POWER = 1e-12
_TINY = 1e-30
_HIGHEST_SHARE = 0.45
"""Of the sample rate: above it nothing is left to listen for."""

_SHELF_BELOW = 0.75
"""The shelves' corner under the frequency that is listened from: there half of the decibels are reached."""
_GLIDE_SECONDS = 0.007
"""The filters follow a knob so fast: at once would click."""
_TIMES_SECONDS = (_DETECTOR_SECONDS, _ATTACK_SECONDS, _RELEASE_SECONDS, _GLIDE_SECONDS)

_THRESHOLD, _RANGE, _WANTED_SHELF, _WANTED_LISTEN, _DETECTOR, _ATTACK, _RELEASE, _GLIDE = range(8)
"""Settings: LUFS, dB, the filters' corners, times as what is left after a step."""
_COUNTED, _MEAN, _HELD, _GAIN, _STEP, _SHELF, _LISTEN = range(7)
"""State: frames of this step, the detector, the reduction in dB, one shelf's gain and how it moves, the
filters' corners now."""


class DeEsser:
    """Linked over all channels. ``threshold_lufs`` is set against the mean power above ``frequency_hz``, counted as
    LUFS without the K-weighting; the reduction grows with what is over it, and bends off towards ``range_db``."""

    def __init__(
        self, sample_rate_hz: int, channels: int, *, frequency_hz: float, threshold_lufs: float, range_db: float
    ) -> None:
        self._sample_rate_hz = sample_rate_hz
        self._control_frames = max(1, round(_CONTROL_SECONDS * sample_rate_hz))
        self._settings = np.zeros(8)
        self._low = np.zeros((channels, 2))
        self._listening = np.zeros((channels, 3))
        self._state = np.zeros(7)
        self._state[_GAIN] = 1.0
        self.configure(frequency_hz=frequency_hz, threshold_lufs=threshold_lufs, range_db=range_db)
        self._state[_SHELF], self._state[_LISTEN] = self._settings[_WANTED_SHELF], self._settings[_WANTED_LISTEN]

    def configure(self, *, frequency_hz: float, threshold_lufs: float, range_db: float) -> None:
        """Other settings from the next frame on; nothing jumps."""
        if frequency_hz <= 0.0 or range_db < 0.0:
            raise ValueError("a frequency is above 0, a range not below it")
        deaf = frequency_hz >= _HIGHEST_SHARE * self._sample_rate_hz
        corner = math.pi * min(frequency_hz, _HIGHEST_SHARE * self._sample_rate_hz) / self._sample_rate_hz
        step_seconds = self._control_frames / self._sample_rate_hz
        self._settings[:] = (
            threshold_lufs,
            0.0 if deaf else range_db,
            math.tan(_SHELF_BELOW * corner),
            math.tan(corner),
            *(
                math.exp(-step_seconds / seconds)
                for seconds in (_DETECTOR_SECONDS, _ATTACK_SECONDS, _RELEASE_SECONDS, _GLIDE_SECONDS)
            ),
        )

    @property
    def reduction_db(self) -> float:
        """Of the band, now; ≤ 0."""
        return 40.0 * math.log10(self._state[_GAIN])

    def process(self, block: Float32) -> Float32:
        """The block, float32 ``(channels, n)``, finite."""
        if self._settings[_RANGE] == 0.0 and self._state[_GAIN] == 1.0 and self._state[_STEP] == 0.0:
            return block
        out = np.empty(block.shape, np.float32)
        _de_ess(
            np.ascontiguousarray(block),
            self._settings,
            self._control_frames,
            self._listening,
            self._low,
            self._state,
            out,
        )
        return out


@fused_kernel
def _de_ess(
    block: Float32,
    settings: Float64,
    control_frames: int,
    listening: Float64,
    low: Float64,
    state: Float64,
    out: Float32,
) -> None:
    channels, frames = block.shape
    start = 0
    while start < frames:
        counted = int(state[_COUNTED])
        stop = min(frames, start + control_frames - counted)
        first_gain, step = state[_GAIN], state[_STEP]
        shelf = state[_SHELF] / (1.0 + state[_SHELF])
        g = state[_LISTEN]
        # A Butterworth high-pass as a state-variable filter (Zavalishin, "The Art of VA Filter Design", ch. 4), solved
        # for its next state: only two products wait for the last one.
        damping = math.sqrt(2.0) + g
        scale = 1.0 / (1.0 + g * damping)
        x1, x2 = 2.0 * g * scale, 2.0 * g * g * scale
        s11, s21, s22, o1 = 1.0 - x1 * damping, 2.0 * g - x2 * damping, 1.0 - x2, damping * scale
        for channel in range(channels):
            source, target = block[channel], out[channel]
            low1, low2 = low[channel, 0], low[channel, 1]
            s1, s2 = listening[channel, 0], listening[channel, 1]
            power = listening[channel, 2]
            for i in range(start, stop):
                x = float(source[i])
                high = scale * x - (o1 * s1 + scale * s2)
                s1, s2 = s11 * s1 + (x1 * x - x1 * s2), s21 * s1 + (x2 * x + s22 * s2)
                power += high * high
                share = 1.0 - (first_gain + step * (counted + i - start + 1))
                rise = shelf * (x - low1)
                y = x - share * (x - low1 - rise)
                low1 += 2.0 * rise
                rise = shelf * (y - low2)
                target[i] = y - share * (y - low2 - rise)
                low2 += 2.0 * rise
            low[channel, 0] = low1 if abs(low1) > _TINY else 0.0
            low[channel, 1] = low2 if abs(low2) > _TINY else 0.0
            listening[channel, 0] = s1 if abs(s1) > _TINY else 0.0
            listening[channel, 1] = s2 if abs(s2) > _TINY else 0.0
            listening[channel, 2] = power
        counted += stop - start
        if counted == control_frames:
            _control(settings, control_frames, listening, state)
            counted = 0
        state[_COUNTED] = counted
        start = stop


@kernel
def _control(settings: Float64, control_frames: int, listening: Float64, state: Float64) -> None:
    """One reading of the detector; the gain that follows from it is reached at the end of the next step."""
    mean = listening[:, 2].sum() / control_frames
    mean += settings[_DETECTOR] * (state[_MEAN] - mean)
    state[_MEAN] = mean
    listening[:, 2] = 0.0
    over = _LUFS_OFFSET_DB + 10.0 * np.log10(mean + _SILENT_POWER) - settings[_THRESHOLD]
    if over <= -0.5 * _KNEE_DB:
        over = 0.0
    elif over < 0.5 * _KNEE_DB:
        over = (over + 0.5 * _KNEE_DB) ** 2 / (2.0 * _KNEE_DB)
    most = settings[_RANGE]
    wanted = most * (1.0 - np.exp(-over / most)) if most > 0.0 else 0.0
    left = settings[_ATTACK] if wanted > state[_HELD] else settings[_RELEASE]
    held = wanted + left * (state[_HELD] - wanted)
    # Wholly open again: from here on the samples pass as they are.
    held = held if held > 1e-4 else 0.0
    state[_HELD] = held
    for corner, wanted_corner in ((_SHELF, _WANTED_SHELF), (_LISTEN, _WANTED_LISTEN)):
        distance = settings[_GLIDE] * (state[corner] - settings[wanted_corner])
        state[corner] = settings[wanted_corner] + (distance if abs(distance) > 1e-6 else 0.0)
    # The end of the last straight line, without what adding up its steps has rounded away.
    gain = state[_GAIN] + state[_STEP] * control_frames
    state[_GAIN] = 1.0 if abs(gain - 1.0) < 1e-9 else gain
    state[_STEP] = (10.0 ** (-held / 40.0) - state[_GAIN]) / control_frames
