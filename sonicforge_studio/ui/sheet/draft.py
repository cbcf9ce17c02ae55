"""The piece as it would be made now: a recipe with its past, so that every change can be taken back."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from sonicforge_studio.domain import Recipe

_MOST_STEPS = 200


class Draft(QObject):
    changed = Signal()

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self._steps = [recipe]
        self._at = 0

    @property
    def recipe(self) -> Recipe:
        return self._steps[self._at]

    @property
    def original(self) -> Recipe:
        """As it was opened."""
        return self._steps[0]

    @property
    def is_changed(self) -> bool:
        return self.recipe != self.original

    @property
    def can_undo(self) -> bool:
        return self._at > 0

    @property
    def can_redo(self) -> bool:
        return self._at < len(self._steps) - 1

    def apply(self, recipe: Recipe, *, joined: bool = False) -> None:
        """The next state; what was taken back is forgotten. ``joined`` makes one step of it with the last one, as a
        fader that is still being moved does."""
        if recipe == self.recipe:
            return
        del self._steps[self._at + 1 :]
        if joined and self.can_undo:
            self._steps[-1] = recipe
            if recipe == self._steps[-2]:
                self._steps.pop()  # moved and put back: no step
        else:
            self._steps.append(recipe)
        if len(self._steps) > _MOST_STEPS:
            del self._steps[1]
        self._at = len(self._steps) - 1
        self.changed.emit()

    def undo(self) -> None:
        if self.can_undo:
            self._at -= 1
            self.changed.emit()

    def redo(self) -> None:
        if self.can_redo:
            self._at += 1
            self.changed.emit()
