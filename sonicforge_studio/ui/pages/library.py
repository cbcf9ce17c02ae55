"""The Library page: search, table, and what can be done with what is chosen."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QMenu, QStackedWidget, QVBoxLayout, QWidget

from sonicforge_studio.studio import PlayerState, Studio
from sonicforge_studio.ui.actions import FORMAT_NAMES, FORMATS, Actions
from sonicforge_studio.ui.bridge import Bridge
from sonicforge_studio.ui.kit import Kit
from sonicforge_studio.ui.listening import Listening, Piece, is_sounding
from sonicforge_studio.ui.pages.track_model import TrackModel
from sonicforge_studio.ui.pages.track_table import TrackTable
from sonicforge_studio.ui.shortcuts import KEYS
from sonicforge_studio.ui.text import tr, tr_count
from sonicforge_studio.ui.widgets.controls import Button, label
from sonicforge_studio.ui.widgets.empty import EmptyState

_SETTLE_MILLISECONDS = 250
"""Changes that come in a row, as an import's do, are shown together."""


class LibraryPage(QWidget):
    analyse_wanted = Signal(list)
    """The ids of one track to be opened on the Analysis page, or of two to be compared there."""
    choice_changed = Signal(int)
    """The id of the one track that was chosen."""

    def __init__(self, studio: Studio, actions: Actions, listening: Listening, bridge: Bridge, kit: Kit) -> None:
        super().__init__()
        self._kit = kit
        self._actions = actions
        self._listening = listening
        self._chosen_ids: set[int] = set()
        self._expected_id: int | None = None
        """The track of this table that is about to be heard, by a choice or because its turn has come."""
        self.setObjectName("page")
        self.model = TrackModel(studio.library, kit)
        self.table = TrackTable(kit, self.model)
        layout = QVBoxLayout(self)
        space = kit.theme.space
        layout.setContentsMargins(space.xl, space.xl, space.xl, 0)
        layout.setSpacing(space.l)
        layout.addLayout(self._head())
        self._stack = QStackedWidget()
        self._states = self._make_states()
        layout.addWidget(self._stack, 1)
        self._typing = self._timer(kit.theme.motion.typing_milliseconds, self._search_now)
        self._settling = self._timer(_SETTLE_MILLISECONDS, self.model.reload)
        self.search_field.textChanged.connect(lambda: self._typing.start())
        self.model.shown.connect(self._show_total)
        self.model.modelAboutToBeReset.connect(self._remember_choice)
        self.model.modelReset.connect(lambda: self.table.select(self._chosen_ids))
        self.table.chosen.connect(self._play)
        self.table.remove_wanted.connect(self._remove)
        self.table.menu_wanted.connect(self._show_menu)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._tell_choice())
        listening.changed.connect(self._show_playing)
        listening.loaded.connect(self._play_on)
        bridge.library_changed.connect(lambda: self._settling.isActive() or self._settling.start())
        self.model.reload(fresh=True)

    def _timer(self, milliseconds: int, call: object) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(call)
        return timer

    def _head(self) -> QHBoxLayout:
        theme = self._kit.theme
        row = QHBoxLayout()
        row.setSpacing(theme.space.m)
        row.addWidget(label(tr("Library"), "title"))
        self._total = label("", "muted")
        row.addWidget(self._total)
        row.addStretch(1)
        self.search_field = QLineEdit()
        self.search_field.setPlaceholderText(tr("Search    bpm:120-126    key:8A    lufs:<-12"))
        self.search_field.setAccessibleName(tr("Search the library"))
        self.search_field.setToolTip(
            tr(
                "Words of title, artist, prompt or folder, and bpm:174, bpm:120-126, key:8A, lufs:<-12, genre:house, "
                "approved:yes; like:42 finds by sound"
            )
        )
        self.search_field.setClearButtonEnabled(True)
        self.search_field.addAction(
            theme.icon("search", theme.colour.text_faint), QLineEdit.ActionPosition.LeadingPosition
        )
        self.search_field.setFixedWidth(theme.size.drawer)
        self.search_field.returnPressed.connect(self._search_now)
        row.addWidget(self.search_field)
        self.import_button = Button(tr("Import files…"), "", self._actions.import_dialog)
        self.import_button.setIcon(theme.icon("import"))
        self.import_button.setToolTip("Ctrl+O")
        row.addWidget(self.import_button)
        return row

    def _make_states(self) -> dict[str, QWidget]:
        theme = self._kit.theme
        loading = QLabel(tr("Reading the library…"))
        loading.setProperty("role", "muted")
        loading.setAlignment(Qt.AlignmentFlag.AlignCenter)
        states: dict[str, QWidget] = {
            "loading": loading,
            "table": self.table,
            "empty": EmptyState(
                theme,
                "library",
                tr("Drop music here"),
                tr("Files and folders dropped anywhere on the window are measured and catalogued here."),
                (tr("Import files…"), self._actions.import_dialog),
            ),
            "no-result": EmptyState(
                theme,
                "search",
                tr("Nothing found"),
                tr("No track fits this search. Fewer words, or a wider range such as bpm:110-130, find more."),
                (tr("Clear the search"), self.search_field.clear),
            ),
        }
        for state in states.values():
            self._stack.addWidget(state)
        return states

    # What is shown

    def state(self) -> str:
        """ "loading", "table", "empty" or "no-result"."""
        return next(name for name, widget in self._states.items() if widget is self._stack.currentWidget())

    def focus_search(self) -> None:
        self.search_field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search_field.selectAll()

    def find_alike(self, track_id: int) -> None:
        """Show what sounds most like a track; words and measures may be written behind it."""
        self.search_field.setText(f"like:{track_id} ")
        self._search_now()
        self.search_field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _search_now(self) -> None:
        self._typing.stop()
        self.model.search(self.search_field.text().strip())

    def _show_total(self, total: int) -> None:
        self._total.setText(tr_count("{count} track", "{count} tracks", total))
        self.table.show_order(by_sound=self.model.by_sound)
        state = "table" if total else "no-result" if self.model.searched else "empty"
        self._stack.setCurrentWidget(self._states[state])

    def _show_playing(self, state: PlayerState) -> None:
        piece = self._listening.piece
        self.table.show_playing(piece.track_id if piece else None, sounding=is_sounding(state))

    def _remember_choice(self) -> None:
        self._chosen_ids = {row.id for row in self.table.chosen_rows()}

    # What is done

    def _play(self, track_id: int) -> None:
        """Play a track, and then the table from there on."""
        self._expected_id = track_id
        self._actions.play(track_id)

    def _play_on(self, piece: Piece) -> None:
        """Have the next row follow without a gap; not where something else is heard."""
        if piece.track_id is None or piece.track_id != self._expected_id:
            self._expected_id = None
            return
        number = self.model.row_of(piece.track_id)
        following = None if number is None else number + 1
        if following is not None and following < self.model.rowCount():
            self._expected_id = self.model.row(following).id
            self._actions.queue(self._expected_id)

    def analyse_chosen(self) -> None:
        """Open the chosen track on the Analysis page, or compare the two that are chosen."""
        ids = [row.id for row in self.table.chosen_rows()]
        if len(ids) in (1, 2):
            self.analyse_wanted.emit(ids)

    def _tell_choice(self) -> None:
        rows = self.table.chosen_rows()
        if len(rows) == 1:
            self.choice_changed.emit(rows[0].id)

    def export_chosen(self, format: str) -> None:
        self._actions.export([(row.id, row.title) for row in self.table.chosen_rows()], format)

    def _remove(self) -> None:
        self._actions.remove([row.id for row in self.table.chosen_rows()])

    def _show_menu(self, place: QPoint) -> None:
        self.menu().popup(place)

    def menu(self) -> QMenu:
        """The context menu for what is chosen."""
        rows = self.table.chosen_rows()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if len(rows) == 1:
            self._add(menu, "play", tr("Play"), lambda: self._play(rows[0].id), "Return")
            self._add(menu, "", tr("Play next"), lambda: self._actions.play_next(rows[0].id))
            self._add(menu, "analysis", tr("Analyse"), self.analyse_chosen, KEYS["analyse"])
            self._add(menu, "master", tr("Master…"), lambda: self._actions.master(rows[0].id))
            self._add(menu, "search", tr("Find what sounds like this"), lambda: self.find_alike(rows[0].id))
        elif len(rows) == 2:
            self._add(menu, "analysis", tr("Compare: will these mix?"), self.analyse_chosen, KEYS["analyse"])
        export = menu.addMenu(self._kit.theme.icon("export"), tr("Export as"))
        for format in FORMATS:
            self._add(export, "", FORMAT_NAMES[format], lambda format=format: self.export_chosen(format))
        menu.addSeparator()
        if len(rows) == 1:
            self._add(menu, "folder", tr("Show in folder"), lambda: self._actions.reveal(rows[0].path))
        self._add(menu, "", tr("Copy path"), lambda: self._actions.copy_paths([row.path for row in rows]))
        menu.addSeparator()
        self._add(menu, "trash", tr("Remove from the library"), self._remove, "Delete")
        return menu

    def _add(self, menu: QMenu, icon: str, text: str, call: object, shortcut: str = "") -> QAction:
        action = menu.addAction(text)
        if icon:
            action.setIcon(self._kit.theme.icon(icon))
        if shortcut:
            action.setShortcut(QKeySequence(shortcut))
            action.setShortcutVisibleInContextMenu(True)
        action.triggered.connect(call)
        return action
