"""`forge` and `generate`: from a sentence, or a recipe, to sound."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from sonicforge_studio.cli.options import Force, Home, Json, Workers
from sonicforge_studio.cli.output import Output, one_bar, printable
from sonicforge_studio.cli.session import studio_session
from sonicforge_studio.cli.tables import clock, facts, number

if TYPE_CHECKING:
    from sonicforge_studio.studio.forging import Forged
    from sonicforge_studio.studio.remaking import Remade

Prompt = Annotated[str, typer.Argument(help='What you want to hear: "liquid drum and bass, 174 bpm, A minor".')]
Out = Annotated[
    Path | None, typer.Option("-o", "--out", help="Folder for the files, made where missing.", show_default="forged/")
]
EngineName = Annotated[str, typer.Option("--engine", help="auto, synth or musicgen.")]
Model = Annotated[Path | None, typer.Option("--model", help="Folder of a neural engine's model.", show_default=False)]
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
Stems = Annotated[bool, typer.Option("--stems", help="Write the parts as files of their own, under stems/.")]
Midi = Annotated[bool, typer.Option("--midi", help="Write the notes as a MIDI file.")]


def register(app: typer.Typer) -> None:
    app.command()(forge)
    app.command()(generate)


def forge(
    prompt: Prompt,
    out: Out = None,
    engine: EngineName = "auto",
    model: Model = None,
    seconds: Seconds = None,
    bpm: Bpm = None,
    key: KeyName = None,
    seed: Seed = None,
    candidates: Candidates = 1,
    roll: Roll = None,
    mute: Mute = None,
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
    return _make(
        Output(json),
        prompt,
        home,
        engine=engine,
        model=str(model or ""),
        seconds=seconds,
        bpm=bpm,
        key=key,
        seed=seed,
        candidates=candidates,
        roll=tuple(roll or ()),
        mute=tuple(mute or ()),
        chords=chords or "",
        target=target,
        format=format,
        stems=stems,
        midi=midi,
        folder=str(out or ""),
    )


def generate(
    prompt: Annotated[str | None, typer.Argument(help="What you want to hear.", show_default=False)] = None,
    recipe: Annotated[
        Path | None, typer.Option("--recipe", help="Make this file again, sample for sample.", show_default=False)
    ] = None,
    out: Out = None,
    engine: EngineName = "auto",
    model: Model = None,
    seconds: Seconds = None,
    bpm: Bpm = None,
    key: KeyName = None,
    seed: Seed = None,
    candidates: Candidates = 1,
    roll: Roll = None,
    mute: Mute = None,
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
    if recipe is not None:
        if prompt is not None:
            raise typer.BadParameter("give a prompt or --recipe, not both")
        return _remake(output, recipe, home, str(out or ""), roll or (), mute or (), chords)
    if prompt is None:
        raise typer.BadParameter("give a prompt, or --recipe FILE")
    return _make(
        output,
        prompt,
        home,
        mastered=False,
        engine=engine,
        model=str(model or ""),
        seconds=seconds,
        bpm=bpm,
        key=key,
        seed=seed,
        candidates=candidates,
        roll=tuple(roll or ()),
        mute=tuple(mute or ()),
        chords=chords or "",
        format=format,
        stems=stems,
        midi=midi,
        folder=str(out or ""),
    )


def _make(output: Output, prompt: str, home: Path | None, **wanted: Any) -> int:
    from sonicforge_studio.studio.forging import ForgeRequest
    from sonicforge_studio.studio.report import forged_fields

    began = time.perf_counter()
    with output.about(prompt):
        with studio_session(home) as studio, one_bar(output, "Forging") as progress:
            forged = studio.forge.forge(ForgeRequest(prompt, **wanted), progress)
        elapsed = time.perf_counter() - began
        output.item({**forged_fields(forged), "elapsed_seconds": elapsed}, _shown(forged, elapsed))
    return output.exit_code


def _remake(
    output: Output,
    recipe: Path,
    home: Path | None,
    folder: str,
    roll: Sequence[str],
    mute: Sequence[str],
    chords: str | None,
) -> int:
    from sonicforge_studio.generation import change
    from sonicforge_studio.studio.report import remade_fields

    changes = roll or mute or chords is not None
    began = time.perf_counter()
    with output.about(str(recipe)):
        with studio_session(home) as studio, one_bar(output, "Making again") as progress:
            remade = studio.remaker.remake(
                recipe,
                folder,
                progress,
                (lambda concept: change(concept, roll=roll, mute=mute, progression=chords)) if changes else None,
            )
        fields = {**remade_fields(remade), "elapsed_seconds": time.perf_counter() - began}
        output.item(fields, lambda: _remade_text(remade))
    return output.exit_code


def _remade_text(remade: Remade) -> str:
    return f"{printable(str(remade.path))}\n{'The same samples.' if remade.same else remade.differs}"


def _shown(forged: Forged, elapsed: float) -> Callable[[], Table]:
    analysis, concept = forged.track.analysis, forged.recipe.concept
    loudness = analysis.loudness
    rows = [
        ("Title", forged.track.title),
        ("Heard as", ", ".join(concept.understood) if concept else ""),
        ("Not understood", ", ".join(concept.ignored) if concept else ""),
        ("Length", clock(analysis.duration_seconds)),
        ("Tempo", f"{number(analysis.tempo.bpm, 1)} BPM"),
        ("Key", f"{analysis.key.key} ({analysis.key.key.camelot})" if analysis.key.key else "–"),
        ("Loudness", f"{number(loudness.integrated_lufs, 1)} LUFS, range {number(loudness.loudness_range_lu, 1)} LU"),
        ("True peak", f"{number(loudness.true_peak_dbtp, 1)} dBTP"),
        ("Critic", f"{forged.verdict.score:.0f} of 100, {'approved' if forged.verdict.approved else 'not approved'}"),
        *(("", reason.message) for reason in forged.verdict.reasons if reason.severity != "good"),
        ("Seed", str(forged.recipe.seed)),
        ("Took", f"{elapsed:.1f} s"),
        *(("Files" if index == 0 else "", printable(file)) for index, file in enumerate(forged.files)),
    ]
    return lambda: facts([(name, value) for name, value in rows if value])
