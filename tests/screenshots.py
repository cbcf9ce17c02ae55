"""Pictures of every page of the real program, over a library that it makes itself: ``python -m tests.screenshots``.

The pictures go to ``resources/screenshots/``. Where there is no display, a virtual one is started.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from PySide6.QtWidgets import QApplication

from sonicforge_studio.domain import Track
from sonicforge_studio.host import Settings, open_folders
from sonicforge_studio.ui.application import Program, make_loop, prepare_application
from sonicforge_studio.ui.workspace import Workspace
from tests.sound_server import running_server

FOLDER = Path(__file__).parents[1] / "resources" / "screenshots"
_PIECES = (
    ("liquid drum and bass, 174 bpm, A minor, dreamy", 32, 7),
    ("deep house, 122 bpm, F minor, warm", 32, 21),
    ("lo-fi hip hop, C major, rainy", 28, 3),
    ("slow ambient, D major, calm", 40, 12),
)
_CURVE = {
    "chain.eq.bands.0.gain_db": 1.5,
    "chain.eq.bands.2.gain_db": -2.0,
    "chain.eq.bands.5.gain_db": -1.0,
    "chain.eq.bands.7.gain_db": 3.0,
    "chain.stereo.on": True,
    "chain.stereo.mono_below_hz": 120.0,
}
_PATIENCE_SECONDS = 180.0
_COLOURS = "256"


def main() -> int:
    """Start the pictures' own processes: one at this screen's size, one on a screen of twice the density."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sonicforge-screenshots-") as folder:
        for scale in ("1", "2"):
            environment = os.environ | {"QT_SCALE_FACTOR": scale, "SONICFORGE_HOME": folder, "LANG": "C.UTF-8"}
            command = [sys.executable, "-m", "tests.screenshots", "--take", scale]
            if not environment.get("DISPLAY"):
                if shutil.which("xvfb-run") is None:
                    environment["QT_QPA_PLATFORM"] = "offscreen"
                else:
                    command = ["xvfb-run", "-a", "-s", "-screen 0 3840x2160x24", *command]
            subprocess.run(command, env=environment, check=True)
    for picture in sorted(FOLDER.glob("*.png")):
        _shrink(picture)
        sys.stdout.write(f"{picture.relative_to(FOLDER.parents[1])}  {picture.stat().st_size // 1024} KiB\n")
    return 0


def _shrink(picture: Path) -> None:
    """Keep as many colours as an eye tells apart here; ImageMagick does it where it is installed."""
    if shutil.which("convert") is not None:
        subprocess.run(
            ["convert", str(picture), "-strip", "+dither", "-colors", _COLOURS, f"PNG8:{picture}"], check=True
        )


def take(scale: str) -> int:
    """In a process of its own: build the program, stock its library where it is empty, and take the pictures."""
    application = QApplication([])
    theme = prepare_application(application, Settings(language="en"))
    heard = running_server() if shutil.which("pulseaudio") and shutil.which("pacat") else nullcontext()
    with make_loop(application) as loop, heard, tempfile.TemporaryDirectory() as nothing:
        program = Program(theme, open_folders(None), loop)
        if scale == "1":
            loop.run_until_complete(_take_empty(Program(theme, open_folders(nothing), loop)))
            loop.run_until_complete(_take_pages(program))
        else:
            loop.run_until_complete(_take_large(program))
    return 0


async def _take_empty(program: Program) -> None:
    workspace = await _begin(program, 1280, 800)
    workspace.window.rail.page_chosen.emit("library")
    await _until(lambda: workspace.library.state() == "empty")
    await _take(program, "library-empty")
    workspace.window.rail.page_chosen.emit("forge")
    workspace.forge.prompt.write("techno at 5000 bpm")
    await _until(lambda: workspace.forge.error_text())
    await _take(program, "error")
    workspace.window.rail.page_chosen.emit("models")
    await _until(lambda: workspace.models.state() == "list")
    await _take(program, "models")
    await _end(program)


