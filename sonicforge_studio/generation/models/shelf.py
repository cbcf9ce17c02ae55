"""What is here: a folder for each model that was downloaded, and a list of the user's own folders, only pointed at."""

from __future__ import annotations

import json
import logging
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sonicforge_studio.domain import StudioError
from sonicforge_studio.generation.musicgen.model_folder import ModelFolder, read_model_folder
from sonicforge_studio.host.writing import output_error, write_text

_LIST = "folders.json"
_GOING = ".going-"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """A model that is here, or that should be: ``found`` is None where ``problem`` says why it cannot be used."""

    name: str
    path: Path
    local: bool
    found: ModelFolder | None
    problem: str

    @property
    def disk_bytes(self) -> int:
        return folder_bytes(self.path)


class Shelf:
    """The models of one folder, and those that its list points at. Reads the disk at each question."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def kept(self) -> tuple[Kept, ...]:
        """Every model, the downloaded ones first. A folder that cannot be used never spoils the rest."""
        own = tuple(_look(name, path, local=False) for name, path in self._downloaded().items())
        return own + tuple(_look(name, path, local=True) for name, path in self._pointed_at().items())

    def path_of(self, name: str) -> Path | None:
        """Where the model of this name is; None where there is none."""
        return {**self._pointed_at(), **self._downloaded()}.get(name)

    def place_for(self, name: str) -> Path:
        """Where a downloaded model belongs."""
        return self.folder / name

    def part_of(self, name: str) -> Path:
        """Where a model lies while it comes."""
        return self.folder / f".{name}.part"

    def point_at(self, path: Path, taken: frozenset[str]) -> str:
        """Remember a folder of the user's own; its name, made to differ from all others and from ``taken``.

        Raises what ``read_model_folder`` does, ``DiskFull`` or ``OutputNotWritable``.
        """
        with suppress(RuntimeError):  # "~name" of nobody is a name like any other
            path = path.expanduser()
        path = path.absolute()
        read_model_folder(path)
        if ".." in path.parts:
            path = path.resolve()  # its last part is to be its name
        pointed_at = self._pointed_at()
        for name, known in pointed_at.items():
            if known == path:
                return name
        name = _free_name(path.name, taken | pointed_at.keys() | self._downloaded().keys())
        self._write({**pointed_at, name: path})
        return name

    def forget(self, name: str) -> None:
        """Point no longer at a folder, and leave it alone. Raises ``DiskFull`` or ``OutputNotWritable``."""
        self._write({kept: path for kept, path in self._pointed_at().items() if kept != name})

    def delete(self, path: Path) -> None:
        """Take a folder off the shelf: renamed away in one step, then deleted, so that no half model is ever there.

        Raises ``OutputNotWritable``.
        """
        for left in self.folder.glob(f"{_GOING}*"):
            shutil.rmtree(left, ignore_errors=True)
        going = self.folder / f"{_GOING}{secrets.token_hex(4)}"
        try:
            if path.is_symlink():
                # What a link points to is not ours.
                return path.unlink()
            path.rename(going)
        except OSError as error:
            raise output_error(error, path) from error
        return shutil.rmtree(going, ignore_errors=True)

    def _downloaded(self) -> Mapping[str, Path]:
        with suppress(OSError):
            found = sorted(self.folder.iterdir(), key=lambda path: path.name)
            return {path.name: path for path in found if path.is_dir() and not path.name.startswith(".")}
        return {}

    def _pointed_at(self) -> Mapping[str, Path]:
        try:
            told = json.loads((self.folder / _LIST).read_text(encoding="utf-8"))
            return {str(name): Path(path) for name, path in told["folders"].items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
            _log.warning("the list of model folders cannot be read: %s", error)
            return {}

    def _write(self, folders: Mapping[str, Path]) -> None:
        told = {"folders": {name: str(path) for name, path in folders.items()}}
        write_text(self.folder / _LIST, json.dumps(told, ensure_ascii=False, indent=1))


def folder_bytes(path: Path) -> int:
    """What the files of a folder take; 0 where there is none."""
    size = 0
    with suppress(OSError):
        for file in path.iterdir():
            with suppress(OSError):
                size += file.stat().st_size if file.is_file() else 0
    return size


def _look(name: str, path: Path, *, local: bool) -> Kept:
    try:
        return Kept(name, path, local, read_model_folder(path), "")
    except StudioError as error:
        return Kept(name, path, local, None, error.message)
    except OSError as error:
        return Kept(name, path, local, None, f'"{path.name}" cannot be read: {error.strerror or error}.')


def _free_name(wanted: str, taken: frozenset[str]) -> str:
    name, number = wanted or "model", 1
    while name in taken:
        number += 1
        name = f"{wanted or 'model'} {number}"
    return name
