"""`forge` and `generate`: from a sentence, or a recipe, to sound."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from sonicforge_studio.cli.neural import (
    Continues,
    DeviceName,
    Guidance,
    Melody,
    Model,
    PrecisionName,
    Temperature,
    TopK,
    TopP,
    neural_of,
    tell_outlook,
)
from sonicforge_studio.cli.options import Force, Home, Json, Workers
from sonicforge_studio.cli.output import Output, one_bar, printable
from sonicforge_studio.cli.session import studio_session
from sonicforge_studio.cli.tables import clock, facts, number
from sonicforge_studio.domain.licence import licence_warning

if TYPE_CHECKING:
    from sonicforge_studio.domain import Neural
    from sonicforge_studio.studio.editing import Edits
    from sonicforge_studio.studio.forging import Forged
    from sonicforge_studio.studio.remaking import Remade

Prompt = Annotated[str, typer.Argument(help='What you want to hear: "liquid drum and bass, 174 bpm, A minor".')]
Out = Annotated[
    Path | None, typer.Option("-o", "--out", help="Folder for the files, made where missing.", show_default="forged/")
]
EngineName = Annotated[str, typer.Option("--engine", help="auto, synth, musicgen or audiocraft.")]
Seconds = Annotated[float | None, typer.Option("--seconds", help="Length.", show_default="the prompt's, else 60")]
Bpm = Annotated[float | None, typer.Option("--bpm", help="Tempo, 20 to 400.", show_default="the prompt's")]
KeyName = Annotated[str | None, typer.Option("--key", help='Key, such as "A minor".', show_default="the prompt's")]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Same seed, same music.", show_default="random")]
Candidates = Annotated[int, typer.Option("--candidates", help="Takes to choose the best from, 1 to 16.")]
Target = Annotated[str, typer.Option("--target", help="Loudness target, such as spotify or club.")]
Format = Annotated[str, typer.Option("--format", help="wav, flac, mp3, m4a or opus.")]
Roll = Annotated[
    list[str] | None,
    typer.Option("--roll", help="Roll this part anew: drums, bass, chords, pads, melody, harmony.", show_default=False),
]
Mute = Annotated[list[str] | None, typer.Option("--mute", help="Leave this part silent.", show_default=False)]
Chords = Annotated[
    str | None, typer.Option("--chords", help='Roman numerals: "i9 VImaj7 iv9 v7".', show_default="the genre's")
]
Sounds = Annotated[
    list[str] | None,
    typer.Option("--sound", help='Play a part with this sound: "bass=reese bass", "drums=909".', show_default=False),
]
Levels = Annotated[
    list[str] | None, typer.Option("--level", help="A part louder or quieter, in dB: melody=-3.", show_default=False)
]
OwnSamples = Annotated[
    list[str] | None,
    typer.Option("--sample", help="Play a drum or a part with a file: kick=FILE, melody=FILE@C3.", show_default=False),
]
Lock = Annotated[
    list[str] | None,
    typer.Option("--lock", help="Beside --recipe and --seed: this part stays as it is.", show_default=False),
]
GenreName = Annotated[str | None, typer.Option("--genre", help="Genre.", show_default="the prompt's")]
Moods = Annotated[
    list[str] | None, typer.Option("--mood", help="Mood in place of the prompt's.", show_default="the prompt's")
]
Instruments = Annotated[
    list[str] | None,
    typer.Option("--instrument", help="Instrument; only these play.", show_default="the prompt's"),
]
Energy = Annotated[
    float | None, typer.Option("--energy", min=0.0, max=1.0, help="0 calm to 1 wild.", show_default="the prompt's")
]
Form = Annotated[
    str | None,
    typer.Option("--form", help='Sections and bars: "intro 4, drop 8 0.9, outro 4".', show_default="the genre's"),
]
Stems = Annotated[bool, typer.Option("--stems", help="Write the parts as files of their own, under stems/.")]
Midi = Annotated[bool, typer.Option("--midi", help="Write the notes as a MIDI file.")]

_OF_A_NEW_PIECE = (
    "engine", "model", "seconds", "bpm", "key", "candidates", "genre", "mood", "instrument", "energy", "form",
    "melody", "continues", "guidance", "temperature", "top_k", "top_p", "precision", "device",
)  # fmt: skip


def register(app: typer.Typer) -> None:
    app.command()(forge)
    app.command()(generate)


def forge(
    prompt: Prompt,
    out: Out = None,
    engine: EngineName = "auto",
    model: Model = None,
    melody: Melody = None,
    continues: Continues = None,
    guidance: Guidance = 3.0,
    temperature: Temperature = 1.0,
    top_k: TopK = 250,
    top_p: TopP = 0.0,
    precision: PrecisionName = "auto",
    device: DeviceName = "auto",
    seconds: Seconds = None,
    bpm: Bpm = None,
    key: KeyName = None,
    seed: Seed = None,
    candidates: Candidates = 1,
    genre: GenreName = None,
    mood: Moods = None,
    instrument: Instruments = None,
    energy: Energy = None,
    form: Form = None,
    roll: Roll = None,
    mute: Mute = None,
    sound: Sounds = None,
    sample: OwnSamples = None,
    level: Levels = None,
    chords: Chords = None,
    target: Target = "spotify",
    format: Format = "wav",
    stems: Stems = False,
    midi: Midi = False,
    json: Json = False,
    home: Home = None,
    workers: Workers = None,
    force: Force = False,
) -> int:
    """Make a mastered track of a sentence, and put it into the library."""
    changes = _Changes(roll, mute, sound, sample, level, chords)
    return _make(
        Output(json),
        prompt,
        home,
        engine=engine,
        neural=neural_of(model, guidance, temperature, top_k, top_p, melody, continues, precision, device),
        seconds=seconds,
        bpm=bpm,
        key=key,
        seed=seed,
        candidates=candidates,
        genre=genre,
        moods=_given(mood),
        instruments=_given(instrument),
        energy=energy,
        form=form,
        changes=changes,
        target=target,
        format=format,
        stems=stems,
        midi=midi,
        folder=str(out or ""),
    )


def generate(
    context: typer.Context,
    prompt: Annotated[str | None, typer.Argument(help="What you want to hear.", show_default=False)] = None,
    recipe: Annotated[
        Path | None, typer.Option("--recipe", help="Make this file again, sample for sample.", show_default=False)
    ] = None,
    out: Out = None,
    engine: EngineName = "auto",
    model: Model = None,
    melody: Melody = None,
    continues: Continues = None,
    guidance: Guidance = 3.0,
    temperature: Temperature = 1.0,
    top_k: TopK = 250,
    top_p: TopP = 0.0,
    precision: PrecisionName = "auto",
    device: DeviceName = "auto",
    seconds: Seconds = None,
    bpm: Bpm = None,
    key: KeyName = None,
    seed: Seed = None,
    candidates: Candidates = 1,
    genre: GenreName = None,
    mood: Moods = None,
    instrument: Instruments = None,
    energy: Energy = None,
    form: Form = None,
    roll: Roll = None,
    mute: Mute = None,
    sound: Sounds = None,
    sample: OwnSamples = None,
    level: Levels = None,
    lock: Lock = None,
    chords: Chords = None,
    format: Format = "wav",
    stems: Stems = False,
    midi: Midi = False,
    json: Json = False,
    home: Home = None,
    workers: Workers = None,
    force: Force = False,
) -> int:
    """Make a track of a sentence and leave it unmastered; or make a file again from the recipe inside it."""
    output = Output(json)
    changes = _Changes(roll, mute, sound, sample, level, chords, lock, seed)
    if recipe is not None:
        if prompt is not None:
            raise typer.BadParameter("give a prompt or --recipe, not both")
        _refuse_beside_recipe(context)
        return _remake(output, recipe, home, str(out or ""), changes, format=format, stems=stems, midi=midi)
    if lock:
        raise typer.BadParameter("--lock keeps parts of a piece that is there: give --recipe FILE with it")
    if prompt is None:
        raise typer.BadParameter("give a prompt, or --recipe FILE")
    return _make(
        output,
        prompt,
        home,
        mastered=False,
        engine=engine,
        neural=neural_of(model, guidance, temperature, top_k, top_p, melody, continues, precision, device),
        seconds=seconds,
        bpm=bpm,
        key=key,
        seed=seed,
        candidates=candidates,
        genre=genre,
        moods=_given(mood),
        instruments=_given(instrument),
        energy=energy,
        form=form,
        changes=changes,
        format=format,
        stems=stems,
        midi=midi,
        folder=str(out or ""),
    )


@dataclass(frozen=True, slots=True)
class _Changes:
    """The options that change parts, as they were written."""

    roll: list[str] | None = None
    mute: list[str] | None = None
    sound: list[str] | None = None
    sample: list[str] | None = None
    level: list[str] | None = None
    chords: str | None = None
    lock: list[str] | None = None
    seed: int | None = None

    def edits(self) -> Edits:
        """A word that is none of an option's is wrong usage."""
        from sonicforge_studio.studio import Edits

        return Edits(
            roll=tuple(self.roll or ()),
            mute=tuple(self.mute or ()),
            sounds=dict(_pair(text, "--sound", "bass=reese bass") for text in self.sound or ()),
            gains_db={part: _decibels(level) for part, level in self._levels()},
            chords=self.chords,
            lock=_given(self.lock),
            seed=self.seed,
            samples=tuple("=".join(_pair(text, "--sample", "kick=thump.wav")) for text in self.sample or ()),
        )

    def _levels(self) -> list[tuple[str, str]]:
        return [_pair(text, "--level", "melody=-3") for text in self.level or ()]


