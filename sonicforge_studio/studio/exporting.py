"""A track of the library as a file of any format, with its tags and its recipe."""

from __future__ import annotations

from pathlib import Path

from sonicforge_studio.audio import Tags, open_sink, open_source, read_tags
from sonicforge_studio.domain import Progress
from sonicforge_studio.domain.errors import OutputExists
from sonicforge_studio.studio.blocks import each_block


def convert(
    source_path: Path, path: Path, format: str, tags: Tags, progress: Progress, *, overwrite: bool = False
) -> None:
    """Write the audio of one file as another. Raises what reading and writing raise; leaves no half file."""
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
        each_block(source, progress, sink.write, f"Writing {path.name}")


def export(source_path: Path, path: Path, format: str, progress: Progress, *, overwrite: bool = False) -> str:
    """Convert, and take the tags along, the recipe among them; the licence that stands there, "" where none does.

    Raises ``OutputExists`` for the original itself.
    """
    if path.exists() and path.samefile(source_path):
        raise OutputExists("An export cannot replace its own original.", hint="Choose another name or folder.")
    tags = read_tags(source_path)
    convert(source_path, path, format, tags, progress, overwrite=overwrite)
    return tags.licence or ""
