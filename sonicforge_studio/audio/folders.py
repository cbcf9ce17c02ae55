"""From what a person names (files, folders, patterns) to sound files."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from sonicforge_studio.audio._known_formats import AUDIO_SUFFIXES
from sonicforge_studio.domain.errors import InputError, MissingPath, NoAudioInFolder, NoPermission
from sonicforge_studio.host.parts import PART_MARK


def audio_files_in(folder: str | Path) -> Iterator[Path]:
    """The files in a folder and its subfolders that look like audio by their suffix, sorted, each joined to ``folder``.

    Hidden files and folders and half-written exports are passed over; links are followed, and each folder is walked
    once, so that a link to a parent ends. Raises ``MissingPath`` or ``NoPermission`` for the folder itself; what
    cannot be read below it is passed over.
    """
    yield from map(Path, _paths_in(folder))


def expand_inputs(arguments: Sequence[str]) -> list[tuple[str, Path | InputError]]:
    """What the arguments name, in their order: each file beside how it was given, and an error beside what gave none.

    An argument that exists is taken literally before it is taken as a pattern (``*``, ``?``, ``[…]``, ``**``); a
    folder, also one that a pattern matches, is walked for what looks like audio. A file is given as its argument, one
    from a folder or a pattern as its path. One bad argument never spoils the rest.
    """
    expanded: list[tuple[str, Path | InputError]] = []
    for argument in arguments:
        try:
            expanded.extend(_expand(argument))
        except InputError as error:
            expanded.append((argument, error))
        except PermissionError:
            expanded.append((argument, NoPermission()))
        except OSError:
            # No file system takes it, for instance for its length.
            expanded.append((argument, MissingPath()))
    return expanded


def _expand(argument: str) -> list[tuple[str, Path]]:
    if argument and "\0" not in argument:
        if Path(argument).is_dir():
            return _in_folder(argument)
        if os.path.lexists(argument):
            return [(argument, Path(argument))]
        if glob.has_magic(argument):
            return _matching(argument)
    raise MissingPath()


def _matching(pattern: str) -> list[tuple[str, Path]]:
    found: list[tuple[str, Path]] = []
    # Path.glob takes hidden files and drops a leading "./" of what was given.
    matches = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207
    seen: set[tuple[int, int]] = set()
    for match in matches:
        if not Path(match).is_dir():
            found.append((match, Path(match)))
        elif "**" not in pattern and (identity := _identity(match)) not in seen:
            # With ** the files below are matches themselves.
            seen.add(identity)
            found.extend((path, Path(path)) for path in _paths_in(match))
    if not matches:
        raise MissingPath("Nothing matches this pattern.")
    if not found:
        raise NoAudioInFolder()
    return found


def _in_folder(folder: str) -> list[tuple[str, Path]]:
    found = [(path, Path(path)) for path in _paths_in(folder)]
    if not found:
        raise NoAudioInFolder()
    return found


def _paths_in(folder: str | Path) -> Iterator[str]:
    """Paths as joined to the folder as it was given, a leading "./" included."""
    try:
        entries = _sorted_entries(folder)
    except PermissionError as error:
        raise NoPermission("You are not allowed to read this folder.") from error
    except (OSError, ValueError) as error:
        raise MissingPath() from error
    yield from _walk(entries, {_identity(folder)})


def _walk(entries: list[os.DirEntry[str]], walked: set[tuple[int, int]]) -> Iterator[str]:
    for entry in entries:
        if entry.name.startswith(".") or PART_MARK in entry.name:
            continue
        try:
            if entry.is_dir():
                identity = _identity(entry.path)
                if identity not in walked:
                    walked.add(identity)
                    yield from _walk(_sorted_entries(entry.path), walked)
            elif Path(entry.name).suffix.casefold() in AUDIO_SUFFIXES and entry.is_file():
                yield entry.path
        except OSError:
            # A subfolder that may not be read, or that went away meanwhile: the rest still counts.
            continue


def _sorted_entries(folder: str | Path) -> list[os.DirEntry[str]]:
    with os.scandir(os.fspath(folder)) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _identity(folder: str | Path) -> tuple[int, int]:
    status = Path(folder).stat()
    return status.st_dev, status.st_ino
