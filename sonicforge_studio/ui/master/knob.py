"""A knob, turned by dragging up and down, by the wheel and by the arrow keys; a double click brings it back."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QValidator, QWheelEvent
from PySide6.QtWidgets import QAbstractSlider, QDoubleSpinBox, QVBoxLayout, QWidget

from sonicforge_studio.domain.chain import Parameter
from sonicforge_studio.ui.master.words import figure_text, is_logarithmic, is_share, places_of, range_text
from sonicforge_studio.ui.numbers import decimal
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import label

_STEPS = 1000
_PAGE = 50
_ONE_KEY = 10
_PIXELS = 160.0
"""A drag over so many points is the whole range; with Shift over five times as many."""
_FINE = 5.0
_START_DEGREES, _TURN_DEGREES = 225.0, 270.0
_NOTCH = 120


class Knob(QAbstractSlider):
    """Its value is a place between 0 and 1000; what that means is its ``Figure``'s business."""

    reset_wanted = Signal()

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self._origin = 0.0
        self._held: tuple[float, float] | None = None
        self.setRange(0, _STEPS)
        self.setSingleStep(_ONE_KEY)
        self.setPageStep(_PAGE)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.SizeVerCursor)
        self.setFixedSize(theme.size.knob, theme.size.knob)

    def set_origin(self, share: float) -> None:
        """Where the arc begins: the neutral place, 0 to 1."""
        self._origin = share

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = (event.position().y(), float(self.value()))
            self.setSliderDown(True)
            self.setFocus(Qt.FocusReason.MouseFocusReason)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is None:
            return
        fine = _FINE if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
        y, value = self._held
        value += (y - event.position().y()) / (_PIXELS * fine) * _STEPS
        self._held = (event.position().y(), min(max(value, 0.0), float(_STEPS)))
        self.setValue(round(value))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = None
        self.setSliderDown(False)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset_wanted.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self.hasFocus():
            event.ignore()  # scrolling past must not turn it
            return
        self.setValue(self.value() + round(event.angleDelta().y() / _NOTCH * _ONE_KEY))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete):
            self.reset_wanted.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, colour = self._theme, self._theme.colour
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = float(theme.size.slider_groove)
        inset = width / 2 + theme.size.line
        frame = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        on = self.isEnabled()
        painter.setPen(QPen(QColor(colour.pressed), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawArc(frame, round(16 * -45.0), round(16 * _TURN_DEGREES))
        share = self.value() / _STEPS
        start = _START_DEGREES - _TURN_DEGREES * self._origin
        span = -_TURN_DEGREES * (share - self._origin)
        lit = QColor(colour.accent if on else colour.line_strong)
        if abs(span) > 1.0:
            painter.setPen(QPen(lit, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawArc(frame, round(16 * start), round(16 * span))
        inner = frame.adjusted(width + 1, width + 1, -width - 1, -width - 1)
        painter.setPen(QPen(QColor(colour.accent if self.hasFocus() else colour.line_strong), theme.size.line))
        painter.setBrush(QColor(colour.hover if self.underMouse() and on else colour.raised))
        painter.drawEllipse(inner)
        angle = math.radians(_START_DEGREES - _TURN_DEGREES * share)
        way = QPointF(math.cos(angle), -math.sin(angle))
        radius = inner.width() / 2
        painter.setPen(QPen(QColor(colour.text if on else colour.text_faint), theme.size.focus))
        painter.drawLine(inner.center() + way * radius * 0.4, inner.center() + way * radius * 0.85)
        painter.end()


class _Box(QDoubleSpinBox):
    """Writes a true minus, and leaves the wheel to the page."""

    def textFromValue(self, value: float) -> str:
        return decimal(value, self.decimals())

    def valueFromText(self, text: str) -> float:
        return super().valueFromText(text.replace("−", "-"))

    def validate(self, text: str, place: int) -> tuple[QValidator.State, str, int]:
        return super().validate(text.replace("−", "-"), place)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class Figure(QWidget):
    """A figure of the chain: its name, a knob, and a field to write it in."""

    moved = Signal(float, bool)
    """The new value, and whether a hand is still moving it."""
    let_go = Signal()

    def __init__(self, theme: Theme, name: str, parameter: Parameter, neutral: float, context: str = "") -> None:
        super().__init__()
        self._parameter = parameter
        self._neutral = neutral
        self._scale = 100.0 if is_share(parameter) else 1.0
        self._value = math.nan
        full = f"{context} {name}".strip()
        help = f"{tr(parameter.help)}\n{range_text(parameter)}"
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.space.xxs)
        caption = label(name, "caption")
        caption.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(caption)
        self.knob = Knob(theme, full)
        self.knob.set_origin(self._share(min(max(neutral, parameter.low), parameter.high)))
        column.addWidget(self.knob, 0, Qt.AlignmentFlag.AlignHCenter)
        self.box = _Box()
        self.box.setDecimals(places_of(parameter))
        self.box.setRange(parameter.low * self._scale, parameter.high * self._scale)
        self.box.setSuffix(f" {'%' if self._scale > 1 else parameter.unit}".rstrip())
        self.box.setKeyboardTracking(False)
        self.box.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.box.setProperty("bare", True)
        self.box.setAccessibleName(full)
        self.box.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # the knob has the tab stop
        self.box.setFixedWidth(theme.size.figure)
        column.addWidget(self.box)
        for widget in (caption, self.knob, self.box):
            widget.setToolTip(help)
            widget.setAccessibleDescription(help)
        self.setFixedWidth(theme.size.figure)
        self.knob.valueChanged.connect(self._turned)
        self.knob.sliderReleased.connect(self.let_go)
        self.knob.reset_wanted.connect(lambda: self._set(self._neutral, moving=False))
        self.box.valueChanged.connect(lambda value: self._set(value / self._scale, moving=False))

    @property
    def value(self) -> float:
        return self._value

    def show_value(self, value: float) -> None:
        """As it is set now; nothing is told."""
        if value == self._value:
            return
        self._value = value
        for widget in (self.knob, self.box):
            widget.blockSignals(True)
        if self._at(self.knob.value()) != value:
            self.knob.setValue(round(self._share(value) * _STEPS))
        self.box.setValue(value * self._scale)
        for widget in (self.knob, self.box):
            widget.blockSignals(False)
        self.knob.setAccessibleDescription(f"{figure_text(value, self._parameter)}. {tr(self._parameter.help)}")
        self.knob.update()

    def _turned(self, place: int) -> None:
        # Keys and wheel are strokes that follow each other: they join into one step as a drag does.
        self._set(self._at(place), moving=True)

    def _set(self, value: float, *, moving: bool) -> None:
        if value == self._value:
            return
        self.show_value(value)
        self.moved.emit(value, moving)

    def _share(self, value: float) -> float:
        low, high = self._parameter.low, self._parameter.high
        if is_logarithmic(self._parameter):
            return math.log(max(value, low) / low) / math.log(high / low)
        return (value - low) / (high - low)

    def _at(self, place: int) -> float:
        low, high = self._parameter.low, self._parameter.high
        share = place / _STEPS
        value = low * (high / low) ** share if is_logarithmic(self._parameter) else low + share * (high - low)
        places = places_of(self._parameter) + (2 if self._scale > 1 else 0)
        return min(max(round(value, places), low), high)

    def text(self) -> str:
        return figure_text(self._value, self._parameter)
