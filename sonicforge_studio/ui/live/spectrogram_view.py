"""The spectrogram of a whole track: drawn in the background, seen from the whole to single milliseconds."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from sonicforge_studio.domain import StudioError
from sonicforge_studio.studio.spectrogram_drawing import levels_of
from sonicforge_studio.studio.spectrograms import Spectrograms, TrackSpectrogram
from sonicforge_studio.ui.live.exports import Table, captioned, save_csv, save_png
from sonicforge_studio.ui.live.spectrogram_canvas import SpectrogramCanvas
from sonicforge_studio.ui.text import tr, tr_error
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import ElidedLabel, IconButton, label
from sonicforge_studio.ui.widgets.empty import EmptyState


class SpectrogramView(QFrame):
    """``show_track`` begins with a track; it is read once the view is seen. The wheel zooms, a drag moves, a click
    plays from there (``sought``), Shift and a drag loops (``loop_wanted``), Escape ends that (``loop_dropped``)."""

    sought = Signal(float)
    loop_wanted = Signal(float, float)
    loop_dropped = Signal()
    full_screen_wanted = Signal(object)
    """This view: shall it fill the screen, or go back to its place."""
    export_wanted = Signal(object, str)
    """This view, and "png" or "csv"."""
    _told = Signal()

    def __init__(self, theme: Theme, spectrograms: Spectrograms) -> None:
        super().__init__()
        self.name = "spectrogram"
        self.title = tr("Spectrogram")
        self._theme = theme
        self._spectrograms = spectrograms
        self._waiting = False
        """Whether the track waits to be seen before it is read."""
        self._piece = ("", "", 0.0)
        """What is shown: path, title, seconds."""
        self._track: TrackSpectrogram | None = None
        self._failed: QWidget | None = None
        self.setObjectName("live")
        self.setAccessibleName(self.title)
        self.canvas = SpectrogramCanvas(theme)
        self.canvas.sought.connect(self.sought)
        self.canvas.loop_wanted.connect(self.loop_wanted)
        self.canvas.loop_dropped.connect(self.loop_dropped)
        self.canvas.reading.connect(self._show_reading)
        self.setFocusProxy(self.canvas)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.space.m, theme.space.s, theme.space.s, theme.space.s)
        layout.setSpacing(theme.space.xs)
        layout.addLayout(self._head())
        self._enable(False)
        self._stack = QStackedWidget()
        self._empty = EmptyState(
            theme, "spectrum", tr("No track yet"), tr("Play a track to see all of it here, from its start to its end.")
        )
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.canvas)
        layout.addWidget(self._stack, 1)
        self._news = QTimer(self)
        self._news.setSingleShot(True)
        self._news.setInterval(theme.motion.screen_milliseconds)
        self._news.timeout.connect(self._renew)
        self._told.connect(self._hear, Qt.ConnectionType.QueuedConnection)

    def _head(self) -> QHBoxLayout:
        theme = self._theme
        head = QHBoxLayout()
        head.setSpacing(theme.space.xs)
        head.addWidget(label(self.title, "section"))
        head.addSpacing(theme.space.s)
        self._title = ElidedLabel("", "small")
        head.addWidget(self._title, 1)
        self.readout = label("", "small")
        self.readout.setAccessibleName(tr("Reading at the cursor"))
        head.addWidget(self.readout)
        head.addSpacing(theme.space.s)
        self.whole_button = IconButton(
            theme, "wave", tr("See the whole track"), self._see_all, shortcut="0", small=True
        )
        self.export_button = IconButton(theme, "export", tr("Export"), self._show_exports, small=True)
        self.full_button = IconButton(
            theme, "expand", tr("Fill the screen"), self._want_full_screen, shortcut="F", small=True
        )
        for button in (self.whole_button, self.export_button, self.full_button):
            head.addWidget(button)
        return head

    def _enable(self, there: bool) -> None:
        for button in (self.whole_button, self.export_button):
            button.setEnabled(there)

    # What is shown

    def show_track(self, path: str | Path, title: str, duration_seconds: float) -> None:
        """A file, its title, and its length where it is known (else 0)."""
        self.clear()
        if not str(path):
            return
        self._piece = (str(path), title, duration_seconds)
        self._enable(True)
        self._title.show_text(title)
        self._waiting = True
        self._stack.setCurrentWidget(self.canvas)
        self.canvas.show_track(None, duration_seconds)
        if self.isVisible():
            self._begin()

    def show_position(self, seconds: float) -> None:
        self.canvas.show_position(seconds)

    def show_loop(self, loop: tuple[float, float] | None) -> None:
        """The region that is looped, in seconds."""
        self.canvas.show_loop(loop)

    def clear(self) -> None:
        """Show no track."""
        self._close_track()
        self._waiting = False
        self._enable(False)
        self._title.show_text("")
        self.readout.setText("")
        self.canvas.show_track(None, 0.0)
        self._stack.setCurrentWidget(self._empty)
        self._forget_failure()

    def close_down(self) -> None:
        """Stop what is still being made."""
        self._news.stop()
        self._close_track()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._begin()

    def _begin(self) -> None:
        if not self._waiting:
            return
        self._waiting = False
        path, _, duration_seconds = self._piece
        self._track = self._spectrograms.open(path, self._told.emit)
        self.canvas.show_track(self._track, duration_seconds)
        self._show_reading("")

    def _close_track(self) -> None:
        if self._track is not None:
            self._track.close()
            self._track = None

    # News from the worker: gathered, and shown at the screen's pace

    def _hear(self) -> None:
        if not self._news.isActive():
            self._news.start()

    def _renew(self) -> None:
        track = self._track
        if track is None:
            return
        if track.state.error is not None and track.state.overview is None:
            self._show_failure(track.state.error)
            return
        self.canvas.renew()

    def _show_failure(self, error: StudioError) -> None:
        self._forget_failure()
        self._failed = EmptyState(
            self._theme,
            "error",
            tr("The spectrogram could not be drawn"),
            tr_error(error),
            (tr("Try again"), self._try_again),
            tone="danger",
        )
        self._stack.addWidget(self._failed)
        self._stack.setCurrentWidget(self._failed)
        self._enable(False)
        self.readout.setText("")

    def _forget_failure(self) -> None:
        if self._failed is not None:
            self._stack.removeWidget(self._failed)
            self._failed.deleteLater()
            self._failed = None

    def _try_again(self) -> None:
        self.show_track(*self._piece)

    def _show_reading(self, reading: str) -> None:
        self.readout.setText(reading or self._advice())

    def _advice(self) -> str:
        """What is said while nothing is read at a cursor."""
        track = self._track
        if track is None:
            return ""
        state = track.state
        if state.error is not None:
            return tr_error(state.error)
        if state.overview is None or not state.overview.complete:
            return tr("Reading the track, {percent} %", percent=round(100 * state.fraction))
        if state.overview.warning:
            return tr("The file is damaged: this is what could be read.")
        return tr("Wheel zooms, drag moves, click plays, Shift and drag loops")

    # Exports

    def picture(self, caption: str = "") -> QImage:
        """The view as it stands, without the cross-hair, under its title and ``caption``."""
        self.canvas.hover(None)
        text = " · ".join(part for part in (self.title, caption) if part)
        return captioned(self.canvas.grab(), self._theme, text)

    def table(self) -> Table:
        """What is seen: a row for each column of pixels, with its time and the level of each frequency."""
        window = self.canvas.seen
        if self._track is None or window is None:
            return Table(("seconds",), ())
        frequencies, levels = levels_of(self._track, window, self.canvas.device_width)
        columns = ("seconds", *(f"{hz:.1f} Hz dBFS" for hz in frequencies))
        step = window.seconds_per_pixel
        rows = [
            [f"{window.start_seconds + (column + 0.5) * step:.6f}", *map(float, line)]
            for column, line in enumerate(levels)
        ]
        return Table(columns, rows)

    def export_png(self, path: Path) -> None:
        """Raises ``OutputNotWritable`` or ``DiskFull``."""
        save_png(self.picture(), path)

    def export_csv(self, path: Path) -> None:
        """Raises ``OutputNotWritable`` or ``DiskFull``."""
        save_csv(self.table(), path)

    def _show_exports(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for kind, text in (("png", tr("Picture (PNG)…")), ("csv", tr("Figures (CSV)…"))):
            menu.addAction(text).triggered.connect(lambda _=False, kind=kind: self.export_wanted.emit(self, kind))
        menu.popup(self.export_button.mapToGlobal(self.export_button.rect().bottomLeft()))

    # Hands

    def _see_all(self) -> None:
        stretch = self.canvas.stretch
        if stretch is not None:
            self.canvas.show_stretch(0.0, stretch.track_seconds)

    def _want_full_screen(self) -> None:
        self.full_screen_wanted.emit(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        leaving = event.key() == Qt.Key.Key_Escape and self.isWindow()
        if leaving or (event.key() == Qt.Key.Key_F and not event.modifiers()):
            self._want_full_screen()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self.canvas.update()
