"""The Master page: a track, its chain under the hand while it plays, and the proof of what was made."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from sonicforge_studio.domain import Master, StudioError, Suggestion, Track, from_plain
from sonicforge_studio.domain.errors import Cancelled
from sonicforge_studio.studio import Job, Lane, Live, LiveSnapshot, Report, StopProgress, Studio
from sonicforge_studio.studio.master_drafts import MasterDraft, first_draft
from sonicforge_studio.studio.master_presets import SUFFIX
from sonicforge_studio.studio.master_preview import MASTERED, ORIGINAL, Found
from sonicforge_studio.studio.suggesting import suggestions_for
from sonicforge_studio.ui.actions import Actions
from sonicforge_studio.ui.job_desk import JobDesk
from sonicforge_studio.ui.kit import Kit
from sonicforge_studio.ui.listening import Listening
from sonicforge_studio.ui.live.frame_clock import FrameClock
from sonicforge_studio.ui.master.chain_desk import ChainDesk
from sonicforge_studio.ui.master.editing import MasterEditing
from sonicforge_studio.ui.master.order import OrderPanel
from sonicforge_studio.ui.master.preset_bar import PresetBar
from sonicforge_studio.ui.master.presets import Presets
from sonicforge_studio.ui.master.preview_bar import PreviewBar
from sonicforge_studio.ui.master.references_panel import ReferencesPanel
from sonicforge_studio.ui.master.rehearsal import MasterRehearsal
from sonicforge_studio.ui.master.suggestions import SuggestionsDialog
from sonicforge_studio.ui.pages.master_controls import MasterControls, target_text
from sonicforge_studio.ui.pages.master_result import MasterResult
from sonicforge_studio.ui.steps import restored_text
from sonicforge_studio.ui.text import error_of, tr, tr_error
from sonicforge_studio.ui.widgets.controls import Button, ElidedLabel, IconButton, label
from sonicforge_studio.ui.widgets.empty import EmptyState
from sonicforge_studio.ui.widgets.segments import Segments

CHAIN, RESULT = "chain", "result"


class MasterPage(QWidget):
    opened = Signal(int)
    """The id of the track that is on the page now."""
    _listened = Signal(object)
    """The assistant's ``Report`` of how far it has listened."""

    def __init__(
        self,
        studio: Studio,
        desk: JobDesk,
        actions: Actions,
        listening: Listening,
        clock: FrameClock,
        kit: Kit,
        live: Live,
    ) -> None:
        super().__init__()
        self._desk = desk
        self._actions = actions
        self._listening = listening
        self._kit = kit
        self._track: Track | None = None
        self._job_id: int | None = None
        self._suggesting: StopProgress | None = None
        """The assistant's way through the track."""
        self._cancelled = False
        self._reports = studio.folders.reports
        self.setObjectName("page")
        target = next((each for each in studio.targets if each.name == studio.settings.target), studio.targets[0])
        self.editing = MasterEditing(kit.tasks, live.master_drafts, first_draft(target))
        self.rehearsal = MasterRehearsal(kit, listening)
        theme = kit.theme
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.space.xl, theme.space.l, theme.space.xl, theme.space.l)
        layout.setSpacing(theme.space.xl)
        layout.addWidget(self._settings(studio))
        layout.addWidget(self._work(studio, listening), 1)
        self.presets = Presets(self.preset_bar, self.editing, live.master_presets, kit.tasks)
        self._wire()
        clock.watch(self._look)
        self._follow()
        self._show_state()

    def _settings(self, studio: Studio) -> QWidget:
        theme = self._kit.theme
        side = QWidget()
        side.setFixedWidth(theme.size.facts_column)
        layout = QVBoxLayout(side)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.space.m)
        head = QHBoxLayout()
        head.setSpacing(theme.space.xs)
        head.setContentsMargins(0, 0, theme.space.m, 0)
        head.addWidget(label(tr("Master"), "title"))
        head.addStretch(1)
        self.undo_button = IconButton(
            theme, "undo", tr("Take the last change back"), self.editing.undo, shortcut="Ctrl+Z"
        )
        self.redo_button = IconButton(theme, "redo", tr("Do it again"), self.editing.redo, shortcut="Ctrl+Shift+Z")
        head.addWidget(self.undo_button)
        head.addWidget(self.redo_button)
        layout.addLayout(head)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.preset_bar = PresetBar(theme)
        self.assistant_button = Button(tr("Suggest settings…"), "", self.suggest)
        self.assistant_button.setIcon(theme.icon("assistant"))
        self.assistant_button.setToolTip(tr("Listens to the track and says what it would change, and why"))
        self.references = ReferencesPanel(theme)
        self.controls = MasterControls(theme, studio.targets, self.preset_bar, self.assistant_button, self.references)
        area.setWidget(self.controls)
        layout.addWidget(area, 1)
        self.order = OrderPanel(theme)
        self.master_button, self.cancel_button = self.order.master_button, self.order.cancel_button
        layout.addWidget(self.order)
        return side

    def _work(self, studio: Studio, listening: Listening) -> QWidget:
        theme = self._kit.theme
        self._right = QStackedWidget()
        self._nothing = EmptyState(
            theme,
            "master",
            tr("Master a track"),
            tr("Choose a track in the library, or drop a file here. Pick where it will be heard, and press Master."),
            (tr("Choose from the library"), lambda: self._actions.library_wanted.emit()),
        )
        self._right.addWidget(self._nothing)
        work = QWidget()
        column = QVBoxLayout(work)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.space.m)
        head = QHBoxLayout()
        head.setSpacing(theme.space.m)
        self.view = Segments(theme, tr("Shown"), [(CHAIN, tr("Chain")), (RESULT, tr("Result"))])
        self.view.setFixedWidth(theme.size.wave_card)
        self.view.chosen.connect(self._show_view)
        head.addWidget(self.view)
        self._reading = ElidedLabel("", "small")
        head.addWidget(self._reading, 1)
        column.addLayout(head)
        self.bar = PreviewBar(self._kit, listening, self.rehearsal)
        column.addWidget(self.bar)
        self._views = QStackedWidget()
        self.chain = ChainDesk(theme)
        self.result = MasterResult(self._kit, self._actions, listening, studio.settings.export_format)
        self._waiting = EmptyState(
            theme,
            "wave",
            tr("Ready when you are"),
            tr("The figures before and after will stand here, with the proof of every format."),
        )
        for view in (self.chain, self._waiting, self.result):
            self._views.addWidget(view)
        column.addWidget(self._views, 1)
        self._right.addWidget(work)
        self._workbench = work
        return self._right

    def _tell_restored(self, one_step_back: bool) -> None:
        self._reading.show_text(restored_text(one_step_back))

    def _wire(self) -> None:
        editing = self.editing
        editing.changed.connect(self._follow)
        editing.refused.connect(lambda error: self.order.say(tr_error(error)))
        editing.restored.connect(self._tell_restored)
        self._listened.connect(self._tell_listened)
        for part in (self.controls, self.references):
            part.changed.connect(lambda values, joined: editing.set(joined, **values))
            part.let_go.connect(editing.end_joined)
        self.references.choose_wanted.connect(self._ask_references)
        self.chain.many_changed.connect(editing.set_many)
        self.chain.let_go.connect(editing.end_joined)
        self.chain.alone_wanted.connect(self._hear_alone)
        self.order.prove.clicked.connect(lambda on: editing.set(prove=on))
        self.order.master_wanted.connect(self.master)
        self.order.cancel_wanted.connect(self._cancel)
        self.rehearsal.found.connect(self._show_found)
        self.rehearsal.unheard.connect(lambda error: self.order.say(tr_error(error)))
        self._actions.master_wanted.connect(self.open)
        self._desk.changed.connect(self._show_job)

    # What is to be mastered

    @property
    def track(self) -> Track | None:
        return self._track

    def open(self, track: Track) -> None:
        """Take a track onto the page."""
        if self._track is None or self._track.id != track.id:
            self.result.forget()
            self.chain.forget()
            self._reading.show_text("")
            self._show_view(CHAIN)
            self._hear_alone(None)
        self._track = track
        self.opened.emit(track.id)
        # Before the draft is another: what plays of the track before goes on as it was.
        self.rehearsal.open(track)
        self.editing.open(track)
        self.rehearsal.show(self.editing.draft)
        self.bar.show_track(track)
        self.order.say("")
        self._show_state()

    def take_drop(self, paths: list[str]) -> bool:
        """A preset's file dropped anywhere on the page. Whether it was one."""
        if len(paths) == 1 and paths[0].lower().endswith(SUFFIX):
            self.presets.bring_in(paths[0])
            return True
        return False

    def _follow(self) -> None:
        """What is set is another: every part shows it, and what plays goes over to it."""
        draft = self.editing.draft
        self.controls.show_draft(draft)
        self.references.show_draft(draft)
        self.preset_bar.show_preset(draft.preset, touched=False)
        self.chain.show_draft(draft)
        self.order.prove.setChecked(draft.prove)
        self.undo_button.setEnabled(self.editing.can_undo)
        self.redo_button.setEnabled(self.editing.can_redo)
        self.rehearsal.show(draft)

    def _ask_references(self) -> None:
        dialog = QFileDialog(self.window(), tr("Add reference"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self.references.add)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    # Hearing

    def _look(self, snapshot: LiveSnapshot) -> None:
        """At the screen's pace while something sounds."""
        if not self.chain.isVisible():
            return
        heard = self.rehearsal.heard
        version = self.rehearsal.chosen if heard else None
        self.chain.look(snapshot, version, self.rehearsal.meters(), self.rehearsal.gain_db)

    def _hear_alone(self, stage: str | None) -> None:
        self.rehearsal.hear_alone(stage)
        self.chain.strip.show_alone(stage)
        self.bar.show_side()

    def _show_found(self, found: Found) -> None:
        notes = " ".join(tr(note) for note in found.outcome.notes)
        self._reading.show_text(notes)

    # The assistant

    def suggest(self) -> None:
        """Listen to the track and say what it could use; while that goes on, leave off."""
        if self._suggesting is not None:
            self._suggesting.stop()
        elif self._track is not None:
            self._suggesting = StopProgress(self._listened.emit)
            self._show_state()
            self._reading.show_text(tr("Listening to the track…"))
            self._kit.tasks.start(self._suggest(self._track, self._suggesting), failed=self._failed)

    def _tell_listened(self, report: Report) -> None:
        if self._suggesting is not None:
            self._reading.show_text(tr("Listening to the track… {percent} %", percent=round(100 * report.fraction)))

    async def _suggest(self, track: Track, progress: StopProgress) -> None:
        try:
            genre = track.recipe.concept.genre if track.recipe and track.recipe.concept else ""
            suggestions = await asyncio.to_thread(suggestions_for, Path(track.path), genre, progress)
        except Cancelled:
            return
        finally:
            self._suggesting = None
            self._reading.show_text("")
            self._show_state()
        if self._track is not None and track.id == self._track.id:
            dialog = SuggestionsDialog(self._kit.theme, self.window(), suggestions)
            dialog.taken.connect(self._take_suggestions)
            dialog.open()

    def _take_suggestions(self, suggestions: tuple[Suggestion, ...]) -> None:
        self.editing.set_many(
            {f"chain.{place}": value for suggestion in suggestions for place, value in suggestion.changes}
        )

    # The mastering

    def master(self) -> None:
        track = self._track
        if track is None or self._job_id is not None:
            return
        self.order.say("")
        self._job_id = 0
        self._cancelled = False
        self._show_state()
        self._kit.tasks.start(self._order(track, self.editing.draft), failed=self._failed)

    async def _order(self, track: Track, draft: MasterDraft) -> None:
        arguments = {"track_id": track.id, **draft.arguments()}
        if draft.prove:
            now = datetime.now(UTC).strftime("%Y-%m-%d %H%M%S")
            arguments["report"] = str(self._reports / f"{Path(track.path).stem} {now}.pdf")
        title = tr("Master “{title}” for {target}", title=track.title, target=target_text(draft.target))
        job = await self._desk.submit("master", arguments, title, Lane.HIGH)
        self._job_id = job.id
        if self._cancelled:
            self._desk.cancel(job.id)
        self._show_job(self._desk.job(job.id) or job)

    def _cancel(self) -> None:
        self._cancelled = True
        if self._job_id:
            self._desk.cancel(self._job_id)

    def _show_job(self, job: Job) -> None:
        if job.id != self._job_id:
            return
        self.order.show_job(job)
        if not job.state.finished:
            return
        self._job_id = None
        if str(job.state) == "failed" and job.error is not None:
            self.order.say(tr_error(error_of(job.error)))
        elif str(job.state) == "done":
            self._kit.tasks.start(self._take(job), failed=self._failed)
        self._show_state()

    async def _take(self, job: Job) -> None:
        master = from_plain(Master, job.result)
        mastered = await self._actions.track(int(job.result["track_id"]))
        # Another track may have been opened meanwhile: the result then stands in the library alone.
        if self._track is not None and self._track.path == job.result["original_path"]:
            notes, report = job.result.get("notes") or [], job.result.get("report") or []
            self.result.show_master(self._track, mastered, master, notes, report)
            self._show_view(RESULT)
        self._show_state()

    def _failed(self, error: StudioError) -> None:
        self._job_id = None
        self.order.say(tr_error(error))
        self._show_state()

    def error_text(self) -> str:
        return self.order.error_text()

    # What is shown

    def _show_view(self, view: str) -> None:
        self.view.choose(view)
        result = self.result if self.result.shows() else self._waiting
        self._views.setCurrentWidget(self.chain if view == CHAIN else result)
        # The result has both sides and their waveform itself.
        self.bar.setVisible(view == CHAIN or not self.result.shows())

    def _show_state(self) -> None:
        self.order.show_state(ready=self._track is not None, working=self._job_id is not None)
        self.assistant_button.setEnabled(self._track is not None)
        self.assistant_button.setText(tr("Suggest settings…") if self._suggesting is None else tr("Cancel"))
        self._right.setCurrentWidget(self._nothing if self._track is None else self._workbench)

    # The keyboard, and the end

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, with_ = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
        if key == Qt.Key.Key_Z and with_ == control:
            self.editing.undo()
        elif (key == Qt.Key.Key_Y and with_ == control) or (key == Qt.Key.Key_Z and with_ == control | shift):
            self.editing.redo()
        elif with_ or self._track is None:
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_X:
            self.bar.choose(ORIGINAL if self.rehearsal.chosen == MASTERED else MASTERED)
        elif key in (Qt.Key.Key_A, Qt.Key.Key_B):
            self.bar.choose(ORIGINAL if key == Qt.Key.Key_A else MASTERED)
        else:
            super().keyPressEvent(event)

    async def finish(self) -> None:
        """What was set lies on the disk."""
        await self.editing.finish()

    def close_down(self) -> None:
        self.rehearsal.close_now()
