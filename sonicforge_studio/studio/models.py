"""The models that neural engines play: what there is, and where."""

from __future__ import annotations

from pathlib import Path

from sonicforge_studio.domain.errors import EngineUnavailable


class ModelDesk:
    """Knows every model by its name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def folder_of(self, model: str) -> Path:
        """Where a model lies, by its name on the shelf or by its own folder.

        Raises ``EngineUnavailable`` where none was named.
        """
        if not model:
            raise EngineUnavailable(
                "MusicGen needs a model, and none was named.",
                hint="Name the folder of one with --model, or use --engine synth, which is built in.",
            )
        kept = self._folder / model
        return kept if kept.is_dir() else Path(model)
