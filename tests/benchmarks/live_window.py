"""Run inside a virtual screen by ``tests.benchmarks.live_views``: the studio's Live page, or four bare plots.

Usage: python -m tests.benchmarks.live_window studio|bare SECONDS MUSIC RESULT.json
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyqtgraph
from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QGridLayout, QWidget

from sonicforge_studio.host import Settings, open_folders
from sonicforge_studio.ui.application import Program, make_loop, prepare_application

SIZE = (1600, 1000)
_WARM_SECONDS = 3.0


class Frames(QObject):
    """When each frame had been painted and handed to the screen: an update of the window in which ``view``, which
    changes with each, was painted."""

    def __init__(self, window: QWidget, view: QWidget) -> None:
        super().__init__()
        self.painted: list[float] = []
        self._window = window
        self._fresh = self._within = False
        window.installEventFilter(self)
        view.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is not self._window:
            self._fresh |= event.type() == QEvent.Type.Paint
            return False
        if event.type() != QEvent.Type.UpdateRequest or self._within:
            return False
        # Painting is done while the event is handled, so it is handled here and the time taken afterwards.
        self._within = True
        watched.event(event)
        self._within = False
        if self._fresh:
            self._fresh = False
            self.painted.append(time.monotonic())
        return True


async def studio(program: Program, seconds: float, music: str) -> dict[str, object]:
    program.window.resize(*SIZE)
    program.window.show()
    await program.begin()
    program.window.resize(*SIZE)
    assert program.opened is not None
    workspace = program.opened.workspace
    workspace.window.rail.page_chosen.emit("live")
    live = program.opened.live
    shown: list[tuple[float, float]] = []
    if music.endswith("captured"):
        workspace.live.source.choose("input")
    else:
        live.player.play(music)
    await asyncio.sleep(_WARM_SECONDS)
    frames = Frames(program.window, workspace.live.spectrum._plot.viewport())
    dropped = workspace.clock.dropped_frames

    def note() -> None:
        # Asked for behind the views' own look, so that what stands here is in the frame that is painted next.
        snapshot = workspace.live.spectrum.snapshot
        if snapshot is not None:
            shown.append((time.monotonic(), float(np.abs(snapshot.wave).max(initial=0.0))))

    workspace.clock.watch(lambda _: note())
    began, cpu = time.monotonic(), time.process_time()
    await asyncio.sleep(seconds)
    share = (time.process_time() - cpu) / (time.monotonic() - began)
    state = live.player.state
    snapshot = live.analyser.newest
    result: dict[str, object] = {
        "painted": frames.painted,
        "shown": shown,
        "dropped": workspace.clock.dropped_frames - dropped,
        "cpu_share": share,
        "gaps": state.gaps,
        "overflows": live.capture.state.overflows,
        "missed_frames": 0 if snapshot is None else snapshot.missed_frames,
    }
    program.window.close()
    await program.close()
    return result


def run_studio(seconds: float, music: str) -> dict[str, object]:
    application = QApplication([])
    theme = prepare_application(application, Settings(language="en"))
    with tempfile.TemporaryDirectory() as home, make_loop(application) as loop:
        os.environ["SONICFORGE_HOME"] = home
        return loop.run_until_complete(studio(Program(theme, open_folders(home), loop), seconds, music))


def run_bare(seconds: float) -> dict[str, object]:
    """Four plain pyqtgraph views of the same kind: two curves with a fill, an image, a history, points."""
    application = QApplication([])
    window = QWidget()
    grid = QGridLayout(window)
    plots = [pyqtgraph.PlotWidget() for _ in range(4)]
    for index, plot in enumerate(plots):
        grid.addWidget(plot, index // 2, index % 2)
    curve, held = plots[0].plot(fillLevel=-96, brush=(245, 139, 76, 90), pen="w"), plots[0].plot(pen="g")
    image = pyqtgraph.ImageItem()
    plots[1].addItem(image)
    history = plots[2].plot(pen="w")
    points = pyqtgraph.ScatterPlotItem(size=2, pen=None, brush="w")
    plots[3].addItem(points)
    for plot, low, high in ((plots[0], -96, 3), (plots[2], -48, 0), (plots[3], -1, 1)):
        plot.setYRange(low, high)
    window.resize(*SIZE)
    window.show()
    random = np.random.default_rng(1)
    fall = np.zeros((240, 400), np.float32)

    def draw() -> None:
        levels = random.uniform(-80, -20, 240)
        curve.setData(levels)
        held.setData(levels + 6)
        fall[:, 1:] = fall[:, :-1]
        fall[:, 0] = levels
        image.setImage(fall, autoLevels=False, levels=(-90, -6))
        history.setData(random.uniform(-30, -10, 300))
        points.setData(random.normal(0, 0.2, 960), random.normal(0, 0.3, 960))

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(draw)
    timer.start(16)
    frames = Frames(window, plots[0].viewport())
    QTimer.singleShot(int(1000 * (_WARM_SECONDS + seconds)), application.quit)
    cpu, began = time.process_time(), time.monotonic()
    application.exec()
    painted = [at for at in frames.painted if at > began + _WARM_SECONDS]
    return {"painted": painted, "cpu_share": (time.process_time() - cpu) / (time.monotonic() - began)}


if __name__ == "__main__":
    kind, seconds, music, out = sys.argv[1], float(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
    found = run_studio(seconds, music) if kind == "studio" else run_bare(seconds)
    out.write_text(json.dumps(found))
