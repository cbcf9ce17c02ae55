"""A comparison as three small pictures: beats against beats, two places on the wheel, two bars."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from sonicforge_studio.domain import Key
from sonicforge_studio.studio.mixing import TempoMatch
from sonicforge_studio.ui.numbers import decimal
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme

_BEATS_SHOWN = 16
_HOURS = 12
_RINGS = (0.64, 1.0)
_HOLE = 0.3
_QUIETEST_LUFS = -30.0


class MixPicture(QWidget):
    """The first track is drawn in the accent, the second in grey."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.theme = theme
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(theme.size.lane_raster)

    def line(self) -> int:
        return self.theme.size.line

    def text(self, painter: QPainter, place: QRectF, text: str, colour: str, side: Qt.AlignmentFlag) -> None:
        painter.setPen(QColor(colour))
        painter.drawText(place, side | Qt.AlignmentFlag.AlignVCenter, text)

    def begin(self) -> QPainter:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.theme.font(self.theme.tokens.type.caption))
        return painter


class BeatRows(MixPicture):
    """The beats of both from a common one on, as they run now: how fast they part."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, tr("Beats of both tracks"))
        self._match: TempoMatch | None = None

    def show_match(self, match: TempoMatch | None) -> None:
        self._match = match
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, match = self.begin(), self._match
        colour, space = self.theme.colour, self.theme.space
        name = painter.fontMetrics().height()
        room = (self.height() - 2 * name) / 2 - space.s
        seconds = 60.0 / match.one_bpm * _BEATS_SHOWN if match is not None else 1.0
        rows = (
            (tr("First track"), match.one_bpm if match else None, colour.accent, 0.0),
            (tr("Second track"), match.other_bpm if match else None, colour.text_muted, name + room + 2 * space.s),
        )
        for text, bpm, tint, top in rows:
            self.text(painter, QRectF(0, top, self.width(), name), text, colour.text_faint, Qt.AlignmentFlag.AlignLeft)
            base = QRectF(0, top + name + room, self.width(), self.line())
            painter.fillRect(base, QColor(colour.line_strong))
            beats = math.floor(seconds * bpm / 60.0 + 1e-6) + 1 if bpm else 0
            for beat in range(beats):
                x = min(beat * 60.0 / (bpm or 60.0) / seconds, 1.0) * (self.width() - self.theme.size.focus)
                high = room if beat % 4 == 0 else room / 2
                painter.fillRect(QRectF(x, base.top() - high, self.theme.size.focus, high), QColor(tint))
        painter.end()


class Wheel(MixPicture):
    """The Camelot wheel, minor inside and major outside as on every print of it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, tr("Camelot wheel"))
        self._keys: tuple[Key | None, Key | None] = (None, None)

    def show_keys(self, one: Key | None, other: Key | None) -> None:
        self._keys = (one, other)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colour = self.begin(), self.theme.colour
        radius = min(self.width(), self.height()) / 2 - self.line()
        middle = QPointF(self.width() / 2, self.height() / 2)
        places = [None if key is None else key.camelot for key in self._keys]
        for ring, letter in ((1, "B"), (0, "A")):
            outer = radius * _RINGS[ring]
            square = QRectF(middle.x() - outer, middle.y() - outer, 2 * outer, 2 * outer)
            for hour in range(1, _HOURS + 1):
                place = f"{hour}{letter}"
                first, second = place == places[0], place == places[1]
                ground = colour.accent if first else colour.text_muted if second else colour.raised
                painter.setBrush(QColor(ground))
                painter.setPen(QPen(QColor(colour.surface), self.theme.size.focus))
                # Qt counts sixteenths of a degree, against the clock, from three o'clock.
                painter.drawPie(square, round(16 * (90 - 30 * hour - 15)), 16 * 30)
                self._name(painter, middle, outer, ring, hour, place, colour.canvas if first or second else colour.text)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour.surface))
        painter.drawEllipse(middle, radius * _HOLE, radius * _HOLE)
        painter.end()

    def _name(
        self, painter: QPainter, middle: QPointF, outer: float, ring: int, hour: int, place: str, ink: str
    ) -> None:
        inner = outer * _RINGS[0] if ring else outer * _HOLE / _RINGS[0]
        angle, far = math.radians(30 * hour), (outer + inner) / 2
        if outer - inner < 1.5 * painter.fontMetrics().height():
            return  # the figure above names both
        side = self.theme.size.target
        x, y = middle.x() + far * math.sin(angle), middle.y() - far * math.cos(angle)
        self.text(painter, QRectF(x - side / 2, y - side / 2, side, side), place, ink, Qt.AlignmentFlag.AlignHCenter)


class LoudnessBars(MixPicture):
    """How loud both are, from −30 LUFS to full scale."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, tr("Loudness of both tracks"))
        self._lufs = (-math.inf, -math.inf)

    def show_loudness(self, one_lufs: float, other_lufs: float) -> None:
        self._lufs = (one_lufs, other_lufs)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colour, space = self.begin(), self.theme.colour, self.theme.space
        name = painter.fontMetrics().height()
        bar = min(float(self.theme.size.control), (self.height() - 2 * name - 3 * space.s) / 2)
        rows = ((tr("First track"), colour.accent), (tr("Second track"), colour.text_muted))
        for number, ((text, tint), lufs) in enumerate(zip(rows, self._lufs, strict=True)):
            top = number * (name + bar + 2 * space.s)
            head = QRectF(0, top, self.width(), name)
            self.text(painter, head, text, colour.text_faint, Qt.AlignmentFlag.AlignLeft)
            self.text(painter, head, f"{decimal(lufs)} LUFS", colour.text_muted, Qt.AlignmentFlag.AlignRight)
            room = QRectF(0, top + name + space.xs, self.width(), bar)
            painter.fillRect(room, QColor(colour.raised))
            room.setWidth(self.width() * min(1.0, max(0.0, 1.0 - lufs / _QUIETEST_LUFS)))
            painter.fillRect(room, QColor(tint))
        painter.end()
