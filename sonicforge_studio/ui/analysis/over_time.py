"""The lanes of a track, measured in a thread while what is known already is seen; or why that failed."""

from __future__ import annotations

import asyncio
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedWidget, QWidget

from sonicforge_studio.domain import Cancelled, StudioError, Track
from sonicforge_studio.studio.measuring import Measurer
from sonicforge_studio.ui.analysis.following import Following
from sonicforge_studio.ui.analysis.lanes import Lanes, Pictures
from sonicforge_studio.ui.kit import Kit
from sonicforge_studio.ui.text import tr, tr_error
from sonicforge_studio.ui.widgets.empty import EmptyState


class OverTime(QStackedWidget):
    def __init__(self, kit: Kit, measurer: Measurer, target_lufs: float) -> None:
        super().__init__()
        self._kit = kit
        self._measurer = measurer
        self._target_lufs = target_lufs
        self._track: Track | None = None
        self.measuring: Following | None = None
        self.failure: QWidget | None = None
        self.lanes = Lanes(kit.theme)
        self.addWidget(self.lanes)

    def state(self) -> str:
        """ "measuring", "track" or "failed"."""
        if self.failure is not None:
            return "failed"
        return "track" if self.measuring is None else "measuring"

    def begin(self, track: Track) -> None:
        """Another track: what the library knows of it at once, the rest as it comes."""
        self._track = track
        self.lanes.show_track(track.analysis, track.peaks)
        self.measure()

    def measure(self) -> None:
        """Measure what is drawn of the track; once more, where that failed."""
        self._forget_failure()
        self.stop()
        if self._track is None:
            return
        following = self.measuring = Following()
        following.told.connect(self._show_progress, Qt.ConnectionType.QueuedConnection)
        self.lanes.show_progress(0.0)
        self._kit.tasks.start(
            self._bring(Path(self._track.path), following), failed=lambda error: self.fail(following, error)
        )

    def stop(self) -> None:
        if self.measuring is not None:
            self.measuring.stop()
            self.measuring = None

    async def _bring(self, path: Path, following: Following) -> None:
        pictures = await asyncio.to_thread(self._make, path, following)
        if following is self.measuring:
            self.measuring = None
            self.lanes.show_progress(None)
            self.lanes.show_pictures(pictures)

    def _make(self, path: Path, following: Following) -> Pictures:
        curves, peaks = self._measurer.over_time(path, following)
        return Pictures.of(curves, peaks, self._target_lufs)

    def _show_progress(self, following: Following, share: float) -> None:
        if following is self.measuring:
            self.lanes.show_progress(share)

    def fail(self, following: Following, error: StudioError) -> None:
        """Say why a measuring failed, unless it is not the one that is waited for."""
        if following is not self.measuring or isinstance(error, Cancelled):
            return
        self.measuring = None
        self.lanes.show_progress(None)
        self.failure = EmptyState(
            self._kit.theme,
            "error",
            tr("The track could not be drawn"),
            tr_error(error),
            (tr("Try again"), self.measure),
            tone="danger",
        )
        self.failure.setObjectName("live")
        self.failure.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.addWidget(self.failure)
        self.setCurrentWidget(self.failure)

    def _forget_failure(self) -> None:
        if self.failure is not None:
            self.removeWidget(self.failure)
            self.failure.deleteLater()
            self.failure = None
