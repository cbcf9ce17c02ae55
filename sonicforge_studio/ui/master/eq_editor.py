"""The equaliser's curve over the live spectrum: eight bands to drag, each by mouse or by keys."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QMenu

from sonicforge_studio.domain.chain import BAND_KINDS, EqBand, EqSettings
from sonicforge_studio.ui.master.handle import Handle
from sonicforge_studio.ui.master.spectrum_canvas import SpectrumCanvas
from sonicforge_studio.ui.master.words import option_name, short_frequency
from sonicforge_studio.ui.numbers import decimal
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme

_GREATEST_DB = 18.0
_TICKS_DB = (-12.0, -6.0, 0.0, 6.0, 12.0)
_STEP_RATIO, _FINE_RATIO = 2.0 ** (1 / 12), 2.0 ** (1 / 96)
_STEP_DB, _FINE_DB = 0.5, 0.1
_WHEEL_RATIO = 2.0 ** (1 / 4)
_POINTS = 360
_LOWEST_HZ, _HIGHEST_HZ = 20.0, 20_000.0
_GAINLESS = ("low-cut", "high-cut", "notch")

Response = Callable[[EqSettings, NDArray[np.float64]], NDArray[np.float64]]
"""The gain in dB at frequencies in Hz."""


class EqEditor(SpectrumCanvas):
    band_chosen = Signal(int)

    def __init__(self, theme: Theme, response: Response) -> None:
        super().__init__(theme, tr("Equaliser over the live spectrum"), -_GREATEST_DB, _GREATEST_DB, _TICKS_DB, "")
        self._response = response
        self._frequencies = np.geomspace(_LOWEST_HZ, _HIGHEST_HZ, _POINTS)
        self._settings = EqSettings()
        self._neutral = EqSettings().bands
        self._curve: NDArray[np.float64] = np.zeros(_POINTS)
        self._own: NDArray[np.float64] = np.zeros(_POINTS)
        self._line, self._area = QPolygonF(), QPolygonF()
        self.chosen = 0
        """The band whose figures are shown."""
        self.handles = [self._handle(number) for number in range(len(self._settings.bands))]
        self._compute()

    def _handle(self, number: int) -> Handle:
        handle = Handle(self._theme, self, str(number + 1), Qt.CursorShape.SizeAllCursor)
        handle.dragged.connect(partial(self._drag, number))
        handle.stepped.connect(partial(self._step, number))
        handle.scrolled.connect(partial(self._scroll, number))
        handle.reset_wanted.connect(partial(self.reset, number))
        handle.menu_wanted.connect(partial(self._open_menu, number))
        handle.taken.connect(partial(self.choose, number))
        handle.let_go.connect(self.let_go)
        return handle

    # What is shown

    def show_settings(self, settings: EqSettings) -> None:
        if settings != self._settings:
            self._settings = settings
            self._compute()

    def choose(self, number: int) -> None:
        if number != self.chosen:
            self.chosen = number
            self._compute()
            self.band_chosen.emit(number)

    def _compute(self) -> None:
        settings = self._settings
        self._curve = self._response(settings, self._frequencies)
        alone = tuple(
            band if number == self.chosen else neutral
            for number, (band, neutral) in enumerate(zip(settings.bands, self._neutral, strict=True))
        )
        self._own = self._response(EqSettings(bands=alone), self._frequencies)
        self.place_handles()
        self.update()

    def _shape(self) -> None:
        """The curves as lines of the present size."""
        zero = self.y_of(0.0)
        own = self._points(self._own)
        self._line = QPolygonF(self._points(self._curve))
        self._area = QPolygonF([QPointF(self.x_of(_LOWEST_HZ), zero), *own, QPointF(self.x_of(_HIGHEST_HZ), zero)])

    def place_handles(self) -> None:
        self._shape()
        for number, (handle, band) in enumerate(zip(self.handles, self._settings.bands, strict=True)):
            gain_db = 0.0 if band.kind in _GAINLESS else band.gain_db
            handle.stand_at(self.x_of(band.frequency_hz), self.y_of(gain_db))
            on = band.on and self._settings.on
            handle.show_state(_spoken(number, band), on=on, chosen=number == self.chosen)

    def paint_over(self, painter: QPainter) -> None:
        theme, colour = self._theme, self._theme.colour
        on = self._settings.on
        painter.setPen(QPen(QColor(colour.line_strong), theme.size.line))
        zero = self.y_of(0.0)
        painter.drawLine(QPointF(0, zero), QPointF(self.width(), zero))
        accent = QColor(colour.accent if on else colour.text_faint)
        if on and self._settings.bands[self.chosen].on:
            fill = QColor(colour.accent)
            fill.setAlphaF(0.16)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(fill)
            painter.drawPolygon(self._area)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(accent, theme.size.focus))
        painter.drawPolyline(self._line)

    def _points(self, curve: NDArray[np.float64]) -> list[QPointF]:
        shown = np.clip(curve, -2 * _GREATEST_DB, 2 * _GREATEST_DB)
        places = np.linspace(self.x_of(_LOWEST_HZ), self.x_of(_HIGHEST_HZ), _POINTS)
        zero = self.y_of(0.0)
        rows = zero + shown * (self.y_of(1.0) - zero)
        return list(map(QPointF, places.tolist(), rows.tolist()))

    # Hands

    def _drag(self, number: int, place: QPointF) -> None:
        values: dict[str, object] = {f"bands.{number}.frequency_hz": round(self.hz_at(place.x()), 1)}
        if self._settings.bands[number].kind not in _GAINLESS:
            gain_db = round(min(max(self.value_at(place.y()), -15.0), 15.0), 1)
            values[f"bands.{number}.gain_db"] = gain_db
        self._tell(number, values, "drag")

    def _step(self, number: int, right: int, up: int, fine: bool) -> None:
        band = self._settings.bands[number]
        ratio, step_db = (_FINE_RATIO, _FINE_DB) if fine else (_STEP_RATIO, _STEP_DB)
        if right:
            hz = min(max(band.frequency_hz * ratio**right, _LOWEST_HZ), _HIGHEST_HZ)
            self._tell(number, {f"bands.{number}.frequency_hz": round(hz, 1)}, "frequency")
        elif band.kind not in _GAINLESS:
            gain_db = round(min(max(band.gain_db + up * step_db, -15.0), 15.0), 1)
            self._tell(number, {f"bands.{number}.gain_db": gain_db}, "gain")

    def _scroll(self, number: int, notches: float) -> None:
        q = min(max(self._settings.bands[number].q * _WHEEL_RATIO**notches, 0.1), 18.0)
        self._tell(number, {f"bands.{number}.q": round(q, 3)}, "q")

    def reset(self, number: int) -> None:
        """The band as it is in a new chain: no gain."""
        self.changed.emit(f"bands.{number}", self._neutral[number], False)

    def _tell(self, number: int, values: dict[str, object], word: str) -> None:
        values[f"bands.{number}.on"] = True
        self.many_changed.emit(values, f"eq.{number}.{word}")

    def _open_menu(self, number: int, place: QPoint) -> None:
        menu = self.menu(number)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(place)

    def menu(self, number: int) -> QMenu:
        """A band's shapes, and its switch."""
        band = self._settings.bands[number]
        menu = QMenu(self)
        for kind in BAND_KINDS:
            action = menu.addAction(option_name(kind))
            action.setCheckable(True)
            action.setChecked(kind == band.kind)
            action.triggered.connect(partial(self._set, f"bands.{number}.kind", kind))
        menu.addSeparator()
        switch = menu.addAction(tr("Band off") if band.on else tr("Band on"))
        switch.triggered.connect(partial(self._set, f"bands.{number}.on", not band.on))
        menu.addAction(tr("Neutral")).triggered.connect(lambda _=False: self.reset(number))
        return menu

    def _set(self, place: str, value: object, _: bool = False) -> None:
        self.changed.emit(place, value, False)


def _spoken(number: int, band: EqBand) -> str:
    """What a screen reader says of a band, and the tool tip."""
    parts = [
        tr("Band {number}: {shape}", number=number + 1, shape=option_name(band.kind)),
        short_frequency(band.frequency_hz),
    ]
    if band.kind not in _GAINLESS:
        parts.append(f"{decimal(band.gain_db, 1, signed=True)} dB")
    parts.append(f"Q {decimal(band.q, 2)}")
    if not band.on:
        parts.append(tr("off"))
    return ", ".join(parts)
