"""What can be done with tracks and files from anywhere in the window."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QProcess, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from sonicforge_studio.domain import Recipe, Track, to_plain
from sonicforge_studio.domain.errors import MissingPath, NotAsPromised, OverCeiling, StudioError
from sonicforge_studio.studio import Edits, Job, Lane, Studio, recipe_to_json
from sonicforge_studio.ui.job_desk import JobDesk
from sonicforge_studio.ui.kit import Kit
from sonicforge_studio.ui.listening import Listening, Piece
from sonicforge_studio.ui.numbers import key_name, tempo
from sonicforge_studio.ui.text import error_of, tr, tr_count, tr_error
from sonicforge_studio.ui.widgets.question import Question

FORMATS = ("wav", "flac", "mp3", "m4a", "opus")
FORMAT_NAMES = {"wav": "WAV", "flac": "FLAC", "mp3": "MP3", "m4a": "M4A (AAC)", "opus": "Opus"}

_AUDIO_SUFFIXES = "*.wav *.aif *.aiff *.flac *.mp3 *.m4a *.aac *.ogg *.opus *.wv *.mp4 *.mkv *.webm *.mov"


def piece_of(track: Track) -> Piece:
    """A track as something to listen to."""
    analysis = track.analysis
    figures = []
    if analysis.tempo.bpm is not None:
        figures.append(f"{tempo(analysis.tempo.bpm)} BPM")
    if analysis.key.key is not None:
        figures.append(key_name(analysis.key.key))
    detail = " · ".join([part for part in (track.artist, *figures) if part])
    return Piece(track.path, track.title, detail, track.peaks, analysis.duration_seconds, track.id)


class Actions(QObject):
    """Reading and waiting are done in threads; dialogs never hold the window up."""

    master_wanted = Signal(object)
    """A ``Track`` to be opened on the Master page."""
    fork_wanted = Signal(object)
    """A ``Track`` that a new piece is to start from."""
    comparison_wanted = Signal(int, int)
    """The ids of two tracks."""
    sheet_wanted = Signal(object)
    """A ``Track`` whose piece is to be opened on the Forge page."""
    draft_made = Signal(object, object)
    """The ``Recipe`` that a draft came from, and the draft that a piece was made of."""
    library_wanted = Signal()
    """The Library page, to choose a track in."""
    models_wanted = Signal()
    """The Models page."""
    model_wanted = Signal(str)
    """The name of a model that is to play the next piece, on the Forge page."""
    removed = Signal(object)
    """A list of ``Track`` that was just taken out of the library."""
    trouble = Signal(object)
    """A ``StudioError`` to be shown."""

    def __init__(self, studio: Studio, desk: JobDesk, listening: Listening, kit: Kit, window: QWidget) -> None:
        super().__init__(window)
        self._studio = studio
        self._desk = desk
        self._listening = listening
        self._kit = kit
        self._window = window
        self._drafts: dict[int, tuple[Recipe, Recipe]] = {}
        """Drafts that jobs make pieces of, each with what it came from."""
        self._exports: dict[int, dict[str, Any]] = {}
        """What jobs were told that export."""
        desk.changed.connect(self._follow_draft)
        desk.changed.connect(self._follow_export)

    # Listening

    def play(self, track_id: int, *, from_seconds: float = 0.0) -> None:
        """Play a track; the one that plays already is paused or goes on."""
        piece = self._listening.piece
        if piece is not None and piece.track_id == track_id and from_seconds == 0.0:
            self._listening.toggle()
            return
        self._kit.tasks.start(self._play(track_id, from_seconds))

    async def _play(self, track_id: int, from_seconds: float) -> None:
        self._listening.play(piece_of(await self.track(track_id)), from_seconds=from_seconds)

    def queue(self, track_id: int) -> None:
        """Have a track follow when all before it has ended, without a gap."""
        self._kit.tasks.start(self._queue(track_id))

    async def _queue(self, track_id: int) -> None:
        self._listening.queue(piece_of(await self.track(track_id)))

    def play_next(self, track_id: int) -> None:
        """Have a track follow what is heard now."""
        self._kit.tasks.start(self._play_next(track_id))

    async def _play_next(self, track_id: int) -> None:
        self._listening.play_next(piece_of(await self.track(track_id)))

    async def track(self, track_id: int) -> Track:
        """The whole track. Raises ``MissingPath`` where the library does not know it any more."""
        found = await asyncio.to_thread(self._studio.library.track, track_id)
        if found is None:
            raise MissingPath(tr("This track is no longer in the library."), hint=tr("Import its file again."))
        return found

    # Bringing in

    def import_paths(self, paths: Sequence[str]) -> None:
        if not paths:
            return
        title = (
            tr("Import {name}", name=Path(paths[0]).name)
            if len(paths) == 1
            else tr_count("Import {count} file", "Import {count} files", len(paths))
        )
        self._desk.order("import", {"paths": list(paths)}, title)

    def import_dialog(self) -> None:
        dialog = self._dialog(tr("Import files"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters([tr("Audio and video files ({suffixes})", suffixes=_AUDIO_SUFFIXES), tr("All files (*)")])
        dialog.filesSelected.connect(self.import_paths)
        dialog.open()

    def choose_sample(self, chosen: Callable[[str], object]) -> None:
        """Ask for one sound file; ``chosen`` is handed its place."""
        self.choose_sound(tr("Choose a sample"), chosen)

    def choose_sound(self, title: str, chosen: Callable[[str], object]) -> None:
        """The same under a title of its own."""
        dialog = self._dialog(title)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([tr("Audio and video files ({suffixes})", suffixes=_AUDIO_SUFFIXES), tr("All files (*)")])
        dialog.fileSelected.connect(chosen)
        dialog.open()

    def choose_folder(self, title: str, chosen: Callable[[str], object]) -> None:
        """Ask for a folder; ``chosen`` is handed its place."""
        dialog = self._dialog(title)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(chosen)
        dialog.open()

    # Making again

    def vary(self, track: Track, edits: Edits) -> None:
        """Forge a piece once more with these edits, as loud as it was mastered."""
        self._kit.tasks.start(self._forge_again(track, {"base": track.path, "edits": to_plain(edits)}))

    def make_draft(self, track: Track, recipe: Recipe) -> None:
        """Forge what has become of a track's piece, as loud as that was mastered."""
        self._kit.tasks.start(self._make_draft(track, recipe))

    async def _make_draft(self, track: Track, recipe: Recipe) -> None:
        job = await self._forge_again(track, {"recipe": recipe_to_json(recipe)})
        if track.recipe is not None:
            self._drafts[job.id] = (track.recipe, recipe)
            self._follow_draft(self._desk.job(job.id) or job)

    def _follow_draft(self, job: Job) -> None:
        if job.id in self._drafts and job.state.finished:
            original, draft = self._drafts.pop(job.id)
            if str(job.state) == "done":
                self.draft_made.emit(original, draft)

    async def _forge_again(self, track: Track, arguments: dict[str, Any]) -> Job:
        recipe = track.recipe
        arguments |= {"prompt": recipe.prompt if recipe else "", "mastered": bool(recipe and recipe.mastering)}
        if recipe and recipe.mastering:
            arguments["asked_for"] = to_plain(recipe.mastering[-1].asked_for)
        return await self._desk.submit("forge", arguments, tr("Vary {title}", title=track.title), Lane.HIGH)

    # Handing out

    def master(self, track_id: int) -> None:
        self._kit.tasks.start(self._master(track_id))

    async def _master(self, track_id: int) -> None:
        self.master_wanted.emit(await self.track(track_id))

    def export(self, tracks: Sequence[tuple[int, str]], format: str, *, all_the_same: bool = False) -> None:
        """Ask where to, then export; ``tracks`` are (id, title). Several go into one folder. What does not keep
        what was asked of its master is asked about, unless it is wanted ``all_the_same``."""
        if not tracks:
            return
        dialog = self._dialog(tr_count("Export {count} track", "Export {count} tracks", len(tracks)))
        if len(tracks) == 1:
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            dialog.setNameFilter(f"{FORMAT_NAMES[format]} (*.{format})")
            dialog.setDefaultSuffix(format)
            dialog.selectFile(f"{_file_name(tracks[0][1])}.{format}")
            dialog.fileSelected.connect(
                lambda path: self.export_to(tracks[0], Path(path), format, overwrite=True, all_the_same=all_the_same)
            )
        else:
            dialog.setFileMode(QFileDialog.FileMode.Directory)
            dialog.fileSelected.connect(
                lambda folder: self._export_all(tracks, Path(folder), format, all_the_same=all_the_same)
            )
        dialog.open()

    def export_to(
        self,
        track: tuple[int, str],
        path: Path,
        format: str,
        *,
        overwrite: bool = False,
        all_the_same: bool = False,
    ) -> None:
        arguments = {"track_id": track[0], "path": str(path), "format": format, "overwrite": overwrite}
        self._kit.tasks.start(self._order_export({**arguments, "over_ceiling_too": all_the_same}))

    async def _order_export(self, arguments: dict[str, Any]) -> None:
        title = tr("Export {name}", name=Path(arguments["path"]).name)
        job = await self._desk.submit("export", arguments, title, Lane.HIGH)
        self._exports[job.id] = arguments
        self._follow_export(self._desk.job(job.id) or job)

    def _follow_export(self, job: Job) -> None:
        """Where it does not keep what was asked of its master, ask whether it is wanted all the same."""
        if job.id not in self._exports or not job.state.finished:
            return
        arguments = self._exports.pop(job.id)
        if job.error is None or job.error.get("code") not in (OverCeiling.code, NotAsPromised.code):
            return
        name = Path(arguments["path"]).name
        question = Question(
            self._kit.theme,
            self._window,
            tr("{format} did not pass", format=name),
            tr_error(error_of(job.error)),
            tr("Export all the same"),
        )
        anyway = {**arguments, "over_ceiling_too": True}
        question.accepted.connect(lambda: self._kit.tasks.start(self._order_export(anyway)))
        question.open()

    def _export_all(self, tracks: Sequence[tuple[int, str]], folder: Path, format: str, *, all_the_same: bool) -> None:
        names: set[str] = set()
        for track in tracks:
            name, number = _file_name(track[1]), 2
            while name.casefold() in names:
                name, number = f"{_file_name(track[1])} {number}", number + 1
            names.add(name.casefold())
            self.export_to(track, folder / f"{name}.{format}", format, all_the_same=all_the_same)

    def reveal(self, path: str) -> None:
        """Show a file in the system's file manager."""
        if sys.platform == "win32":
            QProcess.startDetached("explorer", [f"/select,{Path(path)}"])
        elif sys.platform == "darwin":
            QProcess.startDetached("open", ["-R", path])
        elif not QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(path).parent))):
            self.trouble.emit(StudioError(tr("No file manager answered."), hint=tr("The file is at {path}", path=path)))

    def open_file(self, path: str) -> None:
        """Show a file in the program that the system has for it."""
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(path)):
            self.trouble.emit(StudioError(tr("No program answered."), hint=tr("The file is at {path}", path=path)))

    def copy_paths(self, paths: Sequence[str]) -> None:
        QGuiApplication.clipboard().setText("\n".join(paths))

    # Taking out

    def remove(self, track_ids: Sequence[int]) -> None:
        """Take tracks out of the library; the files stay, and ``restore`` brings the entries back."""
        self._kit.tasks.start(self._remove(list(track_ids)))

    async def _remove(self, track_ids: list[int]) -> None:
        library = self._studio.library

        def take_out() -> list[Track]:
            tracks = [track for track in map(library.track, track_ids) if track is not None]
            library.remove(track_ids)
            return tracks

        tracks = await asyncio.to_thread(take_out)
        if tracks:
            self.removed.emit(tracks)

    def restore(self, tracks: Sequence[Track]) -> None:
        def put_back() -> None:
            for track in tracks:
                self._studio.library.add(track)

        self._kit.tasks.start(asyncio.to_thread(put_back))

    def _dialog(self, title: str) -> QFileDialog:
        dialog = QFileDialog(self._window, title)
        dialog.setObjectName("files")
        dialog.finished.connect(dialog.deleteLater)
        return dialog


def _file_name(title: str) -> str:
    """A title without what file systems refuse."""
    kept = "".join(" " if letter in '<>:"/\\|?*' or ord(letter) < 32 else letter for letter in title)
    return " ".join(kept.split()).strip(". ") or "track"
