"""What is done to the piece on the desk: every change goes into its draft, and the draft is never lost."""

from __future__ import annotations

import asyncio
import random

from PySide6.QtCore import QObject, QTimer, Signal

from sonicforge_studio.domain import Concept, Note, Recipe, StudioError, Track
from sonicforge_studio.studio import (
    DraftShelf,
    Edits,
    Sheet,
    edited,
    rewriting,
    rewritten,
    same_notes,
    sheet_of,
)
from sonicforge_studio.ui.pages.forge_controls import LARGEST_SEED
from sonicforge_studio.ui.sheet.draft import Draft
from sonicforge_studio.ui.tasks import Tasks

_PATIENCE_SECONDS = 0.02
_SAVE_MILLISECONDS = 500


class Editing(QObject):
    """Composing is done in threads: ``changed`` comes at once, ``composed`` when the notes are there."""

    changed = Signal()
    """The draft or who is heard alone is another."""
    composed = Signal()
    """``sheet`` is another."""
    refused = Signal(object)
    """The ``StudioError`` for which something was not done."""
    restored = Signal(bool)
    """What was begun before is here again; True where it lies one step back, under what was changed before it was
    read."""

    def __init__(self, tasks: Tasks, shelf: DraftShelf) -> None:
        super().__init__()
        self._tasks = tasks
        self._shelf = shelf
        self.track: Track | None = None
        self.draft: Draft | None = None
        self.sheet: Sheet | None = None
        self.solo: frozenset[str] = frozenset()
        self._moved = ""
        """The part whose fader moved last."""
        self._asked: Recipe | None = None
        """What ``sheet`` is composed of, now or before long."""
        self._writing = asyncio.Lock()
        self._put_away: asyncio.Task[None] | None = None
        self._told = False
        """Whether it was said that this piece cannot be kept."""
        self._saving = QTimer(self)
        self._saving.setSingleShot(True)
        self._saving.setInterval(_SAVE_MILLISECONDS)
        self._saving.timeout.connect(self._save)

    @property
    def recipe(self) -> Recipe | None:
        return self.draft.recipe if self.draft is not None else None

    @property
    def concept(self) -> Concept | None:
        return self.draft.recipe.concept if self.draft is not None else None

    @property
    def pending(self) -> dict[str, tuple[Note, ...]]:
        """Notes on their way into the draft, by part."""
        return self.draft.pending if self.draft is not None else {}

    def notes(self, part: str) -> tuple[Note, ...]:
        """As the hand left them, even before the draft has them."""
        if part in self.pending:
            return self.pending[part]
        return self.sheet.parts.get(part, ()) if self.sheet else ()

    def is_heard(self, part: str) -> bool:
        """Whether nobody muted it or is heard alone in its place."""
        muted = self.concept is not None and self.concept.change_of(part).muted
        return not muted and (not self.solo or part in self.solo)

    def open(self, track: Track, recipe: Recipe) -> None:
        """Begin with a track's piece, or go on where it was left; what was open is put away."""
        self.close()
        self.track = track
        self.solo = frozenset()
        self.sheet = self._asked = None
        self._told = False
        self._moved = ""
        self.draft = Draft(recipe)
        self.draft.changed.connect(self._follow)
        self._follow()
        self._tasks.start(self._restore(self.draft))

    async def _restore(self, draft: Draft) -> None:
        async with self._writing:  # what is just being put away is found
            begun = await asyncio.to_thread(self._shelf.find, draft.original)
            await self._landed(draft)
            # Even where it was put away meanwhile: what is written of it next has this beside it.
            other = draft.put_before(begun)
        if other and draft is self.draft:
            self._moved = ""  # a fader that moves on is a step over it
            self.restored.emit(bool(draft.unseen))

    def close(self) -> None:
        """Put it away, with all that is on its way into it; ``finish`` waits for that."""
        self._saving.stop()
        if self.draft is not None:
            self.draft.changed.disconnect(self._follow)
            self._put_away = self._tasks.start(self._keep(self.draft))
        self.draft = self.track = self._asked = None

    async def finish(self) -> None:
        """Close, and come back when all of it lies on the disk."""
        self.close()
        if self._put_away is not None:
            await asyncio.wait([self._put_away])

    # Changing

    def edit(self, edits: Edits, *, joined: str = "") -> None:
        """Do it to the draft; what cannot be is told and nothing changes. Edits ``joined`` by the same word are one
        step, as those of a fader that moves."""
        if self.draft is None:
            return
        try:
            changed = edited(self.draft.recipe, edits)
        except StudioError as error:
            self.refused.emit(error)
            return
        goes_on, self._moved = bool(joined) and joined == self._moved, joined
        self.draft.apply(changed, joined=goes_on)

    def roll(self, part: str) -> None:
        self.edit(Edits(roll=(part,)))

    def mute(self, part: str, on: bool) -> None:
        self.edit(Edits(mute=(part,)) if on else Edits(unmute=(part,)))

    def lock(self, part: str, on: bool) -> None:
        if self.concept is None:
            return
        locked = {change.part for change in self.concept.changes if change.seed is not None}
        # Tonal parts bring the harmony with them; it goes when the last of them does.
        locked = (locked | {part} if on else locked - {part}) - {"harmony"}
        self.edit(Edits(lock=tuple(sorted(locked))))

    def move_level(self, part: str, decibels: float) -> None:
        self.edit(Edits(gains_db={part: decibels}), joined=part)

    def throw_all(self) -> None:
        """Another seed; locked parts stay."""
        self.edit(Edits(seed=random.randrange(LARGEST_SEED)))

    def write_chords(self, text: str) -> None:
        text = " ".join(text.split())
        if self.concept is not None and text != self.concept.progression:
            self.edit(Edits(chords=text))

    def hear_alone(self, part: str, on: bool) -> None:
        self.solo = self.solo | {part} if on else self.solo - {part}
        self.changed.emit()

    def rewrite(self, part: str, notes: tuple[Note, ...]) -> None:
        if self.draft is not None:
            self.draft.pending[part] = notes
            self._tasks.start(self._write(self.draft, part, notes))

    async def _write(self, draft: Draft, part: str, notes: tuple[Note, ...]) -> None:
        """Whether it is the engine's own again takes composing it, which is not for the main thread; what else is
        changed meanwhile stays, and of several hands on one part the last one counts."""
        try:
            while draft.pending.get(part) is notes:
                before = draft.recipe
                changed = await asyncio.to_thread(rewritten, before, part, notes)
                if draft.recipe is before and draft.pending.get(part) is notes:
                    del draft.pending[part]
                    self._moved = ""
                    draft.apply(changed)
        finally:
            # Whatever went wrong, nobody waits for it.
            if draft.pending.get(part) is notes:
                del draft.pending[part]

    def repeat_bar(self, part: str, notes: tuple[Note, ...], bar: int) -> tuple[Note, ...]:
        """A part's notes with what lies in a bar in every bar of its section."""
        for section in self.sheet.sections if self.sheet else ():
            end = section.first_bar + section.bars
            if section.first_bar <= bar < end:
                notes = rewriting.repeat_bar(notes, bar, section.first_bar, end)
                self.rewrite(part, notes)
                break
        return notes

    def undo(self) -> None:
        """Take the last step back; what is on its way becomes one first."""
        if self.draft is not None:
            self._moved = ""
            if self.pending:
                self._tasks.start(self._undo_what_lands(self.draft))
            else:
                self.draft.undo()

    async def _undo_what_lands(self, draft: Draft) -> None:
        await self._landed(draft)
        if draft is self.draft:
            draft.undo()

    async def _landed(self, draft: Draft) -> None:
        while draft.pending:
            await asyncio.sleep(_PATIENCE_SECONDS)

    def redo(self) -> None:
        if self.draft is not None and not self.pending:
            self._moved = ""
            self.draft.redo()

    async def settled(self) -> Recipe | None:
        """The piece with all that was written in it; None where nothing was changed, or it was closed meanwhile."""
        draft = self.draft
        if draft is None:
            return None
        await self._landed(draft)
        return draft.recipe if draft is self.draft and draft.is_changed else None

    def made(self, original: Recipe, made: Recipe) -> None:
        """A piece was made of a draft; as it is, it is no unfinished business any more."""
        self._tasks.start(self._forget(original, made))

    async def _forget(self, original: Recipe, made: Recipe) -> None:
        async with self._writing:
            kept = await asyncio.to_thread(self._shelf.find, original)
            if kept[-1:] == (made,):
                await asyncio.to_thread(self._shelf.keep, original, *kept[:-1])

    # Following the draft

    def _follow(self) -> None:
        draft = self.draft
        if draft is None:
            return
        self.changed.emit()
        if self._asked is None or not same_notes(self._asked, draft.recipe):
            self._asked = draft.recipe
            self._tasks.start(self._compose(draft.recipe))
        if draft.can_undo or draft.can_redo:
            self._saving.start()

    async def _compose(self, recipe: Recipe) -> None:
        sheet = await asyncio.to_thread(sheet_of, recipe)
        if recipe is self._asked:
            self.sheet = sheet
            self.composed.emit()

    # Keeping it

    def _save(self) -> None:
        if self.draft is not None:
            self._tasks.start(self._keep(self.draft))

    async def _keep(self, draft: Draft) -> None:
        """In order: what was begun before has been read, and what is written last is the newest."""
        async with self._writing:
            if draft is not self.draft:
                await self._landed(draft)
            try:
                await asyncio.to_thread(self._shelf.keep, draft.original, *draft.to_keep)
            except StudioError as error:
                if not self._told:
                    self._told = True
                    self.refused.emit(error)
