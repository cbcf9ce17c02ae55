"""Mastering files: to a target, into a format, with proof, and into the library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sonicforge_studio.audio import DELIVERY_FORMATS, FORMATS, PROOF_FORMATS, Tags, open_source, same_format
from sonicforge_studio.domain import (
    ChainSettings,
    Master,
    MasterCurves,
    MasterSettings,
    Match,
    Progress,
    Recipe,
    Span,
    StudioError,
    Suggestion,
    Track,
)
from sonicforge_studio.domain.chain import chain_faults
from sonicforge_studio.domain.errors import BadSetting, OutputExists
from sonicforge_studio.generation import recipe_from_json, recipe_to_json
from sonicforge_studio.mastering import (
    SUFFIX,
    AlbumTrack,
    Preset,
    PresetFolder,
    album_targets,
    own_target,
    read_preset,
    target_named,
)
from sonicforge_studio.studio.chain_changes import chain_with
from sonicforge_studio.studio.delivering import Beside, Delivery
from sonicforge_studio.studio.delivery import known_format
from sonicforge_studio.studio.importing import Importer
from sonicforge_studio.studio.master_drafts import Reference
from sonicforge_studio.studio.master_report import report_of, require_place, write_report
from sonicforge_studio.studio.measuring import Measurer
from sonicforge_studio.studio.references import ReferenceEar
from sonicforge_studio.studio.suggesting import genre_of, suggestions_for, with_suggestions

MOST_KEPT_LU = 24.0
RATES_HZ = (8000, 384_000)
REFERENCE_TARGET = "reference"
"""As loud as the references."""
MASTERING = "mastering"
"""The engine's name in the recipe of a master whose music was not made here."""

ALL_FORMATS = tuple(format.name for format in PROOF_FORMATS)


@dataclass(frozen=True, slots=True)
class MasterRequest:
    """What is wanted. ``lufs`` and ``ceiling`` make an own target: what is None is taken from ``target``."""

    path: str
    out: str = ""
    """A file, or a folder where ``out_is_folder``; the studio's own folder where empty."""
    out_is_folder: bool = False
    target: str = "spotify"
    lufs: float | None = None
    ceiling: float | None = None
    album_lufs: float | None = None
    """This track's loudness on its album, whose target is ``target``."""
    preset: str = "glue"
    """A name, or the file of a preset that somebody shared."""
    chain: ChainSettings | None = None
    """Where it is given, in place of the preset."""
    changes: tuple[str, ...] = ()
    """Single figures of the chain, each as ``stage.name=value``."""
    match: Match | None = None
    """What earlier references asked for; those of this request come in its place."""
    assist: bool = False
    """Whether the assistant's suggestions are taken, before ``changes``."""
    references: tuple[Reference, ...] = ()
    """Their spectrum, width and dynamics are what the master is led towards, and with the target "reference" their
    loudness."""
    match_share: float = 1.0
    """0..1, how far."""
    amount: float = 1.0
    keep_dynamics_lu: float = 0.0
    """The dynamics guard: so far its true peak stays over its loudness, rather than reach the target; 0 is off."""
    sample_rate_hz: int = 0
    """What is delivered; 0 keeps the original's."""
    format: str = ""
    """Where empty, the suffix of ``out`` decides, or else WAV."""
    proof: tuple[str, ...] = ()
    """Formats to encode, decode and measure beside the written one."""
    keep_proofs: str = ""
    """A folder for the copies that were proved; they are not kept where empty."""
    report: str = ""
    """A PDF, with the same as JSON beside it, or the JSON alone, by its suffix; none where empty."""
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Mastered:
    """The master, and its place in the library."""

    track: Track
    master: Master
    notes: tuple[str, ...]
    settings: MasterSettings
    """What it really went through."""
    curves: MasterCurves | None = None
    licence: str = ""
    """As the original's tags or recipe have it."""
    report: tuple[str, ...] = ()
    """The report's files."""
    suggestions: tuple[Suggestion, ...] = ()
    """The assistant's, where they were taken."""


