"""The zero-crossing rate: how often the wave changes its sign."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import kernel
from sonicforge_studio.kernels.spectrum import frame_count

Float32 = NDArray[np.float32]

_ZERO = np.float32(1e-10)
"""What is smaller counts as zero, and zero as positive."""


def zero_crossing_rate(samples: Float32, window_frames: int, hop_frames: int) -> Float32:
    """The share of a window's samples at which the sign is another than at the sample before.

    Parameters
    ----------
    samples
        Shape ``(channels, n)``, float32, finite, full scale ±1; what is below 1e-10 counts as zero.
    window_frames, hop_frames
        Length of a window and the step from one to the next, in samples, at least 1.

    Returns
    -------
    Shape ``(channels, frames)`` of every whole window, 0..1, float32. A window's first sample is compared with none.

    Raises
    ------
    ValueError
        Where ``samples`` has not two dimensions, or window or hop is shorter than one sample.

    Notes
    -----
    Exact: equal to ``librosa.feature.zero_crossing_rate`` (without its centring) but for the rounding to float32.

    References
    ----------
    G. Peeters, "A large set of audio features for sound description" (CUIDADO project report, IRCAM, 2004), 2.2.
    """
    if samples.ndim != 2 or window_frames < 1 or hop_frames < 1:
        raise ValueError(f"no windows of {window_frames} every {hop_frames} in an array of shape {samples.shape}")
    rate = np.empty((samples.shape[0], frame_count(samples.shape[1], window_frames, hop_frames)), np.float32)
    if rate.size:
        _zero_crossing_rate(np.ascontiguousarray(samples, np.float32), window_frames, hop_frames, rate)
    return rate


@kernel
def _crossings(samples: Float32, start: int, end: int) -> int:
    """How many of the samples ``start..end`` have another sign than the one before each."""
    here, before = samples[start:end], samples[start - 1 : end - 1]
    count = np.int32(0)
    for i in range(here.size):
        count += np.int32((here[i] < -_ZERO) != (before[i] < -_ZERO))
    return int(count)


@kernel
def _zero_crossing_rate(samples: Float32, window: int, hop: int, rate: Float32) -> None:
    """Each sample is looked at once: a window is whole hops, of which sums are kept, and the start of one more."""
    channels, frames = rate.shape
    whole, rest = divmod(window - 1, hop)
    hops = np.empty(whole + 1, np.int64)
    for channel in range(channels):
        row = samples[channel]
        inside = 0
        for h in range(whole):
            hops[h] = _crossings(row, 1 + h * hop, 1 + (h + 1) * hop)
            inside += hops[h]
        for frame in range(frames):
            # ``inside`` holds the whole hops of this window; its last samples are looked at again by the next one.
            start = 1 + (frame + whole) * hop
            first_part = _crossings(row, start, start + rest)
            rate[channel, frame] = np.float32((inside + first_part) / window)
            if frame + 1 < frames and whole > 0:
                entering = first_part + _crossings(row, start + rest, start + hop)
                slot = frame % whole
                inside += entering - hops[slot]
                hops[slot] = entering
