"""How long until the window is visible, beside a bare PySide6 and pyqtgraph window started in turns with it."""

from __future__ import annotations

import statistics
import tempfile
import time

from tests.benchmarks.tables import Row, show
from tests.journeys.screen import Screen, running_screen

ROUNDS = 5
TITLE = "SonicForge Studio"
STUDIO = "import sys; from sonicforge_studio.ui.main import run; sys.exit(run(['--home', {home!r}]))"
BARE = """
import sys
import pyqtgraph
from PySide6.QtWidgets import QApplication, QMainWindow
application = QApplication(sys.argv)
window = QMainWindow()
window.setWindowTitle("bare window")
window.setCentralWidget(pyqtgraph.PlotWidget())
window.resize(1280, 800)
window.show()
sys.exit(application.exec())
"""


def run() -> None:
    with running_screen(1280, 800) as screen, tempfile.TemporaryDirectory() as home:
        taken: tuple[list[float], list[float]] = ([], [])
        for _ in range(ROUNDS + 1):
            taken[0].append(_seconds_until_visible(screen, STUDIO.format(home=home), TITLE))
            taken[1].append(_seconds_until_visible(screen, BARE, "bare window"))
    ours, bare = (statistics.median(seconds[1:]) for seconds in taken)
    row = Row(
        "the studio's window is visible", ours, "bare PySide6 + pyqtgraph window", bare, f"{ours / bare:.2f}× its time"
    )
    show("Start", [row])


def _seconds_until_visible(screen: Screen, code: str, title: str) -> float:
    began = time.perf_counter()
    with screen.program("-c", code):
        screen.window(title)
        return time.perf_counter() - began
