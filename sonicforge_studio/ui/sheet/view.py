"""A piece on the desk: what it is made of over time, each part with its strip, and what becomes of the changes."""

from __future__ import annotations

import asyncio
import random
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QMenu, QScrollArea, QVBoxLayout, QWidget

from sonicforge_studio.domain import Concept, Note, Recipe, StudioError, Track
from sonicforge_studio.studio import (
    BEATS_PER_BAR,
    DRUM_PITCHES,
    HIGHEST_GAIN_DB,
    LOWEST_GAIN_DB,
    Edits,
    PlayerState,
    Previews,
    Sheet,
    edited,
    genre_title,
    rewriting,
    rewritten,
    scale_of,
    sheet_of,
    sounds_of,
)
from sonicforge_studio.ui.actions import Actions
from sonicforge_studio.ui.analysis.axis import TimeAxis
from sonicforge_studio.ui.analysis.block_lane import Block, BlockLane, section_name
from sonicforge_studio.ui.analysis.ruler import Ruler
from sonicforge_studio.ui.kit import Kit
from sonicforge_studio.ui.listening import Listening, is_sounding
from sonicforge_studio.ui.numbers import key_name, tempo
from sonicforge_studio.ui.pages.forge_controls import LARGEST_SEED
from sonicforge_studio.ui.pages.variations import changes_text, part_name
from sonicforge_studio.ui.sheet.draft import Draft
from sonicforge_studio.ui.sheet.head import SheetHead
from sonicforge_studio.ui.sheet.note_rows import drum_name
from sonicforge_studio.ui.sheet.part_lane import PartLane, PartPicture
from sonicforge_studio.ui.sheet.rehearsal import Rehearsal
from sonicforge_studio.ui.sheet.strip import PartStrip
from sonicforge_studio.ui.text import tr, tr_error
from sonicforge_studio.ui.widgets.controls import ElidedLabel, IconButton, label

_ZOOM_A_KEY = 2.0
_PATIENCE_SECONDS = 0.02


