"""Which engine makes a piece: the built-in ones by their names, neural ones with the model they are to play."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sonicforge_studio.domain import Engine, Neural, Recipe
from sonicforge_studio.domain.errors import BadSetting, EngineUnavailable, MissingPath, UnknownEngine
from sonicforge_studio.studio.models import ModelDesk

_SYNTH, _MUSICGEN = "synth", "musicgen"


class Engines:
    """Finds engines."""

    def __init__(self, built_in: Mapping[str, Engine], models: ModelDesk, spool_folder: Path | None = None) -> None:
        self._built_in = built_in
        self._models = models
        self._spool_folder = spool_folder

    def named(self, name: str, neural: Neural) -> Engine:
        """The engine of that name; "auto" is MusicGen where a model or a sound to listen to is named, else the
        built-in one.

        Raises ``UnknownEngine``, ``EngineUnavailable``, ``BadSetting`` for a sound that the engine does not listen to,
        and what is wrong with the model.
        """
        listens = neural.melody is not None or neural.continues is not None
        wanted = name if name != "auto" else _MUSICGEN if neural.model or listens else _SYNTH
        if wanted in self._built_in:
            if listens:
                raise BadSetting(
                    f'The engine "{wanted}" does not listen to sounds: it neither continues one nor follows its tune.',
                    hint="Take MusicGen, or leave the sound out.",
                )
            return self._built_in[wanted]
        if wanted == _MUSICGEN:
            from sonicforge_studio.generation.musicgen.engine import MusicGenEngine

            return MusicGenEngine(self._models.folder_of(neural.model), neural, self._spool_folder)
        raise UnknownEngine(f'There is no engine named "{name}".')

    def of(self, recipe: Recipe) -> Engine:
        """The engine that a recipe's piece is made with. Raises ``EngineUnavailable`` where it is not here."""
        try:
            return self.named(recipe.engine, recipe.neural or Neural())
        except (UnknownEngine, MissingPath) as error:
            raise EngineUnavailable(
                f'The recipe needs the engine "{recipe.engine}" ({recipe.engine_version}), which is not here.'
            ) from error
