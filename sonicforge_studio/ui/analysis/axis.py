"""The time that all lanes of a track share: what is seen of it, where the music is, and what the mouse is over."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from sonicforge_studio.ui.live.spectrogram_canvas import Stretch

SHORTEST_SECONDS = 0.02
_FOLLOWED_SECONDS = 1.0
"""A shorter stretch would turn its pages too fast to be read while the music plays."""
_PLAYED_ON_SECONDS = 1.0
"""A position that leaps further was sought, not played on to."""
_PAGE_MARGIN = 0.06


class TimeAxis(QObject):
    """``changed`` tells that other seconds are seen; ``moved`` that the play head went from one place to another,
    ``hovered`` that the mouse did (either end is None where it is not there)."""

    changed = Signal()
    moved = Signal(object, object)
    hovered = Signal(object, object)
    loop_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.stretch: Stretch | None = None
        """The seconds that are seen; None without a track."""
        self.position_seconds: float | None = None
        self.hover_seconds: float | None = None
        self.loop: tuple[float, float] | None = None
        self.held = False
        """While a hand drags, no page is turned under it."""

    def show_track(self, duration_seconds: float) -> None:
        """All of a track so long; 0 for none."""
        self.position_seconds = self.hover_seconds = self.loop = None
        self._set(Stretch(0.0, duration_seconds, duration_seconds) if duration_seconds > 0.0 else None)

    def show_all(self) -> None:
        if self.stretch is not None:
            self._set(Stretch(0.0, self.stretch.track_seconds, self.stretch.track_seconds))

    def show_stretch(self, start_seconds: float, end_seconds: float) -> None:
        """See these seconds, as far as the track has them."""
        if self.stretch is not None:
            whole = self.stretch.track_seconds
            seconds = min(max(end_seconds - start_seconds, SHORTEST_SECONDS), whole)
            self._set(Stretch(start_seconds, seconds, whole).moved(0.0))

    def zoom(self, factor: float, at_seconds: float | None = None) -> None:
        """See ``factor`` times as much around a place: the play head where it is seen, else the middle."""
        stretch = self.stretch
        if stretch is None:
            return
        factor = max(factor, min(1.0, SHORTEST_SECONDS / stretch.seconds))
        self._set(stretch.zoomed(factor, self._anchor(stretch) if at_seconds is None else at_seconds))

    def move(self, seconds: float) -> None:
        if self.stretch is not None:
            self._set(self.stretch.moved(seconds))

    def set_stretch(self, stretch: Stretch) -> None:
        self._set(stretch)

    def set_position(self, seconds: float | None) -> None:
        """Where the music is. The page turns when it plays out of what is seen."""
        before, self.position_seconds = self.position_seconds, seconds
        if before == seconds:
            return
        stretch = self.stretch
        if stretch is not None and before is not None and seconds is not None and self._plays_out(before, seconds):
            start = seconds - _PAGE_MARGIN * stretch.seconds
            self._set(Stretch(start, stretch.seconds, stretch.track_seconds).moved(0.0))
        self.moved.emit(before, seconds)

    def hover(self, seconds: float | None) -> None:
        before, self.hover_seconds = self.hover_seconds, seconds
        if before != seconds:
            self.hovered.emit(before, seconds)

    def set_loop(self, loop: tuple[float, float] | None) -> None:
        if loop != self.loop:
            self.loop = loop
            self.loop_changed.emit()

    def _plays_out(self, before: float, seconds: float) -> bool:
        stretch = self.stretch
        return (
            stretch is not None
            and not self.held
            and stretch.seconds >= _FOLLOWED_SECONDS
            and stretch.start_seconds <= before <= stretch.end_seconds
            and stretch.end_seconds < seconds < before + _PLAYED_ON_SECONDS
        )

    def _anchor(self, stretch: Stretch) -> float:
        position = self.position_seconds
        if position is not None and stretch.start_seconds <= position <= stretch.end_seconds:
            return position
        return stretch.start_seconds + stretch.seconds / 2

    def _set(self, stretch: Stretch | None) -> None:
        if stretch != self.stretch:
            self.stretch = stretch
            self.changed.emit()
