"""A sentence becomes a piece of music in the library: composed, rendered, judged, mastered, written, catalogued."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from sonicforge_studio.audio import DELIVERY_FORMATS, Spool, open_source
from sonicforge_studio.domain import (
    BatchEngine,
    Concept,
    Engine,
    FormSection,
    Key,
    Listener,
    Master,
    MasterSettings,
    Neural,
    Note,
    Progress,
    Recipe,
    Rendering,
    Source,
    Span,
    Target,
    Track,
    Verdict,
)
from sonicforge_studio.domain.errors import BadSetting, InputError
from sonicforge_studio.generation import compose, criticise, notes_of, recipe_from_json, settle_samples
from sonicforge_studio.generation.limits import require_seed
from sonicforge_studio.mastering import preset_named, target_named
from sonicforge_studio.studio.blocks import each_block
from sonicforge_studio.studio.delivering import Delivery
from sonicforge_studio.studio.delivery import (
    as_delivered,
    known_format,
    name_of,
    pcm_hash,
    tags_of,
    write_unmastered,
)
from sonicforge_studio.studio.editing import Edits, composed, edited, licence_of, unplayed
from sonicforge_studio.studio.engines import Engines
from sonicforge_studio.studio.extras import write_extras
from sonicforge_studio.studio.importing import Importer
from sonicforge_studio.studio.likeness import Likeness
from sonicforge_studio.studio.measuring import Measurer, analysis_of
from sonicforge_studio.studio.models import Outlook
from sonicforge_studio.studio.remaking import read_recipe

GREATEST_CANDIDATES = 16
LONGEST_PROMPT = 20_000


@dataclass(frozen=True, slots=True)
class ForgeRequest:
    """What is wanted. What is None is the composer's to choose."""

    prompt: str
    engine: str = "auto"
    neural: Neural = field(default_factory=Neural)
    """What a neural engine is told besides; with "auto", a model that is named here, or by the recipe, chooses it."""
    seconds: float | None = None
    bpm: float | None = None
    key: str | None = None
    seed: int | None = None
    candidates: int = 1
    mastered: bool = True
    target: str = "spotify"
    asked_for: Target | None = None
    """Where it is given, in place of ``target``: no name tells an own target, or what references or an album led
    to."""
    preset: str = "glue"
    format: str = "wav"
    genre: str | None = None
    moods: tuple[str, ...] | None = None
    instruments: tuple[str, ...] | None = None
    energy: float | None = None
    form: tuple[FormSection, ...] | None = None
    base: str = ""
    """A file whose recipe takes the place of the prompt."""
    recipe: str = ""
    """The same as JSON."""
    take: str = ""
    """An unmastered file of that very recipe: its sound is taken where that is quicker than to play it again."""
    edits: Edits = field(default_factory=Edits)
    """What is to be other than prompt or recipe say."""
    stems: bool = False
    midi: bool = False
    folder: str = ""
    """Where the files go; the studio's own folder where empty."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A take that was heard and not kept."""

    seed: int
    score: float


@dataclass(frozen=True, slots=True)
class Forged:
    """What was kept."""

    track: Track
    files: tuple[str, ...]
    recipe: Recipe
    verdict: Verdict
    master: Master | None
    candidates: tuple[Candidate, ...]
    unplayed: tuple[str, ...] = ()
    """Drums and parts that were given a sample and that the piece never plays."""
    remarks: tuple[str, ...] = ()
    """Where it came out otherwise than asked for: why."""


@dataclass(frozen=True, slots=True)
class _Played:
    """Who plays what; parts of ``notes`` as a person wrote them, and whether each part is kept beside the mix."""

    engine: Engine
    concept: Concept
    notes: Mapping[str, tuple[Note, ...]]
    stems: bool


@dataclass(frozen=True, slots=True)
class _Take:
    seed: int
    rendering: Rendering
    score: float


