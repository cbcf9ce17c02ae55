"""The piece as it would be made now: a recipe with its past, so that every change can be taken back."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from sonicforge_studio.domain import Note, Recipe
from sonicforge_studio.ui.steps import Steps


class Draft(QObject):
    changed = Signal()

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self._steps = Steps(recipe)
        self.pending: dict[str, tuple[Note, ...]] = {}
        """Notes on their way into it, by part."""

    @property
    def recipe(self) -> Recipe:
        return self._steps.now

    @property
    def original(self) -> Recipe:
        """As it was opened."""
        return self._steps.first

    @property
    def is_changed(self) -> bool:
        return self.recipe != self.original

    @property
    def can_undo(self) -> bool:
        return self._steps.can_undo

    @property
    def can_redo(self) -> bool:
        return self._steps.can_redo

    @property
    def unseen(self) -> tuple[Recipe, ...]:
        """What was begun before and was not shown yet."""
        return self._steps.unseen

    @property
    def to_keep(self) -> tuple[Recipe, ...]:
        """What must not be lost, the newest last."""
        return self._steps.to_keep

    def put_before(self, begun: tuple[Recipe, ...]) -> bool:
        """Lay what was begun before under what was changed since it was opened. Whether anything is other now."""
        other = self._steps.put_before(begun)
        if other:
            self.changed.emit()
        return other

    def apply(self, recipe: Recipe, *, joined: bool = False) -> None:
        """The next state; ``joined`` makes one step of it with the last one, as a fader that is still being moved
        does."""
        if self._steps.apply(recipe, joined=joined):
            self.changed.emit()

    def undo(self) -> None:
        if self._steps.undo():
            self.changed.emit()

    def redo(self) -> None:
        if self._steps.redo():
            self.changed.emit()
