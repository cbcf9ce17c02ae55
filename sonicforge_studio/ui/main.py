"""`sonicforge-studio [FILE…]`: opens the window."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Sequence

from sonicforge_studio import __version__

NO_DISPLAY = 3
"""The exit code where there is no screen to open a window on."""

_X_BASE_PORT = 6000
_PATIENCE_SECONDS = 2.0


def run(arguments: Sequence[str] | None = None) -> int:
    """Open the studio's window, and import the named files. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="sonicforge-studio", description="Generate, analyse, master and catalogue music on your own machine."
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="audio files and folders to import")
    parser.add_argument("--home", metavar="DIR", help="the data folder (else SONICFORGE_HOME, else your own)")
    parser.add_argument("--version", action="version", version=f"SonicForge Studio {__version__}")
    given = parser.parse_args(arguments)
    if not display_answers():
        sys.stderr.write(
            "There is no display to open a window on. The command line works without one: sonicforge --help\n"
        )
        return NO_DISPLAY
    # Imported here, since --help and a missing display need no Qt.
    from sonicforge_studio.domain.errors import StudioError
    from sonicforge_studio.ui.application import open_window

    try:
        return open_window(sys.argv[:1], given.files, given.home)
    except StudioError as error:
        sys.stderr.write(f"{error.message} {error.hint}\n")
        return 1


def display_answers() -> bool:
    """Whether Qt will find a screen: asked before Qt is, which would abort the process."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return _wayland_answers() or _x_answers()


def _wayland_answers() -> bool:
    name = os.environ.get("WAYLAND_DISPLAY")
    if not name:
        return False
    return _connects(socket.AF_UNIX, os.path.join(os.environ.get("XDG_RUNTIME_DIR", ""), name))  # noqa: PTH118


def _x_answers() -> bool:
    host, colon, rest = os.environ.get("DISPLAY", "").rpartition(":")
    number = rest.partition(".")[0]
    if not colon or not number.isdigit():
        return False
    if host and host != "unix":
        return _connects(socket.AF_INET, (host, _X_BASE_PORT + int(number)))
    path = f"/tmp/.X11-unix/X{number}"
    return _connects(socket.AF_UNIX, path) or _connects(socket.AF_UNIX, f"\0{path}")


def _connects(family: int, address: str | tuple[str, int]) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PATIENCE_SECONDS)
        try:
            probe.connect(address)
        except OSError:
            return False
        return True


if __name__ == "__main__":
    sys.exit(run())
