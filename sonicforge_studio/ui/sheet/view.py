"""A piece on the desk: what it is made of over time, each part with its strip, and what becomes of the changes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCursor, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QMenu, QScrollArea, QVBoxLayout, QWidget

from sonicforge_studio.domain import Concept, StudioError, Track
from sonicforge_studio.studio import (
    BEATS_PER_BAR,
    DRUM_PITCHES,
    HIGHEST_GAIN_DB,
    LOWEST_GAIN_DB,
    DraftShelf,
    Edits,
    PlayerState,
    Previews,
    genre_title,
    scale_of,
    sounds_of,
)
from sonicforge_studio.ui.actions import Actions
from sonicforge_studio.ui.analysis.axis import TimeAxis
from sonicforge_studio.ui.analysis.block_lane import Block, BlockLane, section_name
from sonicforge_studio.ui.analysis.ruler import Ruler
from sonicforge_studio.ui.kit import Kit
from sonicforge_studio.ui.listening import Listening, is_sounding
from sonicforge_studio.ui.numbers import key_name, tempo
from sonicforge_studio.ui.pages.variations import changes_text, part_name
from sonicforge_studio.ui.sheet.editing import Editing
from sonicforge_studio.ui.sheet.head import SheetHead
from sonicforge_studio.ui.sheet.note_rows import drum_name
from sonicforge_studio.ui.sheet.part_lane import PartLane, PartPicture
from sonicforge_studio.ui.sheet.part_row import PartRow
from sonicforge_studio.ui.sheet.rehearsal import Rehearsal
from sonicforge_studio.ui.sheet.strip import PartStrip
from sonicforge_studio.ui.steps import restored_text
from sonicforge_studio.ui.text import tr, tr_error
from sonicforge_studio.ui.widgets.controls import ElidedLabel, IconButton, label

_ZOOM_A_KEY = 2.0
_SHARE = 100
"""Of the room that is left, for each part."""


class SheetView(QFrame):
    """``open`` shows a track's piece; ``left`` tells that one wants to go back."""

    left = Signal()

    def __init__(
        self, actions: Actions, listening: Listening, kit: Kit, previews: Previews, drafts: DraftShelf
    ) -> None:
        super().__init__()
        self._actions = actions
        self._listening = listening
        self._kit = kit
        self.editing = Editing(kit.tasks, drafts)
        self.axis = TimeAxis()
        self.rehearsal = Rehearsal(kit, listening, previews)
        self.strips: dict[str, PartStrip] = {}
        self.lanes: dict[str, PartLane] = {}
        theme = kit.theme
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.space.xl, theme.space.l, theme.space.xl, theme.space.m)
        layout.setSpacing(theme.space.s)
        self.head = SheetHead(theme)
        self.head.left.connect(self.leave)
        self.head.toggled.connect(self._toggle)
        self.head.undone.connect(self._undo)
        self.head.thrown.connect(self.editing.throw_all)
        self.head.made.connect(self.make)
        layout.addWidget(self.head)
        self._ruler = Ruler(theme, self.axis)
        self.sections = BlockLane(theme, self.axis, tr("Form"), tr("No sections"))
        self.chords = BlockLane(theme, self.axis, tr("Chords"), tr("No chords"))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        layout.addLayout(self._over_all(area.verticalScrollBar().sizeHint().width()))
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area = area
        self._desk = QWidget()
        self._rows = QVBoxLayout(self._desk)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(theme.space.xs)
        self._rows.addStretch(0)
        area.setWidget(self._desk)
        layout.addWidget(area, 1)
        self._readout = ElidedLabel("", "small")
        layout.addWidget(self._readout)
        self.editing.changed.connect(self._follow)
        self.editing.composed.connect(self._show_sheet)
        self.editing.refused.connect(self._tell)
        self.editing.restored.connect(lambda one_step_back: self._show_reading(restored_text(one_step_back)))
        self.rehearsal.ready_changed.connect(self.head.show_ready)
        self.rehearsal.failed.connect(self._tell)
        actions.draft_made.connect(self.editing.made)
        listening.changed.connect(self._show_playback)
        self._show_reading("")

    def _over_all(self, scroll_bar: int) -> QVBoxLayout:
        """Time, form and chords, in line with the parts below, which stand in cards beside a scroll bar."""
        theme = self._kit.theme
        column = QVBoxLayout()
        column.setSpacing(theme.space.xs)
        edge = theme.size.line
        column.setContentsMargins(theme.space.s + edge, 0, scroll_bar + edge, 0)
        # Beside the chords stands the field that they are written in.
        gutters = {self._ruler: theme.size.strip + theme.size.row_names, self.chords: 0}
        gutters[self.sections] = gutters[self._ruler]
        for lane, gutter in gutters.items():
            lane.gutter = gutter
            lane.sought.connect(self._play_from)
            lane.reading.connect(self._show_reading)
        column.addWidget(self._ruler)
        column.addWidget(self.sections)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self._chords_head())
        row.addWidget(self.chords, 1)
        column.addLayout(row)
        return column

    def _chords_head(self) -> QWidget:
        theme = self._kit.theme
        head = QWidget()
        head.setFixedWidth(theme.size.strip + theme.size.row_names)
        row = QHBoxLayout(head)
        row.setContentsMargins(0, 0, theme.space.s, 0)
        row.setSpacing(theme.space.xs)
        name = label(tr("Chords"), "caption")
        row.addWidget(name)
        self.progression = QLineEdit()
        self.progression.setProperty("small", True)
        self.progression.setAccessibleName(tr("Chords in Roman numerals"))
        self.progression.setPlaceholderText(tr("The genre's own"))
        self.progression.setToolTip(tr("Roman numerals in place of the genre's chords: i9 VImaj7 iv9 v7"))
        self.progression.editingFinished.connect(lambda: self.editing.write_chords(self.progression.text()))
        name.setBuddy(self.progression)
        row.addWidget(self.progression, 1)
        said = tr("Roll {part} again", part=part_name("harmony"))
        self.harmony_dice = IconButton(theme, "dice", said, partial(self.editing.roll, "harmony"), small=True)
        row.addWidget(self.harmony_dice)
        return head

    # Opening and leaving

    def open(self, track: Track) -> None:
        """Show a track's piece; it must have been composed here."""
        recipe = track.recipe
        if recipe is None or recipe.concept is None:
            return
        self.head.title.show_text(track.title)
        seconds = recipe.concept.duration_seconds
        self.axis.show_track(seconds)
        self._build_rows({})
        self._show_reading("")
        self.rehearsal.open(recipe, track.title, tr("Draft"), seconds)
        self.editing.open(track, recipe)
        self.head.play_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def leave(self) -> None:
        """What is not made yet is kept, and is here again when the piece is opened."""
        if self.rehearsal.heard:
            self._listening.stop()
        self.rehearsal.close()
        self.editing.close()
        self.left.emit()

    async def finish(self) -> None:
        """The window closes: what is not made yet lies on the disk when this is over."""
        self.rehearsal.close()
        await self.editing.finish()

    def _build_rows(self, parts: dict[str, tuple[str, ...]]) -> None:
        while self._rows.count() > 1:
            item = self._rows.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.strips, self.lanes = {}, {}
        for number, (part, sounds) in enumerate(parts.items()):
            self._rows.insertWidget(number, self._row(part, sounds), _SHARE)

    def _row(self, part: str, sounds: tuple[str, ...]) -> QWidget:
        theme = self._kit.theme
        strip = PartStrip(theme, part_name(part), sounds, LOWEST_GAIN_DB, HIGHEST_GAIN_DB)
        lane = PartLane(theme, self.axis, part_name(part), drums=part == "drums")
        self.strips[part], self.lanes[part] = strip, lane
        strip.muted.connect(partial(self.editing.mute, part))
        strip.solo.connect(partial(self.editing.hear_alone, part))
        strip.rolled.connect(partial(self.editing.roll, part))
        strip.locked.connect(partial(self.editing.lock, part))
        strip.sound_chosen.connect(lambda sound: self.editing.edit(Edits(sounds={part: sound})))
        strip.sample_wanted.connect(partial(self._want_sample, part))
        strip.level_moved.connect(partial(self.editing.move_level, part))
        strip.open_wanted.connect(partial(self._open_part, part))
        lane.open_wanted.connect(partial(self._open_part, part))
        lane.rewritten.connect(partial(self.editing.rewrite, part))
        lane.repeat_wanted.connect(partial(self.repeat_bar, part))
        lane.sought.connect(self._play_from)
        lane.reading.connect(self._show_reading)
        row = PartRow(theme, part_name(part), strip, lane)
        row.dropped.connect(partial(self._drop_sample, part))
        row.reading.connect(self._show_reading)
        return row

    # Changing

    def _want_sample(self, part: str) -> None:
        """Ask for a file that plays a part, or one drum of the kit."""
        self._show_changes()  # until there is one, the sound is what it was
        if part != "drums":
            self._actions.choose_sample(partial(self.use_sample, part))
            return
        self._drums_menu(self._actions.choose_sample).popup(
            self.strips[part].mapToGlobal(self.strips[part].sound.geometry().bottomLeft())
        )

    def _drop_sample(self, part: str, path: str) -> None:
        """A file was dropped on a part; on the drums it is asked which one it plays."""
        if part != "drums":
            self.use_sample(part, path)
            return
        self._drums_menu(lambda use: use(path)).popup(QCursor.pos())

    def _drums_menu(self, chosen: Callable[[Callable[[str], None]], object]) -> QMenu:
        """``chosen`` is handed what makes a file play the drum."""
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        for drum, pitch in DRUM_PITCHES.items():
            use = partial(self.use_sample, drum)
            menu.addAction(drum_name(pitch)).triggered.connect(lambda _=False, use=use: chosen(use))
        return menu

    def use_sample(self, plays: str, path: str) -> None:
        """A file in place of a part's instrument, or of a drum; what it sounds like is heard at once."""
        self.editing.edit(Edits(samples=(f"{plays}={path}",)))

    def repeat_bar(self, part: str, bar: int) -> None:
        """What lies in a bar, in every bar of its section."""
        lane = self.lanes[part]
        lane.show_notes(self.editing.repeat_bar(part, lane.notes, bar))

    def _open_part(self, part: str, open: bool) -> None:
        for name, lane in self.lanes.items():
            lane.set_open(open and name == part)
            self.strips[name].show_open(open and name == part)
            # The open one gets the room that there is.
            self._rows.setStretch(list(self.lanes).index(name), _SHARE if not open or name == part else 0)
        lane = self.lanes[part]
        lane.setFocus(Qt.FocusReason.OtherFocusReason)
        if open:
            self._area.ensureWidgetVisible(lane)

    def _undo(self) -> None:
        self.editing.undo()
        self._show_progression()

    def _redo(self) -> None:
        self.editing.redo()
        self._show_progression()

    def _show_progression(self) -> None:
        if self.editing.concept is not None:
            self.progression.setText(self.editing.concept.progression)

    # Following what is edited

    def _follow(self) -> None:
        """The draft is another: levels are heard at once, the rest when it is played."""
        if self.editing.recipe is not None:
            self._show_changes()
            self._show_sounding()
            self.rehearsal.show(self.editing.recipe, self.editing.solo)

    def _show_sheet(self) -> None:
        sheet, concept = self.editing.sheet, self.editing.concept
        if sheet is None or concept is None:
            return
        if list(self.strips) != list(sheet.parts):
            self._build_rows({part: sounds_of(part) for part in sheet.parts})
        seconds_a_bar = BEATS_PER_BAR * 60 / sheet.tempo_bpm
        self.sections.show_blocks(
            [
                Block(
                    section.first_bar * seconds_a_bar,
                    (section.first_bar + section.bars) * seconds_a_bar,
                    f"{section_name(section.name)} {section.bars}",
                    "main" if section.name == "drop" else "plain",
                    section.energy,
                )
                for section in sheet.sections
            ]
        )
        self.chords.show_blocks(_chord_blocks(sheet.chords, seconds_a_bar))
        home = frozenset(scale_of(concept.key))
        for part, lane in self.lanes.items():
            lane.show_part(
                PartPicture(
                    self.editing.notes(part), sheet.tempo_bpm, len(sheet.chords), home, self.editing.is_heard(part)
                )
            )
        self._show_changes()

    def _show_sounding(self) -> None:
        for part, lane in self.lanes.items():
            lane.show_sounding(self.editing.is_heard(part))

    def _show_changes(self) -> None:
        """Strips, buttons and the words for what was changed."""
        draft, sheet, concept = self.editing.draft, self.editing.sheet, self.editing.concept
        if draft is None or concept is None:
            return
        written = {part.part for part in draft.recipe.written}
        for part, strip in self.strips.items():
            sound = concept.change_of(part).sound or (sheet.sounds.get(part, "") if sheet else "")
            strip.show_change(
                concept.change_of(part),
                sound,
                sample=_sample_name(concept, part),
                written=part in written,
                solo=part in self.editing.solo,
            )
        if not self.progression.hasFocus():
            self.progression.setText(concept.progression)
        said = [genre_title(concept.genre), f"{tempo(concept.tempo_bpm)} BPM", key_name(concept.key)]
        said.append(changes_text(concept))
        said += [tr("{part} written by hand", part=part_name(part)) for part in sorted(written) if part in self.strips]
        if draft.recipe.seed != draft.original.seed:
            said.append(tr("seed {seed}", seed=draft.recipe.seed))
        self.head.detail.show_text(" · ".join(part for part in said if part))
        self.head.make_button.setEnabled(draft.is_changed)
        self.head.undo_button.setEnabled(draft.can_undo)

    # Making

    def make(self) -> None:
        """Order the piece as it is now; it comes among the recent ones."""
        self.editing.write_chords(self.progression.text())
        if self.editing.track is not None:
            self._kit.tasks.start(self._make(self.editing.track))

    async def _make(self, track: Track) -> None:
        recipe = await self.editing.settled()
        if recipe is not None:
            self._actions.make_draft(track, recipe)
            self._show_reading(tr("Ordered: it will stand among the recently forged ones."))

    # Hearing

    def _toggle(self) -> None:
        if self.rehearsal.current or (self.rehearsal.heard and self._listening.playing):
            self._listening.toggle()
        else:
            self.rehearsal.play(self._listening.position_seconds() if self.rehearsal.heard else 0.0)

    def _play_from(self, seconds: float) -> None:
        if self.rehearsal.current:
            self._listening.seek(seconds)
        else:
            self.rehearsal.play(seconds)

    def _show_playback(self, state: PlayerState) -> None:
        if not self.isVisible():
            return
        heard = self.rehearsal.heard
        self.axis.set_position(state.position_seconds if heard else None)
        self.head.show_sounding(heard and is_sounding(state))

    def _tell(self, error: StudioError) -> None:
        self._show_reading(tr_error(error))

    def _show_reading(self, reading: str) -> None:
        self._readout.show_text(
            reading or tr("Click plays from there, the wheel zooms, a double click opens a part to write in")
        )

    # The keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, with_ = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
        if key == Qt.Key.Key_Z and with_ == control:
            self._undo()
        elif (key == Qt.Key.Key_Y and with_ == control) or (key == Qt.Key.Key_Z and with_ == control | shift):
            self._redo()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.axis.zoom(1 / _ZOOM_A_KEY)
        elif key == Qt.Key.Key_Minus:
            self.axis.zoom(_ZOOM_A_KEY)
        elif key == Qt.Key.Key_0:
            self.axis.show_all()
        elif key == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)


def _sample_name(concept: Concept, part: str) -> str:
    """What the file is called that plays a part; of the drums, the files; "" where there is none."""
    plays = DRUM_PITCHES if part == "drums" else (part,)
    return ", ".join(Path(choice.path).name for choice in concept.samples if choice.plays in plays)


def _chord_blocks(chords: tuple[str, ...], seconds_a_bar: float) -> list[Block]:
    """Bars of the same chord as one block."""
    blocks: list[Block] = []
    for bar, chord in enumerate(chords):
        start, end = bar * seconds_a_bar, (bar + 1) * seconds_a_bar
        if blocks and blocks[-1].text == chord and bar % BEATS_PER_BAR:
            blocks[-1] = Block(blocks[-1].start_seconds, end, chord)
        else:
            blocks.append(Block(start, end, chord))
    return blocks
