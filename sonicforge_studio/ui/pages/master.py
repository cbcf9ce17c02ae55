"""The Master page: a track, what it shall become, and the proof side by side."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from sonicforge_studio.domain import Master, StudioError, Track, from_plain
from sonicforge_studio.studio import Job, Lane, Studio
from sonicforge_studio.ui.actions import Actions
from sonicforge_studio.ui.job_desk import JobDesk
from sonicforge_studio.ui.jobs_drawer import state_text
from sonicforge_studio.ui.kit import Kit
from sonicforge_studio.ui.listening import Listening
from sonicforge_studio.ui.pages.master_controls import MasterControls
from sonicforge_studio.ui.pages.master_result import MasterResult
from sonicforge_studio.ui.pages.source_card import SourceCard
from sonicforge_studio.ui.text import error_of, tr, tr_error
from sonicforge_studio.ui.widgets.controls import Button, label
from sonicforge_studio.ui.widgets.empty import EmptyState
from sonicforge_studio.ui.widgets.names import target_name

_BAR_STEPS = 1000


class MasterPage(QWidget):
    def __init__(self, studio: Studio, desk: JobDesk, actions: Actions, listening: Listening, kit: Kit) -> None:
        super().__init__()
        self._desk = desk
        self._actions = actions
        self._kit = kit
        self._track: Track | None = None
        self._job_id: int | None = None
        self.setObjectName("page")
        theme = kit.theme
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.space.xl, theme.space.xl, theme.space.xl, theme.space.l)
        layout.setSpacing(theme.space.xl)
        layout.addWidget(self._settings(studio))
        self.source = SourceCard(kit, actions, listening)
        self._result_area = QStackedWidget()
        self._nothing = EmptyState(
            theme,
            "master",
            tr("Master a track"),
            tr("Choose a track in the library, or drop a file here. Pick where it will be heard, and press Master."),
            (tr("Choose from the library"), lambda: actions.library_wanted.emit()),
        )
        self._waiting = EmptyState(
            theme,
            "wave",
            tr("Ready when you are"),
            tr("The figures before and after will stand here, with a switch to hear both at the same place."),
        )
        self.result = MasterResult(kit, actions, listening, studio.settings.export_format)
        for state in (self._nothing, self._waiting, self.result):
            self._result_area.addWidget(state)
        right = QVBoxLayout()
        right.setSpacing(theme.space.l)
        right.addWidget(self.source)
        right.addWidget(self._result_area, 1)
        layout.addLayout(right, 1)
        self.source.hide()
        actions.master_wanted.connect(self.open)
        desk.changed.connect(self._show_job)
        self._show_state()

    def _settings(self, studio: Studio) -> QWidget:
        theme = self._kit.theme
        side = QWidget()
        side.setFixedWidth(theme.size.settings_column)
        layout = QVBoxLayout(side)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.space.m)
        layout.addWidget(label(tr("Master"), "title"))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.controls = MasterControls(theme, studio.targets, studio.presets, studio.settings.target)
        area.setWidget(self.controls)
        layout.addWidget(area, 1)
        self._error = label("", "error", wrap=True, select=True)
        self._error.hide()
        layout.addWidget(self._error)
        self._bar = QProgressBar()
        self._bar.setRange(0, _BAR_STEPS)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(tr("Progress of the master"))
        self._note = label("", "small")
        layout.addWidget(self._bar)
        layout.addWidget(self._note)
        self.master_button = Button(tr("Master|do"), "primary", self.master)
        self.master_button.setProperty("large", True)
        self.cancel_button = Button(tr("Cancel"), "", self._cancel)
        self.cancel_button.setProperty("large", True)
        layout.addWidget(self.master_button)
        layout.addWidget(self.cancel_button)
        return side

    # What is to be mastered

    def open(self, track: Track) -> None:
        """Take a track onto the page."""
        if self._track is None or self._track.id != track.id:
            self.result.forget()
        self._track = track
        self.source.show_track(track)
        self._say("")
        self._show_state()

    # The mastering

    def master(self) -> None:
        track = self._track
        if track is None or self._job_id is not None:
            return
        self._say("")
        self._job_id = 0
        self._show_state()
        self._kit.tasks.start(self._order(track), failed=self._failed)

    async def _order(self, track: Track) -> None:
        arguments = {"track_id": track.id, **self.controls.arguments()}
        title = tr("Master “{title}” for {target}", title=track.title, target=target_name(self.controls.target_text()))
        job = await self._desk.submit("master", arguments, title, Lane.HIGH)
        self._job_id = job.id
        self._show_job(self._desk.job(job.id) or job)

    def _cancel(self) -> None:
        if self._job_id:
            self._desk.cancel(self._job_id)

    def _show_job(self, job: Job) -> None:
        if job.id != self._job_id:
            return
        self._bar.setValue(round(job.fraction * _BAR_STEPS))
        self._note.setText(state_text(job))
        if not job.state.finished:
            return
        self._job_id = None
        if str(job.state) == "failed" and job.error is not None:
            self._say(tr_error(error_of(job.error)))
        elif str(job.state) == "done":
            self._kit.tasks.start(self._take(job), failed=self._failed)
        self._show_state()

    async def _take(self, job: Job) -> None:
        master = from_plain(Master, job.result)
        mastered = await self._actions.track(int(job.result["track_id"]))
        # Another track may have been opened meanwhile: the result then stands in the library alone.
        if self._track is not None and self._track.path == job.result["original_path"]:
            self.result.show_master(self._track, mastered, master, job.result.get("notes") or [])
        self._show_state()

    def _failed(self, error: StudioError) -> None:
        self._job_id = None
        self._say(tr_error(error))
        self._show_state()

    def error_text(self) -> str:
        return self._error.text()

    def _say(self, text: str) -> None:
        self._error.setText(text)
        self._error.setVisible(bool(text))

    def _show_state(self) -> None:
        working = self._job_id is not None
        leaving, taking = self.master_button, self.cancel_button
        if not working:
            leaving, taking = taking, leaving
        focused = leaving.hasFocus()
        self.master_button.setVisible(not working)
        self.master_button.setEnabled(self._track is not None)
        self.cancel_button.setVisible(working)
        if focused:
            taking.setFocus(Qt.FocusReason.OtherFocusReason)
        self._bar.setVisible(working)
        self._note.setVisible(working)
        self.source.setVisible(self._track is not None)
        shown = self._nothing if self._track is None else self.result if self.result.shows() else self._waiting
        self._result_area.setCurrentWidget(shown)
