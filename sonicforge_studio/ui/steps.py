"""A state with its past, so that every change can be taken back."""

from __future__ import annotations

from typing import Generic, TypeVar

State = TypeVar("State")

_MOST_STEPS = 200


class Steps(Generic[State]):
    def __init__(self, first: State) -> None:
        self._steps = [first]
        self._at = 0

    @property
    def now(self) -> State:
        return self._steps[self._at]

    @property
    def first(self) -> State:
        """As it was opened."""
        return self._steps[0]

    @property
    def can_undo(self) -> bool:
        return self._at > 0

    @property
    def can_redo(self) -> bool:
        return self._at < len(self._steps) - 1

    def apply(self, state: State, *, joined: bool = False) -> bool:
        """The next state; what was taken back is forgotten. ``joined`` makes one step of it with the last one, as a
        fader that is still being moved does. Whether anything is other than before."""
        if state == self.now:
            return False
        del self._steps[self._at + 1 :]
        if joined and self.can_undo:
            self._steps[-1] = state
            if state == self._steps[-2]:
                self._steps.pop()  # moved and put back: no step
        else:
            self._steps.append(state)
        if len(self._steps) > _MOST_STEPS:
            del self._steps[1]
        self._at = len(self._steps) - 1
        return True

    def undo(self) -> bool:
        if not self.can_undo:
            return False
        self._at -= 1
        return True

    def redo(self) -> bool:
        if not self.can_redo:
            return False
        self._at += 1
        return True