class Forge:
    """The way from a prompt to a track."""

    def __init__(
        self,
        engines: Engines,
        measurer: Measurer,
        importer: Importer,
        likeness: Likeness,
        home_folder: Path,
        spool_folder: Path | None = None,
    ) -> None:
        self._engines = engines
        self._measurer = measurer
        self._importer = importer
        self._likeness = likeness
        self._home_folder = home_folder
        self._spool_folder = spool_folder

    def forge(self, request: ForgeRequest, progress: Progress, listener: Listener | None = None) -> Forged:
        """Make the best of ``request.candidates`` takes into a file of the library.

        ``listener`` hears the first take while it is made, before mastering.
        Raises what the composer, the engine, the mastering and the writing raise; nothing half-written is left.
        """
        _require_candidates(request)
        request = replace(request, format=known_format(request.format))
        if len(request.prompt) > LONGEST_PROMPT:
            raise BadSetting(f"A prompt has up to {LONGEST_PROMPT:,} characters, not {len(request.prompt):,}.")
        if request.seed is not None:
            require_seed(request.seed)
        settings = replace(preset_named(request.preset), target=request.asked_for or target_named(request.target))
        draft = edited(_draft(request), request.edits)
        engine = self._engine(request, draft)
        concept, written = settle_samples(composed(draft), progress), draft.written
        played = _Played(engine, concept, notes_of(written), request.stems)
        stage = Span(progress, 0.0, 0.6)
        others: tuple[Candidate, ...] = ()
        best = self._there(request, draft, stage)
        if best is None:
            best, others = _best_take(played, draft.seed, request.candidates, stage, listener)
        mix = as_delivered(best.rendering.mix)
        raw = Recipe(
            engine=engine.name,
            engine_version=engine.version,
            seed=best.seed,
            prompt=concept.prompt,
            concept=concept,
            licence=licence_of(engine, concept),
            pcm_hash=pcm_hash(mix, Span(progress, 0.6, 0.62)) if request.mastered else "",
            sample_rate_hz=best.rendering.mix.sample_rate_hz,
            written=written,
            neural=best.rendering.neural,
        )
        folder = Path(request.folder) if request.folder else self._home_folder
        wanted = folder / f"{name_of(raw)}.{DELIVERY_FORMATS[request.format].suffix}"
        stage = Span(progress, 0.62, 0.85)
        if request.mastered:
            path, recipe, proof = _write_master(mix, wanted, raw, request.format, settings, stage)
        else:
            path, raw = write_unmastered(mix, wanted, raw, format=request.format, progress=stage)
            recipe, proof = raw, None
        extras = write_extras(path, best.rendering, raw, Span(progress, 0.85, 0.9), midi=request.midi)
        track, verdict = self._catalogue(recipe, path, Span(progress, 0.9, 1.0))
        return Forged(
            track, (str(path), *extras), recipe, verdict, proof, others, unplayed(recipe), best.rendering.remarks
        )

    def _engine(self, request: ForgeRequest, draft: Recipe) -> Engine:
        """The one that was asked for, else the one that the recipe was made or drafted with."""
        given = bool(request.recipe or request.base)
        if given and request.engine == "auto" and not request.neural.model and draft.neural is not None:
            return self._engines.of(draft)
        return self._engines.named(request.engine, request.neural)

    def _there(self, request: ForgeRequest, draft: Recipe, progress: Progress) -> _Take | None:
        """The take that was played already, where it is what the recipe says and nothing is to be other."""
        path = Path(request.take)
        if not request.take or request.edits != Edits() or request.stems or draft.neural is None:
            return None
        try:
            with closing(open_source(path)) as source:
                sound = Spool(source.sample_rate_hz, source.channels, self._spool_folder)
                each_block(source, progress, sound.write)
        except InputError:
            return None  # thrown away by now
        if pcm_hash(as_delivered(sound), progress) != draft.pcm_hash:
            return None
        return _Take(draft.seed, Rendering(sound, neural=draft.neural), 0.0)

    def outlook(self, request: ForgeRequest) -> Outlook | None:
        """What it will take to make this, where that needs telling. Raises what is wrong with request or model."""
        if request.engine == "synth" or not request.neural.model:
            return None
        _require_candidates(request)
        concept = compose_request(request, request.seed or 0)
        return self._engines.outlook(
            request.engine, request.neural, concept.duration_seconds, request.candidates
        )  # fmt: skip

    def _catalogue(self, recipe: Recipe, path: Path, progress: Progress) -> tuple[Track, Verdict]:
        measurement = self._measurer.measure(path, Span(progress, 0.0, 0.9))
        verdict = criticise(measurement.analysis, recipe.concept)
        verdict = self._likeness.judged(verdict, measurement, recipe, path.absolute())
        return self._importer.catalogue(path.absolute(), measurement, verdict), verdict


