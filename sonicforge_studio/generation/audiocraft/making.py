"""A Python environment of audiocraft's own, made and taken away again.

audiocraft 1.3.0's own pins (torch 2.1.0, an av that does not build, xformers) hold for no machine of today, and
MusicGen needs little of them: it is installed without its dependencies, beside exactly what it imports.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sonicforge_studio.domain import Progress, Span
from sonicforge_studio.domain.errors import DiskFull, EngineUnavailable, OutputNotWritable
from sonicforge_studio.generation.audiocraft.command import RanTooLong, Said, run
from sonicforge_studio.generation.audiocraft.environment import Environment, folder_of, forget, keep, probe
from sonicforge_studio.host import output_error

AUDIOCRAFT = "audiocraft==1.3.0"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
NEEDED_BYTES = 3_000_000_000
"""Free space to begin with: see docs/command-line.md for what it takes."""
_STEP_SECONDS = 0.05
_COMMAND_SECONDS = 6 * 3600.0
_QUIETLY = ("--no-input", "--disable-pip-version-check", "--progress-bar", "off")
_TOLD = ("Collecting", "Downloading", "Building", "Installing")
"""What of pip's lines is told."""


def make(engines: Path, progress: Progress) -> Environment:
    """Make the environment anew; it counts once it was made and asked, so that one that was broken off never does.

    Raises ``EngineUnavailable`` with what the machine lacks, ``DiskFull``, ``OutputNotWritable`` and ``Cancelled``,
    which all leave none behind.
    """
    folder = folder_of(engines)
    remove(engines, Span(progress, 0.0, 0.02))
    try:
        engines.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(engines).free
    except OSError as error:
        raise output_error(error, engines) from error
    if free < NEEDED_BYTES:
        raise DiskFull(
            f"audiocraft's environment needs {NEEDED_BYTES / 1e9:.0f} GB, and {free / 1e9:.1f} GB are free.",
            hint="Free some space, then try again.",
        )
    try:
        python = _make_venv(folder, progress)
        pip = [
            str(python),
            "-m",
            "pip",
            "install",
            "--no-input",
            "--disable-pip-version-check",
            "--progress-bar",
            "off",
        ]
        _install([*pip, "--requirement", str(REQUIREMENTS)], progress, 0.05)
        _install([*pip, "--no-deps", AUDIOCRAFT], progress, 0.8)
        made = probe(python, Span(progress, 0.9, 1.0), made=True)
        keep(engines, made)
    except BaseException:
        for _ in _deleted(folder):
            pass
        raise
    return made


def remove(engines: Path, progress: Progress) -> None:
    """Forget the environment, and delete it where the studio made it; somebody's own is left as it is.

    Raises ``OutputNotWritable`` where that cannot be, and ``Cancelled``.
    """
    forget(engines)
    told = 0.0
    for _ in _deleted(folder_of(engines)):
        # A step for each of tens of thousands of files would take longer than they do.
        if time.monotonic() - told > _STEP_SECONDS:
            progress.step(0.0, 1.0, "Deleting the environment")
            told = time.monotonic()
    progress.step(1.0, 1.0)


def _make_venv(folder: Path, progress: Progress) -> Path:
    base = _base_python()
    said = _run([base, "-m", "venv", str(folder)], progress, 0.02, lambda _: "Making the environment")
    for python in (folder / "bin" / "python", folder / "Scripts" / "python.exe"):
        if said.code == 0 and python.is_file():
            return python
    if "ensurepip" in said.text or "No module named venv" in said.text:
        raise EngineUnavailable(
            f'The Python at "{base}" cannot make environments: its module venv is not whole.',
            hint='On Debian and Ubuntu, install "python3-venv"; or name an environment of your own with --python.',
        )
    raise _failed("The environment could not be made", said)


def _base_python() -> str:
    """This one, unless the studio is a program that brings its own."""
    if not getattr(sys, "frozen", False):
        return sys.executable
    found = shutil.which("python3") or shutil.which("python")
    if found is None:
        raise EngineUnavailable(
            "This machine has no Python to make an environment with.",
            hint="Install Python 3.11 or newer, or name an environment of your own with --python.",
        )
    return found


def _install(command: list[str], progress: Progress, share: float) -> None:
    said = _run(command, progress, share, _note)
    if said.code == 0:
        return
    text = said.text.lower()
    if any(words in text for words in ("no space left", "errno 28", "disk quota")):
        raise DiskFull("The disk is full: audiocraft's environment was not made.")
    if any(words in text for words in ("connection", "resolve", "timed out", "proxy")):
        raise EngineUnavailable(
            "The packages could not be downloaded: there is no way to the package index.",
            hint="Connect to the internet, then try again.",
        )
    raise _failed("The packages could not be installed", said)


def _run(command: list[str], progress: Progress, share: float, note: Callable[[str], str]) -> Said:
    try:
        return run(command, progress, limit_seconds=_COMMAND_SECONDS, errors_too=True, share=share, note=note)
    except RanTooLong:
        raise EngineUnavailable("The installation took too long and was ended.", hint="Try again.") from None
    except OSError as error:
        reason = error.strerror or error
        raise EngineUnavailable(f'"{command[0]}" cannot be run: {reason}.', hint="Try again.") from error


def _note(line: str) -> str:
    return line[:80] if line.startswith(_TOLD) else "Installing"


def _failed(what: str, said: Said) -> EngineUnavailable:
    """With what the program said last that sounds like a reason."""
    lines = [line.strip() for line in said.text.splitlines() if line.strip()]
    reasons = [line.removeprefix("ERROR: ") for line in lines if line.lower().startswith("error")] or lines[-1:]
    reason = reasons[-1][:200].rstrip(".") if reasons else f"the program ended with {said.code}"
    return EngineUnavailable(f"{what}: {reason}.", hint="Try again, or name an environment of your own with --python.")


def _deleted(folder: Path) -> Iterator[Path]:
    """Deletes a folder file by file, and says each; links in it are deleted and not followed."""
    if folder.is_symlink():
        raise OutputNotWritable(f'"{folder}" is a link; it is not deleted.', hint="Delete it yourself.")
    try:
        for place, folders, files in os.walk(folder, topdown=False):
            for name in (*files, *folders):
                path = Path(place) / name
                if path.is_dir() and not path.is_symlink():
                    path.rmdir()
                else:
                    path.unlink(missing_ok=True)
                yield path
        if folder.is_dir():
            folder.rmdir()
    except OSError as error:
        raise output_error(error, folder) from error
