"""What two channels have to do with each other: correlation, balance, and the vectorscope's trace."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

_LOUDEST = 1e6
_AUDIBLE = 10.0 ** (-90.0 / 20.0)
_FAINT = 1e-30
"""In silence nothing fades below it: denormal numbers are a hundred times slower."""
_OFFSET_HZ = 5.0
_LEFT_BEFORE, _RIGHT_BEFORE, _LEFT, _RIGHT, _LEFT_LEFT, _RIGHT_RIGHT, _LEFT_RIGHT, _LEFT_REST, _RIGHT_REST = range(9)
"""State: the last samples, the same without their offset, exponential means of the latter's products, and for how many
frames a channel has been silent."""

_LONGEST_STEPS = 96
"""A longer way is so thin that its points need not touch each other."""
_FAR = 8.0
_DARK = np.float32(1e-6)


class CorrelationMeter:
    """Correlation and balance of two channels over the last ``seconds``, an exponential window.

    ``correlation`` is −1 (out of phase) … +1 (mono), ``balance`` −1 (left only) … +1 (right only), the difference of
    the RMS by their sum; both of what lies above 5 Hz, so that an offset counts nowhere. They are NaN, no reading,
    where nothing above −90 dBFS sounded for ``seconds``; correlation needs both channels. The same for any division
    into blocks, bit for bit.
    """

    def __init__(self, sample_rate_hz: int, seconds: float = 0.3) -> None:
        self._frames = seconds * sample_rate_hz
        self._blocking = math.exp(-2.0 * math.pi * _OFFSET_HZ / sample_rate_hz)
        self._state = np.zeros(9)
        self.reset()

    def add(self, samples: Float32) -> None:
        """Take the next frames, float32 ``(2, n)``; NaN and infinities count as 0."""
        _correlate(samples, math.exp(-1.0 / self._frames), self._blocking, self._state)

    def reset(self) -> None:
        self._state[:] = 0.0
        self._state[_LEFT_REST:] = math.inf

    @property
    def correlation(self) -> float:
        left, right = self._powers()
        if not (left and right):
            return math.nan
        return min(max(float(self._state[_LEFT_RIGHT]) / math.sqrt(left * right), -1.0), 1.0)

    @property
    def balance(self) -> float:
        left, right = (math.sqrt(power) for power in self._powers())
        return (right - left) / (right + left) if left + right else math.nan

    def _powers(self) -> tuple[float, float]:
        """Of left and right; 0 where a channel is silent."""
        state = self._state
        left = float(state[_LEFT_LEFT]) if state[_LEFT_REST] < self._frames else 0.0
        right = float(state[_RIGHT_RIGHT]) if state[_RIGHT_REST] < self._frames else 0.0
        return left, right


@kernel
def _correlate(samples: Float32, kept: float, blocking: float, state: Float64) -> None:
    taken = 1.0 - kept
    left_before, right_before = state[_LEFT_BEFORE], state[_RIGHT_BEFORE]
    left, right = state[_LEFT], state[_RIGHT]
    left_left, right_right, left_right = state[_LEFT_LEFT], state[_RIGHT_RIGHT], state[_LEFT_RIGHT]
    left_rest, right_rest = state[_LEFT_REST], state[_RIGHT_REST]
    for i in range(samples.shape[1]):
        x = float(samples[0, i])
        y = float(samples[1, i])
        x = x if abs(x) <= _LOUDEST else 0.0
        y = y if abs(y) <= _LOUDEST else 0.0
        left = x - left_before + blocking * left
        right = y - right_before + blocking * right
        left = left if abs(left) > _FAINT else 0.0
        right = right if abs(right) > _FAINT else 0.0
        left_before, right_before = x, y
        left_left += taken * (left * left + _FAINT - left_left)
        right_right += taken * (right * right + _FAINT - right_right)
        left_right += taken * (left * right + _FAINT - left_right)
        left_rest = 0.0 if abs(left) > _AUDIBLE else left_rest + 1.0
        right_rest = 0.0 if abs(right) > _AUDIBLE else right_rest + 1.0
    state[_LEFT_BEFORE], state[_RIGHT_BEFORE], state[_LEFT], state[_RIGHT] = left_before, right_before, left, right
    state[_LEFT_LEFT], state[_RIGHT_RIGHT], state[_LEFT_RIGHT] = left_left, right_right, left_right
    state[_LEFT_REST], state[_RIGHT_REST] = left_rest, right_rest


@kernel
def add_points(density: Float32, samples: Float32, decay: float, gain: float) -> None:
    """Fade the trace of a goniometer by ``decay`` (0 … 1), and draw on it the way from each sample to the next.

    ``density`` is float32 ``(height, width)``, ``samples`` float32 ``(2, n)``; begin with the last sample of the call
    before to leave no gap. Up is mono, left leans left: across (R − L) / 2, up (L + R) / 2, where ``gain`` 1 lets full
    scale touch the borders. Each way leaves the same amount 1, thinner the longer it is, as a beam does; points lie
    between pixels, and what is outside is left out. NaN and infinities count as 0.
    """
    height, width = density.shape
    kept = np.float32(min(max(decay, 0.0), 1.0)) if decay == decay else np.float32(0.0)
    for y in range(height):
        for x in range(width):
            faded = density[y, x] * kept
            density[y, x] = faded if faded > _DARK else np.float32(0.0)
    centre_x, centre_y = 0.5 * (width - 1), 0.5 * (height - 1)
    from_x, from_y = 0.0, 0.0
    count = samples.shape[1]
    for i in range(count):
        left = float(samples[0, i])
        right = float(samples[1, i])
        left = left if abs(left) <= _LOUDEST else 0.0
        right = right if abs(right) <= _LOUDEST else 0.0
        across = min(max(0.5 * gain * (right - left), -_FAR), _FAR)
        up = min(max(0.5 * gain * (left + right), -_FAR), _FAR)
        to_x, to_y = centre_x * (1.0 + across), centre_y * (1.0 - up)
        if i > 0 or count == 1:
            if count == 1:
                from_x, from_y = to_x, to_y
            reach = max(abs(to_x - from_x), abs(to_y - from_y))
            steps = min(int(reach) + 1, _LONGEST_STEPS)
            amount = np.float32(1.0 / steps)
            for step in range(steps):
                share = (step + 0.5) / steps
                _splat(density, from_x + share * (to_x - from_x), from_y + share * (to_y - from_y), amount)
        from_x, from_y = to_x, to_y


@kernel
def _splat(density: Float32, x: float, y: float, amount: np.float32) -> None:
    """Share an amount among the four pixels around a place."""
    height, width = density.shape
    if not (-1.0 < x < width and -1.0 < y < height):
        return
    left, top = math.floor(x), math.floor(y)
    right_share, low_share = np.float32(x - left), np.float32(y - top)
    left_share, high_share = np.float32(1.0) - right_share, np.float32(1.0) - low_share
    if top >= 0:
        if left >= 0:
            density[top, left] += amount * high_share * left_share
        if left + 1 < width:
            density[top, left + 1] += amount * high_share * right_share
    if top + 1 < height:
        if left >= 0:
            density[top + 1, left] += amount * low_share * left_share
        if left + 1 < width:
            density[top + 1, left + 1] += amount * low_share * right_share
