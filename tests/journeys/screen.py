"""A real screen for a test: an X server without hardware, a window manager, a mouse and keyboard, and a camera."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage

_PATIENCE_SECONDS = 30.0
_TOOLS = ("Xvfb", "openbox", "xdotool", "import")


def wait_for(happened: Callable[[], object], what: str, seconds: float = _PATIENCE_SECONDS) -> object:
    """Poll until something has happened; its value."""
    deadline = time.monotonic() + seconds
    while not (value := happened()):
        assert time.monotonic() < deadline, f"this did not happen in time: {what}"
        time.sleep(0.05)
    return value


class Screen:
    """One X display, and what is done on it."""

    def __init__(self, display: str) -> None:
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS")
        } | {"DISPLAY": display, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}

    @contextmanager
    def program(self, *command: str) -> Iterator[subprocess.Popen[str]]:
        """A Python program on this screen, ended at the end of the block."""
        process = subprocess.Popen(
            [sys.executable, *command], env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
            try:
                process.communicate(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                pytest.fail("the program did not end when it was asked to")

    def _do(self, *words: str) -> str:
        done = subprocess.run(
            ["xdotool", *words], env=self.environment, capture_output=True, text=True, check=False, timeout=20
        )
        return done.stdout.strip()

    def window(self, title: str) -> str:
        """The id of the visible window whose title begins so, once there is one."""
        found = wait_for(lambda: self._do("search", "--onlyvisible", "--name", f"^{title}"), f"a window {title!r}")
        return str(found).splitlines()[-1]

    def place(self, window: str, x: int, y: int, width: int = 0, height: int = 0) -> None:
        if width:
            self._do("windowsize", "--sync", window, str(width), str(height))
        self._do("windowmove", window, str(x), str(y))

    def front(self, window: str) -> None:
        self._do("windowactivate", "--sync", window)

    def press(self, *keys: str) -> None:
        self._do("key", "--clearmodifiers", *keys)

    def type(self, text: str) -> None:
        self._do("type", "--delay", "8", text)

    def click(self, x: int, y: int) -> None:
        self._do("mousemove", "--sync", str(x), str(y), "click", "1")

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Press, go there in steps as a hand does, and let go."""
        self._do("mousemove", "--sync", *map(str, start), "mousedown", "1")
        for step in range(1, 11):
            x, y = (round(a + (b - a) * step / 10) for a, b in zip(start, end, strict=True))
            self._do("mousemove", "--sync", str(x), str(y))
            time.sleep(0.04)
        time.sleep(0.3)
        self._do("mouseup", "1")

    def picture(self, path: Path) -> QImage:
        subprocess.run(
            ["import", "-window", "root", str(path)], env=self.environment, check=True, capture_output=True, timeout=20
        )
        return QImage(str(path))


def area_of(picture: QImage, colour: str, within: QRect) -> QRect:
    """The rectangle around all points of a colour inside a part of a picture; empty where there is none."""
    wanted, found = QColor(colour).rgb(), QRect()
    for y in range(within.top(), within.bottom() + 1):
        for x in range(within.left(), within.right() + 1):
            if picture.pixel(x, y) == wanted:
                found = found.united(QRect(x, y, 1, 1))
    return found


@contextmanager
def running_screen(width: int, height: int) -> Iterator[Screen]:
    """A screen of this size with a window manager; the test is skipped where the tools for it are not installed."""
    if not all(map(shutil.which, _TOOLS)):
        pytest.skip(f"one of {', '.join(_TOOLS)} is not installed")
    with ExitStack() as stack:
        reading, writing = os.pipe()
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"],
            pass_fds=(writing,),
            stderr=subprocess.DEVNULL,
        )
        stack.callback(_end, server)
        os.close(writing)
        with os.fdopen(reading) as told:
            screen = Screen(f":{told.readline().strip()}")
        manager = subprocess.Popen(
            ["openbox"], env=screen.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        stack.callback(_end, manager)
        yield screen


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(timeout=10)
