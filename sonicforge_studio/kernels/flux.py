"""Spectral flux: how much a spectrum in decibels has risen since a few frames ago, averaged over its bands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import fast_kernel

Float32 = NDArray[np.float32]


def spectral_flux(levels_db: Float32, lag_frames: int = 1) -> Float32:
    """The mean over the bands of what each has risen by; a band that falls counts nothing.

    Parameters
    ----------
    levels_db
        Shape ``(frames, bands)`` in dB, float32, finite: the levels of mel bands, say.
    lag_frames
        Against how many frames before a band is held, at least 1.

    Returns
    -------
    Shape ``(frames,)`` in dB, float32; 0 for the first ``lag_frames``, which have none before them.

    Raises
    ------
    ValueError
        Where ``levels_db`` has not two dimensions, or ``lag_frames`` is below 1.

    Notes
    -----
    Against ``librosa.onset.onset_strength(S=…, center=False)`` the greatest difference is some 1e-6 of the highest
    value. What beats and onsets are found by here is ``kernels.onset``, which needs no noise floor.

    References
    ----------
    S. Böck and G. Widmer, "Maximum filter vibrato suppression for onset detection" (DAFx 2013), section 2.
    """
    if levels_db.ndim != 2 or lag_frames < 1:
        raise ValueError(f"no flux over {lag_frames} frames of an array of shape {levels_db.shape}")
    flux = np.zeros(levels_db.shape[0], np.float32)
    if levels_db.shape[1]:
        _spectral_flux(np.ascontiguousarray(levels_db, np.float32), lag_frames, flux)
    return flux


@fast_kernel
def _spectral_flux(levels_db: Float32, lag: int, flux: Float32) -> None:
    frames, bands = levels_db.shape
    scale, none = np.float32(1.0 / bands), np.float32(0.0)
    for frame in range(lag, frames):
        rise = none
        for band in range(bands):
            rise += max(levels_db[frame, band] - levels_db[frame - lag, band], none)
        flux[frame] = rise * scale
