"""The live analyser: a thread that measures what is heard now and leaves the newest picture for whoever draws it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sonicforge_studio.audio._live_meters import LiveMeters
from sonicforge_studio.audio.latest import Latest
from sonicforge_studio.audio.loudness_history import LoudnessHistory
from sonicforge_studio.audio.meters import LoudnessReading
from sonicforge_studio.audio.tap import TAP_CHANNELS, Tap, TapPlace
from sonicforge_studio.domain import Samples
from sonicforge_studio.kernels.live_spectrum import SpectrumKernel, SpectrumSettings
from sonicforge_studio.kernels.raster import warm_painting

Number = TypeVar("Number", np.float32, np.float64)

_GRID_HZ = 120
"""Spectra are taken on a grid of the sound's own time, so that ballistics and waterfall do not depend on how punctual
this thread is."""
_STEPS_A_ROW = 2
ROWS_PER_SECOND = _GRID_HZ // _STEPS_A_ROW
_ROWS_KEPT = 2048
_TICK_SECONDS = 0.009
_IDLE_SECONDS = 0.05
_MOST_BEHIND_SECONDS = 0.1
"""Grid steps that are later than this are left out: nobody would see them any more."""
_WAVE_SECONDS = 0.02
_FRAME_LAG_SECONDS = 0.015
"""From a picture to the frame that shows it, on the screen: half a frame until it is looked at, and the painting."""
_BLOCK_FRAMES = 4096
_NOTHING: Samples = np.zeros((TAP_CHANNELS, 0), np.float32)

_logger = logging.getLogger(__name__)


class Waterfall:
    """The levels of the last half minute, a row each 1/60 s: ``rows`` float32 (size, bands), row ``i`` at ``i % size``.

    Written by the analyser, read by any view up to ``count``, which only grows.
    """

    def __init__(self, frequencies_hz: NDArray[np.float64]) -> None:
        self.frequencies_hz = frequencies_hz
        self.rows = np.zeros((_ROWS_KEPT, frequencies_hz.size), np.float32)
        self.count = 0

    def add(self, levels_db: NDArray[np.float32]) -> None:
        self.rows[self.count % _ROWS_KEPT] = levels_db
        self.count += 1


@dataclass(frozen=True, slots=True, eq=False)
class LiveSnapshot:
    """One picture. Nothing in it changes any more, its arrays are read-only; ``waterfall`` and ``history`` grow on.

    Arrays ``(2, bands)`` hold left and right in dBFS, a full-scale sine reading 0, and ``FLOOR_DB`` for silence:
    ``now_db`` without ballistics, ``levels_db`` with them, ``peaks_db`` held, ``average_db`` since the last reset.
    ``rms_db`` (AES17) and ``peak_db`` ``(2,)`` belong to the last window. ``wave`` ``(2, n)`` are the last 20 ms.
    ``correlation`` and ``balance`` (−1 left … 1 right) are None where there is no reading. ``position_seconds`` is the
    place in the music, None where nothing sounds; ``made_at`` is monotonic time.
    """

    number: int
    made_at: float
    position_seconds: float | None
    sample_rate_hz: int
    frequencies_hz: NDArray[np.float64]
    now_db: NDArray[np.float32]
    levels_db: NDArray[np.float32]
    peaks_db: NDArray[np.float32]
    average_db: NDArray[np.float32]
    rms_db: NDArray[np.float64]
    peak_db: NDArray[np.float64]
    wave: Samples
    correlation: float | None
    balance: float | None
    loudness: LoudnessReading
    waterfall: Waterfall
    history: LoudnessHistory
    missed_frames: int
    """Frames of the sound that went by unmeasured, since the analyser began; 0 on a machine that keeps up."""


class LiveAnalyser:
    """Some hundred pictures a second while something sounds, until all levels have fallen; then it sleeps.

    ``newest`` shows the last one to any number of views. Orders may come from any thread and are carried out before
    the next picture. A context manager; ``close`` ends the thread.
    """

    def __init__(self, tap: Tap, settings: SpectrumSettings | None = None) -> None:
        self._tap = tap
        self._settings = settings or SpectrumSettings()
        self._settings_wanted: Latest[SpectrumSettings] = Latest()
        self._reset_wanted = threading.Event()
        self._last = 0.0
        self._stop = threading.Event()
        self._number = 0
        self._missed_frames = 0
        self._stream: tuple[int, int] | None = None
        self._piece = -1
        self._next = 0
        """The first frame that the meters have not had."""
        self._seen = 0
        """The last frame that a picture stood at."""
        self._steps_in_row = 0
        self._newest: LiveSnapshot | None = None
        self._block = np.zeros((TAP_CHANNELS, _BLOCK_FRAMES), np.float32)
        self._build(tap.sample_rate_hz)
        self._meters = LiveMeters(tap.sample_rate_hz)
        self._thread = threading.Thread(target=self._run, name="live analyser", daemon=True)
        self._thread.start()

    @property
    def newest(self) -> LiveSnapshot | None:
        return self._newest

    @property
    def settings(self) -> SpectrumSettings:
        return self._settings

    def configure(self, settings: SpectrumSettings) -> None:
        """Go on with other settings; of several in a row only the last ones count."""
        self._settings_wanted.put(settings)

    def reset(self) -> None:
        """Begin all that was gathered anew: integrated loudness, range, maxima, history, average and held peaks. Each
        new piece does so by itself."""
        self._reset_wanted.set()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def __enter__(self) -> LiveAnalyser:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # The thread

    def _run(self) -> None:
        # The first picture compiles the kernels, or reads them from the cache: better now than when the music starts.
        self._guarded(self._warm)
        self._last = time.monotonic()
        while not self._stop.is_set():
            began = time.monotonic()
            self._guarded(self._tick)
            self._stop.wait(max(0.001, began + _TICK_SECONDS - time.monotonic()))

    def _tick(self) -> None:
        self._obey()
        elapsed_seconds, self._last = time.monotonic() - self._last, time.monotonic()
        place = self._tap.place()
        if place is not None:
            self._follow(place)
        elif not self._spectrum.silent:
            self._fall(elapsed_seconds)
        else:
            self._rest()

    def _rest(self) -> None:
        """Asleep until something sounds; awake now and then for orders and the end."""
        self._stream = None
        if self._newest is not None and self._newest.position_seconds is not None:
            self._publish(None, _NOTHING)
        self._tap.wait_until_sounding(_IDLE_SECONDS)
        self._last = time.monotonic()

    def _guarded(self, act: Callable[[], None]) -> None:
        """No failure ends the thread: the views would stand still without a word."""
        try:
            act()
        except Exception:
            _logger.exception("the live analysis failed")
            self._stop.wait(_IDLE_SECONDS)

    def _warm(self) -> None:
        self._spectrum.process(self._window, 0.0)
        self._meters.add(np.zeros((TAP_CHANNELS, 64), np.float32))
        self._meters.reset()
        # Views paint as soon as there is a picture, and the window must not wait for a compiler.
        warm_painting()
        self._publish(None, _NOTHING)

    def _obey(self) -> None:
        settings = self._settings_wanted.take()
        if settings is not None:
            self._settings = settings
            self._build(self._spectrum.sample_rate_hz)
        fresh = self._reset_wanted.is_set()
        if fresh:
            self._reset_wanted.clear()
            self._reset()
        if (fresh or settings is not None) and self._newest is not None:
            self._publish(self._newest.position_seconds, self._newest.wave)

    def _reset(self) -> None:
        self._meters.reset()
        self._spectrum.reset_average()
        self._spectrum.reset_peaks()

    def _build(self, sample_rate_hz: int) -> None:
        self._spectrum = SpectrumKernel(sample_rate_hz, self._settings, channels=TAP_CHANNELS)
        self._window = np.zeros((TAP_CHANNELS, self._settings.fft_size), np.float32)
        self._waterfall = Waterfall(self._spectrum.frequencies_hz)
        self._row = np.empty(self._spectrum.frequencies_hz.size, np.float32)
        self._steps_in_row = 0

    def _begin(self, place: TapPlace) -> None:
        """Frames are counted anew: another device, another tap, or the first sound after a rest."""
        if place.sample_rate_hz != self._spectrum.sample_rate_hz:
            self._build(place.sample_rate_hz)
        self._next = self._seen = place.end
        self._stream = (place.stream, place.sample_rate_hz)
        if place.sample_rate_hz != self._meters.sample_rate_hz:
            self._meters = LiveMeters(place.sample_rate_hz)
        # What was heard before goes through the filters first: sound that seemed to begin in the middle of a wave would
        # ring, and the true peak be told too high.
        count = min(place.end - place.oldest, _BLOCK_FRAMES)
        if count > 0:
            block = self._block[:, :count]
            place.read(place.end - count, block)
            self._meters.add(block)
            self._meters.reset()

    def _follow(self, place: TapPlace) -> None:
        """Measure what was heard since the last time."""
        if (place.stream, place.sample_rate_hz) != self._stream:
            self._begin(place)
        if place.piece != self._piece:
            self._piece = place.piece
            self._reset()
        self._meter(place)
        # What is drawn now is seen when its frame is painted: where that is known already, it is what is heard then.
        seen = max(self._seen, min(place.known, place.end + int(_FRAME_LAG_SECONDS * place.sample_rate_hz)))
        self._look(place, seen)
        wave = np.empty((TAP_CHANNELS, int(_WAVE_SECONDS * place.sample_rate_hz)), np.float32)
        place.read(seen - wave.shape[1], wave)
        self._publish(place.seconds, wave)

    def _meter(self, place: TapPlace) -> None:
        """Feed every frame that was heard since the last time to the meters."""
        start = self._next
        if start < place.oldest:
            self._missed_frames += place.oldest - start
            start = place.oldest
        self._next = max(start, place.end)
        while start < place.end:
            count = min(place.end - start, _BLOCK_FRAMES)
            block = self._block[:, :count]
            place.read(start, block)
            again = self._tap.place()
            if again is not None and again.stream == place.stream and again.oldest > start:
                # Overwritten while it was read: this thread was kept waiting.
                self._missed_frames += count
            else:
                self._meters.add(block)
            start += count

    def _look(self, place: TapPlace, seen: int) -> None:
        """Spectra at each step of the grid since the last time, up to frame ``seen``."""
        rate_hz, size = place.sample_rate_hz, self._settings.fft_size
        earliest = max(self._seen, seen - int(_MOST_BEHIND_SECONDS * rate_hz))
        self._seen = seen
        for step in range(earliest * _GRID_HZ // rate_hz + 1, seen * _GRID_HZ // rate_hz + 1):
            # Where the frames to come are known already, the window stands around the one that is heard.
            end = min(place.known, step * rate_hz // _GRID_HZ + size // 2)
            place.read(end - size, self._window)
            self._step()

    def _step(self) -> None:
        self._spectrum.process(self._window, 1.0 / _GRID_HZ)
        now = self._spectrum.now_db
        if self._steps_in_row == 0:
            np.maximum(now[0], now[1], out=self._row)
        else:
            np.maximum(self._row, now[0], out=self._row)
            np.maximum(self._row, now[1], out=self._row)
        self._steps_in_row += 1
        if self._steps_in_row == _STEPS_A_ROW:
            self._waterfall.add(self._row)
            self._steps_in_row = 0

    def _fall(self, seconds: float) -> None:
        """Nothing sounds any more: let what stands sink."""
        self._window[:] = 0.0
        for _ in range(min(round(seconds * _GRID_HZ), int(_MOST_BEHIND_SECONDS * _GRID_HZ))):
            self._step()
        self._publish(None, _NOTHING)

    def _publish(self, position_seconds: float | None, wave: Samples) -> None:
        spectrum, meters = self._spectrum, self._meters
        self._number += 1
        wave.flags.writeable = False
        self._newest = LiveSnapshot(
            number=self._number,
            made_at=time.monotonic(),
            position_seconds=position_seconds,
            sample_rate_hz=spectrum.sample_rate_hz,
            frequencies_hz=spectrum.frequencies_hz,
            now_db=_frozen(spectrum.now_db),
            levels_db=_frozen(spectrum.level_db),
            peaks_db=_frozen(spectrum.peak_hold_db),
            average_db=_frozen(spectrum.average_db),
            rms_db=_frozen(spectrum.rms_db),
            peak_db=_frozen(spectrum.peak_db),
            wave=wave,
            correlation=None if position_seconds is None else meters.correlation,
            balance=None if position_seconds is None else meters.balance,
            loudness=meters.loudness.reading(),
            waterfall=self._waterfall,
            history=meters.history,
            missed_frames=self._missed_frames,
        )


def _frozen(array: NDArray[Number]) -> NDArray[Number]:
    copy: NDArray[Number] = array.copy()
    copy.flags.writeable = False
    return copy


def warm_live_analysis() -> None:
    """Compile the analyser's kernels, or read them from the cache, before music waits for them."""
    spectrum = SpectrumKernel(48_000, SpectrumSettings(fft_size=1024), channels=TAP_CHANNELS)
    spectrum.process(np.zeros((TAP_CHANNELS, 1024), np.float32), 0.0)
    LiveMeters(48_000).add(np.zeros((TAP_CHANNELS, 512), np.float32))
    warm_painting()
