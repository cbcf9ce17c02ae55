"""How every genre of the book sounds before mastering, beside the ranges that real music of its kind shows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sonicforge_studio.domain import SilentProgress
from sonicforge_studio.domain.genre import Range
from sonicforge_studio.generation import SynthEngine, compose, genre_book
from tests.sound_figures import SoundFigures, sound_figures

SEEDS = tuple(range(1, 1 + int(os.environ.get("SONICFORGE_BENCH_SEEDS", "3"))))
SECONDS = 30.0
_SHOWN = {
    "integrated_lufs": ("LUFS", "{:.1f}", "{:.0f}"), "spectral_centroid_hz": ("Centroid Hz", "{:.0f}", "{:.0f}"),
    "low_end_share": ("Below 200 Hz", "{:.0%}", "{:.0%}"), "onset_rate_hz": ("Onsets/s", "{:.1f}", "{:.1f}"),
    "stereo_correlation": ("Left·right", "{:.2f}", "{:.1f}"), "crest_factor_db": ("Crest dB", "{:.1f}", "{:.0f}"),
}  # fmt: skip


def show_genre_sound(pool: Executor) -> None:
    """A row a genre: the mean of its takes, the range, and a cross where the mean lies outside."""
    genres = sorted(genre_book())
    takes = list(pool.map(take_of, [genre for genre in genres for _ in SEEDS], SEEDS * len(genres)))
    title = f"The sound of each genre before mastering, {len(SEEDS)} takes of {SECONDS:.0f} s each, and its range"
    table = Table(title=title, box=None, header_style="dim", title_justify="left")
    table.add_column("Genre")
    for heading, _, _ in _SHOWN.values():
        table.add_column(heading, justify="right")
    table.add_column("Takes all inside", justify="right")
    outside = 0
    for place, genre in enumerate(genres):
        own = takes[place * len(SEEDS) : (place + 1) * len(SEEDS)]
        ranges = genre_book()[genre].sound
        cells = [_cell(name, own, getattr(ranges, name)) for name in _SHOWN]
        outside += sum(cell.style == "red" for cell in cells)
        whole = sum(not take.outside(ranges) for take in own)
        table.add_row(genre, *cells, f"{whole} of {len(own)}")
    Console(width=150).print(table)
    print(f"{len(genres) * len(_SHOWN) - outside} of {len(genres) * len(_SHOWN)} figures lie inside their ranges")


def take_of(genre: str, seed: int, seconds: float = SECONDS) -> SoundFigures:
    """The figures of one piece of a genre, in its usual tempo."""
    concept = compose("", genre=genre, seed=seed, duration_seconds=seconds)
    return sound_figures(SynthEngine().render(concept, seed, SilentProgress()).mix.clip())


def _cell(name: str, takes: Sequence[SoundFigures], wanted: Range) -> Text:
    _, form, limit = _SHOWN[name]
    mean = float(np.mean([getattr(take, name) for take in takes]))
    inside = mean in wanted
    shown = f"{form.format(mean)} ({limit.format(wanted.low)}…{limit.format(wanted.high)}){'' if inside else ' ✗'}"
    return Text(shown, style="" if inside else "red")
