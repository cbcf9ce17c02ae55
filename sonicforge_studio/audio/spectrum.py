"""The live analyser: a thread that measures what is heard now and leaves the newest picture for whoever draws it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.audio.latest import Latest
from sonicforge_studio.audio.tap import TAP_CHANNELS, Tap
from sonicforge_studio.kernels.live_spectrum import Ballistics, SpectrumKernel

Number = TypeVar("Number", np.float32, np.float64)

_FRAME_SECONDS = 1.0 / 75.0
"""A little faster than screens draw, so that none of their frames shows an old picture twice."""
_IDLE_SECONDS = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class SpectrumSnapshot:
    """One picture. Nothing in it changes any more: its arrays are read-only.

    ``frequencies_hz`` (bands,) are the bands' centres, ``levels_db`` and ``peaks_db`` (bands,) the louder channel's
    levels and held peaks in dBFS, a full-scale sine reading 0; ``channel_levels_db`` and ``channel_peaks_db``
    (2, bands) those of left and right. ``rms_db`` (AES17) and ``sample_peak_db`` (2,) belong to the last window.
    Silence reads ``kernels.live_spectrum.FLOOR_DB``. ``position_seconds`` is the place in the music, None where nothing
    sounds.
    """

    frequencies_hz: NDArray[np.float64]
    levels_db: NDArray[np.float32]
    peaks_db: NDArray[np.float32]
    channel_levels_db: NDArray[np.float32]
    channel_peaks_db: NDArray[np.float32]
    rms_db: NDArray[np.float64]
    sample_peak_db: NDArray[np.float64]
    position_seconds: float | None
    sample_rate_hz: int


class SpectrumAnalyser:
    """Some seventy pictures a second while something sounds, until all levels have fallen; then it sleeps.

    ``latest`` holds the newest for one view; ``newest`` shows it to any number. Raises ``ValueError`` for an impossible
    setting. A context manager; ``close`` ends the thread.
    """

    def __init__(
        self,
        tap: Tap,
        *,
        fft_size: int = 4096,
        bands_per_octave: int = 24,
        ballistics: Ballistics | None = None,
    ) -> None:
        self.latest: Latest[SpectrumSnapshot] = Latest()
        self._tap = tap
        self._fft_size = fft_size
        self._bands_per_octave = bands_per_octave
        self._ballistics = ballistics
        self._spectrum = self._for_rate(tap.sample_rate_hz)
        self._samples = np.zeros((TAP_CHANNELS, fft_size), np.float32)
        self._newest: SpectrumSnapshot | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="spectrum analyser", daemon=True)
        self._thread.start()

    @property
    def newest(self) -> SpectrumSnapshot | None:
        return self._newest

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def __enter__(self) -> SpectrumAnalyser:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        # The first frame compiles the kernel, or reads it from the cache: better now than when the music starts.
        self._measure(0.0)
        last = time.monotonic()
        while not self._stop.is_set():
            if self._spectrum.silent and not self._tap.wait_until_sounding(_IDLE_SECONDS):
                last = time.monotonic()
                continue
            now = time.monotonic()
            self._measure(now - last)
            last = now
            self._stop.wait(max(0.0, now + _FRAME_SECONDS - time.monotonic()))

    def _measure(self, elapsed_seconds: float) -> None:
        if self._tap.sample_rate_hz != self._spectrum.sample_rate_hz:
            self._spectrum = self._for_rate(self._tap.sample_rate_hz)
        place = self._tap.place()
        if place is None:
            self._samples[:] = 0.0
        else:
            place.read(place.end - self._fft_size, self._samples)
        spectrum = self._spectrum
        spectrum.process(self._samples, elapsed_seconds)
        self._newest = SpectrumSnapshot(
            spectrum.frequencies_hz,
            _frozen(spectrum.level_db.max(axis=0)),
            _frozen(spectrum.peak_hold_db.max(axis=0)),
            _frozen(spectrum.level_db),
            _frozen(spectrum.peak_hold_db),
            _frozen(spectrum.rms_db),
            _frozen(spectrum.peak_db),
            None if place is None else place.seconds,
            spectrum.sample_rate_hz,
        )
        self.latest.put(self._newest)

    def _for_rate(self, sample_rate_hz: int) -> SpectrumKernel:
        return SpectrumKernel(
            sample_rate_hz,
            self._fft_size,
            channels=TAP_CHANNELS,
            bands_per_octave=self._bands_per_octave,
            ballistics=self._ballistics,
        )


def warm_live_spectrum() -> None:
    """Compile the analyser's kernel, or read it from the cache, before music waits for it."""
    spectrum = SpectrumKernel(48_000, 64, channels=TAP_CHANNELS, low_hz=1000.0)
    spectrum.process(np.zeros((TAP_CHANNELS, 64), np.float32), 0.0)


def _frozen(array: NDArray[Number]) -> NDArray[Number]:
    copy: NDArray[Number] = array.copy()
    copy.flags.writeable = False
    return copy