async def _take_pages(program: Program) -> None:
    workspace = await _begin(program, 1280, 800)
    for prompt, seconds, seed in _PIECES:
        workspace.desk.order("forge", {"prompt": prompt, "seconds": float(seconds), "seed": seed}, f"Forge “{prompt}”")
    await _until(lambda: len(workspace.forge.results.cards()) == len(_PIECES))
    cards = workspace.forge.results.cards()
    workspace.forge.prompt.write(_PIECES[0][0])
    workspace.actions.play(cards[-1].track.id)
    await _until(lambda: _heard_for(workspace, 9.0))
    await _take(program, "forge")
    await _show_desk(program, workspace, cards[-1].track)
    workspace.window.rail.page_chosen.emit("library")
    workspace.library.table.selectRow(1)
    await _take(program, "library")
    workspace.window.rail.page_chosen.emit("live")
    await _until(lambda: _heard_for(workspace, 20.0))
    await _take(program, "live")
    workspace.live.show_part("track")
    await _until(lambda: _track_is_drawn(workspace))
    await _take(program, "track")
    workspace.library.analyse_wanted.emit([cards[-1].track.id])
    await _until(lambda: workspace.analysis.state() == "track")
    workspace.analysis.play_from(9.0)
    await _until(lambda: _heard_for(workspace, 9.5))
    await _take(program, "analysis")
    workspace.library.analyse_wanted.emit([cards[-1].track.id, cards[1].track.id])
    await _until(lambda: workspace.analysis.state() == "compare")
    await _take(program, "compare")
    workspace.actions.master(cards[1].track.id)
    await _until(lambda: workspace.window.page() == "master")
    workspace.master.controls.choose("apple-music")
    for place, value in _CURVE.items():
        workspace.master.editing.set_many({place: value})
    workspace.master.rehearsal.play(8.0)
    await _until(lambda: _heard_for(workspace, 14.0))
    await _take(program, "master-chain")
    workspace.listening.stop()
    workspace.master.master()
    await _until(workspace.master.result.shows)
    await _take(program, "master")
    workspace.window.rail.page_chosen.emit("forge")
    workspace.desk.order("forge", {"prompt": _PIECES[3][0], "seconds": 900.0}, f"Forge “{_PIECES[3][0]}”")
    workspace.actions.import_paths([str(Path(cards[0].track.path).with_name("lost.wav"))])
    workspace.toggle_jobs()
    await _until(lambda: any(job.eta_seconds for job in workspace.desk.jobs()))
    await _take(program, "jobs")
    for job in workspace.desk.jobs():
        workspace.desk.cancel(job.id)
    await _until(lambda: workspace.desk.at_work() == 0)
    await _end(program)


async def _take_large(program: Program) -> None:
    workspace = await _begin(program, 1920, 1080)
    workspace.window.rail.page_chosen.emit("library")
    await _until(lambda: workspace.library.model.rowCount() > 0)
    workspace.actions.play(workspace.library.model.row(1).id)
    await _until(lambda: _heard_for(workspace, 9.0))
    await _take(program, "library-4k")
    workspace.window.rail.page_chosen.emit("live")
    await asyncio.sleep(6.0)
    await _take(program, "live-4k")
    await _end(program)


async def _begin(program: Program, width: int, height: int) -> Workspace:
    program.window.resize(width, height)
    program.window.show()
    await program.begin()
    assert program.opened is not None
    program.window.resize(width, height)
    return program.opened.workspace


def _heard_for(workspace: Workspace, seconds: float) -> bool:
    """Whether a piece has played so long, or cannot be played here."""
    state = workspace.listening.state
    return state is not None and (state.status == "no-device" or state.position_seconds > seconds)


def _track_is_drawn(workspace: Workspace) -> bool:
    track = workspace.live.spectrogram._track
    return track is not None and track.state.fraction >= 1.0


async def _show_desk(program: Program, workspace: Workspace, track: Track) -> None:
    """A piece opened on the desk, with its drums to write in."""
    sheet = workspace.forge.sheet
    workspace.actions.sheet_wanted.emit(track)
    await _until(lambda: sheet.lanes)
    sheet.strips["drums"].open_button.click()
    sheet.axis.show_stretch(0.0, 12.0)
    await asyncio.sleep(1.0)
    await _take(program, "desk")
    sheet.leave()


async def _until(happened: Callable[[], object]) -> None:
    deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
    while not happened():
        if asyncio.get_running_loop().time() > deadline:
            raise TimeoutError("the program did not get as far as the picture needs")
        await asyncio.sleep(0.02)


async def _take(program: Program, name: str) -> None:
    """Let the window settle, then take its picture."""
    await asyncio.sleep(0.7)
    program.window.grab().save(str(FOLDER / f"{name}.png"))


async def _end(program: Program) -> None:
    program.window.close()
    await program.close()


if __name__ == "__main__":
    sys.exit(take(sys.argv[2]) if sys.argv[1:2] == ["--take"] else main())
