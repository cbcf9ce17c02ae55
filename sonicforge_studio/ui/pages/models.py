"""The Models page: what can play, what it needs, and how it comes here and goes again."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from sonicforge_studio.domain import StudioError
from sonicforge_studio.studio import Job, ModelCard, Offer, spoken_bytes
from sonicforge_studio.ui.actions import Actions
from sonicforge_studio.ui.kit import Kit
from sonicforge_studio.ui.model_shelf import ModelShelf, download_title
from sonicforge_studio.ui.pages.model_row import ModelRow
from sonicforge_studio.ui.text import tr, tr_count, tr_error
from sonicforge_studio.ui.widgets.controls import Button, label
from sonicforge_studio.ui.widgets.empty import EmptyState
from sonicforge_studio.ui.widgets.names import licence_text
from sonicforge_studio.ui.widgets.notice import Notice
from sonicforge_studio.ui.widgets.question import Question


class ModelsPage(QWidget):
    """↑ ↓ go from one model to the next."""

    def __init__(self, shelf: ModelShelf, actions: Actions, kit: Kit) -> None:
        super().__init__()
        self._shelf = shelf
        self._actions = actions
        self._kit = kit
        self._rows: dict[str, ModelRow] = {}
        self.setObjectName("page")
        theme = kit.theme
        outer = QHBoxLayout(self)
        outer.setContentsMargins(theme.space.xl, theme.space.xl, theme.space.xl, 0)
        column = QWidget()
        column.setMaximumWidth(theme.size.page)
        outer.addWidget(column)
        layout = QVBoxLayout(column)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.space.l)
        layout.addLayout(self._head())
        self._notice = Notice(theme)
        layout.addWidget(self._notice)
        self._stack = QStackedWidget()
        layout.addWidget(self._stack, 1)
        loading = label(tr("Looking the models over…"), "muted")
        loading.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._trouble = QWidget()
        self._states: dict[str, QWidget] = {
            "loading": loading,
            "list": self._list(),
            "empty": EmptyState(
                theme,
                "models",
                tr("No model is known here"),
                tr("A model plays what no sample does. Drop the folder of one here, or add it."),
                (tr("Add folder…"), self.add_dialog),
            ),
            "error": self._trouble,
        }
        for state in self._states.values():
            self._stack.addWidget(state)
        shelf.changed.connect(self._show_cards)
        shelf.unreadable.connect(self._show_error)
        shelf.downloading.connect(self._show_download)

    def _head(self) -> QHBoxLayout:
        theme = self._kit.theme
        row = QHBoxLayout()
        row.setSpacing(theme.space.m)
        row.addWidget(label(tr("Models"), "title"))
        self._total = label("", "muted")
        row.addWidget(self._total)
        row.addStretch(1)
        self.add_button = Button(tr("Add folder…"), "", self.add_dialog)
        self.add_button.setIcon(theme.icon("folder"))
        self.add_button.setToolTip(tr("A folder with a MusicGen model as safetensors; it stays where it is."))
        row.addWidget(self.add_button)
        return row

    def _list(self) -> QScrollArea:
        theme = self._kit.theme
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, theme.space.l)
        column.setSpacing(theme.space.s)
        self._here_head, self._here = label(tr("On this machine"), "section"), QVBoxLayout()
        self._away_head, self._away = label(tr("To be had"), "section"), QVBoxLayout()
        for head, place in ((self._here_head, self._here), (self._away_head, self._away)):
            place.setSpacing(theme.space.s)
            head.setFixedHeight(theme.size.icon_l)
            column.addWidget(head)
            column.addLayout(place)
        column.addStretch(1)
        area.setWidget(content)
        self._area = area
        return area

    # What is shown

    def state(self) -> str:
        """ "loading", "list", "empty" or "error"."""
        return next(name for name, widget in self._states.items() if widget is self._stack.currentWidget())

    def rows(self) -> dict[str, ModelRow]:
        """Each model's row by its name, from top to bottom."""
        return dict(self._rows)

    def notice(self) -> str:
        return self._notice.text()

    def come_up(self) -> None:
        """The page is in front: look again, and have the keyboard where it was."""
        self._shelf.refresh()
        row = next(iter(self._rows.values()), None)
        (row or self.add_button).setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_cards(self, cards: Sequence[ModelCard]) -> None:
        before, focused = self._rows, next((name for name, row in self._rows.items() if row.hasFocus()), None)
        self._rows = {}
        here = [card for card in cards if card.path is not None]
        away = [card for card in cards if card.path is None]
        for place, group in ((self._here, here), (self._away, away)):
            for number, card in enumerate(group):
                row = before.pop(card.name, None) or self._row(card)
                row.show_card(card)
                row.show_download(self._shelf.download_of(card))
                self._rows[card.name] = row
                if place.indexOf(row) != number:
                    place.insertWidget(number, row)
        for row in before.values():
            row.hide()
            row.deleteLater()
        self._here_head.setVisible(bool(here))
        self._away_head.setVisible(bool(away))
        self._total.setText(_total_text(here))
        self._stack.setCurrentWidget(self._states["list" if cards else "empty"])
        if focused in before and self._rows:
            next(iter(self._rows.values())).setFocus(Qt.FocusReason.OtherFocusReason)

    def _row(self, card: ModelCard) -> ModelRow:
        row, name = ModelRow(self._kit.theme, card), card.name
        row.use_wanted.connect(lambda: self._actions.model_wanted.emit(name))
        row.download_wanted.connect(lambda: self._ask(name))
        row.cancel_wanted.connect(lambda: self._cancel(row.card))
        row.remove_wanted.connect(lambda: self._ask_to_remove(row.card))
        row.step_wanted.connect(lambda step: self._step(row, step))
        row.reveal_wanted.connect(lambda: self._reveal(row.card))
        return row

    def _reveal(self, card: ModelCard) -> None:
        if card.path is not None:
            self._actions.reveal(str(card.path / "config.json"))

    def _show_error(self, error: StudioError) -> None:
        state = EmptyState(
            self._kit.theme, "error", tr(error.message), tr(error.hint), (tr("Try again"), self._shelf.refresh),
            tone="danger",
        )  # fmt: skip
        self._stack.removeWidget(self._states["error"])
        self._states["error"].deleteLater()
        self._states["error"] = state
        self._stack.addWidget(state)
        self._stack.setCurrentWidget(state)

    def _show_download(self, job: Job) -> None:
        for row in self._rows.values():
            if download_title(row.card) == job.title:
                row.show_download(self._shelf.download_of(row.card))

    # Adding

    def add_dialog(self) -> None:
        self._actions.choose_folder(tr("Add the folder of a model"), lambda folder: self.add([folder]))

    def add(self, folders: Sequence[str]) -> None:
        """Put folders of the user's own on the shelf; what is wrong with one is said above the list."""
        self._notice.say("")
        self._shelf.add(folders, self._tell)

    def _tell(self, error: StudioError) -> None:
        self._notice.say(tr_error(error))

    # Downloading

    def _ask(self, name: str) -> None:
        self._rows[name].show_asking(True)
        self._shelf.ask(
            name, lambda offer: self._take_offer(name, offer), lambda error: self._tell_no_offer(name, error)
        )

    def _tell_no_offer(self, name: str, error: StudioError) -> None:
        if name in self._rows:
            self._rows[name].show_asking(False)
            self._rows[name].show_trouble(error)

    def _take_offer(self, name: str, offer: Offer) -> None:
        if name in self._rows:
            self._rows[name].show_asking(False)
            self._show_offer(self._rows[name].card, offer)

    def _show_offer(self, card: ModelCard, offer: Offer) -> None:
        short = offer.download_bytes > offer.free_bytes
        facts = (
            (tr("From"), offer.hub),
            (tr("To download"), spoken_bytes(offer.download_bytes)),
            (tr("Free on the disk"), spoken_bytes(offer.free_bytes)),
            (tr("Licence"), licence_text(offer.licence)),
        )
        text = (
            tr("There is not enough space for it: free some, then try again.")
            if short
            else tr("What it plays is under that licence. The download goes on where it was cut off, and is checked.")
        )
        title = tr("Download {title}?", title=card.title)
        question = Question(self._kit.theme, self.window(), title, text, tr("Yes, download"), facts)
        question.yes_button.setEnabled(not short)
        question.accepted.connect(lambda: self._shelf.download(card, offer))
        question.open()

    def _cancel(self, card: ModelCard) -> None:
        job = self._shelf.download_of(card)
        if job is not None:
            self._shelf.cancel(job)

    # Removing

    def _ask_to_remove(self, card: ModelCard) -> None:
        text = (
            tr("It is taken off this list. The folder itself stays where it is.")
            if card.local
            else tr(
                "{size} become free. It can be downloaded again.",
                size=spoken_bytes(card.disk_bytes + card.partial_bytes),
            )
        )
        title = tr("Remove {title}?", title=card.title)
        question = Question(self._kit.theme, self.window(), title, text, tr("Yes, remove"))
        question.accepted.connect(lambda: self._shelf.remove(card.name, self._tell))
        question.open()

    # Keys

    def _step(self, row: ModelRow, step: int) -> None:
        rows = list(self._rows.values())
        taking = rows[min(max(0, rows.index(row) + step), len(rows) - 1)]
        taking.setFocus(Qt.FocusReason.OtherFocusReason)
        self._area.ensureWidgetVisible(taking)


def _total_text(here: Sequence[ModelCard]) -> str:
    if not here:
        return ""
    count = tr_count("{count} model here", "{count} models here", len(here))
    return f"{count} · {spoken_bytes(sum(card.disk_bytes for card in here))}"
