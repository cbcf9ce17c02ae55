"""A master on its way to a file: written, tagged, decoded again, measured, and led down where a codec overshoots."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from sonicforge_studio.audio import (
    FORMATS,
    LOSSY_FORMATS,
    FileSink,
    GridSource,
    LoudnessMeter,
    PcmHasher,
    Spool,
    Tags,
    open_sink,
    open_source,
)
from sonicforge_studio.domain import (
    Loudness,
    MasterSettings,
    Progress,
    Proof,
    Recipe,
    Samples,
    Sink,
    Sound,
    Source,
    Span,
    Target,
)
from sonicforge_studio.domain.errors import UnknownFormat
from sonicforge_studio.generation import genre_book, recipe_to_json
from sonicforge_studio.mastering import MasterOutcome, master
from sonicforge_studio.studio.blocks import each_block

LOUDNESS_TOLERANCE_LU = 0.2
_STEPS_BELOW_DB = (0.05, 0.15, 0.3, 0.5, 0.8)
"""How far below a codec's overshoot the limiter is led, round by round: each encoding overshoots by another amount."""


_WORTH_MENDING_LU = 0.1


@dataclass(frozen=True, slots=True)
class Delivered:
    """What stands in the file, and the settings that its samples really went through."""

    path: Path
    settings: MasterSettings
    outcome: MasterOutcome
    pcm_hash: str
    after: Loudness


def known_format(name: str) -> str:
    """The format's own name. Raises ``UnknownFormat``."""
    plain = name.lower().lstrip(".")
    if plain not in FORMATS:
        raise UnknownFormat(f'The studio does not write "{plain}" files.', hint=f"Use one of: {', '.join(FORMATS)}.")
    return plain


class HashingSink:
    """Passes blocks on, and knows the hash of all that passed."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._hasher = PcmHasher()

    def write(self, block: Samples) -> None:
        self._hasher.add(block)
        self._sink.write(block)

    def close(self) -> None:
        """The one who opened the sink closes it, after tagging it."""

    def abandon(self) -> None:
        """Likewise."""

    @property
    def pcm_hash(self) -> str:
        return self._hasher.finish()


def deliver(
    source: Callable[[], Source],
    path: Path,
    *,
    format: str,
    settings: MasterSettings,
    tags: Callable[[str, MasterSettings], Tags],
    overwrite: bool,
    numbered: bool,
    progress: Progress,
) -> Delivered:
    """Master ``source`` into a file at ``path``, led down until the file, decoded again, keeps its ceiling.

    ``tags`` makes the file's tags from the hash of its PCM and the settings it went through; ``overwrite`` and
    ``numbered`` are those of ``open_sink``. The file gets its name only when it has passed (or the last round is
    over): until then, and where reading, mastering or writing raise, what stood under the name stays.
    """
    used = settings
    rounds = len(_STEPS_BELOW_DB) + 1 if format in LOSSY_FORMATS else 1
    for attempt in range(rounds):
        stage = Span(progress, attempt / rounds, (attempt + 1) / rounds)
        sink = _open_like(source, path, format, overwrite, numbered)
        try:
            hashing = HashingSink(sink)
            outcome = master(source, hashing, used, Span(stage, 0.0, 0.8))
            sink.tags = tags(hashing.pcm_hash, used)
            sink.finish()
            after = loudness_of(sink.part, Span(stage, 0.8, 1.0))
            over_db = after.true_peak_dbtp - settings.target.ceiling_dbtp
            lost_lu = _lost_in_coding(outcome.after, after) if attempt == 0 else 0.0
            if (over_db <= 0 and abs(lost_lu) <= _WORTH_MENDING_LU) or attempt == rounds - 1:
                sink.publish()
                break
        finally:
            sink.abandon()
        ceiling = used.target.ceiling_dbtp - (over_db + _STEPS_BELOW_DB[attempt] if over_db > 0 else 0.0)
        loudness = used.target.integrated_lufs + lost_lu
        used = replace(used, target=replace(used.target, integrated_lufs=loudness, ceiling_dbtp=ceiling))
    return Delivered(sink.path, used, outcome, hashing.pcm_hash, after)


def _lost_in_coding(before: Loudness, after: Loudness) -> float:
    """How much quieter a codec made it: most leave out the highest octave, which counts most in noise."""
    lost = before.integrated_lufs - after.integrated_lufs
    return lost if math.isfinite(lost) else 0.0


def _open_like(source: Callable[[], Source], path: Path, format: str, overwrite: bool, numbered: bool) -> FileSink:
    rate_hz, channels = _shape_of(source)
    return open_sink(
        path, format=format, sample_rate_hz=rate_hz, channels=channels, overwrite=overwrite, numbered=numbered
    )


def _shape_of(source: Callable[[], Source]) -> tuple[int, int]:
    """Sample rate in Hz, and channels."""
    with closing(source()) as opened:
        return opened.sample_rate_hz, opened.channels


def loudness_of(path: Path, progress: Progress) -> Loudness:
    """The loudness of a file as it decodes."""
    with open_source(path) as source:
        meter = LoudnessMeter(source.sample_rate_hz, source.channels)
        each_block(source, progress, meter.add, "Measuring the written file")
        return meter.finish()


def proof_of(path: Path, format: str, after: Loudness, target: Target) -> Proof:
    """Whether a delivered file keeps what was promised, and where not, why."""
    over_db = after.true_peak_dbtp - target.ceiling_dbtp
    off_lu = after.integrated_lufs - target.integrated_lufs
    reasons = []
    if over_db > 0:
        reasons.append(f"The true peak is {over_db:.2f} dB over the ceiling.")
    if not abs(off_lu) <= LOUDNESS_TOLERANCE_LU:
        reasons.append(
            "There is no loudness reading: the piece is silent or shorter than 0.4 s."
            if after.integrated_lufs == float("-inf")
            else f"The loudness is {off_lu:+.2f} LU from the target."
        )
    return Proof(format, str(path), after, not reasons, " ".join(reasons))


def as_delivered(sound: Sound) -> Callable[[], Source]:
    """Opens a sound as it is delivered: on the grid of 24-bit samples."""
    return lambda: GridSource(sound.open_source())


def write_unmastered(
    source: Callable[[], Source], path: Path, recipe: Recipe, *, format: str, progress: Progress
) -> tuple[Path, Recipe]:
    """A sound as it is, under ``path`` or the next free name, with its recipe inside: where it stands, and the recipe
    with the hash of its PCM. Where reading or writing raise, nothing is left."""
    with _open_like(source, path, format, overwrite=False, numbered=True) as sink, closing(source()) as opened:
        hashing = HashingSink(sink)
        each_block(opened, progress, hashing.write, "Writing")
        recipe = replace(recipe, pcm_hash=hashing.pcm_hash)
        sink.tags = tags_of(recipe)
    return sink.path, recipe


def mastered(source: Callable[[], Source], settings: MasterSettings, spool_folder: Path, progress: Progress) -> Spool:
    """A sound through the chain, kept in ``spool_folder``."""
    spool = Spool(*_shape_of(source), spool_folder)
    master(source, spool, settings, progress)
    return spool


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
