"""Samples as they stand in files, and as float32."""

from __future__ import annotations

import av
import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain import Samples
from sonicforge_studio.kernels.dither import Dither

_SCALES: dict[str, tuple[str, float]] = {
    "u8": ("u1", 2.0**-7),
    "s16": ("i2", 2.0**-15),
    "s32": ("i4", 2.0**-31),
    "s64": ("i8", 2.0**-63),
    "flt": ("f4", 1.0),
    "dbl": ("f8", 1.0),
}


class Quantiser:
    """float32 blocks to interleaved integers of 16 or 24 bits: rounded to nearest and clipped.

    This is the one place where a word gets shorter, so here is the dither: 16 bits get it, the same in every run and
    for every division into blocks; 24 bits none, for float32 has no more itself. NaN and infinities become 0.
    """

    def __init__(self, bits: int, channels: int) -> None:
        self._steps = float(2 ** (bits - 1))
        self._dither = Dither(bits, channels) if bits == 16 else None

    def quantise(self, block: Samples) -> NDArray[np.int32]:
        """Integers of shape ``(frames, channels)``."""
        block = finite(block)
        if self._dither is not None:
            block = self._dither.process(block)
        scaled = np.ascontiguousarray(block.T) * np.float32(self._steps)
        np.rint(scaled, out=scaled)
        np.clip(scaled, -self._steps, self._steps - 1.0, out=scaled)
        return scaled.astype(np.int32)


def finite(samples: Samples) -> Samples:
    """The same samples with 0 for NaN and infinities."""
    if np.isfinite(samples).all():
        return samples
    return np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)


def interleaved(block: Samples) -> NDArray[np.float32]:
    """The samples of a block, shape ``(channels, n)``, as they stand in a file: ``(n, channels)``, little-endian."""
    # Channel by channel: a transposed copy takes five times as long.
    frames = np.empty(block.shape[::-1], "<f4")
    for channel, samples in enumerate(block):
        frames[:, channel] = samples
    return frames


def planar(data: bytes, channels: int) -> Samples:
    """The block, shape ``(channels, n)``, of which these are the ``interleaved`` bytes."""
    frames = np.frombuffer(data, "<f4").reshape(-1, channels)
    block: Samples = np.empty(frames.shape[::-1], np.float32)
    for channel, samples in enumerate(block):
        samples[:] = frames[:, channel]
    return block


def float_samples(block: av.AudioFrame, channels: int) -> Samples:
    """Integers scaled so that full scale is ±1; floats as they are."""
    name, frames = block.format.name, block.samples
    kind, scale = _SCALES[name.removesuffix("p")]
    planes = block.planes
    samples = np.empty((channels, frames), np.float32)
    # A 64-bit float beyond float32's range becomes an infinity here, and silence in the caller's hands.
    with np.errstate(over="ignore", invalid="ignore"):
        if block.format.is_planar:
            for channel in range(channels):
                samples[channel] = np.frombuffer(memoryview(planes[channel]), kind, frames)
        else:
            packed = np.frombuffer(memoryview(planes[0]), kind, frames * channels)
            np.copyto(samples, packed.reshape(frames, channels).T, casting="unsafe")
    if kind == "u1":
        samples -= 128.0
    if scale != 1.0:
        samples *= np.float32(scale)
    return samples
