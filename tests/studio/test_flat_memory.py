"""A long piece takes room on the disk while it is made, and no more memory than a short one."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

from sonicforge_studio.domain import SilentProgress
from sonicforge_studio.studio import Studio, build_studio
from sonicforge_studio.studio.forging import ForgeRequest
from sonicforge_studio.studio.hearables import Hearables

SILENT = SilentProgress()
SHORT_SECONDS, LONG_SECONDS = 5, 65
ONE_COPY_BYTES = (LONG_SECONDS - SHORT_SECONDS) * 44_100 * 2 * 4


def peak_bytes(studio: Studio, seconds: float, folder: Path) -> tuple[int, int]:
    """What forging a piece takes, with its stems and someone who listens, and what making it again takes."""
    request = ForgeRequest("drone", seconds=seconds, seed=1, mastered=False, stems=True, folder=str(folder))
    tracemalloc.reset_peak()
    with Hearables().offered(1) as listener:
        forged = studio.forge.forge(request, SILENT, listener)
    assert len(forged.files) > 2
    forging = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    assert studio.remaker.remake(Path(forged.files[0]), str(folder), SILENT).same
    return forging, tracemalloc.get_traced_memory()[1]


def test_memory_does_not_grow_with_the_piece(tmp_path: Path) -> None:
    with build_studio() as studio:
        tracemalloc.start()
        try:
            short = peak_bytes(studio, SHORT_SECONDS, tmp_path / "short")
            long = peak_bytes(studio, LONG_SECONDS, tmp_path / "long")
        finally:
            tracemalloc.stop()
    assert long[0] - short[0] < ONE_COPY_BYTES / 2
    assert long[1] - short[1] < ONE_COPY_BYTES / 2
