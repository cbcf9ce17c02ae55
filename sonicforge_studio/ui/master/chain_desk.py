"""The chain's strip, and below it the stage that is chosen."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from sonicforge_studio.studio import LiveMeters, LiveSnapshot
from sonicforge_studio.studio.master_drafts import MasterDraft
from sonicforge_studio.ui.master.chain_strip import ChainStrip
from sonicforge_studio.ui.master.stage_views import LimiterStage, StageView, build_stage
from sonicforge_studio.ui.theme import Theme
from sonicforge_studio.ui.widgets.drop_overlay import leave_drops

FIRST_STAGE = "eq"


class ChainDesk(QWidget):
    many_changed = Signal(object, str)
    """Values by place of the draft (see ``StageView``), and the word that joins them with the step before."""
    let_go = Signal()
    alone_wanted = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._draft: MasterDraft | None = None
        self.stages: dict[str, StageView] = {}
        """Those that were shown once."""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.space.m)
        self.strip = ChainStrip(theme)
        self.strip.chosen.connect(self.choose)
        self.strip.switched.connect(lambda stage, on: self.many_changed.emit({f"chain.{stage}.on": on}, ""))
        self.strip.alone_wanted.connect(self.alone_wanted)
        layout.addWidget(self.strip)
        self._stack = QStackedWidget()
        layout.addWidget(self._stack, 1)
        self.choose(FIRST_STAGE)

    def choose(self, stage: str) -> None:
        self.strip.choose(stage)
        if stage not in self.stages:
            view = self.stages[stage] = build_stage(self._theme, stage)
            view.many_changed.connect(self.many_changed)
            view.let_go.connect(self.let_go)
            self._stack.addWidget(view)
            leave_drops(view)  # the page was told before this one was there
        if self._draft is not None:
            self.stages[stage].show_draft(self._draft)
        self._stack.setCurrentWidget(self.stages[stage])

    @property
    def current(self) -> StageView:
        view = self._stack.currentWidget()
        assert isinstance(view, StageView)
        return view

    def show_draft(self, draft: MasterDraft) -> None:
        self._draft = draft
        self.strip.show_chain(draft.chain)
        self.current.show_draft(draft)

    def look(
        self, snapshot: LiveSnapshot, version: int | None, meters: LiveMeters | None, gain_db: float = 0.0
    ) -> None:
        """What is heard now, at the screen's pace; ``gain_db`` is what the player adds to match loudness."""
        if meters is None:
            self.strip.rest()
        else:
            self.strip.show_meters(meters.stages, meters.limiter_db)
        if isinstance(self.current, LimiterStage):
            self.current.gain_db = gain_db
        self.current.look(snapshot, version, meters)

    def forget(self) -> None:
        """Another track."""
        for view in self.stages.values():
            view.forget()
        self.strip.rest()
