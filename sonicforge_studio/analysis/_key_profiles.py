"""How well each pitch class fits a key, and from where on pitches count as such.

Four profiles vote, because each has music that it is wrong about: listeners' ratings (C. Krumhansl and E. Kessler,
Psychological Review 89, 1982), counts in classical scores (J. Albrecht and D. Shanahan, Music Perception 31, 2013), and
electronic dance music by corpus and by hand (Á. Faraldo et al., "Key estimation in electronic dance music", ECIR 2016;
"bgate" as in Essentia).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]

PROFILES: Float64 = np.array([
    [[6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88],
     [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17]],
    [[0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081],
     [0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052]],
    [[0.165, 0.047, 0.083, 0.067, 0.100, 0.093, 0.053, 0.132, 0.052, 0.074, 0.069, 0.064],
     [0.172, 0.053, 0.076, 0.100, 0.056, 0.085, 0.050, 0.135, 0.075, 0.050, 0.092, 0.055]],
    [[1.00, 0.00, 0.42, 0.00, 0.53, 0.37, 0.00, 0.77, 0.00, 0.38, 0.21, 0.30],
     [1.00, 0.00, 0.36, 0.39, 0.00, 0.38, 0.00, 0.74, 0.27, 0.00, 0.42, 0.23]],
])  # fmt: skip
"""Shape ``(profiles, 2, 12)``: major and minor, from the tonic upwards."""
KRUMHANSL = PROFILES[0]
LOWEST_COHERENCE = 0.24
"""Below it the peaks lie at any pitch, as in speech, drums and noise; music of fixed pitches is above 0.35."""
