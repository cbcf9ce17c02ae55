"""What the draft sounds like now: played ahead in a thread, heard through the faders, taken over where it changes."""

from __future__ import annotations

import asyncio

from PySide6.QtCore import QObject, QTimer, Signal

from sonicforge_studio.domain import Recipe, StudioError
from sonicforge_studio.studio import Preview, Previews
from sonicforge_studio.ui.kit import Kit
from sonicforge_studio.ui.listening import Listening, Piece

_AHEAD_SECONDS = 0.4
"""So much must be there behind the place that is heard before it goes over to a new state of the piece."""
_SETTLE_MILLISECONDS = 350
_LOOK_MILLISECONDS = 40


class Rehearsal(QObject):
    """``show`` tells of a new state; what is heard goes over to it as soon as it is played that far."""

    ready_changed = Signal(float)
    """The share of the piece that can be heard."""
    failed = Signal(object)
    """The ``StudioError`` for which it cannot be played any further."""

    def __init__(self, kit: Kit, listening: Listening, previews: Previews) -> None:
        super().__init__()
        self._kit = kit
        self._listening = listening
        self._previews = previews
        self._preview: Preview | None = None
        self._wanted: Recipe | None = None
        self._title, self._detail, self._seconds = "", "", 0.0
        self._solo: frozenset[str] = frozenset()
        self._piece: Piece | None = None
        self._taken: Preview | None = None
        """What ``piece`` is heard from."""
        self._starts = 0
        self._to_be_heard: float | None = None
        """Where to begin once it is there."""
        self._takes_over = False
        """Whether it goes on where the state before it is heard by then."""
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.setInterval(_SETTLE_MILLISECONDS)
        self._settling.timeout.connect(self._begin)
        self._looking = QTimer(self)
        self._looking.setInterval(_LOOK_MILLISECONDS)
        self._looking.timeout.connect(self._look)

    @property
    def heard(self) -> bool:
        """Whether the draft is what the transport holds."""
        return self._piece is not None and self._listening.piece is self._piece

    @property
    def current(self) -> bool:
        """Whether what is heard is the draft as it is now."""
        return self.heard and self._preview is not None and self._taken is self._preview

    def open(self, recipe: Recipe, title: str, detail: str, seconds: float) -> None:
        self._title, self._detail, self._seconds = title, detail, seconds
        self._solo = frozenset()
        self._wanted = recipe
        self._begin()

    def show(self, recipe: Recipe, solo: frozenset[str]) -> None:
        """Levels and who is heard alone change at once; the rest when it is played anew."""
        self._solo = solo
        if recipe != self._wanted:
            self._wanted = recipe
            self._settling.start()
        self._move_faders()

    def play(self, from_seconds: float = 0.0) -> None:
        self._to_be_heard, self._takes_over = from_seconds, False
        if self._preview is None or self._preview.error is not None:
            self._begin()  # once more, if it broke off
        self._looking.start()
        self._look()

    def close(self) -> None:
        """Stop playing ahead. What is heard goes on as far as it is there."""
        self._settling.stop()
        self._looking.stop()
        self._to_be_heard, self._takes_over = None, False
        self._starts += 1
        self._drop(self._preview)
        self._preview = self._taken = self._wanted = None

    def _begin(self) -> None:
        if self._wanted is None:
            return
        heard = self.heard and self._listening.playing
        self._drop(self._preview)
        self._preview = None
        self._starts += 1
        self._kit.tasks.start(self._start(self._starts, self._wanted))
        self._takes_over = heard and self._to_be_heard is None
        self._looking.start()

    async def _start(self, number: int, recipe: Recipe) -> None:
        try:
            preview = await asyncio.to_thread(self._previews.open, recipe)
        except StudioError as error:
            if number == self._starts:
                self._break_off(error)
            return
        if number != self._starts or self._wanted is None:
            self._drop(preview)
            return
        self._preview = preview
        self._move_faders()

    def _drop(self, preview: Preview | None) -> None:
        if preview is not None:
            self._kit.tasks.start(asyncio.to_thread(self._previews.release, preview))

    def _look(self) -> None:
        preview = self._preview
        if preview is None or preview.recipe is not self._wanted:
            return
        if preview.error is not None:
            self._break_off(preview.error)
            return
        self.ready_changed.emit(preview.ready_seconds / max(self._seconds, 1e-9))
        if self._takes_over and not (self.heard and self._listening.playing):
            self._takes_over = False  # it was paused, or something else is heard by now
        place = self._listening.position_seconds() if self._takes_over else self._to_be_heard
        if place is not None and (preview.complete or preview.ready_seconds >= place + _AHEAD_SECONDS):
            self._go_over(preview, place)
        if preview.complete and self._to_be_heard is None and not self._takes_over:
            self._looking.stop()

    def _go_over(self, preview: Preview, place: float) -> None:
        self._to_be_heard, self._takes_over = None, False
        self._taken = preview
        self._piece = Piece("", self._title, self._detail, b"", self._seconds)
        self._listening.listen(self._piece, preview.open_source, from_seconds=place)

    def _break_off(self, error: StudioError) -> None:
        """What is heard goes on as far as it is there."""
        self._looking.stop()
        self._to_be_heard, self._takes_over = None, False
        self.failed.emit(error)

    def _move_faders(self) -> None:
        """What the faders say now beside what each state was played with: levels changed since, and who is alone."""
        for preview in {self._preview, self._taken}:
            if preview is not None and self._wanted is not None:
                preview.faders.set(self._gains(preview, self._wanted))

    def _gains(self, preview: Preview, wanted: Recipe) -> dict[str, float]:
        if wanted.concept is None or preview.recipe.concept is None:
            return {}
        gains = {}
        for stem in preview.stems:
            now, then = wanted.concept.change_of(stem), preview.recipe.concept.change_of(stem)
            silent = now.muted or (bool(self._solo) and stem not in self._solo)
            gains[stem] = 0.0 if silent else 10 ** ((now.gain_db - then.gain_db) / 20)
        return gains
