"""The models as the panels see them: read in a thread, read again when something became of one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from sonicforge_studio.domain import StudioError, to_plain
from sonicforge_studio.studio import Job, Lane, ModelCard, ModelDesk, Offer
from sonicforge_studio.ui.job_desk import JobDesk
from sonicforge_studio.ui.tasks import Tasks
from sonicforge_studio.ui.text import tr

DOWNLOAD = "download"
"""The kind of job that brings a model here."""
_What = TypeVar("_What")


class ModelShelf(QObject):
    """Every call returns at once."""

    changed = Signal(object)
    """A tuple of ``ModelCard``."""
    unreadable = Signal(object)
    """A ``StudioError``: what there is cannot be told."""
    downloading = Signal(object)
    """The ``Job`` of a download whose state or progress is new."""

    def __init__(self, models: ModelDesk, desk: JobDesk, tasks: Tasks) -> None:
        super().__init__()
        self._models = models
        self._desk = desk
        self._tasks = tasks
        self._asked = 0
        desk.changed.connect(self._follow)

    def refresh(self) -> None:
        """Have the folders read again."""
        self._asked += 1
        self._tasks.start(self._read(self._asked), failed=self.unreadable.emit)

    async def _read(self, question: int) -> None:
        cards = await asyncio.to_thread(self._models.cards)
        if question == self._asked:
            self.changed.emit(cards)

    def add(self, folders: Sequence[str], failed: Callable[[StudioError], None]) -> None:
        """Put folders of the user's own on the shelf; they stay where they are."""
        self._tasks.start(self._add(folders), failed=failed)

    async def _add(self, folders: Sequence[str]) -> None:
        for folder in folders:
            await self._change(self._models.add, Path(folder))

    def remove(self, name: str, failed: Callable[[StudioError], None]) -> None:
        self._tasks.start(self._change(self._models.remove, name), failed=failed)

    async def _change(self, change: Callable[[_What], object], what: _What) -> None:
        await asyncio.to_thread(change, what)
        self.refresh()

    def ask(self, name: str, offered: Callable[[Offer], None], failed: Callable[[StudioError], None]) -> None:
        """Ask the hub what a download would bring; nothing is downloaded yet."""
        self._tasks.start(self._ask(name, offered), failed=failed)

    async def _ask(self, name: str, offered: Callable[[Offer], None]) -> None:
        offered(await asyncio.to_thread(self._models.offer, name))

    def download(self, card: ModelCard, offer: Offer) -> None:
        """Bring here what was offered and agreed to."""
        self._desk.order(DOWNLOAD, {"offer": to_plain(offer)}, download_title(card), Lane.LOW)

    def download_of(self, card: ModelCard) -> Job | None:
        """The download of a model that is under way, or how the last one ended; a job is told by its title."""
        title = download_title(card)
        return next((job for job in self._desk.jobs() if job.kind == DOWNLOAD and job.title == title), None)

    def cancel(self, job: Job) -> None:
        self._desk.cancel(job.id)

    def _follow(self, job: Job) -> None:
        if job.kind != DOWNLOAD:
            return
        self.downloading.emit(job)
        if job.state.finished:
            self.refresh()


def download_title(card: ModelCard) -> str:
    return tr("Download {title}", title=card.title)
