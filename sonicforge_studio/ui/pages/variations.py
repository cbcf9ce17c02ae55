"""A forged piece once more, with one part rolled again or muted: the rest stays."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu

from sonicforge_studio.domain import Concept, Track
from sonicforge_studio.studio import LONGEST_SHEET_SECONDS, Edits, parts_of
from sonicforge_studio.ui.actions import Actions
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import IconButton

_ENGINE = "synth"


class VariationButton(IconButton):
    """Dice; a click opens what can be changed. Hidden for what no engine of ours can play again."""

    def __init__(self, theme: Theme, actions: Actions, track: Track) -> None:
        super().__init__(theme, "dice", tr("Vary {title}", title=track.title), self._open)
        self._actions = actions
        self._track = track
        self.setVisible(can_vary(track))

    def menu_of_changes(self) -> QMenu:
        """Each part to be rolled again, and to be muted or heard."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        concept = self._track.recipe.concept if self._track.recipe else None
        if concept is None:
            return menu
        _add_heading(menu, tr("Roll again"))
        parts = parts_of(concept)
        for part in (*parts, "harmony"):
            menu.addAction(part_name(part)).triggered.connect(
                lambda _=False, part=part: self._actions.vary(self._track, Edits(roll=(part,)))
            )
        menu.addSeparator()
        _add_heading(menu, tr("Heard"))
        for part in parts:
            heard = menu.addAction(part_name(part))
            heard.setCheckable(True)
            muted = concept.change_of(part).muted
            heard.setChecked(not muted)
            edits = Edits(unmute=(part,)) if muted else Edits(mute=(part,))
            heard.triggered.connect(lambda _=False, edits=edits: self._actions.vary(self._track, edits))
        return menu

    def _open(self) -> None:
        self.menu_of_changes().popup(self.mapToGlobal(QPoint(0, self.height())))


def can_start_from(track: Track) -> bool:
    """Whether a new piece can begin where it did: with its words, its figures and its engine."""
    recipe = track.recipe
    return recipe is not None and recipe.concept is not None and (recipe.engine == _ENGINE or recipe.neural is not None)


def can_vary(track: Track) -> bool:
    """Whether its parts can be played again with something changed: a model's sound has none."""
    recipe = track.recipe
    return recipe is not None and recipe.engine == _ENGINE and recipe.concept is not None


def can_open(track: Track) -> bool:
    """Whether its piece can be opened on the desk."""
    concept = track.recipe.concept if track.recipe else None
    return can_vary(track) and concept is not None and concept.duration_seconds <= LONGEST_SHEET_SECONDS


def _add_heading(menu: QMenu, text: str) -> None:
    """A section of a styled menu shows its line alone."""
    menu.addAction(text).setEnabled(False)


def part_name(part: str) -> str:
    return {
        "drums": tr("Drums"),
        "bass": tr("Bass"),
        "chords": tr("Chords"),
        "pads": tr("Pads"),
        "melody": tr("Melody"),
        "harmony": tr("Harmony"),
    }[part]


def changes_text(concept: Concept | None) -> str:
    """What was changed of a piece, in a few words; "" where nothing was."""
    if concept is None:
        return ""
    said = [
        tr("{part} rolled again", part=part_name(change.part)) if change.roll == 1
        else tr("{part} rolled {count} times", part=part_name(change.part), count=change.roll)
        for change in concept.changes if change.roll
    ]  # fmt: skip
    said += [tr("{part} muted", part=part_name(change.part)) for change in concept.changes if change.muted]
    if concept.progression:
        said.append(concept.progression)
    return " · ".join(said)
