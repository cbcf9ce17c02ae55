"""Which engine makes a piece: the built-in ones by their names, neural ones with the model they are to play."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sonicforge_studio.domain import Engine, Neural, Recipe
from sonicforge_studio.domain.errors import EngineUnavailable, MissingPath, UnknownEngine
from sonicforge_studio.studio.models import ModelDesk

_SYNTH, _MUSICGEN, _AUDIOCRAFT = "synth", "musicgen", "audiocraft"


class Engines:
    """Finds engines."""

    def __init__(
        self,
        built_in: Mapping[str, Engine],
        models: ModelDesk,
        environments: Path,
        spool_folder: Path | None = None,
    ) -> None:
        """``environments`` is where engines are noted that have a Python of their own."""
        self._built_in = built_in
        self._models = models
        self._environments = environments
        self._spool_folder = spool_folder

    def named(self, name: str, neural: Neural) -> Engine:
        """The engine of that name; "auto" is the one that plays the model where one is named, else the built-in one.

        Raises ``UnknownEngine``, ``EngineUnavailable``, and what is wrong with the model.
        """
        wanted = name if name != "auto" else self._playing(neural.model) if neural.model else _SYNTH
        if wanted in self._built_in:
            return self._built_in[wanted]
        if wanted == _MUSICGEN:
            from sonicforge_studio.generation.musicgen.engine import MusicGenEngine

            return MusicGenEngine(self._models.folder_of(neural.model), neural, self._spool_folder)
        if wanted == _AUDIOCRAFT:
            from sonicforge_studio.generation.audiocraft.engine import AudiocraftEngine

            folder = self._models.folder_of(neural.model)
            return AudiocraftEngine(folder, self._environments, neural, self._spool_folder)
        raise UnknownEngine(f'There is no engine named "{name}".')

    def _playing(self, model: str) -> str:
        from sonicforge_studio.generation.audiocraft.checkpoint import is_checkpoint

        return _AUDIOCRAFT if is_checkpoint(self._models.folder_of(model)) else _MUSICGEN

    def of(self, recipe: Recipe) -> Engine:
        """The engine that a recipe's piece is made with. Raises ``EngineUnavailable`` where it is not here."""
        try:
            return self.named(recipe.engine, recipe.neural or Neural())
        except (UnknownEngine, MissingPath) as error:
            raise EngineUnavailable(
                f'The recipe needs the engine "{recipe.engine}" ({recipe.engine_version}), which is not here.'
            ) from error
