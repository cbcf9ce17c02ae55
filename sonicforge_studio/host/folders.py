"""Where the studio keeps things."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from sonicforge_studio.domain.errors import OutputNotWritable

_NAME = "sonicforge-studio"


@dataclass(frozen=True, slots=True)
class Folders:
    """One data folder with everything the user owns in it, and a cache that may be deleted at any time."""

    home: Path
    cache: Path

    @property
    def database(self) -> Path:
        return self.home / "library.sqlite"

    @property
    def backups(self) -> Path:
        """Where copies of the library go that are given no other place."""
        return self.home / "backups"

    @property
    def rebuilding(self) -> Path:
        """Where a library is made anew, until it takes the old one's place."""
        return self.home / "rebuilding"

    @property
    def similarity(self) -> Path:
        """What is searched by sound: made from the database again where it is lost."""
        return self.home / "similarity"

    @property
    def jobs(self) -> Path:
        return self.home / "jobs.sqlite"

    @property
    def forged(self) -> Path:
        """Where the window puts what it generates."""
        return self.home / "forged"

    @property
    def takes(self) -> Path:
        """Takes that were not chosen from yet."""
        return self.home / "takes"

    @property
    def drafts(self) -> Path:
        """Pieces that were begun to be changed."""
        return self.home / "drafts"

    @property
    def master_drafts(self) -> Path:
        """What masters were being set to when the page was left."""
        return self.home / "drafts" / "masters"

    @property
    def masters(self) -> Path:
        """Where the window puts what it masters."""
        return self.home / "masters"

    @property
    def reports(self) -> Path:
        """Where the window puts the reports of masters."""
        return self.home / "masters" / "reports"

    @property
    def master_presets(self) -> Path:
        """The user's own presets of the mastering chain."""
        return self.home / "presets"

    @property
    def recordings(self) -> Path:
        """Where recordings go that are given no other place."""
        return self.home / "recordings"

    @property
    def spools(self) -> Path:
        """Where sound is kept while it is worked on. Not in the system's folder for such files: on many machines that
        is memory, and an hour takes 1.3 GB."""
        return self.home

    @property
    def unfinished(self) -> Path:
        """What there was of pieces that were cancelled while a model made them."""
        return self.home / "unfinished"

    @property
    def paces(self) -> Path:
        """How quick this machine was with each model."""
        return self.home / "paces.json"

    @property
    def models(self) -> Path:
        """Models of neural engines, a folder for each."""
        return self.home / "models"

    @property
    def engines(self) -> Path:
        """Python environments of engines that need one of their own."""
        return self.home / "engines"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def settings(self) -> Path:
        return self.home / "settings.json"

    @property
    def measurements(self) -> Path:
        """The cache of what was measured. It lies in the data folder, so that an own home is a world of its own."""
        return self.home / "cache"

    @property
    def curves(self) -> Path:
        """The cache of what was measured over time, and of waveforms; as that of measurements, it belongs to its
        home."""
        return self.home / "curves"

    @property
    def spectrograms(self) -> Path:
        """The cache of drawn spectrograms; as that of measurements, it belongs to its home."""
        return self.home / "spectrograms"


def open_folders(home: str | Path | None = None) -> Folders:
    """The folders of ``home``, of ``SONICFORGE_HOME`` or of the user's data folder, made where missing.

    Raises ``OutputNotWritable`` where that cannot be.
    """
    chosen = home or os.environ.get("SONICFORGE_HOME") or platformdirs.user_data_path(_NAME)
    folders = Folders(Path(chosen).expanduser().absolute(), platformdirs.user_cache_path(_NAME))
    try:
        folders.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputNotWritable(
            f'The data folder "{folders.home}" cannot be made: {error.strerror}.',
            hint="Name another one with --home or SONICFORGE_HOME.",
        ) from error
    if not os.access(folders.home, os.W_OK):
        raise OutputNotWritable(
            f'The data folder "{folders.home}" cannot be written to.',
            hint="Name another one with --home or SONICFORGE_HOME.",
        )
    return folders
