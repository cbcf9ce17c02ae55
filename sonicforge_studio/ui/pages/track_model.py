"""The library as a table: light rows read page by page in threads, waveforms fetched for what is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import (
    QAbstractTableModel,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    QTimer,
    QUrl,
    Signal,
)

from sonicforge_studio.studio import Library, TrackRow, asks_for_sound, genre_title
from sonicforge_studio.ui.kit import Kit
from sonicforge_studio.ui.numbers import clock, decimal, key_name, tempo
from sonicforge_studio.ui.text import tr

COLUMNS = (
    "play",
    "wave",
    "title",
    "tempo_bpm",
    "key",
    "integrated_lufs",
    "duration_seconds",
    "genre",
    "verdict_score",
    "added_at",
)
ROW_ROLE = Qt.ItemDataRole.UserRole
PAGE_ROWS = 500

_Order = Literal[
    "title", "tempo_bpm", "key", "integrated_lufs", "duration_seconds", "genre", "verdict_score", "added_at"
]
_ORDERS: dict[str, _Order] = {
    "title": "title",
    "tempo_bpm": "tempo_bpm",
    "key": "key",
    "integrated_lufs": "integrated_lufs",
    "duration_seconds": "duration_seconds",
    "genre": "genre",
    "verdict_score": "verdict_score",
    "added_at": "added_at",
}
_Index = QModelIndex | QPersistentModelIndex
_WAVES_AT_ONCE = 24
_GATHER_MILLISECONDS = 20
RIGHT_ALIGNED = ("tempo_bpm", "integrated_lufs", "duration_seconds")


class TrackModel(QAbstractTableModel):
    """``shown`` tells how many tracks the search finds; ``loading`` that a new answer is being fetched."""

    shown = Signal(int)
    loading = Signal()

    def __init__(self, library: Library, kit: Kit) -> None:
        super().__init__()
        self._library = library
        self._kit = kit
        self._rows: list[TrackRow] = []
        self._total = 0
        self._search = ""
        self._order: _Order = "added_at"
        self._descending = True
        self._asked = 0
        self._missing: set[int] = set()
        self._waves: dict[int, bytes] = {}
        self._wanted: dict[int, None] = {}
        self._gathering = QTimer(self)
        self._gathering.setSingleShot(True)
        self._gathering.setInterval(_GATHER_MILLISECONDS)
        self._gathering.timeout.connect(self._fetch_waves)

    # What is asked

    def search(self, text: str) -> None:
        if text != self._search:
            self._search = text
            self.reload(fresh=True)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        name = _ORDERS.get(COLUMNS[column])
        if name is None:
            return
        descending = order == Qt.SortOrder.DescendingOrder
        if (name, descending) != (self._order, self._descending):
            self._order, self._descending = name, descending
            self.reload(fresh=True)

    def reload(self, *, fresh: bool = False) -> None:
        """Read again; only the newest question's answer is shown. ``fresh`` starts at the first page."""
        self._asked += 1
        self.loading.emit()
        count = PAGE_ROWS if fresh else max(PAGE_ROWS, len(self._rows))
        self._kit.tasks.start(self._load(self._asked, count))

    @property
    def searched(self) -> str:
        return self._search

    @property
    def by_sound(self) -> bool:
        """Whether the rows stand in the order of how they sound."""
        return asks_for_sound(self._search)

    async def _load(self, question: int, count: int) -> None:
        rows, total, missing = await asyncio.to_thread(self._read, 0, count)
        if question != self._asked:
            return
        same = [row.id for row in rows] == [row.id for row in self._rows]
        changed = {new.id for new, old in zip(rows, self._rows, strict=False) if new != old} if same else set()
        self._missing, self._total = missing, total
        if same:
            self._rows = rows
            for id in changed:
                self._waves.pop(id, None)
            if rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(COLUMNS) - 1))
        else:
            self.beginResetModel()
            self._rows = rows
            self._waves.clear()
            self.endResetModel()
        self.shown.emit(total)

    def _read(self, offset: int, count: int) -> tuple[list[TrackRow], int, set[int]]:
        # By sound the question has an order of its own: the most alike first.
        alike = self.by_sound
        rows = self._library.rows(
            search=self._search,
            order="relevance" if alike else self._order,
            descending=alike or self._descending,
            limit=count,
            offset=offset,
        )
        missing = {row.id for row in rows if not Path(row.path).exists()}
        # A page that is not full is the last one: what was found need not be looked for again to be counted.
        last = len(rows) < count and (rows or not offset)
        return rows, offset + len(rows) if last else self._library.count(self._search), missing

    def canFetchMore(self, parent: _Index) -> bool:
        return not parent.isValid() and len(self._rows) < self._total

    def fetchMore(self, parent: _Index) -> None:
        self._kit.tasks.start(self._load_more(self._asked, len(self._rows)))

    async def _load_more(self, question: int, offset: int) -> None:
        rows, total, missing = await asyncio.to_thread(self._read, offset, PAGE_ROWS)
        if question != self._asked or offset != len(self._rows) or not rows:
            return
        self.beginInsertRows(QModelIndex(), offset, offset + len(rows) - 1)
        self._rows += rows
        self._missing |= missing
        self._total = total
        self.endInsertRows()

    # What is shown

    def row(self, number: int) -> TrackRow:
        return self._rows[number]

    def row_of(self, track_id: int) -> int | None:
        return next((number for number, row in enumerate(self._rows) if row.id == track_id), None)

    def missing(self, track_id: int) -> bool:
        """Whether the file was not where it should be when the rows were read."""
        return track_id in self._missing

    def wave(self, track_id: int) -> bytes | None:
        """The waveform, or None while it is being fetched."""
        known = self._waves.get(track_id)
        if known is None and track_id not in self._wanted:
            self._wanted[track_id] = None
            if not self._gathering.isActive():
                self._gathering.start()
        return known

    def _fetch_waves(self) -> None:
        # The rows asked for last are those on the screen now.
        wanted = list(self._wanted)[-_WAVES_AT_ONCE:]
        self._kit.tasks.start(self._load_waves(wanted))

    async def _load_waves(self, wanted: list[int]) -> None:
        found = await asyncio.to_thread(self._read_waves, wanted)
        for id in wanted:
            self._wanted.pop(id, None)
            self._waves[id] = found.get(id, b"")
            number = self.row_of(id)
            if number is not None:
                place = self.index(number, COLUMNS.index("wave"))
                self.dataChanged.emit(place, place)
        if self._wanted:
            self._gathering.start()

    def _read_waves(self, wanted: list[int]) -> dict[int, bytes]:
        tracks = [self._library.track(id) for id in wanted]
        return {track.id: track.peaks for track in tracks if track is not None}

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 # Qt's own signature
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 # Qt's own signature
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if COLUMNS[section] in RIGHT_ALIGNED else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.DisplayRole:
            return heading(COLUMNS[section])
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], COLUMNS[index.column()]
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return cell_text(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column in RIGHT_ALIGNED else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ToolTipRole and self.missing(row.id):
            return tr("The file is not where it was: {path}", path=row.path)
        if role == Qt.ItemDataRole.ToolTipRole and column == "title":
            return row.path
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return cell_text(row, column) or row.title
        return None

    # Dragging out

    def flags(self, index: _Index) -> Qt.ItemFlag:
        kept = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        return kept | Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else kept

    def supportedDragActions(self) -> Qt.DropAction:
        return Qt.DropAction.CopyAction

    def mimeTypes(self) -> list[str]:
        return ["text/uri-list"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """The files themselves, so that a file manager or a DAW takes them; what is missing stays out."""
        numbers = sorted({index.row() for index in indexes})
        rows = [self._rows[number] for number in numbers if not self.missing(self._rows[number].id)]
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(row.path) for row in rows])
        return data


def heading(column: str) -> str:
    return {
        "title": tr("Title"),
        "tempo_bpm": tr("BPM"),
        "key": tr("Key"),
        "integrated_lufs": tr("LUFS"),
        "duration_seconds": tr("Length"),
        "genre": tr("Genre"),
        "verdict_score": tr("Score"),
        "added_at": tr("Added"),
    }.get(column, "")


def cell_text(row: TrackRow, column: str) -> str:
    match column:
        case "title":
            return row.title
        case "tempo_bpm":
            return tempo(row.tempo_bpm)
        case "key":
            return key_name(row.key)
        case "integrated_lufs":
            return decimal(row.integrated_lufs)
        case "duration_seconds":
            return clock(row.duration_seconds)
        case "genre":
            return genre_title(row.genre) if row.genre else ""
        case "verdict_score":
            return "" if row.verdict_score is None else f"{row.verdict_score:.0f}"
        case "added_at":
            return row.added_at[:10]
    return ""
