"""One part's notes over time: a piano roll, or a grid of drums. Closed it is looked at, open it is written in."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QApplication

from sonicforge_studio.domain import Note
from sonicforge_studio.studio import BEATS_PER_BAR, rewriting
from sonicforge_studio.ui.analysis.axis import TimeAxis
from sonicforge_studio.ui.analysis.lane import Lane
from sonicforge_studio.ui.live.spectrogram_canvas import Stretch
from sonicforge_studio.ui.sheet.note_rows import NoteRows
from sonicforge_studio.ui.text import tr
from sonicforge_studio.ui.theme import Theme

STEP_BEATS = 0.25
_FAINTEST = 0.35
_LINES_FROM_PIXELS = 7.0
_VELOCITY_STEP = 12
_DRUM_PIXELS = 4.0
_GROWS = 2
"""So many times as high a lane becomes where there is room."""


@dataclass(frozen=True, slots=True)
class PartPicture:
    """What a lane shows."""

    notes: tuple[Note, ...]
    tempo_bpm: float
    bars: int
    home: frozenset[int]
    """The pitch classes of the key."""
    sounding: bool


class PartLane(Lane):
    """``rewritten`` carries the part's notes after a hand changed them; a double click, or Return, opens and closes it.

    Open: a click puts a note in, or takes hold of one; a drag moves it, at its end it makes it longer; a right click or
    Delete takes it out. Of drums a click on a stroke takes it out. The keys: see ``keyPressEvent``.
    """

    rewritten = Signal(object)
    open_wanted = Signal(bool)
    repeat_wanted = Signal(int)
    """A bar that is to be repeated through its section."""

    def __init__(self, theme: Theme, axis: TimeAxis, name: str, *, drums: bool) -> None:
        super().__init__(theme, axis, name, theme.size.lane_part)
        self.setMaximumHeight(_GROWS * theme.size.lane_part)
        self.gutter = theme.size.row_names
        self._drums = drums
        self._open = False
        self._shown = PartPicture((), 120.0, 0, frozenset(), True)
        self._rows = NoteRows.of((), drums=drums, open=False)
        self._chosen: Note | None = None
        self._held: tuple[Note, QPointF, bool] | None = None
        """The note under the hand as it was, where the hand took it, and whether by its end."""
        self._others: tuple[Note, ...] = ()
        """All notes but the one under the hand, as they were when it was taken."""
        self._length = STEP_BEATS if drums else 2 * STEP_BEATS
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.DefaultContextMenu)

    def show_part(self, picture: PartPicture) -> None:
        self._shown = picture
        if self._chosen not in picture.notes:
            self._chosen = None
        self._settle()

    def show_sounding(self, sounding: bool) -> None:
        """Whether it is heard: not muted, and nothing else alone."""
        if sounding != self._shown.sounding:
            self._shown = replace(self._shown, sounding=sounding)
            self.renew()

    def show_notes(self, notes: tuple[Note, ...]) -> None:
        self.show_part(self._with(notes))

    @property
    def opened(self) -> bool:
        return self._open

    @property
    def notes(self) -> tuple[Note, ...]:
        return self._shown.notes

    @property
    def chosen(self) -> Note | None:
        """The note that the keys act on."""
        return self._chosen

    def set_open(self, open: bool) -> None:
        self._open = open
        self._settle()
        size = self.theme.size
        height = max(size.lane_open, len(self._rows.pitches) * size.note_row) if open else size.lane_part
        self.setMinimumHeight(height)
        self.setMaximumHeight(_GROWS * height)
        self.renew()

    def _settle(self) -> None:
        self._rows = NoteRows.of(self._shown.notes, drums=self._drums, open=self._open)
        count = len(self._shown.notes)
        self.setAccessibleDescription(tr("Notes: {count}", count=count))
        self.renew()

    # Painting

    def draw(self, painter: QPainter, plot: QRectF, stretch: Stretch) -> None:
        self._draw_ground(painter, plot, stretch)
        shown = self._shown
        colour = QColor(self.theme.colour.accent if shown.sounding else self.theme.colour.wave)
        for note in shown.notes:
            area = self._area(note)
            if area is None or area.right() < 0 or area.left() > plot.width():
                continue
            colour.setAlphaF(_FAINTEST + (1.0 - _FAINTEST) * note.velocity / 127)
            painter.fillRect(area, colour)
            if note == self._chosen and self._open:
                painter.setPen(QColor(self.theme.colour.text))
                painter.drawRect(area.adjusted(0, 0, -1, -1))
        if not shown.notes:
            painter.setPen(QColor(self.theme.colour.text_faint))
            room = plot.adjusted(self.theme.space.s, 0, 0, 0)
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, tr("Plays nothing here"))

    def _draw_ground(self, painter: QPainter, plot: QRectF, stretch: Stretch) -> None:
        theme = self.theme
        height = plot.height() / len(self._rows.pitches)
        if self._open:
            for row, pitch in enumerate(self._rows.pitches):
                at_home = pitch % 12 in self._shown.home if not self._rows.drums else row % 2 == 0
                if at_home:
                    painter.fillRect(QRectF(0, row * height, plot.width(), height), QColor(theme.colour.raised))
        pixels_a_beat = plot.width() / stretch.seconds * 60 / self._shown.tempo_bpm
        step = next((one for one in (STEP_BEATS, 1.0, 4.0, 16.0) if one * pixels_a_beat >= _LINES_FROM_PIXELS), 64.0)
        beat = 0.0
        while beat <= self._shown.bars * BEATS_PER_BAR:
            x = self._x_of(beat)
            if 0 <= x <= plot.width():
                strong = beat % BEATS_PER_BAR == 0
                tint = QColor(theme.colour.line_strong if strong else theme.colour.line)
                painter.fillRect(QRectF(x, 0, theme.size.line, plot.height()), tint)
            beat += step

    def _paint_gutter(self, painter: QPainter, plot: QRect) -> None:
        """The rows' names; the part's own stands beside its fader."""
        theme = self.theme
        if self.hasFocus():
            painter.fillRect(QRectF(0, 0, theme.size.focus, plot.height()), QColor(theme.colour.accent))
        if not self._open:
            return
        painter.setFont(theme.font(theme.tokens.type.caption))
        painter.setPen(QColor(theme.colour.text_faint))
        height = plot.height() / len(self._rows.pitches)
        for row, pitch in enumerate(self._rows.pitches):
            if self._rows.drums or pitch % 12 == 0:
                room = QRectF(0, row * height, plot.left() - theme.space.s, height)
                painter.drawText(
                    room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._rows.name(pitch)
                )

    # Places

    def _x_of(self, beats: float) -> float:
        return self.x_at(beats * 60 / self._shown.tempo_bpm) - self.plot.left()

    def _beats_at(self, x: float) -> float:
        return self.seconds_at(x) * self._shown.tempo_bpm / 60

    def _area(self, note: Note) -> QRectF | None:
        """Where a note is painted, from the plot's left."""
        row = self._rows.row_of(note.pitch)
        if row is None:
            return None
        height = self.plot.height() / len(self._rows.pitches)
        left = self._x_of(note.start_beats)
        width = self._x_of(note.start_beats + note.length_beats) - left
        if self._drums:
            width = max(_DRUM_PIXELS, min(width, self._x_of(note.start_beats + STEP_BEATS) - left))
        seam = self.theme.size.line if height > 2 * _DRUM_PIXELS else 0
        return QRectF(left, row * height + seam, max(width - seam, 2.0), max(height - 2 * seam, 1.5))

    def note_at(self, place: QPointF) -> Note | None:
        inside = QPointF(place.x() - self.plot.left(), place.y())
        for note in reversed(self._shown.notes):
            area = self._area(note)
            if area is not None and area.contains(inside):
                return note
        return None

    def read(self, seconds: float, share: float) -> str:
        beats = seconds * self._shown.tempo_bpm / 60
        bar, beat = divmod(beats, BEATS_PER_BAR)
        place = tr("bar {bar}, beat {beat}", bar=int(bar) + 1, beat=int(beat) + 1)
        return f"{self.name} · {self._rows.name(self._rows.pitch_at(1.0 - share))} · {place}"

    # The mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        note = self.note_at(event.position()) if self._open else None
        if event.button() == Qt.MouseButton.RightButton and note is not None:
            self._take(note)
            return
        if event.button() != Qt.MouseButton.LeftButton or note is None:
            super().mousePressEvent(event)
        elif self._drums:
            self._take(note)
        else:
            area = self._area(note)
            at_end = area is not None and area.right() + self.plot.left() - event.position().x() <= self.theme.space.xs
            self._held = (note, event.position(), at_end)
            self._others = rewriting.take(self._shown.notes, note)
            self._choose(note)
        if self._open:
            self.setFocus(Qt.FocusReason.MouseFocusReason)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is None:
            super().mouseMoveEvent(event)
            return
        note, at, by_end = self._held
        if (event.position() - at).manhattanLength() < QApplication.startDragDistance() and self._chosen == note:
            return
        free = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        moved = self._beats_at(event.position().x()) - self._beats_at(at.x())
        beats = moved if free else round(moved / STEP_BEATS) * STEP_BEATS
        kept = self._others
        if by_end:
            length = max(STEP_BEATS / 4, note.length_beats + beats)
            notes, chosen = rewriting.put(kept, note.start_beats, length, note.pitch, note.velocity)
        else:
            rows = round((at.y() - event.position().y()) * len(self._rows.pitches) / max(1, self.plot.height()))
            start = max(0.0, note.start_beats + beats)
            pitch = self._rows.shifted(note.pitch, rows)
            notes, chosen = rewriting.put(kept, start, note.length_beats, pitch, note.velocity)
        self._shown, self._chosen = self._with(notes), chosen
        self.renew()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._held is not None:
            note, self._held = self._held[0], None
            if self._chosen is not None and self._chosen != note:
                self._length = self._chosen.length_beats
                self.rewritten.emit(self._shown.notes)
            return
        clicked = self._pressed is not None and not self._dragging and self.plot.contains(event.position().toPoint())
        if self._open and clicked and event.button() == Qt.MouseButton.LeftButton:
            self._pressed = None
            step = self._beats_at(event.position().x()) // STEP_BEATS * STEP_BEATS
            self._put(step, self._rows.pitch_at(event.position().y() / max(1, self.height())))
            return
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._open:
            self.mousePressEvent(event)
        else:
            self.open_wanted.emit(True)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The right button takes notes out."""

    # The keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """← → choose a note, ↑ ↓ move it by a step (Shift: an octave), Ctrl+← → move it in time, Shift+← → make it
        shorter or longer, Insert puts one behind it, Delete takes it out, [ and ] make it softer or stronger, R repeats
        its bar through the section, Return closes."""
        if not self._key(event):
            super().keyPressEvent(event)

    def _key(self, event: QKeyEvent) -> bool:
        key, with_ = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not with_:
            self.open_wanted.emit(not self._open)
            return True
        if not self._open:
            return False
        if key == Qt.Key.Key_Escape:
            self.open_wanted.emit(False)
            return True
        if key == Qt.Key.Key_Insert:
            note = self._chosen
            after = note.start_beats + note.length_beats if note else 0.0
            pitch = note.pitch if note else self._rows.pitches[len(self._rows.pitches) // 2]
            self._put(-(-after // STEP_BEATS) * STEP_BEATS, pitch)
            return True
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and not with_:
            self._choose_next(1 if key == Qt.Key.Key_Right else -1)
            return True
        return self._chosen is not None and self._change_chosen(self._chosen, Qt.Key(key), with_)

    def _change_chosen(self, note: Note, key: Qt.Key, with_: Qt.KeyboardModifier) -> bool:
        shift, control = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
        notes = self._shown.notes
        signs = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}
        sign = signs.get(key, 0)
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._take(note)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            octave = with_ == shift and not self._drums
            pitch = self._rows.shifted(note.pitch, sign * (12 if octave else 1))
            self._commit(*rewriting.move(notes, note, semitones=pitch - note.pitch))
        elif sign and with_ == control:
            self._commit(*rewriting.move(notes, note, beats=sign * STEP_BEATS))
        elif sign and with_ == shift:
            self._commit(*rewriting.stretch(notes, note, max(STEP_BEATS, note.length_beats + sign * STEP_BEATS)))
        elif key in (Qt.Key.Key_BracketLeft, Qt.Key.Key_BracketRight):
            louder = key == Qt.Key.Key_BracketRight
            self._commit(
                *rewriting.accent(notes, note, note.velocity + (_VELOCITY_STEP if louder else -_VELOCITY_STEP))
            )
        elif key == Qt.Key.Key_R and not with_:
            self.repeat_wanted.emit(int(note.start_beats // BEATS_PER_BAR))
        else:
            return False
        return True

    # Writing

    def _choose(self, note: Note | None) -> None:
        self._chosen = note
        self.setAccessibleDescription(self._said(note) if note else "")
        self.reading.emit(self._said(note) if note else "")
        self.renew()

    def _said(self, note: Note) -> str:
        bar, beat = divmod(note.start_beats, BEATS_PER_BAR)
        return tr(
            "{name}, bar {bar}, beat {beat}, strength {strength}",
            name=self._rows.name(note.pitch),
            bar=int(bar) + 1,
            beat=f"{beat + 1:.2f}".rstrip("0").rstrip("."),
            strength=note.velocity,
        )

    def _choose_next(self, step: int) -> None:
        notes = self._shown.notes
        if not notes:
            return
        at = notes.index(self._chosen) + step if self._chosen in notes else 0
        note = notes[min(max(at, 0), len(notes) - 1)]
        self._choose(note)
        stretch, seconds = self.axis.stretch, note.start_beats * 60 / self._shown.tempo_bpm
        if stretch is not None and not stretch.start_seconds <= seconds <= stretch.end_seconds:
            self.axis.move(seconds - stretch.start_seconds - stretch.seconds / 2)

    def _put(self, start_beats: float, pitch: int) -> None:
        if start_beats < self._shown.bars * BEATS_PER_BAR:
            self._commit(*rewriting.put(self._shown.notes, start_beats, self._length, pitch))

    def _take(self, note: Note) -> None:
        notes = self._shown.notes
        at = notes.index(note) if note in notes else 0
        left = rewriting.take(notes, note)
        self._commit(left, left[min(at, len(left) - 1)] if left else None)

    def _commit(self, notes: tuple[Note, ...], chosen: Note | None) -> None:
        self._shown = self._with(notes)
        self._rows = NoteRows.of(notes, drums=self._drums, open=self._open)
        self._choose(chosen)
        self.rewritten.emit(notes)

    def _with(self, notes: tuple[Note, ...]) -> PartPicture:
        shown = self._shown
        return PartPicture(notes, shown.tempo_bpm, shown.bars, shown.home, shown.sounding)
