"""Titles, keys and recipes inside sound files, of every kind that holds them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import mutagen

from sonicforge_studio.audio._ffmpeg_container import container_metadata
from sonicforge_studio.audio._part_file import PartFile, output_error
from sonicforge_studio.audio._regular_file import RegularFile
from sonicforge_studio.audio._riff import Riff, read_riff
from sonicforge_studio.audio._tag_fields import BROKEN, FIELDS, Tags, read_named, read_texts, set_fields, tags_of
from sonicforge_studio.audio._wav_tags import copy_with_tags, read_id3_chunk
from sonicforge_studio.domain.errors import OutputError, UnknownFormat

__all__ = ["Tags", "gather_tags", "read_tags", "save_tags", "write_tags"]

_COPY_BYTES = 1 << 20


def read_tags(path: str | Path) -> Tags:
    """The tags of any sound file; empty where it has none or they are broken.

    Raises what ``open_source`` raises for a path that is missing, forbidden, empty or no file.
    """
    file = RegularFile(Path(path))
    try:
        return gather_tags(file, container_metadata(file))
    finally:
        file.close()


def gather_tags(file: RegularFile, metadata: Mapping[str, str]) -> Tags:
    """The file's own tags, with what only FFmpeg found (``metadata``) in the gaps, such as a WAV's ``LIST INFO``."""
    own = _own_texts(file)
    found = read_named(metadata)
    return tags_of({name: own.get(name) or found.get(name) for name in FIELDS})


def write_tags(path: str | Path, tags: Tags) -> None:
    """Make ``tags`` the file's tags; fields that are None are taken out, pictures and all else stay.

    The file is replaced in one step: another program sees the old or the new one. Raises ``UnknownFormat`` where this
    kind of file holds no tags, ``OutputError`` and its kinds where the copy cannot be written.
    """
    # A link stays a link: what it points to is rewritten.
    target = Path(os.path.realpath(path))
    file = RegularFile(target)
    try:
        riff = read_riff(file)
        kind = None if riff is not None else _kind_of(file)
        if riff is None and kind is None:
            raise UnknownFormat(
                "This kind of file cannot hold tags.", hint="Export it as wav, flac, mp3, m4a or opus first."
            )
        _replace(file, target, riff, kind, tags)
    finally:
        file.close()


def save_tags(part: Path, kind: type[mutagen.FileType], tags: Tags) -> None:
    """Put tags into a file that mutagen knows how to write, in place. Raises ``OutputError`` and its kinds."""
    try:
        opened = kind(os.fspath(part))
        if opened.tags is None:
            opened.add_tags()
        set_fields(opened.tags, tags)
        opened.save()
    except OSError as error:
        raise output_error(error) from error
    except mutagen.MutagenError as error:
        cause = error.__cause__ or error.__context__
        if isinstance(cause, OSError):
            raise output_error(cause) from error
        raise OutputError(f"The tags cannot be written: {error}.") from error


def _replace(
    file: RegularFile, target: Path, riff: Riff | None, kind: type[mutagen.FileType] | None, tags: Tags
) -> None:
    out = PartFile(target, overwrite=True)
    try:
        if riff is not None:
            copy_with_tags(file, riff, out, tags)
        else:
            file.seek(0)
            while block := file.read(_COPY_BYTES):
                out.write(block)
        if kind is not None:
            save_tags(out.part, kind, tags)
        shutil.copymode(target, out.part)
        out.publish()
    except BaseException:
        out.abandon()
        raise


def _own_texts(file: RegularFile) -> dict[str, str | None]:
    try:
        riff = read_riff(file)
        if riff is not None:
            id3 = read_id3_chunk(file, riff)
            return {} if id3 is None else read_texts(id3)
        file.seek(0)
        opened = mutagen.File(file)
        return {} if opened is None or opened.tags is None else read_texts(opened.tags)
    except BROKEN:
        return {}


def _kind_of(file: RegularFile) -> type[mutagen.FileType] | None:
    try:
        file.seek(0)
        opened = mutagen.File(file)
        if opened is None:
            return None
        if opened.tags is None:
            opened.add_tags()
    except BROKEN:
        return None
    return type(opened)
