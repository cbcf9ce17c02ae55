"""Loudness to EBU R 128: numbers that are read across a room, levels, and the last minutes beside the target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout

from sonicforge_studio.domain import Target
from sonicforge_studio.kernels.raster import columns_from_bands, paint_spectrum
from sonicforge_studio.studio import LiveSnapshot, LoudnessTrace
from sonicforge_studio.ui.live.exports import Table
from sonicforge_studio.ui.live.heat import fill_colours
from sonicforge_studio.ui.live.level_bars import LevelBars
from sonicforge_studio.ui.live.plot import LivePlot, decibel_ticks, opaque
from sonicforge_studio.ui.live.view import LiveView
from sonicforge_studio.ui.numbers import clock, decimal
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import label

LOW_LUFS, HIGH_LUFS = -48.0, 0.0
_TICKS_LUFS = (-6, -14, -23, -36)
SPANS_SECONDS = (30, 120, 600)
_VALUES_PER_SECOND = 10
_HOUR_VALUES = 3600 * _VALUES_PER_SECOND
_TOLERANCE_LU = 0.5
_NUMBERS_EVERY = 6
"""Of the screen's frames: figures that change sixty times a second cannot be read."""
_LARGEST_FIGURE = 240
_CAPTION_SHARE = 0.16
_FIGURE_SHARE = 0.19
"""Of the view's height, for the one large figure."""


