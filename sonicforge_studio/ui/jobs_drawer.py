"""The drawer at the right: each job with its progress, its time left and its cancel button."""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtCore import QEasingCurve, QPropertyAnimation, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from sonicforge_studio.studio import Job
from sonicforge_studio.ui.job_desk import JobDesk
from sonicforge_studio.ui.numbers import clock
from sonicforge_studio.ui.text import error_of, tr, tr_count, tr_error
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.controls import Button, Card, ElidedLabel, IconButton, label
from sonicforge_studio.ui.widgets.empty import EmptyState
from sonicforge_studio.ui.widgets.names import licence_text

_BAR_STEPS = 1000
_FINISHED_SHOWN = 20
_COUNTED = re.compile(r"(.+) · (.+) of (.+)")


def state_text(job: Job) -> str:
    """Where a job is, in words."""
    match str(job.state):
        case "queued":
            return tr("Waiting for its turn")
        case "waiting-to-retry":
            return tr("Will be tried again")
        case "running":
            note = _note_text(job.note) if job.note else tr("Working")
            if job.eta_seconds is None:
                return note
            return tr("{note} · {time} left", note=note, time=clock(job.eta_seconds + 0.5))
        case "done":
            return _result_text(job)
        case "cancelled":
            return tr("Cancelled")
    return ""


def _note_text(note: str) -> str:
    """What is being done, with how many bytes of it, where it says that: "Downloading · 1.2 GB of 2.4 GB"."""
    counted = _COUNTED.fullmatch(note)
    if counted is None:
        return tr(note)
    return tr("{note} · {done} of {whole}", note=tr(counted[1]), done=counted[2], whole=counted[3])


def _result_text(job: Job) -> str:
    result = job.result if isinstance(job.result, dict) else {}
    if result.get("licence_warning"):
        return f"{tr('Done')} · {licence_text(str(result.get('licence')))}"
    if job.kind != "import" or "added" not in result:
        return tr("Done")
    added = tr_count("{count} track imported", "{count} tracks imported", result["added"])
    failed = result.get("failed") or []
    if not failed:
        return added
    return f"{added} · " + tr_count("{count} could not be read", "{count} could not be read", len(failed))


def failures_text(job: Job) -> str:
    """The files of an import that could not be read, a line each."""
    result = job.result if isinstance(job.result, dict) else {}
    return "\n".join(f"{failure['path']}: {failure['error']['message']}" for failure in result.get("failed") or [])


class JobCard(Card):
    def __init__(self, theme: Theme, desk: JobDesk, job: Job, dismissed: Callable[[int], None]) -> None:
        super().__init__()
        self.job = job
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.space.m, theme.space.s, theme.space.s, theme.space.s)
        layout.setSpacing(theme.space.xxs)
        head = QHBoxLayout()
        self._title = ElidedLabel(job.title, "item")
        self._retry = IconButton(theme, "retry", tr("Try again"), lambda: desk.retry(job.id), small=True)
        self._cancel = IconButton(theme, "close", tr("Cancel"), lambda: desk.cancel(job.id), small=True)
        self._dismiss = IconButton(theme, "close", tr("Dismiss"), lambda: dismissed(job.id), small=True)
        head.addWidget(self._title, 1)
        for button in (self._retry, self._cancel, self._dismiss):
            head.addWidget(button)
        layout.addLayout(head)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, _BAR_STEPS)
        layout.addWidget(self._bar)
        self._state = label("", "small", wrap=True)
        layout.addWidget(self._state)
        self.show_job(job)

    def show_job(self, job: Job) -> None:
        self.job = job
        failed = str(job.state) == "failed"
        self._title.show_text(job.title or job.kind)
        self._retry.setVisible(failed or str(job.state) == "cancelled")
        self._cancel.setVisible(not job.state.finished)
        self._dismiss.setVisible(job.state.finished)
        self._bar.setVisible(not job.state.finished)
        self._bar.setValue(round(job.fraction * _BAR_STEPS))
        self._bar.setAccessibleName(tr("Progress of {title}", title=job.title))
        if failed and job.error is not None:
            self._state.setText(tr_error(error_of(job.error)))
        else:
            self._state.setText(state_text(job))
        self._state.setToolTip(failures_text(job))
        self._tint("danger" if failed else "")

    def _tint(self, tone: str) -> None:
        if self.property("tone") != tone:
            self.setProperty("tone", tone)
            self.style().unpolish(self)
            self.style().polish(self)


