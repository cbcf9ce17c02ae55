"""The waterfall: the spectrum of the last seconds, the newest row on top, on the spectrum's own frequency axis."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF

from sonicforge_studio.kernels.raster import paint_row
from sonicforge_studio.studio import ROWS_PER_SECOND, LiveSnapshot, Waterfall
from sonicforge_studio.ui.live.exports import Table
from sonicforge_studio.ui.live.heat import heat_colours
from sonicforge_studio.ui.live.plot import HIGHEST_HZ, LOWEST_HZ, LivePlot, frequency_ticks
from sonicforge_studio.ui.live.spectrum_view import level_at
from sonicforge_studio.ui.live.view import LiveView
from sonicforge_studio.ui.numbers import decimal, frequency, pitch
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme

LOW_DB, HIGH_DB = -90.0, 0.0
_CURSOR_STEP = math.log10(2.0) / 24.0


class WaterfallView(LiveView):
    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "waterfall", tr("Waterfall"))
        self._cursor: QPointF | None = None
        self._waterfall: Waterfall | None = None
        self._drawn = 0
        self._held: NDArray[np.float32] | None = None
        self._places = np.zeros(0)
        self._plot = LivePlot(
            theme, (math.log10(LOWEST_HZ * 0.9), math.log10(HIGHEST_HZ * 1.2)), (0.0, 1.0), self.hover
        )
        self._plot.show_ticks("bottom", frequency_ticks())
        self._plot.plotItem.getAxis("left").setWidth(theme.size.control)
        self._lut = heat_colours(theme)
        self.put(self._plot)

    # Painting

    def draw(self, snapshot: LiveSnapshot) -> None:
        waterfall, raster = snapshot.waterfall, self._plot.raster
        count = waterfall.count
        height, width = raster.pixels.shape
        if self._plot.fit_raster() or waterfall is not self._waterfall:
            height, width = raster.pixels.shape
            left, right = self._plot.x_range
            self._waterfall = waterfall
            self._places = (np.log10(waterfall.frequencies_hz) - left) / (right - left) * (width - 1)
            self._drawn = max(0, count - min(height, waterfall.rows.shape[0] // 2))
            raster.pixels[:] = self._lut[0]
            raster.first_row = 0
            self._say_seconds(height)
        fresh = min(count - self._drawn, height, waterfall.rows.shape[0] // 2)
        for row in range(count - fresh, count):
            raster.first_row = (raster.first_row - 1) % height
            levels = waterfall.rows[row % waterfall.rows.shape[0]]
            paint_row(raster.pixels[raster.first_row], levels, self._places, LOW_DB, HIGH_DB, self._lut)
        self._drawn = count
        if fresh:
            self._plot.show_raster()
            self._show_readout()

    def _say_seconds(self, rows: int) -> None:
        whole = rows / ROWS_PER_SECOND
        step = 1 if whole < 8 else 2
        ticks = [(1.0 - second / whole, f"{second} s") for second in range(step, int(whole) + 1, step)]
        self._plot.show_ticks("left", ticks, self._theme.size.control)

    def hold(self, held: bool) -> None:
        if held and self._waterfall is not None:
            self._held = self._waterfall.rows.copy()
        else:
            self._held = None

    def _row_at(self, row: int) -> NDArray[np.float32]:
        """As it was drawn: while the picture is held the analyser writes on."""
        assert self._waterfall is not None
        rows = self._waterfall.rows if self._held is None else self._held
        levels: NDArray[np.float32] = rows[row % rows.shape[0]]
        return levels

    # Reading

    def hover(self, place: QPointF | None) -> None:
        """Read out the picture at a place (log10 Hz, 1 now … 0 the oldest); None where the mouse has left."""
        self._cursor = place
        self._plot.show_cursor(place, level=True)
        self._show_readout()

    def move_cursor(self, step: int) -> None:
        place = QPointF(self._cursor or QPointF(3.0, 1.0))
        place.setX(min(max(place.x() + step * _CURSOR_STEP, self._plot.x_range[0]), self._plot.x_range[1]))
        self.hover(place)

    def _show_readout(self) -> None:
        place, waterfall = self._cursor, self._waterfall
        if place is None or waterfall is None:
            self.readout.setText("")
            return
        ago = int((1.0 - place.y()) * self._plot.raster.pixels.shape[0])
        row = self._drawn - 1 - ago
        oldest = self._drawn if self._held is not None else waterfall.count
        if row < max(0, oldest - waterfall.rows.shape[0]):
            self.readout.setText("")
            return
        hz = 10.0 ** place.x()
        level = level_at(waterfall.frequencies_hz, self._row_at(row), hz)
        seconds = decimal(ago / ROWS_PER_SECOND, 2)
        self.readout.setText(f"{frequency(hz)} · {pitch(hz)} · {decimal(level)} dB · −{seconds} s")

    def table(self) -> Table:
        """Each row a moment, the newest last; each column a band."""
        waterfall = self._waterfall
        if waterfall is None:
            return Table(("seconds_ago",), ())
        kept = waterfall.rows.shape[0]
        first = max(0, self._drawn - min(self._plot.raster.pixels.shape[0], kept // 2))
        rows = [
            [(self._drawn - 1 - row) / ROWS_PER_SECOND, *map(float, self._row_at(row))]
            for row in range(first, self._drawn)
        ]
        return Table(("seconds_ago", *(f"{hz:.1f}_hz_dbfs" for hz in waterfall.frequencies_hz)), rows)
