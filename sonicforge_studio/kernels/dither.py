"""Triangular dither: what is rounded to a short word without it is distorted, with it only a little noisier.

Two even random numbers a sample make a triangle of ±1 step: the error's mean and its power then no longer depend on the
sound (Lipshitz, Wannamaker and Vanderkooy, "Quantization and dither: a theoretical survey", JAES 40(5), 1992).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel

Float32 = NDArray[np.float32]

_MOST_BITS = 23
"""With 24 a float32's significand is full already: there is nothing left to dither."""
_LATTICE = np.uint64(0x9E3779B97F4A7C15)
_FIRST_FACTOR, _SECOND_FACTOR = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_HALF_WORD = np.uint64(0xFFFFFFFF)
_S27, _S30, _S31, _S32 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(32)


class Dither:
    """A stream rounded to words of ``bits``, with noise that hangs on nothing but frame and channel: the same in every
    run and for any division into blocks.

    Digital silence gets its noise too: a floor that comes and goes is heard sooner than one that stays.
    """

    def __init__(self, bits: int, channels: int) -> None:
        if not 2 <= bits <= _MOST_BITS or channels < 1:
            raise ValueError(f"words of {bits} bits in {channels} channels cannot be dithered")
        self._steps = 2.0 ** (bits - 1)
        self._channels = channels
        self._position = 0

    def process(self, block: Float32) -> Float32:
        """The block, float32 ``(channels, n)``, on multiples of 2^(1 − bits) from −1 to one step under 1; NaN counts as
        0."""
        if block.ndim != 2 or block.shape[0] != self._channels:
            raise ValueError(f"expected a block of {self._channels} channels, not one of shape {block.shape}")
        out = np.empty(block.shape, np.float32)
        _dither(np.ascontiguousarray(block, np.float32), self._position, self._steps, out)
        self._position += block.shape[1]
        return out


@kernel
def _dither(block: Float32, position: int, steps: float, out: Float32) -> None:
    channels, frames = block.shape
    for channel in range(channels):
        source, target = block[channel], out[channel]
        for i in range(frames):
            # SplitMix64 (Steele, Lea and Flood, OOPSLA 2014, doi:10.1145/2660193.2660195), entered by its counter.
            bits = (np.uint64((position + i) * channels + channel) + np.uint64(1)) * _LATTICE
            bits = (bits ^ (bits >> _S30)) * _FIRST_FACTOR
            bits = (bits ^ (bits >> _S27)) * _SECOND_FACTOR
            bits ^= bits >> _S31
            difference = np.int64(bits & _HALF_WORD) - np.int64(bits >> _S32)
            level = float(source[i])
            level = level if level == level else 0.0
            value = np.rint(level * steps + float(difference) * 2.0**-32)
            value = min(steps - 1.0, value)
            value = max(-steps, value)
            target[i] = value / steps + 0.0
