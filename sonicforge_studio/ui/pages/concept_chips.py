"""What the composer understood, as chips: each opens a menu in which it can be had otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from sonicforge_studio.domain import Concept, FormSection, PartChange, SampleChoice
from sonicforge_studio.studio import genre_book, genre_title, mood_book, parts_of_genre, sounds_of
from sonicforge_studio.ui.numbers import decimal, key_name, tempo
from sonicforge_studio.ui.pages.variations import part_name
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import Button, label
from sonicforge_studio.ui.widgets.flow import FlowLayout

_ENERGIES = (0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class Wish:
    """What was chosen by hand instead of being left to the sentence; None is the sentence's to say."""

    genre: str | None = None
    moods: tuple[str, ...] | None = None
    instruments: tuple[str, ...] | None = None
    energy: float | None = None
    form: tuple[FormSection, ...] | None = None
    changes: tuple[PartChange, ...] = ()
    """Rolls, levels, sounds and locks of the piece that this one starts from."""
    progression: str = ""
    samples: tuple[SampleChoice, ...] = ()
    """Files that play in place of drums or instruments, from there too."""


class ConceptChips(QWidget):
    """``changed`` carries the new ``Wish``; ``control_wanted`` names a field below that holds the figure: "length",
    "tempo" or "key"."""

    changed = Signal(object)
    control_wanted = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._wish = Wish()
        self._concept: Concept | None = None
        self.setAccessibleName(tr("What the composer understands"))
        self.setMinimumHeight(theme.size.icon_l)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._place = QWidget()
        self._chips = FlowLayout(theme.space.xs, self._place)
        layout.addWidget(self._place)
        self.show_concept(None, Wish())

    def show_concept(self, concept: Concept | None, wish: Wish, *, parts: bool = True) -> None:
        """The concept as chips: what was said or chosen stands out, what the composer added itself does not. Without
        ``parts`` a model is to play, which reads every word and has no parts to choose."""
        self._concept, self._wish = concept, wish
        focused = self._focused_chip()
        before = self._chips.take_all()
        self._build(concept, wish, parts)
        # What has the keyboard goes last, and hands it on: hidden first, it would let Qt give it to anyone.
        if focused is not None and concept is not None:
            self._focus_chip(focused)
        for chip in before:
            chip.hide()
            chip.deleteLater()

    def _build(self, concept: Concept | None, wish: Wish, parts: bool) -> None:
        if concept is None:
            self._chips.addWidget(label(tr("Genre, tempo, key and mood are read as you type."), "caption"))
            self.setAccessibleDescription("")
            return
        said = concept.understood
        self._chip(genre_title(concept.genre), _said(said, "genre: "), tr("Genre"), self._genres)
        self._chip(f"{tempo(concept.tempo_bpm)} BPM", _ends(said, " BPM"), tr("Tempo"), "tempo")
        self._chip(key_name(concept.key), _said(said, "key: "), tr("Key"), "key")
        length = tr("{seconds} seconds", seconds=decimal(concept.duration_seconds, 0))
        self._chip(length, _ends(said, " seconds") or wish.form is not None, tr("Length"), "length")
        for mood in concept.moods:
            self._chip(mood, True, tr("Mood"), self._moods)
        if not concept.moods:
            self._chip(tr("Mood"), False, tr("Mood"), self._moods)
        if parts:
            self._part_chips(concept, wish)
        if wish != Wish():
            self._chip(tr("As written"), False, tr("Only what the sentence says"), self._forget)
        for text in concept.ignored:
            self._chips.addWidget(self._ignored(text) if parts else self._heeded(text))
        if not parts:
            self._chips.addWidget(self._model_plays())
        self.setAccessibleDescription(", ".join(said))

    def _part_chips(self, concept: Concept, wish: Wish) -> None:
        energy = tr("Energy {percent} %", percent=round(100 * concept.energy))
        self._chip(energy, wish.energy is not None, tr("Energy"), self._energies)
        for part, name in self._band(concept).items():
            text = part_name(part) if name == part else f"{part_name(part)}: {name}"
            self._chip(text, _ends(concept.understood, f"with {name}"), part_name(part), partial(self._sounds, part))
        if len(self._band(concept)) < len(parts_of_genre(concept.genre)):
            self._chip(tr("+ Part"), False, tr("Add a part"), self._missing_parts)

    def chips(self, role: str) -> list[str]:
        """The texts of the chips that were said or chosen ("read"), added by the composer ("chip"), left out
        ("ignored") or read by a model alone ("heeded")."""
        return [str(chip.property("said")) for chip in self._shown() if chip.property("role") == role]

    def order_tabs(self, before: QWidget, after: QWidget) -> None:
        """Tab goes from ``before`` through the chips to ``after``, as the eye does."""
        chain = [before, *(chip for chip in self._shown() if isinstance(chip, Button)), after]
        for one, next_ in pairwise(chain):
            QWidget.setTabOrder(one, next_)

    def _shown(self) -> list[QWidget]:
        items = (self._chips.itemAt(index) for index in range(self._chips.count()))
        widgets = (item.widget() for item in items if item is not None)
        return [widget for widget in widgets if widget is not None]

    # Building

    def _chip(self, text: str, said: bool, what: str, opens: str | Callable[[], QMenu | None]) -> None:
        chip = Button(text, "read" if said else "chip")
        chip.setProperty("said", text)
        name = f"{what}: {text}"
        chip.setAccessibleName(name)
        chip.setToolTip(tr("{what}, as understood; a click changes it", what=name) if said else name)
        if isinstance(opens, str):
            chip.clicked.connect(lambda: self.control_wanted.emit(opens))
        else:
            chip.clicked.connect(lambda: self._open(chip, opens()))
        self._chips.addWidget(chip)

    def _ignored(self, text: str) -> QWidget:
        chip = label(text, "ignored")
        chip.setProperty("said", text)
        chip.setAccessibleName(tr("Not understood, so left out: {text}", text=text))
        chip.setToolTip(chip.accessibleName())
        font = self._theme.font(self._theme.tokens.type.small)
        font.setStrikeOut(True)
        chip.setFont(font)
        return chip

    def _heeded(self, text: str) -> QWidget:
        """What the composer does not know, and a model hears all the same."""
        chip = label(text, "heeded")
        chip.setProperty("said", text)
        chip.setAccessibleName(tr("The model reads it as it stands: {text}", text=text))
        chip.setToolTip(chip.accessibleName())
        return chip

    def _model_plays(self) -> QWidget:
        text = tr("Form and parts are the model's own")
        chip = label(text, "heeded")
        chip.setProperty("said", text)
        chip.setToolTip(
            tr("A model plays one sound from the words: there are no parts, stems, notes or chords to change in it.")
        )
        return chip

    def _open(self, chip: Button, menu: QMenu | None) -> None:
        if menu is not None:
            menu.popup(chip.mapToGlobal(QPoint(0, chip.height())))

    def _focused_chip(self) -> int | None:
        return next((number for number, chip in enumerate(self._shown()) if chip.hasFocus()), None)

    def _focus_chip(self, number: int) -> None:
        shown = self._shown()
        chip = shown[min(number, len(shown) - 1)]
        # The layout shows it later, and what is hidden takes no keyboard.
        chip.show()
        chip.setFocus()

    # Menus

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        return menu

    def _genres(self) -> QMenu:
        menu = self._menu()
        for genre in genre_book().values():
            action = menu.addAction(genre_title(genre.id))
            action.setCheckable(True)
            action.setChecked(self._concept is not None and genre.id == self._concept.genre)
            # Parts and form are another genre's business.
            wish = replace(
                self._wish, genre=genre.id, instruments=None, form=None, changes=(), progression="", samples=()
            )
            action.triggered.connect(lambda _=False, wish=wish: self._choose(wish))
        return menu

    def _moods(self) -> QMenu:
        menu = self._menu()
        now = self._concept.moods if self._concept else ()
        for mood in mood_book():
            action = menu.addAction(mood)
            action.setCheckable(True)
            action.setChecked(mood in now)
            moods = tuple(one for one in now if one != mood) if mood in now else (*now, mood)
            action.triggered.connect(lambda _=False, moods=moods: self._choose(replace(self._wish, moods=moods)))
        return menu

    def _energies(self) -> QMenu:
        menu = self._menu()
        for energy in _ENERGIES:
            action = menu.addAction(f"{round(100 * energy)} %")
            action.triggered.connect(
                lambda _=False, energy=energy: self._choose(replace(self._wish, energy=energy, form=None))
            )
        return menu

    def _sounds(self, part: str) -> QMenu | None:
        if self._concept is None:
            return None
        menu, band = self._menu(), self._band(self._concept)
        for sound in () if part == "drums" else sounds_of(part):
            action = menu.addAction(sound)
            action.setCheckable(True)
            action.setChecked(band.get(part) == sound)
            action.triggered.connect(lambda _=False, sound=sound: self._play_with(band | {part: sound}))
        if len(band) > 1 and part in band:
            menu.addSeparator()
            left = {name: sound for name, sound in band.items() if name != part}
            menu.addAction(tr("Leave it out")).triggered.connect(lambda: self._play_with(left))
        return menu

    def _missing_parts(self) -> QMenu | None:
        if self._concept is None:
            return None
        menu, band = self._menu(), self._band(self._concept)
        for part in parts_of_genre(self._concept.genre):
            if part not in band:
                menu.addAction(part_name(part)).triggered.connect(
                    lambda _=False, part=part: self._play_with(band | {part: part})
                )
        return menu

    def _band(self, concept: Concept) -> dict[str, str]:
        """Who plays each part; a part's own name where the genre's instrument plays it."""
        known = {part: {part, *sounds_of(part)} for part in ("bass", "chords", "pads", "melody")}
        known["drums"] = {"drums"}
        return {
            part: name for name in concept.instruments for part in parts_of_genre(concept.genre) if name in known[part]
        }

    # Choosing

    def _choose(self, wish: Wish) -> None:
        self.changed.emit(wish)

    def _play_with(self, band: dict[str, str]) -> None:
        self._choose(replace(self._wish, instruments=tuple(band.values())))

    def _forget(self) -> None:
        self._choose(Wish())


def _said(understood: Sequence[str], start: str) -> bool:
    return any(text.startswith(start) for text in understood)


def _ends(understood: Sequence[str], end: str) -> bool:
    return any(text.endswith(end) for text in understood)
