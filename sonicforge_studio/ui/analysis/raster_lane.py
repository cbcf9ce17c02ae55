"""Figures over time as colours: the tempogram with its tempo, the chromagram with its notes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from sonicforge_studio.domain import Key, Tempo
from sonicforge_studio.ui.analysis.axis import TimeAxis
from sonicforge_studio.ui.analysis.lane import Lane, seamed_line
from sonicforge_studio.ui.live.heat import heat_colours
from sonicforge_studio.ui.live.spectrogram_canvas import Stretch
from sonicforge_studio.ui.numbers import tempo as tempo_text
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme

_COARSER = 4
_COLUMNS_A_PIXEL = 2
_TICKS_BPM = (40, 60, 80, 100, 120, 150, 180, 240, 300)
NOTES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
_SHARPS = frozenset({1, 3, 6, 8, 10})


@dataclass(frozen=True, slots=True)
class Raster:
    """Bytes over time at every resolution, each a fourth of the one before; row 0 of a picture is the top."""

    rate_hz: float
    start_seconds: float
    """Where the first column begins."""
    levels: tuple[NDArray[np.uint8], ...]
    """Each ``(rows, columns)``."""

    @classmethod
    def of(cls, shares: NDArray[np.float32], rate_hz: float, start_seconds: float = 0.0) -> Raster:
        """From 0..1 of shape ``(columns, rows)``, rows from the bottom up. Not for the main thread."""
        steps: NDArray[np.uint8] = np.rint(255.0 * np.clip(np.nan_to_num(shares), 0.0, 1.0)).astype(np.uint8)
        levels = [np.ascontiguousarray(steps.T[::-1])]
        while levels[-1].shape[1] > _COARSER:
            fine = levels[-1]
            levels.append(np.maximum.reduceat(fine, np.arange(0, fine.shape[1], _COARSER), axis=1))
        return cls(rate_hz, start_seconds, tuple(levels))

    def seen(self, stretch: Stretch, pixels: int) -> tuple[NDArray[np.uint8], float, float]:
        """The columns that are seen, about as many as there are pixels, and the seconds of their two ends."""
        wanted = stretch.seconds * self.rate_hz / max(1, _COLUMNS_A_PIXEL * pixels)
        level = min(len(self.levels) - 1, max(0, math.ceil(math.log(max(1.0, wanted), _COARSER))))
        cells, rate_hz = self.levels[level], self.rate_hz / _COARSER**level
        first = max(0, math.floor((stretch.start_seconds - self.start_seconds) * rate_hz))
        last = min(cells.shape[1], math.ceil((stretch.end_seconds - self.start_seconds) * rate_hz))
        start, end = (self.start_seconds + place / rate_hz for place in (first, max(first, last)))
        return cells[:, first:last], start, end


class RasterLane(Lane):
    def __init__(self, theme: Theme, axis: TimeAxis, name: str, none: str) -> None:
        super().__init__(theme, axis, name, theme.size.lane_raster)
        self._colours = heat_colours(theme)
        self._none = none
        self._raster: Raster | None = None

    def show_raster(self, raster: Raster | None) -> None:
        self._raster = raster
        self.renew()

    def draw(self, painter: QPainter, plot: QRectF, stretch: Stretch) -> None:
        raster = self._raster
        if raster is None:
            return
        if not raster.levels[0].size:
            painter.setPen(QColor(self.theme.colour.text_faint))
            painter.drawText(plot, Qt.AlignmentFlag.AlignCenter, self._none)
            return
        cells, start, end = raster.seen(stretch, round(plot.width() * painter.device().devicePixelRatioF()))
        if not cells.size:
            return
        pixels = np.ascontiguousarray(self._colours[cells])
        rows, columns = cells.shape
        picture = QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGB32)
        wide = plot.width() / stretch.seconds
        place = QRectF((start - stretch.start_seconds) * wide, 0, (end - start) * wide, plot.height())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.smooth)
        painter.drawImage(place, picture, QRectF(0, 0, columns, rows))

    smooth = True
    """Whether rows run into each other."""

    def tick(self, painter: QPainter, plot: QRectF, share: float, text: str, colour: str) -> None:
        """A text in the gutter at a height, 0 at the bottom to 1 at the top."""
        line = painter.fontMetrics().height()
        y = plot.bottom() - share * plot.height()
        painter.setPen(QColor(colour))
        room = QRectF(0, y - line / 2, plot.left() - self.theme.space.s, line)
        painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)


class TempogramLane(RasterLane):
    def __init__(self, theme: Theme, axis: TimeAxis) -> None:
        super().__init__(theme, axis, tr("Tempogram"), tr("Too short for a tempogram"))
        self._slowest, self._fastest = 40.0, 250.0
        self._tempo = Tempo(None, 0.0)

    def show_tempi(self, tempi_bpm: NDArray[np.float32]) -> None:
        """The tempi of the rows, evenly spaced in octaves."""
        if tempi_bpm.size > 1:
            half = (float(tempi_bpm[-1]) / float(tempi_bpm[0])) ** (0.5 / (tempi_bpm.size - 1))
            self._slowest, self._fastest = float(tempi_bpm[0]) / half, float(tempi_bpm[-1]) * half
        self.renew()

    def show_tempo(self, tempo: Tempo) -> None:
        self._tempo = tempo
        self.renew()

    def _share(self, bpm: float) -> float:
        return math.log(bpm / self._slowest) / math.log(self._fastest / self._slowest)

    def draw(self, painter: QPainter, plot: QRectF, stretch: Stretch) -> None:
        super().draw(painter, plot, stretch)
        tempo = self._tempo
        if self._raster is None or tempo.bpm is None:
            return
        curve = [(point.seconds, point.bpm) for point in tempo.curve]
        if not curve:
            curve = [(0.0, tempo.bpm), (stretch.track_seconds, tempo.bpm)]
        points = [
            QPointF(
                (seconds - stretch.start_seconds) / stretch.seconds * plot.width(),
                plot.height() * (1.0 - self._share(bpm)),
            )
            for seconds, bpm in curve
            if bpm > 0.0
        ]
        seamed_line(painter, self.theme, self.theme.colour.text, points, dashed=not tempo.curve)

    def draw_gutter(self, painter: QPainter, plot: QRectF) -> None:
        colour = self.theme.colour
        line = painter.fontMetrics().height()
        taken: list[float] = []
        own = [] if self._tempo.bpm is None else [self._tempo.bpm]
        for bpm in [*own, *_TICKS_BPM]:
            share = self._share(bpm)
            y = share * plot.height()
            inside = line / 2 <= y <= plot.height() - 1.5 * line
            if inside and all(abs(y - other) >= line for other in taken):
                taken.append(y)
                self.tick(painter, plot, share, tempo_text(bpm), colour.accent if bpm in own else colour.text_faint)

    def read(self, seconds: float, share: float) -> str:
        return f"{tempo_text(self._slowest * (self._fastest / self._slowest) ** share)} BPM"


class ChromagramLane(RasterLane):
    smooth = False

    def __init__(self, theme: Theme, axis: TimeAxis) -> None:
        super().__init__(theme, axis, tr("Notes"), tr("Too short for a chromagram"))
        self._key: Key | None = None

    def show_key(self, key: Key | None) -> None:
        self._key = key
        self.update()

    def draw_gutter(self, painter: QPainter, plot: QRectF) -> None:
        colour, line = self.theme.colour, painter.fontMetrics().ascent()
        tonic = None if self._key is None else self._key.tonic
        taken: list[float] = []
        # Where there is no room for all, the tonic and then those of the white keys stay.
        for note in sorted(range(12), key=lambda note: (note != tonic, note in _SHARPS, note)):
            y = (note + 0.5) / 12 * plot.height()
            if all(abs(y - other) >= line for other in taken):
                taken.append(y)
                tint = colour.accent if note == tonic else colour.text_faint
                self.tick(painter, plot, (note + 0.5) / 12, NOTES[note], tint)

    def read(self, seconds: float, share: float) -> str:
        return NOTES[min(11, max(0, int(12 * share)))]
