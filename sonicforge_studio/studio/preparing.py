"""Every kernel compiled before it is needed, by making the journey once in small."""

from __future__ import annotations

import tempfile
from importlib.util import find_spec
from pathlib import Path

from sonicforge_studio.audio import warm_live_analysis
from sonicforge_studio.audio.spectrogram import warm_spectrogram
from sonicforge_studio.domain import Progress, Span
from sonicforge_studio.mastering.stages import warm_stages
from sonicforge_studio.studio.compose import build_studio
from sonicforge_studio.studio.forging import ForgeRequest

_PIECES = ("drum and bass", "house", "lo-fi", "ambient")
"""Between them they play every instrument of the built-in engine."""


def prepare(progress: Progress) -> None:
    """Forge a few seconds of each kind in a folder that is thrown away: whatever runs then is in Numba's cache.

    A second call finds it there and takes about a second.
    """
    with tempfile.TemporaryDirectory(prefix="sonicforge-prepare-") as folder, build_studio(Path(folder)) as studio:
        for index, prompt in enumerate(_PIECES):
            request = ForgeRequest(prompt, seconds=4.0, seed=1, folder=str(Path(folder) / "out"))
            studio.forge.forge(request, Span(progress, index / len(_PIECES), (index + 1) / len(_PIECES)))
    warm_stages()
    warm_live_analysis()
    warm_spectrogram()
    if find_spec("torch") is not None:
        from sonicforge_studio.kernels.transformer import warm_transformer

        warm_transformer()