class MasteringDesk:
    """The way from a track to its master."""

    def __init__(
        self, measurer: Measurer, importer: Importer, home_folder: Path, spool_folder: Path, presets: PresetFolder
    ) -> None:
        self._presets = presets
        self._measurer = measurer
        self._importer = importer
        self._home_folder = home_folder
        self._spool_folder = spool_folder
        # One for all that is mastered: the references of a folder are listened to once.
        self._ear = ReferenceEar()

    def master(self, request: MasterRequest, progress: Progress) -> Mastered:
        """Master one file. Raises what reading, mastering and writing raise; no half file is left."""
        settings = settings_of(request, self._preset(request))
        if request.report:
            require_place(Path(request.report), overwrite=request.overwrite)
        given = Path(request.path)
        original = self._measurer.measure(given, Span(progress, 0.0, 0.1))
        suggestions: tuple[Suggestion, ...] = ()
        if request.assist:
            suggestions = suggestions_for(given, genre_of(original.tags), Span(progress, 0.1, 0.15))
            taken = with_suggestions(settings.chain, suggestions)
            settings = replace(settings, chain=chain_with(taken, request.changes))
        if request.references:
            settings = self._matched(request, settings, Span(progress, 0.1, 0.2))
        into_folder = request.out_is_folder or not request.out
        path, format = self._destination(request, given, settings)
        recipe = _recipe_before(original.tags, original.analysis.audio_hash, original.analysis.sample_rate_hz)

        def tags(pcm_hash: str, used: MasterSettings) -> Tags:
            told = used.led_from(settings.target)
            own = replace(recipe, pcm_hash=pcm_hash, mastering=(*recipe.mastering, told))
            return replace(original.tags, title=_title(original.tags, settings), recipe=recipe_to_json(own))

        delivered = Delivery(
            lambda: open_source(given),
            path,
            format=format,
            settings=settings,
            tags=tags,
            overwrite=request.overwrite and not into_folder,
            numbered=into_folder,
            beside=self._beside(request, format),
        ).deliver(Span(progress, 0.2, 0.9))
        path = delivered.path
        measured = self._measurer.measure(path, Span(progress, 0.9, 1.0))
        track = self._importer.catalogue(path.absolute(), measured)
        master = Master(
            target=settings.target,
            before=delivered.outcome.before,
            after=delivered.after,
            gain_db=delivered.outcome.gain_db,
            proof=delivered.proofs,
            files=(str(path), *(proof.path for proof in delivered.proofs[1:] if proof.path)),
        )
        made = Mastered(
            track,
            master,
            delivered.outcome.notes,
            delivered.settings,
            delivered.outcome.curves,
            recipe.licence,
            suggestions=suggestions,
        )
        return self._reported(made, given, request) if request.report else made

    def album_lufs(self, paths: Sequence[str], request: MasterRequest, progress: Progress) -> tuple[float, ...]:
        """The loudness that each of an album's files gets, so that all together have the target's and keep their
        relations. Raises what measuring raises, and what ``settings_of`` does."""
        tracks = []
        for index, path in enumerate(paths):
            stage = Span(progress, index / len(paths), (index + 1) / len(paths))
            measured = self._measurer.measure(Path(path), stage).analysis
            tracks.append(AlbumTrack(measured.loudness, measured.duration_seconds))
        target = settings_of(request, self._preset(request)).target
        return tuple(own.integrated_lufs for own in album_targets(tracks, target))

    def _preset(self, request: MasterRequest) -> Preset:
        """A file is taken literally before it is taken as a name. Raises what reading a preset raises."""
        name = request.preset
        if request.chain is not None:
            return Preset(name, chain=request.chain)
        if name.lower().endswith(SUFFIX) or Path(name).is_file():
            return read_preset(Path(name))
        return self._presets.load(name)

    def _matched(self, request: MasterRequest, settings: MasterSettings, progress: Progress) -> MasterSettings:
        """The settings with what leads towards the references."""
        match = self._ear.match(request.path, request.references, request.match_share, progress)
        if request.target == REFERENCE_TARGET:
            target = replace(settings.target, integrated_lufs=self._ear.loudness_lufs(request.references))
            settings = replace(settings, target=target)
        return replace(settings, match=match)

    def _reported(self, made: Mastered, given: Path, request: MasterRequest) -> Mastered:
        paths = write_report(Path(request.report), report_of(made, given), overwrite=request.overwrite)
        return replace(made, report=tuple(map(str, paths)))

    def _beside(self, request: MasterRequest, written: str) -> Beside:
        """The formats to prove, each once; what was written is proved as it is."""
        formats: list[str] = []
        for name in map(known_format, request.proof):
            if not any(same_format(name, other) for other in (written, *formats)):
                formats.append(name)
        if request.keep_proofs:
            return Beside(tuple(formats), Path(request.keep_proofs), self._spool_folder, keep=True)
        return Beside(tuple(formats), self._spool_folder, self._spool_folder)

    def _destination(self, request: MasterRequest, given: Path, settings: MasterSettings) -> tuple[Path, str]:
        out = Path(request.out) if request.out else self._home_folder
        if request.out_is_folder or not request.out:
            format = known_format(request.format or "wav")
            return out / f"{given.stem} ({settings.target.name}).{DELIVERY_FORMATS[format].suffix}", format
        suffix = out.suffix.lstrip(".").lower()
        format = known_format(request.format or suffix)
        if suffix in FORMATS and suffix != DELIVERY_FORMATS[format].suffix:
            raise BadSetting(
                f'"{out.name}" would be {format.upper()} under another suffix.',
                hint="Leave --format out, or rename it.",
            )
        if out.exists() and not request.overwrite:
            raise OutputExists(f'There is already a file "{out}".')
        if out.exists() and out.samefile(given):
            raise OutputExists("A master cannot replace its own original.", hint="Choose another name.")
        return out, format


