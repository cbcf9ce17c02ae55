"""A track's spectrogram with its axes: wheel and drag for what is seen, a click for what is heard."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from PySide6.QtCore import QEvent, QPointF, QRect, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from sonicforge_studio.studio.spectrogram_axes import clock_text
from sonicforge_studio.studio.spectrogram_drawing import Window, level_at
from sonicforge_studio.studio.spectrograms import TrackSpectrogram
from sonicforge_studio.ui.live.spectrogram_axes import SpectrogramAxes
from sonicforge_studio.ui.live.spectrogram_image import RANGE_DB, SpectrogramImage
from sonicforge_studio.ui.numbers import decimal, frequency, pitch
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme

SHORTEST_SECONDS = 0.001
_NOTCH = 120
_ZOOM_A_NOTCH = 1.3
_ZOOM_A_KEY = 2.0
_PAN_A_KEY = 0.125
_PAN_A_NOTCH = 0.125
_FOLLOWED_SECONDS = 1.0
"""A shorter stretch would turn its pages too fast to be read while the music plays."""
_PLAYED_ON_SECONDS = 1.0
"""A position that leaps further was sought, not played on to."""
_PAGE_MARGIN = 0.06


@dataclass(frozen=True, slots=True)
class Stretch:
    """The seconds that are seen, never outside of the track."""

    start_seconds: float
    seconds: float
    track_seconds: float

    @property
    def end_seconds(self) -> float:
        return self.start_seconds + self.seconds

    def zoomed(self, factor: float, at_seconds: float) -> Stretch:
        """``factor`` times as long, with ``at_seconds`` where it was."""
        least = min(SHORTEST_SECONDS, self.track_seconds)
        seconds = min(max(self.seconds * factor, least), self.track_seconds)
        start = at_seconds - (at_seconds - self.start_seconds) * seconds / self.seconds
        return Stretch(start, seconds, self.track_seconds).moved(0.0)

    def moved(self, seconds: float) -> Stretch:
        start = min(max(self.start_seconds + seconds, 0.0), self.track_seconds - self.seconds)
        return Stretch(start, self.seconds, self.track_seconds)


@dataclass(frozen=True, slots=True)
class _Press:
    at: QPointF
    stretch: Stretch
    looping: bool
    dragging: bool = False


class SpectrogramCanvas(QWidget):
    """``sought`` carries the place to play from, ``loop_wanted`` a start and an end, in seconds; ``reading`` what is
    under the cursor, empty where there is none."""

    sought = Signal(float)
    loop_wanted = Signal(float, float)
    loop_dropped = Signal()
    reading = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._axes = SpectrogramAxes(theme)
        self._picture = SpectrogramImage(theme)
        self._track: TrackSpectrogram | None = None
        self._stretch: Stretch | None = None
        self._stale = True
        self.finest = False
        """Whether what is drawn is as fine as it can be."""
        self._position_seconds: float | None = None
        self._loop: tuple[float, float] | None = None
        self._hover: QPointF | None = None
        self._press: _Press | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(theme.size.wave_thumbnail * 2, theme.size.scope)
        self.setAccessibleName(tr("Spectrogram of the whole track"))

    # What is shown

    @property
    def stretch(self) -> Stretch | None:
        """The seconds that are seen."""
        return self._stretch

    def show_track(self, track: TrackSpectrogram | None, duration_seconds: float) -> None:
        """A track from its start to its end; None clears."""
        self._track = track
        self._position_seconds = self._loop = self._press = None
        self.finest = False
        self._set_stretch(Stretch(0.0, duration_seconds, duration_seconds) if duration_seconds > 0 else None)
        self.setCursor(Qt.CursorShape.CrossCursor if self._stretch else Qt.CursorShape.ArrowCursor)

    def renew(self) -> None:
        """Something new of the track has come; its length too, where it was not known before."""
        track, stretch = self._track, self._stretch
        overview = track.state.overview if track is not None else None
        if overview is not None and overview.pyramid.frames:
            known = overview.pyramid.duration_seconds
            if stretch is None or (overview.complete and abs(known - stretch.track_seconds) > 1e-9):
                whole = stretch is None or stretch.seconds >= stretch.track_seconds
                seconds = known if whole or stretch is None else min(stretch.seconds, known)
                start = 0.0 if stretch is None else stretch.start_seconds
                self._set_stretch(Stretch(start, seconds, known).moved(0.0))
            elif not overview.complete and known > stretch.track_seconds:
                self._set_stretch(Stretch(0.0, known, known))
        self._stale = True
        self._tell_reading()
        self.update()

    def show_stretch(self, start_seconds: float, end_seconds: float) -> None:
        """See these seconds, as far as the track has them."""
        if self._stretch is not None:
            track_seconds = self._stretch.track_seconds
            least = min(SHORTEST_SECONDS, track_seconds)
            seconds = min(max(end_seconds - start_seconds, least), track_seconds)
            self._set_stretch(Stretch(start_seconds, seconds, track_seconds).moved(0.0))

    def show_position(self, seconds: float | None) -> None:
        """Where the music is. The view turns the page when it plays out of what is seen."""
        before, self._position_seconds = self._position_seconds, seconds
        stretch = self._stretch
        if stretch is None or seconds == before:
            return
        if (
            before is not None
            and seconds is not None
            and self._press is None
            and stretch.seconds >= _FOLLOWED_SECONDS
            and stretch.start_seconds <= before <= stretch.end_seconds
            and stretch.end_seconds < seconds < before + _PLAYED_ON_SECONDS
        ):
            self._set_stretch(
                Stretch(seconds - _PAGE_MARGIN * stretch.seconds, stretch.seconds, stretch.track_seconds).moved(0.0)
            )
        for place in (before, seconds):
            if place is not None:
                plot, x = self.plot, self._x(place)
                self.update(QRect(math.floor(x) - 2, plot.top(), 5, plot.height()) & plot)

    def show_loop(self, loop: tuple[float, float] | None) -> None:
        """The region that is looped, unless a hand is just drawing another."""
        if self._press is None or not self._press.looping:
            self._set_loop(loop)

    def _set_loop(self, loop: tuple[float, float] | None) -> None:
        if loop != self._loop:
            self._loop = loop
            self.update()

    # Painting

    @property
    def plot(self) -> QRect:
        """Where the picture lies within the axes."""
        return self._axes.plot(self.size())

    @property
    def seen(self) -> Window | None:
        """What is seen, in pixels of the device."""
        if self._stretch is None:
            return None
        return Window(self._stretch.start_seconds, self._stretch.seconds / self.device_width)

    @property
    def device_width(self) -> int:
        """The picture in pixels of the device."""
        return max(1, round(self.plot.width() * self.devicePixelRatioF()))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        plot, track, window, stretch = self.plot, self._track, self.seen, self._stretch
        if track is None or window is None or stretch is None or plot.isEmpty():
            painter.fillRect(plot, QColor(self._theme.colour.canvas))
            painter.end()
            return
        if self._stale:
            self.finest = self._picture.draw(track, window, plot.size(), self.devicePixelRatioF()).finest
            self._stale = False
        painter.drawImage(plot.topLeft(), self._picture.image)
        overview = track.state.overview
        if not plot.contains(event.rect()):
            self._axes.time(painter, plot, stretch.start_seconds, stretch.end_seconds)
            if overview is not None:
                self._axes.frequency(painter, plot, overview.pyramid.low_hz, overview.pyramid.high_hz)
                self._axes.colour_bar(painter, plot, self._picture, RANGE_DB)
        painter.setClipRect(plot.adjusted(0, 0, 1, 0))
        if self._loop is not None:
            self._axes.loop(painter, plot, *(self._x(place) for place in self._loop))
        if self._hover is not None and self._press is None:
            self._axes.cross(painter, plot, self._hover)
        if self._position_seconds is not None:
            self._axes.play_head(painter, plot, self._x(self._position_seconds))
        if overview is None or not overview.complete:
            self._axes.progress(painter, plot, track.state.fraction)
        painter.setClipping(False)
        if self.hasFocus():
            self._axes.focus(painter, plot)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._stale = True

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._stale = True
            self.update()

    def _set_stretch(self, stretch: Stretch | None) -> None:
        self._stretch = stretch
        self._stale = True
        self._tell_reading()
        self.update()

    # Places

    def _x(self, seconds: float) -> float:
        plot, stretch = self.plot, self._stretch
        if stretch is None:
            return float(plot.left())
        return plot.left() + (seconds - stretch.start_seconds) / stretch.seconds * plot.width()

    def _seconds(self, x: float) -> float:
        plot, stretch = self.plot, self._stretch
        if stretch is None:
            return 0.0
        seconds = stretch.start_seconds + (x - plot.left()) / max(1, plot.width()) * stretch.seconds
        return min(max(seconds, 0.0), stretch.track_seconds)

    def hover(self, place: QPointF | None) -> None:
        """Read out what is at a place of the widget; None where the mouse has left."""
        self._hover = place if place is not None and self.plot.contains(place.toPoint()) else None
        self._tell_reading()
        self.update(self.plot)

    def _tell_reading(self) -> None:
        self.reading.emit(self._read(self._hover) if self._hover is not None else "")

    def _read(self, place: QPointF) -> str:
        track, window, plot = self._track, self.seen, self.plot
        overview = track.state.overview if track is not None else None
        if track is None or window is None or overview is None:
            return ""
        low, high = overview.pyramid.low_hz, overview.pyramid.high_hz
        seconds = self._seconds(place.x())
        up = (plot.bottom() + 1 - place.y()) / plot.height()
        hz = low * (high / low) ** up
        half_pixel = (high / low) ** (0.5 / plot.height())
        level = level_at(track, window, seconds, hz / half_pixel, hz * half_pixel)
        return f"{clock_text(seconds, 3)} · {frequency(hz)} · {pitch(hz)} · {decimal(level)} dB"

    # Hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._stretch is None or event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        looping = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._press = _Press(event.position(), self._stretch, looping)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        press, place = self._press, event.position()
        if press is None:
            self.hover(place)
            return
        if not press.dragging:
            if abs(place.x() - press.at.x()) < QApplication.startDragDistance():
                return
            press = self._press = replace(press, dragging=True)
        if press.looping:
            self._set_loop(self._between(press.at, place))
        else:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            moved = (press.at.x() - place.x()) / max(1, self.plot.width()) * press.stretch.seconds
            self._set_stretch(press.stretch.moved(moved))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        press, self._press = self._press, None
        if press is None or event.button() != Qt.MouseButton.LeftButton:
            return
        self.setCursor(Qt.CursorShape.CrossCursor)
        if press.looping:
            if press.dragging:
                self.loop_wanted.emit(*self._between(press.at, event.position()))
        elif not press.dragging:
            self.sought.emit(self._seconds(press.at.x()))
        self.hover(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """The second click of a pair plays from there like the first."""
        self.mousePressEvent(event)

    def _between(self, a: QPointF, b: QPointF) -> tuple[float, float]:
        first, last = sorted((self._seconds(a.x()), self._seconds(b.x())))
        return first, last

    def leaveEvent(self, event: QEvent) -> None:
        self.hover(None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._stretch is None:
            event.ignore()
            return
        turned = event.angleDelta()
        sideways = abs(turned.x()) > abs(turned.y()) or bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        notches = (turned.x() if abs(turned.x()) > abs(turned.y()) else turned.y()) / _NOTCH
        if sideways:
            self._set_stretch(self._stretch.moved(-notches * _PAN_A_NOTCH * self._stretch.seconds))
        else:
            at = self._seconds(event.position().x())
            self._set_stretch(self._stretch.zoomed(_ZOOM_A_NOTCH**-notches, at))
        event.accept()

    def zoom(self, factor: float) -> None:
        """See ``factor`` times as much, around the play head where it is seen, else around the middle."""
        stretch, position = self._stretch, self._position_seconds
        if stretch is not None:
            seen = position is not None and stretch.start_seconds <= position <= stretch.end_seconds
            middle = stretch.start_seconds + stretch.seconds / 2
            self._set_stretch(stretch.zoomed(factor, position if seen and position is not None else middle))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        stretch, key = self._stretch, event.key()
        other = event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier)
        if stretch is None or other:
            super().keyPressEvent(event)
            return
        seconds = stretch.seconds
        pans = {
            Qt.Key.Key_Left: -_PAN_A_KEY * seconds,
            Qt.Key.Key_Right: _PAN_A_KEY * seconds,
            Qt.Key.Key_PageUp: -seconds,
            Qt.Key.Key_PageDown: seconds,
            Qt.Key.Key_Home: -stretch.track_seconds,
            Qt.Key.Key_End: stretch.track_seconds,
        }
        if key in pans:
            self._set_stretch(stretch.moved(pans[Qt.Key(key)]))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Up):
            self.zoom(1 / _ZOOM_A_KEY)
        elif key in (Qt.Key.Key_Minus, Qt.Key.Key_Underscore, Qt.Key.Key_Down):
            self.zoom(_ZOOM_A_KEY)
        elif key == Qt.Key.Key_0:
            self.show_stretch(0.0, stretch.track_seconds)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            place = self._hover.x() if self._hover is not None else self.plot.center().x()
            self.sought.emit(self._seconds(place))
        elif key == Qt.Key.Key_Escape and self._loop is not None:
            self._set_loop(None)
            self.loop_dropped.emit()
        else:
            super().keyPressEvent(event)
