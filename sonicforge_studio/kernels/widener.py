"""Width by band: gains on the side signal alone, so that what lies in the middle passes untouched.

Shelving filters turn the side up or down, which is monotone from one width to the next and keeps all phase where widths
are equal; a fourth-order high-pass takes the side out of the bass. The sum of both channels never changes, so that mono
playback hears what it always heard.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import fused_kernel

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

_SHELF_Q = math.sqrt(0.5)
_BUTTERWORTH_4 = (0.54119610, 1.30656296)
_LEAST_WIDTH = 1e-3
"""A shelf cannot come down from nothing: 60 dB down is mono."""
_CONTROL_SECONDS = 0.0007
_GUARD_SECONDS = 0.3
_SHARE_SECONDS = 0.05
_MOST_SIDE_POWER = 0.98
"""Of the middle's: correlation is 0 where they are equal."""
_TINY = 1e-30

_MIDDLE, _SIDE, _CROSS, _ADDED, _SHARE, _STEP, _COUNTED = range(7)
"""State: mean powers of middle and side, of side times what is added and of that; the share of it that is heard, how
that moves, and frames of this control step."""
_SUMS = 7
"""From here on the sums of this step, in the order of the means."""
_STATES = 11


class Widener:
    """Stereo only: a block of shape ``(2, n)``. Exact where nothing is widened or narrowed; no latency."""

    def __init__(
        self,
        sample_rate_hz: int,
        *,
        crossovers_hz: tuple[float, float],
        widths: tuple[float, float, float],
        mono_below_hz: float,
        guard: bool,
    ) -> None:
        self.idle = widths == (1.0, 1.0, 1.0) and mono_below_hz == 0.0
        rows = _sections(sample_rate_hz, crossovers_hz, widths)
        self._cut = _cuts(sample_rate_hz, mono_below_hz)
        self._sections = np.array(rows).reshape(-1, 5)
        self._gain = max(_LEAST_WIDTH, widths[1])
        if max(widths) <= _LEAST_WIDTH:
            self._gain = 0.0
        self._filters = np.zeros((len(self._cut) + len(self._sections), 2))
        self._frames = max(1, round(_CONTROL_SECONDS * sample_rate_hz))
        self._left = math.exp(-self._frames / (_GUARD_SECONDS * sample_rate_hz))
        self._share_left = math.exp(-self._frames / (_SHARE_SECONDS * sample_rate_hz))
        self._guard = guard
        self._state = np.zeros(_STATES)
        self._state[_SHARE] = 1.0

    @property
    def share(self) -> float:
        """How much of the change is heard: below 1 where the guard holds it back."""
        return float(self._state[_SHARE])

    def process(self, block: Float32) -> Float32:
        """The block, float32 ``(2, n)``, finite."""
        if self.idle:
            return block
        out = np.empty_like(block)
        _widen(
            np.ascontiguousarray(block), self._cut, self._sections, self._gain, self._filters, self._frames,
            self._left, self._share_left, self._guard, self._state, out,
        )  # fmt: skip
        return out


def _sections(
    sample_rate_hz: int, crossovers_hz: tuple[float, float], widths: tuple[float, float, float]
) -> Sequence[Float64]:
    """Shelves from the middle band's width to those beside it; none where they are equal or above hearing."""
    low, middle, high = (max(width, _LEAST_WIDTH) for width in widths)
    rows = []
    if low != middle and crossovers_hz[0] < 0.45 * sample_rate_hz:
        rows.append(_shelf(sample_rate_hz, crossovers_hz[0], low / middle, high=False))
    if high != middle and crossovers_hz[1] < 0.45 * sample_rate_hz:
        rows.append(_shelf(sample_rate_hz, crossovers_hz[1], high / middle, high=True))
    return rows


