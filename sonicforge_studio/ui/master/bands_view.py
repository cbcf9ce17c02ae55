"""Bands over the live spectrum: the crossovers between them are dragged sideways, a value of each upwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen

from sonicforge_studio.ui.master.handle import Handle
from sonicforge_studio.ui.master.spectrum_canvas import SpectrumCanvas
from sonicforge_studio.ui.master.words import band_range, short_frequency
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme

_STEP_RATIO, _FINE_RATIO = 2.0 ** (1 / 6), 2.0 ** (1 / 48)
_NARROWEST_RATIO = 1.5
"""Crossovers lie at least so far apart (``domain.chain``)."""
_TOP_DB = 12.0
"""A reduction so deep fills the band from the top to its middle."""


@dataclass(frozen=True, slots=True)
class BandValue:
    """What is dragged up and down in each band."""

    name: str
    place: Callable[[int], str]
    """Where the value of a band stands in the settings."""
    low: float
    high: float
    neutral: float
    step: float
    ticks: tuple[float, ...]
    text: Callable[[float], str]


class BandsView(SpectrumCanvas):
    band_chosen = Signal(int)

    def __init__(
        self,
        theme: Theme,
        name: str,
        value: BandValue,
        limits_hz: tuple[float, float],
        crossovers_hz: Sequence[float],
        values: Sequence[float],
    ) -> None:
        super().__init__(theme, name, value.low, value.high, value.ticks, "")
        self._value = value
        self._limits_hz = limits_hz
        self._usual_hz = tuple(crossovers_hz)
        self._crossovers_hz = tuple(crossovers_hz)
        self._values = tuple(values)
        self._notes: tuple[str, ...] = ("",) * len(self._values)
        self._live: tuple[bool, ...] = (True,) * len(self._values)
        self._reductions_db: tuple[float, ...] = ()
        self._on = True
        self.chosen = 0
        # In the order of the tab key: from low to high.
        self.bands: list[Handle] = []
        self.crossovers: list[Handle] = []
        for number in range(len(self._values)):
            self.bands.append(self._band(number))
            if number < len(self._crossovers_hz):
                self.crossovers.append(self._crossover(number))

    def _band(self, number: int) -> Handle:
        handle = Handle(self._theme, self, str(number + 1), Qt.CursorShape.SizeVerCursor)
        handle.dragged.connect(lambda place: self._set_value(number, self.value_at(place.y())))
        handle.stepped.connect(partial(self._step_value, number))
        handle.scrolled.connect(lambda notches: self._step_value(number, 0, 1 if notches > 0 else -1, False))
        handle.reset_wanted.connect(lambda: self._set_value(number, self._value.neutral))
        handle.taken.connect(partial(self.choose, number))
        handle.let_go.connect(self.let_go)
        return handle

    def _crossover(self, number: int) -> Handle:
        handle = Handle(self._theme, self, "", Qt.CursorShape.SizeHorCursor)
        handle.dragged.connect(lambda place: self._set_crossover(number, self.hz_at(place.x())))
        handle.stepped.connect(partial(self._step_crossover, number))
        handle.reset_wanted.connect(lambda: self._set_crossover(number, self._usual_hz[number]))
        handle.let_go.connect(self.let_go)
        return handle

    # What is shown

    def show_bands(
        self,
        crossovers_hz: Sequence[float],
        values: Sequence[float],
        notes: Sequence[str],
        live: Sequence[bool],
        *,
        on: bool,
    ) -> None:
        """``notes`` say more of each band; ``live`` are those that are on."""
        self._crossovers_hz, self._values = tuple(crossovers_hz), tuple(values)
        self._notes, self._live, self._on = tuple(notes), tuple(live), on
        self.place_handles()
        self.update()

    def show_reductions(self, reductions_db: tuple[float, ...]) -> None:
        """What each band takes away now, ≤ 0."""
        if reductions_db != self._reductions_db:
            self._reductions_db = reductions_db
            self.update()

    def choose(self, number: int) -> None:
        if number != self.chosen:
            self.chosen = number
            self.place_handles()
            self.update()
            self.band_chosen.emit(number)

    def _edges(self) -> list[float]:
        return [0.0, *(self.x_of(hz) for hz in self._crossovers_hz), float(self.width())]

    def place_handles(self) -> None:
        edges = self._edges()
        for number, handle in enumerate(self.bands):
            value = self._values[number]
            handle.stand_at((edges[number] + edges[number + 1]) / 2, self.y_of(value))
            spoken = tr(
                "Band {number}, {range}: {name} {value}",
                number=number + 1,
                range=band_range(number, self._crossovers_hz),
                name=self._value.name,
                value=self._value.text(value),
            )
            handle.show_state(spoken, on=self._on and self._live[number], chosen=number == self.chosen)
        for number, handle in enumerate(self.crossovers):
            hz = self._crossovers_hz[number]
            handle.stand_at(self.x_of(hz), self.scale_height - self._theme.size.handle / 2)
            spoken = tr("Crossover {number}: {frequency}", number=number + 1, frequency=short_frequency(hz))
            handle.show_state(spoken, on=self._on, chosen=False)

    def paint_over(self, painter: QPainter) -> None:
        theme, colour = self._theme, self._theme.colour
        edges = self._edges()
        bottom = self.scale_height
        ground = QColor(colour.accent)
        ground.setAlphaF(0.07)
        line = QColor(colour.accent if self._on else colour.text_faint)
        painter.setFont(theme.font(theme.tokens.type.small))
        for number in range(len(self._values)):
            room = QRectF(edges[number], 0.0, edges[number + 1] - edges[number], bottom)
            if number == self.chosen:
                painter.fillRect(room, ground)
            if number < len(self._reductions_db) and self._reductions_db[number] < 0.0:
                depth = min(-self._reductions_db[number] / _TOP_DB, 1.0) * bottom / 2
                taken = QColor(colour.accent)
                taken.setAlphaF(0.30)
                painter.fillRect(QRectF(room.left(), 0.0, room.width(), depth), taken)
            y = self.y_of(self._values[number])
            painter.setPen(QPen(line, theme.size.focus if self._live[number] else theme.size.line))
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
            painter.setPen(QColor(colour.text if number == self.chosen else colour.text_muted))
            words = f"{self._value.text(self._values[number])}\n{self._notes[number]}".strip()
            inner = room.adjusted(theme.space.xs, theme.space.xs, -theme.space.xs, 0)
            painter.drawText(inner, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, words)
        painter.setPen(QPen(QColor(colour.line_strong), theme.size.line))
        for x in edges[1:-1]:
            painter.drawLine(QPointF(x, 0.0), QPointF(x, bottom))

    def tick_text(self, value: float) -> str:
        return self._value.text(value)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        edges = self._edges()
        number = sum(event.position().x() >= x for x in edges[1:-1])
        self.bands[number].setFocus(Qt.FocusReason.MouseFocusReason)

    # Hands

    def _step_value(self, number: int, _: int, up: int, fine: bool) -> None:
        step = self._value.step / (5 if fine else 1)
        if up:
            self._set_value(number, self._values[number] + up * step)

    def _set_value(self, number: int, value: float) -> None:
        value = round(min(max(value, self._value.low), self._value.high), 2)
        place = self._value.place(number)
        self.many_changed.emit({place: value}, place)

    def _step_crossover(self, number: int, right: int, up: int, fine: bool) -> None:
        ratio = _FINE_RATIO if fine else _STEP_RATIO
        self._set_crossover(number, self._crossovers_hz[number] * ratio ** (right or up))

    def _set_crossover(self, number: int, hz: float) -> None:
        """As far as its neighbours and the limits let it."""
        low, high = self._limits_hz
        if number > 0:
            low = self._crossovers_hz[number - 1] * _NARROWEST_RATIO
        if number + 1 < len(self._crossovers_hz):
            high = self._crossovers_hz[number + 1] / _NARROWEST_RATIO
        moved = list(self._crossovers_hz)
        # Rounded inwards, so that the limits hold exactly.
        moved[number] = min(max(round(hz, 1), low), high)
        self.many_changed.emit({"crossovers_hz": tuple(moved)}, f"crossover.{number}")


class MarkView(SpectrumCanvas):
    """One frequency over the live spectrum: from there up, or down, the stage works."""

    def __init__(self, theme: Theme, name: str, place: str, limits_hz: tuple[float, float], *, upwards: bool) -> None:
        super().__init__(theme, name, -1.0, 1.0, (), "")
        self._place, self._limits_hz, self._upwards = place, limits_hz, upwards
        self._hz, self._on = limits_hz[0], True
        self._name = name
        self.handle = Handle(theme, self, "", Qt.CursorShape.SizeHorCursor)
        self.handle.dragged.connect(lambda place: self._set(self.hz_at(place.x())))
        self.handle.stepped.connect(
            lambda right, up, fine: self._set(self._hz * (_FINE_RATIO if fine else _STEP_RATIO) ** (right or up))
        )
        self.handle.let_go.connect(self.let_go)

    def show_mark(self, hz: float, *, on: bool) -> None:
        self._hz, self._on = hz, on
        self.place_handles()
        self.update()

    def place_handles(self) -> None:
        self.handle.stand_at(self.x_of(max(self._hz, 20.0)), self.scale_height / 2)
        self.handle.show_state(f"{self._name}: {short_frequency(self._hz)}", on=self._on, chosen=True)

    def paint_over(self, painter: QPainter) -> None:
        theme, colour = self._theme, self._theme.colour
        if self._hz <= 0.0:
            return
        x = self.x_of(self._hz)
        ground = QColor(colour.accent if self._on else colour.text_faint)
        ground.setAlphaF(0.12)
        left, right = (x, float(self.width())) if self._upwards else (0.0, x)
        painter.fillRect(QRectF(left, 0.0, right - left, self.scale_height), ground)
        painter.setPen(QPen(QColor(colour.accent if self._on else colour.text_faint), theme.size.focus))
        painter.drawLine(QPointF(x, 0.0), QPointF(x, self.scale_height))

    def _set(self, hz: float) -> None:
        low, high = self._limits_hz
        self.many_changed.emit({self._place: round(min(max(hz, low), high))}, self._place)
