"""The form as a row of blocks, as wide as they are long: taken by the mouse or the keys, and changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from sonicforge_studio.domain import FormSection
from sonicforge_studio.ui.analysis.block_lane import section_name
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme

_MOST_BARS = 64
_MOST_SECTIONS = 24
_ENERGY_STEP = 0.1
_QUIET, _LOUD = 0.25, 1.0


class FormRow(QWidget):
    """``changed`` carries the new form. Keys: ← → choose a block, + − its bars, ↑ ↓ its energy, Ctrl+← → its place,
    Insert doubles it, Delete takes it out, Return opens its menu. An end that is dragged changes the bars."""

    changed = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._form: tuple[FormSection, ...] = ()
        self._names: tuple[str, ...] = ()
        self._chosen = 0
        self._held: tuple[int, float, int] | None = None
        """Whose end is dragged, from where, and how long the block was."""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(theme.size.control)
        self.setAccessibleName(tr("The form, block by block"))
        self.setToolTip(tr("Drag an end to change the bars; a right click, or Return, opens more"))

    def sizeHint(self) -> QSize:
        return QSize(self._theme.size.wave_card, self._theme.size.control)

    @property
    def form(self) -> tuple[FormSection, ...]:
        return self._form

    def show_form(self, form: Sequence[FormSection], names: Sequence[str]) -> None:
        """``names`` are the sections that the genre knows."""
        if self._held is not None:
            return
        self._form, self._names = tuple(form), tuple(names)
        self._chosen = min(self._chosen, max(0, len(self._form) - 1))
        self._tell()

    def _tell(self) -> None:
        self.setAccessibleDescription(", ".join(map(_described, self._form)))
        self.update()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._theme.font(self._theme.tokens.type.small))
        for number, section in enumerate(self._form):
            self._paint_block(painter, number, section)
        painter.end()

    def _paint_block(self, painter: QPainter, number: int, section: FormSection) -> None:
        theme, colour = self._theme, self._theme.colour
        area = self._area(number)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour.raised))
        painter.drawRoundedRect(area, theme.tokens.radius.s, theme.tokens.radius.s)
        # As high as it is loud: the form is seen as an energy curve.
        high = area.height() * (_QUIET + (_LOUD - _QUIET) * section.energy)
        ground = QColor(colour.accent if section.name == "drop" else colour.wave)
        ground.setAlphaF(0.35)
        painter.setBrush(ground)
        level = QRectF(area.left(), area.bottom() - high, area.width(), high)
        painter.drawRoundedRect(level, theme.tokens.radius.s, theme.tokens.radius.s)
        if self.hasFocus() and number == self._chosen:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QColor(colour.accent))
            painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), theme.tokens.radius.s, theme.tokens.radius.s)
        painter.setPen(QColor(colour.text))
        room = area.adjusted(theme.space.s, 0, -theme.space.xs, 0)
        text = f"{section_name(section.name)} {section.bars}"
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)

    def _area(self, number: int) -> QRectF:
        bars = sum(section.bars for section in self._form)
        before = sum(section.bars for section in self._form[:number])
        gap = self._theme.space.xxs
        unit = self.width() / max(1, bars)
        return QRectF(before * unit, 0, max(gap, self._form[number].bars * unit - gap), self.height())

    def _block_at(self, place: QPointF) -> int | None:
        return next((number for number in range(len(self._form)) if self._area(number).contains(place)), None)

    def _end_at(self, place: QPointF) -> int | None:
        """The block whose right end is under the mouse."""
        near = self._theme.space.xs
        return next((n for n in range(len(self._form)) if abs(self._area(n).right() - place.x()) <= near), None)

    # The mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        end, block = self._end_at(event.position()), self._block_at(event.position())
        if end is not None:
            self._held = (end, event.position().x(), self._form[end].bars)
            block = end
        if block is not None:
            self._chosen = block
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is None:
            at_end = self._end_at(event.position()) is not None
            self.setCursor(Qt.CursorShape.SplitHCursor if at_end else Qt.CursorShape.ArrowCursor)
            return
        number, from_x, bars = self._held
        unit = self.width() / max(1, sum(section.bars for section in self._form))
        wanted = min(max(1, bars + round((event.position().x() - from_x) / unit)), _MOST_BARS)
        self._form = self._with(number, replace(self._form[number], bars=wanted))
        self._tell()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        held, self._held = self._held, None
        if held is not None and self._form[held[0]].bars != held[2]:
            self.changed.emit(self._form)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        place = QPointF(event.pos())
        block = self._block_at(place)
        if block is not None:
            self._chosen = block
            self.update()
            self.menu().popup(event.globalPos())

    def menu(self) -> QMenu:
        """What can be done with the chosen block."""
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        for name in self._names:
            action = menu.addAction(section_name(name))
            action.setCheckable(True)
            action.setChecked(self._form[self._chosen].name == name)
            action.triggered.connect(lambda _=False, name=name: self._change(name=name))
        menu.addSeparator()
        for bars in (2, 4, 8, 16, 32):
            menu.addAction(tr("Bars: {bars}", bars=bars)).triggered.connect(
                lambda _=False, bars=bars: self._change(bars=bars)
            )
        menu.addSeparator()
        menu.addAction(tr("Double it")).triggered.connect(self._double)
        menu.addAction(tr("Take it out")).triggered.connect(self._take_out)
        return menu

    # The keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, control = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if not self._form or not self._key(Qt.Key(key), control=control):
            super().keyPressEvent(event)

    def _key(self, key: Qt.Key, *, control: bool) -> bool:
        section, step = self._form[self._chosen], {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(key, 0)
        if step and control:
            self._move(step)
        elif step:
            self._chosen = min(max(self._chosen + step, 0), len(self._form) - 1)
            self.setAccessibleDescription(_described(self._form[self._chosen]))
            self.update()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self._change(bars=min(section.bars + 1, _MOST_BARS))
        elif key == Qt.Key.Key_Minus:
            self._change(bars=max(section.bars - 1, 1))
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            step = 1 if key == Qt.Key.Key_Up else -1
            self._change(energy=round(min(max(section.energy + step * _ENERGY_STEP, 0.05), 1.0), 3))
        elif key == Qt.Key.Key_Insert:
            self._double()
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._take_out()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Menu):
            area = self._area(self._chosen)
            self.menu().popup(self.mapToGlobal(QPoint(round(area.left()), self.height())))
        else:
            return False
        return True

    # Changing

    def _with(self, number: int, section: FormSection) -> tuple[FormSection, ...]:
        return (*self._form[:number], section, *self._form[number + 1 :])

    def _commit(self, form: tuple[FormSection, ...]) -> None:
        if form != self._form:
            self._form = form
            self._tell()
            self.changed.emit(form)

    def _change(self, *, name: str | None = None, bars: int | None = None, energy: float | None = None) -> None:
        before = self._form[self._chosen]
        after = FormSection(name or before.name, bars or before.bars, before.energy if energy is None else energy)
        self._commit(self._with(self._chosen, after))

    def _move(self, step: int) -> None:
        to = self._chosen + step
        if 0 <= to < len(self._form):
            form = list(self._form)
            form[self._chosen], form[to] = form[to], form[self._chosen]
            self._chosen = to
            self._commit(tuple(form))

    def _double(self) -> None:
        if len(self._form) < _MOST_SECTIONS:
            at = self._chosen + 1
            self._commit((*self._form[:at], self._form[self._chosen], *self._form[at:]))

    def _take_out(self) -> None:
        if len(self._form) > 1:
            form = (*self._form[: self._chosen], *self._form[self._chosen + 1 :])
            self._chosen = min(self._chosen, len(form) - 1)
            self._commit(form)


def _described(section: FormSection) -> str:
    return tr(
        "{name}, bars: {bars}, energy {percent} %",
        name=section_name(section.name),
        bars=section.bars,
        percent=round(100 * section.energy),
    )
