"""What is written beside a piece: its stems, and its notes as MIDI."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sonicforge_studio.audio import free_name
from sonicforge_studio.domain import Progress, Recipe, Rendering, Span
from sonicforge_studio.generation import write_midi
from sonicforge_studio.studio.delivery import as_delivered, write_unmastered


def write_extras(path: Path, rendering: Rendering, raw: Recipe, progress: Progress, *, midi: bool) -> list[str]:
    """The rendering's stems and, where wanted, its MIDI beside the main file, named after it; ``raw`` is the recipe of
    what was rendered. A stem is written before any mastering: the parts have to add up."""
    files: list[str] = []
    for index, (part, stem) in enumerate(rendering.stems.items()):
        stage = Span(progress, index / len(rendering.stems), (index + 1) / len(rendering.stems))
        wanted = path.parent / "stems" / f"{path.stem} {part}.wav"
        written = write_unmastered(as_delivered(stem), wanted, replace(raw, part=part), format="wav", progress=stage)
        files.append(str(written[0]))
    if midi and raw.concept is not None:
        midi_path = free_name(path.with_suffix(".mid"))
        write_midi(midi_path, rendering.notes, raw.concept, raw)
        files.append(str(midi_path))
    return files
