"""The models that neural engines play: which there are, which are here, and how one comes and goes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sonicforge_studio.domain import Neural, Progress, SilentProgress, StudioError
from sonicforge_studio.domain.errors import EngineUnavailable, UnknownModel
from sonicforge_studio.domain.licence import is_non_commercial
from sonicforge_studio.generation.models import (
    MUSICGEN_LICENCE,
    KnownModel,
    Offer,
    Shelf,
    catalogue,
    memory_needed_bytes,
    spoken_bytes,
)
from sonicforge_studio.generation.models.shelf import Kept, folder_bytes
from sonicforge_studio.generation.musicgen.model_folder import Kind, ModelFolder, read_model_folder
from sonicforge_studio.generation.musicgen.pace import Paces
from sonicforge_studio.host.memory import free_memory_bytes

if TYPE_CHECKING:
    from sonicforge_studio.generation.models.download import Downloader

__all__ = ["ModelCard", "ModelDesk", "Offer", "spoken_bytes"]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model, whether it is here or could be."""

    name: str
    """"musicgen-small"; of the user's own folder the folder's name, made to differ from all others."""
    title: str
    kind: Kind
    channels: int
    parameters: int
    download_bytes: int
    """Approximate: an offer has the real size. 0 of a local folder."""
    disk_bytes: int
    """What it takes here; 0 where it is not here."""
    memory_bytes: int
    """What it needs at most while it plays 30 s in 8 bits on the CPU."""
    licence: str
    """SPDX: "CC-BY-NC-4.0"."""
    hub: str
    """"facebook/musicgen-small"; "" of a local folder."""
    path: Path | None
    """Where it is; None where it is not here."""
    local: bool
    """The user's own folder, only pointed at."""
    fits: bool
    """Whether this machine has the memory free just now."""
    problem: str
    """Why a folder cannot be used; "" where it can, or where there is none."""
    partial_bytes: int = 0
    """What is here of a download that was broken off; the next one goes on from there."""

    @property
    def non_commercial(self) -> bool:
        """Whether what it makes must not be sold."""
        return is_non_commercial(self.licence)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a piece will take on this machine, told before it is begun."""

    seconds: float
    memory_bytes: int
    fits: bool
    learned: bool
    """Whether this machine made something with that model before; else it is a guess."""


class ModelDesk:
    """Knows every model by its name."""

    def __init__(self, folder: Path, paces: Path) -> None:
        """``paces`` is the file of what was learned of this machine."""
        self._shelf = Shelf(folder)
        self._paces = Paces(paces)

    def cards(self) -> tuple[ModelCard, ...]:
        """Every model: the catalogue's, then what else is here. Reads headers only, and calls nobody."""
        free = free_memory_bytes()
        kept = {model.name: model for model in self._shelf.kept()}
        known = tuple(
            _known_card(model, kept.pop(name, None), folder_bytes(self._shelf.part_of(name)), free)
            for name, model in catalogue().items()
        )
        return known + tuple(_own_card(model, free) for model in kept.values())

    def card(self, name: str) -> ModelCard:
        """Raises ``UnknownModel``."""
        for card in self.cards():
            if card.name == name:
                return card
        raise UnknownModel(f'There is no model named "{name}".')

    def folder_of(self, model: str) -> Path:
        """Where a model lies, by its name or by its own folder.

        Raises ``EngineUnavailable`` where none was named, and for one of the catalogue that is not here.
        """
        if not model:
            raise EngineUnavailable(
                "MusicGen needs a model, and none was named.",
                hint="Name one with --model, as `sonicforge models` lists them, or use --engine synth.",
            )
        kept = self._shelf.path_of(model)
        if kept is not None:
            return kept
        if model in catalogue() and not Path(model).is_dir():
            raise EngineUnavailable(
                f"{catalogue()[model].title} is not on this machine.",
                hint=f"Get it with `sonicforge models download {model}`.",
            )
        return Path(model).absolute()

    def outlook(self, neural: Neural, seconds: float, at_once: int = 1) -> Outlook:
        """Whether so many pieces of that length fit, and how long they will take.

        Raises as ``folder_of`` does, and what is wrong with the model.
        """
        folder = read_model_folder(self.folder_of(neural.model))
        precision = "int8" if neural.precision == "auto" else neural.precision
        device = "cpu" if neural.device == "auto" else neural.device
        told = self._paces.estimate(folder, precision, device, seconds, at_once)
        free = free_memory_bytes()
        fits = free is None or told.memory_bytes <= free
        return Outlook(told.seconds, told.memory_bytes, fits, told.learned)

    def smaller_than(self, path: Path) -> tuple[ModelFolder, ...]:
        """Models that are here and sound alike, largest first: what memory may suffice for where ``path`` is too much.

        Raises what ``read_model_folder`` does of ``path``.
        """
        own = read_model_folder(path)
        alike = []
        for kept in self._shelf.kept():
            with suppress(StudioError):
                other = read_model_folder(kept.path)
                if other.sounds_like(own) and other.parameters < own.parameters:
                    alike.append(other)
        return tuple(sorted(alike, key=lambda folder: -folder.parameters))

    def offer(self, name: str, progress: Progress | None = None) -> Offer:
        """What a download would bring. Calls out: asks the hub, which may take a minute where it does not answer.

        Raises ``UnknownModel`` for a name that the catalogue has not, and what ``Downloader.offer`` does.
        """
        if name not in catalogue():
            raise UnknownModel(f'There is no model named "{name}" to download.')
        return self._downloader().offer(catalogue()[name], progress or SilentProgress())

    def download(self, offer: Offer, progress: Progress) -> ModelCard:
        """Bring what was offered; a model that is here already is replaced once all of it has come.

        Raises what ``Downloader.download`` does.
        """
        self._downloader().download(offer, progress)
        return self.card(offer.name)

    def _downloader(self) -> Downloader:
        # What speaks HTTP is imported when someone wants it.
        from sonicforge_studio.generation.models.download import Downloader
        from sonicforge_studio.generation.models.hub import Hub

        return Downloader(Hub(), self._shelf)

    def add(self, folder: Path) -> ModelCard:
        """Remember a folder of the user's own; nothing of it is copied or changed.

        Raises ``MissingPath`` or ``ModelNotUsable``, and ``DiskFull`` or ``OutputNotWritable``.
        """
        return self.card(self._shelf.point_at(folder, frozenset(catalogue())))

    def remove(self, name: str) -> None:
        """Delete a downloaded model, or what there is of one; a folder of the user's own is only forgotten.

        Raises ``UnknownModel`` where there is nothing of it here, and ``OutputNotWritable``.
        """
        card = self.card(name)
        if card.local:
            self._shelf.forget(name)
            return
        here = [path for path in (card.path, self._shelf.part_of(name)) if path and path.is_dir()]
        if not here:
            raise UnknownModel(f"{card.title} is not on this machine.")
        for path in here:
            self._shelf.delete(path)


