"""A file with a recipe inside is made again, sample for sample."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sonicforge_studio import __version__
from sonicforge_studio.audio import DELIVERY_FORMATS, open_source, read_tags
from sonicforge_studio.domain import Engine, Neural, Progress, Recipe, Rendering, Source, Span
from sonicforge_studio.domain.errors import (
    BadSetting,
    MissingPath,
    NoPermission,
    NoRecipe,
    RecipeUnreadable,
)
from sonicforge_studio.generation import (
    at_tempo,
    genre_book,
    notes_of,
    read_midi,
    recipe_from_json,
    score_of,
    settle_samples,
    told,
    written_parts,
)
from sonicforge_studio.generation.composer import DEFAULT_GENRE
from sonicforge_studio.host import Folders
from sonicforge_studio.library import Library
from sonicforge_studio.studio.delivery import as_delivered, known_format, mastered, name_of, pcm_hash, write_unmastered
from sonicforge_studio.studio.editing import NO_EDITS, Edits, composed, edited, licence_of, unplayed
from sonicforge_studio.studio.engines import Engines
from sonicforge_studio.studio.extras import write_extras
from sonicforge_studio.studio.mastering import MASTERING


@dataclass(frozen=True, slots=True)
class Remade:
    """The new file, and whether its samples are the recorded ones."""

    path: Path
    recipe: Recipe
    same: bool
    differs: str | None
    """Where they are not the same: why that may be."""
    unplayed: tuple[str, ...] = ()
    """Drums and parts that were given a sample and that the piece never plays."""
    extras: tuple[str, ...] = ()
    """Stems and MIDI."""


class Remaker:
    """Follows recipes."""

    def __init__(self, engines: Engines, library: Library, folders: Folders) -> None:
        self._engines = engines
        self._library = library
        self._folders = folders

    def remake(
        self,
        recipe_file: Path,
        folder: str,
        progress: Progress,
        edits: Edits = NO_EDITS,
        *,
        format: str = "wav",
        stems: bool = False,
        midi: bool = False,
    ) -> Remade:
        """Make the piece again that ``recipe_file`` (a sound file, or a recipe as JSON) tells of, as a 24-bit WAV where
        ``format`` says nothing else, with these ``edits``; of a piece that an engine plays its stems and notes too.

        Raises ``BadSetting`` for stems or notes of what has none, ``NoRecipe``, ``RecipeUnreadable``,
        ``EngineUnavailable``, ``MissingPath`` where the recipe is of a master whose original is not in the library or
        one of its samples is not there, ``TempoOutOfRange`` or ``DurationOutOfRange`` for a MIDI file at a tempo of no
        piece, and what else ``settle_samples`` raises.
        """
        read, outside = _of_midi(recipe_file) if is_midi(recipe_file) else (read_recipe(recipe_file), [])
        recipe = read
        changed = edits != NO_EDITS
        if changed:
            recipe = edited(recipe, edits)
        engine = None if recipe.engine == MASTERING else self._engines.of(recipe)
        recipe, replaced = _settled(recipe, engine, changed, progress)
        format = known_format(format)
        if (stems or midi) and (recipe.part or recipe.engine == MASTERING):
            what = "one stem" if recipe.part else "a master of a file from elsewhere"
            raise BadSetting(f"This recipe is of {what}: there are no stems and no notes of it.")
        rendering = None if engine is None else _rendered(recipe, engine, stems, Span(progress, 0.0, 0.6))
        source = self._original(recipe) if rendering is None else _sound_of(rendering, recipe.part)
        for index, settings in enumerate(recipe.mastering):
            start, end = (0.6 + 0.3 * (index + step) / len(recipe.mastering) for step in (0, 1))
            source = mastered(source, settings, self._folders.spools, Span(progress, start, end)).spool.open_source
        wanted = (
            Path(folder) if folder else self._folders.forged
        ) / f"{_name(recipe, recipe_file)}.{DELIVERY_FORMATS[format].suffix}"
        now = replace(recipe, engine_version=engine.version) if engine is not None else recipe
        if rendering is not None:
            now = replace(now, neural=rendering.neural)
        path, made = write_unmastered(source, wanted, now, format=format, progress=Span(progress, 0.9, 0.95))
        extras: list[str] = []
        if rendering is not None and (stems or midi):
            # Their recipe is of what was rendered, not of what was mastered.
            mix_hash = pcm_hash(as_delivered(rendering.mix), Span(progress, 0.95, 0.96))
            raw = replace(now, mastering=(), pcm_hash=mix_hash)
            extras = write_extras(path, rendering, raw, Span(progress, 0.96, 1.0), midi=midi)
        same = made.pcm_hash == recipe.pcm_hash
        differs = None if same else _why(read, now, made.pcm_hash, replaced, outside)
        return Remade(path, made, same, differs, unplayed(made), tuple(extras))

    def _original(self, recipe: Recipe) -> Callable[[], Source]:
        """Opens the file that the first chain was fed with, found in the library by the hash of its sound."""
        for track in self._library.by_audio_hash(recipe.parents[0]) if recipe.parents else ():
            if Path(track.path).is_file():
                return partial(open_source, track.path)
        raise MissingPath(
            "This is a master of a file that is not in the library.",
            hint="Add the original with `sonicforge library add`, then try again.",
        )


def _settled(recipe: Recipe, engine: Engine | None, changed: bool, progress: Progress) -> tuple[Recipe, list[str]]:
    """The recipe with its samples as their files are now, and which of them were other ones then."""
    concept = recipe.concept
    if concept is None or engine is None or not (concept.samples or changed):
        return recipe, []
    settled = settle_samples(concept, progress)
    replaced = [
        f'{then.plays.replace("_", " ")} ("{now.path}")'
        for then, now in zip(concept.samples, settled.samples, strict=True)
        if then.audio_hash not in ("", now.audio_hash)
    ]
    return replace(recipe, concept=settled, licence=licence_of(engine, settled)), replaced


def _rendered(recipe: Recipe, engine: Engine, stems: bool, progress: Progress) -> Rendering:
    """What the recipe's first mastering chain was fed with; all stems, or the one that the recipe is of."""
    if recipe.concept is None:
        raise RecipeUnreadable("The recipe does not say what was composed.")
    wanted = None if stems else (recipe.part,) if recipe.part else ()
    return engine.render(recipe.concept, recipe.seed, progress, notes=notes_of(recipe.written), stems=wanted)


