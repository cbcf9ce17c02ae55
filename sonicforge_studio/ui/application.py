"""The program's life: the window first, the studio behind it, and everything closed at the end."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import qasync
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from sonicforge_studio.domain.errors import StudioError
from sonicforge_studio.host import Folders, Settings, load_settings, open_folders
from sonicforge_studio.ui.ending import Ending
from sonicforge_studio.ui.kit import Kit
from sonicforge_studio.ui.tasks import Tasks
from sonicforge_studio.ui.text import language_in_use, speak, tr
from sonicforge_studio.ui.theme import Theme, load_tokens
from sonicforge_studio.ui.widgets.peaks import PeaksPainter
from sonicforge_studio.ui.window import Window

if TYPE_CHECKING:
    from sonicforge_studio.studio import Live, Studio
    from sonicforge_studio.ui.workspace import Workspace

_THREADS = 4


@dataclass(frozen=True, slots=True)
class Opened:
    """What stands once the studio is there."""

    studio: Studio
    live: Live
    workspace: Workspace


def prepare_application(application: QApplication, settings: Settings) -> Theme:
    """Language, font, palette, style sheet and manners, before the first widget."""
    speak(application, language_in_use(settings.language))
    application.setApplicationName("sonicforge-studio")
    application.setApplicationDisplayName("SonicForge Studio")
    application.setDesktopFileName("sonicforge-studio")
    application.setStyle("Fusion")
    # The loop ends when everything is closed, which is after the window.
    application.setQuitOnLastWindowClosed(False)
    theme = Theme(load_tokens())
    application.setFont(theme.font())
    application.setPalette(theme.palette())
    application.setStyleSheet(theme.style_sheet())
    return theme


def make_loop(application: QApplication) -> qasync.QEventLoop:
    """asyncio on Qt's own loop, with plain threads for what would wait."""
    loop = qasync.QEventLoop(application)
    loop.set_default_executor(ThreadPoolExecutor(_THREADS, "window"))
    return loop


class Program:
    """One window and what is behind it."""

    def __init__(self, theme: Theme, folders: Folders, loop: asyncio.AbstractEventLoop) -> None:
        self._folders = folders
        self._loop = loop
        self._memory = QSettings(str(folders.home / "window.ini"), QSettings.Format.IniFormat)
        self._tasks = Tasks(loop, self._show_error)
        self.kit = Kit(theme, self._tasks, PeaksPainter(theme))
        self.window = Window(theme, self.kit.peaks, self._memory)
        self._waiting: list[str] = []
        self.opened: Opened | None = None
        self.window.dropped.connect(self._keep)

    def open_files(self, paths: Sequence[str]) -> None:
        """Import these now, or as soon as there is a library."""
        if self.opened is None:
            self._waiting += paths
        else:
            self.opened.workspace.open_files(paths)

    async def begin(self) -> None:
        """Build the studio in a thread, then its panels. A failure is shown with a way to try again."""
        self.window.show_opening()
        building = asyncio.ensure_future(asyncio.to_thread(_build, self._folders.home))
        try:
            studio, live = await asyncio.shield(building)
        except asyncio.CancelledError:
            # The window was closed meanwhile; what a thread goes on building has to be closed too.
            await _dismantle(*await building)
            raise
        except StudioError as error:
            self.window.show_failure(error, lambda: self._tasks.start(self.begin()))
            return
        # Its modules were imported in that thread; this only looks the name up.
        from sonicforge_studio.ui.workspace import Workspace

        try:
            workspace = Workspace(self.window, self.kit, studio, live, self._memory)
        except BaseException:
            await _dismantle(studio, live)
            raise
        self.opened = Opened(studio, live, workspace)
        if self._waiting:
            workspace.open_files(self._waiting)

    async def _begin_to_stay(self) -> None:
        await self.begin()
        # Modules, tables and panels are there for good now: no search for garbage, in which no thread runs, goes
        # through them any more.
        gc.freeze()

    async def run(self) -> None:
        """From the first picture to the last thread."""
        closed = self._loop.create_future()
        self.window.closing.connect(lambda: _settle(closed))
        self._tasks.start(self._begin_to_stay())
        await closed
        await self.close()

    async def close(self) -> None:
        """Leave nothing running. Jobs that wait or run go on the next time."""
        if self.opened is not None:
            await self.opened.workspace.finish()
            self.opened.workspace.close()
        await self._tasks.close()
        if self.opened is not None:
            opened, self.opened = self.opened, None
            await _dismantle(opened.studio, opened.live)
        self._memory.sync()

    def _keep(self, paths: list[str]) -> None:
        if self.opened is None:
            self._waiting += paths

    def _show_error(self, error: StudioError) -> None:
        self.window.toasts.say(tr(error.message), tr(error.hint), tone="danger")


async def _dismantle(studio: Studio, live: Live) -> None:
    await asyncio.to_thread(live.close)
    await asyncio.to_thread(studio.close)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _build(home: Path) -> tuple[Studio, Live]:
    """Import and build what is heavy, off the main thread, so that the window is there meanwhile."""
    import sonicforge_studio.ui.workspace  # noqa: F401 # for its modules, pyqtgraph among them
    from sonicforge_studio.studio import build_studio, open_live

    studio = build_studio(home)
    try:
        return studio, open_live(studio)
    except BaseException:
        studio.close()
        raise


def open_window(arguments: Sequence[str], files: Sequence[str], home: str | None) -> int:
    """Show the window and live until it is closed. Raises ``OutputNotWritable`` where there is no data folder."""
    folders = open_folders(home)
    settings = load_settings(folders.settings)
    application = QApplication([*arguments])
    theme = prepare_application(application, settings)
    loop = make_loop(application)
    program = Program(theme, folders, loop)
    program.open_files([str(Path(file).absolute()) for file in files])
    ending = Ending(program.window.close)
    program.window.show()
    try:
        with loop:
            loop.run_until_complete(program.run())
    finally:
        ending.close()
    return 0
