"""How well pitch classes fit keys: the correlation of chroma with key profiles, and the key that fits best."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.kernels._jit import fast_kernel

Float64 = NDArray[np.float64]

PITCH_CLASSES = 12
_FLAT = 1e-12
"""What differs by less from the mean is only its rounding."""


class KeyMatches(NamedTuple):
    """Of each frame the key that fits best and the one after it; each array has the shape ``(frames,)``."""

    key: NDArray[np.int64]
    """``12 · profile + tonic``, tonics from C; −1 where the chroma is flat."""
    correlation: Float64
    next_key: NDArray[np.int64]
    next_correlation: Float64


def profile_correlations(chroma: Float64, profiles: Float64) -> Float64:
    """Pearson's correlation of every frame of chroma with every profile.

    Parameters
    ----------
    chroma
        Shape ``(frames, 12)``, any unit, finite.
    profiles
        Shape ``(profiles, 12)``, any unit, finite.

    Returns
    -------
    Shape ``(frames, profiles)``, −1..1; 0 where the chroma or the profile is the same on every pitch class.

    Raises
    ------
    ValueError
        Where either has not 12 columns.

    Notes
    -----
    Against ``numpy.corrcoef`` the greatest difference is some 1e-15.

    References
    ----------
    C. L. Krumhansl, "Cognitive Foundations of Musical Pitch" (Oxford University Press, 1990), chapter 4.
    """
    frames, centred = _checked(chroma), _standardised(profiles)
    correlation = np.empty((frames.shape[0], centred.shape[0]))
    # Pitch class by pitch class over all profiles, so that the inner loop runs on whole vectors.
    _profile_correlations(frames, np.ascontiguousarray(centred.T), correlation)
    return correlation


def best_keys(chroma: Float64, profiles: Float64) -> KeyMatches:
    """Of each frame the key whose profile, turned to its tonic, correlates best; and the second best.

    Parameters
    ----------
    chroma
        Shape ``(frames, 12)`` from C upwards, any unit, finite.
    profiles
        Shape ``(profiles, 12)`` from the tonic upwards, such as one for major and one for minor.

    Returns
    -------
    ``KeyMatches``; of keys that fit equally well the first.

    Raises
    ------
    ValueError
        Where either has not 12 columns.

    Notes
    -----
    Correlations are as exact as those of ``profile_correlations``: against a loop over ``numpy.corrcoef`` some 1e-15.

    References
    ----------
    The key-finding algorithm of Krumhansl and Schmuckler, in C. L. Krumhansl, "Cognitive Foundations of Musical Pitch"
    (Oxford University Press, 1990), chapter 4.
    """
    frames, centred = _checked(chroma), _standardised(profiles)
    turned = np.array([np.roll(profile, tonic) for profile in centred for tonic in range(PITCH_CLASSES)])
    count = frames.shape[0]
    key, next_key = np.empty(count, np.int64), np.empty(count, np.int64)
    correlation, next_correlation = np.empty(count), np.empty(count)
    _best_keys(frames, np.ascontiguousarray(turned.T), key, correlation, next_key, next_correlation)
    return KeyMatches(key, correlation, next_key, next_correlation)


def _checked(rows: Float64) -> Float64:
    checked = np.ascontiguousarray(rows, np.float64)
    if checked.ndim != 2 or checked.shape[1] != PITCH_CLASSES:
        raise ValueError(f"rows of 12 pitch classes are wanted, not an array of shape {checked.shape}")
    return checked


def _standardised(profiles: Float64) -> Float64:
    """Without their mean and of length 1; 0 where a profile is flat."""
    checked = _checked(profiles)
    centred = checked - checked.mean(axis=1, keepdims=True)
    length = np.sqrt((centred * centred).sum(axis=1, keepdims=True))
    flat = length <= _FLAT * np.sqrt((checked * checked).sum(axis=1, keepdims=True))
    standardised: Float64 = np.where(flat, 0.0, centred / np.where(flat, 1.0, length))
    return standardised


@fast_kernel
def _correlate(frame: Float64, shapes: Float64, fit: Float64) -> bool:
    """Into ``fit``, of one frame with every column of ``shapes (12, keys)``; False where the frame is flat."""
    mean = 0.0
    for step in range(PITCH_CLASSES):
        mean += frame[step]
    mean /= PITCH_CLASSES
    squares, size = 0.0, 0.0
    for step in range(PITCH_CLASSES):
        squares += (frame[step] - mean) * (frame[step] - mean)
        size += frame[step] * frame[step]
    fit[:] = 0.0
    if squares <= _FLAT * _FLAT * size:
        return False
    scale = 1.0 / np.sqrt(squares)
    for step in range(PITCH_CLASSES):
        share = (frame[step] - mean) * scale
        for key in range(fit.size):
            fit[key] += share * shapes[step, key]
    return True


@fast_kernel
def _profile_correlations(chroma: Float64, shapes: Float64, correlation: Float64) -> None:
    for frame in range(chroma.shape[0]):
        _correlate(chroma[frame], shapes, correlation[frame])


@fast_kernel
def _best_keys(
    chroma: Float64,
    shapes: Float64,
    key: NDArray[np.int64],
    correlation: Float64,
    next_key: NDArray[np.int64],
    next_correlation: Float64,
) -> None:
    fit = np.empty(shapes.shape[1])
    for frame in range(chroma.shape[0]):
        best, second = -1, -1
        highest, next_highest = -2.0, -2.0
        if _correlate(chroma[frame], shapes, fit):
            for index in range(fit.size):
                if fit[index] > highest:
                    second, next_highest = best, highest
                    best, highest = index, fit[index]
                elif fit[index] > next_highest:
                    second, next_highest = index, fit[index]
        key[frame], next_key[frame] = best, second
        correlation[frame] = highest if best >= 0 else 0.0
        next_correlation[frame] = next_highest if second >= 0 else 0.0
