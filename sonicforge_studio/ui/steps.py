"""A state with its past, so that every change can be taken back."""

from __future__ import annotations

from typing import Generic, TypeVar

from sonicforge_studio.ui.text import tr

State = TypeVar("State")

_MOST_STEPS = 200


class Steps(Generic[State]):
    def __init__(self, first: State) -> None:
        self._steps = [first]
        self._at = 0
        self.unseen: tuple[State, ...] = ()
        """What was begun before and changed over before it was read: kept beside the newest until it was shown."""

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

    @property
    def to_keep(self) -> tuple[State, ...]:
        """What must not be lost, the newest last."""
        return *self.unseen, self.now

    def put_before(self, begun: tuple[State, ...]) -> bool:
        """Lay what was begun before under what was changed since the first state. Whether there are other steps than
        before."""
        states = (*begun, self.now) if self.can_undo else begun
        newest = states[-1:]
        unseen = tuple(state for state in states[:-1] if state not in (self.first, *newest))
        laid = [self.apply(state) for state in (*unseen, *newest)]
        self.unseen = unseen
        return any(laid)

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
        self._go_to(len(self._steps) - 1)
        return True

    def undo(self) -> bool:
        if not self.can_undo:
            return False
        self._go_to(self._at - 1)
        return True

    def redo(self) -> bool:
        if not self.can_redo:
            return False
        self._go_to(self._at + 1)
        return True

    def _go_to(self, step: int) -> None:
        self._at = step
        self.unseen = tuple(state for state in self.unseen if state != self.now)


def restored_text(one_step_back: bool) -> str:
    """What is told where changes that were begun before are here again, or lie one step back."""
    if one_step_back:
        return tr("The changes that you began before lie one step back: Ctrl+Z shows them.")
    return tr("The changes that you began are here again; Ctrl+Z takes them back.")
