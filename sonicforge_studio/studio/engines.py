"""Which engine makes a piece: the built-in ones by their names, neural ones with the model they are to play."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from sonicforge_studio.domain import Concept, Engine, Neural, Recipe, Rendering, SilentProgress
from sonicforge_studio.domain.errors import BadSetting, EngineUnavailable, MissingPath, UnknownEngine
from sonicforge_studio.host import Folders
from sonicforge_studio.studio.delivery import as_delivered, name_of, write_unmastered
from sonicforge_studio.studio.models import ModelDesk, Outlook

_SYNTH, _MUSICGEN, _AUDIOCRAFT = "synth", "musicgen", "audiocraft"


class Engines:
    """Finds engines."""

    def __init__(self, built_in: Mapping[str, Engine], models: ModelDesk, folders: Folders) -> None:
        self._built_in = built_in
        self._models = models
        self._folders = folders

    def named(self, name: str, neural: Neural) -> Engine:
        """The engine of that name; "auto" is the one that plays the model, MusicGen where only a sound to listen to is
        named, else the built-in one.

        Raises ``UnknownEngine``, ``EngineUnavailable``, ``BadSetting`` for a sound that the engine does not listen to,
        and what is wrong with the model.
        """
        wanted = self._wanted(name, neural)
        if wanted in self._built_in:
            if _listens(neural):
                raise BadSetting(
                    f'The engine "{wanted}" does not listen to sounds: it neither continues one nor follows its tune.',
                    hint="Take MusicGen, or leave the sound out.",
                )
            return self._built_in[wanted]
        if wanted == _MUSICGEN:
            return self._musicgen(neural)
        if wanted == _AUDIOCRAFT:
            from sonicforge_studio.generation.audiocraft.engine import AudiocraftEngine

            folder, neural = self._placed(neural)
            return AudiocraftEngine(folder, self._folders.engines, neural, self._folders.spools)
        raise UnknownEngine(f'There is no engine named "{name}".')

    def _wanted(self, name: str, neural: Neural) -> str:
        if name != "auto":
            return name
        if not neural.model:
            return _MUSICGEN if _listens(neural) else _SYNTH
        from sonicforge_studio.generation.audiocraft.checkpoint import is_checkpoint

        return _AUDIOCRAFT if is_checkpoint(self._models.folder_of(neural.model)) else _MUSICGEN

    def _musicgen(self, neural: Neural) -> Engine:
        from sonicforge_studio.generation.musicgen.engine import MusicGenEngine
        from sonicforge_studio.generation.musicgen.pace import Paces

        folder, neural = self._placed(neural)
        return MusicGenEngine(
            folder,
            neural,
            self._folders.spools,
            smaller=self._models.smaller_than(folder),
            paces=Paces(self._folders.paces),
            keep=self._keep,
        )

    def _placed(self, neural: Neural) -> tuple[Path, Neural]:
        """Where the model lies; a folder is named in full, so that its recipes are followed from everywhere."""
        folder = self._models.folder_of(neural.model)
        named = Path(neural.model).absolute() == folder
        return folder, replace(neural, model=str(folder)) if named else neural

    def _keep(self, concept: Concept, seed: int, rendering: Rendering, licence: str) -> Path:
        """What there is of a piece that was cancelled, as a file with its recipe."""
        from sonicforge_studio.generation.musicgen.engine import VERSION

        there = replace(concept, duration_seconds=rendering.mix.frames / rendering.mix.sample_rate_hz)
        recipe = Recipe(
            engine=_MUSICGEN,
            engine_version=VERSION,
            seed=seed,
            prompt=concept.prompt,
            concept=there,
            licence=licence,
            pcm_hash="",
            sample_rate_hz=rendering.mix.sample_rate_hz,
            neural=rendering.neural,
        )
        wanted = self._folders.unfinished / f"{name_of(recipe)}.wav"
        path, _ = write_unmastered(as_delivered(rendering.mix), wanted, recipe, format="wav", progress=SilentProgress())
        return path

    def outlook(self, name: str, neural: Neural, seconds: float, at_once: int) -> Outlook | None:
        """What so many pieces will take; None of an engine that tells nothing. Raises what is wrong with the model."""
        if not neural.model or self._wanted(name, neural) != _MUSICGEN:
            return None
        return self._models.outlook(neural, seconds, at_once)

    def of(self, recipe: Recipe) -> Engine:
        """The engine that a recipe's piece is made with. Raises ``EngineUnavailable`` where it is not here."""
        try:
            return self.named(recipe.engine, recipe.neural or Neural())
        except MissingPath as error:
            model = recipe.neural.model if recipe.neural else ""
            raise EngineUnavailable(
                f'The recipe needs the model "{model}", which is not here.',
                hint="Put it there again, or make a new piece with another model.",
            ) from error
        except UnknownEngine as error:
            raise EngineUnavailable(
                f'The recipe needs the engine "{recipe.engine}" ({recipe.engine_version}), which is not here.'
            ) from error


def _listens(neural: Neural) -> bool:
    """Whether it is told of a sound to follow or to go on from."""
    return neural.melody is not None or neural.continues is not None
