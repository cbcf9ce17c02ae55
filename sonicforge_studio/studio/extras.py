"""What is written beside a piece: its stems, and its notes as MIDI."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from sonicforge_studio.audio import free_name
from sonicforge_studio.domain import Progress, Recipe, Rendering, Span
from sonicforge_studio.generation import write_midi
from sonicforge_studio.studio.delivery import as_delivered, write_unmastered


def write_extras(path: Path, rendering: Rendering, raw: Recipe, progress: Progress, *, midi: bool) -> list[str]:
    """The rendering's stems and, where wanted, its MIDI beside the main file, named after it; ``raw`` is the recipe of
    what was rendered. A stem is written before any mastering: the parts have to add up. Where that fails or is
    cancelled nothing of it is left, and the main file neither."""
    files: list[Path] = []
    stems = path.parent / "stems"
    try:
        for index, (part, stem) in enumerate(rendering.stems.items()):
            stage = Span(progress, index / len(rendering.stems), (index + 1) / len(rendering.stems))
            wanted, recipe = stems / f"{path.stem} {part}.wav", replace(raw, part=part)
            files.append(write_unmastered(as_delivered(stem), wanted, recipe, format="wav", progress=stage)[0])
        if midi and raw.concept is not None:
            files.append(free_name(path.with_suffix(".mid")))
            write_midi(files[-1], rendering.notes, raw.concept, raw)
    except BaseException:
        for file in (path, *files):
            with suppress(OSError):
                file.unlink(missing_ok=True)
        with suppress(OSError):
            stems.rmdir()  # unless others lie in it
        raise
    return [str(file) for file in files]