def _known_card(model: KnownModel, kept: Kept | None, partial_bytes: int, free: int | None) -> ModelCard:
    needed = memory_needed_bytes(model.parameters, model.layers, model.hidden_size)
    return ModelCard(
        name=model.name,
        title=model.title,
        kind=model.kind,
        channels=model.channels,
        parameters=model.parameters,
        download_bytes=model.download_bytes,
        disk_bytes=kept.disk_bytes if kept else 0,
        memory_bytes=needed,
        licence=model.licence,
        hub=model.hub,
        path=kept.path if kept else None,
        local=False,
        fits=free is None or needed <= free,
        problem=kept.problem if kept else "",
        partial_bytes=partial_bytes,
    )


def _own_card(kept: Kept, free: int | None) -> ModelCard:
    found = kept.found
    needed = memory_needed_bytes(found.parameters, found.layers, found.hidden_size) if found else 0
    return ModelCard(
        name=kept.name,
        title=kept.name,
        kind=found.kind if found else "text",
        channels=found.channels if found else 1,
        parameters=found.parameters if found else 0,
        download_bytes=0,
        disk_bytes=kept.disk_bytes,
        memory_bytes=needed,
        licence=MUSICGEN_LICENCE,
        hub="",
        path=kept.path,
        local=kept.local,
        fits=free is None or needed <= free,
        problem=kept.problem,
    )