def settings_of(request: MasterRequest, preset: Preset) -> MasterSettings:
    """The chain's settings for a request. Raises ``BadSetting`` or ``UnknownTarget``."""
    if request.target == REFERENCE_TARGET:
        _require(bool(request.references), "This target is as loud as a reference, and there is none.")
        target = replace(target_named("spotify"), name=REFERENCE_TARGET)
    else:
        target = target_named(request.target)
    if request.lufs is not None or request.ceiling is not None:
        target = own_target(
            target.integrated_lufs if request.lufs is None else request.lufs,
            target.ceiling_dbtp if request.ceiling is None else request.ceiling,
        )
    if not 0.0 <= request.amount <= 1.0:
        raise BadSetting(f"The amount is from 0 to 1, not {request.amount:g}.")
    _require(0.0 <= request.keep_dynamics_lu <= MOST_KEPT_LU, f"The dynamics kept are from 0 to {MOST_KEPT_LU:g} LU.")
    low, high = RATES_HZ
    _require(request.sample_rate_hz == 0 or low <= request.sample_rate_hz <= high, f"Rates are {low} to {high} Hz.")
    if request.album_lufs is not None:
        _require(request.target != REFERENCE_TARGET, "An album has its own loudness, which no reference sets.")
        target = replace(target, integrated_lufs=request.album_lufs)
    chain = preset.chain
    fault = next(iter(chain_faults(chain)), None)
    _require(fault is None, f'What the chain has at "{fault}" is not possible.')
    return MasterSettings(
        target=target,
        chain=chain_with(chain, request.changes),
        amount=request.amount * preset.amount,
        match=request.match or preset.match,
        least_peak_to_loudness_lu=request.keep_dynamics_lu or preset.least_peak_to_loudness_lu,
        sample_rate_hz=request.sample_rate_hz,
    )


def _require(held: bool, otherwise: str) -> None:
    if not held:
        raise BadSetting(otherwise)


def _title(tags: Tags, settings: MasterSettings) -> str | None:
    """A master is told from its original by its title too; one without a title goes by its file's name."""
    return f"{tags.title} ({settings.target.name})" if tags.title else None


def _recipe_before(tags: Tags, audio_hash: str, sample_rate_hz: int) -> Recipe:
    """The recipe of what goes into the chain: the file's own where its samples are still those the recipe makes."""
    if tags.recipe:
        try:
            own = recipe_from_json(tags.recipe)
        except StudioError:
            own = None
        if own is not None and own.pcm_hash == audio_hash:
            # A chain over a foreign file begins at that file, which stays the first parent.
            return replace(own, parents=(*(own.parents if own.engine == MASTERING else ()), audio_hash))
    return Recipe(
        engine=MASTERING,
        engine_version="1",
        seed=0,
        prompt="",
        concept=None,
        licence=tags.licence or "",
        pcm_hash=audio_hash,
        sample_rate_hz=sample_rate_hz,
        parents=(audio_hash,),
    )
