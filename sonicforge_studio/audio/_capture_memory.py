"""The last seconds of what a device records: drained from it, and read by the tap and by the recorder."""

from __future__ import annotations

import logging
import math
import threading
import time

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.audio.devices import Input

MEMORY_SECONDS = 12.0
"""What a disk may stand still without a loss."""
_WRITTEN_AHEAD_SECONDS = 0.5
_STALL_SECONDS = 4.0
"""A device that brings nothing for so long is gone, whatever its driver says."""
_FALL_DB_A_SECOND = 20.0
_SILENCE_DBFS = -200.0

_logger = logging.getLogger(__name__)


class CaptureMemory:
    """``frames`` is float32 ``(size, channels)``; frame ``i`` since the device was opened stands at ``i % size``.

    What stands between ``oldest`` and ``end`` is not written to. NaN and infinities of a driver become 0 on their way
    in. Any thread may pump: whoever wants the newest fetches it, and the capture's own thread sees to the rest.
    """

    def __init__(self, source: Input, seconds: float = MEMORY_SECONDS) -> None:
        self._source = source
        self.device = source.device
        self.sample_rate_hz = source.sample_rate_hz
        self.channels = source.channels
        self.frames: NDArray[np.float32] = np.zeros((int(seconds * source.sample_rate_hz), source.channels), np.float32)
        self._kept_frames = int((seconds - _WRITTEN_AHEAD_SECONDS) * source.sample_rate_hz)
        self.end = 0
        self.overflows = 0
        """How often sound was lost between device and memory."""
        self._pumping = threading.Lock()
        self._closed = False
        self._broken = False
        self._last_came = time.monotonic()
        self._peaks = np.zeros(source.channels)
        self._peaks_at = self._last_came

    @property
    def oldest(self) -> int:
        return max(0, self.end - self._kept_frames)

    @property
    def levels_dbfs(self) -> tuple[float, ...]:
        """The highest peak of each channel, falling 20 dB a second; −∞ for silence."""
        fallen = _FALL_DB_A_SECOND * (time.monotonic() - self._peaks_at)
        levels = (20.0 * math.log10(peak) - fallen if peak > 0.0 else -math.inf for peak in self._peaks.tolist())
        return tuple(level if level > _SILENCE_DBFS else -math.inf for level in levels)

    def pump(self) -> None:
        """Fetch what has come since; that takes some microseconds."""
        with self._pumping:
            if not self._closed:
                self._fetch()

    def lost(self) -> bool:
        """Whether the device is gone; ask after a ``pump``."""
        return self._broken or not self._source.alive or time.monotonic() - self._last_came > _STALL_SECONDS

    def close(self) -> None:
        """Take what is left and give the device back."""
        with self._pumping:
            already, self._closed = self._closed, True
            if not already:
                self._fetch()
        # Without the lock: this may take a while, and nobody who pumps should wait for it.
        if not already:
            self._source.close()

    def _fetch(self) -> None:
        if self._broken:
            return
        try:
            self._take_all()
            self.overflows = self._source.overflows
        except Exception:
            self._broken = True
            _logger.exception("a recording device broke off")

    def _take_all(self) -> None:
        size = self.frames.shape[0]
        most = int(_WRITTEN_AHEAD_SECONDS * self.sample_rate_hz)
        while True:
            at = self.end % size
            piece = self.frames[at : at + most]
            count = self._source.read(piece)
            if not count:
                break
            self._measure(piece[:count])
            self.end += count

    def _measure(self, piece: NDArray[np.float32]) -> None:
        highest = np.abs(piece).max(axis=0)
        if not np.isfinite(highest).all():
            np.nan_to_num(piece, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
            highest = np.abs(piece).max(axis=0)
        now = time.monotonic()
        fall = 10.0 ** (-_FALL_DB_A_SECOND * (now - self._peaks_at) / 20.0)
        self._peaks = np.maximum(highest, self._peaks * fall)
        self._peaks_at = self._last_came = now
