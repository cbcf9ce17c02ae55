"""What is delivered: its format, its tags, its name, and the hash of what was written."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from sonicforge_studio.audio import (
    DELIVERY_FORMATS,
    FileSink,
    GridSource,
    PcmHasher,
    Spool,
    Tags,
    open_sink,
)
from sonicforge_studio.domain import (
    MasterSettings,
    Progress,
    Recipe,
    Samples,
    Sink,
    Sound,
    Source,
)
from sonicforge_studio.domain.errors import UnknownFormat
from sonicforge_studio.generation import genre_book, recipe_to_json
from sonicforge_studio.mastering import MasterOutcome, master
from sonicforge_studio.studio.blocks import each_block


def known_format(name: str) -> str:
    """The format's own name. Raises ``UnknownFormat``."""
    plain = name.lower().lstrip(".")
    if plain not in DELIVERY_FORMATS:
        raise UnknownFormat(
            f'The studio does not write "{plain}" files.', hint=f"Use one of: {', '.join(DELIVERY_FORMATS)}."
        )
    return plain


class HashingSink:
    """Passes blocks on, and knows the hash of all that passed."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._hasher = PcmHasher()
        self.frames = 0

    def write(self, block: Samples) -> None:
        self.frames += block.shape[1]
        self._hasher.add(block)
        self._sink.write(block)

    def close(self) -> None:
        """The one who opened the sink closes it, after tagging it."""

    def abandon(self) -> None:
        """Likewise."""

    @property
    def pcm_hash(self) -> str:
        return self._hasher.finish()


def open_like(
    source: Callable[[], Source],
    path: Path,
    format: str,
    settings: MasterSettings | None,
    overwrite: bool,
    numbered: bool,
) -> FileSink:
    """A file for what the source holds, at the rate of ``settings`` where they want one of their own."""
    rate_hz, channels = shape_of(source)
    if settings is not None and settings.sample_rate_hz:
        rate_hz = settings.sample_rate_hz
    return open_sink(
        path, format=format, sample_rate_hz=rate_hz, channels=channels, overwrite=overwrite, numbered=numbered
    )


def shape_of(source: Callable[[], Source]) -> tuple[int, int]:
    """Sample rate in Hz, and channels."""
    with closing(source()) as opened:
        return opened.sample_rate_hz, opened.channels


def as_delivered(sound: Sound) -> Callable[[], Source]:
    """Opens a sound as it is delivered: on the grid of 24-bit samples."""
    return lambda: GridSource(sound.open_source())


def write_unmastered(
    source: Callable[[], Source], path: Path, recipe: Recipe, *, format: str, progress: Progress
) -> tuple[Path, Recipe]:
    """A sound as it is, under ``path`` or the next free name, with its recipe inside: where it stands, and the recipe
    with the hash of its PCM. Where reading or writing raise, nothing is left."""
    with open_like(source, path, format, None, overwrite=False, numbered=True) as sink, closing(source()) as opened:
        hashing = HashingSink(sink)
        each_block(opened, progress, hashing.write, "Writing")
        recipe = replace(recipe, pcm_hash=hashing.pcm_hash)
        sink.tags = tags_of(recipe)
    return sink.path, recipe


@dataclass(frozen=True, slots=True)
class MasterSpool:
    """A master's samples, what came of it, and their hash."""

    spool: Spool
    outcome: MasterOutcome
    pcm_hash: str


def mastered(
    source: Callable[[], Source], settings: MasterSettings, spool_folder: Path | None, progress: Progress
) -> MasterSpool:
    """A sound through the chain, kept in ``spool_folder``."""
    rate_hz, channels = shape_of(source)
    spool = Spool(settings.sample_rate_hz or rate_hz, channels, spool_folder)
    hashing = HashingSink(spool)
    outcome = master(source, hashing, settings, progress)
    return MasterSpool(spool, outcome, hashing.pcm_hash)


def pcm_hash(source: Callable[[], Source], progress: Progress) -> str:
    """The hash of a sound's samples, the same as the ``audio_hash`` of a file that holds them without loss."""
    hasher = PcmHasher()
    with closing(source()) as opened:
        each_block(opened, progress, hasher.add, "Hashing")
    return hasher.finish()


def tags_of(recipe: Recipe) -> Tags:
    """The tags of a file that the studio made, with its recipe inside."""
    concept = recipe.concept
    if concept is None:
        return Tags(licence=recipe.licence, recipe=recipe_to_json(recipe))
    part = f" ({recipe.part})" if recipe.part else ""
    return Tags(
        title=title_of(recipe) + part,
        artist="SonicForge Studio",
        genre=concept.genre,
        comment=recipe.prompt[:1000],
        bpm=concept.tempo_bpm,
        key=str(concept.key),
        licence=recipe.licence,
        recipe=recipe_to_json(recipe),
    )


def title_of(recipe: Recipe) -> str:
    """A title for people: the genre, the tempo, the key and the take."""
    concept = recipe.concept
    if concept is None:
        return "Untitled"
    return f"{genre_title(concept.genre)} {concept.tempo_bpm:g} {concept.key} #{recipe.seed}"


def genre_title(genre: str) -> str:
    """A genre's name as a title, such as "Lo-fi"; one that the book does not have goes by its id."""
    known = genre_book().get(genre)
    name = known.name if known else genre.replace("-", " ")
    return name[:1].upper() + name[1:]


def name_of(recipe: Recipe) -> str:
    """A file name without suffix, of letters that every file system takes."""
    concept = recipe.concept
    if concept is None:
        return "untitled"
    key = str(concept.key).replace("#", "-sharp")
    name = f"{concept.genre} {concept.tempo_bpm:g} {key} {recipe.seed}"
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.") or "untitled"