class SheetView(QFrame):
    """``open`` shows a track's piece; ``left`` tells that one wants to go back."""

    left = Signal()

    def __init__(self, actions: Actions, listening: Listening, kit: Kit, previews: Previews) -> None:
        super().__init__()
        self._actions = actions
        self._listening = listening
        self._kit = kit
        self._track: Track | None = None
        self._sheet: Sheet | None = None
        self._solo: set[str] = set()
        self._moved = ""
        """The part whose fader moved last."""
        self._pending: dict[str, tuple[Note, ...]] = {}
        """Notes on their way into the draft, by part."""
        self._asked = 0
        self.draft: Draft | None = None
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
        self.head.thrown.connect(self.throw_all)
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
        self._rows.addStretch(1)
        area.setWidget(self._desk)
        layout.addWidget(area, 1)
        self._readout = ElidedLabel("", "small")
        layout.addWidget(self._readout)
        self.rehearsal.ready_changed.connect(self.head.show_ready)
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
        self.progression.editingFinished.connect(self._write_chords)
        name.setBuddy(self.progression)
        row.addWidget(self.progression, 1)
        said = tr("Roll {part} again", part=part_name("harmony"))
        self.harmony_dice = IconButton(theme, "dice", said, partial(self._roll, "harmony"), small=True)
        row.addWidget(self.harmony_dice)
        return head

    # Opening and leaving

    def open(self, track: Track) -> None:
        """Show a track's piece; it must have been composed here."""
        recipe = track.recipe
        if recipe is None or recipe.concept is None:
            return
        self._track = track
        self._solo.clear()
        self._pending.clear()
        self.draft = Draft(recipe)
        self.draft.changed.connect(self._follow)
        self.head.title.show_text(track.title)
        concept = recipe.concept
        self.axis.show_track(concept.duration_seconds)
        self._build_rows({})
        self._follow()
        self.rehearsal.open(recipe, track.title, tr("Draft"), concept.duration_seconds)
        self.head.play_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def leave(self) -> None:
        if self.rehearsal.heard:
            self._listening.stop()
        self.rehearsal.close()
        self.draft = None
        self._asked += 1
        self.left.emit()

    def _build_rows(self, parts: dict[str, tuple[str, ...]]) -> None:
        while self._rows.count() > 1:
            item = self._rows.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.strips, self.lanes = {}, {}
        for number, (part, sounds) in enumerate(parts.items()):
            self._rows.insertWidget(number, self._row(part, sounds))

    def _row(self, part: str, sounds: tuple[str, ...]) -> QWidget:
        theme = self._kit.theme
        strip = PartStrip(theme, part_name(part), sounds, LOWEST_GAIN_DB, HIGHEST_GAIN_DB)
        lane = PartLane(theme, self.axis, part_name(part), drums=part == "drums")
        self.strips[part], self.lanes[part] = strip, lane
        strip.muted.connect(lambda on: self._edit(Edits(mute=(part,)) if on else Edits(unmute=(part,))))
        strip.solo.connect(partial(self._hear_alone, part))
        strip.rolled.connect(partial(self._roll, part))
        strip.locked.connect(partial(self._lock, part))
        strip.sound_chosen.connect(lambda sound: self._edit(Edits(sounds={part: sound})))
        strip.sample_wanted.connect(partial(self._want_sample, part))
        strip.level_moved.connect(lambda decibels: self._edit(Edits(gains_db={part: decibels}), joined=part))
        strip.open_wanted.connect(partial(self._open_part, part))
        lane.open_wanted.connect(partial(self._open_part, part))
        lane.rewritten.connect(partial(self._rewrite, part))
        lane.repeat_wanted.connect(partial(self.repeat_bar, part))
        lane.sought.connect(self._play_from)
        lane.reading.connect(self._show_reading)
        row = QFrame()
        row.setObjectName("card")
        beside = QHBoxLayout(row)
        beside.setContentsMargins(theme.space.s, 0, 0, 0)
        beside.setSpacing(0)
        beside.addWidget(strip)
        beside.addWidget(lane, 1)
        return row

    # Changing

    def _edit(self, edits: Edits, *, joined: str = "") -> None:
        """Do it to the draft; what cannot be is told and nothing changes."""
        if self.draft is None:
            return
        try:
            changed = edited(self.draft.recipe, edits)
        except StudioError as error:
            self._show_reading(tr_error(error))
            return
        goes_on, self._moved = bool(joined) and joined == self._moved, joined
        self.draft.apply(changed, joined=goes_on)

    def _roll(self, part: str) -> None:
        self._edit(Edits(roll=(part,)))

    def _lock(self, part: str, on: bool) -> None:
        if self.draft is None or self.draft.recipe.concept is None:
            return
        locked = {change.part for change in self.draft.recipe.concept.changes if change.seed is not None}
        # Tonal parts bring the harmony with them; it goes when the last of them does.
        locked = (locked | {part} if on else locked - {part}) - {"harmony"}
        self._edit(Edits(lock=tuple(sorted(locked))))

    def _want_sample(self, part: str) -> None:
        """Ask for a file that plays a part, or one drum of the kit."""
        self._show_changes()  # until there is one, the sound is what it was
        if part != "drums":
            self._actions.choose_sample(partial(self.use_sample, part))
            return
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        for drum, pitch in DRUM_PITCHES.items():
            menu.addAction(drum_name(pitch)).triggered.connect(
                lambda _=False, drum=drum: self._actions.choose_sample(partial(self.use_sample, drum))
            )
        strip = self.strips[part]
        menu.popup(strip.mapToGlobal(strip.sound.geometry().bottomLeft()))

    def use_sample(self, plays: str, path: str) -> None:
        """A file in place of a part's instrument, or of a drum; what it sounds like is heard at once."""
        self._edit(Edits(samples=(f"{plays}={path}",)))

    def throw_all(self) -> None:
        """Another seed; locked parts stay."""
        self._edit(Edits(seed=random.randrange(LARGEST_SEED)))

    def _write_chords(self) -> None:
        if self.draft is not None and self.draft.recipe.concept is not None:
            text = " ".join(self.progression.text().split())
            if text != self.draft.recipe.concept.progression:
                self._edit(Edits(chords=text))

    def _rewrite(self, part: str, notes: tuple[Note, ...]) -> None:
        if self.draft is not None:
            self._pending[part] = notes
            self._kit.tasks.start(self._write(self.draft, part, notes))

    async def _write(self, draft: Draft, part: str, notes: tuple[Note, ...]) -> None:
        """Whether it is the engine's own again takes composing it, which is not for the main thread; what else is
        changed meanwhile stays, and of several hands on one part the last one counts."""
        while draft is self.draft and self._pending.get(part) is notes:
            before = draft.recipe
            changed = await asyncio.to_thread(rewritten, before, part, notes)
            if draft.recipe is before and self._pending.get(part) is notes:
                del self._pending[part]
                self._moved = ""
                draft.apply(changed)

    def repeat_bar(self, part: str, bar: int) -> None:
        """What lies in a bar, in every bar of its section."""
        for section in self._sheet.sections if self._sheet else ():
            end = section.first_bar + section.bars
            if section.first_bar <= bar < end:
                notes = rewriting.repeat_bar(self.lanes[part].notes, bar, section.first_bar, end)
                self.lanes[part].show_notes(notes)
                self._rewrite(part, notes)

    def _hear_alone(self, part: str, on: bool) -> None:
        (self._solo.add if on else self._solo.discard)(part)
        self._show_changes()
        self._hand_on()

    def _open_part(self, part: str, open: bool) -> None:
        for name, lane in self.lanes.items():
            lane.set_open(open and name == part)
            self.strips[name].show_open(open and name == part)
        lane = self.lanes[part]
        lane.setFocus(Qt.FocusReason.OtherFocusReason)
        if open:
            self._area.ensureWidgetVisible(lane)

    def _undo(self) -> None:
        if self.draft is None:
            return
        self._moved = ""
        if self._pending:
            # What is on its way is the last change.
            self._pending.clear()
            self._follow()
        else:
            self.draft.undo()
        self._show_progression()

    def _redo(self) -> None:
        if self.draft is not None and not self._pending:
            self._moved = ""
            self.draft.redo()
            self._show_progression()

    def _show_progression(self) -> None:
        if self.draft is not None and self.draft.recipe.concept is not None:
            self.progression.setText(self.draft.recipe.concept.progression)

    # Following the draft

    def _follow(self) -> None:
        """The draft is another: its notes are composed in a thread, levels are heard at once."""
        if self.draft is None:
            return
        self._asked += 1
        self._show_changes()
        self._hand_on()
        self._kit.tasks.start(self._compose(self._asked, self.draft.recipe))

    def _hand_on(self) -> None:
        if self.draft is not None:
            self.rehearsal.show(self.draft.recipe, frozenset(self._solo))

    async def _compose(self, question: int, recipe: Recipe) -> None:
        sheet = await asyncio.to_thread(sheet_of, recipe)
        if question == self._asked:
            self._show_sheet(sheet, recipe)

    def _show_sheet(self, sheet: Sheet, recipe: Recipe) -> None:
        self._sheet = sheet
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
        concept = recipe.concept
        if concept is None:
            return
        home = frozenset(scale_of(concept.key))
        for part, notes in sheet.parts.items():
            notes = self._pending.get(part, notes)
            sounding = not concept.change_of(part).muted and (not self._solo or part in self._solo)
            self.lanes[part].show_part(PartPicture(notes, sheet.tempo_bpm, len(sheet.chords), home, sounding))
        self._show_changes()

    def _show_changes(self) -> None:
        """Strips, buttons and the words for what was changed."""
        draft, sheet = self.draft, self._sheet
        if draft is None or draft.recipe.concept is None:
            return
        concept = draft.recipe.concept
        written = {part.part for part in draft.recipe.written}
        for part, strip in self.strips.items():
            sound = concept.change_of(part).sound or (sheet.sounds.get(part, "") if sheet else "")
            strip.show_change(
                concept.change_of(part),
                sound,
                sample=_sample_name(concept, part),
                written=part in written,
                solo=part in self._solo,
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
        self._write_chords()
        if self.draft is not None and self._track is not None:
            self._kit.tasks.start(self._make(self.draft, self._track))

    async def _make(self, draft: Draft, track: Track) -> None:
        """As soon as all that was written is in it."""
        while self._pending and draft is self.draft:
            await asyncio.sleep(_PATIENCE_SECONDS)
        if draft.is_changed:
            self._actions.make_draft(track, draft.recipe)
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
