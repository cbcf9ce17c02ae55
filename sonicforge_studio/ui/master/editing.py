"""What is set on the Master page: every change is a step that can be taken back, and none is lost."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from sonicforge_studio.domain import MasterSettings, StudioError, Track
from sonicforge_studio.domain.chain import changed
from sonicforge_studio.studio.master_drafts import MasterDraft, MasterDrafts, with_preset
from sonicforge_studio.ui.steps import Steps
from sonicforge_studio.ui.tasks import Tasks

_SAVE_MILLISECONDS = 300


@dataclass(slots=True, eq=False)
class _Work:
    """What is done over one track."""

    steps: Steps[MasterDraft]
    audio_hash: str = ""
    """Empty while there is no track yet."""


class MasterEditing(QObject):
    changed = Signal()
    """The draft is another."""
    restored = Signal(bool)
    """What was begun on this track before is here again; True where one before it lies one step back, over which more
    was set before it was shown."""
    refused = Signal(object)
    """The ``StudioError`` for which the draft cannot be kept."""

    def __init__(self, tasks: Tasks, shelf: MasterDrafts, first: MasterDraft) -> None:
        super().__init__()
        self._tasks = tasks
        self._shelf = shelf
        self._first = first
        self._work = _Work(Steps(first))
        self._joined = ""
        """What the last step belongs to, such as the figure that a hand is still moving."""
        self._writing = asyncio.Lock()
        self._put_away: asyncio.Task[None] | None = None
        self._told = False
        self._saving = QTimer(self)
        self._saving.setSingleShot(True)
        self._saving.setInterval(_SAVE_MILLISECONDS)
        self._saving.timeout.connect(self._save)

    @property
    def draft(self) -> MasterDraft:
        return self._work.steps.now

    @property
    def can_undo(self) -> bool:
        return self._work.steps.can_undo

    @property
    def can_redo(self) -> bool:
        return self._work.steps.can_redo

    # Tracks

    def open(self, track: Track) -> None:
        """Go on with what is set, over another track; where that was begun before, go on there."""
        audio_hash = track.analysis.audio_hash
        before = self._work
        if before.audio_hash == audio_hash:
            return
        self._told = False
        self._joined = ""
        if before.audio_hash:
            self._save()
            self._work = _Work(Steps(self._first), audio_hash)
            self.changed.emit()
        else:
            before.audio_hash = audio_hash
        self._tasks.start(self._restore(self._work))

    async def _restore(self, work: _Work) -> None:
        async with self._writing:
            begun = await asyncio.to_thread(self._shelf.find, work.audio_hash)
            # Even where another track has come meanwhile: what is written of this one next has it beside it.
            other = work.steps.put_before(begun)
        if other and work is self._work:
            self._joined = ""  # what a hand moves on is a step over it
            self.changed.emit()
            self.restored.emit(bool(work.steps.unseen))

    # Changing

    def set_many(self, values: dict[str, Any], joined: str = "") -> None:
        """Several places of the draft in one step, such as ``chain.eq.bands.2.q``."""
        draft = self.draft
        for place, value in values.items():
            draft = changed(draft, place, value)
        self.take(draft, joined)

    def set(self, joined: str = "", **values: Any) -> None:
        """Other fields of the draft."""
        self.take(replace(self.draft, **values), joined)

    def take_preset(self, name: str, settings: MasterSettings) -> None:
        self.take(with_preset(self.draft, name, settings))

    def take(self, draft: MasterDraft, joined: str = "") -> None:
        """The next state. Steps ``joined`` by the same word are one."""
        goes_on, self._joined = bool(joined) and joined == self._joined, joined
        if self._work.steps.apply(draft, joined=goes_on):
            self._tell()

    def end_joined(self) -> None:
        """The hand let go: what it moves next is a step of its own."""
        self._joined = ""

    def undo(self) -> None:
        self._joined = ""
        if self._work.steps.undo():
            self._tell()

    def redo(self) -> None:
        self._joined = ""
        if self._work.steps.redo():
            self._tell()

    def _tell(self) -> None:
        self._saving.start()
        self.changed.emit()

    # Keeping it

    def _save(self) -> None:
        self._saving.stop()
        work = self._work
        if work.audio_hash and (work.steps.can_undo or work.steps.can_redo):
            self._put_away = self._tasks.start(self._keep(work))

    async def finish(self) -> None:
        """Come back when all of it lies on the disk."""
        self._save()
        if self._put_away is not None:
            await asyncio.wait([self._put_away])

    async def _keep(self, work: _Work) -> None:
        """In order: what was begun before has been read, and what is written last is the newest."""
        async with self._writing:
            try:
                await asyncio.to_thread(self._shelf.keep, work.audio_hash, *work.steps.to_keep)
            except StudioError as error:
                if not self._told:
                    self._told = True
                    self.refused.emit(error)