def _given(names: list[str] | None) -> tuple[str, ...] | None:
    return tuple(names) if names else None


def _pair(text: str, option: str, example: str) -> tuple[str, str]:
    part, equals, value = text.partition("=")
    if not equals:
        raise typer.BadParameter(f'{option} is written as {option} "{example}", not "{text}"')
    return part.strip(), value.strip()


def _decibels(text: str) -> float:
    try:
        return float(text.lower().removesuffix("db").strip())
    except ValueError:
        raise typer.BadParameter(f'"{text}" is no level in dB: --level melody=-3') from None


def _make(
    output: Output,
    prompt: str,
    home: Path | None,
    *,
    changes: _Changes,
    form: str | None,
    neural: Callable[[], Neural],
    **wanted: Any,
) -> int:
    from sonicforge_studio.generation import read_form
    from sonicforge_studio.studio.forging import ForgeRequest
    from sonicforge_studio.studio.report import forged_fields

    edits = changes.edits()
    began = time.perf_counter()
    with output.about(prompt):
        with studio_session(home) as studio, one_bar(output, "Forging") as progress:
            sections = read_form(form) if form else None
            request = ForgeRequest(prompt, form=sections, edits=edits, neural=neural(), **wanted)
            tell_outlook(output, studio.forge.outlook(request))
            forged = studio.forge.forge(request, progress)
        elapsed = time.perf_counter() - began
        output.item({**forged_fields(forged), "elapsed_seconds": elapsed}, _shown(forged, elapsed))
    return output.exit_code


