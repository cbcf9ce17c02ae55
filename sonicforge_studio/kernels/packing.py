"""Samples as the three bytes each that a 24-bit file holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel

Float32 = NDArray[np.float32]
UInt8 = NDArray[np.uint8]

_STEPS = np.float32(1 << 23)


def packed_24_bit_frames(block: Float32) -> UInt8:
    """The bytes, interleaved and little-endian, of a block ``(channels, n)``: rounded to the nearest step and clipped;
    NaN and infinities are 0."""
    packed = np.empty(block.size * 3, np.uint8)
    _pack(np.ascontiguousarray(block, np.float32), packed)
    return packed


@kernel
def _pack(block: Float32, packed: UInt8) -> None:
    channels, frames = block.shape
    for channel in range(channels):
        samples = block[channel]
        at = 3 * channel
        for i in range(frames):
            value = samples[i] if np.isfinite(samples[i]) else np.float32(0.0)
            scaled = min(max(np.rint(value * _STEPS), -_STEPS), _STEPS - np.float32(1.0))
            step = np.int32(scaled)
            packed[at] = step & 0xFF
            packed[at + 1] = (step >> 8) & 0xFF
            packed[at + 2] = (step >> 16) & 0xFF
            at += 3 * channels