def _shelf(sample_rate_hz: int, frequency_hz: float, gain: float, *, high: bool) -> Float64:
    """``b0 b1 b2 a1 a2`` of a second-order shelf (Bristow-Johnson, "Cookbook formulae for audio EQ")."""
    a, w = math.sqrt(gain), 2.0 * math.pi * frequency_hz / sample_rate_hz
    cosine, alpha = math.cos(w), math.sin(w) / (2.0 * _SHELF_Q)
    sign = -1.0 if high else 1.0
    root = 2.0 * math.sqrt(a) * alpha
    b0 = a * ((a + 1.0) - sign * (a - 1.0) * cosine + root)
    b1 = sign * 2.0 * a * ((a - 1.0) - sign * (a + 1.0) * cosine)
    b2 = a * ((a + 1.0) - sign * (a - 1.0) * cosine - root)
    a0 = (a + 1.0) + sign * (a - 1.0) * cosine + root
    a1 = -sign * 2.0 * ((a - 1.0) + sign * (a + 1.0) * cosine)
    a2 = (a + 1.0) + sign * (a - 1.0) * cosine - root
    return np.array([b0, b1, b2, a1, a2]) / a0


def _cuts(sample_rate_hz: int, mono_below_hz: float) -> Float64:
    """A Butterworth high-pass of the fourth order, as two sections."""
    if not 0.0 < mono_below_hz < 0.45 * sample_rate_hz:
        return np.empty((0, 5))
    k = math.tan(math.pi * mono_below_hz / sample_rate_hz)
    rows = []
    for q in _BUTTERWORTH_4:
        a0 = 1.0 + k / q + k * k
        rows.append([1.0 / a0, -2.0 / a0, 1.0 / a0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0])
    return np.array(rows)


@fused_kernel
def _widen(
    block: Float32,
    cut: Float64,
    sections: Float64,
    gain: float,
    filters: Float64,
    control_frames: int,
    left: float,
    share_left: float,
    guard: bool,
    state: Float64,
    out: Float32,
) -> None:
    frames, cuts, shelves = block.shape[1], cut.shape[0], sections.shape[0]
    share, step, counted = state[_SHARE], state[_STEP], int(state[_COUNTED])
    for i in range(frames):
        first, second = float(block[0, i]), float(block[1, i])
        middle, side = 0.5 * (first + second), 0.5 * (first - second)
        kept = side
        for row in range(cuts):
            kept = _section(cut, row, filters, row, kept)
        wide = kept
        for row in range(shelves):
            wide = _section(sections, row, filters, cuts + row, wide)
        added = gain * wide - kept
        share += step
        change = kept - side + share * added
        out[0, i] = first + change
        out[1, i] = second - change
        state[_SUMS] += middle * middle
        state[_SUMS + 1] += kept * kept
        state[_SUMS + 2] += kept * added
        state[_SUMS + 3] += added * added
        counted += 1
        if counted == control_frames:
            counted = 0
            for k in range(4):
                mean = state[_SUMS + k] / control_frames
                state[_MIDDLE + k] = mean + left * (state[_MIDDLE + k] - mean)
                state[_SUMS + k] = 0.0
            wanted = float(_share_that_mono_bears(state)) if guard else 1.0
            # Held back at once where it has to be, let go slowly.
            goal = wanted if wanted < share else wanted + share_left * (share - wanted)
            step = (goal - share) / control_frames
            for row in range(filters.shape[0]):
                for k in range(2):
                    if abs(filters[row, k]) < _TINY:
                        filters[row, k] = 0.0
    state[_SHARE], state[_STEP], state[_COUNTED] = share, step, counted


@fused_kernel
def _section(rows: Float64, row: int, filters: Float64, at: int, x: float) -> float:
    y: float = rows[row, 0] * x + filters[at, 0]
    filters[at, 0] = rows[row, 1] * x - rows[row, 3] * y + filters[at, 1]
    filters[at, 1] = rows[row, 2] * x - rows[row, 4] * y
    return y


@fused_kernel
def _share_that_mono_bears(state: Float64) -> float:
    """The largest share of the change, 0 to 1, at which the side's power stays under the middle's: of a quadratic."""
    room = _MOST_SIDE_POWER * state[_MIDDLE] - state[_SIDE]
    cross, added = state[_CROSS], state[_ADDED]
    if added <= _TINY or 2.0 * cross + added <= room:
        return 1.0
    if room <= 0.0:
        # Wider than mono bears already: it is made no wider.
        return 0.0 if 2.0 * cross + added > 0.0 else 1.0
    share: float = min(1.0, (np.sqrt(cross * cross + added * room) - cross) / added)
    return share
