"""The whole journey in the real window, with mouse and keyboard: drop, play, forge, cancel, export."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QRect

from sonicforge_studio.library import Library
from sonicforge_studio.ui.theme import load_tokens
from tests.journeys.screen import Screen, area_of, running_screen, wait_for
from tests.sound_server import SoundServer
from tests.sounds import groove, write

WIDTH, HEIGHT = 1280, 800
_READING_SECONDS = 0.8
SCREEN = (1600, 840)
PARTNER_X = 1320


@pytest.fixture
def screen(sound_server: SoundServer) -> Iterator[Screen]:
    with running_screen(*SCREEN) as made:
        yield made


@pytest.mark.sound
def test_the_journey(screen: Screen, sound_server: SoundServer, tmp_path: Path) -> None:
    home = tmp_path / "home"
    brought = write(tmp_path / "brought along.wav", groove(6.0, bpm=120.0))
    dropped = write(tmp_path / "dropped.wav", groove(4.0, bpm=90.0))
    accent = load_tokens().colour.accent
    with (
        screen.program("-m", "sonicforge_studio.ui.main", "--home", str(home), str(brought)) as program,
        screen.program(str(Path(__file__).with_name("partner.py")), str(dropped)) as partner,
    ):
        window, other = screen.window("SonicForge Studio"), screen.window("partner")
        screen.place(window, 0, 20, WIDTH, HEIGHT - 20)
        screen.place(other, PARTNER_X, 100)
        titles = _Titles(home)
        wait_for(lambda: "brought along" in titles(), "the file that the program was started with")

        # A file dragged out of another program and dropped on the window is imported.
        screen.drag((PARTNER_X + 100, 250), (600, 300))
        wait_for(lambda: "dropped" in titles(), "the dropped file")

        # A track dragged out of the table arrives elsewhere as a file.
        screen.front(window)
        screen.press("ctrl+2")
        row = _first_row(screen, tmp_path, accent)
        screen.drag(row, (PARTNER_X + 100, 400))
        assert partner.stdout is not None
        assert Path(partner.stdout.readline().strip()) in (brought, dropped)

        # Return plays it, and it is heard.
        screen.front(window)
        screen.click(*row)
        with sound_server.recording() as recording:
            screen.press("Return")
            wait_for(lambda: np.abs(recording.frames[:, -22_050:]).max(initial=0.0) > 0.05, "sound")
            screen.press("space")

        # A sentence, the Forge button, a piece.
        screen.press("ctrl+1", "ctrl+a")
        screen.type("deep house, 124 bpm, F minor, 8 s")
        screen.press("Tab")
        screen.click(*_forge_button(screen, tmp_path, accent))
        wait_for(lambda: any("house" in title.lower() for title in titles()), "the forged piece")

        # A long one, cancelled with the same button.
        count = len(titles())
        screen.click(400, 90)
        screen.press("ctrl+a")
        screen.type("slow ambient in D major, 3000 s")
        screen.press("Tab")
        button = _forge_button(screen, tmp_path, accent)
        screen.click(*button)
        wait_for(lambda: not _accent_in(screen, tmp_path, accent, button), "the Cancel button")
        screen.click(*button)
        wait_for(lambda: _accent_in(screen, tmp_path, accent, button), "the Forge button again")
        assert len(titles()) == count

        # Export what is chosen.
        target = tmp_path / "exported.wav"
        screen.press("ctrl+2")
        screen.click(*_first_row(screen, tmp_path, accent))
        screen.press("ctrl+e")
        dialog = screen.window("Export")
        screen.front(dialog)
        screen.press("ctrl+a")
        screen.type(str(target))
        screen.press("Return")
        wait_for(target.exists, "the exported file")

        screen.front(window)
        screen.press("ctrl+q")
        assert program.wait(timeout=15) == 0
        assert "Traceback" not in str(program.communicate()[1])
    assert _is_audio(target)


@pytest.mark.sound
def test_a_tempo_is_set_right_on_the_analysis_page(screen: Screen, tmp_path: Path) -> None:
    home = tmp_path / "home"
    named = {"first": 122.0, "second": 124.0}
    paths = [write(tmp_path / f"{name}.wav", groove(12.0, bpm=bpm)) for name, bpm in named.items()]
    waves = load_tokens().colour.wave
    with screen.program("-m", "sonicforge_studio.ui.main", "--home", str(home), *map(str, paths)) as program:
        window = screen.window("SonicForge Studio")
        screen.place(window, 0, 20, WIDTH, HEIGHT - 20)
        titles, tempi = _Titles(home), _Tempi(home)
        wait_for(lambda: len(titles()) == 2, "both files")
        screen.front(window)
        screen.press("ctrl+2")
        screen.click(*_first_row(screen, tmp_path, load_tokens().colour.accent))
        before = dict(tempi())
        screen.press("ctrl+i")
        shown = QRect(120, 80, 700, 300)
        wait_for(
            lambda: area_of(screen.picture(tmp_path / "track.png"), waves, shown).width() > 300,
            "the waveform over time",
        )
        screen.press("bracketleft")
        wait_for(lambda: sorted(tempi().values()) != sorted(before.values()), "the halved tempo")
        (corrected,) = [title for title, bpm in tempi().items() if bpm != before[title]]
        assert tempi()[corrected] == pytest.approx(before[corrected] / 2)
        screen.press("ctrl+z")
        wait_for(lambda: tempi() == before, "the tempo as it was measured")

        # Both are held side by side.
        screen.press("ctrl+2")
        screen.click(*_first_row(screen, tmp_path, load_tokens().colour.accent))
        screen.press("ctrl+a", "ctrl+i")
        good = load_tokens().colour.good
        verdict = QRect(120, 80, 900, 90)
        wait_for(
            lambda: not area_of(screen.picture(tmp_path / "pair.png"), good, verdict).isEmpty(), "that the two mix well"
        )
        screen.press("ctrl+q")
        assert program.wait(timeout=15) == 0
        assert "Traceback" not in str(program.communicate()[1])


class _Tempi:
    """Each title's tempo as the library has it."""

    def __init__(self, home: Path) -> None:
        self._database = home / "library.sqlite"

    def __call__(self) -> dict[str, float | None]:
        with Library(self._database) as library:
            return {row.title: row.tempo_bpm for row in library.rows()}