class JobsDrawer(QFrame):
    """Slides over the page from the right."""

    closed = Signal()

    def __init__(self, theme: Theme, desk: JobDesk, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._desk = desk
        self._cards: dict[int, JobCard] = {}
        self._dismissed: set[int] = set()
        self._slide = QPropertyAnimation(self, b"geometry", self)
        self._slide.setDuration(theme.motion.slide_milliseconds)
        self._slide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._slide.finished.connect(self._slid)
        self._open = False
        self.setObjectName("drawer")
        self.setAccessibleName(tr("Jobs"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.space.l, theme.space.l, theme.space.l, theme.space.l)
        layout.setSpacing(theme.space.m)
        head = QHBoxLayout()
        head.addWidget(label(tr("Jobs"), "title"), 1)
        self._clear = Button(tr("Clear finished"), "quiet", self.clear_finished)
        head.addWidget(self._clear)
        head.addWidget(IconButton(theme, "close", tr("Close the jobs drawer"), self.closed.emit, shortcut="Ctrl+J"))
        layout.addLayout(head)
        self._stack = QStackedLayout()
        layout.addLayout(self._stack, 1)
        self._stack.addWidget(
            EmptyState(
                theme,
                "jobs",
                tr("Nothing to do"),
                tr("Imports, pieces being forged, masters and exports show up here."),
            )
        )
        self._stack.addWidget(self._list())
        desk.changed.connect(self._show)
        for job in reversed(desk.jobs()):
            self._show(job)
        self.hide()

    def _list(self) -> QScrollArea:
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        content = QWidget()
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(self._theme.space.s)
        self._column.addStretch(1)
        area.setWidget(content)
        return area

    def is_open(self) -> bool:
        return self._open

    def slide(self, *, open: bool, within: QRect) -> None:
        """Slide in or out at the right edge of ``within``."""
        self._open = open
        away = QRect(within.right() + 1, within.top(), self._theme.size.drawer, within.height())
        home = away.translated(-self._theme.size.drawer, 0)
        self._slide.stop()
        self._slide.setStartValue(self.geometry() if self.isVisible() else away)
        self._slide.setEndValue(home if open else away)
        self.show()
        self.raise_()
        self._slide.start()
        if open:
            self.setFocus(Qt.FocusReason.OtherFocusReason)

    def fit(self, within: QRect) -> None:
        """Follow the window's size without sliding."""
        if self._open:
            self._slide.stop()
            width = self._theme.size.drawer
            self.setGeometry(within.right() + 1 - width, within.top(), width, within.height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _slid(self) -> None:
        if not self._open:
            self.hide()

    def _show(self, job: Job) -> None:
        if job.id in self._dismissed and job.state.finished:
            return
        self._dismissed.discard(job.id)
        card = self._cards.get(job.id)
        if card is not None:
            card.show_job(job)
        else:
            card = JobCard(self._theme, self._desk, job, self._dismiss)
            self._cards[job.id] = card
            self._column.insertWidget(self._place_of(job), card)
            self._forget_old()
        self._show_state()

    def _place_of(self, job: Job) -> int:
        """The newest on top."""
        return sum(other > job.id for other in self._cards)

    def _forget_old(self) -> None:
        finished = sorted(number for number, card in self._cards.items() if card.job.state.finished)
        for number in finished[:-_FINISHED_SHOWN]:
            self._remove(number)

    def _dismiss(self, job_id: int) -> None:
        self._dismissed.add(job_id)
        self._remove(job_id)
        self._show_state()

    def clear_finished(self) -> None:
        """Take everything that is over off the list."""
        for number in [number for number, card in self._cards.items() if card.job.state.finished]:
            self._dismissed.add(number)
            self._remove(number)
        self._desk.clear_finished()
        self._show_state()

    def _remove(self, job_id: int) -> None:
        card = self._cards.pop(job_id)
        self._column.removeWidget(card)
        card.hide()
        card.deleteLater()

    def _show_state(self) -> None:
        self._stack.setCurrentIndex(1 if self._cards else 0)
        self._clear.setVisible(any(card.job.state.finished for card in self._cards.values()))
