"""What every test may ask for, and what none may leave behind."""

from __future__ import annotations

import gc
import multiprocessing
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

_LASTING_THREADS = ("QDBusConnection", "pytest_timeout", "sound system")
"""Threads that a library starts once for the life of the process."""


_TIMEKEEPERS = ("tests/journeys/", "tests/jobs/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is heard, what acts in a real window and what measures a cancel is run by itself: see `make test`."""
    for item in items:
        place = item.nodeid.replace("\\", "/")
        if place.startswith(_TIMEKEEPERS) or item.get_closest_marker("sound"):
            item.add_marker("alone")


def pytest_collection_finish() -> None:
    """Every module of every test is loaded now. A full search for garbage over all of that takes half a second in which
    no Python runs, longer than a player has in store, and as many times as there are tests: what stays is left out."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test has a data folder of its own."""
    home = tmp_path / "home"
    monkeypatch.setenv("SONICFORGE_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def no_strays() -> Iterator[None]:
    """Fails the test that leaves a thread or a child process running, and names it."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 2.0
    while True:
        threads = [
            thread.name
            for thread in threading.enumerate()
            if thread not in before and thread.is_alive() and not thread.name.startswith(_LASTING_THREADS)
        ]
        children = [child.name for child in multiprocessing.active_children()]
        if not (threads or children) or time.monotonic() > deadline:
            break
        time.sleep(0.01)
    assert not threads, f"threads left running: {threads}"
    assert not children, f"processes left running: {children}"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 400 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("this user may not mount a small disk")
    yield folder
    gc.collect()  # an error that was kept holds what was open where it happened
    subprocess.run(["umount", folder], check=True)


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real audio with known truth; the test is skipped where there is none."""
    folder = os.environ.get("SONICFORGE_TEST_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("SONICFORGE_TEST_DATA names no folder of real audio")
    return Path(folder).resolve()
