"""From any number of channels to what the sound card has: one or two."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.domain import Samples

_HALF_POWER = 0.5**0.5

# Left's share of each channel in WAVEFORMATEXTENSIBLE's order; right's is the mirror image. ITU-R BS.775-3, annex 4,
# table 2: centre and surrounds at −3 dB, no low-frequency effects.
_LEFT_SHARES = {
    3: (1.0, 0.0, _HALF_POWER),
    4: (1.0, 0.0, _HALF_POWER, 0.0),
    5: (1.0, 0.0, _HALF_POWER, _HALF_POWER, 0.0),
    6: (1.0, 0.0, _HALF_POWER, 0.0, _HALF_POWER, 0.0),
    7: (1.0, 0.0, _HALF_POWER, 0.0, 0.5, _HALF_POWER, 0.0),
    8: (1.0, 0.0, _HALF_POWER, 0.0, _HALF_POWER, 0.0, _HALF_POWER, 0.0),
}
_RIGHT_SHARES = {
    3: (0.0, 1.0, _HALF_POWER),
    4: (0.0, 1.0, 0.0, _HALF_POWER),
    5: (0.0, 1.0, _HALF_POWER, 0.0, _HALF_POWER),
    6: (0.0, 1.0, _HALF_POWER, 0.0, 0.0, _HALF_POWER),
    7: (0.0, 1.0, _HALF_POWER, 0.0, 0.5, 0.0, _HALF_POWER),
    8: (0.0, 1.0, _HALF_POWER, 0.0, 0.0, _HALF_POWER, 0.0, _HALF_POWER),
}


def channel_matrix(given: int, wanted: int) -> NDArray[np.float32]:
    """Weights ``(wanted, given)`` for one or two wanted channels.

    Stereo folds to its mean; surround to stereo with its rows scaled to a sum of 1, so that nothing can clip.
    """
    if given == wanted:
        return np.eye(given, dtype=np.float32)
    if given == 1:
        return np.ones((wanted, 1), np.float32)
    if given == 2:
        return np.full((1, 2), 0.5, np.float32)
    if given in _LEFT_SHARES:
        stereo = np.array((_LEFT_SHARES[given], _RIGHT_SHARES[given]))
    else:
        # No standard order: odd ones left, even ones right.
        stereo = np.array((np.arange(given) % 2 == 0, np.arange(given) % 2 == 1), np.float64)
    stereo /= stereo.sum(axis=1, keepdims=True)
    return (stereo if wanted == 2 else stereo.mean(axis=0, keepdims=True)).astype(np.float32)


def mix_channels(block: Samples, matrix: NDArray[np.float32]) -> Samples:
    """``block`` through ``matrix``; untouched where it already has the wanted channels."""
    if matrix.shape[0] == matrix.shape[1]:
        return block
    mixed: Samples = matrix @ block
    return mixed
