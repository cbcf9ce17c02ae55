"""A checkpoint as audiocraft exports it, looked over before anything of it is loaded."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

from blake3 import blake3

from sonicforge_studio.domain.errors import MissingPath, ModelNotUsable
from sonicforge_studio.generation.audiocraft.worker import CODEC, LANGUAGE_MODEL

_PAGE, _PAGES = 1 << 16, 64


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A folder with both files, whole as far as their tables of contents say."""

    path: Path

    @property
    def weights_hash(self) -> str:
        """Tells one model's weights from another's: blake3 of each file's size and some pages of it, for all of it
        would take seconds."""
        digest = blake3()
        for name in (LANGUAGE_MODEL, CODEC):
            size = (self.path / name).stat().st_size
            digest.update(size.to_bytes(8, "little"))
            with (self.path / name).open("rb") as opened:
                for place in range(0, size, max(_PAGE, size // _PAGES)):
                    opened.seek(place)
                    digest.update(opened.read(_PAGE))
        return digest.hexdigest()


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
