"""A track of the library as a file of any format, with its tags and its recipe."""

from __future__ import annotations

from pathlib import Path

from sonicforge_studio.audio import DELIVERY_FORMATS, Tags, open_sink, open_source, read_tags
from sonicforge_studio.domain import Progress, Span, StudioError
from sonicforge_studio.domain.errors import OutputExists, OverCeiling
from sonicforge_studio.generation import recipe_from_json
from sonicforge_studio.mastering import TARGETS
from sonicforge_studio.studio.blocks import each_block
from sonicforge_studio.studio.proving import measure_written


def export(
    source_path: Path,
    path: Path,
    format: str,
    progress: Progress,
    *,
    overwrite: bool = False,
    over_ceiling_too: bool = False,
) -> str:
    """Convert, and take the tags along, the recipe among them; the licence that stands there, "" where none does.

    A master that a codec brings over its ceiling is not written, unless ``over_ceiling_too``. Raises ``OverCeiling``
    then, ``OutputExists`` for the original itself, and what reading and writing raise; leaves no half file.
    """
    if path.exists() and path.samefile(source_path):
        raise OutputExists("An export cannot replace its own original.", hint="Choose another name or folder.")
    tags = read_tags(source_path)
    ceiling_dbtp = None if over_ceiling_too or not DELIVERY_FORMATS[format].lossy else _ceiling_dbtp(tags)
    with (
        open_source(source_path) as source,
        open_sink(
            path,
            format=format,
            sample_rate_hz=source.sample_rate_hz,
            channels=source.channels,
            tags=tags,
            overwrite=overwrite,
        ) as sink,
    ):
        each_block(source, Span(progress, 0.0, 0.8), sink.write, f"Writing {path.name}")
        if ceiling_dbtp is not None:
            sink.finish()
            peak_dbtp = measure_written(sink.part, Span(progress, 0.8, 1.0)).loudness.true_peak_dbtp
            if peak_dbtp > ceiling_dbtp:
                raise OverCeiling()
            sink.publish()
    return tags.licence or ""


def _ceiling_dbtp(tags: Tags) -> float | None:
    """What a master promised: the ceiling of the target that it was made for; None of what was not mastered here."""
    if not tags.recipe:
        return None
    try:
        mastering = recipe_from_json(tags.recipe).mastering
    except StudioError:
        return None
    if not mastering:
        return None
    asked_for = mastering[-1].asked_for
    # Older recipes have only what the limiter was led to: of a target with a name, that tells what was asked for.
    return TARGETS.get(asked_for.name, asked_for).ceiling_dbtp
