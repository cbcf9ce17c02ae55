"""The way from other threads to the window."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from sonicforge_studio.ui.bridge import Bridge


def test_many_reports_become_few_updates_on_the_windows_thread(qtbot: QtBot) -> None:
    bridge = Bridge()
    seen: list[tuple[int, float]] = []
    threads = []
    bridge.job_changed.connect(
        lambda job: (seen.append((job.id, job.fraction)), threads.append(QThread.currentThread()))
    )
    begun = time.monotonic()

    def report() -> None:
        for step in range(1001):
            for id in (1, 2):
                bridge.tell_job(SimpleNamespace(id=id, fraction=step / 1000))
            time.sleep(0.0005)

    worker = threading.Thread(target=report)
    worker.start()
    qtbot.waitUntil(lambda: {(1, 1.0), (2, 1.0)} <= set(seen), timeout=20_000)
    seconds = time.monotonic() - begun
    worker.join()
    assert len(seen) / 2 <= 16 * seconds + 2
    assert len(seen) >= 6, "progress has to be seen on its way"
    assert set(threads) == {QThread.currentThread()}
    bridge.close()


def test_the_library_is_told_of_once_for_many_changes(qtbot: QtBot) -> None:
    bridge = Bridge()
    with qtbot.waitSignal(bridge.library_changed):
        for _ in range(100):
            bridge.tell_library()
    with qtbot.assertNotEmitted(bridge.library_changed, wait=150):
        pass
    bridge.close()


def test_nothing_comes_after_the_end(qtbot: QtBot) -> None:
    bridge = Bridge()
    bridge.tell_library()
    bridge.close()
    bridge.tell_library()
    with qtbot.assertNotEmitted(bridge.library_changed, wait=150):
        pass
