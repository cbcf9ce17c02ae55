"""The program's entry: no display, no data folder, and nothing heavy before the window."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sonicforge_studio import __version__
from sonicforge_studio.ui.main import display_answers

PROGRAM = [sys.executable, "-m", "sonicforge_studio.ui.main"]


def _environment(**changes: str) -> dict[str, str]:
    left_out = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return {name: value for name, value in os.environ.items() if name not in left_out} | changes


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have always a screen")
@pytest.mark.parametrize("changes", [{}, {"DISPLAY": ":997"}, {"DISPLAY": "nonsense"}, {"WAYLAND_DISPLAY": "none-997"}])
def test_without_a_display_it_says_so_in_one_line(changes: dict[str, str]) -> None:
    done = subprocess.run(PROGRAM, env=_environment(**changes), capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "display" in done.stderr


def test_a_display_that_listens_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-7")
    assert display_answers() is False
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "wayland-7"))
        server.listen()
        assert display_answers() is True


def test_a_data_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    done = subprocess.run(
        [*PROGRAM, "--home", str(blocked / "home")],
        env=_environment(QT_QPA_PLATFORM="offscreen"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "data folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_version() -> None:
    done = subprocess.run([*PROGRAM, "--version"], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == f"SonicForge Studio {__version__}"


def test_nothing_heavy_stands_before_the_window() -> None:
    code = "import sys, sonicforge_studio.ui.application; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stdout.split())
    assert "PySide6.QtWidgets" in loaded
    assert not loaded & {"numba", "pyqtgraph", "av", "sqlite_utils", "sonicforge_studio.studio"}