class _Titles:
    """What stands in the library, read from beside the running program."""

    def __init__(self, home: Path) -> None:
        self._database = home / "library.sqlite"

    def __call__(self) -> list[str]:
        if not self._database.exists():
            return []
        with Library(self._database) as library:
            return [row.title for row in library.rows()]


def _forge_button(screen: Screen, folder: Path, accent: str) -> tuple[int, int]:
    """The middle of the one large accent-coloured area at the right of the prompt."""

    def find() -> QRect:
        return area_of(screen.picture(folder / "forge.png"), accent, QRect(1080, 150, 180, 300))

    def settled() -> QRect | None:
        """Chips and blocks come over it once the sentence is read."""
        area = find()
        time.sleep(_READING_SECONDS)
        return area if area.width() > 60 and find() == area else None

    place = wait_for(settled, "the Forge button")
    assert isinstance(place, QRect)
    return place.center().x(), place.top() + 6


def _accent_in(screen: Screen, folder: Path, accent: str, place: tuple[int, int]) -> bool:
    around = QRect(place[0] - 20, place[1] - 2, 40, 4)
    return not area_of(screen.picture(folder / "button.png"), accent, around).isEmpty()


def _first_row(screen: Screen, folder: Path, accent: str) -> tuple[int, int]:
    """A place in the table's first row, once its waveform has come."""
    wave = load_tokens().colour.wave

    def find() -> QRect:
        return area_of(screen.picture(folder / "library.png"), wave, QRect(140, 120, 180, 120))

    area = wait_for(lambda: found if not (found := find()).isEmpty() else None, "a waveform in the table")
    assert isinstance(area, QRect)
    return 420, area.top() + 12


def _is_audio(path: Path) -> bool:
    if shutil.which("ffprobe") is None:
        return path.read_bytes()[:4] == b"RIFF"
    told = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "stream=codec_type", "-of", "csv=p=0", str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.strip() == "audio"
