"""The spectral centroid: where the middle of a spectrum lies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import fast_kernel

Float32 = NDArray[np.float32]


def spectral_centroid(magnitude: Float32, bin_hz: float) -> Float32:
    """The mean frequency of each spectrum, weighted by magnitude.

    Parameters
    ----------
    magnitude
        Shape ``(frames, bins)``, float32, finite and not negative; any linear unit. Bin ``k`` lies at ``k · bin_hz``.
    bin_hz
        The distance of two bins in Hz.

    Returns
    -------
    Shape ``(frames,)`` in Hz, float32; 0 where a frame is silent.

    Raises
    ------
    ValueError
        Where ``magnitude`` has not two dimensions.

    Notes
    -----
    The sums are float32 in several lanes: against ``librosa.feature.spectral_centroid`` the greatest difference is
    some 1e-6 of the value.

    References
    ----------
    G. Peeters, "A large set of audio features for sound description" (CUIDADO project report, IRCAM, 2004), 6.1.1.
    """
    if magnitude.ndim != 2:
        raise ValueError(f"frames of bins are wanted, not an array of shape {magnitude.shape}")
    centroid_hz = np.empty(magnitude.shape[0], np.float32)
    bins_hz = (np.arange(magnitude.shape[1]) * bin_hz).astype(np.float32)
    _spectral_centroid(np.ascontiguousarray(magnitude, np.float32), bins_hz, centroid_hz)
    return centroid_hz


@fast_kernel
def _spectral_centroid(magnitude: Float32, bins_hz: Float32, centroid_hz: Float32) -> None:
    for frame in range(magnitude.shape[0]):
        row = magnitude[frame]
        total, weighted = np.float32(0.0), np.float32(0.0)
        for k in range(row.size):
            total += row[k]
            weighted += row[k] * bins_hz[k]
        centroid_hz[frame] = weighted / total if total > np.float32(0.0) else np.float32(0.0)
