"""A checkpoint as audiocraft exports it, looked over before anything of it is loaded."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

from sonicforge_studio.domain.errors import MissingPath, ModelNotUsable
from sonicforge_studio.generation.audiocraft.worker import CODEC, LANGUAGE_MODEL
from sonicforge_studio.generation.weights import weights_hash


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A folder with both files, whole as far as their tables of contents say."""

    path: Path

    @property
    def weights_hash(self) -> str:
        """Tells one model's weights from another's."""
        return weights_hash(self.path / name for name in (LANGUAGE_MODEL, CODEC))


def is_checkpoint(path: Path) -> bool:
    """Whether a folder holds audiocraft's own files and none of transformers', which the studio plays itself."""
    try:
        return (path / LANGUAGE_MODEL).is_file() and not (path / "config.json").is_file()
    except OSError:
        return False  # a name that is too long, or behind a folder that is not the user's


def read_checkpoint(path: Path) -> Checkpoint:
    """Raises ``MissingPath`` where there is no folder, ``ModelNotUsable`` where a file lacks, is cut off or is none of
    PyTorch's."""
    if not path.is_dir():
        raise MissingPath(f'There is no folder at "{path}".')
    for name in (LANGUAGE_MODEL, CODEC):
        file = path / name
        if not file.is_file():
            raise ModelNotUsable(
                f'"{name}" is missing in "{path.name}".',
                hint=f'A checkpoint of audiocraft has "{LANGUAGE_MODEL}" and "{CODEC}".',
            )
        try:
            # The table of contents is at the end: what is cut off has none.
            zipfile.ZipFile(file).close()
        except (zipfile.BadZipFile, OSError) as error:
            raise ModelNotUsable(f'"{name}" in "{path.name}" is cut off, or is no checkpoint.') from error
    return Checkpoint(path)
