"""Pieces that someone began to change and has not made yet, kept on the disk: the newest two hundred."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from sonicforge_studio.domain import Recipe, StudioError
from sonicforge_studio.generation import recipe_from_json, recipe_to_json
from sonicforge_studio.host.writing import write_text
from sonicforge_studio.studio.draft_files import clear_oldest, set_aside


class DraftShelf:
    """One file for each piece that was begun, under a name made of its recipe: whichever track holds it finds it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, original: Recipe, *drafts: Recipe) -> None:
        """Remember how far a piece has got: the newest draft is the last, those before it are what must not be lost
        besides. One that is only as it was is forgotten. Raises ``DiskFull`` or ``OutputNotWritable``."""
        if drafts in ((), (original,)):
            self.forget(original)
            return
        write_text(self._place(original), "\n".join(map(recipe_to_json, drafts)))
        clear_oldest(self._folder)

    def find(self, original: Recipe) -> tuple[Recipe, ...]:
        """What was kept last; nothing where nobody began, or where what is there cannot be read any more, which is
        kept aside."""
        place = self._place(original)
        try:
            return tuple(map(recipe_from_json, place.read_text(encoding="utf-8").split("\n")))
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, StudioError) as error:
            set_aside(place, error)
            return ()

    def forget(self, original: Recipe) -> None:
        with suppress(OSError):
            self._place(original).unlink()

    def _place(self, original: Recipe) -> Path:
        name = hashlib.blake2b(recipe_to_json(original).encode(), digest_size=16).hexdigest()
        return self._folder / f"{name}.json"
