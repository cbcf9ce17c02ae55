"""The waveform with its beats: thin lines for beats, stronger ones for bars, all of them once they are far enough
apart."""

from __future__ import annotations

from bisect import bisect_right
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from sonicforge_studio.domain import Tempo
from sonicforge_studio.studio.spectrogram_colours import blend
from sonicforge_studio.ui.analysis.axis import TimeAxis
from sonicforge_studio.ui.analysis.lane import Lane
from sonicforge_studio.ui.live.spectrogram_canvas import Stretch
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.peaks import columns_of

_FULL_SCALE = np.float32(127.0)
_BEAT, _BAR = 0.28, 0.75
"""How much of the lines is seen."""
_MOST_JOINED_BARS = 1024
_WIDE_STEP_PIXELS = 4


class Peaks(Protocol):
    def columns(self, start_seconds: float, end_seconds: float, columns: int) -> NDArray[np.int8]: ...


class StoredPeaks:
    """The library's small waveform, until the fine one is there."""

    def __init__(self, peaks: bytes, duration_seconds: float) -> None:
        self._peaks = peaks
        self._duration_seconds = duration_seconds

    def columns(self, start_seconds: float, end_seconds: float, columns: int) -> NDArray[np.int8]:
        """So many columns of a stretch, int8 ``(columns, 2)``: those of the nearest places that are stored."""
        pairs = np.frombuffer(self._peaks, np.int8).reshape(-1, 2)
        if not len(pairs):
            return np.zeros((columns, 2), np.int8)
        if start_seconds <= 0.0 and end_seconds >= self._duration_seconds and columns <= len(pairs):
            return (columns_of(self._peaks, columns) * _FULL_SCALE).astype(np.int8)
        places = start_seconds + (np.arange(columns) + 0.5) * (end_seconds - start_seconds) / columns
        found = (places / self._duration_seconds * len(pairs)).astype(np.intp)
        return np.asarray(pairs[np.clip(found, 0, len(pairs) - 1)])


def smooth(steps: NDArray[np.int8]) -> NDArray[np.float32]:
    """Where figures stand still for several pixels, a line from the middle of one to the middle of the next."""
    values = steps.astype(np.float32)
    starts = np.concatenate(([0], np.flatnonzero(np.diff(values)) + 1, [values.size]))
    if starts.size < 3 or values.size < _WIDE_STEP_PIXELS * (starts.size - 1):
        return values
    middles = (starts[:-1] + starts[1:] - 1) / 2
    line: NDArray[np.float32] = np.interp(np.arange(values.size), middles, values[starts[:-1]]).astype(np.float32)
    return line


class WaveformLane(Lane):
    def __init__(self, theme: Theme, axis: TimeAxis) -> None:
        super().__init__(theme, axis, tr("Waveform"), theme.size.lane_wave)
        self._peaks: Peaks | None = None
        self._beats: NDArray[np.float64] = np.zeros(0)
        self._bars: NDArray[np.float64] = np.zeros(0)

    def show_peaks(self, peaks: Peaks | None) -> None:
        self._peaks = peaks
        self.renew()

    def show_tempo(self, tempo: Tempo) -> None:
        self._beats = np.array(tempo.beats_seconds, np.float64)
        self._bars = np.array(tempo.downbeats_seconds, np.float64)
        self.renew()

    def draw(self, painter: QPainter, plot: QRectF, stretch: Stretch) -> None:
        ratio = painter.device().devicePixelRatioF()
        if self._peaks is not None:
            wide, high = round(plot.width() * ratio), round(plot.height() * ratio)
            pairs = self._peaks.columns(stretch.start_seconds, stretch.end_seconds, wide)
            self._draw_wave(painter, pairs, high, ratio)
        self._draw_beats(painter, plot, stretch)

    def _draw_wave(self, painter: QPainter, pairs: NDArray[np.int8], high: int, ratio: float) -> None:
        colour = self.theme.colour
        middle = (high - 1) / 2
        low, top = (smooth(pairs[:, side]) / _FULL_SCALE * np.float32(middle) for side in (0, 1))
        y = (middle - np.arange(high, dtype=np.float32))[:, None]
        inside = (y <= top + np.float32(0.5)) & (y >= low - np.float32(0.5))
        ground, wave = blend(((0.0, colour.surface), (1.0, colour.wave)), np.array([0.0, 1.0]))
        pixels = np.where(inside, wave, ground)
        picture = QImage(pixels.data, pixels.shape[1], high, 4 * pixels.shape[1], QImage.Format.Format_RGB32)
        picture.setDevicePixelRatio(ratio)
        painter.drawImage(QPointF(0, 0), picture)

    def _draw_beats(self, painter: QPainter, plot: QRectF, stretch: Stretch) -> None:
        theme = self.theme
        pixels = plot.width() / stretch.seconds
        if self._wide_enough(self._beats, pixels, theme.space.s):
            self._lines(painter, plot, stretch, self._seen(self._beats, stretch), theme.colour.text, _BEAT)
        if not self._bars.size:
            return
        joined = 1
        while joined < _MOST_JOINED_BARS and not self._wide_enough(self._bars[::joined], pixels, theme.space.m):
            joined *= 2
        shown = self._bars[::joined]
        self._lines(painter, plot, stretch, self._seen(shown, stretch), theme.colour.text_muted, _BAR)
        while joined < _MOST_JOINED_BARS and not self._wide_enough(self._bars[::joined], pixels, 3 * theme.space.m):
            joined *= 2
        self._numbers(painter, plot, stretch, joined)

    @staticmethod
    def _wide_enough(times: NDArray[np.float64], pixels: float, least: float) -> bool:
        return times.size > 1 and (times[-1] - times[0]) / (times.size - 1) * pixels >= least

    @staticmethod
    def _seen(times: NDArray[np.float64], stretch: Stretch) -> NDArray[np.float64]:
        first, last = np.searchsorted(times, (stretch.start_seconds, stretch.end_seconds))
        return times[first:last]

    def _lines(
        self,
        painter: QPainter,
        plot: QRectF,
        stretch: Stretch,
        times: NDArray[np.float64],
        colour: str,
        strength: float,
    ) -> None:
        line = QColor(colour)
        line.setAlphaF(strength)
        for x in (times - stretch.start_seconds) / stretch.seconds * plot.width():
            painter.fillRect(QRectF(round(x), 0, self.theme.size.line, plot.height()), line)

    def _numbers(self, painter: QPainter, plot: QRectF, stretch: Stretch, joined: int) -> None:
        """The bars' numbers, beside their lines."""
        theme = self.theme
        metrics = painter.fontMetrics()
        ground = QColor(theme.colour.surface)
        for index in range(0, self._bars.size, joined):
            time = self._bars[index]
            if not stretch.start_seconds <= time <= stretch.end_seconds:
                continue
            x = (time - stretch.start_seconds) / stretch.seconds * plot.width()
            text = str(index + 1)
            place = QRectF(x + theme.size.line, 0, metrics.horizontalAdvance(text) + theme.space.xs, metrics.height())
            painter.fillRect(place, ground)
            painter.setPen(QColor(theme.colour.text_muted))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def read(self, seconds: float, share: float) -> str:
        bar = bisect_right(self._bars, seconds)
        if not bar:
            return ""
        first = bisect_right(self._beats, self._bars[bar - 1] - 1e-6)
        beat = bisect_right(self._beats, seconds) - first
        return tr("bar {bar}, beat {beat}", bar=bar, beat=max(1, beat))