def _refuse_beside_recipe(context: typer.Context) -> None:
    """What the recipe says already is not silently left out of a command."""
    for name in _OF_A_NEW_PIECE:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            option = "continue" if name == "continues" else name.replace("_", "-")
            raise typer.BadParameter(f"--{option} is for a new piece; the one in the recipe has its own")


def _remake(output: Output, recipe: Path, home: Path | None, folder: str, changes: _Changes, **wanted: Any) -> int:
    from sonicforge_studio.studio.report import remade_fields

    edits = changes.edits()
    began = time.perf_counter()
    with output.about(str(recipe)):
        with studio_session(home) as studio, one_bar(output, "Making again") as progress:
            remade = studio.remaker.remake(recipe, folder, progress, edits, **wanted)
        fields = {**remade_fields(remade), "elapsed_seconds": time.perf_counter() - began}
        output.item(fields, lambda: _remade_text(remade))
    return output.exit_code


def _remade_text(remade: Remade) -> str:
    never = [f"The piece never plays the sample for the {name}." for name in remade.unplayed]
    lines = [printable(str(remade.path)), "The same samples." if remade.same else str(remade.differs), *never]
    return "\n".join(filter(None, [*lines, licence_warning(remade.recipe.licence)]))


def _shown(forged: Forged, elapsed: float) -> Callable[[], Table]:
    analysis, concept = forged.track.analysis, forged.recipe.concept
    loudness = analysis.loudness
    rows = [
        ("Title", forged.track.title),
        ("Heard as", ", ".join(concept.understood) if concept else ""),
        ("Not understood", ", ".join(concept.ignored) if concept else ""),
        ("Never played", ", ".join(f"the sample for the {name}" for name in forged.unplayed)),
        *(("", remark) for remark in forged.remarks),
        ("Length", clock(analysis.duration_seconds)),
        ("Tempo", f"{number(analysis.tempo.bpm, 1)} BPM"),
        ("Key", f"{analysis.key.key} ({analysis.key.key.camelot})" if analysis.key.key else "–"),
        ("Loudness", f"{number(loudness.integrated_lufs, 1)} LUFS, range {number(loudness.loudness_range_lu, 1)} LU"),
        ("True peak", f"{number(loudness.true_peak_dbtp, 1)} dBTP"),
        ("Critic", f"{forged.verdict.score:.0f} of 100, {'approved' if forged.verdict.approved else 'not approved'}"),
        *(("", reason.message) for reason in forged.verdict.reasons if reason.severity != "good"),
        ("Licence", licence_warning(forged.recipe.licence)),
        ("Seed", str(forged.recipe.seed)),
        ("Took", f"{elapsed:.1f} s"),
        *(("Files" if index == 0 else "", printable(file)) for index, file in enumerate(forged.files)),
    ]
    return lambda: facts([(name, value) for name, value in rows if value])
