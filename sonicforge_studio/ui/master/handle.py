"""Something on a picture that a hand takes hold of: dragged with the mouse, moved with the arrow keys, told by name."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from sonicforge_studio.ui.theme import Theme

_NOTCH = 120.0
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


class Handle(QWidget):
    dragged = Signal(QPointF)
    """To a place of the picture."""
    stepped = Signal(int, int, bool)
    """So many steps right and up, and whether they are fine ones (Shift)."""
    scrolled = Signal(float)
    """So many notches of the wheel, or of the + and − keys."""
    reset_wanted = Signal()
    menu_wanted = Signal(QPoint)
    """At this place of the screen."""
    taken = Signal()
    """It has the focus now, or the mouse."""
    let_go = Signal()

    def __init__(self, theme: Theme, parent: QWidget, text: str, cursor: Qt.CursorShape) -> None:
        super().__init__(parent)
        self._theme = theme
        self._picture = parent
        self._text = text
        self._grip: QPointF | None = None
        self._on, self._chosen = True, False
        self._drawn, self._drawn_state = QPixmap(), (False, False, False, 0.0)
        self.setFixedSize(theme.size.handle, theme.size.handle)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(cursor)

    def stand_at(self, x: float, y: float) -> None:
        """Its middle, in the picture; kept inside it."""
        room = self._picture.size()
        left = min(max(x - self.width() / 2, 0), room.width() - self.width())
        top = min(max(y - self.height() / 2, 0), room.height() - self.height())
        self.move(round(left), round(top))

    def middle(self) -> QPointF:
        return QPointF(self.geometry().center()) + QPointF(0.5, 0.5)

    def show_state(self, name: str, *, on: bool, chosen: bool) -> None:
        """``name`` says what it is and where it stands, for screen readers."""
        if self.accessibleName() != name:
            self.setAccessibleName(name)
            self.setToolTip(name)
        if (on, chosen) != (self._on, self._chosen):
            self._on, self._chosen = on, chosen
            self.update()

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.taken.emit()
        if event.button() == Qt.MouseButton.LeftButton:
            self._grip = event.position() - QPointF(self.rect().center())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            self.dragged.emit(QPointF(self.mapToParent(event.position().toPoint())) - self._grip)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            self._grip = None
            self.let_go.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._grip = None
        self.reset_wanted.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.taken.emit()
        self.scrolled.emit(event.angleDelta().y() / _NOTCH)
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.taken.emit()
        self.menu_wanted.emit(event.globalPos())

    # Keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, fine = Qt.Key(event.key()), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
            super().keyPressEvent(event)
        elif key in _ARROWS:
            self.stepped.emit(*_ARROWS[key], fine)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.scrolled.emit(1.0)
        elif key == Qt.Key.Key_Minus:
            self.scrolled.emit(-1.0)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.reset_wanted.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.menu_wanted.emit(self.mapToGlobal(self.rect().center()))
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.raise_()
        self.taken.emit()
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.let_go.emit()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        # It is shown again with each frame of the picture below it, and seldom another.
        state = (self._on, self._chosen, self.hasFocus(), self.devicePixelRatioF())
        if state != self._drawn_state:
            self._drawn, self._drawn_state = self._draw(), state
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._drawn)
        painter.end()

    def _draw(self) -> QPixmap:
        theme, colour = self._theme, self._theme.colour
        ratio = self.devicePixelRatioF()
        drawn = QPixmap(self.size() * ratio)
        drawn.setDevicePixelRatio(ratio)
        drawn.fill(Qt.GlobalColor.transparent)
        painter = QPainter(drawn)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        inset = theme.size.focus
        ring = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        if self._chosen and self._on:
            painter.setBrush(QColor(colour.accent))
            ink = colour.on_accent
        else:
            painter.setBrush(QColor(colour.raised))
            ink = colour.text if self._on else colour.text_faint
        edge = colour.text if self.hasFocus() else colour.accent if self._on else colour.line_strong
        painter.setPen(QPen(QColor(edge), theme.size.focus if self.hasFocus() else theme.size.line))
        painter.drawEllipse(ring)
        painter.setFont(theme.font(theme.tokens.type.caption, theme.tokens.type.bold))
        painter.setPen(QColor(ink))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._text)
        painter.end()
        return drawn
