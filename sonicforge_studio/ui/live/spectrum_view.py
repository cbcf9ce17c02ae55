"""The spectrum of what sounds now: levels with their ballistics, held peaks, and the average since the last reset."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF

from sonicforge_studio.kernels.raster import columns_from_bands, paint_spectrum
from sonicforge_studio.studio import LiveSnapshot
from sonicforge_studio.ui.live.exports import Table
from sonicforge_studio.ui.live.heat import fill_colours
from sonicforge_studio.ui.live.plot import (
    HIGHEST_HZ,
    LOWEST_HZ,
    LivePlot,
    decibel_ticks,
    frequency_ticks,
    opaque,
)
from sonicforge_studio.ui.live.view import LiveView
from sonicforge_studio.ui.numbers import decimal, frequency, pitch
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme

FLOOR_DB, TOP_DB = -96.0, 3.0
_TICKS_DB = (0, -12, -24, -36, -48, -60, -72, -84)
_STEPPED_BELOW = 9
"""Bands an octave."""
_STEP_SHARE = 0.999
_CURSOR_STEP = math.log10(2.0) / 24.0

Columns = NDArray[np.float32]


class SpectrumView(LiveView):
    """``name`` tells a dock's view from a page's."""

    def __init__(self, theme: Theme, name: str = "spectrum") -> None:
        super().__init__(theme, name, tr("Spectrum"))
        self.peaks_shown = True
        self.average_shown = False
        self.invitation = tr("Play something to see it here")
        """What is said while nothing sounds."""
        self._cursor: QPointF | None = None
        self._plot = LivePlot(
            theme, (math.log10(LOWEST_HZ * 0.9), math.log10(HIGHEST_HZ * 1.2)), (FLOOR_DB, TOP_DB), self.hover
        )
        self._plot.show_ticks("left", decibel_ticks(_TICKS_DB))
        self._plot.show_ticks("bottom", frequency_ticks())
        self.put(self._plot)
        self._places = np.zeros(0)
        self._frequencies_hz = np.zeros(0)
        self._curves: NDArray[np.float32] = np.zeros((3, 1), np.float32)
        self._gradient = np.zeros(1, np.uint32)
        self._stepped = False
        self._first_column = self._last_column = 0
        self._say_nothing()

    def show_peaks(self, shown: bool) -> None:
        self.peaks_shown = shown
        self.redraw()

    def show_average(self, shown: bool) -> None:
        self.average_shown = shown
        self.redraw()

    # Painting

    def draw(self, snapshot: LiveSnapshot) -> None:
        if self._plot.fit_raster() or snapshot.frequencies_hz is not self._frequencies_hz:
            self._measure_up(snapshot.frequencies_hz)
        pixels = self._plot.raster.pixels
        for curve, levels in zip(
            self._curves, (snapshot.levels_db, snapshot.peaks_db, snapshot.average_db), strict=True
        ):
            louder = np.maximum(levels[0], levels[1])
            shown = np.repeat(louder, 2) if self._stepped else louder
            columns_from_bands(shown, self._places, FLOOR_DB, TOP_DB, pixels.shape[0], curve)
            # Beyond the outermost bands nothing is known: no curve, rather than one at the bottom.
            curve[: self._first_column] = np.nan
            curve[self._last_column + 1 :] = np.nan
        colour = self._theme.colour
        paint_spectrum(
            pixels, self._curves[0], self._curves[1], self._curves[2], self.peaks_shown, self.average_shown,
            self._columns, self._rows, self._gradient, opaque(colour.canvas), opaque(colour.line),
            opaque(colour.accent), opaque(colour.text_faint), opaque(colour.text), self._plot.devicePixelRatioF(),
        )  # fmt: skip
        self._plot.show_raster()
        self._show_readout()

    def _measure_up(self, frequencies_hz: NDArray[np.float64]) -> None:
        """Where the bands, the grid and the gradient lie in the present size."""
        plot = self._plot
        height, width = plot.raster.pixels.shape
        (left, right), (low, high) = plot.x_range, plot.y_range
        self._frequencies_hz = frequencies_hz
        octave = math.log10(2.0)
        log_hz = np.log10(frequencies_hz)
        self._stepped = frequencies_hz.size < 2 or float(log_hz[1] - log_hz[0]) > octave / _STEPPED_BELOW
        if self._stepped:
            # Wide bands are drawn as the steps that they are.
            half = 0.5 * float(np.diff(log_hz).mean()) if log_hz.size > 1 else octave / 6
            log_hz = np.stack((log_hz - half * _STEP_SHARE, log_hz + half * _STEP_SHARE), axis=1).ravel()
        self._places = (log_hz - left) / (right - left) * (width - 1)
        self._first_column = max(0, math.ceil(self._places[0]))
        self._last_column = min(width - 1, math.floor(self._places[-1]))
        self._columns = np.array([(x - left) / (right - left) * (width - 1) for x, _ in frequency_ticks()], np.int64)
        self._rows = np.array([(high - db) / (high - low) * (height - 1) for db in _TICKS_DB], np.int64)
        self._curves = np.full((3, width), height, np.float32)
        self._gradient = fill_colours(self._theme.colour.canvas, self._theme.colour.accent, height)

    # Reading

    def hover(self, place: QPointF | None) -> None:
        """Read out the picture at a place (log10 Hz, dB); None where the mouse has left."""
        self._cursor = place
        self._plot.show_cursor(place)
        self._show_readout()

    def move_cursor(self, step: int) -> None:
        middle = QPointF(3.0, 0.0)
        place = QPointF(self._cursor or middle)
        place.setX(min(max(place.x() + step * _CURSOR_STEP, self._plot.x_range[0]), self._plot.x_range[1]))
        self.hover(place)

    def _show_readout(self) -> None:
        if self._cursor is None or self.snapshot is None:
            self._say_nothing()
            return
        hz = 10.0 ** self._cursor.x()
        level = level_at(self.snapshot.frequencies_hz, np.max(self.snapshot.levels_db, axis=0), hz)
        self.readout.setText(f"{frequency(hz)} · {pitch(hz)} · {decimal(level)} dB")

    def _say_nothing(self) -> None:
        silent = self.snapshot is None or self.snapshot.position_seconds is None
        self.readout.setText(self.invitation if silent else "")

    def table(self) -> Table:
        columns = (
            "frequency_hz",
            *(f"{kind}_{side}_dbfs" for kind in ("level", "peak", "average") for side in ("left", "right")),
        )
        shown = self.snapshot
        if shown is None:
            return Table(columns, ())
        figures = np.concatenate((shown.levels_db, shown.peaks_db, shown.average_db)).T
        return Table(
            columns, [[float(hz), *map(float, row)] for hz, row in zip(shown.frequencies_hz, figures, strict=True)]
        )


def level_at(frequencies_hz: NDArray[np.float64], levels_db: NDArray[np.float32], hz: float) -> float:
    """The level on the drawn curve, which is straight between the bands on a logarithmic axis."""
    return float(np.interp(math.log(hz), np.log(frequencies_hz), levels_db))