def _why(read: Recipe, now: Recipe, pcm_hash: str, replaced: Sequence[str], outside: Sequence[str]) -> str:
    """What makes the samples other ones: of all that was done, else what else it may be."""
    said = [f"Other sound is in these samples now than was then: {', '.join(replaced)}."] if replaced else []
    said += outside
    if now.concept is not None:
        seed = f"seed {now.seed}" if now.seed != read.seed else ""
        changes = told(now.concept) if now.concept != read.concept else ""
        if seed or changes:
            said.append(f"It was changed: {', '.join(filter(None, (changes, seed)))}.")
        if now.concept.genre not in genre_book():
            said.append(f'There is no genre "{now.concept.genre[:60]}" here: it was played as {DEFAULT_GENRE}.')
    if now.engine_version != read.engine_version:
        said.append(f"The recipe was made by {read.engine} {read.engine_version}; this is {now.engine_version}.")
    if now.neural != read.neural:
        said.append(_why_neural(read.neural or Neural(), now.neural or Neural()))
    if not said:
        said.append(
            f"The recipe was edited since, or made by another version than {__version__}: the PCM hash is "
            f"{pcm_hash[:12]} instead of {read.pcm_hash[:12] or 'none'}."
        )
    return " ".join(said)


def _why_neural(then: Neural, now: Neural) -> str:
    """Which of a neural engine's circumstances are other ones."""
    pairs = [
        ("the model's weights", then.weights_hash, now.weights_hash),
        ("the precision", then.precision, now.precision),
        ("the device", then.device, now.device),
        ("the melody", then.melody, now.melody),
        ("what it continues", then.continues, now.continues),
    ]
    return f"Other than then: {', '.join(name for name, before, after in pairs if before != after)}."


def _of_midi(path: Path) -> tuple[Recipe, list[str]]:
    """The recipe in a MIDI file that the studio wrote, with the notes and the tempo that are other ones now, and what
    these are."""
    if not path.exists():
        raise MissingPath(f'There is nothing at "{path}".')
    midi = read_midi(path)
    recipe, concept, said = midi.recipe, composed(midi.recipe), []
    written = written_parts(midi.notes, score_of(concept, recipe.seed))
    if midi.tempo_bpm is not None:
        concept = at_tempo(concept, midi.tempo_bpm)
        said.append(f"Its tempo was edited: {concept.tempo_bpm:g} BPM.")
    if written:
        said.append(f"Its notes were edited: {', '.join(part.part for part in written)}.")
    return replace(recipe, concept=concept, written=written), said


def _sound_of(rendering: Rendering, part: str) -> Callable[[], Source]:
    """Opens the mix, or a stem."""
    if part and part not in rendering.stems:
        raise RecipeUnreadable(f'The recipe is of a stem "{part}", and the engine plays none of that name.')
    return as_delivered(rendering.stems[part] if part else rendering.mix)


def is_midi(path: Path) -> bool:
    return path.suffix.lower() in (".mid", ".midi")


def read_recipe(path: Path) -> Recipe:
    """The recipe in a sound file's tags, or in a JSON file of its own."""
    if path.suffix.lower() == ".json" and path.is_file():
        try:
            return recipe_from_json(_decoded(path.read_bytes()))
        except OSError as error:
            raise NoPermission(f'"{path.name}" cannot be read: {error.strerror}.') from error
    if not path.exists():
        raise MissingPath(f'There is nothing at "{path}".')
    text = read_tags(path).recipe
    if not text:
        raise NoRecipe(f'"{path.name}" carries no recipe.')
    return recipe_from_json(text)


def _decoded(content: bytes) -> str:
    """A text as editors write it: UTF-8, with its mark or without, or UTF-16 with its own."""
    utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if utf_16 else "utf-8-sig", errors="replace")


def _name(recipe: Recipe, file: Path) -> str:
    name = name_of(recipe) if recipe.concept is not None else file.stem
    return f"{name} {recipe.part}" if recipe.part else name
