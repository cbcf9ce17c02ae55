"""The table's view: waveforms, two-line titles, score rings, and tracks that drag out as files."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QDrag, QKeyEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from sonicforge_studio.studio import TrackRow
from sonicforge_studio.ui.kit import Kit
from sonicforge_studio.ui.pages.track_model import COLUMNS, RIGHT_ALIGNED, ROW_ROLE, TrackModel, cell_text, heading
from sonicforge_studio.ui.text import tr, tr_count
from sonicforge_studio.ui.widgets.score import paint_ring

_SAMPLES = {
    "tempo_bpm": "000.0",
    "key": "12A · G# minor",
    "integrated_lufs": "−00.0",
    "duration_seconds": "0:00:00",
    "genre": "Drum and bass",
    "verdict_score": "Score",
    "added_at": "0000-00-00",
}
_Index = QModelIndex | QPersistentModelIndex


class TrackDelegate(QStyledItemDelegate):
    """Draws the cells. ``playing`` and ``hovered`` say which row is which."""

    def __init__(self, kit: Kit, model: TrackModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._kit = kit
        self._model = model
        self.playing_id: int | None = None
        self.sounding = False
        self.hovered_row = -1

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        theme = self._kit.theme
        row: TrackRow = index.data(ROW_ROLE)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        ground = (
            theme.colour.accent_soft
            if selected
            else theme.colour.surface
            if index.row() == self.hovered_row
            else theme.colour.canvas
        )
        painter.fillRect(option.rect, QColor(ground))
        painter.fillRect(
            QRect(option.rect.left(), option.rect.bottom(), option.rect.width(), theme.size.line),
            QColor(theme.colour.line),
        )
        inner = option.rect.adjusted(theme.space.s, 0, -theme.space.s, 0)
        match COLUMNS[index.column()]:
            case "play":
                self._paint_play(painter, inner, row, index.row() == self.hovered_row or selected)
            case "wave":
                self._paint_wave(painter, inner, row)
            case "title":
                self._paint_title(painter, inner, row)
            case "verdict_score":
                side = theme.size.score
                ring = QRectF(inner.left(), inner.center().y() + 1 - side / 2, side, side)
                paint_ring(painter, theme, ring, row.verdict_score, self._score_colour(row))
            case column:
                painter.setFont(option.font)
                colour = theme.colour.text_faint if self._model.missing(row.id) else theme.colour.text_muted
                painter.setPen(QColor(colour))
                text = cell_text(row, column)
                shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, inner.width())
                painter.drawText(inner, index.data(Qt.ItemDataRole.TextAlignmentRole), shown)

    def _score_colour(self, row: TrackRow) -> str:
        if row.approved:
            return self._kit.theme.colour.good
        return self._kit.theme.colour.warning

    def _paint_play(self, painter: QPainter, rect: QRect, row: TrackRow, near: bool) -> None:
        theme = self._kit.theme
        current = row.id == self.playing_id
        if self._model.missing(row.id):
            icon = theme.icon("warning", theme.colour.warning)
        elif current and self.sounding:
            icon = theme.icon("pause", theme.colour.accent)
        elif current or near:
            icon = theme.icon("play", theme.colour.accent if current else theme.colour.text)
        else:
            icon = theme.icon("play", theme.colour.line_strong)
        side = theme.size.icon_s
        icon.paint(painter, QRect(rect.center() - QPoint(side // 2, side // 2), QSize(side, side)))

    def _paint_wave(self, painter: QPainter, rect: QRect, row: TrackRow) -> None:
        theme = self._kit.theme
        peaks = self._model.wave(row.id)
        if not peaks:
            return
        current = row.id == self.playing_id
        area = rect.adjusted(0, theme.space.s, 0, -theme.space.s)
        ratio = painter.device().devicePixelRatioF()
        colour = theme.colour.accent if current else theme.colour.wave
        painter.drawPixmap(area.topLeft(), self._kit.peaks.pixmap(peaks, area.size(), colour, ratio))

    def _paint_title(self, painter: QPainter, rect: QRect, row: TrackRow) -> None:
        theme = self._kit.theme
        gone = self._model.missing(row.id)
        second = tr("File not found") if gone else row.artist
        for text, size, weight, colour, area in (
            (
                row.title,
                theme.tokens.type.body,
                theme.tokens.type.medium,
                theme.colour.text_faint
                if gone
                else theme.colour.accent
                if row.id == self.playing_id
                else theme.colour.text,
                rect if not second else rect.adjusted(0, theme.space.xs, 0, -rect.height() // 2),
            ),
            (
                second,
                theme.tokens.type.small,
                theme.tokens.type.regular,
                theme.colour.warning if gone else theme.colour.text_faint,
                rect.adjusted(0, rect.height() // 2, 0, -theme.space.xs),
            ),
        ):
            if not text:
                continue
            painter.setFont(theme.font(size, weight))
            painter.setPen(QColor(colour))
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, area.width())
            painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


class TrackTable(QTableView):
    """``chosen`` carries the id of a track to play."""

    chosen = Signal(int)
    remove_wanted = Signal()
    menu_wanted = Signal(QPoint)

    def __init__(self, kit: Kit, model: TrackModel) -> None:
        super().__init__()
        self._kit = kit
        self._model = model
        theme = kit.theme
        self.setModel(model)
        self.tracks = TrackDelegate(kit, model, self)
        self.setItemDelegate(self.tracks)
        self._header = TrackHeader(kit, self)
        self.setHorizontalHeader(self._header)
        self.setAccessibleName(tr("Tracks"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setDefaultDropAction(Qt.DropAction.CopyAction)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(theme.size.row)
        self.setSortingEnabled(True)
        self._size_columns()
        self.horizontalHeader().setSortIndicator(COLUMNS.index("added_at"), Qt.SortOrder.DescendingOrder)
        self.entered.connect(lambda index: self._hover(index.row()))
        self.viewportEntered.connect(lambda: self._hover(-1))
        self.clicked.connect(self._clicked)
        self.doubleClicked.connect(lambda index: self._choose(index.row()))

    def _size_columns(self) -> None:
        header, theme = self.horizontalHeader(), self._kit.theme
        header.setHighlightSections(False)
        header.setSectionsClickable(True)
        header.setMinimumSectionSize(theme.size.control)
        metrics = self.fontMetrics()
        for number, column in enumerate(COLUMNS):
            header.setSectionResizeMode(number, QHeaderView.ResizeMode.Fixed)
            if column == "play":
                header.resizeSection(number, theme.size.control_large)
            elif column == "wave":
                header.resizeSection(number, theme.size.wave_thumbnail + 2 * theme.space.s)
            elif column == "title":
                header.setSectionResizeMode(number, QHeaderView.ResizeMode.Stretch)
            else:
                header.resizeSection(number, metrics.horizontalAdvance(_SAMPLES[column]) + 2 * theme.space.m)

    def chosen_rows(self) -> list[TrackRow]:
        return [self._model.row(index.row()) for index in sorted(self.selectionModel().selectedRows())]

    def select(self, track_ids: set[int]) -> None:
        """Select these tracks, as far as they are there, after the rows came anew."""
        selection = self.selectionModel()
        for track_id in track_ids:
            number = self._model.row_of(track_id)
            if number is not None:
                selection.select(
                    self._model.index(number, 0), selection.SelectionFlag.Select | selection.SelectionFlag.Rows
                )

    def show_order(self, *, by_sound: bool) -> None:
        """The arrow stands beside the column that the rows are sorted by, where it is a column's order."""
        self._header.by_sound = by_sound
        self._header.viewport().update()

    def show_playing(self, track_id: int | None, *, sounding: bool) -> None:
        if (track_id, sounding) != (self.tracks.playing_id, self.tracks.sounding):
            self.tracks.playing_id, self.tracks.sounding = track_id, sounding
            self.viewport().update()

    def leaveEvent(self, event: object) -> None:
        self._hover(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self._choose(self.currentIndex().row())
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove_wanted.emit()
        elif event.key() == Qt.Key.Key_Space:
            event.ignore()  # it plays and pauses, everywhere
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.chosen_rows():
            self.menu_wanted.emit(event.globalPos())

    def startDrag(self, actions: Qt.DropAction) -> None:
        data = self._model.mimeData(self.selectionModel().selectedRows())
        if not data.urls():
            return
        drag = QDrag(self)
        drag.setMimeData(data)
        drag.setPixmap(self._drag_picture(len(data.urls())))
        drag.exec(Qt.DropAction.CopyAction)

    def _drag_picture(self, count: int) -> QPixmap:
        theme, ratio = self._kit.theme, self.devicePixelRatioF()
        text = tr_count("{count} file", "{count} files", count)
        font = theme.font(theme.tokens.type.body, theme.tokens.type.medium)
        width = self.fontMetrics().horizontalAdvance(text) + 2 * theme.space.l
        picture = QPixmap(QSize(width, theme.size.control) * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.colour.accent), theme.size.line))
        painter.setBrush(QColor(theme.colour.hover))
        area = QRectF(0.5, 0.5, width - 1, theme.size.control - 1)
        painter.drawRoundedRect(area, theme.tokens.radius.m, theme.tokens.radius.m)
        painter.setFont(font)
        painter.setPen(QColor(theme.colour.text))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
        painter.end()
        return picture

    def _hover(self, number: int) -> None:
        if number != self.tracks.hovered_row:
            self.tracks.hovered_row = number
            self.viewport().update()

    def _clicked(self, index: QModelIndex) -> None:
        if COLUMNS[index.column()] == "play":
            self._choose(index.row())

    def _choose(self, number: int) -> None:
        if 0 <= number < self._model.rowCount():
            self.chosen.emit(self._model.row(number).id)


class TrackHeader(QHeaderView):
    """Column names, with the arrow of the order beside the one that the rows are sorted by."""

    def __init__(self, kit: Kit, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._kit = kit
        self.by_sound = False
        """The rows have another order than a column's."""

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        painter.save()
        super().paintSection(painter, rect, section)
        painter.restore()
        if section != self.sortIndicatorSection() or self.by_sound or not self._kit:
            return
        theme = self._kit.theme
        ascending = self.sortIndicatorOrder() == Qt.SortOrder.AscendingOrder
        name = heading(COLUMNS[section])
        side, text = theme.space.m, self.fontMetrics().horizontalAdvance(name)
        right = COLUMNS[section] in RIGHT_ALIGNED
        x = rect.right() - theme.space.s - text - side if right else rect.left() + theme.space.s + text
        place = QRect(x, rect.center().y() - side // 2 + theme.size.line, side, side)
        theme.icon("chevron-up" if ascending else "chevron-down", theme.colour.accent).paint(painter, place)
