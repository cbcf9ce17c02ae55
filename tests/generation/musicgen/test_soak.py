"""A hundred pieces in a row, some of them cancelled, killed or short of memory: nothing is left of any of it."""

from __future__ import annotations

import gc
import os
import random
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from sonicforge_studio.domain import Cancelled, SilentProgress
from sonicforge_studio.domain.errors import EngineProcessDied, OutOfMemory
from sonicforge_studio.generation.musicgen.engine import MusicGenEngine
from tests.engine_watch import concept_of, workers

pytest.importorskip("transformers")

PIECES = 100


class _Fate(SilentProgress):
    """Lets a piece be, cancels it, kills its process or takes its memory, at a share of the work."""

    def __init__(self, dice: random.Random) -> None:
        self.kind = dice.choice(["none", "none", "cancel", "kill", "memory"])
        self._at = dice.random() * 0.9

    def step(self, done: float, total: float, note: str = "") -> None:
        if done / total < self._at or self.kind == "none":
            return
        if self.kind == "cancel":
            raise Cancelled()
        for worker in workers():
            with suppress(OSError):
                if self.kind == "kill":
                    os.kill(worker, signal.SIGKILL)
                else:
                    _take_memory(worker)
        self._at = 2.0


def _take_memory(process: int) -> None:
    import resource

    pages = int(Path(f"/proc/{process}/statm").read_text().split()[0])
    allowed = pages * os.sysconf("SC_PAGE_SIZE")
    resource.prlimit(process, resource.RLIMIT_AS, (allowed, allowed))


def _memory_bytes() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.soak
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="looks at processes as Linux shows them")
def test_a_hundred_pieces_with_cancels_kills_and_too_little_memory(mono_folder: Path, tmp_path: Path) -> None:
    dice = random.Random(6)
    engine = MusicGenEngine(mono_folder, spool_folder=tmp_path)
    ends: dict[str, int] = {}
    settled = 0
    for piece in range(PIECES):
        fate = _Fate(dice)
        end = "made"
        try:
            rendering = engine.render(concept_of(3), piece, fate)
            assert rendering.mix.frames == 96000
            del rendering
        except (Cancelled, EngineProcessDied, OutOfMemory) as error:
            end = type(error).__name__
        ends[f"{fate.kind}: {end}"] = ends.get(f"{fate.kind}: {end}", 0) + 1
        assert not workers()
        if piece == 9:
            settled = _memory_bytes()
    assert ends["none: made"] > 20
    assert ends["cancel: Cancelled"] > 5
    assert "cancel: made" not in ends
    assert not [file for file in tmp_path.iterdir() if file.is_file()], "spools stay behind"
    assert _memory_bytes() - settled < 30 << 20
    print(ends)
