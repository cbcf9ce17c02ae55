"""What speaks for a key, as fitted: logistic weights, major keys in the first row and minor in the second.

Multinomial logistic regression over the 24 keys, one set of weights turned to each tonic, ridge 1. Fitted on every
second of 312 renders of the built-in engine, on two thirds of some chord progressions of many styles and of some
chorales and fiddle tunes, all played by a General MIDI sound font at tunings within 50 cents, and on two thirds of
the few recordings whose key is known.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]

ALL: Float64 = np.array([
    [1.10, -0.26, -1.00, -0.72, 0.96, 0.57, -0.76, 0.86, -0.54, -0.16, -1.11, 1.07],
    [1.77, -1.48, -0.02, 0.34, -1.22, 0.47, -0.57, 1.52, 0.39, -1.29, 0.06, 0.03]
])  # fmt: skip
"""Pitch classes from the tonic upwards, as a vector without its mean and of length 1."""
BASS: Float64 = np.array([
    [0.93, 0.35, 0.28, -1.57, -0.53, 0.94, -0.16, 0.82, 0.23, 1.28, -0.77, -0.19],
    [3.73, -0.08, 0.13, -1.32, -1.78, -1.19, -1.18, 2.24, 0.05, -0.51, -1.31, -0.36]
])  # fmt: skip
"""Shares of the pitch classes in the bass."""
CHORDS: Float64 = np.array([
    [5.09, 0.18, -2.51, -1.39, -1.49, 2.68, 2.41, 0.59, -1.04, -0.81, -1.63, 0.78,
     -1.56, 0.35, -0.55, 0.91, -0.22, -1.24, -0.70, -0.36, 1.58, 2.42, 0.04, -1.93],
    [-0.17, 0.43, -0.88, -1.54, -0.20, -1.54, -0.14, 1.53, -1.65, -0.26, 0.91, 0.65,
     8.32, 0.24, 0.18, -0.49, -0.86, 0.34, 0.01, -1.91, -0.20, -2.08, -2.74, 0.43]
])  # fmt: skip
"""Shares of the twelve major triads and the twelve minor ones, their roots from the tonic upwards."""
START: Float64 = np.array([
    [1.43, -0.27, -0.25, -0.24, 1.17, -1.05, 0.29, 0.21, 0.25, -1.74, -0.25, 0.45],
    [1.79, 0.00, -0.25, 0.42, -0.12, -0.79, -0.07, 0.30, -0.19, -0.37, 0.05, -0.77]
])  # fmt: skip
"""Pitch classes of the first two seconds, as ``ALL``."""
END: Float64 = np.array([
    [0.58, -0.62, -0.12, -0.16, -0.06, 0.41, -0.54, 0.11, -0.24, -0.13, -0.10, 0.88],
    [0.59, -0.50, 0.55, 0.10, -0.57, 0.31, -0.06, -0.06, 0.20, -0.28, -0.05, -0.23]
])  # fmt: skip
"""Pitch classes of the last two seconds, as ``ALL``."""
BIAS: Float64 = np.array([0.399, -0.399])

# The same where only a stretch from the middle is heard, with neither start nor end.
STRETCH_ALL: Float64 = np.array([
    [1.83, -0.54, -1.20, -0.62, 1.50, 0.47, -1.10, 0.87, -0.57, -0.84, -1.56, 1.75],
    [2.77, -1.80, -0.11, 0.63, -1.47, 0.38, -0.79, 1.46, 0.44, -1.56, 0.15, -0.11]
])  # fmt: skip
"""As ``ALL``."""
STRETCH_BASS: Float64 = np.array([
    [1.58, 0.03, 0.11, -1.53, -0.36, 0.78, -0.37, 0.76, 0.14, 1.09, -0.61, -0.19],
    [4.08, -0.37, 0.24, -1.22, -2.06, -1.10, -1.15, 2.27, 0.21, -0.65, -1.50, -0.18]
])  # fmt: skip
"""As ``BASS``."""
STRETCH_CHORDS: Float64 = np.array([
    [6.71, 0.08, -2.90, -1.29, -1.71, 2.64, 2.34, 0.77, -1.06, -1.32, -1.94, 0.47,
     -1.48, 0.35, -0.99, 0.86, 0.63, -1.07, -0.82, -1.15, 1.51, 2.90, 0.15, -2.26],
    [0.39, -0.10, -1.12, -1.47, -0.25, -1.69, -0.22, 1.60, -0.98, -0.35, 0.91, 0.50,
     9.73, 0.17, 0.05, -0.65, -1.12, 0.49, -0.02, -2.45, -0.24, -2.20, -2.74, 0.35]
])  # fmt: skip
"""As ``CHORDS``."""
STRETCH_BIAS: Float64 = np.array([0.355, -0.355])