def _require_candidates(request: ForgeRequest) -> None:
    if not 1 <= request.candidates <= GREATEST_CANDIDATES:
        raise BadSetting(f"Candidates are from 1 to {GREATEST_CANDIDATES}, not {request.candidates}.")


def _best_take(
    played: _Played, seed: int, count: int, progress: Progress, listener: Listener | None
) -> tuple[_Take, tuple[Candidate, ...]]:
    """Render one take a seed and keep the one the critic likes best; only that one stays on the disk."""
    best: _Take | None = None
    heard: list[Candidate] = []
    for take in _takes(played, range(seed, seed + count), progress, listener):
        heard.append(Candidate(take.seed, take.score))
        if best is None or take.score > best.score:
            best = take
        del take  # else its sound would stay until the next one is made
    if best is None:
        raise BadSetting("At least one candidate is needed.")
    return best, tuple(candidate for candidate in heard if candidate.seed != best.seed)


def _takes(played: _Played, seeds: range, progress: Progress, listener: Listener | None) -> Iterator[_Take]:
    """Together where the engine is quicker that way, else one after the other."""
    count = len(seeds)
    if count > 1 and isinstance(played.engine, BatchEngine):
        renderings = played.engine.render_batch(played.concept, seeds, Span(progress, 0.0, 0.8), listener=listener)
        for index, (seed, rendering) in enumerate(zip(seeds, renderings, strict=True)):
            stage = Span(progress, 0.8 + 0.2 * index / count, 0.8 + 0.2 * (index + 1) / count)
            yield _judged(seed, rendering, played.concept, stage)
        return
    for index, seed in enumerate(seeds):
        stage = Span(progress, index / count, (index + 1) / count)
        rendering = played.engine.render(
            played.concept,
            seed,
            Span(stage, 0.0, 0.8 if count > 1 else 1.0),
            listener=listener if index == 0 else None,
            notes=played.notes,
            stems=None if played.stems else (),
        )
        # A single one is judged by its file in the end.
        alone = _Take(seed, rendering, 0.0)
        yield alone if count == 1 else _judged(seed, rendering, played.concept, Span(stage, 0.8, 1.0))
        del alone, rendering


def _judged(seed: int, rendering: Rendering, concept: Concept, progress: Progress) -> _Take:
    return _Take(seed, rendering, criticise(analysis_of(rendering.mix, progress), concept).score)


def _draft(request: ForgeRequest) -> Recipe:
    """What is to be played, before the edits."""
    if request.recipe:
        return recipe_from_json(request.recipe)
    if request.base:
        return read_recipe(Path(request.base))
    seed = secrets.randbelow(2**31) if request.seed is None else request.seed
    return draft_recipe(compose_request(request, seed), seed)


def compose_request(request: ForgeRequest, seed: int) -> Concept:
    """What the composer makes of a request's prompt and of what it fixes."""
    return compose(
        request.prompt,
        seed=seed,
        duration_seconds=request.seconds,
        tempo_bpm=request.bpm,
        key=Key.parse(request.key) if request.key else None,
        genre=request.genre,
        moods=request.moods,
        instruments=request.instruments,
        energy=request.energy,
        form=request.form,
    )


def draft_recipe(concept: Concept, seed: int, neural: Neural | None = None) -> Recipe:
    """The recipe of a piece that nobody has played yet: the built-in engine will, or the one that plays the model of
    ``neural``."""
    engine = "synth" if neural is None else "auto"
    return Recipe(engine, "", seed, concept.prompt, concept, "", "", 1, neural=neural)


def _write_master(
    mix: Callable[[], Source], wanted: Path, raw: Recipe, format: str, settings: MasterSettings, progress: Progress
) -> tuple[Path, Recipe, Master]:
    """The main file, through the mastering chain; its place, recipe and proof."""

    def made(pcm_hash: str, used: MasterSettings) -> Recipe:
        return replace(raw, pcm_hash=pcm_hash, mastering=(used.led_from(settings.target),))

    delivered = Delivery(
        mix,
        wanted,
        format=format,
        settings=settings,
        tags=lambda pcm_hash, used: tags_of(made(pcm_hash, used)),
        numbered=True,
    ).deliver(progress)
    path = delivered.path
    outcome = delivered.outcome
    return (
        path,
        made(delivered.pcm_hash, delivered.settings),
        Master(settings.target, outcome.before, delivered.after, outcome.gain_db, delivered.proofs, (str(path),)),
    )
