"""The loudness meters over a file or an input, watched while they run."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from sonicforge_studio.audio import (
    Capture,
    CaptureState,
    Devices,
    LoudnessMeter,
    LoudnessReading,
    find_input,
    open_source,
    system_devices,
)
from sonicforge_studio.audio.tap import TAP_CHANNELS, TapPlace
from sonicforge_studio.domain import Cancelled, Progress, Samples, StudioError, Target, to_plain
from sonicforge_studio.domain.errors import DeviceLost, EmptyAudio, NoSoundDevice
from sonicforge_studio.host import load_settings, open_folders, start_log
from sonicforge_studio.mastering import target_named
from sonicforge_studio.studio.blocks import each_block

__all__ = ["LoudnessReading", "Metered", "Target", "meter_file", "meter_input", "metered_fields", "target_named"]

DEFAULT_INPUT = "default"

_LOOK_SECONDS = 0.02
_OPENING_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Metered:
    """What the meters show of an input at one moment.

    ``correlation`` is that of left and right from the start on, None unless there are two channels that sound;
    ``warning`` is what the reader of a file had to say at its end.
    """

    reading: LoudnessReading
    correlation: float | None
    warning: str | None = None


Look = Callable[[Metered], None]


class _Meters:
    """Loudness, peaks and correlation; ``on_mark`` is shown them at each ``interval_seconds`` of the material."""

    def __init__(self, sample_rate_hz: int, channels: int, interval_seconds: float | None, on_mark: Look) -> None:
        self._loudness = LoudnessMeter(sample_rate_hz, channels)
        self._products = np.zeros((channels, channels))
        self._interval_frames = None if interval_seconds is None else interval_seconds * sample_rate_hz
        self._on_mark = on_mark
        self._marks = 0
        self.frames = 0

    def add(self, block: Samples) -> None:
        while self._interval_frames is not None:
            until_mark = math.ceil((self._marks + 1) * self._interval_frames) - self.frames
            if until_mark > block.shape[1]:
                break
            self._take(block[:, :until_mark])
            self._marks += 1
            self._on_mark(self.look())
            block = block[:, until_mark:]
        self._take(block)

    def look(self) -> Metered:
        correlation = None
        if self._products.shape == (2, 2):
            scale = math.sqrt(self._products[0, 0] * self._products[1, 1])
            correlation = float(np.clip(self._products[0, 1] / scale, -1.0, 1.0)) if scale > 0.0 else None
        return Metered(self._loudness.reading(), correlation)

    def finish(self) -> Metered:
        self._loudness.finish()
        return self.look()

    def _take(self, block: Samples) -> None:
        self._loudness.add(block)
        self.frames += block.shape[1]
        if block.shape[0] == 2:
            products = np.einsum("in,jn->ij", block, block)
            if np.isfinite(products).all():
                self._products += products


def meter_file(
    path: Path, progress: Progress, *, on_block: Look | None, on_mark: Look, interval_seconds: float | None = None
) -> Metered:
    """Measure a file as fast as it decodes; ``on_block``, where there is one, is shown the meters after each block.

    Raises the input errors of ``open_source``, and ``EmptyAudio``.
    """
    with open_source(path) as source:
        meters = _Meters(source.sample_rate_hz, source.channels, interval_seconds, on_mark)

        def use(block: Samples) -> None:
            meters.add(block)
            if on_block is not None:
                on_block(meters.look())

        if each_block(source, progress, use, "Measuring") == 0:
            raise EmptyAudio()
        warning = source.warning
    return replace(meters.finish(), warning=warning)


def meter_input(
    name: str,
    home: Path | None,
    *,
    stop: Callable[[], bool],
    on_block: Look,
    on_mark: Look,
    seconds: float | None = None,
    interval_seconds: float | None = None,
    devices: Devices | None = None,
) -> tuple[Metered, StudioError | None]:
    """Measure what a device hears for ``seconds``, or until ``stop`` says True.

    ``name`` as ``find_input`` takes it, or "default". Where the device goes away, what was measured until then comes
    with the error. Raises ``NoSoundDevice`` and ``UnknownDevice``.
    """
    settings = load_settings(open_folders(home).settings)
    devices = devices or system_devices()
    device = None if name.strip().casefold() == DEFAULT_INPUT else find_input(devices, name)
    at_the_end: list[TapPlace | None] = []

    def changed(state: CaptureState) -> None:
        if state.status == "device-lost":
            at_the_end.append(capture.tap.place())

    with Capture(devices, latency_seconds=settings.capture_latency_seconds, on_change=changed) as capture:
        capture.listen(device)
        while (state := capture.wait_until_open(_OPENING_SECONDS)).status == "opening" and not stop():
            pass
        place = capture.tap.place()
        if place is None:
            raise Cancelled() if stop() else state.error or NoSoundDevice()
        meters = _Meters(place.sample_rate_hz, min(TAP_CHANNELS, place.memory.shape[1]), interval_seconds, on_mark)
        start = place.end
        last = math.inf if seconds is None else start + round(seconds * place.sample_rate_hz)
        while not stop() and start < last:
            time.sleep(_LOOK_SECONDS)
            place = capture.tap.place()
            if place is None:
                break
            start = _hear(meters, place, start, last)
            on_block(meters.look())
        if place is not None:
            return meters.finish(), None
        # The tap is silent a moment before the capture knows why.
        while capture.state.status == "listening" and not stop():
            time.sleep(_LOOK_SECONDS)
        if at_the_end and at_the_end[0] is not None:
            _hear(meters, at_the_end[0], start, last)
        return meters.finish(), capture.state.error or DeviceLost()


def _hear(meters: _Meters, place: TapPlace, start: int, last: float) -> int:
    """Measure what came from frame ``start`` on; where it ends."""
    end = int(min(place.end, last))
    meters.add(_heard(place, max(start, place.oldest), end))
    return end


def _heard(place: TapPlace, start: int, end: int) -> Samples:
    block = np.empty((min(TAP_CHANNELS, place.memory.shape[1]), max(0, end - start)), np.float32)
    place.read(start, block)
    return block


def start_metering(home: Path | None) -> None:
    """Open the log of the data folder; measuring needs nothing else of it."""
    start_log(open_folders(home).logs)


def metered_fields(metered: Metered, target: Target | None) -> dict[str, Any]:
    """The contract's names; −∞ and NaN as None."""
    reading = metered.reading
    fields: dict[str, Any] = to_plain(
        {
            "duration_seconds": reading.measured_seconds,
            "integrated_lufs": reading.integrated_lufs,
            "loudness_range_lu": reading.loudness_range_lu,
            "momentary_max_lufs": reading.momentary_max_lufs,
            "short_term_max_lufs": reading.short_term_max_lufs,
            "momentary_lufs": reading.momentary_lufs,
            "short_term_lufs": reading.short_term_lufs,
            "true_peak_dbtp": reading.true_peak_dbtp,
            "true_peaks_dbtp": reading.true_peaks_dbtp,
            "sample_peak_dbfs": reading.sample_peak_dbfs,
            "correlation": metered.correlation,
            "warning": metered.warning,
            "target": None if target is None else target.name,
            "off_target_lu": None if target is None else reading.integrated_lufs - target.integrated_lufs,
            "over_ceiling_db": None if target is None else reading.true_peak_dbtp - target.ceiling_dbtp,
        }
    )
    return fields
