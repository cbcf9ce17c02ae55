"""What a track's measurements look like over time: for pictures, and for whoever compares tracks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Curves:
    """Row ``i`` of each is about the time ``i / rate`` from the start. Small: 130 bytes for a second of audio."""

    loudness_rate_hz: float
    short_term_lufs: NDArray[np.float32]
    """Shape ``(n,)``; −inf in silence (EBU Tech 3341: 3 s windows)."""
    momentary_lufs: NDArray[np.float32]
    """Shape ``(n,)``, 400 ms windows."""
    chroma_rate_hz: float
    chromagram: NDArray[np.float32]
    """Shape ``(n, 12)`` from C upwards, 0..1, each row's greatest 1 where there are pitches."""
    tempogram_rate_hz: float
    tempogram_bpm: NDArray[np.float32]
    """Shape ``(tempi,)``, rising, evenly spaced in octaves."""
    tempogram: NDArray[np.float32]
    """Shape ``(n, tempi)``, 0..1."""
