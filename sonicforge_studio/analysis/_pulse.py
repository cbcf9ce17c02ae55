"""What beats are tracked on, and where they lie against it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.analysis._periodicity import blended, normalised

Float64 = NDArray[np.float64]

_BODY_WEIGHT = 0.5
"""How much more kick, bass and drum shells say about where the beat is than hats and voices."""
ONSET_DELAY_SECONDS = 0.004
"""The envelope peaks so long before the onset that causes it: the window sees it coming."""
LAST_BEAT_SECONDS = 0.03
"""Nearer to the end nothing begins: it is the first beat of a loop's next round."""
SIMPLE_RATIOS = (1 / 3, 1 / 2, 2 / 3, 3 / 4, 4 / 3, 3 / 2, 2.0, 3.0)
"""What one tempo of a piece may be of another."""


def beat_pulse(strength: Float64, envelope: Float64, frame_rate_hz: float) -> Float64:
    """The envelope with what kick, bass and shells add, ``(frames,)``, from the strengths ``(frames, REGIONS)``."""
    body = normalised(blended(strength, slice(0, 2)), frame_rate_hz)
    pulse: Float64 = envelope / envelope.mean() + _BODY_WEIGHT * body / (body.mean() + 1e-20)
    return pulse
