"""What the chain's filters do to each frequency, for pictures of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain.chain import EqSettings
from sonicforge_studio.mastering.stages.eq import eq_response_db

_PICTURE_RATE_HZ = 48_000


def eq_response(settings: EqSettings, frequencies_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """The equaliser's gain in dB at these frequencies: tilt and all bands that are on."""
    return eq_response_db(settings, _PICTURE_RATE_HZ, frequencies_hz)