class LoudnessView(LiveView):
    def __init__(self, theme: Theme, target: Target) -> None:
        super().__init__(theme, "loudness", tr("Loudness"))
        self._target = target
        self._span_seconds = SPANS_SECONDS[0]
        self._shown_end = -1
        self._frames_since = _NUMBERS_EVERY
        self._cursor: QPointF | None = None
        self._held: LoudnessTrace | None = None
        self._captions: list[QLabel] = []
        self._figures: dict[str, QLabel] = {}
        content = QHBoxLayout()
        content.setSpacing(theme.space.m)
        column = QVBoxLayout()
        column.setSpacing(theme.space.xs)
        column.addLayout(self._numbers())
        self._plot = LivePlot(theme, (-float(self._span_seconds), 0.0), (LOW_LUFS, HIGH_LUFS), self.hover)
        self._plot.show_ticks("left", decibel_ticks(_TICKS_LUFS))
        self._target_line = pg.InfiniteLine(
            target.integrated_lufs,
            0,
            pen=pg.mkPen(theme.colour.good, width=theme.size.line, style=Qt.PenStyle.DashLine),
        )
        self._plot.addItem(self._target_line)
        column.addWidget(self._plot, 1)
        content.addLayout(column, 1)
        self.bars = LevelBars(theme)
        content.addWidget(self.bars)
        self._layout.addLayout(content, 1)
        self._curves = np.zeros((3, 1), np.float32)
        self._gradient = np.zeros(1, np.uint32)
        self._rows = np.zeros(0, np.int64)
        self.show_span(self._span_seconds)
        self.show_target(target)

    def _numbers(self) -> QGridLayout:
        theme = self._theme
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.space.l)
        grid.setVerticalSpacing(0)
        self._large = label("–", "display")
        self._large.setAccessibleName(tr("Integrated loudness, LUFS"))
        self._off = label("", "small")
        grid.addWidget(self._large, 0, 0, 2, 2)
        self._captions = [label(tr("LUFS integrated"), "caption"), self._off]
        grid.addWidget(self._captions[0], 0, 2, 1, 2, Qt.AlignmentFlag.AlignBottom)
        grid.addWidget(self._off, 1, 2, 1, 2, Qt.AlignmentFlag.AlignTop)
        names = (
            ("short", tr("Short-term")),
            ("momentary", tr("Momentary")),
            ("range", tr("Range, LU")),
            ("peak", tr("True peak, dBTP")),
        )
        for column, (name, text) in enumerate(names):
            figure = label("–", "figure")
            figure.setAccessibleName(text)
            self._figures[name] = figure
            grid.addWidget(figure, 2, column)
            caption = label(text, "caption")
            self._captions.append(caption)
            grid.addWidget(caption, 3, column)
            grid.setColumnStretch(column, 1)
        return grid

    # Settings

    def show_target(self, target: Target) -> None:
        self._target = target
        self._target_line.setValue(target.integrated_lufs)
        self._shown_end = -1
        self._frames_since = _NUMBERS_EVERY
        self.redraw()

    def show_span(self, seconds: int) -> None:
        """How much of the past is shown."""
        self._span_seconds = seconds
        self._plot.x_range = (-float(seconds), 0.0)
        self._plot.plotItem.setXRange(-seconds, 0.0, padding=0)
        step = seconds // 3
        self._plot.show_ticks("bottom", [(-float(at), f"−{clock(at)}") for at in range(step, seconds + 1, step)][:-1])
        self._shown_end = -1
        self.redraw()

    # Painting

    def draw(self, snapshot: LiveSnapshot) -> None:
        held = snapshot.loudness.true_peaks_dbtp
        self.bars.show_levels(snapshot.rms_db.tolist(), snapshot.peak_db.tolist(), held)
        self._frames_since += 1
        if self._frames_since >= _NUMBERS_EVERY:
            self._frames_since = 0
            self._show_numbers(snapshot)
        fresh = self._plot.fit_raster()
        if fresh:
            self._measure_up()
        if fresh or snapshot.history.end != self._shown_end:
            self._shown_end = snapshot.history.end
            self._paint_history(snapshot)

    def _measure_up(self) -> None:
        """What depends on the plot's size alone: the fill, the grid, and as many ticks as have room."""
        colour, pixels = self._theme.colour, self._plot.raster.pixels.shape[0]
        self._gradient = fill_colours(colour.canvas, colour.wave, pixels)
        share = (HIGH_LUFS - np.array(_TICKS_LUFS)) / (HIGH_LUFS - LOW_LUFS)
        self._rows = (share * (pixels - 1)).astype(np.int64)
        height = pixels / self._plot.devicePixelRatioF()
        room = self._theme.tokens.type.caption * (HIGH_LUFS - LOW_LUFS) / max(1.0, height)
        kept: list[int] = []
        for lufs in _TICKS_LUFS:
            if not kept or kept[-1] - lufs > room:
                kept.append(lufs)
        self._plot.show_ticks("left", decibel_ticks(kept))

    def _paint_history(self, snapshot: LiveSnapshot) -> None:
        plot, colour = self._plot, self._theme.colour
        pixels = plot.raster.pixels
        height, width = pixels.shape
        wanted = self._span_seconds * _VALUES_PER_SECOND
        trace = self._trace(snapshot, wanted)
        count = trace.momentary_lufs.size
        self._curves = np.full((3, width), height, np.float32)
        if count > 1:
            places = (width - 1) * (np.arange(count) + wanted - count) / (wanted - 1)
            for curve, levels in zip(self._curves, (trace.momentary_lufs, trace.short_term_lufs), strict=False):
                columns_from_bands(levels.copy(), places, LOW_LUFS, HIGH_LUFS, height, curve)
                curve[: max(0, math.ceil(places[0]))] = height
        paint_spectrum(
            pixels, self._curves[0], self._curves[1], self._curves[2], True, False, np.zeros(0, np.int64), self._rows,
            self._gradient, opaque(colour.canvas), opaque(colour.line),
            opaque(colour.wave), opaque(colour.accent), opaque(colour.text), plot.devicePixelRatioF(),
        )  # fmt: skip
        plot.show_raster()

    def hold(self, held: bool) -> None:
        self._held = self.snapshot.history.read() if held and self.snapshot is not None else None
        self._shown_end = -1

    def _trace(self, snapshot: LiveSnapshot, values: int = _HOUR_VALUES) -> LoudnessTrace:
        """The last so many values; those of the moment when the picture was held, where it is."""
        if self._held is None:
            return snapshot.history.read(max(0, snapshot.history.end - values))
        held = self._held
        return replace(
            held,
            end_seconds=held.end_seconds[-values:],
            momentary_lufs=held.momentary_lufs[-values:],
            short_term_lufs=held.short_term_lufs[-values:],
        )

    def _show_numbers(self, snapshot: LiveSnapshot) -> None:
        loudness, target = snapshot.loudness, self._target
        sounding = snapshot.position_seconds is not None
        self._large.setText(_reading(loudness.integrated_lufs))
        off = loudness.integrated_lufs - target.integrated_lufs
        wanted = decimal(target.integrated_lufs, 0)
        self._off.setText(
            tr("{off} LU to {target}", off=decimal(off, signed=True), target=wanted)
            if math.isfinite(off)
            else tr("Target {target} LUFS", target=wanted)
        )
        over = math.isfinite(loudness.true_peak_dbtp) and loudness.true_peak_dbtp > target.ceiling_dbtp
        figures = {
            "short": _reading(loudness.short_term_lufs) if sounding else "–",
            "momentary": _reading(loudness.momentary_lufs) if sounding else "–",
            "range": _reading(loudness.loudness_range_lu),
            "peak": _reading(loudness.true_peak_dbtp, signed=loudness.true_peak_dbtp > 0.0),
        }
        for name, text in figures.items():
            self._figures[name].setText(text)
        clipped = loudness.true_peak_dbtp > 0.0
        self._tint(self._figures["peak"], "danger" if clipped else "over" if over else "")
        close = math.isfinite(off) and abs(off) <= _TOLERANCE_LU
        self._tint(self._large, "good" if close else "over" if math.isfinite(off) and off > _TOLERANCE_LU else "")

    def _tint(self, figure: QLabel, tone: str) -> None:
        if figure.property("tone") != tone:
            figure.setProperty("tone", tone)
            figure.style().unpolish(figure)
            figure.style().polish(figure)
            self._fit_figures()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_figures()

    def _fit_figures(self) -> None:
        """The larger the view, the larger its figures: on a full screen they are read across a room."""
        kind = self._theme.tokens.type
        side = min(self.height(), self.width() * 0.8)
        large = int(min(max(kind.display, side * _FIGURE_SHARE), _LARGEST_FIGURE))
        small = max(kind.figure, int(large * 0.36))
        for figure, size in ((self._large, large), *((figure, small) for figure in self._figures.values())):
            # The style sheet's own size would win over a font that is set.
            figure.setStyleSheet(f"font-size: {size}px")
        for caption in self._captions:
            caption.setStyleSheet(f"font-size: {max(kind.caption, int(large * _CAPTION_SHARE))}px")

    # Reading

    def hover(self, place: QPointF | None) -> None:
        """Read out a place (seconds before now, LUFS); None where the mouse has left."""
        self._cursor = place
        self._plot.show_cursor(place)
        if place is None or self.snapshot is None:
            self.readout.setText("")
            return
        trace = self._trace(self.snapshot, self._span_seconds * _VALUES_PER_SECOND)
        index = trace.momentary_lufs.size - 1 + round(place.x() * _VALUES_PER_SECOND)
        if not 0 <= index < trace.momentary_lufs.size:
            self.readout.setText("")
            return
        at, momentary, short = (
            trace.end_seconds[index],
            trace.momentary_lufs[index],
            trace.short_term_lufs[index],
        )
        self.readout.setText(f"{clock(float(at))} · M {decimal(float(momentary))} · S {decimal(float(short))} LUFS")

    def move_cursor(self, step: int) -> None:
        place = QPointF(self._cursor or QPointF(0.0, 0.0))
        place.setX(min(0.0, max(self._plot.x_range[0], place.x() + step / _VALUES_PER_SECOND)))
        self.hover(place)

    def shown(self) -> dict[str, str]:
        """The figures as they stand on the screen."""
        return {"integrated": self._large.text(), **{name: figure.text() for name, figure in self._figures.items()}}

    def table(self) -> Table:
        """Ten rows a second of the last hour."""
        columns = ("end_seconds", "momentary_lufs", "short_term_lufs")
        if self.snapshot is None:
            return Table(columns, ())
        trace = self._trace(self.snapshot)
        rows: Sequence[Sequence[object]] = [
            [float(at), *(float(value) if math.isfinite(value) else None for value in values)]
            for at, *values in zip(trace.end_seconds, trace.momentary_lufs, trace.short_term_lufs, strict=True)
        ]
        return Table(columns, rows)


def _reading(value: float, *, signed: bool = False) -> str:
    return decimal(value, signed=signed) if math.isfinite(value) else "–"
